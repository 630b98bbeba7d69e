//! Unions and `allOf`: values that may be one of several types, records that are made of several.

use serde_json::{Value, json};

use crate::describe::{api, schemas, ty, types_of};

fn object(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Two kinds of shapes, told by the member `kind`.
fn shapes(union: Value) -> Value {
    json!({
        "Shape": union,
        "Circle": object(json!({ "kind": { "type": "string", "enum": ["circle"] }, "radius": { "type": "number" } })),
        "Square": object(json!({ "kind": { "type": "string", "enum": ["square", "box"] }, "side": { "type": "number" } })),
    })
}

#[test]
fn one_of_and_any_of_are_unions() {
    for choice in ["oneOf", "anyOf"] {
        let api = api(&schemas(shapes(json!({ choice: [to("Circle"), to("Square")] }))));
        assert_eq!(ty(&api, "Shape"), "Shape: Circle(Circle) | Square(Square)");
    }
}

#[test]
fn a_discriminator_with_a_mapping_tells_the_types_apart() {
    let mapping =
        json!({ "round": "#/components/schemas/Circle", "edgy": "Square", "gone": "#/components/schemas/Triangle" });
    let discriminator = json!({ "propertyName": "kind", "mapping": mapping });
    let api = api(&schemas(shapes(json!({ "oneOf": [to("Circle"), to("Square")], "discriminator": discriminator }))));
    assert_eq!(ty(&api, "Shape"), "Shape: Circle(Circle) | Square(Square) by kind round=0,edgy=1");
}

#[test]
fn a_discriminator_without_a_mapping_takes_the_values_that_the_types_list() {
    let union = json!({ "oneOf": [to("Circle"), to("Square")], "discriminator": { "propertyName": "kind" } });
    let api = api(&schemas(shapes(union)));
    assert_eq!(ty(&api, "Shape"), "Shape: Circle(Circle) | Square(Square) by kind circle=0,square=1,box=1");
}

#[test]
fn scalars_and_lists_may_be_offered() {
    let branches = json!([
        { "type": "string" }, { "type": "integer" }, { "type": "boolean" }, { "type": "array", "items": { "type": "string" } },
        { "type": "object", "additionalProperties": { "type": "number" } },
    ]);
    let found = types_of(json!({ "U": { "oneOf": branches } }));
    assert_eq!(found, ["U: Text(String) | Integer(i64) | Boolean(bool) | TextList(Vec<String>) | NumberMap(Map<f64>)"]);
}

#[test]
fn a_type_is_offered_once_under_whatever_name() {
    let found = types_of(json!({
        "U": { "oneOf": [{ "type": "string" }, { "type": "string", "format": "date" }, to("Name"), { "type": "integer" }] },
        "Name": { "type": "string" },
    }));
    assert_eq!(found[0], "U: Text(String) | Integer(i64)");
}

#[test]
fn a_single_branch_is_no_choice() {
    let found = types_of(json!({ "U": { "oneOf": [{ "type": "string" }] }, "V": { "anyOf": [to("U")] } }));
    assert_eq!(found, ["U = String", "V = U"]);
}

#[test]
fn branches_that_only_demand_members_say_nothing_about_types() {
    let record = json!({
        "type": "object",
        "properties": { "a": { "type": "string" }, "b": { "type": "string" } },
        "oneOf": [{ "required": ["a"] }, { "required": ["b"] }],
    });
    assert_eq!(types_of(json!({ "Rec": record })), ["Rec { a: Option<String>, b: Option<String> }"]);
}

#[test]
fn alternatives_beside_members_are_gathered_into_one_record() {
    let record = json!({
        "type": "object",
        "required": ["a"],
        "properties": { "a": { "type": "string" } },
        "oneOf": [object(json!({ "b": { "type": "integer" } })), to("Other")],
    });
    let found = types_of(json!({ "Rec": record, "Other": object(json!({ "c": { "type": "boolean" } })) }));
    assert_eq!(found[0], "Rec { a: String, b: Option<i64>, c: Option<bool> }");
}

#[test]
fn inline_branches_get_short_names() {
    let union = json!({ "oneOf": [
        object(json!({ "a": { "type": "string" } })),
        { "type": "string", "enum": ["x"] },
        { "type": "array", "items": object(json!({ "b": { "type": "string" } })) },
    ] });
    let api = api(&schemas(json!({ "U": union })));
    assert_eq!(api.types.len(), 4, "{:?}", crate::describe::names(&api));
}

#[test]
fn an_offered_null_makes_the_rest_nullable() {
    let found = types_of(json!({
        "Rec": object(json!({ "a": { "oneOf": [{ "type": "string" }, { "type": "integer" }], "nullable": true } })),
    }));
    assert_eq!(found, ["Rec { a: Option<RecA> }", "RecA: Text(String) | Integer(i64)"]);
}

#[test]
fn all_of_one_reference_is_that_type() {
    let found = types_of(json!({
        "Rec": object(json!({ "a": { "allOf": [to("Other")], "description": "words" }, "b": { "allOf": [to("Other"), { "description": "w" }] } })),
        "Other": object(json!({ "x": { "type": "string" } })),
    }));
    assert_eq!(found, ["Rec { a: Option<Other>, b: Option<Other> }", "Other { x: Option<String> }"]);
}

#[test]
fn all_of_several_is_the_union_of_their_members_and_demands() {
    let found = types_of(json!({
        "Rec": {
            "allOf": [to("Base"), { "type": "object", "required": ["b"], "properties": { "b": { "type": "integer" } } }],
            "properties": { "c": { "type": "boolean" } },
            "required": ["c"],
        },
        "Base": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" }, "z": { "type": "string" } } },
    }));
    assert_eq!(found[0], "Rec { a: String, z: Option<String>, b: i64, c: bool }");
}

#[test]
fn all_of_may_be_nested() {
    let found = types_of(json!({
        "Bottom": { "allOf": [to("Middle"), object(json!({ "c": { "type": "string" } }))] },
        "Middle": { "allOf": [to("Top"), object(json!({ "b": { "type": "string" } }))] },
        "Top": object(json!({ "a": { "type": "string" } })),
    }));
    assert_eq!(found[0], "Bottom { a: Option<String>, b: Option<String>, c: Option<String> }");
    assert_eq!(found[1], "Middle { a: Option<String>, b: Option<String> }");
}

#[test]
fn all_of_a_reference_with_demands_of_its_own_demands_them() {
    let found = types_of(json!({
        "Create": { "allOf": [to("Base")], "required": ["a"] },
        "Base": object(json!({ "a": { "type": "string" } })),
    }));
    assert_eq!(found, ["Create { a: String }", "Base { a: Option<String> }"]);
}

#[test]
fn a_later_branch_of_all_of_may_narrow_a_member() {
    let found = types_of(json!({
        "Rec": { "allOf": [to("Base"), object(json!({ "a": { "type": "string", "enum": ["x"] } }))] },
        "Base": object(json!({ "a": { "type": "string" } })),
    }));
    assert_eq!(found, ["Rec { a: Option<RecA> }", r#"RecA: X "x""#, "Base { a: Option<String> }"]);
}
