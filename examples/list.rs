//! What is in a tenant: its spaces, the apps in each, and how their latest reload went.
//!
//! Without settings it starts the sandbox and looks there. With `QLIK_HOST` and `QLIK_API_KEY` it looks into your
//! tenant.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use qlik::rest::items::types::{GetItemsSort, ItemResultResponseBody};
use qlik::rest::spaces::types::Space;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Kept until the end: the sandbox stops when it is dropped.
    let (qlik, _sandbox) = connect().await?;
    println!("{}", qlik.host());

    // Both lists at the same time, each over all its pages.
    let spaces = qlik.spaces().get_spaces().limit(100).stream();
    let apps = qlik.items().get_items().resource_type("app").sort(GetItemsSort::NameAsc).limit(100).stream().prefetch();
    let (spaces, apps): (Vec<Space>, Vec<ItemResultResponseBody>) =
        tokio::try_join!(spaces.try_collect(), apps.try_collect())?;

    let mut by_space: BTreeMap<Option<&str>, Vec<&ItemResultResponseBody>> = BTreeMap::new();
    for app in &apps {
        by_space.entry(app.space_id.as_deref()).or_default().push(app);
    }
    for space in &spaces {
        let kind = space.type_.as_ref().map(ToString::to_string).unwrap_or_default();
        show(&format!("{} ({kind})", space.name), by_space.remove(&Some(space.id.as_str())));
    }
    show("Personal", by_space.remove(&None));
    // Apps may be shared with you out of spaces that you may not see.
    for (space, apps) in by_space {
        show(space.unwrap_or_default(), Some(apps));
    }
    println!("\n{} apps in {} spaces", apps.len(), spaces.len());
    Ok(())
}

/// Prints a space with its apps.
fn show(space: &str, apps: Option<Vec<&ItemResultResponseBody>>) {
    println!("\n{space}");
    for app in apps.unwrap_or_default() {
        let reload = app.resource_reload_status.as_deref().filter(|status| !status.is_empty());
        let reload = reload.unwrap_or("never reloaded");
        println!("  {:<24} {:<16} {}", app.name, reload, app.resource_id.as_deref().unwrap_or_default());
    }
}

/// A client of your tenant if the environment names one, else of a sandbox that runs in this process.
async fn connect() -> Result<(Qlik, Option<Sandbox>), Box<dyn std::error::Error>> {
    if std::env::var_os("QLIK_HOST").is_some() {
        return Ok((Qlik::from_env()?, None));
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    Ok((qlik, Some(sandbox)))
}
