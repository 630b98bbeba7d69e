//! Records: what is demanded, what may be absent, and what a schema says that would only make reads fail.

use serde_json::{Value, json};

use crate::describe::{api, body, json_answer, rest, schemas, ty, types_of};

/// The record of those members.
fn record(members: Value, required: Value) -> String {
    let found = types_of(json!({ "Rec": { "type": "object", "required": required, "properties": members } }));
    found.join("\n")
}

#[test]
fn only_what_is_demanded_is_not_optional() {
    let members = json!({ "a": { "type": "string" }, "b": { "type": "string" } });
    assert_eq!(record(members, json!(["a"])), "Rec { a: String, b: Option<String> }");
}

#[test]
fn formats_limits_and_patterns_are_dropped() {
    let members = json!({
        "id": { "type": "string", "format": "uuid" },
        "at": { "type": "string", "format": "date-time" },
        "day": { "type": "string", "format": "date", "pattern": "YYYY-MM-DD" },
        "name": { "type": "string", "minLength": 1, "maxLength": 3 },
        "mail": { "type": "string", "format": "email" },
        "yes": { "type": "boolean", "format": "boolean" },
        "count": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 9 },
        "share": { "type": "number", "format": "float", "multipleOf": 0.1 },
        "many": { "type": "array", "items": { "type": "string", "pattern": "^a" }, "uniqueItems": true, "minItems": 1, "maxItems": 2 },
        "pair": { "type": "array", "items": { "type": "integer" }, "minItems": 2, "maxItems": 2 },
    });
    let required = json!(["id", "at", "day", "name", "mail", "yes", "count", "share", "many", "pair"]);
    let expected = "Rec { id: String, at: String, day: String, name: String, mail: String, yes: bool, count: i64, share: f64, \
                    many: Vec<String>, pair: Vec<i64> }";
    assert_eq!(record(members, required), expected);
}

#[test]
fn defaults_are_dropped_right_or_wrong() {
    let members = json!({
        "a": { "type": "string", "default": "x" },
        "b": { "type": "integer", "default": "if missing, no filtering is done" },
        "c": { "type": "boolean", "default": null },
        "d": { "type": "string", "enum": ["x"], "default": "y" },
    });
    assert_eq!(
        record(members, json!([])),
        "Rec { a: Option<String>, b: Option<i64>, c: Option<bool>, d: Option<RecD> }\nRecD: X \"x\""
    );
}

#[test]
fn a_list_that_may_be_absent_can_be_told_from_an_empty_one() {
    let members = json!({ "tags": { "type": "array", "items": { "type": "string" } } });
    assert_eq!(record(members, json!([])), "Rec { tags: Option<Vec<String>> }");
}

#[test]
fn members_that_go_one_way_only_are_demanded_where_they_go_no_other() {
    let members =
        json!({ "id": { "type": "string", "readOnly": true }, "key": { "type": "string", "writeOnly": true } });
    let record = json!({ "type": "object", "required": ["id", "key"], "properties": members });
    let components = json!({ "Read": record, "Sent": record, "Both": record });
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let one = |id: &str, sent: &str, read: &str| {
        let (request, responses) = (body("application/json", to(sent), true), json_answer(to(read)));
        json!({ "operationId": id, "requestBody": request, "responses": responses })
    };
    let paths = json!({ "/x": { "post": one("a", "Both", "Both"), "put": one("b", "Sent", "Read") } });
    let api = api(&rest(paths, components));
    assert_eq!(ty(&api, "Read"), "Read { id: String, key: Option<String> }");
    assert_eq!(ty(&api, "Sent"), "Sent { id: Option<String>, key: String }");
    assert_eq!(ty(&api, "Both"), "Both { id: Option<String>, key: Option<String> }");
}

#[test]
fn members_that_are_demanded_but_not_described_are_not() {
    assert_eq!(record(json!({ "a": { "type": "string" } }), json!(["a", "b", "a", 7])), "Rec { a: String }");
}

#[test]
fn a_member_that_may_be_null_is_optional() {
    let found = types_of(json!({
        "Rec": {
            "type": "object",
            "required": ["own", "name", "whole", "wrapped"],
            "properties": {
                "own": { "type": "string", "nullable": true },
                "name": { "$ref": "#/components/schemas/Name" },
                "whole": { "$ref": "#/components/schemas/Whole" },
                "wrapped": { "allOf": [{ "$ref": "#/components/schemas/Other" }], "nullable": true },
            },
        },
        "Name": { "type": "string", "nullable": true },
        "Whole": { "type": "object", "nullable": true, "properties": { "a": { "type": "string" } } },
        "Other": { "type": "object", "properties": { "b": { "type": "string" } } },
    }));
    assert_eq!(
        found,
        [
            "Rec { own: Option<String>, name: Option<Name>, whole: Option<Whole>, wrapped: Option<Other> }",
            "Name = String",
            "Whole { a: Option<String> }",
            "Other { b: Option<String> }",
        ]
    );
}

#[test]
fn items_and_map_values_may_be_null() {
    let text = json!({ "type": "string", "nullable": true });
    let members = json!({
        "list": { "type": "array", "items": text },
        "map": { "type": "object", "additionalProperties": text },
        "named": { "type": "array", "items": { "$ref": "#/components/schemas/Point" } },
    });
    let point = json!({ "type": "object", "nullable": true, "properties": { "x": { "type": "number" } } });
    let found = types_of(json!({
        "Rec": { "type": "object", "required": ["list", "map", "named"], "properties": members },
        "Point": point,
    }));
    assert_eq!(found[0], "Rec { list: Vec<Option<String>>, map: Map<Option<String>>, named: Vec<Option<Point>> }");
}

#[test]
fn a_whole_answer_may_be_null() {
    let description =
        schemas(json!({ "A": { "type": "object", "nullable": true, "properties": { "a": { "type": "string" } } } }));
    assert_eq!(crate::describe::call_line(&api(&description).operations[0]), "get_a() -> Option<A>");
}

#[test]
fn members_beyond_the_listed_ones_never_fail_a_read() {
    let members = json!({ "a": { "type": "string" } });
    for more in [json!(false), json!(true), json!({}), json!({ "type": "integer" })] {
        let found =
            types_of(json!({ "Rec": { "type": "object", "properties": members, "additionalProperties": more } }));
        assert_eq!(found, ["Rec { a: Option<String> }"]);
    }
}

#[test]
fn an_object_without_members_is_a_map() {
    let found = types_of(json!({
        "Bare": { "type": "object" },
        "Closed": { "type": "object", "additionalProperties": false },
        "Open": { "additionalProperties": true },
        "Of": { "type": "object", "additionalProperties": { "type": "integer" } },
        "Empty": { "type": "object", "properties": {}, "required": ["x"] },
    }));
    assert_eq!(
        found,
        ["Bare = Map<Value>", "Closed = Map<Value>", "Open = Map<Value>", "Of = Map<i64>", "EmptyType = Map<Value>"]
            .map(|line| line.replace("EmptyType", "Empty"))
    );
}

#[test]
fn a_schema_without_a_type_is_what_its_keywords_imply() {
    let found = types_of(json!({
        "Any": {},
        "Words": { "description": "anything" },
        "Odd": { "format": "int32", "minimum": 1 },
        "Implied": { "properties": { "a": {} } },
        "List": { "items": { "type": "string" } },
        "Loose": { "type": "array" },
    }));
    let expected = [
        "Any = Value",
        "Words = Value",
        "Odd = Value",
        "Implied { a: Option<Value> }",
        "List = Vec<String>",
        "Loose = Vec<Value>",
    ];
    assert_eq!(found, expected);
}

#[test]
fn names_that_are_keywords_or_taken_get_a_mark() {
    let members = json!({
        "type": { "type": "string" }, "self": { "type": "string" }, "extra": { "type": "string" }, "1st": { "type": "string" },
        "": { "type": "string" }, "$schema": { "type": "string" }, "a.b": { "type": "string" }, "Fn": { "type": "string" },
        "日本": { "type": "string" },
    });
    let expected = "Rec { type_: Option<String>, self_: Option<String>, extra_2: Option<String>, _1st: Option<String>, \
                    empty: Option<String>, schema: Option<String>, a_b: Option<String>, fn_: Option<String>, empty_2: Option<String> }";
    assert_eq!(record(members, json!([])), expected);
}

#[test]
fn members_that_clash_as_identifiers_are_numbered() {
    let members =
        json!({ "userId": { "type": "string" }, "user_id": { "type": "integer" }, "UserID": { "type": "boolean" } });
    let expected = "Rec { user_id: Option<String>, user_id_2: Option<i64>, user_id_3: Option<bool> }";
    assert_eq!(record(members, json!([])), expected);
}

#[test]
fn the_value_of_a_json_patch_is_anything() {
    let value = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let members = json!({
        "op": { "type": "string", "enum": ["replace"] }, "path": { "type": "string" }, "value": value,
    });
    let expected = "Rec { op: RecOp, path: String, value: Option<Value> }\nRecOp: Replace \"replace\"";
    assert_eq!(record(members, json!(["op", "path"])), expected);
}

#[test]
fn a_reference_into_a_record_is_the_type_of_its_member() {
    let role = json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "level": { "type": "string", "enum": ["admin"] },
            "users": { "type": "array", "items": { "$ref": "#/components/schemas/Role/properties/id" } },
        },
    });
    let short = json!({
        "type": "object",
        "properties": {
            "id": { "$ref": "#/components/schemas/Role/properties/id" },
            "level": { "$ref": "#/components/schemas/Role/properties/level" },
        },
    });
    let api = api(&schemas(json!({ "Role": role, "Short": short })));
    assert_eq!(ty(&api, "Role"), "Role { id: Option<String>, level: Option<RoleLevel>, users: Option<Vec<String>> }");
    assert_eq!(ty(&api, "Short"), "Short { id: Option<String>, level: Option<RoleLevel> }");
}
