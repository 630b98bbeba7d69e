//! An app reloaded: started, watched to its end, and the log where it fails.
//!
//! Without settings it starts the sandbox, and shows a reload that fails, too. With `QLIK_HOST`, `QLIK_API_KEY` and
//! `QLIK_APP` it reloads that app of your tenant.

use std::time::Duration;

use futures::TryStreamExt;
use qlik::rest::jobs::Wait;
use qlik::rest::reloads::types::{Reload, ReloadRequest};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var_os("QLIK_HOST").is_some() {
        let app = std::env::var("QLIK_APP").map_err(|_| "set QLIK_APP to the id of the app to reload")?;
        return show(reload(&Qlik::from_env()?, &app)).await;
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    let mut apps = qlik.items().get_items().resource_type("app").stream();
    let app = apps.try_next().await?.and_then(|item| item.resource_id).ok_or("there is no app")?;
    show(reload(&qlik, &app)).await?;
    println!("\nOnce more, and the script fails:");
    sandbox.fail_reload("Table 'Orders' not found");
    show(reload(&qlik, &app)).await
}

/// Starts the reload of an app, and waits for its end.
fn reload(qlik: &Qlik, app: &str) -> Wait<Reload> {
    let request = ReloadRequest { app_id: app.to_owned(), ..Default::default() };
    qlik.reloads()
        .queue_reload(&request)
        .and_wait()
        .every(Duration::from_millis(200), Duration::from_secs(10))
        .deadline(Duration::from_secs(20 * 60))
        .on_progress(|reload| println!("{:<15} {}", reload.status.to_string(), reload.id))
}

/// Waits, and says how it ended.
async fn show(reload: Wait<Reload>) -> Result<(), Box<dyn std::error::Error>> {
    match reload.await {
        Ok(done) => println!("Ended           {}", done.end_time.unwrap_or_default()),
        Err(Error::Job(failure)) => {
            println!("{} with the log:\n{}", failure.status(), failure.log().unwrap_or("(none)"))
        }
        Err(other) => return Err(other.into()),
    }
    Ok(())
}
