//! Descriptions with a fault: each is named with its file, line and pointer and what to do, all at once, and never by a panic.

#[path = "fixtures/describe.rs"]
mod describe;

use std::path::Path;

use proptest::prelude::*;
use qlik_codegen::diagnostic::Diagnostic;
use qlik_codegen::source::Document;
use qlik_codegen::{emit, lower, normalize};
use serde_json::{Value, json};

const REST: &str = r##"{
  "openapi": "3.0.3",
  "info": { "title": "tiny", "version": "1" },
  "paths": {
    "/items/{id}": {
      "get": {
        "operationId": "getItem",
        "parameters": [
          { "name": "ids", "in": "query", "style": "form", "schema": { "type": "string" } }
        ],
        "responses": {
          "200": { "description": "OK", "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Item" }
          } } }
        }
      },
      "delete": {
        "operationId": "deleteItem",
        "responses": { "204": { "description": "No Content" } }
      }
    }
  },
  "components": {
    "schemas": {
      "Item": {
        "type": "object",
        "properties": {
          "id": { "type": "string" },
          "next": { "$ref": "#/components/schemas/Item" },
          "tags": { "type": "array", "items": { "type": "string" } }
        }
      },
      "Other": { "allOf": [{ "type": "object" }] }
    }
  }
}
"##;

const ENGINE: &str = include_str!("fixtures/engine.json");

fn rest(text: &str) -> Vec<Diagnostic> {
    let found = || {
        let document = Document::parse("specs/rest/tiny.json", text).map_err(|error| vec![error])?;
        lower::api("tiny", &document, &normalize::normalize(&document)?)
    };
    found().err().unwrap_or_default()
}

fn engine(text: &str) -> Vec<Diagnostic> {
    let found = || lower::engine(&Document::parse("specs/engine/qix.json", text).map_err(|error| vec![error])?);
    found().err().unwrap_or_default()
}

/// Replaces a text that has to be there once.
fn with(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

/// Each complaint, as a person reads it.
fn shown(fault: &str, found: &[Diagnostic]) -> String {
    assert!(!found.is_empty(), "{fault}: no complaint");
    for diagnostic in found {
        assert!(diagnostic.line > 0 && diagnostic.column > 0, "{fault}: {diagnostic}");
        assert!(!diagnostic.help.is_empty(), "{fault}: {diagnostic}");
    }
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    format!("{fault}\n{}\n", lines.join("\n"))
}

fn assert_golden(name: &str, shown: &[String]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown.join("\n")));
}

#[test]
fn the_descriptions_without_a_fault_have_none() {
    assert_eq!(rest(REST), []);
    assert_eq!(engine(ENGINE), []);
}

#[test]
fn rest_faults_are_pointed_at() {
    let faults = [
        (
            "a reference that points nowhere",
            r##""schema": { "$ref": "#/components/schemas/Item" }"##,
            r##""schema": { "$ref": "#/components/schemas/Items" }"##,
        ),
        (
            "a reference to another file",
            r##""next": { "$ref": "#/components/schemas/Item" }"##,
            r##""next": { "$ref": "common.json#/Item" }"##,
        ),
        ("a parameter style that is none", r#""style": "form""#, r#""style": "commas""#),
        ("a type that is none", r#""id": { "type": "string" }"#, r#""id": { "type": "uuid" }"#),
        ("several types", r#""id": { "type": "string" }"#, r#""id": { "type": ["string", "null"] }"#),
        ("a schema that is a boolean", r#""id": { "type": "string" }"#, r#""id": true"#),
        ("a schema that is a number", r#""items": { "type": "string" }"#, r#""items": 7"#),
        ("a list of item schemas", r#""items": { "type": "string" }"#, r#""items": [{ "type": "string" }]"#),
        ("properties that are no object", r#""allOf": [{ "type": "object" }]"#, r#""properties": ["a"]"#),
        ("alternatives that are no list", r#""allOf": [{ "type": "object" }]"#, r#""oneOf": { "type": "object" }"#),
        ("one name for two operations", r#""operationId": "deleteItem""#, r#""operationId": "getItem""#),
        ("an operation without a name", r#""operationId": "deleteItem","#, ""),
        (
            "an operation without responses",
            r#""responses": { "204": { "description": "No Content" } }"#,
            r#""responses": []"#,
        ),
        (
            "an operation that is no object",
            r#""in": "query", "style": "form", "schema": { "type": "string" } }
        ],"#,
            r#""in": "query", "style": "form", "schema": { "type": "string" } }
        ], "x": {} }, "put": "later", "post": { "operationId": "x","#,
        ),
        ("a newer OpenAPI", r#""openapi": "3.0.3""#, r#""openapi": "3.1.0""#),
        ("no OpenAPI at all", r#""openapi": "3.0.3""#, r#""swagger": "2.0""#),
        ("a description without paths", r#""paths": {"#, r#""x-paths": {"#),
        ("a path without a slash", r#""/items/{id}""#, r#""items/{id}""#),
        ("a brace that is not closed", r#""/items/{id}""#, r#""/items/{id""#),
        ("a path elsewhere", r#""delete": {"#, r##""$ref": "#/paths/~1items~1{id}", "delete": {"##),
        (
            "a schema defined by itself",
            r#""allOf": [{ "type": "object" }]"#,
            r##""allOf": [{ "$ref": "#/components/schemas/Other" }]"##,
        ),
        (
            "a schema that is only itself",
            r#""allOf": [{ "type": "object" }]"#,
            r##""oneOf": [{ "$ref": "#/components/schemas/Other" }]"##,
        ),
        (
            "a parameter that leads in a circle",
            r#""schemas": {"#,
            r##""parameters": { "P": { "$ref": "#/components/parameters/P" } }, "schemas": {"##,
        ),
        ("not JSON", r#""type": "array","#, r#""type": "array""#),
        ("a member twice", r#""type": "array","#, r#""type": "array", "type": "object","#),
    ];
    let shown: Vec<String> =
        faults.iter().map(|(fault, from, to)| shown(fault, &rest(&with(REST, from, to)))).collect();
    assert_golden("faults-rest", &shown);
}

#[test]
fn engine_faults_are_pointed_at() {
    let faults = [
        (
            "a reference that points nowhere",
            r##""qRange", "required": false, "schema": { "$ref": "#/components/schemas/Range" }"##,
            r##""qRange", "required": false, "schema": { "$ref": "#/components/schemas/Ranges" }"##,
        ),
        (
            "a reference to another file",
            r##""qMeta": { "$ref": "#/components/schemas/JsonObject" }"##,
            r##""qMeta": { "$ref": "meta.json" }"##,
        ),
        ("a method twice", r#""name": "Doc.Evaluate""#, r#""name": "Doc.GetObject""#),
        ("a method without a class", r#""name": "Doc.Evaluate""#, r#""name": "Evaluate""#),
        ("a method without a name", r#""name": "Doc.Evaluate""#, r#""name": "Doc.""#),
        ("an object of no class", r#""x-qlik-class": "GenericObject""#, r#""x-qlik-class": "Bookmark""#),
        ("no methods", r#""methods": ["#, r#""x-methods": ["#),
        ("not JSON", r#""openrpc": "1.2.6","#, r#""openrpc": "#),
    ];
    let shown: Vec<String> =
        faults.iter().map(|(fault, from, to)| shown(fault, &engine(&with(ENGINE, from, to)))).collect();
    assert_golden("faults-engine", &shown);
}

#[test]
fn all_complaints_come_at_once() {
    let text = with(REST, r#""style": "form""#, r#""style": "commas""#);
    let text = with(&text, r#""id": { "type": "string" }"#, r#""id": { "type": "uuid" }"#);
    let text = with(&text, r#""operationId": "deleteItem""#, r#""operationId": "getItem""#);
    let found = rest(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn one_broken_api_does_not_hide_another() {
    let specs = tempfile::tempdir().unwrap();
    std::fs::create_dir(specs.path().join("rest")).unwrap();
    for (name, from, to) in [("a", r#""style": "form""#, r#""style": "commas""#), ("b", r#""3.0.3""#, r#""3.1.0""#)] {
        std::fs::write(specs.path().join(format!("rest/{name}.json")), with(REST, from, to)).unwrap();
    }
    let input = qlik_codegen::Input::new(specs.path());
    let found = qlik_codegen::generate(&input, &input.apis().unwrap(), true).map(|_| ()).unwrap_err();
    let files: Vec<&str> = found.iter().map(|diagnostic| diagnostic.file.as_str()).collect();
    assert_eq!(files, ["specs/rest/a.json", "specs/rest/b.json", "specs/engine/qix.json"]);
}

#[test]
fn an_engine_schema_may_hold_itself() {
    let found = describe::engine(&serde_json::from_str(ENGINE).unwrap()).unwrap();
    let lines: Vec<String> = found.types.iter().map(describe::type_line).collect();
    assert!(
        lines.contains(&"Row { num: Option<f64>, kind: Option<RowKind>, parent: Option<Box<Row>> }".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn engine_names_that_clash_are_told_apart() {
    let mut description: Value = serde_json::from_str(ENGINE).unwrap();
    let schemas = &mut description["components"]["schemas"];
    schemas["row_kind"] = json!({ "type": "object", "properties": { "qA": { "type": "string" }, "a": { "$ref": "#/components/schemas/row_kind" } } });
    description["methods"].as_array_mut().unwrap().push(json!({ "name": "Doc.getObject", "params": [] }));
    let engine = describe::engine(&description).unwrap();
    let lines: Vec<String> = engine.types.iter().map(describe::type_line).collect();
    assert!(lines.contains(&"RowKind2 { a: Option<String>, a_2: Option<Box<RowKind2>> }".to_owned()), "{lines:?}");
    assert!(
        describe::methods(&engine).contains(&"Doc::get_object_2() -> ()".to_owned()),
        "{:?}",
        describe::methods(&engine)
    );
    emit::engine(&engine).iter().for_each(describe::assert_rust);
}

/// What a person, a script or a broken download may do to a node.
#[derive(Clone, Debug)]
enum Damage {
    Remove,
    Replace(Value),
    Rename(String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let junk = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!("")),
        Just(json!("日本 {x}\n*/")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{ "type": "object" }])),
        Just(json!({ "$ref": "#" })),
        Just(json!({ "$ref": "#/components/schemas" })),
        Just(json!({ "$ref": "#/paths" })),
        Just(json!({ "oneOf": [{}, {}], "properties": { "": {} } })),
    ];
    let name = prop_oneof![
        Just(""),
        Just("$ref"),
        Just("2 x"),
        Just("type"),
        Just("allOf"),
        Just("{"),
        Just("default"),
        Just("a/b~c")
    ];
    prop_oneof![3 => Just(Damage::Remove), 5 => junk.prop_map(Damage::Replace), 2 => name.prop_map(|name| Damage::Rename(name.to_owned()))]
}

/// Does that to the node that comes at this place of the whole, counted through.
fn hurt(node: &mut Value, at: &mut usize, damage: &Damage) -> bool {
    let keys: Vec<String> = match node {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => return false,
    };
    for key in keys {
        if *at > 0 {
            *at -= 1;
            let child = match node {
                Value::Object(members) => members.get_mut(&key),
                Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
                _ => None,
            };
            if child.is_some_and(|child| hurt(child, at, damage)) {
                return true;
            }
            continue;
        }
        match (node, damage) {
            (Value::Object(members), Damage::Remove) => drop(members.shift_remove(&key)),
            (Value::Object(members), Damage::Replace(junk)) => drop(members.insert(key, junk.clone())),
            (Value::Object(members), Damage::Rename(name)) => {
                let value = members.shift_remove(&key).unwrap_or_default();
                members.insert(name.clone(), value);
            }
            (Value::Array(items), Damage::Replace(junk)) => {
                key.parse::<usize>().into_iter().for_each(|index| items[index] = junk.clone())
            }
            (Value::Array(items), _) => items.clear(),
            _ => {}
        }
        return true;
    }
    false
}

fn count(node: &Value) -> usize {
    match node {
        Value::Object(members) => members.values().map(|member| 1 + count(member)).sum(),
        Value::Array(items) => items.iter().map(|item| 1 + count(item)).sum(),
        _ => 0,
    }
}

fn damaged(description: &Value, places: &[(prop::sample::Index, Damage)]) -> Value {
    let mut value = description.clone();
    for (place, damage) in places {
        let nodes = count(&value).max(1);
        hurt(&mut value, &mut place.index(nodes), damage);
    }
    value
}

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/rest").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_rest_description_is_read_or_refused(
        users in any::<bool>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
    ) {
        let value = damaged(&read(if users { "users.json" } else { "spaces.json" }), &places);
        if let Ok(api) = describe::lowered(&value) {
            emit::api(&api, "rest/tiny.json", &[]).iter().for_each(describe::assert_rust);
        }
    }

    #[test]
    fn a_damaged_engine_description_is_read_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
    ) {
        let value = damaged(&serde_json::from_str(ENGINE).unwrap(), &places);
        if let Ok(engine) = describe::engine(&value) {
            emit::engine(&engine).iter().for_each(describe::assert_rust);
        }
    }
}
