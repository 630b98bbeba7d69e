//! The Engine session over real sockets: calls and replies, notifications, time limits, dropped calls.

use std::time::Duration;

use crate::scripted::{API_KEY, Peer, Scripted};
use futures::future::{join_all, try_join_all};
use futures::{FutureExt, StreamExt};
use qlik::engine::{Handle, Proxy, RawReply, Reply, RpcMethod, Session};
use qlik::{Error, Result};
use serde_json::{Value, json};

const MOMENT: Duration = Duration::from_millis(50);

const EVALUATE: RpcMethod = RpcMethod::new("Doc", "Evaluate").out("qReturn");
const CLEAR_ALL: RpcMethod = RpcMethod::new("Doc", "ClearAll");
const GET_OBJECT: RpcMethod = RpcMethod::new("Doc", "GetObject").object();
const CREATE_OBJECT: RpcMethod = RpcMethod::new("Doc", "CreateObject").object();

async fn connect(server: &Scripted) -> Session {
    server.qlik.session("app").connect().await.expect("a session")
}

/// Waits until something holds, for what the socket's task does in its own time.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to be: {what}");
}

#[tokio::test]
async fn replies_find_their_calls_in_any_order() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let requests = [peer.request().await, peer.request().await, peer.request().await];
        for request in requests.iter().rev() {
            peer.reply(request, json!({"qReturn": request["params"]["qExpression"]})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let doc = connect(&server).await.handle(1, "Doc");
    let evaluate = |text: &str| {
        let call = doc.rpc::<String>(EVALUATE).arg("qExpression", &text.to_owned());
        async move { call.await }
    };
    let values = try_join_all(["a", "b", "c"].map(evaluate)).await.unwrap();
    assert_eq!(values, ["a", "b", "c"]);
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn ids_start_at_one_and_parameters_go_by_name() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.serve("Evaluate", json!({"qReturn": "2"})).await;
        assert_eq!(
            request,
            json!({"jsonrpc": "2.0", "id": 1, "handle": 7, "method": "Evaluate", "params": {"qExpression": "1+1"}})
        );
        let request = peer.serve("EngineVersion", json!({"qComponentVersion": "1"})).await;
        assert_eq!((&request["id"], &request["handle"], &request["params"]), (&json!(2), &json!(-1), &json!([])));
    })
    .await;
    let session = connect(&server).await;
    let doc = session.handle(7, "Doc");
    let value: String = doc.rpc(EVALUATE).arg("qExpression", &"1+1".to_owned()).await.unwrap();
    assert_eq!(value, "2");
    let version = session.call("EngineVersion", -1, ()).await.unwrap();
    assert_eq!(version, json!({"qComponentVersion": "1"}));
    server.finish().await;
}

#[tokio::test]
async fn an_engine_error_keeps_all_that_it_says() {
    let server = Scripted::start(|mut peer: Peer| async move {
        for error in [
            json!({"code": 1007, "parameter": "No active document", "message": "App invalid"}),
            json!({"code": "15", "extra": [1]}),
            json!("odd"),
        ] {
            let id = peer.request().await["id"].clone();
            peer.say(json!({"id": id, "error": error, "result": {}}).to_string()).await;
        }
    })
    .await;
    let session = connect(&server).await;
    let doc = session.handle(1, "Doc");
    let Err(Error::Engine(error)) = doc.rpc::<()>(CLEAR_ALL).await else { panic!("an engine error was due") };
    assert_eq!((error.code(), error.message(), error.parameter()), (1007, "App invalid", Some("No active document")));
    assert_eq!((error.class(), error.method()), (Some("Doc"), Some("ClearAll")));
    let aborted = session.call("SelectX", 1, ()).await.unwrap_err();
    assert!(aborted.engine_code() == Some(15) && aborted.is_retryable());
    assert_eq!(session.call("SelectX", 1, ()).await.unwrap_err().engine_code(), Some(0));
    server.finish().await;
}

#[derive(Clone, Debug)]
struct Sheet(Handle);

impl Proxy for Sheet {
    const CLASS: &'static str = "GenericObject";
    fn new(handle: Handle) -> Self {
        Sheet(handle)
    }
    fn handle(&self) -> &Handle {
        &self.0
    }
}

impl Reply for Sheet {
    fn from_reply(reply: RawReply) -> Result<Self> {
        qlik::engine::object(&reply)
    }
}

#[tokio::test]
async fn an_object_is_a_typed_handle_and_an_empty_one_is_not_found() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve(
            "GetObject",
            json!({"qReturn": {"qType": "GenericObject", "qHandle": 3, "qGenericType": "sheet", "qGenericId": "s1"}}),
        )
        .await;
        let made = json!({"qInfo": {"qId": "new"}, "qReturn": {"qType": "GenericObject", "qHandle": 4}});
        peer.serve("CreateObject", made).await;
        for nothing in [json!({"qReturn": {"qType": null, "qHandle": null}}), json!({"qReturn": null}), json!({})] {
            peer.serve("GetObject", nothing).await;
        }
    })
    .await;
    let doc = connect(&server).await.handle(1, "Doc");
    let sheet: Sheet = doc.rpc(GET_OBJECT).arg("qId", &"s1".to_owned()).await.unwrap();
    let handle = sheet.handle();
    assert_eq!((handle.number(), handle.class()), (3, "GenericObject"));
    assert_eq!((handle.generic_type(), handle.generic_id()), (Some("sheet"), Some("s1")));
    let made: Sheet = doc.rpc(CREATE_OBJECT).await.unwrap();
    assert_eq!(made.handle().generic_id(), Some("new"));
    for _ in 0..3 {
        let error = doc.rpc::<Sheet>(GET_OBJECT).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert!(error.to_string().contains("Doc.GetObject"), "{error}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_reply_that_does_not_read_fails_its_call_alone() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("Evaluate", json!({"qReturn": [1]})).await;
        let id = peer.request().await["id"].clone();
        peer.say(json!({"id": id}).to_string()).await;
        peer.serve("Evaluate", json!({"qReturn": "fine"})).await;
    })
    .await;
    let doc = connect(&server).await.handle(1, "Doc");
    let error = doc.rpc::<String>(EVALUATE).await.unwrap_err();
    assert!(error.to_string().contains("Doc.Evaluate") && error.to_string().contains("qReturn"), "{error}");
    let error = doc.rpc::<String>(EVALUATE).await.unwrap_err();
    assert!(error.to_string().contains("neither a result nor an error"), "{error}");
    assert_eq!(doc.rpc::<String>(EVALUATE).await.unwrap(), "fine");
    server.finish().await;
}

#[tokio::test]
async fn notifications_come_to_early_and_late_readers() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.say(r#"{"jsonrpc":"2.0","method":"OnConnected","params":{"qSessionState":"SESSION_CREATED"}}"#).await;
        peer.serve("X", json!({})).await;
        peer.say(r#"{"method":"OnSomethingNew","params":[1,2],"more":true}"#).await;
        peer.say(r#"{"method":"OnNothing"}"#).await;
        peer.close(1000, "").await;
    })
    .await;
    let session = connect(&server).await;
    let early = session.notifications();
    session.call("X", -1, ()).await.unwrap();
    let late = session.notifications();
    let early: Vec<_> = early.collect().await;
    let late: Vec<_> = late.collect().await;
    assert_eq!(early, late);
    let methods: Vec<_> = early.iter().map(|notification| notification.method.as_str()).collect();
    assert_eq!(methods, ["OnConnected", "OnSomethingNew", "OnNothing"]);
    assert_eq!(early[0].params["qSessionState"], "SESSION_CREATED");
    assert_eq!((&early[1].params, &early[2].params), (&json!([1, 2]), &Value::Null));
    server.finish().await;
}

#[tokio::test]
async fn changes_coalesce_and_a_close_ends_them() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        peer.say(json!({"id": request["id"], "result": {}, "change": [5, 6]}).to_string()).await;
        // pushed, without an id
        peer.say(r#"{"jsonrpc":"2.0","change":[5,5,99]}"#).await;
        peer.say(r#"{"jsonrpc":"2.0","change":[5]}"#).await;
        peer.serve("Y", json!({})).await;
        let request = peer.request().await;
        peer.say(r#"{"close":[5]}"#).await;
        peer.reply(&request, json!({})).await;
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server).await;
    let (object, clone, other) = (session.handle(5, "GenericObject"), session.handle(5, "X"), session.handle(6, "X"));
    let (mut changes, mut others) = (object.changed(), other.changed());
    let mut clones = clone.changed();
    session.call("X", 1, ()).await.unwrap();
    session.call("Y", 1, ()).await.unwrap();
    assert_eq!(changes.next().await, Some(()), "three changes, one signal");
    assert_eq!(clones.next().await, Some(()));
    assert_eq!(others.next().await, Some(()));
    assert!(changes.next().now_or_never().is_none(), "no change since");
    session.call("Z", 1, ()).await.unwrap();
    assert_eq!(changes.next().await, None);
    assert!(object.is_closed() && clone.is_closed() && !other.is_closed());
    // the number stands for another object now
    assert!(!session.handle(5, "New").is_closed());
    drop((object, clone, other, session));
    assert_eq!(others.next().await, None, "the stream ends with the session");
    server.finish().await;
}

#[tokio::test]
async fn bad_frames_are_passed_over() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        let bad =
            ["", "nonsense", "[]", "null", "{\"id\":1", "{\"id\":99,\"result\":{}}", "{\"id\":\"1\",\"result\":{}}"];
        for frame in bad.iter().chain(&["{\"result\":{}}", "{\"change\":{},\"close\":\"x\"}", "{\"method\":5}", "{}"]) {
            peer.say(*frame).await;
        }
        use futures::SinkExt;
        let binary = tokio_tungstenite::tungstenite::Message::binary(vec![0xff, 0xfe]);
        peer.socket.send(binary).await.unwrap();
        peer.reply(&request, json!({"ok": true})).await;
    })
    .await;
    let session = connect(&server).await;
    assert_eq!(session.call("X", -1, ()).await.unwrap(), json!({"ok": true}));
    server.finish().await;
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_and_its_late_reply_thrown_away() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let given_up = peer.take("Slow").await;
        let cancel = peer.take("CancelRequest").await;
        assert_eq!((&cancel["handle"], &cancel["params"]), (&json!(-1), &json!({"qRequestId": given_up["id"]})));
        let wanted = peer.take("Quick").await;
        peer.reply(&given_up, json!({"late": true})).await;
        peer.reply(&wanted, json!({"late": false})).await;
    })
    .await;
    let session = connect(&server).await;
    let call = session.call("Slow", -1, ());
    assert!(tokio::time::timeout(MOMENT, call).await.is_err());
    assert_eq!(session.in_use().calls, 0);
    assert_eq!(session.call("Quick", -1, ()).await.unwrap(), json!({"late": false}));
    server.finish().await;
}

#[tokio::test]
async fn calls_have_limits_of_their_own_and_of_the_session() {
    let server = Scripted::start(|peer: Peer| async move {
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").call_timeout(MOMENT).connect().await.unwrap();
    let error = session.call("Slow", -1, ()).await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("Slow"), "{error}");
    let doc = session.handle(1, "Doc");
    let error = doc.rpc::<()>(CLEAR_ALL).timeout(Duration::from_millis(20)).await.unwrap_err();
    let Error::Timeout(error) = error else { panic!("a timeout was due") };
    assert_eq!((error.activity(), error.limit()), ("Doc.ClearAll", Duration::from_millis(20)));
    assert_eq!(session.in_use().calls, 0);
    drop((doc, session));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_at_once() {
    let server = Scripted::start(|mut peer: Peer| async move {
        for _ in 0..10_000 {
            let request = peer.request().await;
            peer.reply(&request, json!({"qReturn": request["params"]["qExpression"]})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let doc = connect(&server).await.handle(1, "Doc");
    let calls = (0..10_000).map(|number| {
        let doc = doc.clone();
        tokio::spawn(async move {
            let text = format!("={number}");
            let value: String = doc.rpc(EVALUATE).arg("qExpression", &text).await.unwrap();
            assert_eq!(value, text);
        })
    });
    for call in join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(doc.session().in_use().calls, 0);
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn a_reply_of_twenty_megabytes() {
    const SIZE: usize = 20 << 20;
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("Evaluate", json!({"qReturn": "x".repeat(SIZE)})).await;
    })
    .await;
    let doc = connect(&server).await.handle(1, "Doc");
    let value: String = doc.rpc(EVALUATE).await.unwrap();
    assert_eq!(value.len(), SIZE);
    server.finish().await;
}

#[tokio::test]
async fn reading_goes_on_while_writing_is_stuck() {
    let server = Scripted::start(|mut peer: Peer| async move {
        // more than the network between us holds is on its way to us by now, and we read nothing of it
        tokio::time::sleep(MOMENT).await;
        peer.say(r#"{"method":"OnStuck"}"#).await;
        for _ in 0..200 {
            let request = peer.request().await;
            peer.reply(&request, json!({})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server).await;
    let big = json!({"qText": "x".repeat(200_000)});
    let calls = (0..200).map(|_| session.call("Big", -1, &big));
    let mut notifications = session.notifications();
    let (stuck, replies) = tokio::join!(notifications.next(), try_join_all(calls));
    assert_eq!(stuck.map(|notification| notification.method).as_deref(), Some("OnStuck"));
    assert_eq!(replies.unwrap().len(), 200);
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn the_connection_says_who_and_what_for() {
    let server = Scripted::start(|peer: Peer| async move {
        assert_eq!(peer.opening.uri().path(), "/app/my%2Fapp%3Fa%20b/identity/me%2F1/ttl/90");
        let header = |name: &str| peer.opening.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("authorization"), Some(format!("Bearer {API_KEY}").as_str()));
        assert!(header("user-agent").is_some_and(|agent| agent.contains("qlik")));
        assert_eq!(header("x-mine"), Some("yes"));
        peer.until_closed().await;
    })
    .await;
    let builder = server.qlik.session("my/app?a b").identity("me/1").ttl(Duration::from_secs(90));
    let builder = builder.header("X-Mine", "yes");
    assert!(!format!("{builder:?}").contains(API_KEY));
    let session = builder.connect().await.unwrap();
    until("nothing in use", || session.in_use().calls == 0).await;
    drop(session);
    server.finish().await;
}
