//! What is in the file, and what is not.

use futures::TryStreamExt;
use qlik::Qlik;
use qlik::replay::Recorder;
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{Scratch, recording};

async fn names(qlik: &Qlik) -> Vec<(String, Option<f64>)> {
    let mut apps = qlik.items().get_items().resource_type("app").stream();
    let app = apps.try_next().await.unwrap().unwrap().resource_id.unwrap();
    let doc = qlik.open_app(&app).await.unwrap();
    let cube = doc.hypercube().dimension("Region").measure("Sum(Sales)").open().await.unwrap();
    let rows: Vec<(Option<String>, Option<f64>)> = cube.rows().try_collect().await.unwrap();
    let rows: Vec<_> = rows.into_iter().filter_map(|(region, sales)| Some((region?, sales))).collect();
    doc.get_field("Region").await.unwrap().select(rows[0].0.clone()).await.unwrap();
    rows
}

#[tokio::test]
async fn values_become_placeholders_and_the_program_still_runs() {
    let file = Scratch::new("values");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()).redact_values(true));
    let recorded = names(&qlik).await;
    let downloads: Value = qlik.get("/api/v1/items").query("access_token", "hunter2").await.unwrap_or_default();
    drop((qlik, sandbox, downloads));

    let text = file.text();
    for (region, _) in &recorded {
        assert!(!text.contains(region.as_str()), "{region}");
    }
    assert!(!text.contains("hunter2") && text.contains("access_token=***"));
    assert!(text.contains("Sum(Sales)"));
    let replayed = names(&file.replay()).await;
    assert_eq!(replayed.len(), recorded.len());
    for ((was, number), (now, placeholder)) in recorded.iter().zip(&replayed) {
        assert_eq!(was.chars().count(), now.chars().count());
        assert_eq!(number.is_some(), placeholder.is_some());
    }
}

#[tokio::test]
async fn secrets_never_reach_the_disk() {
    let file = Scratch::new("secrets");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()).redact_member("email"));
    let form = json!({
        "grant_type": "client_credentials", "client_id": sandbox.client_id(), "client_secret": sandbox.client_secret(),
    });
    let as_json: Value = qlik.post("/oauth/token").json(&form).await.unwrap();
    let as_form: Value = qlik.post("/oauth/token").form(&form).await.unwrap();
    qlik.users().get_my_user().await.unwrap();
    let _: qlik::Result<Value> = qlik.get("/api/v1/items").header("X-Api-Token", "hunter2").await;
    let text = file.text();
    for secret in [
        sandbox.api_key(),
        sandbox.client_secret(),
        as_json["access_token"].as_str().unwrap(),
        as_form["access_token"].as_str().unwrap(),
        "hunter2",
        "uthorization",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains(r#""email":"***""#));
    drop((qlik, sandbox));

    let replayed: Value = file.replay().post("/oauth/token").json(&form).await.unwrap();
    assert_eq!(replayed["access_token"], "***");
    let replayed: Value = file.replay().post("/oauth/token").form(&form).await.unwrap();
    assert_eq!(replayed["token_type"], as_form["token_type"]);
}
