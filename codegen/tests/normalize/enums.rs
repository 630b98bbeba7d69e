//! Enums: every value has a variant of its own, and a new value never fails a read.

use serde_json::{Value, json};

use crate::describe::types_of;

fn texts(values: Value) -> String {
    types_of(json!({ "E": { "type": "string", "enum": values } })).join("\n")
}

#[test]
fn values_that_clash_as_identifiers_are_told_apart() {
    assert_eq!(texts(json!(["name", "+name", "-name"])), r#"E: Name "name", NameAsc "+name", NameDesc "-name""#);
    assert_eq!(texts(json!([">", ">=", "<", "<="])), r#"E: Gt ">", Ge ">=", Lt "<", Le "<=""#);
    assert_eq!(texts(json!(["a-b", "a_b", "AB", "A b"])), r#"E: AB "a-b", AB2 "a_b", Ab "AB", AB3 "A b""#);
}

#[test]
fn values_that_are_no_identifiers_get_a_name() {
    assert_eq!(texts(json!(["", "1d", "*", "Self"])), r#"E: Empty "", _1d "1d", Any "*", Self_ "Self""#);
    assert_eq!(texts(json!(["§", "€", "日本"])), r#"E: Empty "§", Empty2 "€", Empty3 "日本""#);
}

#[test]
fn a_value_may_be_called_like_the_variant_of_all_others() {
    assert_eq!(
        texts(json!(["Unrecognized", "unrecognized"])),
        r#"E: Unrecognized_ "Unrecognized", Unrecognized_2 "unrecognized""#
    );
}

#[test]
fn a_value_listed_twice_is_one() {
    assert_eq!(texts(json!(["a", "b", "a"])), r#"E: A "a", B "b""#);
}

#[test]
fn values_that_are_no_texts_become_texts() {
    assert_eq!(texts(json!(["a", 7, true])), r#"E: A "a", _7 "7", True "true""#);
}

#[test]
fn a_null_among_the_values_makes_the_member_optional() {
    let status = json!({ "type": "string", "enum": ["a", null] });
    let found =
        types_of(json!({ "App": { "type": "object", "required": ["state"], "properties": { "state": status } } }));
    assert_eq!(found, [r#"App { state: Option<AppState> }"#, r#"AppState: A "a""#]);
}

#[test]
fn listed_numbers_and_booleans_stay_what_they_are() {
    let found = types_of(json!({
        "N": { "type": "integer", "enum": [1, 2] },
        "B": { "type": "boolean", "enum": [true] },
        "R": { "type": "object", "properties": { "n": { "type": "number", "enum": [0.5] } } },
    }));
    assert_eq!(found, ["N = i64", "B = bool", "R { n: Option<f64> }"]);
}

#[test]
fn an_enum_without_a_type_or_without_values_is_text() {
    let found = types_of(json!({ "A": { "enum": ["x"] }, "B": { "type": "string", "enum": [] } }));
    assert_eq!(found, [r#"A: X "x""#, "B = String"]);
}

#[test]
fn titled_constants_are_an_enum_of_their_titles() {
    let constants = json!([{ "title": "ONE", "x-qlik-const": 0 }, { "title": "TWO", "x-qlik-const": 1 }]);
    for choice in ["oneOf", "anyOf"] {
        let found = types_of(json!({ "E": { "type": "string", choice: constants } }));
        assert_eq!(found, [r#"E: One "ONE", Two "TWO""#]);
    }
}
