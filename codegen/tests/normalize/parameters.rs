//! Parameters: where they go, how lists are spelled, which ones a caller gives.

use serde_json::{Value, json};

use crate::describe::{call_of, calls_of, operation};

fn with(parameter: Value) -> String {
    call_of("/x", "get", json!({ "parameters": [parameter] }))
}

fn list(more: Value) -> String {
    let mut parameter =
        json!({ "name": "ids", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } });
    for (key, value) in more.as_object().into_iter().flatten() {
        parameter[key] = value.clone();
    }
    with(parameter)
}

#[test]
fn lists_are_spelled_as_their_style_says() {
    assert_eq!(list(json!({})), "do_it(ids?: QueryEach Vec<String>) -> ()");
    assert_eq!(list(json!({ "style": "form" })), "do_it(ids?: QueryEach Vec<String>) -> ()");
    assert_eq!(list(json!({ "explode": false })), "do_it(ids?: Query joined by ',' Vec<String>) -> ()");
    assert_eq!(
        list(json!({ "style": "form", "explode": false })),
        "do_it(ids?: Query joined by ',' Vec<String>) -> ()"
    );
    assert_eq!(list(json!({ "style": "spaceDelimited" })), "do_it(ids?: Query joined by ' ' Vec<String>) -> ()");
    assert_eq!(
        list(json!({ "style": "pipeDelimited", "explode": false })),
        "do_it(ids?: Query joined by '|' Vec<String>) -> ()"
    );
}

#[test]
fn a_deep_object_that_is_a_text_is_a_text() {
    let parameter = json!({ "name": "filter", "in": "query", "style": "deepObject", "schema": { "type": "string" } });
    assert_eq!(with(parameter), "do_it(filter?: Query String) -> ()");
}

#[test]
fn an_object_in_a_query_is_a_text_of_the_callers_making() {
    let object = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    assert_eq!(
        with(json!({ "name": "filter", "in": "query", "schema": object })),
        "do_it(filter?: Query String) -> ()"
    );
}

#[test]
fn a_list_in_a_path_or_header_is_joined_there() {
    let ids = json!({ "name": "ids", "in": "path", "required": true, "schema": { "type": "array", "items": { "type": "string" } } });
    assert_eq!(call_of("/x/{ids}", "get", json!({ "parameters": [ids] })), "do_it(ids: Path Vec<String>) -> ()");
    let names =
        json!({ "name": "names", "in": "header", "schema": { "type": "array", "items": { "type": "string" } } });
    assert_eq!(with(names), "do_it(names?: Header Vec<String>) -> ()");
}

#[test]
fn the_list_may_be_a_component() {
    let parameter =
        json!({ "name": "ids", "in": "query", "explode": false, "schema": { "$ref": "#/components/schemas/Ids" } });
    let description = operation(
        "/x",
        "get",
        json!({ "parameters": [parameter] }),
        json!({ "Ids": { "type": "array", "items": { "type": "integer" } } }),
    );
    assert_eq!(calls_of(&description), ["do_it(ids?: Query joined by ',' Vec<i64>) -> ()"]);
}

#[test]
fn an_enum_stays_an_enum_by_name() {
    let parameter =
        json!({ "name": "sort", "in": "query", "schema": { "type": "string", "enum": ["+name", "-name"] } });
    assert_eq!(with(parameter), "do_it(sort?: Query DoItSort) -> ()");
}

#[test]
fn path_values_come_in_the_order_of_the_path_and_are_always_demanded() {
    let id = |name: &str| json!({ "name": name, "in": "path", "schema": { "type": "string" } });
    let parameters = json!([{ "name": "limit", "in": "query", "required": true, "schema": { "type": "integer" } }, id("b"), id("a")]);
    let expected = "do_it(a: Path String, b: Path String, limit: Query i64) -> ()";
    assert_eq!(call_of("/x/{a}/y/{b}", "get", json!({ "parameters": parameters })), expected);
}

#[test]
fn a_path_value_that_is_not_declared_is_a_text_and_one_that_is_not_in_the_path_goes() {
    let ghost = json!({ "name": "ghost", "in": "path", "required": true, "schema": { "type": "string" } });
    assert_eq!(
        call_of("/reloads/{reloadId}", "get", json!({ "parameters": [ghost] })),
        "do_it(reload_id: Path String) -> ()"
    );
}

#[test]
fn a_path_value_that_names_a_file_keeps_its_slashes() {
    let expected = "do_it(id: Path String, path: PathSlashed String) -> ()";
    assert_eq!(call_of("/apps/{id}/media/files/{path}", "get", json!({})), expected);
    assert_eq!(call_of("/x/{path}/y", "get", json!({})), "do_it(path: Path String) -> ()");
}

#[test]
fn headers_that_the_pipeline_sets_are_no_parameters() {
    let header = |name: &str| json!({ "name": name, "in": "header", "required": true, "schema": { "type": "string" } });
    let names = ["Authorization", "accept", "CONTENT-TYPE", "Content-Length", "If-Match", "Accept-Language"];
    let parameters: Vec<Value> = names.into_iter().map(header).collect();
    let expected = "do_it(if_match: Header String, accept_language: Header String) -> ()";
    assert_eq!(call_of("/x", "get", json!({ "parameters": parameters })), expected);
}

#[test]
fn cookies_are_no_parameters() {
    assert_eq!(with(json!({ "name": "session", "in": "cookie", "schema": { "type": "string" } })), "do_it() -> ()");
}

#[test]
fn names_that_clash_get_a_mark_or_a_number() {
    let query = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
    let parameters = json!([
        query("type"),
        query("stream"),
        query("call"),
        query("body"),
        query("self"),
        query("a-b"),
        query("a_b")
    ]);
    let expected = "do_it(type_?: Query String, stream_2?: Query String, call_2?: Query String, body_2?: Query String, \
                    self_?: Query String, a_b?: Query String, a_b_2?: Query String) -> ()";
    assert_eq!(call_of("/x", "get", json!({ "parameters": parameters })), expected);
}

#[test]
fn one_name_may_stand_in_the_path_and_in_the_query() {
    let parameters = json!([
        { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
        { "name": "id", "in": "query", "schema": { "type": "string" } },
    ]);
    assert_eq!(
        call_of("/x/{id}", "get", json!({ "parameters": parameters })),
        "do_it(id: Path String, id_2?: Query String) -> ()"
    );
}

#[test]
fn a_parameter_may_have_a_content_instead_of_a_schema_or_neither() {
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    assert_eq!(with(json!({ "name": "q", "in": "query", "content": content })), "do_it(q?: Query String) -> ()");
    assert_eq!(with(json!({ "name": "q", "in": "query" })), "do_it(q?: Query String) -> ()");
}
