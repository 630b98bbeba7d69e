//! Answers about many items, content types of a body's own, and results at another place.
#![allow(deprecated, reason = "the old operations work until Qlik removes them")]

use std::time::Duration;

use qlik::rest::bulk;
use qlik::rest::jobs::Outcome;
use serde_json::{Value, json};

use crate::server::{Server, respond};

#[tokio::test]
async fn typed_answers_about_many_items_are_read_alike() {
    let server = Server::start(|_| async {
        let data = json!([
            {"id": "3f1f5f0e-8f5c-4a57-9f43-0d5b0a3c9e11", "status": 204},
            {"id": "507f1f77-bcf8-6cd7-9943-9011507f1f77", "code": "DF-007", "status": 404, "title": "No such file"},
        ]);
        respond(207, &[], json!({ "data": data }).to_string())
    })
    .await;
    let answer = server.client().data_files().delete_data_files().await.unwrap();
    let items = bulk::results(&answer);
    assert!(items[0].is_ok() && items[0].errors().is_empty());
    assert_eq!(items[1].name(), Some("507f1f77-bcf8-6cd7-9943-9011507f1f77"));
    assert_eq!((items[1].status(), items[1].is_ok()), (Some(404), false));
    assert_eq!(items[1].errors()[0].to_string(), "No such file [DF-007]");
}

#[tokio::test]
async fn a_body_is_given_another_type() {
    let server = Server::always("{}").await;
    let qlik = server.client();
    let call = || qlik.post::<Value>("/api/v1/glossaries/actions/import").json(&json!({"a": 1}));
    call().content_type("application/json+atlan").await.unwrap();
    assert_eq!(server.only().header("content-type"), "application/json+atlan");
    for (call, part) in [
        (call().content_type("nonsense"), "cannot be a content type"),
        (qlik.post("/x").content_type("text/csv"), "after the body"),
        (qlik.post("/x").part_text("a", 1).content_type("text/csv"), "without parts"),
    ] {
        let error = call.await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_ends_elsewhere_is_asked_for_there() {
    let server = Server::start(|seen| async move {
        match (seen.method.as_str(), seen.path.as_str(), seen.number) {
            // The host that a link names does not count.
            ("POST", "/start", _) => respond(202, &[("location", "https://elsewhere.example/work/1?x=a%2Fb")], "{}"),
            ("POST", "/beside", _) => respond(202, &[("content-location", "/work/1")], "{}"),
            ("POST", ..) => respond(202, &[], "{}"),
            (_, "/work/1", 1) => respond(200, &[], r#"{"status":"queued"}"#),
            (_, "/work/1", 2) => respond(503, &[], ""),
            (_, "/work/1", number) if number < 6 => respond(200, &[], r#"{"status":"done"}"#),
            _ => respond(200, &[], r#"{"status":"failed","why":"it broke"}"#),
        }
    })
    .await;
    let qlik = server.builder().retries(0).build().unwrap();
    let wait = |path: &str| {
        let wait = qlik.post::<Value>(path).and_wait_there(|status: &Value| match status["status"].as_str() {
            Some("done") => Outcome::Done,
            Some("failed") => {
                Outcome::Failed { status: "failed".into(), log: status["why"].as_str().map(str::to_owned) }
            }
            _ => Outcome::Running,
        });
        wait.every(Duration::from_millis(5), Duration::from_millis(5))
    };
    assert_eq!(wait("/start").await.unwrap()["status"], "done");
    assert_eq!(server.lines(), ["POST /start", "GET /work/1?x=a%2Fb", "GET /work/1?x=a%2Fb", "GET /work/1?x=a%2Fb"]);
    assert!(server.seen().iter().all(crate::server::Seen::is_signed));
    assert_eq!(wait("/beside").await.unwrap()["status"], "done");
    let error = wait("/start").await.unwrap_err();
    assert_eq!(error.to_string(), "POST /start: ended with failed: it broke");
    let error = wait("/nowhere").await.unwrap_err().to_string();
    assert!(error.contains("names no place"), "{error}");
}

#[cfg(feature = "di-projects")]
#[tokio::test]
async fn actions_on_projects_are_waited_for() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => respond(202, &[("location", "/x")], r#"{"actionId":"act"}"#),
            1 => respond(200, &[], r#"{"state":"EXECUTING"}"#),
            2 => respond(200, &[], r#"{"state":"COMPLETED"}"#),
            3 => respond(202, &[], r#"{"actionId":"act"}"#),
            _ => respond(200, &[], r#"{"state":"FAILED","error":{"message":"no table"}}"#),
        }
    })
    .await;
    let qlik = server.client();
    let wait = || {
        let call = qlik.di_projects().prepare_di_project("p", &Default::default());
        call.and_wait().every(Duration::from_millis(5), Duration::from_millis(5))
    };
    wait().await.unwrap();
    assert_eq!(server.lines()[1], "GET /api/v1/di-projects/actions/act");
    let error = wait().await.unwrap_err().to_string();
    assert!(error.contains("FAILED") && error.contains("no table"), "{error}");
}

#[cfg(feature = "data-qualities")]
#[tokio::test]
async fn computations_are_waited_for() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => respond(202, &[], r#"{"computationId":"c"}"#),
            1 => respond(200, &[], r#"{"status":"SUBMITTED"}"#),
            _ => respond(200, &[], r#"{"status":"PROFILE_FAILED"}"#),
        }
    })
    .await;
    let call = server.client().data_qualities().trigger_data_qualities_computation(&Default::default());
    let short = Duration::from_millis(5);
    let error = call.and_wait().every(short, short).await.unwrap_err().to_string();
    assert!(error.contains("PROFILE_FAILED"), "{error}");
}
