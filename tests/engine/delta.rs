//! Deltas over a real socket: asked for where wanted, applied in order, given up where they go wrong.

use std::time::Duration;

use crate::scripted::{Peer, Scripted};
use qlik::engine::{Delta, Doc, GenericObject, Proxy, RpcMethod};
use serde_json::{Value, json};

const GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");

impl Peer {
    async fn delta(&mut self, patches: Value) -> Value {
        let request = self.take("GetLayout").await;
        let reply = json!({"id": request["id"], "delta": true, "result": {"qLayout": patches}});
        self.say(reply.to_string()).await;
        request
    }
}

fn whole(value: Value) -> Value {
    json!([{"op": "add", "path": "/", "value": value}])
}

#[tokio::test]
async fn a_layout_by_deltas_reads_like_the_whole() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let layout = json!({"qInfo": {"qId": "a", "qType": "x"}, "5": {"old": 1}, "text": "y".repeat(2000)});
        assert_eq!(peer.delta(whole(layout)).await["delta"], true);
        peer.delta(json!([])).await;
        peer.delta(json!([{"op": "replace", "path": "/5", "value": {"new": true}}])).await;
        // the engine may answer in full all the same
        let request = peer.take("GetLayout").await;
        peer.reply(&request, json!({"qLayout": {"qInfo": {"qId": "b"}}})).await;
        let request = peer.serve("GetInfo", json!({"qInfo": {"qId": "a"}})).await;
        assert_eq!(request.get("delta"), None, "only what was asked for");
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").delta(Delta::layouts()).connect().await.unwrap();
    let object = GenericObject::new(session.handle(2, "GenericObject"));
    let first = serde_json::to_value(object.get_layout().await.unwrap()).unwrap();
    assert_eq!((&first["qInfo"]["qId"], &first["5"]), (&json!("a"), &json!({"old": 1})));
    assert_eq!(serde_json::to_value(object.get_layout().await.unwrap()).unwrap(), first);
    let third = serde_json::to_value(object.get_layout().await.unwrap()).unwrap();
    assert_eq!((&third["qInfo"]["qId"], &third["5"]), (&json!("a"), &json!({"new": true})));
    assert!(session.in_use().delta_bytes_saved > 3000, "{:?}", session.in_use());
    let full = serde_json::to_value(object.get_layout().await.unwrap()).unwrap();
    assert_eq!(full["qInfo"]["qId"], "b");
    object.get_info().await.unwrap();
    drop((object, session));
    server.finish().await;
}

#[tokio::test]
async fn a_delta_that_nobody_waited_for_counts() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.delta(whole(json!({"n": 1}))).await;
        let given_up = peer.take("GetLayout").await;
        peer.take("CancelRequest").await;
        let patches = json!([{"op": "replace", "path": "/n", "value": 2}]);
        peer.say(json!({"id": given_up["id"], "delta": true, "result": {"qLayout": patches}}).to_string()).await;
        peer.delta(json!([{"op": "add", "path": "/m", "value": 3}])).await;
        peer.until_closed().await;
    })
    .await;
    let handle = server.qlik.session("app").connect().await.unwrap().handle(2, "GenericObject");
    let read = || handle.rpc::<Value>(GET_LAYOUT).delta(true);
    assert_eq!(read().await.unwrap(), json!({"n": 1}));
    assert!(read().timeout(Duration::from_millis(50)).await.is_err());
    assert_eq!(read().await.unwrap(), json!({"n": 2, "m": 3}));
    drop(handle);
    server.finish().await;
}

#[tokio::test]
async fn an_object_that_is_got_again_goes_on_with_its_deltas() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        peer.delta(whole(json!({"n": 1}))).await;
        // the same object has the same number, and the engine knows what it has sent
        peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        peer.delta(json!([{"op": "add", "path": "/m", "value": 2}])).await;
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    for expected in [json!({"n": 1}), json!({"n": 1, "m": 2})] {
        let object = doc.get_object("a").await.unwrap();
        let layout: Value = object.handle().rpc(GET_LAYOUT).delta(true).await.unwrap();
        assert_eq!(layout, expected);
        drop(object);
        assert_eq!(session.in_use().objects, 1);
    }
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn replies_out_of_order_get_their_own_values() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let requests = [peer.request().await, peer.request().await];
        let patches = [whole(json!([1])), json!([{"op": "add", "path": "/-", "value": 2}])];
        // the second request is answered first: what it says is the base of the other
        for (request, patches) in requests.iter().rev().zip(patches) {
            let reply = json!({"id": request["id"], "delta": true, "result": {"qLayout": patches}});
            peer.say(reply.to_string()).await;
        }
        peer.until_closed().await;
    })
    .await;
    let handle = server.qlik.session("app").connect().await.unwrap().handle(2, "GenericObject");
    let read = || handle.rpc::<Value>(GET_LAYOUT).delta(true).send();
    let (first, second) = (read().await.unwrap(), read().await.unwrap());
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap(), second.unwrap()), (json!([1, 2]), json!([1])));
    drop(handle);
    server.finish().await;
}

#[tokio::test]
async fn a_delta_that_does_not_fit_is_read_in_full() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.delta(json!([{"op": "remove", "path": "/nowhere"}])).await;
        for _ in 0..2 {
            let request = peer.take("GetLayout").await;
            assert_eq!(request.get("delta"), None);
            peer.reply(&request, json!({"qLayout": {"whole": true}})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let handle = server.qlik.session("app").connect().await.unwrap().handle(2, "GenericObject");
    for _ in 0..2 {
        let layout = handle.rpc::<Value>(GET_LAYOUT).delta(true).await.unwrap();
        assert_eq!(layout, json!({"whole": true}));
    }
    drop(handle);
    server.finish().await;
}

#[tokio::test]
async fn objects_are_never_asked_for_as_deltas() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        assert_eq!(request.get("delta"), None);
        peer.until_closed().await;
    })
    .await;
    let delta = Delta::methods(["GetObject"]);
    let session = server.qlik.session("app").delta(delta).connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    doc.get_object("a").await.unwrap();
    drop((doc, session));
    server.finish().await;
}
