//! Helpers for what people do with an app all the time, against the sandbox; progress and reloads by script.

use std::time::Duration;

use crate::app::open;
use crate::scripted::{Peer, Scripted};
use futures::{FutureExt, StreamExt};
use qlik::engine::{Doc, MessageCode, Proxy, SelectedValue, Selections, property_patches, types};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

#[tokio::test]
async fn an_app_lists_what_it_holds() {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = open(&sandbox).await;
    let names = |list: Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|item| item["qName"].as_str().unwrap().to_owned()).collect()
    };
    let fields = names(serde_json::to_value(doc.fields().await.unwrap()).unwrap());
    assert!(fields.contains(&"Country".to_owned()), "{fields:?}");
    doc.variables().await.unwrap();
    doc.sheets().await.unwrap();
    doc.charts().await.unwrap();
    let lists = [
        ("dimension", doc.dimensions().await.unwrap()),
        ("measure", doc.measures().await.unwrap()),
        ("bookmark", doc.bookmarks().await.unwrap()),
    ];
    for (kind, list) in lists {
        for item in serde_json::to_value(list).unwrap().as_array().unwrap() {
            assert_eq!(item["qInfo"]["qType"], kind, "{item}");
        }
    }
    assert_eq!(doc.handle().session().in_use().objects, 1, "the lists' own objects are gone");
}

#[tokio::test]
async fn charts_are_found_on_their_sheets() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let made = peer.serve_object("CreateSessionObject", "GenericObject", 2, "l").await;
        assert_eq!(made["params"]["qProp"]["qAppObjectListDef"]["qType"], "sheet");
        let cells = json!([{"name": "c1", "type": "barchart", "col": 0, "row": 1, "colspan": 2, "rowspan": 3},
                           {"name": "c2"}, {"odd": 1}]);
        let sheet = json!({"qInfo": {"qId": "s", "qType": "sheet"}, "qData": {"cells": cells}});
        peer.serve("GetLayout", json!({"qLayout": {"qAppObjectList": {"qItems": [sheet, {}]}}})).await;
        assert_eq!(peer.serve("DestroySessionObject", json!({})).await["params"], json!({"qId": "l"}));
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    let charts = doc.charts().await.unwrap();
    let [one, two] = &charts[..] else { panic!("{charts:?}") };
    assert_eq!((one.sheet.as_str(), one.id.as_str(), one.kind.as_str()), ("s", "c1", "barchart"));
    assert_eq!((one.place, two.place), (Some([0, 1, 2, 3]), None));
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn selections_are_a_value_that_can_be_made_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = open(&sandbox).await;
    assert!(doc.current_selections().await.unwrap().is_empty());
    assert!(doc.select_in("Country", ["Norway", "Sweden"]).await.unwrap());
    let mut selections = doc.current_selections().await.unwrap();
    let [field] = selections.fields() else { panic!("{selections:?}") };
    assert_eq!((field.field.as_str(), field.locked), ("Country", false));
    assert_eq!(field.values, [SelectedValue::from("Norway"), SelectedValue::from("Sweden")]);

    let stored = serde_json::to_string(&selections).unwrap();
    selections = serde_json::from_str(&stored).unwrap();
    doc.clear_all().await.unwrap();
    assert!(doc.current_selections().await.unwrap().is_empty());
    doc.apply_selections(&selections).await.unwrap();
    assert_eq!(doc.current_selections().await.unwrap(), selections);

    doc.apply_selections(&Selections::new().with("Country", ["Norway"])).await.unwrap();
    assert_eq!(doc.current_selections().await.unwrap().fields()[0].values, [SelectedValue::from("Norway")]);
    let error = doc.apply_selections(&Selections::new().with("Country", ["Nowhere"])).await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("Country"), "{error}");

    assert!(doc.select_where("Country", "S*").await.unwrap());
    let values = doc.field_values("Country").await.unwrap();
    assert!(values.iter().any(|entry| entry.text == "Sweden" && entry.state == "S"), "{values:?}");
    assert!(values.iter().any(|entry| entry.text == "Norway" && entry.state != "S"));
}

#[tokio::test]
async fn objects_are_found_or_made_and_patched() {
    let sandbox = Sandbox::start().await.unwrap();
    let doc = open(&sandbox).await;
    let before: types::GenericObjectProperties =
        serde_json::from_value(json!({"qInfo": {"qType": "x"}, "title": "old"})).unwrap();
    let made = doc.get_or_create_session_object("mine", &before).await.unwrap();
    assert_eq!(made.handle().generic_id(), Some("mine"));
    let again = doc.get_or_create_session_object("mine", &before).await.unwrap();
    assert_eq!(made.handle(), again.handle());
    assert!(doc.find_object("nobody").await.unwrap().is_none());
    let (objects, sent) = (made.handle().session().in_use().objects, made.handle().session().traffic());
    assert_eq!(doc.get_or_open("mine").await.unwrap().handle(), made.handle());
    assert!(sent.take(1).collect::<Vec<_>>().now_or_never().is_none(), "the engine was not asked");
    assert_eq!(made.handle().session().in_use().objects, objects);
    assert!(doc.get_or_open("nobody").await.unwrap_err().is_not_found());

    let before = made.get_properties().await.unwrap();
    let mut after = before.clone();
    after.extra.insert("title".to_owned(), json!("new"));
    let patches = property_patches(&before, &after).unwrap();
    assert_eq!(patches.len(), 1);
    made.apply_patches(&patches).await.unwrap();
    assert_eq!(made.get_properties().await.unwrap().extra["title"], "new");
}

#[tokio::test]
async fn a_reload_tells_how_far_it_is_and_how_it_ended() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let reload = peer.take("DoReloadEx").await;
        assert_eq!(reload["params"], json!({"qParams": {"qPartial": true, "qRowLimit": 10}}));
        let message = |code: i64, text: &str| json!({"qMessageCode": code, "qMessageParameters": [text]});
        let asked = peer.take("GetProgress").await;
        assert_eq!((&asked["handle"], &asked["params"]), (&json!(-1), &json!({"qRequestId": reload["id"]})));
        let data = json!({"qStarted": true, "qPersistentProgressMessages": [message(12, "Orders")],
                          "qTransientProgressMessage": message(21, "100")});
        peer.reply(&asked, json!({"qProgressData": data})).await;
        let outcome = json!({"qSuccess": true, "qScriptLogFile": "log.txt", "qEndedWithMemoryConstraint": false});
        peer.reply(&reload, json!({"qResult": outcome})).await;
        // once more, and saving; in either order
        for _ in 0..2 {
            let request = peer.request().await;
            let data = json!({"qFinished": true, "qPersistentProgressMessages": [message(11, ""), message(99, "?")]});
            let result = if request["method"] == "DoSave" { json!({}) } else { json!({"qProgressData": data}) };
            peer.reply(&request, result).await;
        }
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    let reload = doc.reload().partial().row_limit(10).save().start().await.unwrap();
    let (first, second) = (reload.progress(), reload.progress());
    let (outcome, first, second) = tokio::join!(reload, first.collect::<Vec<_>>(), second.collect::<Vec<_>>());
    let outcome = outcome.unwrap();
    assert_eq!((outcome.success, outcome.log_file.as_deref()), (true, Some("log.txt")));
    assert_eq!(first, second, "one poller, any number of readers");
    let codes: Vec<_> = first.iter().flat_map(|progress| &progress.messages).map(|message| message.code).collect();
    assert_eq!(codes, [MessageCode::LoadExternalData, MessageCode::Done, MessageCode::Other(99)]);
    assert_eq!(first[0].current.as_ref().map(|message| message.parameters.as_slice()), Some(&["100".to_owned()][..]));
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn a_reload_that_is_dropped_is_cancelled() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let reload = peer.take("DoReloadEx").await;
        assert_eq!(peer.take("CancelRequest").await["params"]["qRequestId"], reload["id"]);
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").connect().await.unwrap();
    let doc = Doc::new(session.handle(1, "Doc"));
    let reload = doc.reload().start().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(reload);
    drop((doc, session));
    server.finish().await;
}
