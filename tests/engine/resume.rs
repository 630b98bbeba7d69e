//! Suspend and resume over real sockets.

use std::time::Duration;

use crate::scripted::{Peer, Scripted};
use futures::StreamExt;
use qlik::Error;
use qlik::engine::{Doc, Proxy, Resume, Selections, SessionEvent, types};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

fn quick() -> Resume {
    Resume::automatic().backoff(Duration::from_millis(10), Duration::from_millis(40)).attempts(5)
}

fn properties(value: Value) -> types::GenericObjectProperties {
    serde_json::from_value(value).expect("properties")
}

/// The engine has no app open on this connection.
async fn no_app(peer: &mut Peer) {
    let request = peer.take("GetActiveDoc").await;
    peer.fail(&request, 1007).await;
}

#[tokio::test]
async fn everything_is_had_again_under_new_numbers() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        let opened = peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        assert_eq!(opened["params"], json!({"qDocName": "app", "qNoData": true}));
        peer.serve_object("GetField", "Field", 2, "").await;
        peer.serve_object("GetObject", "GenericObject", 3, "chart").await;
        peer.serve_object("GetVariableByName", "GenericVariable", 4, "v-id").await;
        peer.serve_object("CreateSessionObject", "GenericObject", 5, "made").await;
        peer.serve("ApplyPatches", json!({})).await;
        peer.serve("SetProperties", json!({})).await;
        peer.serve_object("GetObject", "GenericObject", 6, "doomed").await;
        let safe = peer.take("GetLayout").await;
        let unsafe_ = peer.take("ClearAll").await;
        assert_eq!((&safe["handle"], &unsafe_["handle"]), (&json!(3), &json!(1)));
        drop(peer);

        let mut peer = Peer::accept(&listener).await;
        no_app(&mut peer).await;
        let opened = peer.serve_object("OpenDoc", "Doc", 11, "app").await;
        assert_eq!(opened["params"], json!({"qDocName": "app", "qNoData": true}));
        let field = peer.serve_object("GetField", "Field", 12, "").await;
        assert_eq!((&field["handle"], &field["params"]), (&json!(11), &json!({"qFieldName": "Region"})));
        let object = peer.serve_object("GetObject", "GenericObject", 13, "chart").await;
        assert_eq!(object["params"], json!({"qId": "chart"}));
        let patched = peer.serve("ApplyPatches", json!({})).await;
        assert_eq!((&patched["handle"], &patched["params"]["qSoftPatch"]), (&json!(13), &json!(true)));
        let variable = peer.serve_object("GetVariableByName", "GenericVariable", 14, "v-id").await;
        assert_eq!(variable["params"], json!({"qName": "v"}));
        let made = peer.serve_object("CreateSessionObject", "GenericObject", 3, "made").await;
        assert_eq!(made["params"]["qProp"]["qInfo"], json!({"qType": "t", "qId": "made"}));
        let properties = peer.serve("SetProperties", json!({})).await;
        assert_eq!((&properties["handle"], &properties["params"]["qProp"]["b"]), (&json!(3), &json!(2)));
        peer.serve("GetObject", json!({"qReturn": {"qType": null, "qHandle": null}})).await;
        // what was safe is made again, by its new number
        let again = peer.serve("GetLayout", json!({"qLayout": {"qInfo": {"qId": "chart"}}})).await;
        assert_eq!(again["handle"], 13);
        let select = peer.serve("Select", json!({"qReturn": true})).await;
        assert_eq!(select["handle"], 12);
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let doc = server.qlik.session("app").no_data().resume(quick()).open().await.unwrap();
    let session = doc.handle().session().clone();
    let mut events = session.events();
    let field = doc.get_field("Region").await.unwrap();
    let chart = doc.get_object("chart").await.unwrap();
    let variable = doc.get_variable_by_name("v").await.unwrap();
    let made = doc.create_session_object(&properties(json!({"qInfo": {"qType": "t"}, "a": 1}))).await.unwrap();
    let patch = json!({"qPatches": [{"qOp": "add", "qPath": "/x", "qValue": "1"}], "qSoftPatch": true});
    chart.handle().call("ApplyPatches", patch).await.unwrap();
    made.set_properties(&properties(json!({"qInfo": {"qType": "t"}, "b": 2}))).await.unwrap();
    let doomed = doc.get_object("doomed").await.unwrap();
    let mut changes = chart.changed();

    let clear = async { doc.clear_all().await };
    let (layout, clear) = tokio::join!(async { chart.get_layout().await }, clear);
    assert_eq!(serde_json::to_value(layout.unwrap()).unwrap()["qInfo"]["qId"], "chart");
    let Err(Error::Closed(error)) = clear else { panic!("it may have run, and must not run twice") };
    assert!(error.may_have_run() && error.method() == Some("Doc.ClearAll"));
    assert_eq!(changes.next().await, Some(()), "its data may have changed");
    assert_eq!((doc.handle().number(), chart.handle().number(), made.handle().number()), (11, 13, 3));
    assert_eq!(variable.handle().number(), 14);
    assert!(doomed.handle().is_closed() && !session.is_closed());
    field.select("EMEA").await.unwrap();

    assert_eq!(events.next().await, Some(SessionEvent::Opened));
    assert!(matches!(events.next().await, Some(SessionEvent::Suspended(_))));
    let Some(SessionEvent::Resumed(resumed)) = events.next().await else { panic!("it was resumed") };
    assert!(!resumed.attached && resumed.failed.is_empty());
    assert_eq!(resumed.restored.len(), 5, "{resumed:?}");
    let [(lost, why)] = &resumed.lost[..] else { panic!("{resumed:?}") };
    assert_eq!(lost.generic_id.as_deref(), Some("doomed"));
    assert!(why.contains("not there any more"), "{why}");
    drop((doc, session, field, chart, variable, made, doomed));
    server.finish().await;
}

#[tokio::test]
async fn by_hand_and_attached() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        peer.serve_object("CreateSessionObject", "GenericObject", 2, "made").await;
        peer.serve("ApplyPatches", json!({})).await;
        peer.serve_object("CreateSessionObject", "GenericObject", 3, "dropped").await;
        assert_eq!(peer.until_closed().await, Some(4000));
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("GetActiveDoc", "Doc", 1, "app").await;
        // the engine has kept it, patches and all
        let got = peer.serve_object("GetObject", "GenericObject", 7, "made").await;
        assert_eq!(got["params"], json!({"qId": "made"}));
        // and what was dropped while nothing could be sent
        let removed = peer.serve("DestroySessionObject", json!({"qSuccess": true})).await;
        assert_eq!((&removed["handle"], &removed["params"]), (&json!(1), &json!({"qId": "dropped"})));
        assert_eq!(peer.serve("GetLayout", json!({"qLayout": {}})).await["handle"], 7);
        peer.until_closed().await;
    })
    .await;
    let doc = server.qlik.session("app").ttl(Duration::from_secs(60)).open().await.unwrap();
    let session = doc.handle().session().clone();
    let made = doc.create_session_object(&properties(json!({"qInfo": {"qType": "t"}}))).await.unwrap();
    let patch = json!({"qPatches": [{"qOp": "add", "qPath": "/x", "qValue": "1"}], "qSoftPatch": true});
    made.handle().call("ApplyPatches", patch).await.unwrap();
    let dropped = doc.create_session_object(&properties(json!({"qInfo": {"qType": "t"}}))).await.unwrap();
    let dropped = dropped.scoped().unwrap();
    assert!(session.resume().await.unwrap().restored.is_empty(), "there is nothing to resume");
    session.suspend().await.unwrap();
    drop(dropped);
    assert!(session.is_suspended() && !session.is_closed());
    let Err(Error::Closed(error)) = made.get_layout().await else { panic!("it is suspended") };
    assert!(!error.may_have_run() && error.to_string().contains("suspended"), "{error}");
    let resumed = session.resume().await.unwrap();
    assert!(resumed.attached && resumed.restored.len() == 2 && resumed.lost.is_empty());
    assert!(!session.is_suspended());
    made.get_layout().await.unwrap();
    drop((doc, session, made));
    server.finish().await;
}

#[tokio::test]
async fn it_tries_again_until_it_gives_up() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        peer.close(4003, "terminating").await;
        // gone before it answers, once; then gone while it restores
        drop(listener.accept().await.unwrap());
        let mut peer = Peer::accept(&listener).await;
        peer.take("GetActiveDoc").await;
        drop(peer);
        let mut peer = Peer::accept(&listener).await;
        no_app(&mut peer).await;
        peer.serve_object("OpenDoc", "Doc", 2, "app").await;
        assert_eq!(peer.serve("Evaluate", json!({"qReturn": "1"})).await["handle"], 2);
        peer.close(4001, "idle").await;
    })
    .await;
    let doc = server.qlik.session("app").resume(quick()).open().await.unwrap();
    let closed = doc.handle().session().closed();
    // waits until the session is back
    assert_eq!(doc.evaluate("1").await.unwrap(), "1");
    assert_eq!(closed.await.code(), Some(4001), "an idle session stays closed");
    server.finish().await;

    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        drop((peer, listener));
    })
    .await;
    let doc = server.qlik.session("app").resume(quick().attempts(2)).open().await.unwrap();
    let error = doc.evaluate("1").await.unwrap_err();
    assert!(matches!(error, Error::Closed(_)), "{error}");
    assert!(doc.handle().session().is_closed() && doc.handle().is_closed());
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_gone_ends_it() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        drop(peer);
        let mut peer = Peer::accept(&listener).await;
        no_app(&mut peer).await;
        let request = peer.take("OpenDoc").await;
        peer.fail(&request, 1003).await;
    })
    .await;
    let doc = server.qlik.session("app").resume(quick()).open().await.unwrap();
    doc.handle().session().closed().await;
    server.finish().await;
}

#[tokio::test]
async fn closing_ends_the_coming_back() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        drop((peer, listener));
    })
    .await;
    let slow = Resume::automatic().backoff(Duration::from_secs(60), Duration::from_secs(60));
    let doc = server.qlik.session("app").resume(slow).open().await.unwrap();
    let session = doc.handle().session().clone();
    while !session.is_suspended() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::timeout(Duration::from_secs(5), session.close()).await.expect("at once");
    assert!(doc.handle().is_closed());
}

/// An engine with one app, whose only concern is what is selected in it.
async fn selecting(peer: &mut Peer, selected: &mut Vec<Value>, until: &str) {
    while let Message::Text(text) = peer.next().await {
        let request: Value = serde_json::from_str(&text).unwrap();
        let params = &request["params"];
        let object = |number: i32| json!({"qReturn": {"qType": "GenericObject", "qHandle": number, "qGenericId": "x"}});
        let result = match request["method"].as_str().unwrap() {
            "GetAppLayout" => json!({"qLayout": {"qStateNames": ["$"]}}),
            "CreateSessionObject" if params["qProp"].get("qSelectionObjectDef").is_some() => object(50),
            "CreateSessionObject" => object(51),
            "GetLayout" if request["handle"] == 50 => {
                let fields: &[Value] = if selected.is_empty() { &[] } else { &[json!({"qField": "Region"})] };
                json!({"qLayout": {"qSelectionObject": {"qSelections": fields, "qCount": selected.len()}}})
            }
            "GetLayout" => {
                let rows: Vec<_> = (selected.iter())
                    .map(|value| json!([{"qText": value["qText"], "qNum": "NaN", "qState": "S"}]))
                    .collect();
                let counts = json!({"qSelected": rows.len()});
                json!({"qLayout": {"qListObject": {"qDataPages": [{"qMatrix": rows}], "qSize": {"qcy": rows.len()},
                       "qDimensionInfo": {"qStateCounts": counts}}}})
            }
            "GetField" => json!({"qReturn": {"qType": "Field", "qHandle": 60}}),
            "ClearAll" => {
                selected.clear();
                json!({})
            }
            "SelectValues" => {
                *selected = params["qFieldValues"].as_array().unwrap().clone();
                json!({"qReturn": true})
            }
            _ => json!({"qReturn": true}),
        };
        let mut reply = json!({"id": request["id"], "result": result});
        if request["method"] == "SelectValues" {
            reply["change"] = json!([1]);
        }
        peer.say(reply.to_string()).await;
        if request["method"] == until {
            return;
        }
    }
}

#[tokio::test]
async fn selections_are_made_again_when_asked_for() {
    let server = Scripted::listen(|listener| async move {
        let mut peer = Peer::accept(&listener).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        let mut selected = Vec::new();
        selecting(&mut peer, &mut selected, "Mark").await;
        drop(peer);
        let mut peer = Peer::accept(&listener).await;
        no_app(&mut peer).await;
        peer.serve_object("OpenDoc", "Doc", 1, "app").await;
        let mut selected = Vec::new();
        selecting(&mut peer, &mut selected, "Mark").await;
        assert_eq!(selected, [json!({"qText": "EMEA", "qIsNumeric": false})]);
    })
    .await;
    let doc: Doc = server.qlik.session("app").resume(quick().with_selections()).open().await.unwrap();
    let session = doc.handle().session().clone();
    let mut events = session.events();
    doc.select_in("Region", ["EMEA"]).await.unwrap();
    // the keeper looks a moment after the change
    tokio::time::sleep(Duration::from_millis(400)).await;
    doc.handle().call("Mark", ()).await.unwrap();
    loop {
        if let Some(SessionEvent::Resumed(resumed)) = events.next().await {
            assert!(resumed.selections && resumed.failed.is_empty(), "{resumed:?}");
            break;
        }
    }
    let expected = Selections::new().with("Region", ["EMEA"]);
    assert_eq!(doc.current_selections().await.unwrap(), expected);
    doc.handle().call("Mark", ()).await.unwrap();
    server.finish().await;
}
