//! `qlik-sandbox`: serves a tenant and an Engine until it is stopped.

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Parser;
use qlik_sandbox::Sandbox;

/// A tenant and an Engine to develop against: a test double, with data of its own.
///
/// Prints QLIK_HOST and QLIK_API_KEY, a line each, as soon as it serves, and serves until it is stopped
/// (Ctrl-C or SIGTERM). REST is under /api/v1, the Engine under /app/{app}; both want the key as a bearer
/// token. Every start begins with the same contents, and nothing is kept.
#[derive(Debug, Parser)]
#[command(name = "qlik-sandbox", version)]
struct Options {
    /// Where to listen; port 0 takes a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    let sandbox = Sandbox::builder().listen(options.listen).start().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "QLIK_HOST={}", sandbox.host())?;
    writeln!(out, "QLIK_API_KEY={}", sandbox.api_key())?;
    out.flush()?;
    drop(out);
    stopped().await
}

#[cfg(unix)]
async fn stopped() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stopped() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
