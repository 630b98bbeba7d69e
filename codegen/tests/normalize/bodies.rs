//! Request bodies: one way to send each, and a second method where a form of parts stands beside it.

use serde_json::{Value, json};

use crate::describe::{body, call_of, calls_of, operation};

fn sent(media: &str, schema: Value) -> String {
    call_of("/x", "post", json!({ "requestBody": body(media, schema, true) }))
}

#[test]
fn json_may_be_optional_but_not_where_nothing_makes_no_sense() {
    let text = json!({ "type": "array", "items": { "type": "string" } });
    let optional = json!({ "requestBody": body("application/json", text, false) });
    assert_eq!(call_of("/x", "post", optional.clone()), "do_it(body?: json Vec<String>) -> ()");
    assert_eq!(call_of("/x", "put", optional.clone()), "do_it(body: json Vec<String>) -> ()");
    assert_eq!(call_of("/x", "patch", optional), "do_it(body: json Vec<String>) -> ()");
}

#[test]
fn any_media_type_means_json() {
    assert_eq!(sent("*/*", json!({ "type": "object" })), "do_it(body: json Map<Value>) -> ()");
}

#[test]
fn json_without_a_schema_is_anything() {
    let members = json!({ "requestBody": { "required": true, "content": { "application/json": {} } } });
    assert_eq!(call_of("/x", "post", members), "do_it(body: json Value) -> ()");
}

#[test]
fn a_media_type_may_have_a_parameter() {
    assert_eq!(
        sent("application/json; charset=utf-8", json!({ "type": "object" })),
        "do_it(body: json Map<Value>) -> ()"
    );
}

#[test]
fn a_json_patch_keeps_its_content_type() {
    let patch = json!({ "type": "array", "items": {} });
    assert_eq!(
        sent("application/json-patch+json", patch.clone()),
        "do_it(body: application/json-patch+json Vec<Value>) -> ()"
    );
    let content =
        json!({ "application/json": { "schema": patch }, "application/json-patch+json": { "schema": patch } });
    let members = json!({ "requestBody": { "required": true, "content": content } });
    assert_eq!(call_of("/x", "patch", members), "do_it(body: application/json-patch+json Vec<Value>) -> ()");
}

#[test]
fn of_several_media_types_json_is_taken() {
    let schema = json!({ "schema": { "type": "object" } });
    for other in
        ["application/x-www-form-urlencoded", "application/json+qlik", "application/vnd.qlik+json", "text/plain"]
    {
        let members =
            json!({ "requestBody": { "required": true, "content": { other: schema, "application/json": schema } } });
        assert_eq!(call_of("/x", "post", members), "do_it(body: json Map<Value>) -> ()", "{other}");
    }
}

#[test]
fn a_json_dialect_keeps_its_content_type() {
    assert_eq!(
        sent("application/vnd.qlik+json", json!({ "type": "object" })),
        "do_it(body: application/vnd.qlik+json Map<Value>) -> ()"
    );
}

#[test]
fn forms_are_records() {
    let form = json!({ "type": "object", "required": ["code"], "properties": { "code": { "type": "string" } } });
    assert_eq!(sent("application/x-www-form-urlencoded", form), "do_it(body: form DoItBody) -> ()");
}

#[test]
fn bytes_keep_their_content_type() {
    let binary = json!({ "type": "string", "format": "binary" });
    for media in ["application/octet-stream", "application/offset+octet-stream", "image/png"] {
        assert_eq!(sent(media, binary.clone()), format!("do_it(body: {media}) -> ()"));
    }
    let members = json!({ "requestBody": { "content": { "application/octet-stream": {} } } });
    assert_eq!(call_of("/x", "post", members), "do_it(body?: application/octet-stream) -> ()");
}

#[test]
fn a_form_of_parts_has_files_json_and_texts() {
    let parts = json!({
        "type": "object",
        "required": ["file", "count"],
        "properties": {
            "name": { "type": "string" },
            "file": { "type": "string", "format": "binary" },
            "meta": { "type": "object", "properties": { "a": { "type": "string" } } },
            "count": { "type": "integer" },
            "tags": { "type": "array", "items": { "type": "string" } },
            "kind": { "type": "string", "enum": ["a"] },
            "link": { "$ref": "#/components/schemas/Upload" },
            "any": {},
        },
    });
    let members = json!({ "requestBody": body("multipart/form-data", parts, true) });
    let description = operation("/x", "post", members, json!({ "Upload": { "type": "string", "format": "binary" } }));
    let expected = "do_it(file: part file, count: part text i64, name?: part text String, meta?: part json DoItMeta, \
                    tags?: part json Vec<String>, kind?: part text DoItKind, link?: part file, any?: part json Value) -> ()";
    assert_eq!(calls_of(&description), [expected]);
}

#[test]
fn parts_may_be_a_component_or_made_of_several() {
    let parts = json!({ "type": "object", "properties": { "file": { "type": "string", "format": "binary" } } });
    let reference = json!({ "$ref": "#/components/schemas/Form" });
    for schema in [reference.clone(), json!({ "allOf": [reference] })] {
        let members = json!({ "requestBody": body("multipart/form-data", schema, true) });
        assert_eq!(
            calls_of(&operation("/x", "post", members, json!({ "Form": parts }))),
            ["do_it(file?: part file) -> ()"]
        );
    }
}

#[test]
fn a_form_of_parts_beside_json_is_a_second_method() {
    let parts = json!({ "type": "object", "properties": { "file": { "type": "string", "format": "binary" } } });
    let content =
        json!({ "multipart/form-data": { "schema": parts }, "application/json": { "schema": { "type": "object" } } });
    let members = json!({ "requestBody": { "required": true, "content": content } });
    assert_eq!(
        call_of("/x", "post", members),
        "do_it(body: json Map<Value>) -> () / do_it_multipart(file?: part file) -> ()"
    );
}

#[test]
fn parts_and_parameters_of_one_name_are_told_apart() {
    let parts = json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
    let parameters = json!([{ "name": "name", "in": "query", "schema": { "type": "string" } }]);
    let members = json!({ "parameters": parameters, "requestBody": body("multipart/form-data", parts, true) });
    assert_eq!(call_of("/x", "post", members), "do_it(name_2?: Query String, name: part text String) -> ()");
}
