//! Components: names that clash, shapes that are equal, types that nothing needs.

use serde_json::{Value, json};

use crate::describe::{api, json_answer, names, operation, rest, schemas, ty, types_of};

fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn record(member: &str) -> Value {
    json!({ "type": "object", "properties": { member: { "type": "string" } } })
}

#[test]
fn names_that_are_equal_as_rust_names_are_numbered() {
    let found = types_of(
        json!({ "Href": record("a"), "href": record("b"), "Use": { "type": "object", "properties": { "h": to("href") } } }),
    );
    assert_eq!(found[2], "Use { h: Option<Href2> }");
}

#[test]
fn an_inline_type_keeps_away_from_a_component_of_its_name() {
    let space = json!({ "type": "object", "properties": { "type": { "type": "string", "enum": ["shared"] } } });
    let found = types_of(json!({ "Space": space, "SpaceType": { "type": "string", "enum": ["data"] } }));
    assert_eq!(found[0], "Space { type_: Option<SpaceType2> }");
    assert!(found.contains(&r#"SpaceType: Data "data""#.to_owned()), "{found:?}");
}

#[test]
fn names_that_the_emitted_code_uses_are_left_to_it() {
    let found = types_of(json!({ "Option": record("a"), "string": record("b"), "self": record("c") }));
    let names: Vec<&str> = found.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["OptionType", "StringType", "Self_"]);
}

#[test]
fn a_name_that_is_no_identifier_becomes_one() {
    let found = types_of(json!({ "a.b-c_d": record("a"), "2fa": record("b") }));
    assert_eq!(found, ["ABCD { a: Option<String> }", "_2fa { b: Option<String> }"]);
}

#[test]
fn equal_shapes_are_one_type_and_the_other_names_stay() {
    let found = types_of(json!({
        "A": record("href"),
        "B": { "type": "object", "description": "other words", "properties": { "href": { "type": "string", "format": "uri" } } },
        "Use": { "type": "object", "properties": { "a": to("A"), "b": to("B"), "c": record("href") } },
    }));
    assert_eq!(found, ["A { href: Option<String> }", "B = A", "Use { a: Option<A>, b: Option<A>, c: Option<A> }"]);
}

#[test]
fn shapes_that_become_equal_by_what_they_hold_are_one_type() {
    let found = types_of(json!({
        "A": record("x"), "B": record("x"),
        "ListA": { "type": "object", "properties": { "data": { "type": "array", "items": to("A") } } },
        "ListB": { "type": "object", "properties": { "data": { "type": "array", "items": to("B") } } },
    }));
    assert_eq!(found[3], "ListB = ListA");
}

#[test]
fn types_that_nothing_needs_are_not_made() {
    let responses = json!({
        "200": { "description": "OK", "content": { "application/json": { "schema": to("Used") } } },
        "400": { "description": "Bad Request", "content": { "application/json": { "schema": to("Errors") } } },
        "default": { "description": "Error", "content": { "application/json": { "schema": to("Errors") } } },
    });
    let used = json!({ "type": "object", "properties": { "deep": to("Deep") } });
    let all = json!({ "Used": used, "Deep": record("x"), "Errors": record("y"), "Lonely": record("z") });
    assert_eq!(names(&api(&operation("/x", "get", json!({ "responses": responses }), all))), ["Deep", "Used"]);
}

#[test]
fn shared_parameters_responses_headers_and_bodies_are_followed() {
    let mut description = rest(
        json!({
            "/x/{id}": {
                "parameters": [{ "$ref": "#/components/parameters/Id" }, { "name": "a", "in": "query", "schema": { "type": "string" } }],
                "post": {
                    "operationId": "doIt",
                    "parameters": [{ "name": "a", "in": "query", "required": true, "schema": { "type": "integer" } }],
                    "requestBody": { "$ref": "#/components/requestBodies/Body" },
                    "responses": { "201": { "$ref": "#/components/responses/Made" } },
                },
                "get": { "operationId": "getIt", "responses": { "200": { "$ref": "#/components/responses/Found" } } },
            },
        }),
        json!({ "Thing": record("x") }),
    );
    let components = json!({
        "parameters": { "Id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } } },
        "requestBodies": { "Body": { "required": true, "content": { "application/json": { "schema": to("Thing") } } } },
        "responses": {
            "Made": { "description": "Created", "headers": { "Location": { "$ref": "#/components/headers/Place" } } },
            "Found": { "description": "OK", "content": { "application/json": { "schema": to("Thing") } } },
        },
        "headers": { "Place": { "schema": { "type": "string" } } },
        "schemas": description["components"]["schemas"],
    });
    description["components"] = components;
    let expected = [
        "do_it(id: Path String, a: Query i64, body: json Thing) -> Located",
        "get_it(id: Path String, a?: Query String) -> Thing",
    ];
    assert_eq!(crate::describe::calls_of(&description), expected);
}

#[test]
fn names_in_messages_and_docs_are_qliks() {
    let api = api(&schemas(json!({ "my.thing": record("x") })));
    assert_eq!(api.types[0].wire, "my.thing");
    assert_eq!(ty(&api, "MyThing"), "MyThing { x: Option<String> }");
}

#[test]
fn an_inline_answer_is_named_after_its_operation() {
    let answer =
        json_answer(json!({ "type": "object", "properties": { "data": { "type": "array", "items": record("x") } } }));
    let api = api(&operation("/x", "get", json!({ "responses": answer }), json!({})));
    assert_eq!(names(&api), ["DoItResponse", "DoItResponseItem"]);
}
