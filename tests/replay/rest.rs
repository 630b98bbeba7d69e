//! REST: the same answers without the tenant, in any order; what was not recorded is told.

use futures::TryStreamExt;
use qlik::replay::{Recorder, Recording};
use qlik::rest::reloads::types::ReloadRequest;
use qlik::rest::spaces::types::SpaceCreate;
use qlik::{Error, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

use crate::{Scratch, recording};

/// A bit of everything; what it found, as text.
async fn work(qlik: &Qlik) -> qlik::Result<Vec<String>> {
    let mut found = vec![qlik.users().get_my_user().await?.name];
    let items = qlik.items().get_items().resource_type("app").limit(1).stream();
    let apps: Vec<_> = items.map_ok(|item| (item.name, item.resource_id)).try_collect().await?;
    found.push(format!("{apps:?}"));
    let new = SpaceCreate { name: "Recorded".into(), type_: "shared".into(), ..Default::default() };
    let space = qlik.spaces().create_space(&new).await?;
    found.push(space.name.clone());
    found.push(qlik.spaces().get_space(&space.id).await?.name);
    found.push(format!("{:?}", qlik.spaces().delete_space(&space.id).await));
    let gone = qlik.spaces().get_space(&space.id).await.unwrap_err();
    assert!(gone.is_not_found());
    found.push(gone.to_string());

    let file = qlik.data_files().upload_file(qlik::rest::files::Upload::bytes("a.csv", "region\nEMEA\n")).await?;
    found.push(file.name);
    let app = apps[0].1.clone().unwrap_or_default();
    let request = ReloadRequest { app_id: app.clone(), ..Default::default() };
    let waiting = qlik.reloads().queue_reload(&request).and_wait();
    let short = std::time::Duration::from_millis(1);
    found.push(waiting.every(short, short).await?.status.to_string());

    let path = std::env::temp_dir().join(format!("qlik-replay-{}-{}.qvf", std::process::id(), fastrand()));
    found.push(qlik.apps().export_to(&app, &path).await?.to_string());
    found.push(format!("{:?}", std::fs::read(&path).unwrap()));
    let _ = std::fs::remove_file(&path);
    Ok(found)
}

fn fastrand() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
}

#[tokio::test]
async fn the_same_answers_when_the_tenant_is_gone() {
    let file = Scratch::new("rest");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let recorded = work(&qlik).await.unwrap();
    let (key, host) = (sandbox.api_key().to_owned(), sandbox.host().to_owned());
    drop(sandbox);
    assert!(qlik.users().get_my_user().await.is_err());

    assert!(!file.text().contains(&key));
    let recording = Recording::read(&file).unwrap();
    assert_eq!(recording.host(), host);
    let qlik = Qlik::builder(recording.host()).replay(recording.clone()).build().unwrap();
    assert!(!recording.unused().is_empty());
    assert_eq!(work(&qlik).await.unwrap(), recorded);
    assert_eq!(recording.unused(), Vec::<String>::new());
    // The last answer is given again.
    assert_eq!(qlik.users().get_my_user().await.unwrap().name, recorded[0]);
}

#[tokio::test]
async fn equal_requests_are_answered_in_their_order_and_others_in_any() {
    let file = Scratch::new("order");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    let new = |name: &str| SpaceCreate { name: name.into(), type_: "shared".into(), ..Default::default() };
    let count = async |qlik: &Qlik| -> usize { qlik.spaces().get_spaces().stream().all().await.unwrap().len() };
    let before = count(&qlik).await;
    qlik.spaces().create_space(&new("one")).await.unwrap();
    qlik.spaces().create_space(&new("two")).await.unwrap();
    assert_eq!(count(&qlik).await, before + 2);
    drop(sandbox);

    let qlik = file.replay();
    assert_eq!(qlik.spaces().create_space(&new("two")).await.unwrap().name, "two");
    assert_eq!(count(&qlik).await, before);
    assert_eq!(qlik.spaces().create_space(&new("one")).await.unwrap().name, "one");
    assert_eq!([count(&qlik).await, count(&qlik).await], [before + 2; 2]);
    // The order of a query's pairs does not count, and that of a body's members neither.
    let raw: Value =
        qlik.post("/api/v1/spaces").json(&serde_json::json!({"type": "shared", "name": "two"})).await.unwrap();
    assert_eq!(raw["name"], "two");
}

#[tokio::test]
async fn what_was_not_recorded_is_told_with_the_nearest_that_was() {
    let file = Scratch::new("nearest");
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = recording(&sandbox, Recorder::to(file.as_ref()));
    qlik.items().get_items().limit(2).await.unwrap();
    let new = SpaceCreate { name: "a".into(), type_: "shared".into(), ..Default::default() };
    qlik.spaces().create_space(&new).await.unwrap();
    drop(sandbox);

    let qlik = file.replay();
    let said = |error: Error| {
        assert!(matches!(error, Error::Config(_)) && !error.is_retryable(), "{error:?}");
        error.to_string()
    };
    let error = said(qlik.items().get_items().limit(3).await.unwrap_err());
    assert!(error.starts_with("GET /api/v1/items: no answer to this request is recorded in "), "{error}");
    assert!(error.ends_with("GET /api/v1/items in line 2, whose query differs in `limit`"), "{error}");
    let error = said(qlik.spaces().create_space(&SpaceCreate { name: "b".into(), ..new }).await.unwrap_err());
    assert!(error.ends_with("POST /api/v1/spaces in line 3, whose body differs at /name"), "{error}");
    let error = said(qlik.spaces().get_spaces().await.unwrap_err());
    assert!(error.contains("POST /api/v1/spaces in line 3"), "{error}");
}
