//! A service that acts as its users: each sees what that user sees, with one OAuth client.
//!
//! Without settings it starts the sandbox. With `QLIK_HOST`, `QLIK_CLIENT_ID`, `QLIK_CLIENT_SECRET` and `QLIK_SUBJECTS`
//! (separated by commas) it asks your tenant.

use std::sync::Arc;

use qlik::auth::{MemoryStore, TokenStore, User};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Kept until the end: the sandbox stops when it is dropped.
    let (settings, _sandbox) = settings().await?;
    // One store for all: tokens are kept apart by user.
    let store: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    for subject in &settings.subjects {
        let auth = Auth::impersonation(&settings.client_id, settings.secret.as_str(), User::Subject(subject.clone()))
            .scope("user_default")
            .shared_store(store.clone());
        let qlik = Qlik::builder(&settings.host).auth(auth).build()?;
        let me: Value = qlik.get("/api/v1/users/me").await?;
        let items: Value = qlik.get("/api/v1/items").query("limit", 100).await?;
        println!("{:<32} {:<16} {} items", subject, me["name"], items["data"].as_array().map_or(0, Vec::len));
    }
    // A user whom the tenant does not know.
    let nobody = Auth::impersonation(&settings.client_id, settings.secret.as_str(), User::Subject("nobody".into()));
    let qlik = Qlik::builder(&settings.host).auth(nobody).build()?;
    match qlik.get::<Value>("/api/v1/users/me").await {
        Err(error) if error.is_auth() => println!("nobody: {error}"),
        other => println!("nobody: {other:?}"),
    }
    Ok(())
}

struct Settings {
    host: String,
    client_id: String,
    secret: String,
    subjects: Vec<String>,
}

async fn settings() -> Result<(Settings, Option<Sandbox>), Box<dyn std::error::Error>> {
    if let Ok(host) = std::env::var("QLIK_HOST") {
        let subjects = std::env::var("QLIK_SUBJECTS")?.split(',').map(|subject| subject.trim().to_owned()).collect();
        let (client_id, secret) = (std::env::var("QLIK_CLIENT_ID")?, std::env::var("QLIK_CLIENT_SECRET")?);
        return Ok((Settings { host, client_id, secret, subjects }, None));
    }
    let sandbox = Sandbox::start().await?;
    let settings = Settings {
        host: sandbox.host().to_owned(),
        client_id: sandbox.client_id().to_owned(),
        secret: sandbox.client_secret().to_owned(),
        subjects: ["ada", "bo", "cleo"].map(|name| format!("auth0|{name}@sandbox.example")).to_vec(),
    };
    Ok((settings, Some(sandbox)))
}
