//! Answers: what a success gives, of however many statuses and media types it is described by.

use serde_json::{Value, json};

use crate::describe::{api, call_line, call_of, json_answer, operation, ty};

fn answered(responses: Value) -> String {
    call_of("/x", "get", json!({ "responses": responses }))
}

fn typed(schema: Value) -> Value {
    json!({ "description": "OK", "content": { "application/json": { "schema": schema } } })
}

fn of(media: &str) -> Value {
    json!({ "description": "OK", "content": { media: { "schema": { "type": "string", "format": "binary" } } } })
}

fn empty() -> Value {
    json!({ "description": "No Content" })
}

#[test]
fn one_success_is_what_it_says() {
    assert_eq!(answered(json_answer(json!({ "type": "string" }))), "do_it() -> String");
    assert_eq!(answered(json!({ "204": empty() })), "do_it() -> ()");
    assert_eq!(answered(json!({ "207": typed(json!({ "type": "boolean" })) })), "do_it() -> bool");
    assert_eq!(answered(json!({ "2XX": typed(json!({ "type": "boolean" })) })), "do_it() -> bool");
}

#[test]
fn a_default_beside_a_success_is_an_error() {
    let responses =
        json!({ "200": typed(json!({ "type": "integer" })), "default": typed(json!({ "type": "string" })) });
    assert_eq!(answered(responses), "do_it() -> i64");
}

#[test]
fn a_default_alone_is_the_success() {
    assert_eq!(answered(json!({ "default": typed(json!({ "type": "string" })), "400": empty() })), "do_it() -> String");
}

#[test]
fn several_errors_are_no_types() {
    let error = |name: &str| typed(json!({ "type": "object", "properties": { name: { "type": "string" } } }));
    let responses = json!({ "204": empty(), "400": error("a"), "404": error("b"), "5XX": error("c") });
    let api = api(&operation("/x", "get", json!({ "responses": responses }), json!({})));
    assert!(api.types.is_empty(), "{:?}", api.types);
}

#[test]
fn a_type_beside_nothing_is_optional() {
    for status in ["202", "204", "205"] {
        let responses = json!({ "200": typed(json!({ "type": "string" })), status: empty() });
        assert_eq!(answered(responses), "do_it() -> Option<String>");
    }
}

#[test]
fn content_of_a_status_that_has_none_does_not_count() {
    assert_eq!(answered(json!({ "204": typed(json!({ "type": "string" })) })), "do_it() -> ()");
}

#[test]
fn two_types_are_a_union_and_one_type_twice_is_not() {
    let record = |member: &str| json!({ "type": "object", "properties": { member: { "type": "string" } } });
    let responses = json!({ "200": typed(record("a")), "201": typed(record("b")), "202": typed(record("a")) });
    let api = api(&operation("/x", "post", json!({ "responses": responses }), json!({})));
    assert_eq!(call_line(&api.operations[0]), "do_it() -> DoItResponse");
    assert!(ty(&api, "DoItResponse").starts_with("DoItResponse: "), "{}", ty(&api, "DoItResponse"));
    assert_eq!(api.types.len(), 3);
    let twice = json!({ "200": typed(record("a")), "201": typed(record("a")) });
    assert_eq!(answered(twice), "do_it() -> DoItResponse");
}

#[test]
fn json_without_a_schema_is_anything_or_nothing() {
    let bare = json!({ "description": "OK", "content": { "application/json": {} } });
    assert_eq!(answered(json!({ "200": bare })), "do_it() -> Option<Value>");
}

#[test]
fn a_media_type_may_have_a_parameter() {
    let responses = json!({ "200": { "description": "OK", "content": { "application/json; charset=utf-8": { "schema": { "type": "string" } } } } });
    assert_eq!(answered(responses), "do_it() -> String");
}

#[test]
fn json_is_taken_where_other_media_types_stand_beside_it() {
    for other in [
        "text/csv",
        "application/xml",
        "image/png",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "text/plain",
    ] {
        let content = json!({ other: {}, "application/json": { "schema": { "type": "string" } } });
        assert_eq!(
            answered(json!({ "200": { "description": "OK", "content": content } })),
            "do_it() -> String",
            "{other}"
        );
    }
}

#[test]
fn other_media_types_are_downloads() {
    for media in [
        "application/octet-stream",
        "text/csv",
        "application/zip",
        "image/png",
        "text/markdown",
        "text/plain",
        "application/xml",
        "*/*",
    ] {
        assert_eq!(answered(json!({ "200": of(media) })), format!("do_it() -> Download of {media}"));
    }
    assert_eq!(
        answered(json!({ "200": of("application/zip"), "204": empty() })),
        "do_it() -> Download of application/zip"
    );
}

#[test]
fn an_address_is_the_answer_where_there_is_no_content() {
    let made = json!({ "description": "Created", "headers": { "Location": { "schema": { "type": "string" } } } });
    assert_eq!(answered(json!({ "201": made })), "do_it() -> Located");
    let mut with_type = made;
    with_type["content"] = typed(json!({ "type": "string" }))["content"].clone();
    assert_eq!(answered(json!({ "201": with_type })), "do_it() -> String");
}

#[test]
fn a_redirect_is_the_answer_only_where_no_success_is() {
    let moved = json!({ "description": "Found", "headers": { "Location": { "schema": { "type": "string" } } } });
    assert_eq!(answered(json!({ "302": moved, "400": empty() })), "do_it() -> Located, a redirect is the answer");
    assert_eq!(answered(json!({ "200": typed(json!({ "type": "string" })), "301": moved })), "do_it() -> String");
}

#[test]
fn a_list_may_be_the_answer() {
    let item = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    assert_eq!(answered(json_answer(json!({ "type": "array", "items": item }))), "do_it() -> Vec<DoItResponseItem>");
}
