//! Work that goes on after its call: waited for, watched, given up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use qlik::rest::jobs::Wait;
use qlik::rest::reloads::types::{Reload, ReloadRequest};
use qlik::{Error, Qlik};
use serde_json::json;

use crate::server::{Server, respond};

fn reload(status: &str) -> String {
    json!({
        "id": "r1", "appId": "a", "tenantId": "t", "userId": "u", "type": "hub", "status": status,
        "creationTime": "2026-01-01T00:00:00Z", "errorMessage": "it broke", "log": "one\ntwo\n\nthree\nfour\n",
    })
    .to_string()
}

/// A server whose reload goes through these statuses, one at each asking, and stays at the last.
async fn reloading(statuses: &'static [&'static str]) -> Server {
    Server::start(move |seen| async move {
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/api/v1/reloads") => respond(201, &[], reload("QUEUED")),
            ("GET", "/api/v1/reloads/r1") => match statuses[(seen.number - 1).min(statuses.len() - 1)] {
                "down" => respond(503, &[], ""),
                "forbidden" => respond(403, &[], ""),
                status => respond(200, &[], reload(status)),
            },
            ("POST", "/api/v1/reloads/r1/actions/cancel") => respond(202, &[], r#"{"status":"CANCELING"}"#),
            _ => respond(404, &[], ""),
        }
    })
    .await
}

fn wait(qlik: &Qlik) -> Wait<Reload> {
    let request = ReloadRequest { app_id: "a".into(), ..Default::default() };
    let short = Duration::from_millis(10);
    qlik.reloads().queue_reload(&request).and_wait().every(short, short * 4)
}

#[tokio::test]
async fn waits_for_the_end() {
    let server = reloading(&["QUEUED", "RELOADING", "NEWS", "SUCCEEDED"]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = told.clone();
    let done = wait(&server.client()).on_progress(move |reload| list.lock().unwrap().push(reload.status.to_string()));
    assert_eq!(done.await.unwrap().status.to_string(), "SUCCEEDED");
    assert_eq!(*told.lock().unwrap(), ["QUEUED", "RELOADING", "NEWS", "SUCCEEDED"]);
}

#[tokio::test]
async fn what_ends_badly_is_an_error_with_its_log() {
    let server = reloading(&["RELOADING", "FAILED"]).await;
    let error = wait(&server.client()).await.unwrap_err();
    assert_eq!(error.to_string(), "reloads queueReload: ended with FAILED: two | three | four");
    let Error::Job(error) = error else { panic!("{error:?}") };
    assert_eq!((error.started_by(), error.status()), ("reloads queueReload", "FAILED"));
    assert_eq!(error.log(), Some("it broke\none\ntwo\n\nthree\nfour\n"));

    let server = reloading(&["RELOADING", "FAILED"]).await;
    let mut steps = wait(&server.client()).progress();
    assert_eq!(steps.try_next().await.unwrap().unwrap().status.to_string(), "RELOADING");
    assert_eq!(steps.try_next().await.unwrap().unwrap().status.to_string(), "FAILED");
    assert!(matches!(steps.try_next().await, Err(Error::Job(_))));
    assert!(steps.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn bears_failures_to_ask_but_not_refusals() {
    let server = reloading(&["down", "down", "down", "SUCCEEDED"]).await;
    let qlik = server.builder().retries(0).build().unwrap();
    wait(&qlik).await.unwrap();
    assert_eq!(server.seen().len(), 5);

    let server = reloading(&["down"]).await;
    let qlik = server.builder().retries(0).build().unwrap();
    assert_eq!(wait(&qlik).await.unwrap_err().status(), Some(503));
    let server = reloading(&["forbidden"]).await;
    assert_eq!(wait(&server.client()).await.unwrap_err().status(), Some(403));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn has_a_deadline_and_is_given_up() {
    let server = reloading(&["RELOADING"]).await;
    let start = Instant::now();
    let error = wait(&server.client()).deadline(Duration::from_millis(200)).await.unwrap_err();
    assert!(error.is_timeout() && start.elapsed() < Duration::from_secs(2), "{error:?}");
    assert!(!server.lines().iter().any(|line| line.ends_with("cancel")));

    let stop = tokio::time::sleep(Duration::from_millis(200));
    let error = wait(&server.client()).give_up_when(stop).cancel_when_given_up().await.unwrap_err();
    assert_eq!(error.to_string(), "reloads queueReload: ended with given up");
    assert_eq!(server.lines().last().unwrap(), "POST /api/v1/reloads/r1/actions/cancel");
}

#[tokio::test]
async fn evaluations_end_when_their_end_is_known() {
    let server = Server::start(|seen| async move {
        let ended = (seen.number > 1).then_some("2026-01-01T00:00:00Z");
        json!({"id": "e/1", "ended": ended, "status": "complete"}).to_string()
    })
    .await;
    let queued = server.client().apps().queue_app_evaluation("a").and_wait();
    let ended = queued.every(Duration::from_millis(10), Duration::from_millis(10)).await.unwrap();
    assert_eq!(ended.status.as_deref(), Some("complete"));
    assert_eq!(server.lines()[2], "GET /api/v1/apps/evaluations/e%2F1");
}

#[cfg(feature = "automations")]
#[tokio::test]
async fn runs_of_automations_are_asked_for_where_they_were_started() {
    let server = Server::start(|seen| async move {
        let status = ["queued", "running", "finished with warnings"][seen.number.min(2)];
        json!({"id": "run", "status": status}).to_string()
    })
    .await;
    let started = server.client().automations().queue_automation_run("a b", &Default::default()).and_wait();
    started.every(Duration::from_millis(10), Duration::from_millis(10)).await.unwrap();
    assert_eq!(server.lines()[2], "GET /api/v1/automations/a%20b/runs/run");
}

#[cfg(feature = "reports")]
#[tokio::test]
async fn reports_tell_what_went_wrong() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => respond(202, &[("location", "/x")], r#"{"requestId":"q","message":"m"}"#),
            1 => respond(200, &[], r#"{"status":"processing"}"#),
            _ => respond(200, &[], r#"{"status":"failed","reasons":[{"exportErrors":[{"code":"R-1"}]}]}"#),
        }
    })
    .await;
    let report = server.client().reports().create_report(&Default::default()).and_wait();
    let error = report.every(Duration::from_millis(10), Duration::from_millis(10)).await.unwrap_err();
    assert!(error.to_string().contains("failed") && error.to_string().contains("R-1"), "{error}");
    assert_eq!(server.lines()[1], "GET /api/v1/reports/q/status");
}
