//! Watches the selections of an app, and what they change: each selection is printed as it is made.
//!
//! Without settings it starts the sandbox, and selects a little there by a second connection to the same session. With
//! `QLIK_HOST`, `QLIK_API_KEY` and `QLIK_APP` it watches that app's session of that user, until it is stopped.

use std::time::Duration;

use futures::StreamExt;
use qlik::engine::{Doc, Proxy, SelectedValue, Selections, types};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::var_os("QLIK_HOST").is_some() {
        let app = std::env::var("QLIK_APP").map_err(|_| "QLIK_APP names no app to watch")?;
        let doc = Qlik::from_env()?.open_app(app).await?;
        return watch(&doc).await;
    }
    // Kept until the end: the sandbox stops when it is dropped.
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    let apps: Value = qlik.get("/api/v1/items").query("resourceType", "app").query("name", "Outdoor").await?;
    let app = apps["data"][0]["resourceId"].as_str().ok_or("the sandbox has no app")?.to_owned();

    // One identity, one session: what the one connection selects, the other one sees.
    let watched = qlik.session(app.clone()).identity("demo").open().await?;
    let person = qlik.session(app).identity("demo").open().await?;
    let selecting = async {
        let pause = || tokio::time::sleep(Duration::from_millis(300));
        pause().await;
        person.select_in("Region", ["Nordics"]).await?;
        pause().await;
        person.select_where("Category", "*s").await?;
        pause().await;
        person.clear_all().await?;
        pause().await;
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    tokio::select! {
        watching = watch(&watched) => watching,
        selecting = selecting => selecting,
    }
}

/// Prints the selections as they are, and after each change, until the session ends.
async fn watch(doc: &Doc) -> Result<()> {
    // An object of the session that shows the selections; it is removed when it is dropped.
    let properties: types::GenericObjectProperties = serde_json::from_value(json!({
        "qInfo": { "qType": "selections" }, "qSelectionObjectDef": {},
    }))?;
    let object = doc.create_session_object(&properties).await?.scoped()?;
    let mut layouts = object.layouts();
    while let Some(layout) = layouts.next().await {
        layout?;
        print(&doc.current_selections().await?);
    }
    println!("the session has ended: {}", doc.handle().session().closed().await);
    Ok(())
}

fn print(selections: &Selections) {
    if selections.is_empty() {
        return println!("nothing is selected");
    }
    for state in selections.states() {
        for field in selections.in_state(state) {
            let values: Vec<String> = (field.values.iter())
                .map(|value| match value {
                    SelectedValue::Number(number) => number.to_string(),
                    SelectedValue::Text(text) => text.clone(),
                })
                .collect();
            let locked = if field.locked { ", locked" } else { "" };
            println!("{state} {}: {}{locked}", field.field, values.join(", "));
        }
    }
}
