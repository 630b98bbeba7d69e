//! The Engine: the whole session code runs, without a socket.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use qlik::engine::{CloseReason, Delta, Proxy};
use qlik::replay::Recorder;
use qlik::{Error, Qlik};
use qlik_sandbox::{Fault, Harm, Sandbox};

use crate::{Scratch, recording};

/// Selections, a hypercube before and after, and the change that tells of it; what was found, as text.
async fn work(qlik: &Qlik) -> qlik::Result<Vec<String>> {
    let mut apps = qlik.items().get_items().resource_type("app").stream();
    let app = apps.try_next().await?.unwrap().resource_id.unwrap();
    let doc = qlik.session(&app).identity("test").delta(Delta::layouts()).open().await?;
    let mut found = vec![doc.get_app_layout().await?.title.unwrap_or_default()];
    let cube = doc.hypercube().dimension("Region").dimension("Category").measure("Sum(Sales)").open().await?;
    let rows: Vec<(Option<String>, Option<String>, Option<f64>)> = cube.rows().try_collect().await?;
    assert!(rows.len() > 3);
    found.push(format!("{rows:?}"));
    let mut changes = doc.handle().changed();
    doc.get_field("Region").await?.select(rows[0].0.clone().unwrap_or_default()).await?;
    found.push(format!("{:?}", tokio::time::timeout(Duration::from_secs(5), changes.next()).await.is_ok()));
    let rows: Vec<(Option<String>, Option<String>, Option<f64>)> = cube.rows().try_collect().await?;
    found.push(format!("{rows:?}"));
    let (a, b) = tokio::join!(doc.evaluate_ex("Sum(Sales)"), doc.evaluate_ex("Count(Customer)"));
    found.push(format!("{:?} {:?}", a?.text, b?.text));
    found.push(doc.get_object("not-there").await.unwrap_err().to_string());
    let kinds = so_far(doc.handle().session().notifications()).await;
    found.push(kinds.join(" "));
    cube.close().await?;
    Ok(found)
}

/// The notifications that are there.
async fn so_far(mut notifications: qlik::engine::Notifications) -> Vec<String> {
    let mut names = Vec::new();
    while let Ok(Some(one)) = tokio::time::timeout(Duration::from_millis(200), notifications.next()).await {
        names.push(format!("{one:?}"));
    }
    names
}

#[tokio::test]
async fn the_same_session_when_the_engine_is_gone() {
    let file = Scratch::new("engine");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let recorded = work(&qlik).await.unwrap();
    assert!(recorded.last().unwrap().contains("OnConnected"), "{recorded:?}");
    let key = sandbox.api_key().to_owned();
    drop((qlik, sandbox));

    assert!(!file.text().contains(&key));
    assert_eq!(work(&file.replay()).await.unwrap(), recorded);
    let qlik = file.replay();
    assert_eq!(work(&qlik).await.unwrap(), recorded);
    // Once more in the same client: the last session again.
    assert_eq!(work(&qlik).await.unwrap()[0], recorded[0]);
}

#[tokio::test]
async fn calls_that_were_not_recorded_are_errors_and_the_session_goes_on() {
    let file = Scratch::new("calls");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let session = qlik.engine().connect().await.unwrap();
    let version = session.global().engine_version().await.unwrap();
    drop((session, sandbox));

    let qlik = file.replay();
    let session = qlik.engine().connect().await.unwrap();
    let error = session.call("EngineVersions", -1, ()).await.unwrap_err().to_string();
    assert!(error.contains("no reply to EngineVersions of handle -1 is recorded in"), "{error}");
    assert!(error.contains("the nearest that is recorded is EngineVersion of handle -1 in line"), "{error}");
    let error = session.call("EngineVersion", -1, serde_json::json!({"a": 1})).await.unwrap_err().to_string();
    assert!(error.contains("whose parameters differ at /a"), "{error}");
    assert_eq!(session.global().engine_version().await.unwrap(), version);

    let error = qlik.session("another").connect().await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert!(error.to_string().starts_with("no session at /app/another is recorded in"), "{error}");
    assert!(error.to_string().ends_with("the nearest that is recorded is /app/engineData"), "{error}");
}

#[tokio::test]
async fn a_session_that_the_server_closes_is_closed_again() {
    let file = Scratch::new("closed");
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.faults().add(Fault::new("/app/*", Harm::Close(4001)).method("OSName"));
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let run = async |qlik: &Qlik| {
        let session = qlik.engine().connect().await.unwrap();
        session.global().engine_version().await.unwrap();
        let error = session.call("OSName", -1, ()).await.unwrap_err();
        (error.to_string(), *session.closed().await.reason())
    };
    let recorded = run(&qlik).await;
    drop((qlik, sandbox));
    assert_eq!(run(&file.replay()).await, recorded);
    assert_ne!(recorded.1, CloseReason::Lost);
}

#[tokio::test]
async fn session_apps_have_made_up_names() {
    let file = Scratch::new("session-app");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let run = async |qlik: &Qlik| {
        let doc = qlik.session_app().open().await.unwrap();
        doc.evaluate_ex("1 + 1").await.unwrap().text
    };
    let recorded = run(&qlik).await;
    drop((qlik, sandbox));
    assert_eq!(run(&file.replay()).await, recorded);
}
