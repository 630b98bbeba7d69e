//! Objects of an Engine session: closed, held weakly, released; their changes and layouts.

use crate::app::open;
use crate::scripted::{Peer, Scripted};
use futures::{FutureExt, StreamExt};
use qlik::Error;
use qlik::engine::{Doc, GenericObject, Handle, Proxy, SessionEvent};
use qlik_sandbox::Sandbox;
use serde_json::json;

#[tokio::test]
async fn a_closed_object_fails_its_calls_at_once() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        peer.say(r#"{"close":[5]}"#).await;
        peer.serve("Last", json!({})).await;
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    let object = doc.get_object("a").await.unwrap();
    object.handle().closed().await;
    let error = object.get_layout().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let text = error.to_string();
    assert!(text.contains("GetLayout") && text.contains("`a`") && text.contains("closed"), "{text}");
    assert!(object.handle().call("Raw", ()).await.unwrap_err().is_not_found());
    session.call("Last", -1, ()).await.unwrap();
    drop((doc, object, session));
    server.finish().await;
}

#[tokio::test]
async fn there_is_one_object_however_many_handles() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        peer.serve_object("GetObject", "GenericObject", 5, "a").await;
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    let (one, two) = (doc.get_object("a").await.unwrap(), doc.get_object("a").await.unwrap());
    assert_eq!(one.handle(), two.handle());
    assert_ne!(one.handle(), doc.handle());
    assert_eq!(session.in_use().objects, 2);
    let weak = one.handle().downgrade();
    drop(one);
    let again: Handle = weak.upgrade().expect("two holds it");
    assert_eq!((again.generic_id(), again.generic_type(), again.class()), (Some("a"), Some("x"), "GenericObject"));
    drop((two, again));
    assert_eq!(session.in_use().objects, 1);
    assert!(weak.upgrade().is_none());
    let weak = doc.handle().downgrade();
    drop((doc, session));
    assert!(weak.upgrade().is_none(), "the session is gone with its last owner");
    server.finish().await;
}

fn session_object() -> qlik::engine::types::GenericObjectProperties {
    serde_json::from_value(json!({
        "qInfo": {"qType": "test"}, "qListObjectDef": {"qDef": {"qFieldDefs": ["Country"]}},
    }))
    .expect("properties")
}

#[tokio::test]
async fn objects_of_the_session_are_released_on_demand() {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = open(&sandbox).await;
    let object = doc.create_session_object(&session_object()).await.unwrap();
    let id = object.handle().generic_id().unwrap().to_owned();
    object.release().await.unwrap();
    assert!(object.handle().is_closed() && object.get_layout().await.unwrap_err().is_not_found());
    assert!(doc.find_object(&id).await.unwrap().is_none());
    object.release().await.unwrap();
    let error = doc.release().await.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error}");

    let scoped = doc.create_session_object(&session_object()).await.unwrap().scoped().unwrap();
    let id = scoped.handle().generic_id().unwrap().to_owned();
    let clone = scoped.clone();
    drop(scoped);
    clone.get_layout().await.unwrap();
    drop(clone);
    assert!(doc.find_object(&id).await.unwrap().is_none());

    let scoped = doc.create_session_object(&session_object()).await.unwrap().scoped().unwrap();
    let kept: GenericObject = scoped.keep();
    kept.get_layout().await.unwrap();
    assert!(doc.clone().scoped().is_err());
}

#[tokio::test]
async fn layouts_follow_the_changes() {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = open(&sandbox).await;
    let object = doc.create_session_object(&session_object()).await.unwrap();
    let mut layouts = object.layouts();
    let selected = |layout: qlik::engine::types::GenericObjectLayout| {
        let layout = serde_json::to_value(layout).unwrap();
        layout["qListObject"]["qDimensionInfo"]["qStateCounts"]["qSelected"].as_i64().unwrap_or(0)
    };
    assert_eq!(selected(layouts.next().await.unwrap().unwrap()), 0);
    assert!(layouts.next().now_or_never().is_none(), "nothing has changed");
    assert!(doc.select_in("Country", ["Norway"]).await.unwrap());
    assert_eq!(selected(layouts.next().await.unwrap().unwrap()), 1);
    object.release().await.unwrap();
    assert!(layouts.next().await.is_none());
}

#[tokio::test]
async fn a_session_tells_all_changes_and_its_own_events() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.request().await;
        peer.say(json!({"id": request["id"], "result": {}, "change": [5, 6], "suspend": [9]}).to_string()).await;
        peer.say(r#"{"change":[7,5],"close":[6]}"#).await;
        peer.serve("Y", json!({})).await;
        peer.close(4003, "bye").await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let (mut changes, events) = (session.changes(), session.events());
    session.call("X", -1, ()).await.unwrap();
    session.call("Y", -1, ()).await.unwrap();
    let list = changes.next().await.unwrap();
    assert_eq!(list.changed, [5, 7].into());
    assert_eq!((list.closed, list.suspended), ([6].into(), [9].into()));
    assert!(changes.next().await.is_none(), "the session has ended");
    let events: Vec<_> = events.collect().await;
    let [SessionEvent::Opened, SessionEvent::Closed(closed)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((closed.code(), closed.text()), (Some(4003), "bye"));
    server.finish().await;
}
