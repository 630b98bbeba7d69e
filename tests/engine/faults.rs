//! What goes wrong on the way and at the other end, by the sandbox's faults: frames out of order, cut, late, lost, and
//! connections that fall silent, break or are closed with each code.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use qlik::engine::{
    CloseReason, Doc, Keepalive, Notice, Proxy, Resume, SessionBuilder, SessionEvent, SessionState, types,
};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::{EngineFault, Fault, Harm, Sandbox};
use serde_json::{Value, json};

const SOCKET: &str = "/app/*";

/// A sandbox with one of its apps open.
async fn open(settings: impl FnOnce(SessionBuilder) -> SessionBuilder) -> (Sandbox, Doc) {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = settings(builder(&sandbox).await).open().await.unwrap();
    (sandbox, doc)
}

async fn builder(sandbox: &Sandbox) -> SessionBuilder {
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build().unwrap();
    let apps: Value = qlik.get("/api/v1/items").query("resourceType", "app").await.unwrap();
    qlik.session(apps["data"][0]["resourceId"].as_str().expect("an app"))
}

fn resuming(builder: SessionBuilder) -> SessionBuilder {
    let resume = Resume::automatic().backoff(Duration::from_millis(5), Duration::from_millis(50)).attempts(20);
    builder.resume(resume)
}

/// One fault, for the next reply to a method.
fn harm(sandbox: &Sandbox, method: &str, harm: Harm) {
    sandbox.faults().add(Fault::new(SOCKET, harm).method(method).times(1));
}

async fn number(doc: &Doc, expression: &str) -> qlik::Result<f64> {
    Ok(doc.evaluate_ex(expression).await?.number.expect("a number"))
}

fn list() -> types::GenericObjectProperties {
    let list = json!({"qInfo": {"qType": "list"}, "qListObjectDef": {"qDef": {"qFieldDefs": ["Country"]}}});
    serde_json::from_value(list).expect("properties")
}

#[tokio::test]
async fn replies_out_of_order_reach_their_callers() {
    let (sandbox, doc) = open(|builder| builder).await;
    for _ in 0..10 {
        harm(&sandbox, "EvaluateEx", Harm::Reorder);
    }
    let slow = EngineFault::Slow { method: "EvaluateEx".to_owned(), by: Duration::from_millis(20), times: 10 };
    sandbox.engine_fault(slow);
    let expressions: Vec<String> = (0..40).map(|number| format!("{number}")).collect();
    let values = join_all(expressions.iter().map(|expression| number(&doc, expression))).await;
    for (expected, value) in values.into_iter().enumerate() {
        assert_eq!(value.unwrap(), expected as f64);
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_fails_its_call_alone() {
    let (sandbox, doc) = open(|builder| builder).await;
    harm(&sandbox, "GetAppLayout", Harm::Cut(60));
    let (broken, whole) = tokio::join!(async { doc.get_app_layout().await }, number(&doc, "1+1"));
    let error = broken.unwrap_err();
    assert!(matches!(error, Error::Decode(_)) && error.to_string().contains("GetAppLayout"), "{error}");
    assert_eq!(whole.unwrap(), 2.0);
    doc.get_app_layout().await.unwrap();
    assert_eq!(doc.handle().session().in_use().calls, 0);
}

#[tokio::test]
async fn a_layout_whose_delta_broke_off_is_read_in_full() {
    let (sandbox, doc) = open(|builder| builder.delta(qlik::engine::Delta::layouts())).await;
    let object = doc.create_session_object(&list()).await.unwrap();
    object.get_layout().await.unwrap();
    doc.select_in("Country", ["Norway"]).await.unwrap();
    harm(&sandbox, "GetLayout", Harm::Cut(60));
    assert!(object.get_layout().await.is_err());
    doc.select_in("Country", ["Sweden"]).await.unwrap();
    let layout = serde_json::to_value(object.get_layout().await.unwrap()).unwrap();
    let plain = serde_json::to_value(object.get_layout().delta(false).await.unwrap()).unwrap();
    assert_eq!(layout, plain);
    assert_eq!(layout["qListObject"]["qDimensionInfo"]["qStateCounts"]["qSelected"], 1);
}

#[tokio::test]
async fn a_frame_of_nonsense_is_passed_over_and_its_call_has_a_limit() {
    let (sandbox, doc) = open(|builder| builder.call_timeout(Duration::from_millis(200))).await;
    harm(&sandbox, "EvaluateEx", Harm::Html(502));
    assert!(number(&doc, "1").await.unwrap_err().is_timeout());
    assert_eq!(number(&doc, "2").await.unwrap(), 2.0);
}

#[tokio::test]
async fn a_late_reply_is_thrown_away() {
    let (sandbox, doc) = open(|builder| builder).await;
    harm(&sandbox, "EvaluateEx", Harm::Delay(Duration::from_millis(150)));
    let late = doc.evaluate_ex("1").timeout(Duration::from_millis(30)).await;
    assert!(late.unwrap_err().is_timeout());
    assert_eq!(number(&doc, "2").await.unwrap(), 2.0, "and nobody gets it for his own");
    assert_eq!(doc.handle().session().in_use().calls, 0);
}

#[tokio::test]
async fn a_slow_line_carries_everything_in_the_end() {
    let (sandbox, doc) = open(|builder| builder).await;
    harm(&sandbox, "GetAppLayout", Harm::Bandwidth(200_000));
    doc.get_app_layout().await.unwrap();
    let values = join_all((0..50).map(|_| number(&doc, "3"))).await;
    assert!(values.into_iter().all(|value| value.unwrap() == 3.0));
}

#[tokio::test]
async fn a_dropped_connection_comes_back_and_reads_are_made_again() {
    let (sandbox, doc) = open(resuming).await;
    let object = doc.create_session_object(&list()).await.unwrap();
    harm(&sandbox, "EvaluateEx", Harm::Drop);
    assert_eq!(number(&doc, "4").await.unwrap(), 4.0);
    object.get_layout().await.unwrap();
    // what changes something is not made twice
    harm(&sandbox, "ClearAll", Harm::Drop);
    let Err(Error::Closed(error)) = doc.clear_all().await else { panic!("it may have run") };
    assert!(error.may_have_run());
    doc.clear_all().await.unwrap();
    object.get_layout().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up() {
    let keepalive = Keepalive::Ping(Duration::from_millis(30));
    let (sandbox, doc) = open(|builder| resuming(builder).keepalive(keepalive)).await;
    let mut events = doc.handle().session().events();
    harm(&sandbox, "EvaluateEx", Harm::HalfOpen);
    assert_eq!(number(&doc, "5").await.unwrap(), 5.0);
    assert_eq!(events.next().await, Some(SessionEvent::Opened));
    let Some(SessionEvent::Suspended(closed)) = events.next().await else { panic!("it was lost") };
    assert!(closed.reason() == &CloseReason::Lost && closed.text().contains("heard"), "{closed}");
    assert!(matches!(events.next().await, Some(SessionEvent::Resumed(_))));
}

#[tokio::test]
async fn what_is_spoiled_while_it_comes_back_is_had_in_another_attempt() {
    let (sandbox, doc) = open(resuming).await;
    let object = doc.create_session_object(&list()).await.unwrap();
    for spoiled in ["GetActiveDoc", "OpenDoc", "CreateSessionObject"] {
        harm(&sandbox, spoiled, Harm::Cut(70));
    }
    // that one is for the attempt after it
    sandbox.faults().add(Fault::new(SOCKET, Harm::Close(4007)).method("OpenDoc").times(1).after(1));
    harm(&sandbox, "EvaluateEx", Harm::Drop);
    assert_eq!(number(&doc, "8").await.unwrap(), 8.0);
    // a reply that nobody can read may have made it: that is told, and costs the object alone
    assert!(object.get_layout().await.is_err());
    assert!(!doc.handle().is_closed());
}

#[tokio::test]
async fn a_reply_that_gets_lost_does_not_hold_up_a_resume() {
    let (sandbox, doc) = open(|builder| resuming(builder).call_timeout(Duration::from_secs(1))).await;
    let session = doc.handle().session().clone();
    let mut events = session.events();
    harm(&sandbox, "GetActiveDoc", Harm::Html(502));
    harm(&sandbox, "OpenDoc", Harm::Html(502));
    harm(&sandbox, "EvaluateEx", Harm::Drop);
    let _ = number(&doc, "9").await;
    while !matches!(events.next().await.expect("it comes back"), SessionEvent::Resumed(_)) {}
    assert_eq!(number(&doc, "9").await.unwrap(), 9.0);
    assert_eq!(session.in_use().calls, 0);
}

#[tokio::test]
async fn a_connection_that_falls_silent_while_it_is_restored_is_given_up() {
    let keepalive = Keepalive::Ping(Duration::from_millis(30));
    let (sandbox, doc) = open(|builder| resuming(builder).keepalive(keepalive)).await;
    harm(&sandbox, "OpenDoc", Harm::HalfOpen);
    harm(&sandbox, "EvaluateEx", Harm::Drop);
    assert_eq!(number(&doc, "10").await.unwrap(), 10.0);
}

/// Every code that a server closes with, and whether a session comes back after it by itself.
const CODES: [(u16, bool); 23] = [
    (1000, false),
    (1001, true),
    (4000, false),
    (4001, false),
    (4002, false),
    (4003, true),
    (4004, false),
    (4005, false),
    (4006, false),
    (4007, true),
    (4200, false),
    (4201, false),
    (4202, false),
    (4203, false),
    (4204, false),
    (4205, false),
    (4206, true),
    (4210, false),
    (4211, false),
    (4220, false),
    (4222, true),
    (4230, false),
    (4240, false),
];

#[tokio::test]
async fn each_close_code_ends_the_session_or_is_come_back_from() {
    for chunk in CODES.chunks(6) {
        join_all(chunk.iter().map(|(code, returns)| async move {
            let (sandbox, doc) = open(resuming).await;
            let session = doc.handle().session().clone();
            harm(&sandbox, "EvaluateEx", Harm::Close(*code));
            let answer = number(&doc, "6").await;
            if *returns {
                assert_eq!(answer.unwrap(), 6.0, "{code}");
                assert!(!session.is_closed(), "{code}");
            } else {
                let Err(Error::Closed(error)) = answer else { panic!("{code} ends it") };
                assert_eq!((error.code(), error.may_have_run()), (Some(*code), true));
                assert_eq!(session.closed().await.reason(), &CloseReason::from_code(*code));
            }
        }))
        .await;
    }
}

#[tokio::test]
async fn a_close_that_nobody_called_for_is_told() {
    let (sandbox, doc) = open(|builder| builder).await;
    let closed = doc.handle().session().closed();
    sandbox.engine_fault(EngineFault::Close { code: 4001, reason: "idle".to_owned() });
    let closed = closed.await;
    assert_eq!((closed.reason(), closed.text()), (&CloseReason::Idle, "idle"));
    assert!(doc.handle().is_closed());
}

#[tokio::test]
async fn what_the_engine_aborted_is_made_again() {
    let (sandbox, doc) = open(|builder| builder).await;
    sandbox.engine_fault(EngineFault::Fail { method: "EvaluateEx".to_owned(), code: 15, times: 3 });
    assert_eq!(number(&doc, "7").await.unwrap(), 7.0);
    sandbox.engine_fault(EngineFault::Fail { method: "ClearAll".to_owned(), code: 15, times: 1 });
    assert_eq!(doc.clear_all().await.unwrap_err().engine_code(), Some(15));
}

#[tokio::test]
async fn a_session_that_the_engine_forgot_is_made_anew() {
    let (sandbox, doc) = open(|builder| resuming(builder).ttl(Duration::from_secs(60))).await;
    let session = doc.handle().session().clone();
    let object = doc.create_session_object(&list()).await.unwrap();
    session.suspend().await.unwrap();
    assert!(session.resume().await.unwrap().attached, "it was kept");
    session.suspend().await.unwrap();
    sandbox.engine_fault(EngineFault::Forget);
    let resumed = session.resume().await.unwrap();
    assert!(!resumed.attached && resumed.lost.is_empty(), "{resumed:?}");
    object.get_layout().await.unwrap();
}

#[tokio::test]
async fn a_greeting_that_refuses_is_typed() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.engine_fault(EngineFault::Greeting { state: "SESSION_ERROR_LIMIT_EXCEEDED".to_owned() });
    let session = builder(&sandbox).await.connect().await.unwrap();
    let greeting = session.notifications().next().await.unwrap();
    assert_eq!(greeting.notice(), Notice::Connected(SessionState::LimitExceeded));
}
