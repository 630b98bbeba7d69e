//! Tests of the frames: that whatever comes in is read or refused, never a panic.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> (Incoming, Option<&str>) {
    let incoming = Incoming::parse(text).expect("readable");
    let result = incoming.result.clone().and_then(|place| text.get(place));
    (incoming, result)
}

#[test]
fn a_reply_is_found_by_place() {
    let (incoming, result) =
        read(r#"{"jsonrpc":"2.0","id":3,"result": {"qLayout":{"a":[1]}} ,"change":[1,2],"close":[5]}"#);
    assert_eq!(incoming.id, Some(3));
    assert_eq!(result, Some(r#"{"qLayout":{"a":[1]}}"#));
    assert_eq!((incoming.changed, incoming.closed), (vec![1, 2], vec![5]));
}

#[test]
fn unknown_members_and_duplicate_keys_do_no_harm() {
    let (incoming, result) = read(r#"{"id":1,"x":{"id":[]},"id":2,"result":{},"result":{"a":1,"a":2},"suspend":[1]}"#);
    assert_eq!(incoming.id, Some(2));
    assert_eq!(result, Some(r#"{"a":1,"a":2}"#));
    assert_eq!(member(r#"{"a":1,"b":{},"a":2}"#, "a").unwrap().map(RawValue::get), Some("2"));
}

#[test]
fn nulls_count_as_absent() {
    let (incoming, result) = read(r#"{"id":null,"result":null,"error":null,"method":null,"change":null}"#);
    assert_eq!((incoming, result), (Incoming::default(), None));
}

#[test]
fn ids_that_are_no_integers_answer_nothing() {
    for id in ["\"3\"", "3.5", "-1", "{}", "[1]", "1e3", "99999999999999999999999"] {
        assert_eq!(read(&format!(r#"{{"id":{id},"result":{{}}}}"#)).0.id, None, "{id}");
    }
}

#[test]
fn odd_entries_of_a_handle_list_are_left_out() {
    let (incoming, _) = read(r#"{"change":[1,"2",null,-3,4.5,{},99999999999],"close":{"a":1}}"#);
    assert_eq!((incoming.changed, incoming.closed), (vec![1, -3], vec![]));
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "null", "[]", "[{\"id\":1}]", "1", "\"x\"", "{\"id\":1", "{\"id\":}", "{} {}"] {
        assert!(Incoming::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_frame_that_breaks_off_tells_whose_it_is() {
    let whole = r#"{"jsonrpc":"2.0","id":12,"result":{"qLayout":{"a":[1]}}}"#;
    for end in 0..whole.len() {
        let unreadable = Incoming::parse(&whole[..end]).expect_err("it is cut");
        // an id that stands at the very end may be cut itself
        assert_eq!(unreadable.id, (end > 24).then_some(12), "{}", &whole[..end]);
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = format!(r#"{{"id":1,"result":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(read(&deep).0.id, Some(1));
}

/// Frames that nearly make sense: the members we know, with any value under them.
fn nearly_a_frame() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| json!(n).to_string()),
        ".*".prop_map(|s| json!(s).to_string()),
        prop::collection::vec(any::<i32>(), 0..4).prop_map(|list| json!(list).to_string()),
        Just(r#"{"qReturn":{"qHandle":1}}"#.to_owned()),
        "[\\[\\]{}\",:0-9a-z\\\\]{0,12}",
    ];
    let key = prop_oneof![
        prop::sample::select(vec!["id", "result", "error", "method", "params", "change", "close", "delta"])
            .prop_map(str::to_owned),
        ".{0,4}",
    ];
    prop::collection::vec((key, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Incoming::parse(&text);
        let _ = member(&text, "a");
    }

    #[test]
    fn no_near_frame_panics_and_places_hold(text in nearly_a_frame()) {
        if let Ok(incoming) = Incoming::parse(&text) {
            for place in [incoming.result, incoming.error, incoming.params].into_iter().flatten() {
                let part = text.get(place).expect("a place in the text");
                prop_assert!(serde_json::from_str::<&RawValue>(part).is_ok());
            }
        }
    }
}
