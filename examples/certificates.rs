//! A client-managed server, past its proxy: the apps of the Repository Service, and one of them in the Engine.
//!
//! Without settings it starts the sandbox. With `QLIK_HOST`, `QLIK_CLIENT_CERT`, `QLIK_CLIENT_KEY`, `QLIK_ROOT_CERT`,
//! `QLIK_USER_DIRECTORY` and `QLIK_USER_ID` it asks your server; the files are those of a certificate export.

use qlik::auth::Identity;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Kept until the end: the sandbox stops when it is dropped.
    let (qlik, _sandbox) = connect().await?;
    let apps: Vec<Value> = qlik.get("/qrs/app").await?;
    println!("{} apps on {}", apps.len(), qlik.host());
    for app in apps.iter().take(5) {
        println!("  {}  {}", app["id"].as_str().unwrap_or_default(), app["name"].as_str().unwrap_or_default());
    }
    let Some(id) = apps.first().and_then(|app| app["id"].as_str()) else { return Ok(()) };
    let doc = qlik.open_app(id).await?;
    let layout = doc.get_app_layout().await?;
    println!("Opened {}", layout.title.as_deref().unwrap_or("an app without a title"));
    Ok(())
}

/// A client of your server if the environment names one, else of a sandbox that runs in this process.
async fn connect() -> Result<(Qlik, Option<Sandbox>), Box<dyn std::error::Error>> {
    if std::env::var_os("QLIK_HOST").is_some() {
        return Ok((Qlik::from_env()?, None));
    }
    let sandbox = Sandbox::builder().tls().start().await?;
    let identity = Identity::pem(sandbox.client_pem(), sandbox.client_pem())?;
    let qlik = Qlik::builder(sandbox.service_host())
        .auth(Auth::certificate(identity, "SANDBOX", "ada"))
        .root_certificates(sandbox.root_pem())
        .build()?;
    Ok((qlik, Some(sandbox)))
}
