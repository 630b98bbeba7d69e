//! An independent word on whether a value satisfies a schema: OpenAPI 3.0 told as JSON Schema, for the crate `jsonschema`.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::shape::constants;

/// A validator for a schema of a description.
pub(crate) fn judge(root: &Value, schema: &Value) -> Result<Validator, String> {
    let mut told = converted(schema);
    // Only the components that it leads to, for a description has hundreds.
    let mut open: Vec<String> = references(&told);
    let mut seen = BTreeSet::new();
    let mut components = Map::new();
    while let Some(name) = open.pop() {
        if let Some(component) = root.pointer(&format!("/components/schemas/{name}"))
            && seen.insert(name.clone())
        {
            let component = converted(component);
            open.extend(references(&component));
            components.insert(name, component);
        }
    }
    told["components"] = json!({ "schemas": components });
    validator(&told)
}

pub(crate) fn validator(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7);
    options.build(schema).map_err(|error| error.to_string())
}

/// The components that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match schema {
        Value::Object(members) => {
            if let Some(name) =
                schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/"))
            {
                found.extend(name.split('/').next().map(str::to_owned));
            }
            found.extend(members.values().flat_map(references));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(references)),
        _ => {}
    }
    found
}

/// OpenAPI's schema as JSON Schema's. Two things are told more widely than they stand, since reads take them: an object
/// may have members that are not listed, and a value may fit several of the types it can be one of.
fn converted(schema: &Value) -> Value {
    let Some(keywords) = schema.as_object() else { return json!({}) };
    let nullable = keywords.get("nullable") == Some(&Value::Bool(true));
    let mut told = Map::new();
    if let Some(reference) = keywords.get("$ref") {
        told.insert("$ref".to_owned(), reference.clone());
    } else {
        for (key, value) in keywords {
            let value = match (key.as_str(), value) {
                ("properties", Value::Object(members)) => {
                    Value::Object(members.iter().map(|(name, member)| (name.clone(), converted(member))).collect())
                }
                ("items", items) => converted(items),
                ("additionalProperties", more @ Value::Object(_)) if more.pointer("/anyOf/0/name").is_none() => {
                    converted(more)
                }
                ("allOf" | "anyOf", Value::Array(branches)) => branches.iter().map(converted).collect(),
                ("type", ty) if ty == "file" => "string".into(),
                ("pattern", Value::String(pattern)) => plain(pattern).into(),
                (
                    "type" | "enum" | "required" | "minimum" | "maximum" | "minLength" | "maxLength" | "minItems"
                    | "maxItems" | "uniqueItems" | "pattern" | "maxProperties",
                    value,
                ) => value.clone(),
                _ => continue,
            };
            told.insert(key.clone(), value);
        }
        if let Some(Value::Array(branches)) = keywords.get("oneOf") {
            let told_branches = match constants(branches) {
                Some(titles) => json!({ "enum": titles }),
                None => json!({ "anyOf": branches.iter().map(converted).collect::<Vec<_>>() }),
            };
            let mut all = vec![told_branches];
            if let Some(Value::Array(others)) = told.remove("allOf") {
                all.extend(others);
            }
            told.insert("allOf".to_owned(), Value::Array(all));
        }
        dynamic_members(keywords, &mut told);
    }
    let told = Value::Object(told);
    if nullable { json!({ "anyOf": [told, { "type": "null" }] }) } else { told }
}

/// A pattern without the escapes of signs that need none: the validator refuses them.
pub(crate) fn plain(pattern: &str) -> String {
    ["\"", "<", ">", "/", ":"].iter().fold(pattern.to_owned(), |plain, sign| plain.replace(&format!("\\{sign}"), sign))
}

/// The Engine lists members that only some objects have under `additionalProperties`.
fn dynamic_members(keywords: &Map<String, Value>, told: &mut Map<String, Value>) {
    let entries = keywords.get("additionalProperties").and_then(|more| more.get("anyOf")).and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        let Some(name) = entry.get("name").and_then(Value::as_str) else { continue };
        let member = converted(entry.get("schema").unwrap_or(entry));
        if let Some(members) = told.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
            members.entry(name).or_insert(member);
        }
    }
}
