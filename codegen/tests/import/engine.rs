//! What stays of the Engine's description.

use serde_json::{Value, json};

use crate::folder::Folder;

fn document() -> Value {
    json!({
        "openrpc": "1.0.0",
        "info": {"title": "QIX", "version": "12.1.0", "description": "Prose."},
        "methods": [{
            "name": "Doc.GetField",
            "description": "Prose.",
            "params": [{"name": "qFieldName", "description": "Prose.", "required": true,
                        "schema": {"type": "string", "default": "description"}}],
            "result": {"name": "Results for Doc.GetField", "schema": {"type": "object", "properties": {
                "qReturn": {"type": "object", "description": "Prose.", "$ref": "#/components/schemas/Thing"}}}},
            "errors": [{"$ref": "#/components/errors/Generic"}],
            "x-qlik-deprecated": true, "x-qlik-deprecation-description": "Prose.", "x-qlik-see-also": ["Prose."],
            "x-qlik-access-control": ["read"], "x-qlik-stability": "locked"
        }],
        "components": {
            "schemas": {
                "Thing": {
                    "type": "object", "description": "Prose.", "x-qlik-see-also": ["Prose."],
                    "properties": {
                        "qType": {"type": "string", "description": "Prose.", "default": "I", "$ref": "#/components/schemas/Kind"},
                        "description": {"type": "number", "format": "double"}
                    },
                    "additionalProperties": {"anyOf": [
                        {"name": "qKind", "type": "object", "schema": {"$ref": "#/components/schemas/Kind"}}]}
                },
                "Kind": {"type": "string", "description": "Prose.", "oneOf": [
                    {"title": "I", "description": "INTEGER", "x-qlik-const": 10}, {"title": "LONG", "x-qlik-const": 2}]},
                "Blob": {"type": "string", "contentEncoding": "base64"}
            },
            "errors": {
                "Generic": {"oneOf": [{"$ref": "#/components/errors/LOCERR_X"}]},
                "LOCERR_X": {"code": -1, "message": "Prose"}
            }
        },
        "x-qlik-visibility": "public"
    })
}

#[test]
fn facts_stay_and_prose_goes() {
    let folder = Folder::new();
    let source = folder.file("engine.json", document().to_string());
    let report = folder.import_engine(&source).expect("a good document");
    assert_eq!(report.counts, [(1, "methods"), (3, "schemas"), (2, "properties"), (1, "error codes")]);
    assert!(report.unknown.is_empty(), "{:?}", report.unknown);
    let expected = json!({
        "openrpc": "1.0.0",
        "info": {"title": "QIX", "version": "12.1.0"},
        "methods": [{
            "name": "Doc.GetField",
            "params": [{"name": "qFieldName", "required": true, "schema": {"type": "string", "default": "description"}}],
            "result": {"name": "result", "schema": {"type": "object", "properties": {
                "qReturn": {"$ref": "#/components/schemas/Thing", "type": "object"}}}},
            "errors": [{"$ref": "#/components/errors/Generic"}],
            "x-qlik-access-control": ["read"], "x-qlik-deprecated": true, "x-qlik-stability": "locked"
        }],
        "components": {
            "schemas": {
                "Blob": {"type": "string", "contentEncoding": "base64"},
                "Kind": {"type": "string", "oneOf": [
                    {"title": "I", "description": "INTEGER", "x-qlik-const": 10}, {"title": "LONG", "x-qlik-const": 2}]},
                "Thing": {
                    "type": "object",
                    "properties": {
                        "qType": {"$ref": "#/components/schemas/Kind", "type": "string", "default": "I"},
                        "description": {"type": "number", "format": "double"}
                    },
                    "additionalProperties": {"anyOf": [
                        {"name": "qKind", "type": "object", "schema": {"$ref": "#/components/schemas/Kind"}}]}
                }
            },
            "errors": {
                "Generic": {"oneOf": [{"$ref": "#/components/errors/LOCERR_X"}]},
                "LOCERR_X": {"code": -1}
            }
        },
        "x-qlik-visibility": "public"
    });
    assert_eq!(format!("{:#}", folder.read("engine/qix.json")), format!("{expected:#}"));
    let record = std::fs::read_to_string(folder.specs().join("SOURCES.toml")).expect("the record");
    assert!(record.contains("[engine.qix]\nfile = \"engine.json\"\nversion = \"12.1.0\"\nsha256 = "), "{record}");
    let before = folder.snapshot();
    folder.import_engine(&folder.specs().join("engine/qix.json")).expect("its own output");
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn bad_input_is_refused_and_nothing_written() {
    let mut twice = document();
    let method = twice["methods"][0].clone();
    twice["methods"].as_array_mut().expect("methods").push(method);
    let mut parameter_twice = document();
    let parameter = parameter_twice["methods"][0]["params"][0].clone();
    parameter_twice["methods"][0]["params"].as_array_mut().expect("params").push(parameter);
    let mut dangling = document();
    dangling["methods"][0]["errors"][0]["$ref"] = "#/components/errors/Gone".into();
    let mut version = document();
    version["openrpc"] = "2.0.0".into();
    for (document, words) in [
        (twice.to_string(), "#/methods/1/name: `Doc.GetField` stands twice"),
        (parameter_twice.to_string(), "#/methods/0/params/1/name: `qFieldName` stands twice"),
        (dangling.to_string(), "#/methods/0/errors/0/$ref: the reference `#/components/errors/Gone` points nowhere"),
        (version.to_string(), "#/openrpc: the version of OpenRPC is \"2.0.0\"; only 1.x"),
        ("{\"openapi\": \"3.0.0\"}".to_owned(), "`import rest`"),
        ("{}".to_owned(), "no member `openrpc`"),
        ("{".to_owned(), "bad.json:1:"),
    ] {
        let folder = Folder::with_one_api();
        let before = folder.snapshot();
        let errors = folder.import_engine(&folder.file("bad.json", &document)).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(words)), "{words} in {errors:?}");
        assert_eq!(folder.snapshot(), before);
    }
}
