//! What reads forgive and writes keep.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use super::{Extra, Wire, from_slice, from_str, from_value, open_enum, record, to_value, union};

struct Space {
    name: String,
    size: Option<i64>,
    ratio: Option<f64>,
    shared: Option<bool>,
    kind: Option<Kind>,
    tags: Option<Vec<String>>,
    parent: Option<Box<Space>>,
    limits: Option<BTreeMap<String, f64>>,
    password: Option<String>,
    extra: Extra,
}
record!(
    Space,
    0 name "name" Default::default(), 1 size "size" None, 2 ratio "ratio" None, 3 shared "shared" None,
    4 kind "type" None, 5 tags "tags" None, 6 parent "parent" None, 7 limits "limits" None,
    8 password "password" None
);

enum Kind {
    Shared,
    Managed,
    Unrecognized(String),
}
open_enum!(Kind, 0 Shared "shared" "KIND_SHARED", 1 Managed "managed" "");

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Space(Space),
    Text(String),
    Unrecognized(Value),
}
union!(Shape, "" [], 0 Space(Space), 1 Text(String));

fn round_trip<T: Wire>(value: Value) -> T {
    let read: T = from_value(value.clone()).unwrap();
    assert_eq!(to_value(&read).unwrap(), value);
    read
}

#[test]
fn members_are_read_and_written_whole() {
    let space: Space = round_trip(json!({
        "name": "a", "size": 3, "ratio": 0.5, "shared": false, "type": "managed", "tags": [], "parent": {"name": ""},
        "limits": {"a": 1}, "new": {"x": [1, null]},
    }));
    assert_eq!(space.shared, Some(false));
    assert_eq!(space.kind, Some(Kind::Managed));
    assert_eq!(space.tags, Some(vec![]));
    assert_eq!(space.extra["new"], json!({"x": [1, null]}));
}

#[test]
fn null_and_misfits_are_kept_and_give_way_to_a_set_field() {
    let mut space: Space = round_trip(json!({"name": null, "size": null, "tags": "one", "shared": {"by": "x"}}));
    assert_eq!((space.name.as_str(), space.size), ("", None));
    space.size = Some(0);
    space.name = "n".into();
    assert_eq!(to_value(&space).unwrap(), json!({"name": "n", "size": 0, "tags": "one", "shared": {"by": "x"}}));
}

#[test]
fn a_list_with_one_misfit_is_kept_whole() {
    let space: Space = round_trip(json!({"name": "", "tags": ["a", {"b": 1}, "c"], "limits": {"a": 1, "b": [2]}}));
    assert_eq!(space.tags, None);
}

#[test]
fn scalars_take_other_spellings() {
    let space: Space =
        from_value(json!({"name": 404, "size": "12", "ratio": "NaN", "shared": "true", "type": 7})).unwrap();
    assert_eq!((space.name.as_str(), space.size, space.shared), ("404", Some(12), Some(true)));
    assert!(space.ratio.unwrap().is_nan());
    assert_eq!(space.kind, Some(Kind::Unrecognized("7".into())));
    assert_eq!(to_value(&space).unwrap()["ratio"], "NaN");
}

#[test]
fn another_spelling_is_written_back_until_the_field_is_set() {
    let sent = json!({
        "name": 404, "size": "12", "shared": "true", "type": 7, "tags": ["a", 1, null],
        "limits": {"a": "1", "b": 2}, "ratio": "1e3",
    });
    let mut space: Space = round_trip(sent.clone());
    assert_eq!(space.limits, Some(BTreeMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 2.0)])));
    space.name = String::new();
    space.size = None;
    space.shared = Some(false);
    space.limits.as_mut().unwrap().insert("c".to_owned(), 3.0);
    let expected = json!({
        "name": "", "shared": false, "type": 7, "tags": ["a", 1, null], "limits": {"a": 1, "b": 2, "c": 3}, "ratio": "1e3",
    });
    assert_eq!(to_value(&space).unwrap(), expected);
    let spelled: Space = round_trip(json!({"name": "", "tags": ["a", 1, true]}));
    assert_eq!(spelled.tags.unwrap(), ["a", "1", "true"]);
}

#[test]
fn an_integer_beyond_the_type_is_kept() {
    round_trip::<Space>(json!({"name": "", "size": 9_223_372_036_854_776_000_u64}));
}

#[test]
fn a_key_sent_twice_counts_as_its_last() {
    let space: Space = from_str(r#"{"name":"a","name":"b","x":1,"x":2}"#).unwrap();
    assert_eq!(space.name, "b");
    assert_eq!(space.extra["x"], 2);
    for (json, last) in [
        (r#"{"name":null,"name":""}"#, json!({"name": ""})),
        (r#"{"name":7,"name":"b"}"#, json!({"name": "b"})),
        (r#"{"name":"b","name":null}"#, json!({"name": null})),
        (r#"{"name":"","size":1,"size":{}}"#, json!({"name": "", "size": {}})),
    ] {
        assert_eq!(to_value(&from_str::<Space>(json).unwrap()).unwrap(), last);
    }
}

#[test]
fn enums_know_both_names_and_keep_new_ones() {
    assert_eq!(Kind::from("KIND_SHARED"), Kind::Shared);
    assert_eq!(Kind::from("shared").to_string(), "shared");
    assert_eq!(round_trip::<Kind>(json!("brand new")), Kind::Unrecognized("brand new".into()));
    let all = [Kind::Shared, Kind::Managed, "brand new".into(), Kind::default()];
    assert_eq!(
        all.clone().map(|kind| format!("{kind:?}")),
        ["Shared", "Managed", r#"Unrecognized("brand new")"#, r#"Unrecognized("")"#,]
    );
    assert_eq!(HashSet::from(all.clone()).len(), 4);
    assert!(all.clone() == all && Kind::Shared != Kind::Managed);
}

#[test]
fn unions_take_the_best_fit_and_keep_the_rest() {
    assert_eq!(round_trip::<Shape>(json!("x")), Shape::Text("x".into()));
    assert!(matches!(round_trip::<Shape>(json!({"name": "a"})), Shape::Space(_)));
    assert!(matches!(round_trip::<Shape>(json!([1])), Shape::Unrecognized(_)));
}

#[test]
fn optional_items_may_be_null() {
    let list: Vec<Option<i64>> = from_str("[1,null]").unwrap();
    assert_eq!(list, [Some(1), None]);
    assert_eq!(from_str::<Option<Space>>("null").unwrap(), None);
}

#[test]
fn another_kind_of_document_is_an_error_that_says_so() {
    assert_eq!(from_str::<Space>("[]").unwrap_err().to_string(), "expected Space, found an array");
    let error = from_str::<Space>(r#"{"parent":{"tags":["a",]}}"#).unwrap_err();
    assert!(error.path().starts_with("parent.tags"), "{error}");
    assert!(from_str::<Space>("{} x").is_err());
    let error = from_str::<Vec<BTreeMap<String, Vec<Space>>>>(r#"[{"a": [{}]}, {"b": [{}, "c"]}]"#).unwrap_err();
    assert_eq!(error.to_string(), "expected Space, found text at [1].b[1]");
    assert_eq!(from_str::<i64>("[]").unwrap_err().to_string(), "expected an integer of 64 bits, found an array");
}

#[test]
fn debug_prints_what_is_set_and_no_secret() {
    let space: Space = from_value(json!({"name": "a", "password": "p4ss", "clientSecret": "s3cret"})).unwrap();
    let text = format!("{space:?}");
    assert_eq!(text, r#"Space { name: "a", password: [redacted], clientSecret: [redacted] }"#);
}

#[test]
fn numbers_keep_their_text() {
    for text in ["0", "1", "-1", "0.1", "1e300", "-0.0", "9007199254740993"] {
        let value: f64 = from_str(text).unwrap();
        let back: f64 = from_str(&serde_json::to_string(&to_value(&value).unwrap()).unwrap()).unwrap();
        assert_eq!(value.to_bits(), back.to_bits(), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error_at_their_place() {
    let error = from_slice::<Space>(b"{\"name\": \"a\", \"tags\": [\"b\", \"\xff\"]}").unwrap_err();
    assert_eq!(error.path(), "tags[1]");
    assert!(from_slice::<Space>(b"{\"name\": \"a\"} \xff").is_err());
    assert_eq!(from_slice::<Space>("{\"name\": \"\u{e4}\"}".as_bytes()).unwrap().name, "\u{e4}");
}

#[test]
fn a_null_that_is_sent_before_or_after_a_value_counts_as_the_last() {
    let space: Space = from_str(r#"{"name": null, "size": null, "new": 1, "name": "a", "ratio": null}"#).unwrap();
    assert_eq!(to_value(&space).unwrap(), json!({"name": "a", "size": null, "new": 1, "ratio": null}));
    let space: Space = from_str(r#"{"name": "a", "size": 1, "size": null}"#).unwrap();
    assert_eq!((space.size, to_value(&space).unwrap()), (None, json!({"name": "a", "size": null})));
}
