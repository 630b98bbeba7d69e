//! What stays of a REST description.

use qlik_codegen::import::RestImport;
use serde_json::{Value, json};

use crate::folder::{Folder, api};

/// What the import makes of a document.
fn facts_of(document: &Value) -> Value {
    let folder = Folder::new();
    let source = folder.file("things.json", document.to_string());
    folder.import(&[source]).expect("a good document");
    folder.read("rest/things.json")
}

/// What the import makes of a schema.
fn facts_of_schema(schema: Value) -> Value {
    let mut document: Value = serde_json::from_str(&api("/things")).expect("JSON");
    document["components"] = json!({"schemas": {"Thing": schema, "Other": {"type": "string"}}});
    facts_of(&document)["components"]["schemas"]["Thing"].clone()
}

#[test]
fn an_operation_keeps_its_facts_and_loses_its_prose() {
    let facts = facts_of(&json!({
        "info": {"version": "2", "title": "data/things", "description": "Prose.", "license": {"name": "MIT"}},
        "openapi": "3.0.3",
        "servers": [{"url": "https://{t}", "description": "Prose.", "variables": {"t": {"default": "a", "enum": ["a"], "description": "Prose."}}}],
        "tags": [{"name": "things", "description": "Prose."}],
        "externalDocs": {"url": "https://example.com"},
        "paths": {"/v1/things/{id}": {
            "summary": "Prose.",
            "put": {
                "x-qlik-tier": {"tier": "1", "limit": 1000},
                "x-qlik-deprecated-description": "Prose.",
                "x-qlik-deprecated-sunset": "2027-01",
                "x-codegen-request-body-name": "hint",
                "responses": {
                    "default": {"description": "Prose."},
                    "201": {"description": "Prose.", "headers": {"Location": {"description": "Prose.", "required": true, "schema": {"type": "string"}}}},
                    "404": {"$ref": "#/components/responses/Missing"}
                },
                "requestBody": {"description": "Prose.", "required": true, "content": {
                    "multipart/form-data": {
                        "schema": {"type": "object"}, "example": {"a": 1}, "examples": {"a": {"value": 1}},
                        "encoding": {"file": {"contentType": "image/png", "style": "form", "explode": false}}
                    },
                    "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                }},
                "parameters": [
                    {"description": "Prose.", "in": "path", "name": "id", "required": true, "schema": {"type": "string"}, "example": "x"},
                    {"in": "query", "name": "description", "style": "spaceDelimited", "explode": false, "allowEmptyValue": true,
                     "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}
                ],
                "summary": "Prose.", "description": "Prose.", "deprecated": true, "tags": ["things"], "operationId": "putThing"
            }
        }},
        "components": {
            "schemas": {"Thing": {"type": "object"}},
            "responses": {"Missing": {"description": "Prose.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            "examples": {"e": {"value": 1}},
            "securitySchemes": {"oauth": {"type": "oauth2", "description": "Prose.", "flows": {
                "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {"admin": "Prose."}}}}}
        }
    }));
    let expected = json!({
        "openapi": "3.0.3",
        "info": {"title": "data/things", "version": "2"},
        "servers": [{"url": "https://{t}", "variables": {"t": {"enum": ["a"], "default": "a"}}}],
        "tags": [{"name": "things"}],
        "paths": {"/v1/things/{id}": {"put": {
            "operationId": "putThing",
            "tags": ["things"],
            "deprecated": true,
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "description", "in": "query", "allowEmptyValue": true, "style": "spaceDelimited", "explode": false,
                 "schema": {"type": "array", "maxItems": 3, "items": {"type": "string"}}}
            ],
            "requestBody": {"required": true, "content": {
                "multipart/form-data": {
                    "schema": {"type": "object"},
                    "encoding": {"file": {"contentType": "image/png", "style": "form", "explode": false}}
                },
                "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
            }},
            "responses": {
                "201": {"description": "Created", "headers": {"Location": {"required": true, "schema": {"type": "string"}}}},
                "404": {"$ref": "#/components/responses/Missing"},
                "default": {"description": "Default"}
            },
            "x-qlik-deprecated-sunset": "2027-01",
            "x-qlik-tier": {"tier": "1", "limit": 1000}
        }}},
        "components": {
            "securitySchemes": {"oauth": {"type": "oauth2", "flows": {
                "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {"admin": ""}}}}},
            "responses": {"Missing": {"description": "Not Found", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            "schemas": {"Thing": {"type": "object"}}
        }
    });
    // as text: the order of the members is part of what the import promises
    assert_eq!(format!("{facts:#}"), format!("{expected:#}"));
}

#[test]
fn every_limit_of_a_schema_stays() {
    let schema = json!({
        "type": "object", "format": "f", "nullable": true, "enum": ["a"], "default": {"description": "kept"},
        "minimum": 1, "exclusiveMinimum": true, "maximum": 2.5, "exclusiveMaximum": false, "multipleOf": 0.1,
        "minLength": 1, "maxLength": 2, "pattern": "^a$", "minItems": 1, "maxItems": 2, "uniqueItems": true,
        "minProperties": 1, "maxProperties": 2, "required": ["title"], "readOnly": true, "writeOnly": false,
        "deprecated": true, "discriminator": {"propertyName": "kind", "mapping": {"description": "#/components/schemas/Other"}},
        "allOf": [{"type": "string"}], "oneOf": [{"type": "string"}], "anyOf": [{"type": "string"}],
        "not": {"type": "string"}, "items": {"type": "string"}, "properties": {"title": {"type": "string"}},
        "additionalProperties": false, "x-qlik-filterable": true
    });
    assert_eq!(facts_of_schema(schema.clone()), schema);
}

#[test]
fn a_property_named_like_prose_is_a_fact() {
    let facts = facts_of_schema(json!({
        "title": "Prose", "description": "Prose.", "example": {"title": "x"}, "externalDocs": {"url": "x"},
        "x-go-name": "T", "x-omitempty": true, "x-oapi-codegen-extra-tags": {"validate": "max=1"},
        "properties": {
            "title": {"type": "string", "description": "Prose.", "example": "x"},
            "description": {"type": "string", "title": "Prose"},
            "example": {"type": "object", "properties": {"summary": {"type": "string", "description": "Prose."}}},
            "externalDocs": {"$ref": "#/components/schemas/Other", "description": "Prose.", "x-qlik-merge-conflict": true},
            "properties": {"additionalProperties": {"type": "string", "description": "Prose."}},
            "x-go-name": {"type": "string"},
            "$ref": {"type": "string"}
        }
    }));
    assert_eq!(
        facts,
        json!({"properties": {
            "title": {"type": "string"},
            "description": {"type": "string"},
            "example": {"type": "object", "properties": {"summary": {"type": "string"}}},
            "externalDocs": {"$ref": "#/components/schemas/Other", "x-qlik-merge-conflict": true},
            "properties": {"additionalProperties": {"type": "string"}},
            "x-go-name": {"type": "string"},
            "$ref": {"type": "string"}
        }})
    );
}

#[test]
fn title_and_description_of_a_constant_are_values() {
    let constants = json!({"oneOf": [
        {"title": "U", "description": "UNKNOWN", "x-qlik-const": 0},
        {"title": "A", "description": "What the value means, in a sentence.", "type": "string", "x-qlik-const": 1},
        {"title": "Prose", "description": "WORD"}
    ]});
    let expected = json!({"oneOf": [
        {"title": "U", "description": "UNKNOWN", "x-qlik-const": 0},
        {"title": "A", "type": "string", "x-qlik-const": 1},
        {}
    ]});
    assert_eq!(facts_of_schema(constants), expected);
}

#[test]
fn a_fact_in_another_spelling_stays() {
    assert_eq!(facts_of_schema(json!({"x-nullable": true})), json!({"nullable": true}));
    assert_eq!(facts_of_schema(json!({"x-nullable": true, "nullable": false})), json!({"nullable": false}));
    let named = json!({"enum": [0, 1], "x-enum-varnames": ["A", "B"]});
    assert_eq!(facts_of_schema(named.clone()), named, "the numbers are named nowhere else");
    assert_eq!(facts_of_schema(json!({"enum": ["a"], "x-enum-varnames": ["A"]})), json!({"enum": ["a"]}));
}

#[test]
fn a_shared_response_of_several_statuses_is_described_by_its_name() {
    let mut document: Value = serde_json::from_str(&api("/things")).expect("JSON");
    let shared = json!({"$ref": "#/components/responses/Refused"});
    document["paths"]["/things"]["get"]["responses"] =
        json!({"401": shared, "403": shared, "499": {"description": ""}});
    document["components"] =
        json!({"responses": {"Refused": {"description": "Prose."}, "Unused": {"description": "Prose."}}});
    let facts = facts_of(&document);
    assert_eq!(
        facts["components"]["responses"],
        json!({"Refused": {"description": "Refused"}, "Unused": {"description": "Unused"}})
    );
    assert_eq!(facts["paths"]["/things"]["get"]["responses"]["499"], json!({"description": "Status 499"}));
}

#[test]
fn a_member_that_the_grammar_does_not_know_stays_and_is_reported() {
    let folder = Folder::new();
    let text = api("/items").replace("\"responses\"", "\"x-vendor\": {\"description\": \"kept\"}, \"responses\"");
    let source = folder.file("items.json", text);
    let report = folder.import(&[source]).expect("a good document");
    let facts = folder.read("rest/items.json");
    assert_eq!(facts["paths"]["/items"]["get"]["x-vendor"], json!({"description": "kept"}));
    let [note] = &report.unknown[..] else { panic!("one note: {:?}", report.unknown) };
    assert_eq!((note.line, note.column, note.pointer.as_str()), (6, 15, "/paths/~1items/get/x-vendor"));
}

#[test]
fn the_order_of_keywords_and_paths_does_not_show() {
    let one = r#"{"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {
        "/b": {"get": {"responses": {"200": {"description": ""}, "404": {"description": ""}}}}, "/a": {}},
        "components": {"schemas": {"B": {"type": "string", "maxLength": 1}, "A": {"properties": {"z": {}, "a": {}}}}}}"#;
    let other = r#"{"components": {"schemas": {"A": {"properties": {"z": {}, "a": {}}}, "B": {"maxLength": 1, "type": "string"}}},
        "paths": {"/a": {}, "/b": {"get": {"responses": {"404": {"description": ""}, "200": {"description": ""}}}}},
        "info": {"version": "1", "title": "t"}, "openapi": "3.0.0"}"#;
    let [one, other] = [one, other].map(|text| {
        let folder = Folder::new();
        let source = folder.file("t.json", text);
        folder.import(&[source]).expect("a good document");
        std::fs::read_to_string(folder.specs().join("rest/t.json")).expect("an imported file")
    });
    assert_eq!(one, other);
    assert!(one.find("\"z\"") < one.find("\"a\""), "properties keep the order of the document");
    assert!(one.ends_with("}\n"));
}

#[test]
fn files_folders_and_archives_give_the_same() {
    let folder = Folder::new();
    folder.file("in/deep/items.json", api("/items"));
    folder.file("in/.hidden.json", "no JSON");
    folder.file("in/README.md", "no JSON");
    let bom = folder.file("bom/items.json", format!("\u{FEFF}{}", api("/items")));
    let zip = folder.zip(
        "specs-main.zip",
        &[
            ("specs-main/README.md", "no JSON"),
            ("specs-main/rest/items.json", &api("/items")),
            ("__MACOSX/._items.json", "x"),
        ],
    );
    folder.import(&[folder.path("in")]).expect("a good folder");
    let expected = folder.read("rest/items.json");
    for input in [bom, zip] {
        let report = folder.import(std::slice::from_ref(&input)).expect("good input");
        assert_eq!(report.counts, [(1, "documents"), (1, "operations"), (0, "component schemas")]);
        assert_eq!(folder.read("rest/items.json"), expected, "{}", input.display());
    }
}

#[test]
fn what_is_not_among_the_inputs_goes_only_when_asked() {
    let folder = Folder::with_one_api();
    let source = folder.file("second/spaces.json", api("/spaces"));
    let report = folder.import(std::slice::from_ref(&source)).expect("a good document");
    assert_eq!(report.left, ["items"]);
    assert!(folder.specs().join("rest/items.json").exists());
    let import = RestImport { inputs: vec![source], prune: true, ..RestImport::default() };
    let report = folder.import_as(import).expect("a good document");
    assert_eq!((report.changes.removed, report.left.len()), (1, 0));
    assert!(!folder.specs().join("rest/items.json").exists());
    let sources = std::fs::read_to_string(folder.specs().join("SOURCES.toml")).expect("the record");
    assert!(!sources.contains("items") && sources.contains("[rest.spaces]"), "{sources}");
}

#[test]
fn sources_are_recorded_and_stay_when_the_import_reads_its_own_output() {
    let folder = Folder::new();
    let zip = folder.zip("all.zip", &[("items.json", &api("/items"))]);
    let names = folder.file("names.tsv", "module\tmethod\tpath\tname\nitems\tGET\t/items\tgetItems\n");
    let import = RestImport {
        inputs: vec![zip],
        names: Some(names),
        names_version: Some("2.19".to_owned()),
        date: Some("2026-07-24".to_owned()),
        prune: false,
    };
    folder.import_as(import.clone()).expect("good input");
    let record = std::fs::read_to_string(folder.specs().join("SOURCES.toml")).expect("the record");
    for line in ["[names]", "version = \"2.19\"", "archive = \"all.zip\"", "date = \"2026-07-24\"", "version = \"1\""] {
        assert!(record.lines().any(|other| other == line), "{line} in {record}");
    }
    let before = folder.snapshot();
    folder.import_as(import.clone()).expect("good input");
    assert_eq!(folder.snapshot(), before, "twice the same");
    folder.import_as(RestImport { date: None, names_version: None, ..import }).expect("good input");
    assert_eq!(folder.snapshot(), before, "the same bytes keep their date and version");
    folder.import(&[folder.specs().join("rest")]).expect("its own output");
    assert_eq!(folder.snapshot(), before, "its own output is no new source");
}
