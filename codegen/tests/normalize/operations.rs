//! Operations: none is lost, and names never clash.

use serde_json::json;

use crate::describe::{call_of, calls_of, rest};

#[test]
fn every_verb_of_every_path_is_an_operation() {
    let one = |id: &str| json!({ "operationId": id, "responses": { "204": { "description": "No Content" } } });
    let description = rest(
        json!({
            "/a": { "get": one("a"), "put": one("b"), "post": one("c"), "delete": one("d") },
            "/b": { "options": one("e"), "head": one("f"), "patch": one("g"), "trace": one("h") },
        }),
        json!({}),
    );
    let methods: Vec<String> = calls_of(&description);
    assert_eq!(
        methods,
        ["a() -> ()", "b() -> ()", "c() -> ()", "d() -> ()", "e() -> ()", "f() -> ()", "g() -> ()", "h() -> ()"]
    );
}

#[test]
fn names_that_clash_as_methods_are_numbered() {
    let one = |id: &str| json!({ "operationId": id, "responses": { "204": { "description": "No Content" } } });
    let description = rest(
        json!({ "/a": { "get": one("getItem"), "put": one("get_item"), "post": one("new"), "delete": one("2fa"), "patch": one("getItem2") } }),
        json!({}),
    );
    let found = calls_of(&description);
    assert_eq!(
        found,
        ["get_item() -> ()", "get_item_2() -> ()", "new_2() -> ()", "_2fa() -> ()", "get_item2_2() -> ()"]
    );
}

#[test]
fn call_structs_have_names_of_their_own() {
    let parameters = json!([{ "name": "q", "in": "query", "schema": { "type": "string" } }]);
    let one = |id: &str| json!({ "operationId": id, "parameters": parameters, "responses": { "204": { "description": "No Content" } } });
    let description = rest(
        json!({ "/a": { "get": one("getItem"), "put": one("get_item"), "post": one("getItem2"), "patch": one("option") } }),
        json!({}),
    );
    let api = crate::describe::api(&description);
    let files = qlik_codegen::emit::api(&api, "rest/tiny.json", &[]);
    let calls = &files[1].text;
    let mut structs: Vec<&str> =
        calls.lines().filter_map(|line| line.strip_prefix("pub struct ")?.split('(').next()).collect();
    assert_eq!(structs.len(), 4);
    structs.sort_unstable();
    structs.dedup();
    assert_eq!(structs.len(), 4, "{structs:?}");
    assert!(!structs.contains(&"Option"), "{structs:?}");
}

#[test]
fn words_of_several_lines_stay_comments() {
    let mut description = rest(json!({}), json!({}));
    description["info"]["description"] = "One line [x].\n\nfn another() {}\n* <b>third".into();
    crate::describe::api(&description);
}

#[test]
fn deprecated_and_tier_are_facts_of_the_operation() {
    let members = json!({ "deprecated": true, "x-qlik-tier": { "tier": "special", "limit": 20 } });
    let api = crate::describe::api(&crate::describe::operation("/x", "get", members, json!({})));
    assert_eq!(api.operations[0].deprecated.as_deref(), Some("deprecated by Qlik"));
    assert_eq!(api.operations[0].tier, qlik_codegen::model::Tier::Special(20));
}

#[test]
fn an_operation_without_anything_is_called_without_anything() {
    assert_eq!(call_of("/x", "delete", json!({})), "do_it() -> ()");
}
