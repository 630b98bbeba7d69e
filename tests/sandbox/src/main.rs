//! `qlik-sandbox`: serves a tenant and an Engine until it is stopped.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use qlik_sandbox::{Builder, Fault, Sandbox};

/// A tenant and an Engine to develop against: a test double, with data of its own.
///
/// Prints where it is and what opens it, a line each, as soon as it serves, and serves until it is stopped (Ctrl-C or
/// SIGTERM). REST is under /api/v1, the Engine under /app/{app}, OAuth under /oauth; all take the API key as a bearer
/// token. Every start begins with the same contents, and nothing is kept.
#[derive(Debug, Parser)]
#[command(name = "qlik-sandbox", version, after_long_help = HARMS)]
struct Options {
    /// Where to listen; port 0 takes a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// A folder of CSV files to load the apps with, a table for each (parted by commas, semicolons or tabs), linked by
    /// column names that are the same
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Speak TLS with a root of its own, and open a second port that wants a client certificate; the certificates are
    /// written to FOLDER as root.pem and client.pem (with its key)
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,

    /// The name in the URL and on the certificate, instead of the address
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Where the port that wants a client certificate listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    services: SocketAddr,

    /// Serve a client-managed server's virtual proxy under this prefix; repeatable
    #[arg(long, value_name = "PREFIX")]
    virtual_proxy: Vec<String>,

    /// The header in which virtual proxies are told the user
    #[arg(long, value_name = "NAME", default_value = "header_user")]
    user_header: String,

    /// The API key, instead of one made up
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// A place that authorizations of the sandbox's OAuth client may be sent to; repeatable
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,

    /// Let /oauth/authorize approve at once, instead of showing a page with a link to follow
    #[arg(long)]
    approve: bool,

    /// Let OAuth clients register themselves at /oauth/register
    #[arg(long)]
    registration: bool,

    /// A web integration to know; repeatable
    #[arg(long, value_name = "ID")]
    web_integration: Vec<String>,

    /// Something that is to go wrong; repeatable (see below)
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,

    /// Tell every request and every frame of the Engine on the standard error
    #[arg(short, long)]
    verbose: bool,

    /// Print which operations are answered, and how, instead of serving
    #[arg(long)]
    operations: bool,
}

const HARMS: &str = "\
Faults: [METHOD] PATH HARM[=VALUE] [xCOUNT] [+SKIP]
  METHOD  an HTTP method; on the Engine's socket (PATH /app/...), a method of the Engine
  PATH    the path of a request, * for any run of characters
  HARM    delay=TIME       the answer comes later (200ms, 3s)
          bandwidth=BYTES  the connection carries so many bytes a second from here on
          status=CODE      an error in Qlik's shape
          429=SECONDS      too many requests, with Retry-After
          html=CODE        a proxy's error page; on the socket, a frame that is no JSON
          cut=BYTES        the answer breaks off
          drop             the connection ends
          half-open        the connection stands and is silent
          close=CODE       the Engine's socket is closed
          reorder          the Engine's reply comes after the next one
          revoke           every token and session is taken back first
          clock=TIME       the sandbox's clock moves on first
  xCOUNT  so many times; +SKIP  not the first so many

  --fault 'GET /api/v1/items* status=503 x2' --fault 'GetLayout /app/* close=4001 +10'";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    if options.operations {
        return print_operations();
    }
    let mut builder = Sandbox::builder().listen(options.listen).listen_services(options.services);
    builder = builder.user_header(&options.user_header);
    builder = options.virtual_proxy.iter().fold(builder, |builder, prefix| builder.virtual_proxy(prefix));
    builder = options.redirect_uri.iter().fold(builder, |builder, uri| builder.redirect_uri(uri));
    builder = options.web_integration.iter().fold(builder, |builder, id| builder.web_integration(id));
    builder = options.fault.into_iter().fold(builder, |builder, fault| builder.fault(fault));
    builder = options.api_key.iter().fold(builder, |builder, key| builder.api_key(key));
    builder = options.name.iter().fold(builder, |builder, name| builder.name(name));
    builder = options.data.into_iter().fold(builder, |builder, folder| builder.data(folder));
    for (wanted, then) in [
        (options.tls.is_some(), Builder::tls as fn(_) -> _),
        (options.approve, Builder::approve),
        (options.registration, Builder::registration),
        (options.verbose, Builder::verbose),
    ] {
        builder = if wanted { then(builder) } else { builder };
    }
    let sandbox = builder.start().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "QLIK_HOST={}", sandbox.host())?;
    writeln!(out, "QLIK_API_KEY={}", sandbox.api_key())?;
    // Under names that `Qlik::from_env` does not read: a program that is given all lines shall sign in by the API key.
    writeln!(out, "SANDBOX_CLIENT_ID={}", sandbox.client_id())?;
    writeln!(out, "SANDBOX_CLIENT_SECRET={}", sandbox.client_secret())?;
    if let Some(folder) = &options.tls {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("root.pem"), sandbox.root_pem())?;
        std::fs::write(folder.join("client.pem"), sandbox.client_pem())?;
        writeln!(out, "QLIK_SERVICE_HOST={}", sandbox.service_host())?;
    }
    out.flush()?;
    drop(out);
    stopped().await
}

/// A line for each REST operation and each method of the Engine, and how many there are.
fn print_operations() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let operations = qlik_sandbox::operations();
    for (method, path, name, stateful) in &operations {
        let kind = if *stateful { "stateful" } else { "synthesized" };
        writeln!(out, "{kind:<12} {method:<7} {path} {name}")?;
    }
    let methods = qlik_sandbox::methods();
    for method in &methods {
        writeln!(out, "{:<12} {method}", "engine")?;
    }
    let stateful = operations.iter().filter(|(.., stateful)| *stateful).count();
    writeln!(
        out,
        "REST: {} operations, {stateful} stateful, {} synthesized",
        operations.len(),
        operations.len() - stateful
    )?;
    writeln!(out, "Engine: {} methods of 336", methods.len())
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
