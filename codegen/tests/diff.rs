//! The comparison of two states of the descriptions: what it finds, and in which words.
#![cfg(feature = "cli")]

use std::path::Path;

use qlik_codegen::diff::{Kind, diff};
use serde_json::{Value, json};

fn rest() -> Value {
    json!({
        "openapi": "3.0.0",
        "info": {"title": "items", "version": ""},
        "paths": {"/items/{id}": {
            "get": {
                "operationId": "getItem",
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/Limit"}
                ],
                "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}}},
                "x-qlik-deprecated": false,
                "x-qlik-tier": {"tier": "1", "limit": 1000}
            },
            "put": {
                "operationId": "updateItem",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                "responses": {"204": {"description": "No Content"}}
            }
        }},
        "components": {
            "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}}},
            "schemas": {
                "Item": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "string"},
                    "size": {"type": "integer", "format": "int32"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "kind": {"type": "string", "enum": ["app", "note"]},
                    "owner": {"oneOf": [{"$ref": "#/components/schemas/User"}]}
                }},
                "User": {"type": "object"}
            }
        }
    })
}

fn engine() -> Value {
    json!({
        "openrpc": "1.0.0",
        "info": {"title": "QIX", "version": "12.1.0"},
        "methods": [{
            "name": "Doc.GetField",
            "params": [{"name": "qFieldName", "required": true, "schema": {"type": "string"}}],
            "result": {"name": "result", "schema": {"type": "object", "properties": {"qReturn": {"type": "boolean"}}}}
        }],
        "components": {
            "schemas": {"Kind": {"type": "string", "oneOf": [{"title": "I", "x-qlik-const": 0}]}},
            "errors": {"LOCERR_X": {"code": -1}}
        }
    })
}

/// The differences after `change`, as kind and text.
fn changes(document: Value, change: impl FnOnce(&mut Value)) -> Vec<(Kind, String)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut changed = document.clone();
    change(&mut changed);
    let [old, new] = [("old.json", document), ("new.json", changed)].map(|(name, document)| {
        let path = folder.path().join(name);
        std::fs::write(&path, document.to_string()).expect("a file");
        path
    });
    let changes = diff(&old, &new).expect("good documents");
    changes.0.into_iter().map(|change| (change.kind, change.text)).collect()
}

fn finds(document: Value, kind: Kind, text: &str, change: impl FnOnce(&mut Value)) {
    assert_eq!(changes(document, change), [(kind, text.to_owned())]);
}

#[test]
fn the_same_is_no_difference() {
    assert_eq!(changes(rest(), |_| {}), []);
    assert_eq!(changes(engine(), |_| {}), []);
}

#[test]
fn operations() {
    use Kind::{Added, Breaking, Changed, Deprecated, Removed};
    const PATH: &str = "/paths/~1items~1{id}";
    let at = |value: &mut Value, below: &str, new: Value| {
        let (parent, name) = below.rsplit_once('/').expect("a pointer");
        value.pointer_mut(&format!("{PATH}{parent}")).expect("a node")[name] = new;
    };
    finds(rest(), Removed, "`updateItem` (PUT /items/{id})", |new| {
        new["paths"]["/items/{id}"].as_object_mut().expect("a path").remove("put");
    });
    finds(rest(), Added, "GET /more", |new| new["paths"]["/more"] = json!({"get": {"responses": {}}}));
    finds(rest(), Breaking, "`readItem` (GET /items/{id}) was called `getItem`", |new| {
        at(new, "/get/operationId", "readItem".into());
    });
    finds(rest(), Deprecated, "`getItem` (GET /items/{id}) is deprecated, and goes in 2027-01", |new| {
        at(new, "/get/x-qlik-deprecated", true.into());
        at(new, "/get/x-qlik-deprecated-sunset", "2027-01".into());
    });
    let tier = "`getItem` (GET /items/{id}): x-qlik-tier {\"tier\":\"1\",\"limit\":1000} is now {\"limit\":1}";
    finds(rest(), Changed, tier, |new| at(new, "/get/x-qlik-tier", json!({"limit": 1})));
    finds(rest(), Breaking, "the query parameter `limit` of `getItem` (GET /items/{id}) is now required", |new| {
        new["components"]["parameters"]["Limit"]["required"] = true.into();
    });
    finds(rest(), Changed, "the query parameter `limit` of `getItem` (GET /items/{id}): default 10 is now 20", |new| {
        new["components"]["parameters"]["Limit"]["schema"]["default"] = 20.into();
    });
    finds(rest(), Breaking, "the body of `updateItem` (PUT /items/{id}) is now required", |new| {
        at(new, "/put/requestBody/required", true.into());
    });
    finds(rest(), Added, "application/xml as the body of `updateItem` (PUT /items/{id})", |new| {
        at(new, "/put/requestBody/content/application~1xml", Value::Null);
        let content = &mut new["paths"]["/items/{id}"]["put"]["requestBody"]["content"];
        *content = json!({"application/json": content["application/json"], "application/xml": {}});
    });
    finds(rest(), Breaking, "the answer 200 of `getItem` (GET /items/{id}) is now `User`; it was `Item`", |new| {
        at(
            new,
            "/get/responses/200",
            json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}),
        );
    });
}

#[test]
fn an_operation_that_moved_is_still_the_same() {
    finds(rest(), Kind::Changed, "`getItem` (GET /items/{id}) is now GET /v2/items/{id}", |new| {
        let get = new["paths"]["/items/{id}"].as_object_mut().and_then(|path| path.remove("get")).expect("get");
        new["paths"]["/v2/items/{id}"] = json!({"get": get});
    });
}

#[test]
fn schemas() {
    use Kind::{Added, Breaking, Removed};
    let item =
        |new: &mut Value, name: &str, schema: Value| new["components"]["schemas"]["Item"]["properties"][name] = schema;
    finds(rest(), Breaking, "`Item.size` is now a string; it was an integer (int32)", |new| {
        item(new, "size", json!({"type": "string"}))
    });
    finds(rest(), Breaking, "an element of `Item.tags` is now an integer; it was a string", |new| {
        item(new, "tags", json!({"type": "array", "items": {"type": "integer"}}));
    });
    finds(rest(), Breaking, "`Item.id` may now be null", |new| {
        item(new, "id", json!({"type": "string", "nullable": true}))
    });
    finds(rest(), Added, "the value \"link\" of `Item.kind`", |new| {
        item(new, "kind", json!({"type": "string", "enum": ["app", "note", "link"]}));
    });
    finds(rest(), Removed, "the value \"note\" of `Item.kind`", |new| {
        item(new, "kind", json!({"type": "string", "enum": ["app"]}))
    });
    finds(rest(), Added, "`Item.description`", |new| item(new, "description", json!({"type": "string"})));
    finds(rest(), Removed, "`Item.size`", |new| {
        new["components"]["schemas"]["Item"]["properties"].as_object_mut().expect("properties").remove("size");
    });
    finds(rest(), Breaking, "`Item.size` is now required", |new| {
        new["components"]["schemas"]["Item"]["required"] = json!(["id", "size"]);
    });
    finds(rest(), Breaking, "`Item.owner` has a new alternative: `Item`", |new| {
        item(
            new,
            "owner",
            json!({"oneOf": [{"$ref": "#/components/schemas/User"}, {"$ref": "#/components/schemas/Item"}]}),
        );
    });
    finds(rest(), Added, "the type `More`", |new| new["components"]["schemas"]["More"] = json!({}));
}

#[test]
fn the_engine() {
    use Kind::{Added, Breaking, Changed, Removed};
    finds(engine(), Changed, "the Engine: version \"12.1.0\" is now \"12.2.0\"", |new| {
        new["info"]["version"] = "12.2.0".into()
    });
    finds(engine(), Removed, "the method `Doc.GetField`", |new| new["methods"] = json!([]));
    finds(engine(), Added, "the parameter `qMode` of `Doc.GetField`", |new| {
        let parameter = json!({"name": "qMode", "schema": {"type": "string"}});
        new["methods"][0]["params"].as_array_mut().expect("params").push(parameter);
    });
    finds(engine(), Breaking, "`qReturn` of the result of `Doc.GetField` is now a string; it was a boolean", |new| {
        new["methods"][0]["result"]["schema"]["properties"]["qReturn"]["type"] = "string".into();
    });
    finds(engine(), Added, "the value \"R\" of `Kind`", |new| {
        let constant = json!({"title": "R", "x-qlik-const": 1});
        new["components"]["schemas"]["Kind"]["oneOf"].as_array_mut().expect("constants").push(constant);
    });
    finds(engine(), Breaking, "the error `LOCERR_X` is now -2; it was -1", |new| {
        new["components"]["errors"]["LOCERR_X"]["code"] = (-2).into();
    });
}

#[test]
fn a_changelog_of_folders() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, document: &Value| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, document.to_string()).expect("a file");
    };
    let mut changed = rest();
    changed["components"]["schemas"]["More"] = json!({});
    changed["paths"]["/items/{id}"]["get"]["deprecated"] = true.into();
    write("old/rest/items.json", &rest());
    write("old/rest/gone.json", &rest());
    write("old/engine/qix.json", &engine());
    write("new/rest/items.json", &changed);
    write("new/rest/new.json", &rest());
    write("new/engine/qix.json", &engine());
    let changes = diff(&folder.path().join("old"), &folder.path().join("new")).expect("good folders");
    let expected = "\
## gone

### Removed

- the whole API

## items

### Deprecated

- `getItem` (GET /items/{id}) is deprecated

### Added

- the type `More`

## new

### Added

- the whole API: 2 operations

1 removed, 0 breaking, 1 deprecated, 2 added, 0 changed
";
    assert_eq!(changes.to_string(), expected);
}

#[test]
fn bad_input() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.json");
    std::fs::write(&file, "{}").expect("a file");
    for (old, new, words) in [
        (file.as_path(), folder.path(), "one side is a folder"),
        (folder.path(), folder.path(), "no descriptions in it"),
        (file.as_path(), file.as_path(), "neither an OpenAPI nor an OpenRPC document"),
        (Path::new("gone.json"), file.as_path(), "there is no such file"),
    ] {
        let errors = diff(old, new).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(words)), "{words} in {errors:?}");
    }
}
