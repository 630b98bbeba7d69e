//! How Engine sessions end, and how they fail to begin, over real sockets.

use std::time::Duration;

use crate::scripted::{Peer, Scripted, listen};
use futures::future::join_all;
use futures::{SinkExt, StreamExt};
use qlik::engine::{CloseReason, Proxy};
use qlik::{Auth, Error, Qlik};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

#[tokio::test]
async fn every_close_code_is_a_reason() {
    let known = [
        (1000, CloseReason::Normal),
        (1001, CloseReason::GoingAway),
        (4000, CloseReason::Suspended),
        (4001, CloseReason::Idle),
        (4002, CloseReason::LicenseRenewal),
        (4003, CloseReason::EngineTerminating),
        (4004, CloseReason::AppDeleted),
        (4005, CloseReason::SessionLimit),
        (4006, CloseReason::AuthenticationFailed),
        (4007, CloseReason::AppModeChanged),
        (4200, CloseReason::Proxy),
        (4201, CloseReason::ClientTimeout),
        (4202, CloseReason::BadRequest),
        (4203, CloseReason::PermissionDenied),
        (4204, CloseReason::NotFound),
        (4205, CloseReason::TooManyRequests),
        (4206, CloseReason::Network),
        (4210, CloseReason::Dependency),
        (4211, CloseReason::DependencyUnavailable),
        (4220, CloseReason::Engine),
        (4222, CloseReason::ReservationMissing),
        (4230, CloseReason::Entitlement),
        (4240, CloseReason::NoEngines),
        (4567, CloseReason::Other(4567)),
    ];
    join_all(known.map(|(code, reason)| async move {
        let server = Scripted::start(move |mut peer: Peer| async move {
            peer.request().await;
            peer.close(code, "said so").await;
        })
        .await;
        let session = server.qlik.session("app").connect().await.unwrap();
        let Err(Error::Closed(error)) = session.call("GetLayout", 1, ()).await else { panic!("{code} closes") };
        assert_eq!((error.code(), error.close_reason()), (Some(code), reason));
        assert_eq!((error.method(), error.may_have_run()), (Some("GetLayout"), true));
        assert!(error.to_string().contains("said so"), "{error}");
        let closed = session.closed().await;
        assert_eq!((closed.reason(), closed.code(), closed.text()), (&reason, Some(code), "said so"));
        assert!(session.is_closed());
        server.finish().await;
    }))
    .await;
}

#[tokio::test]
async fn a_broken_connection_fails_what_waits_and_what_comes() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.request().await;
        peer.request().await;
        // gone without a close
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let object = session.handle(5, "GenericObject");
    let (one, two) = tokio::join!(session.call("DoSave", 1, ()), session.call("DoReload", 1, ()));
    for (error, method) in [(one.unwrap_err(), "DoSave"), (two.unwrap_err(), "DoReload")] {
        let Error::Closed(error) = error else { panic!("a closed session was due") };
        assert_eq!((error.code(), error.method(), error.may_have_run()), (None, Some(method), true));
    }
    assert_eq!(session.closed().await.reason(), &CloseReason::Lost);
    let Err(Error::Closed(error)) = session.call("Later", 1, ()).await else { panic!("a closed session was due") };
    assert!(!error.may_have_run(), "it was never sent");
    assert!(object.is_closed());
    assert_eq!(object.changed().next().await, None);
    server.finish().await;
}

#[tokio::test]
async fn the_last_drop_closes_the_socket() {
    let server = Scripted::start(|peer: Peer| async move {
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let (closed, notifications) = (session.closed(), session.notifications());
    let handle = session.handle(1, "Doc");
    let changes = handle.changed();
    drop(session.clone());
    drop(session);
    assert!(!handle.session().is_closed(), "a handle keeps it open");
    drop(handle);
    let end = tokio::time::timeout(Duration::from_secs(2), closed).await.expect("the task ends");
    assert_eq!((end.reason(), end.code()), (&CloseReason::Local, None));
    assert_eq!((notifications.count().await, changes.count().await), (0, 0));
    server.finish().await;
}

#[tokio::test]
async fn the_last_drop_waits_for_a_call_that_runs() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("X", json!({"ok": true})).await;
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let call = tokio::spawn(async move { session.call("X", -1, ()).await });
    assert_eq!(call.await.unwrap().unwrap(), json!({"ok": true}));
    server.finish().await;
}

#[tokio::test]
async fn closing_fails_what_waits() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.request().await;
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.call("Slow", -1, ()).await }
    });
    while session.in_use().calls == 0 {
        tokio::task::yield_now().await;
    }
    let handle = session.handle(1, "Doc");
    session.close().await;
    assert!(handle.session().is_closed());
    let Error::Closed(error) = waiting.await.unwrap().unwrap_err() else { panic!("a closed session was due") };
    assert!(error.may_have_run() && error.to_string().contains("from this side"), "{error}");
    server.finish().await;
}

#[tokio::test]
async fn a_deaf_server_does_not_hold_up_the_close() {
    let server = Scripted::start(|peer: Peer| async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        drop(peer);
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    tokio::time::timeout(Duration::from_secs(8), session.close()).await.expect("it ends without an answer");
}

#[tokio::test]
async fn an_app_that_is_open_already_is_gone_on_with() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        assert_eq!((&request["method"], &request["handle"]), (&json!("OpenDoc"), &json!(-1)));
        assert_eq!(request["params"], json!({"qDocName": "app-id"}));
        let error = json!({"code": 1002, "message": "App already open"});
        peer.say(json!({"id": request["id"], "error": error}).to_string()).await;
        let doc = json!({"qType": "Doc", "qHandle": 1, "qGenericId": "app-id"});
        peer.serve("GetActiveDoc", json!({"qReturn": doc})).await;
        peer.serve("GetAppLayout", json!({"qLayout": {"qIsOpenedWithoutData": false}})).await;
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let doc = server.qlik.open_app("app-id").await.unwrap();
    assert_eq!((doc.handle().number(), doc.handle().generic_id()), (1, Some("app-id")));
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_does_not_open_leaves_no_session() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        let error = json!({"code": 1003, "parameter": "nope", "message": "App not found"});
        peer.say(json!({"id": request["id"], "error": error}).to_string()).await;
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let error = server.qlik.open_app("nope").await.unwrap_err();
    assert_eq!(error.engine_code(), Some(1003));
    server.finish().await;
}

#[tokio::test]
async fn a_close_counts_at_once_though_the_server_stays_on_the_line() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.request().await;
        let frame = CloseFrame { code: 4003.into(), reason: "".into() };
        peer.socket.send(Message::Close(Some(frame))).await.unwrap();
        assert!(matches!(peer.next().await, Message::Close(_)), "the close is answered");
        tokio::time::sleep(Duration::from_secs(20)).await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let call = session.call("X", -1, ());
    let error = tokio::time::timeout(Duration::from_secs(2), call).await.expect("at once").unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("shutting down"), "{error}");
}

#[test]
fn the_end_of_a_runtime_ends_its_sessions() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let session = first.block_on(async {
        let server = Scripted::start(|peer: Peer| async move {
            peer.until_closed().await;
        })
        .await;
        server.qlik.session("app").connect().await.unwrap()
    });
    drop(first);
    assert!(session.is_closed());
    let error = second.block_on(session.call("X", -1, ())).unwrap_err();
    assert!(matches!(error, Error::Closed(_)), "{error}");
}

/// A server that answers the opening of a socket like an ordinary request.
async fn refusing(answer: &'static str) -> Qlik {
    let (qlik, listener) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    qlik
}

#[tokio::test]
async fn a_refused_connection_says_why() {
    let body = r#"{"errors":[{"code":"AUTH-1","title":"Unauthorized"}]}"#;
    assert_eq!(body.len(), 53);
    for (answer, status, part) in [
        (
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 53\r\n\r\n{\"errors\":[{\"code\":\"AUTH-1\",\"title\":\"Unauthorized\"}]}",
            401,
            "credentials",
        ),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, "may not open"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "no such app"),
        ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", 302, "login"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "without opening"),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, "503"),
    ] {
        let error = refusing(answer).await.session("my app").connect().await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        let text = error.to_string();
        assert!(text.contains(part) && text.contains("/app/my%20app"), "{text}");
        assert_eq!((error.is_auth(), error.is_not_found()), (status == 401, status == 404));
    }
}

#[tokio::test]
async fn nobody_there_is_a_transport_error() {
    let (qlik, listener) = listen().await;
    drop(listener);
    let error = qlik.engine().connect().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.to_string().contains("/app/engineData"), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let (_, listener) = listen().await;
    let host = format!("http://{}", listener.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    let qlik = Qlik::builder(host).auth(Auth::api_key("k")).timeout(limit).build().unwrap();
    let error = qlik.session("app").connect().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_said_before_anything_is_sent() {
    let (qlik, _listener) = listen().await;
    for (builder, part) in [
        (qlik.session(""), "app id is empty"),
        (qlik.session(".."), "cannot be `..`"),
        (qlik.session("a").identity(""), "identity is empty"),
        (qlik.session("a").header("bad name", "x"), "bad name"),
        (qlik.session("a").header("x", "secret\n"), "`x`"),
    ] {
        let error = builder.connect().await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains(part) && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn futures_stay_small() {
    let server = Scripted::start(|peer: Peer| async move {
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    // they become part of every future that awaits them
    assert!(size_of_val(&server.qlik.session("app").connect()) <= 1024);
    assert!(size_of_val(&server.qlik.session("app").open()) <= 1024);
    assert!(size_of_val(&session.call("X", -1, ())) <= 1024);
}
