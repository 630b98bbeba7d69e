//! Tests of the deltas: the faults known from other clients, and random documents against a whole read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::lane::Lanes;
use super::patch::apply_all;
use crate::engine::pending::Delivery;

fn patched(mut document: Value, patches: Value) -> Value {
    apply_all(&mut document, patches).expect("patches that fit");
    document
}

fn refused(mut document: Value, patch: Value) -> String {
    apply_all(&mut document, json!([patch])).expect_err("a patch that does not fit").to_string()
}

#[test]
fn a_member_named_by_a_number_leaves_its_siblings_alone() {
    let document = json!({"m": {"4": 1, "x": 2}});
    let patches = json!([
        {"op": "add", "path": "/m/5", "value": {"a": 1}},
        {"op": "replace", "path": "/m/4", "value": {"b": [1]}},
        {"op": "add", "path": "/m/007", "value": 7},
    ]);
    assert_eq!(patched(document, patches), json!({"m": {"4": {"b": [1]}, "5": {"a": 1}, "007": 7, "x": 2}}));
}

#[test]
fn escaped_names_are_read() {
    let patches = json!([
        {"op": "add", "path": "/a~1b", "value": {"~": 1}},
        {"op": "replace", "path": "/a~1b/~0", "value": 2},
        {"op": "add", "path": "/~01", "value": 3},
    ]);
    assert_eq!(patched(json!({}), patches), json!({"a/b": {"~": 2}, "~1": 3}));
}

#[test]
fn arrays_grow_shrink_and_turn() {
    let patches = json!([
        {"op": "add", "path": "/a/-", "value": 9},
        {"op": "add", "path": "/a/0", "value": {"first": true}},
        {"op": "remove", "path": "/a/1"},
        {"op": "move", "from": "/a/0", "path": "/a/2"},
        {"op": "move", "from": "/b/0", "path": "/a/-"},
        {"op": "move", "from": "/c", "path": "/d"},
    ]);
    let document = json!({"a": [1, 2], "b": [[3]], "c": null});
    assert_eq!(patched(document, patches), json!({"a": [2, 9, {"first": true}, [3]], "b": [], "d": null}));
}

#[test]
fn the_whole_can_be_anything() {
    for whole in [json!(null), json!(1), json!("x"), json!([1]), json!({"a": 1})] {
        assert_eq!(patched(json!({"old": 1}), json!([{"op": "add", "path": "/", "value": whole}])), whole);
        assert_eq!(patched(json!(null), json!([{"op": "replace", "path": "/", "value": whole}])), whole);
    }
    assert_eq!(patched(json!([1]), json!([{"op": "remove", "path": "/"}])), json!(null));
    assert_eq!(patched(json!([1]), json!([])), json!([1]));
    let twice = json!([{"op": "add", "path": "/", "value": null}, {"op": "add", "path": "/", "value": {"a": 1}}]);
    assert_eq!(patched(json!(null), twice), json!({"a": 1}));
}

#[test]
fn what_does_not_fit_is_said() {
    let document = json!({"a": [1], "b": "text"});
    for (patch, part) in [
        (json!({"op": "add", "path": "/x/y", "value": 1}), "no `x` on the way"),
        (json!({"op": "add", "path": "/a/5", "value": 1}), "ends at 1"),
        (json!({"op": "add", "path": "/a/x", "value": 1}), "no index"),
        (json!({"op": "replace", "path": "/a/1", "value": 1}), "no such item"),
        (json!({"op": "remove", "path": "/a/-"}), "no index"),
        (json!({"op": "remove", "path": "/nope"}), "no such member"),
        (json!({"op": "add", "path": "/b/0", "value": 1}), "neither"),
        (json!({"op": "add", "path": "a", "value": 1}), "slash"),
        (json!({"op": "move", "from": "/a", "path": "/a/0"}), "itself"),
        (json!({"op": "move", "from": "/", "path": "/a"}), "itself"),
        (json!({"op": "test", "path": "/a"}), "unknown"),
        (json!(5), "no object"),
    ] {
        let message = refused(document.clone(), patch);
        assert!(message.contains(part), "{message}");
    }
    assert!(apply_all(&mut json!(1), json!({})).is_err());
}

#[test]
fn patches_cannot_nest_without_end() {
    let deep = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    let path = |steps: usize| "/0".repeat(steps);
    let mut document = deep(100);
    let add = json!([{"op": "replace", "path": path(100), "value": deep(100)}]);
    apply_all(&mut document, add.clone()).expect("200 levels are fine");
    let further = json!([{"op": "replace", "path": path(150), "value": deep(100)}]);
    assert!(apply_all(&mut document, further).expect_err("too long").to_string().contains("too long"));
    let mut document = json!({"a": deep(100), "b": document});
    let moved = json!([{"op": "move", "from": "/b", "path": format!("/a{}", path(99))}]);
    assert!(apply_all(&mut document, moved).expect_err("too deep").to_string().contains("too deeply"));
}

fn delivery(result: Value) -> Delivery {
    let frame = json!({"id": 1, "delta": true, "result": result}).to_string();
    let start = frame.find("\"result\":").expect("there") + "\"result\":".len();
    let end = start + result.to_string().len();
    Delivery { frame: frame.into(), result: Some(start..end), error: None, delta: true, epoch: 0 }
}

fn whole(value: Value) -> Value {
    json!({"qLayout": [{"op": "add", "path": "/", "value": value}]})
}

#[test]
fn a_delta_of_what_is_not_known_does_not_fit() {
    let lane = Lanes::default().of("GetLayout", &Arc::default()).expect("a lane");
    lane.arrive(1, delivery(json!({"qLayout": []})), true);
    assert!(lane.take(1).expect_err("nothing came before").contains("not known"));
}

#[test]
fn replies_count_in_the_order_in_which_they_came() {
    let saved = Arc::new(AtomicU64::new(0));
    let lane = Lanes::default().of("GetLayout", &saved).expect("a lane");
    lane.arrive(1, delivery(whole(json!({"n": 1, "text": "x".repeat(500)}))), true);
    lane.arrive(2, delivery(json!({"qLayout": [{"op": "replace", "path": "/n", "value": 2}]})), true);
    // given up, and it counts all the same
    lane.arrive(3, delivery(json!({"qLayout": [{"op": "add", "path": "/m", "value": 3}]})), false);
    lane.arrive(4, delivery(json!({"qLayout": []})), true);
    // the later one is asked for first
    let last = lane.take(4).expect("a value");
    assert_eq!((&last["qLayout"]["n"], &last["qLayout"]["m"]), (&json!(2), &json!(3)));
    let second = lane.take(2).expect("a value");
    assert_eq!((&second["qLayout"]["n"], second["qLayout"].get("m")), (&json!(2), None));
    lane.forget(1);
    assert!(lane.take(1).is_err());
    assert!(saved.load(Ordering::Relaxed) > 1000);
}

#[test]
fn a_lane_that_lost_track_is_not_used_again() {
    let (lanes, saved) = (Lanes::default(), Arc::default());
    let lane = lanes.of("GetLayout", &saved).expect("a lane");
    lane.arrive(1, delivery(json!({"qLayout": [{"op": "remove", "path": "/nope"}]})), true);
    assert!(lane.take(1).is_err());
    assert!(lanes.of("GetLayout", &saved).is_none());
    assert!(lanes.of("GetProperties", &saved).is_some());
    lanes.clear();
    assert!(lanes.of("GetLayout", &saved).is_some());
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9..9).prop_map(Value::from),
        "[a-z~/0-9]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof!["[0-9]{1,2}", "[a-c~/]{0,2}", Just("-".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// The patches that make one document of another, as an engine would write them.
fn diff(path: &str, before: &Value, after: &Value, patches: &mut Vec<Value>) {
    let step = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (before, after) {
        (Value::Object(old), Value::Object(new))
            if !path.is_empty() || !old.contains_key("") && !new.contains_key("") =>
        {
            for name in old.keys().filter(|name| !new.contains_key(*name)) {
                patches.push(json!({"op": "remove", "path": step(name)}));
            }
            for (name, value) in new {
                match old.get(name) {
                    Some(before) => diff(&step(name), before, value, patches),
                    None => patches.push(json!({"op": "add", "path": step(name), "value": value})),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let common = old.len().min(new.len());
            for index in (common..old.len()).rev() {
                patches.push(json!({"op": "remove", "path": format!("{path}/{index}")}));
            }
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                diff(&format!("{path}/{index}"), before, after, patches);
            }
            for (index, value) in new.iter().enumerate().skip(common) {
                let place = if index % 2 == 0 { "-".to_owned() } else { index.to_string() };
                patches.push(json!({"op": "add", "path": format!("{path}/{place}"), "value": value}));
            }
        }
        (before, after) if before == after => {}
        (_, after) => {
            let path = if path.is_empty() { "/" } else { path };
            patches.push(json!({"op": "replace", "path": path, "value": after}));
        }
    }
}

proptest! {
    #[test]
    fn a_delta_reads_like_the_whole(documents in prop::collection::vec(document(), 1..5)) {
        let lane = Lanes::default().of("GetLayout", &Arc::default()).expect("a lane");
        let mut before = None;
        for (id, after) in (1..).zip(documents) {
            let result = match &before {
                // the first reply is the whole
                None => whole(after.clone()),
                Some(before) => {
                    let mut patches = Vec::new();
                    diff("", before, &after, &mut patches);
                    json!({"qLayout": patches})
                }
            };
            lane.arrive(id, delivery(result), true);
            let tree = lane.take(id).expect("it fits");
            prop_assert_eq!(&*tree["qLayout"], &after);
            before = Some(after);
        }
    }

    #[test]
    fn no_patch_panics(document in document(), op in "add|remove|replace|move|x", path in "[/a-c0-9~-]{0,6}",
                       from in "[/a-c0-9~-]{0,6}", value in document()) {
        let mut document = document;
        let _ = apply_all(&mut document, json!([{"op": op, "path": path, "from": from, "value": value}]));
    }
}
