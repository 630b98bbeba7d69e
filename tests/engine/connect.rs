//! How Engine sessions are opened, kept alive, shared, and looked into.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::scripted::{API_KEY, Peer, Scripted};
use futures::StreamExt;
use qlik::Error;
use qlik::engine::{
    CloseReason, Direction, Intercepted, InterceptedCall, Interceptor, Keepalive, Next, Proxy, SessionPool, Traffic,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn the_address_holds_each_value_encoded_once() {
    let server = Scripted::start(|peer: Peer| async move {
        assert_eq!(
            peer.opening.uri().to_string(),
            "/app/a/ttl/0?reloadUri=https%3A%2F%2Fx%2Fy%3Fa%3D1%26b%3D%252F&workloadType=batch%20export"
        );
        peer.until_closed().await;
    })
    .await;
    let builder = server.qlik.session("a").ttl(Duration::ZERO).reload_uri("https://x/y?a=1&b=%2F");
    drop(builder.workload_type("batch export").connect().await.unwrap());
    server.finish().await;
}

#[tokio::test]
async fn a_session_app_is_made_where_there_is_none() {
    let server = Scripted::start(|mut peer: Peer| async move {
        assert!(peer.opening.uri().path().starts_with("/app/SessionApp_"), "{}", peer.opening.uri());
        let request = peer.take("GetActiveDoc").await;
        peer.fail(&request, 1007).await;
        let doc = json!({"qType": "Doc", "qHandle": 1});
        peer.serve("CreateSessionApp", json!({"qSessionAppId": "SessionApp_1", "qReturn": doc})).await;
        peer.until_closed().await;
    })
    .await;
    let doc = server.qlik.session_app().open().await.unwrap();
    assert_eq!(doc.handle().generic_id(), Some("SessionApp_1"));
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_open_in_another_mode_is_refused() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.take("OpenDoc").await;
        peer.fail(&request, 1002).await;
        peer.serve_object("GetActiveDoc", "Doc", 1, "app").await;
        peer.serve("GetAppLayout", json!({"qLayout": {"qIsOpenedWithoutData": true}})).await;
        peer.until_closed().await;
    })
    .await;
    let error = server.qlik.open_app("app").await.unwrap_err();
    assert!(matches!(error, Error::Config(_)) && error.to_string().contains("identity"), "{error}");
    server.finish().await;
}

#[tokio::test]
async fn pings_go_out_where_they_are_wanted() {
    let server = Scripted::start(|mut peer: Peer| async move {
        assert!(matches!(peer.next().await, Message::Ping(_)));
        assert!(matches!(peer.next().await, Message::Ping(_)));
        peer.until_closed().await;
    })
    .await;
    let keepalive = Keepalive::Ping(Duration::from_millis(20));
    let session = server.qlik.session("app").keepalive(keepalive).connect().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!session.is_closed());
    drop(session);
    server.finish().await;

    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("EngineVersion", json!({})).await;
        peer.until_closed().await;
    })
    .await;
    let keepalive = Keepalive::Call(Duration::from_millis(20));
    let session = server.qlik.session("app").keepalive(keepalive).connect().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(session);
    server.finish().await;

    // a client-managed host: nothing at all
    let server = Scripted::start(|mut peer: Peer| async move {
        assert!(tokio::time::timeout(Duration::from_millis(100), peer.next()).await.is_err());
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    server.finish().await;
    drop(session);
}

#[tokio::test]
async fn a_connection_that_is_silent_is_dead() {
    let server = Scripted::start(|peer: Peer| async move {
        // it is there, and answers no ping
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(peer);
    })
    .await;
    let keepalive = Keepalive::Ping(Duration::from_millis(20));
    let session = server.qlik.session("app").keepalive(keepalive).connect().await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(1), session.closed()).await.expect("it is noticed");
    assert_eq!(closed.reason(), &CloseReason::Lost);
    assert!(closed.text().contains("heard"), "{closed}");
}

#[tokio::test]
async fn messages_have_a_largest_size() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        let big = json!({"id": request["id"], "result": {"qText": "x".repeat(5000)}}).to_string();
        let _ = futures::SinkExt::send(&mut peer.socket, Message::text(big)).await;
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").max_message_size(1000).connect().await.unwrap();
    let Err(Error::Closed(error)) = session.call("X", -1, ()).await else { panic!("it is too large") };
    assert!(error.reason().contains("1000"), "{error}");
    server.finish().await;
}

#[tokio::test]
async fn a_pool_opens_each_app_once() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let server = Scripted::listen(|listener| async move {
        loop {
            let mut peer = Peer::accept(&listener).await;
            let number = count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                if number == 3 {
                    let request = peer.take("OpenDoc").await;
                    peer.fail(&request, 1003).await;
                } else {
                    peer.serve_object("OpenDoc", "Doc", 1, "app").await;
                }
                peer.until_closed().await;
            });
        }
    })
    .await;
    let pool = SessionPool::new();
    let app = || server.qlik.session("app");
    let (one, two) = tokio::join!(pool.open(app()), pool.open(app()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.handle(), opened.load(Ordering::SeqCst)), (two.handle(), 1));
    let other = pool.open(app().identity("me")).await.unwrap();
    let bare = pool.open(app().no_data()).await.unwrap();
    assert_eq!((opened.load(Ordering::SeqCst), pool.len()), (3, 3));
    drop((one, two));
    assert_eq!(pool.len(), 2);
    assert!(pool.open(app()).await.is_err(), "the fourth one fails");
    pool.open(app()).await.unwrap();
    drop((other, bare));
    assert!(pool.is_empty());
}

#[tokio::test]
async fn a_pool_never_shares_between_clients() {
    let server = Scripted::listen(|listener| async move {
        for handle in [1, 1] {
            let mut peer = Peer::accept(&listener).await;
            tokio::spawn(async move {
                peer.serve_object("OpenDoc", "Doc", handle, "app").await;
                peer.until_closed().await;
            });
        }
    })
    .await;
    let somebody_else = qlik::Qlik::builder(server.qlik.host().as_str()).auth(qlik::Auth::api_key("another-key"));
    let pool = SessionPool::new();
    let mine = pool.open(server.qlik.session("app")).await.unwrap();
    let again = pool.open(server.qlik.clone().session("app")).await.unwrap();
    assert_eq!(mine.handle(), again.handle());
    let theirs = pool.open(somebody_else.build().unwrap().session("app")).await.unwrap();
    assert_ne!(mine.handle(), theirs.handle());
    assert_eq!(pool.len(), 2);
    server.finish().await;
}

/// Counts calls, answers some itself, changes others on their way out and back.
struct Meddler(Arc<AtomicUsize>);

impl Interceptor for Meddler {
    fn intercept<'a>(&'a self, mut call: InterceptedCall, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            self.0.fetch_add(1, Ordering::SeqCst);
            match call.method.as_str() {
                "Local" => return Ok(json!({"local": call.params}).into()),
                "Twice" => drop(next.clone().call(call.clone()).await?),
                _ => {}
            }
            call.params["added"] = json!(true);
            let mut value = next.call(call).await?.value()?;
            value["seen"] = json!(1);
            Ok(value.into())
        })
    }
}

#[tokio::test]
async fn interceptors_see_change_and_answer() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.serve("X", json!({"a": 1})).await;
        assert_eq!(request["params"], json!({"p": 1, "added": true}));
        peer.serve("Twice", json!({})).await;
        peer.serve("Twice", json!({"second": true})).await;
        let failing = peer.take("Fails").await;
        peer.fail(&failing, 5).await;
        peer.until_closed().await;
    })
    .await;
    let (outer, inner) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let builder = server.qlik.session("app").interceptor(Meddler(Arc::clone(&outer)));
    let session = builder.interceptor(Meddler(Arc::clone(&inner))).connect().await.unwrap();
    let call = |method: &'static str| session.call(method, -1, json!({"p": 1}));
    assert_eq!(call("X").await.unwrap(), json!({"a": 1, "seen": 1}));
    assert_eq!(call("Local").await.unwrap(), json!({"local": {"p": 1}}));
    assert_eq!((outer.load(Ordering::SeqCst), inner.load(Ordering::SeqCst)), (2, 1));
    drop(session);

    drop(server);
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("Twice", json!({})).await;
        peer.serve("Twice", json!({"second": true})).await;
        let failing = peer.take("Fails").await;
        peer.fail(&failing, 5).await;
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").interceptor(Meddler(inner)).connect().await.unwrap();
    assert_eq!(session.call("Twice", -1, json!({})).await.unwrap(), json!({"second": true, "seen": 1}));
    assert_eq!(session.call("Fails", -1, json!({})).await.unwrap_err().engine_code(), Some(5));
    drop(session);
    server.finish().await;
}

#[tokio::test]
async fn traffic_is_shown_both_ways() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("X", json!({"a": 1})).await;
        peer.close(1000, "").await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let traffic = session.traffic();
    session.call("X", -1, ()).await.unwrap();
    let frames: Vec<(Direction, Value)> = traffic
        .map(|traffic| match traffic {
            Traffic::Frame { direction, text, .. } => {
                assert!(!text.contains(API_KEY));
                (direction, serde_json::from_str(&text).unwrap())
            }
            other => panic!("{other:?}"),
        })
        .collect()
        .await;
    let [(Direction::Sent, request), (Direction::Received, reply)] = &frames[..] else { panic!("{frames:?}") };
    assert_eq!((&request["method"], &reply["result"]), (&json!("X"), &json!({"a": 1})));
    server.finish().await;
}
