//! A session recorded into a file, and replayed when the tenant is gone: how a program is tested without one.
//!
//! It records against the sandbox, which it starts in this process. With `QLIK_HOST` and `QLIK_API_KEY` it records
//! your tenant instead, with the values in cells replaced; the file is then in the folder for temporary files.

use futures::TryStreamExt;
use qlik::replay::{Recorder, Recording};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join(format!("qlik-session-{}.jsonl", std::process::id()));

    // Once, with a tenant: everything that the program asks for goes into the file.
    let (host, key, sandbox) = tenant().await?;
    let recorder = Recorder::to(&file).redact_values(sandbox.is_none());
    let qlik = Qlik::builder(host).auth(Auth::api_key(key)).record(recorder).build()?;
    let recorded = report(&qlik).await?;
    drop((qlik, sandbox));
    println!("Recorded        {} lines, {} bytes", recorded.len(), std::fs::metadata(&file)?.len());

    // From then on, without: no network, no credentials.
    let recording = Recording::read(&file)?;
    let qlik = Qlik::builder(recording.host()).replay(recording.clone()).build()?;
    let replayed = report(&qlik).await?;
    for line in &replayed {
        println!("Replayed        {line}");
    }
    assert_eq!(replayed.len(), recorded.len());
    assert!(recording.unused().is_empty(), "the program asked for all that was recorded");

    // What was not recorded is an error that says what was.
    if let Err(error) = qlik.items().get_items().limit(7).await {
        println!("\n{error}");
    }
    std::fs::remove_file(&file)?;
    Ok(())
}

/// What is tested: a program's work, as a function of a client.
async fn report(qlik: &Qlik) -> qlik::Result<Vec<String>> {
    let mut apps = qlik.items().get_items().resource_type("app").limit(1).stream();
    let Some(app) = apps.try_next().await? else { return Ok(vec!["no app".to_owned()]) };
    let doc = qlik.open_app(app.resource_id.unwrap_or_default()).await?;
    let mut lines = vec![app.name];
    for expression in ["Count(distinct Region)", "Sum(Sales)"] {
        let value = doc.evaluate_ex(expression).await?;
        lines.push(format!("{expression} = {}", value.text.unwrap_or_default()));
    }
    Ok(lines)
}

/// Your tenant if the environment names one, else a sandbox that runs in this process.
async fn tenant() -> Result<(String, String, Option<Sandbox>), Box<dyn std::error::Error>> {
    if let Ok(host) = std::env::var("QLIK_HOST") {
        return Ok((host, std::env::var("QLIK_API_KEY")?, None));
    }
    let sandbox = Sandbox::start().await?;
    Ok((sandbox.host().to_owned(), sandbox.api_key().to_owned(), Some(sandbox)))
}
