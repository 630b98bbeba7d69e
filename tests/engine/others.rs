//! The faults that are known of other clients of the Engine, each with the test that this one does not have it.
//!
//! | the fault | the test |
//! |---|---|
//! | an object put at a member named by a number empties its parent | `delta::tests::a_member_named_by_a_number_leaves_its_siblings_alone`, `delta::a_layout_by_deltas_reads_like_the_whole` |
//! | `~1` and `~0` in a patch's path are taken as they stand | `delta::tests::escaped_names_are_read` |
//! | a member `007` is made as `7`; a root that is null cannot be patched | `delta::tests::a_member_named_by_a_number_leaves_its_siblings_alone`, `delta::tests::the_whole_can_be_anything` |
//! | every request asks for a delta, whatever was set | [`deltas_are_asked_for_by_method`] |
//! | the whole is copied for each delta | `delta::tests` (values are shared), the ratio `delta_of_a_1_mb_layout` of the benchmark |
//! | what traffic shows is changed by patching it | [`traffic_shows_what_came_not_what_became_of_it`] |
//! | the value of a delta outlives its object | [`a_closed_object_leaves_no_delta_behind`] |
//! | `false`, `0` and `""` are replaced by defaults, or cannot be sent | `calls::what_is_set_is_sent_though_it_is_nothing` |
//! | properties that are not described are lost between reading and writing | [`properties_go_back_as_they_came`] |
//! | a reader that is not read from blocks the socket | `calls::nobody_who_does_not_read_holds_up_the_others` |
//! | a reply with neither result nor error is a crash | `session::a_reply_that_does_not_read_fails_its_call_alone` |
//! | lists of suspended handles are never filled in | `objects::a_session_tells_all_changes_and_its_own_events` |
//! | a modal state is ended by a method that does not exist | `calls::a_modal_state_is_ended_where_that_is_wanted` |
//! | a cancel is looked for on the wrong handle | `calls::a_limit_cancels` |
//! | aborted calls are made again without end | `calls::aborted_calls_are_made_again_within_bounds` |
//! | numbers are taken for numbers, and `"NaN"` comes | [`numbers_may_be_none`] |
//! | several out-parameters have no types | [`several_results_have_names_and_types`] |
//! | a member that comes twice fails the whole reply | [`a_member_that_comes_twice_counts_as_its_last`] |
//! | replies are matched by a counter that tasks share | `session::ten_thousand_calls_at_once` |
//! | the code and the parameter of an error are lost | `session::an_engine_error_keeps_all_that_it_says` |
//! | interceptors cannot call again, or run while a lock is held | `connect::interceptors_see_change_and_answer`, [`an_interceptor_may_call_by_itself`] |
//! | traffic names the message instead of the handle | [`traffic_shows_what_came_not_what_became_of_it`] |
//! | a time to live of 0 is left out | `connect::the_address_holds_each_value_encoded_once` |
//! | "without data" is read and not sent; an app that is open otherwise is taken for it | `resume::everything_is_had_again_under_new_numbers`, `connect::an_app_that_is_open_in_another_mode_is_refused` |
//! | an empty handle is an object that fails later | `session::an_object_is_a_typed_handle_and_an_empty_one_is_not_found` |
//! | pings go through a proxy that does not pass them on | `connect::pings_go_out_where_they_are_wanted` |
//! | messages of more than 16 MiB end the connection | `session::a_reply_of_twenty_megabytes` |

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::scripted::{Peer, Scripted};
use futures::StreamExt;
use qlik::engine::{
    Delta, Direction, Doc, GenericObject, Intercepted, InterceptedCall, Interceptor, Next, Proxy, RpcMethod, Session,
    Traffic, WeakHandle,
};
use serde_json::{Value, json};

const GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");

async fn connect(server: &Scripted) -> Session {
    server.qlik.session("app").connect().await.expect("a session")
}

#[tokio::test]
async fn deltas_are_asked_for_by_method() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.serve("GetLayout", json!({"qLayout": {"qInfo": {"qId": "a"}}})).await;
        assert_eq!(request["delta"], true);
        for method in ["GetProperties", "ClearAll", "EvaluateEx"] {
            let request = peer.serve(method, json!({"qProp": {}, "qValue": {}})).await;
            assert_eq!(request.get("delta"), None, "{method}");
        }
        let request = peer.serve("GetLayout", json!({"qLayout": {"qInfo": {"qId": "a"}}})).await;
        assert_eq!(request.get("delta"), None, "not for this call");
        peer.until_closed().await;
    })
    .await;
    let session = server.qlik.session("app").delta(Delta::methods(["GetLayout"])).connect().await.unwrap();
    let (doc, object) = (Doc::new(session.handle(1, "Doc")), GenericObject::new(session.handle(2, "GenericObject")));
    object.get_layout().await.unwrap();
    object.get_properties().await.unwrap();
    doc.clear_all().await.unwrap();
    doc.evaluate_ex("1").await.unwrap();
    object.get_layout().delta(false).await.unwrap();
    drop((doc, object, session));
    server.finish().await;
}

#[tokio::test]
async fn traffic_shows_what_came_not_what_became_of_it() {
    let patches = json!({"qLayout": [{"op": "add", "path": "/", "value": {"qInfo": {"qId": "a"}}}]});
    let sent = patches.clone();
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.take("GetLayout").await;
        peer.say(json!({"id": request["id"], "delta": true, "result": sent}).to_string()).await;
        peer.close(1000, "").await;
    })
    .await;
    let session = connect(&server).await;
    let traffic = session.traffic();
    let object = GenericObject::new(session.handle(2, "GenericObject"));
    object.get_layout().delta(true).await.unwrap();
    let frames: Vec<_> = traffic.collect().await;
    let [Traffic::Frame { direction: Direction::Sent, text: request, .. }, Traffic::Frame { text: reply, .. }] =
        &frames[..]
    else {
        panic!("{frames:?}")
    };
    let (request, reply): (Value, Value) =
        (serde_json::from_str(request).unwrap(), serde_json::from_str(reply).unwrap());
    assert_eq!((&request["handle"], &reply["result"]), (&json!(2), &patches));
    server.finish().await;
}

#[tokio::test]
async fn a_closed_object_leaves_no_delta_behind() {
    let server = Scripted::start(|mut peer: Peer| async move {
        for patches in [json!([{"op": "add", "path": "/", "value": {"old": true}}]), json!([])] {
            peer.serve_object("GetObject", "GenericObject", 5, "a").await;
            let request = peer.take("GetLayout").await;
            peer.say(json!({"id": request["id"], "delta": true, "result": {"qLayout": patches}}).to_string()).await;
            if patches == json!([]) {
                // what is unchanged is not known here any more
                let request = peer.serve("GetLayout", json!({"qLayout": {"new": true}})).await;
                assert_eq!(request.get("delta"), None);
            }
            let request = peer.request().await;
            peer.say(json!({"id": request["id"], "result": {}, "close": [5]}).to_string()).await;
        }
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server).await;
    let doc = Doc::new(session.handle(1, "Doc"));
    for expected in [json!({"old": true}), json!({"new": true})] {
        let object = doc.get_object("a").await.unwrap();
        let layout: Value = object.handle().rpc(GET_LAYOUT).delta(true).await.unwrap();
        assert_eq!(layout, expected, "the number is used again, its value is not");
        session.call("X", -1, ()).await.unwrap();
        assert!(object.handle().is_closed());
    }
    drop((doc, session));
    server.finish().await;
}

#[tokio::test]
async fn properties_go_back_as_they_came() {
    let properties = json!({"qInfo": {"qId": "a", "qType": "x"}, "qExtendsId": "", "mine": {"deep": [0, false, ""]},
        "qHyperCubeDef": {"qDimensions": [], "qSuppressZero": false, "qMode": "S", "extra": null}});
    let (told, expected) = (properties.clone(), properties.clone());
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("GetProperties", json!({"qProp": told})).await;
        let request = peer.serve("SetProperties", json!({})).await;
        assert_eq!(request["params"]["qProp"], expected);
        peer.until_closed().await;
    })
    .await;
    let session = connect(&server).await;
    let object = GenericObject::new(session.handle(2, "GenericObject"));
    let properties = object.get_properties().await.unwrap();
    object.set_properties(&properties).await.unwrap();
    drop((object, session));
    server.finish().await;
}

#[tokio::test]
async fn numbers_may_be_none() {
    let server = Scripted::start(|mut peer: Peer| async move {
        for number in [json!("NaN"), json!("Infinity"), json!("-Infinity"), json!(1.5)] {
            let value = json!({"qText": "-", "qIsNumeric": false, "qNumber": number});
            peer.serve("EvaluateEx", json!({"qValue": value})).await;
        }
        peer.until_closed().await;
    })
    .await;
    let doc = Doc::new(connect(&server).await.handle(1, "Doc"));
    assert!(doc.evaluate_ex("Null()").await.unwrap().number.is_some_and(f64::is_nan));
    for expected in [f64::INFINITY, f64::NEG_INFINITY, 1.5] {
        assert_eq!(doc.evaluate_ex("x").await.unwrap().number, Some(expected));
    }
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn several_results_have_names_and_types() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let result =
            json!({"qErrorMsg": "bad", "qBadFieldNames": [{"qFrom": 1, "qCount": 2}], "qDangerousFieldNames": []});
        peer.serve("CheckExpression", result).await;
        peer.until_closed().await;
    })
    .await;
    let doc = Doc::new(connect(&server).await.handle(1, "Doc"));
    let checked = doc.check_expression("Sum(").await.unwrap();
    let written = serde_json::to_value(&checked).unwrap();
    assert_eq!(written["qErrorMsg"], "bad");
    assert_eq!(written["qBadFieldNames"][0], json!({"qFrom": 1, "qCount": 2}));
    drop(doc);
    server.finish().await;
}

#[tokio::test]
async fn a_member_that_comes_twice_counts_as_its_last() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let request = peer.take("GetLayout").await;
        let layout = r#"{"qInfo":{"qId":"a","qId":"b"},"qMeta":{},"title":"one","title":"two"}"#;
        peer.say(format!(r#"{{"id":{},"result":{{"qLayout":{layout}}}}}"#, request["id"])).await;
        peer.until_closed().await;
    })
    .await;
    let object = GenericObject::new(connect(&server).await.handle(2, "GenericObject"));
    let layout = serde_json::to_value(object.get_layout().await.unwrap()).unwrap();
    assert_eq!((&layout["qInfo"]["qId"], &layout["title"]), (&json!("b"), &json!("two")));
    drop(object);
    server.finish().await;
}

/// Asks the engine something of its own before each call.
#[derive(Clone, Default)]
struct Asking(Arc<OnceLock<WeakHandle>>);

impl Interceptor for Asking {
    fn intercept<'a>(&'a self, call: InterceptedCall, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            let global = self.0.get().and_then(WeakHandle::upgrade);
            if let Some(global) = global.filter(|_| call.method != "EngineVersion") {
                global.call("EngineVersion", ()).await?;
            }
            next.call(call).await
        })
    }
}

#[tokio::test]
async fn an_interceptor_may_call_by_itself() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("EngineVersion", json!({})).await;
        peer.serve("X", json!({"ok": true})).await;
        peer.until_closed().await;
    })
    .await;
    let asking = Asking::default();
    let builder = server.qlik.session("app").interceptor(asking.clone()).max_in_flight(1);
    let session = builder.connect().await.unwrap();
    let global = session.handle(-1, "Global");
    assert!(asking.0.set(global.downgrade()).is_ok());
    let call = tokio::time::timeout(Duration::from_secs(5), session.call("X", -1, ()));
    assert_eq!(call.await.expect("no lock is held").unwrap(), json!({"ok": true}));
    drop((global, session));
    server.finish().await;
}
