//! Types that hold themselves: a box where the value would have no end, an error where there is no type at all.

use serde_json::{Value, json};

use crate::describe::{lowered, schemas, types_of};

fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn record(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

#[test]
fn a_record_in_itself_is_boxed() {
    assert_eq!(types_of(json!({ "A": record(json!({ "a": to("A") })) })), ["A { a: Option<Box<A>> }"]);
}

#[test]
fn a_record_that_demands_itself_ends_where_the_inner_one_is_absent() {
    let found = types_of(json!({ "A": { "type": "object", "required": ["a"], "properties": { "a": to("A") } } }));
    assert_eq!(found, ["A { a: Option<Box<A>> }"]);
}

#[test]
fn lists_and_maps_of_itself_need_no_box() {
    let found = types_of(json!({
        "A": record(json!({
            "list": { "type": "array", "items": to("A") },
            "map": { "type": "object", "additionalProperties": to("A") },
        })),
    }));
    assert_eq!(found, ["A { list: Option<Vec<A>>, map: Option<Map<A>> }"]);
}

#[test]
fn records_that_hold_each_other_have_an_end() {
    let found = types_of(json!({
        "A": { "type": "object", "required": ["b"], "properties": { "b": to("B") } },
        "B": { "type": "object", "required": ["a"], "properties": { "a": to("A") } },
    }));
    assert_eq!(found, ["A { b: B }", "B { a: Option<Box<A>> }"]);
}

#[test]
fn a_circle_may_lead_through_a_union() {
    let found = types_of(json!({
        "Node": record(json!({ "next": to("Next") })),
        "Next": { "oneOf": [to("Node"), { "type": "string" }] },
    }));
    assert_eq!(found, ["Node { next: Option<Box<Next>> }", "Next: Node(Node) | Text(String)"]);
}

#[test]
fn a_circle_may_lead_through_another_name() {
    let found = types_of(json!({
        "A": record(json!({ "b": to("B") })),
        "B": to("A"),
    }));
    assert_eq!(found, ["A { b: Option<Box<A>> }", "B = A"]);
}

#[test]
fn unions_that_offer_each_other_have_an_end() {
    let found = types_of(json!({
        "U": { "oneOf": [to("V"), { "type": "string" }] },
        "V": { "oneOf": [to("U"), { "type": "integer" }] },
    }));
    assert_eq!(found, ["U: V(Box<V>) | Text(String)", "V: U(U) | Integer(i64)"]);
}

#[test]
fn a_list_of_itself_is_a_list_of_anything() {
    let found = types_of(json!({
        "L": { "type": "array", "items": to("L") },
        "M": { "type": "object", "additionalProperties": to("N") },
        "N": { "type": "array", "items": to("M") },
    }));
    assert_eq!(found, ["L = Vec<Value>", "M = Map<Value>", "N = Vec<M>"]);
}

#[test]
fn a_reference_into_itself_is_anything_in_the_end() {
    let found = types_of(json!({
        "A": record(json!({ "b": { "type": "array", "items": { "$ref": "#/components/schemas/A/properties/b" } } })),
    }));
    assert_eq!(found, ["A { b: Option<Vec<Vec<Value>>> }"]);
}

#[test]
fn a_schema_that_is_defined_by_itself_is_an_error() {
    let circles = [
        json!({ "A": to("A") }),
        json!({ "A": to("B"), "B": to("A") }),
        json!({ "A": { "allOf": [to("A")] } }),
        json!({ "A": { "allOf": [to("B"), record(json!({ "x": {} }))] }, "B": { "allOf": [to("A")] } }),
        json!({ "A": { "oneOf": [to("A")] } }),
        json!({ "A": { "anyOf": [to("B")] }, "B": to("A") }),
    ];
    for components in circles {
        let found = lowered(&schemas(components.clone())).map(|_| ()).unwrap_err();
        assert!(found.iter().all(|d| d.message.contains("defined by itself")), "{components}: {found:?}");
        assert!(found.iter().any(|d| d.pointer == "/components/schemas/A"), "{components}: {found:?}");
    }
}
