//! Schemas keep the keywords that shape a Rust type; limits, patterns, formats and defaults would only make reads fail.

use serde_json::{Map, Value, json};

use super::walk::each_schema;

const KEPT: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "items",
    "additionalProperties",
    "oneOf",
    "enum",
    "nullable",
    "discriminator",
    "description",
    "x-qlik-name",
    "x-qlik-deprecated",
    "x-qlik-values",
];

pub(super) fn simplify(root: &mut Value) {
    each_schema(root, |schema| match schema {
        Value::Object(keywords) => simplify_one(keywords),
        // OpenAPI 3.0 knows no boolean schemas, but `true` can only mean one thing.
        other => *other = json!({}),
    });
}

fn simplify_one(schema: &mut Map<String, Value>) {
    if schema.contains_key("$ref") {
        let kept = ["$ref", "nullable", "description", "x-qlik-name", "x-qlik-deprecated"];
        schema.retain(|key, _| kept.contains(&key.as_str()));
        return;
    }
    if matches!(schema.get("format").and_then(Value::as_str), Some("binary" | "file"))
        || schema.get("type").is_some_and(|ty| ty == "file")
    {
        // A part of a multipart body may be a file; the pass over operations wants to know.
        schema.insert("type".to_owned(), "string".into());
        schema.insert("x-qlik-file".to_owned(), true.into());
    }
    let file = schema.remove("x-qlik-file");
    schema.retain(|key, _| KEPT.contains(&key.as_str()));
    schema.extend(file.map(|file| ("x-qlik-file".to_owned(), file)));
    if !schema.contains_key("oneOf") {
        settle_type(schema);
    }
}

/// Says the type where it is only implied, and gives lists and maps an item.
fn settle_type(schema: &mut Map<String, Value>) {
    let open = schema.get("additionalProperties").is_some_and(|more| more != &Value::Bool(false));
    let implied = match schema.get("type").and_then(Value::as_str) {
        Some(ty) => Some(ty.to_owned()),
        None if schema.contains_key("properties") || open => Some("object".to_owned()),
        None if schema.contains_key("items") => Some("array".to_owned()),
        None if schema.contains_key("enum") => Some("string".to_owned()),
        None => None,
    };
    let Some(ty) = implied else {
        let kept = ["description", "nullable", "x-qlik-name", "x-qlik-deprecated"];
        schema.retain(|key, _| kept.contains(&key.as_str()));
        return;
    };
    let members = schema.get("properties").and_then(Value::as_object).is_some_and(|members| !members.is_empty());
    match ty.as_str() {
        "object" if members => {
            // Members beyond the listed ones are kept by every record.
            schema.remove("additionalProperties");
        }
        "object" => {
            schema.remove("properties");
            schema.remove("required");
            if !schema.get("additionalProperties").is_some_and(Value::is_object) {
                schema.insert("additionalProperties".to_owned(), json!({}));
            }
        }
        "array" => {
            schema.entry("items").or_insert_with(|| json!({}));
        }
        _ => {
            schema.remove("properties");
            schema.remove("items");
            schema.remove("additionalProperties");
        }
    }
    schema.insert("type".to_owned(), ty.into());
}
