//! Calls of an Engine session: cancelled, limited, made again.

use std::time::Duration;

use crate::scripted::{Peer, Scripted};
use futures::future::join_all;
use qlik::engine::{Effect, RetryPolicy, RpcMethod, Session, SessionBuilder};
use serde_json::{Value, json};

const MOMENT: Duration = Duration::from_millis(50);

const EVALUATE: RpcMethod = RpcMethod::new("Doc", "Evaluate").out("qReturn");

async fn connect(server: &Scripted, settings: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Session {
    settings(server.qlik.session("app")).connect().await.expect("a session")
}

#[tokio::test]
async fn a_limit_cancels() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let slow = peer.take("Evaluate").await;
        let cancel = peer.take("CancelRequest").await;
        assert_eq!(cancel["params"]["qRequestId"], slow["id"]);
        assert_eq!(cancel["handle"], -1);
        peer.fail(&slow, 15).await;
        peer.serve("Evaluate", json!({"qReturn": "fine"})).await;
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server, |builder| builder).await;
    let doc = session.handle(1, "Doc");
    let error = doc.rpc::<String>(EVALUATE).timeout(MOMENT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(doc.rpc::<String>(EVALUATE).await.unwrap(), "fine");
    assert_eq!(session.in_use().calls, 0);
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn a_call_that_was_not_sent_is_not_cancelled_but_left_out() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let first = peer.take("First").await;
        tokio::time::sleep(MOMENT * 2).await;
        peer.reply(&first, json!({})).await;
        peer.serve("Last", json!({})).await;
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server, |builder| builder.max_in_flight(1)).await;
    let first = session.call("First", -1, ());
    let never = tokio::time::timeout(MOMENT, session.call("Never", -1, ()));
    let (first, never) = tokio::join!(first, never);
    assert!(first.is_ok() && never.is_err());
    session.call("Last", -1, ()).await.unwrap();
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn calls_in_flight_have_a_bound() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let mut waiting = vec![peer.request().await, peer.request().await];
        for _ in 0..8 {
            // no third one comes before one is answered
            assert!(tokio::time::timeout(Duration::from_millis(20), peer.request()).await.is_err());
            let request = waiting.remove(0);
            peer.reply(&request, json!({})).await;
            waiting.push(peer.request().await);
        }
        for request in &waiting {
            peer.reply(request, json!({})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server, |builder| builder.max_in_flight(2)).await;
    for result in join_all((0..10).map(|_| session.call("X", -1, ()))).await {
        result.unwrap();
    }
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn the_id_of_a_call_is_known_before_its_reply() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let first = peer.take("Evaluate").await;
        assert_eq!(first["id"], 1);
        let second = peer.take("Evaluate").await;
        assert_eq!(peer.take("CancelRequest").await["params"]["qRequestId"], second["id"]);
        peer.reply(&first, json!({"qReturn": "4"})).await;
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server, |builder| builder).await;
    let doc = session.handle(1, "Doc");
    let first = doc.rpc::<String>(EVALUATE).send().await.unwrap();
    let second = doc.rpc::<String>(EVALUATE).send().await.unwrap();
    assert_eq!((first.id(), second.id()), (1, 2));
    tokio::time::sleep(MOMENT).await;
    drop(second);
    assert_eq!(first.await.unwrap(), "4");
    drop((doc, session));
    server.finish().await;
}

/// A server that answers the calls of a method with error 15 this often, and counts all that come.
async fn aborting(times: usize) -> Scripted {
    Scripted::start(move |mut peer: Peer| async move {
        let mut aborted = 0;
        while let Ok(Value::Object(request)) = next(&mut peer).await {
            let request = Value::Object(request);
            if aborted < times {
                aborted += 1;
                peer.fail(&request, 15).await;
            } else {
                peer.reply(&request, json!({"qReturn": aborted})).await;
            }
        }
    })
    .await
}

async fn next(peer: &mut Peer) -> Result<Value, ()> {
    match peer.next().await {
        tokio_tungstenite::tungstenite::Message::Text(text) => serde_json::from_str(&text).map_err(drop),
        _ => Err(()),
    }
}

#[tokio::test]
async fn aborted_calls_are_made_again_within_bounds() {
    for (method, times, code) in [
        ("GetLayout", 3, None),
        ("CreateSessionObject", 1, None),
        ("OpenDoc", 1, None),
        ("SelectValues", 1, Some(15)),
        ("GetLayout", 6, Some(15)),
    ] {
        let server = aborting(times).await;
        let session = connect(&server, |builder| builder).await;
        let result = session.call(method, 1, ()).await;
        match code {
            None => assert_eq!(result.unwrap(), json!({"qReturn": times})),
            Some(code) => assert_eq!(result.unwrap_err().engine_code(), Some(code), "{method}"),
        }
        drop(session);
        server.finish().await;
    }
}

#[tokio::test]
async fn the_policy_is_the_users() {
    let server = aborting(3).await;
    let policy = RetryPolicy::new(|attempt| {
        assert_eq!((attempt.method(), attempt.effect()), ("SelectValues", Effect::Changes));
        (attempt.number() < 3).then(|| Duration::from_millis(1))
    });
    let session = connect(&server, |builder| builder.retry(policy)).await;
    assert_eq!(session.call("SelectValues", 1, ()).await.unwrap_err().engine_code(), Some(15));
    assert_eq!(session.call("SelectValues", 1, ()).await.unwrap(), json!({"qReturn": 3}));
    drop(session);
    server.finish().await;

    let server = aborting(1).await;
    let doc = connect(&server, |builder| builder).await.handle(1, "Doc");
    assert!(doc.rpc::<String>(EVALUATE).retry(RetryPolicy::never()).await.is_err());
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn a_modal_state_is_ended_where_that_is_wanted() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        let request = peer.take("SelectX").await;
        peer.fail(&request, 6003).await;
        let abort = peer.serve("AbortModal", json!({})).await;
        assert_eq!((&abort["handle"], &abort["params"]), (&json!(1), &json!({"qAccept": true})));
        peer.serve("SelectX", json!({"qReturn": true})).await;
        let request = peer.take("SelectX").await;
        peer.fail(&request, 6003).await;
        peer.serve("AbortModal", json!({})).await;
        let request = peer.take("SelectX").await;
        peer.fail(&request, 6003).await;
        peer.until_closed().await;
    })
    .await;
    let doc = server.qlik.session("app").abort_modal(true).open().await.unwrap();
    let session = qlik::engine::Proxy::handle(&doc).session().clone();
    assert_eq!(session.call("SelectX", 1, ()).await.unwrap(), json!({"qReturn": true}));
    assert_eq!(session.call("SelectX", 1, ()).await.unwrap_err().engine_code(), Some(6003), "once is enough");
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn what_is_set_is_sent_though_it_is_nothing() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.serve("Evaluate", json!({"qReturn": ""})).await;
        assert_eq!(request["params"], json!({"qFlag": false, "qZero": 0, "qEmpty": "", "qList": []}));
        peer.until_closed().await;
    })
    .await;
    let doc = connect(&server, |builder| builder).await.handle(1, "Doc");
    let call = doc.rpc::<String>(EVALUATE).arg("qFlag", &false).arg("qZero", &0_i64);
    call.arg("qEmpty", &String::new()).arg("qList", &Vec::<String>::new()).await.unwrap();
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn nobody_who_does_not_read_holds_up_the_others() {
    let server = Scripted::start(|mut peer: Peer| async move {
        for number in 0..5_000 {
            peer.say(json!({"change": [1, number]}).to_string()).await;
            peer.say(json!({"method": "OnNews", "params": [number]}).to_string()).await;
        }
        peer.serve("X", json!({})).await;
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server, |builder| builder).await;
    let doc = session.handle(1, "Doc");
    let _unread = (doc.changed(), session.changes(), session.notifications(), session.events(), session.traffic());
    let call = session.call("X", -1, ());
    tokio::time::timeout(Duration::from_secs(60), call).await.expect("the reader is not held up").unwrap();
    drop((doc, session));
    server.finish().await;
}
