//! Names of inline types: short, and the same whatever stands before them.

use serde_json::{Value, json};

use crate::describe::{api, names, operation, rest, schemas};

fn record(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// A record that differs from others by the name of its member.
fn with(member: &str) -> Value {
    record(json!({ member: { "type": "string" } }))
}

/// The names of the types inside a component `Plan`.
fn inside(plan: Value) -> Vec<String> {
    let api = api(&schemas(json!({ "Plan": plan })));
    names(&api).into_iter().filter(|name| *name != "Plan").map(str::to_owned).collect()
}

#[test]
fn a_member_names_its_type_and_a_list_names_one_of_its_items() {
    let plan = record(json!({
        "owner": with("a"),
        "roles": list(with("b")),
        "policies": list(with("c")),
        "boxes": list(with("d")),
        "status": list(with("e")),
        "limits": { "type": "object", "additionalProperties": with("f") },
    }));
    assert_eq!(inside(plan), ["PlanBox", "PlanLimit", "PlanOwner", "PlanPolicy", "PlanRole", "PlanStatus"]);
}

#[test]
fn a_list_that_says_no_more_than_that_it_is_one_has_items() {
    for member in ["data", "items", "results"] {
        assert_eq!(inside(record(json!({ member: list(with("a")) }))), ["PlanItem"]);
    }
    assert_eq!(inside(list(with("a"))), ["PlanItem"]);
}

#[test]
fn a_name_that_is_taken_also_says_what_is_around() {
    let state = |value: &str| json!({ "state": { "type": "string", "enum": [value] } });
    let plan = record(
        json!({ "state": { "type": "string", "enum": ["x"] }, "load": record(state("y")), "sync": record(state("z")) }),
    );
    assert_eq!(inside(plan), ["PlanLoad", "PlanLoadState", "PlanState", "PlanSync", "PlanSyncState"]);
}

#[test]
fn types_of_a_union_are_told_apart_by_what_only_they_have() {
    let only = json!({ "oneOf": [{ "type": "string" }, with("a")] });
    assert_eq!(inside(only), ["PlanObject"]);
    let both = |own: &str| record(json!({ "id": { "type": "string" }, own: { "type": "string" } }));
    assert_eq!(inside(json!({ "oneOf": [both("cron"), both("event")] })), ["PlanWithCron", "PlanWithEvent"]);
    let lists = json!({ "oneOf": [list(with("a")), { "type": "string", "enum": ["x"] }, { "type": "integer" }] });
    assert_eq!(inside(lists), ["PlanItem", "PlanValue"]);
}

#[test]
fn a_list_in_a_query_names_its_values_as_the_parameter() {
    let sort = json!({ "name": "sort", "in": "query", "schema": list(json!({ "type": "string", "enum": ["+a"] })) });
    let description = operation("/x", "get", json!({ "parameters": [sort] }), json!({}));
    assert_eq!(names(&api(&description)), ["DoItSort"]);
}

#[test]
fn equal_inline_types_of_several_operations_are_one() {
    let one = |id: &str| json!({ "operationId": id, "responses": crate::describe::json_answer(with("a")) });
    let description = rest(json!({ "/x": { "get": one("getX") }, "/y": { "get": one("getY") } }), json!({}));
    assert_eq!(names(&api(&description)), ["GetXResponse"]);
}
