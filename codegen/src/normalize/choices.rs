//! Enums and unions: what offers a choice is either a list of texts or a union of types.

use serde_json::{Map, Value, json};

use super::walk::{each_schema, follow};

pub(super) fn choose(root: &mut Value) {
    let original = root.clone();
    each_schema(root, |schema| {
        if let Some(schema) = schema.as_object_mut() {
            alternatives(schema, &original);
            enumeration(schema);
            patch_value(schema);
        }
    });
}

/// `oneOf` and `anyOf`, told alike: a reader tries each type and keeps what fits none.
fn alternatives(schema: &mut Map<String, Value>, original: &Value) {
    let branches = match (schema.remove("oneOf"), schema.remove("anyOf")) {
        (Some(Value::Array(one)), Some(Value::Array(any))) => [one, any].concat(),
        (Some(Value::Array(branches)), _) | (_, Some(Value::Array(branches))) => branches,
        _ => return,
    };
    // Branches that only demand members say which must be present together: nothing a type can tell.
    let mut branches: Vec<Value> = branches.into_iter().filter(|branch| !only_demands(branch)).collect();
    if branches.is_empty() {
        return;
    }
    if let Some(titles) = titled_constants(&branches) {
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), titles);
        return;
    }
    if schema.get("properties").is_some() {
        gather(schema, &branches, original);
    } else if branches.len() == 1 {
        if let Value::Object(only) = branches.remove(0) {
            schema.extend(only);
        }
    } else {
        schema.remove("type");
        schema.insert("oneOf".to_owned(), Value::Array(branches));
    }
}

pub(super) fn only_demands(branch: &Value) -> bool {
    branch.as_object().is_some_and(|branch| {
        branch.contains_key("required")
            && branch.keys().all(|key| matches!(key.as_str(), "required" | "title" | "description"))
    })
}

/// Constants told by a title each, as the Engine's schema and parts of REST do.
fn titled_constants(branches: &[Value]) -> Option<Value> {
    let title = |branch: &Value| {
        branch.get("x-qlik-const")?;
        branch.get("title").filter(|title| title.is_string()).cloned()
    };
    branches.iter().map(title).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// Members of its own beside alternatives: one record with the members of all, those of the alternatives optional.
fn gather(schema: &mut Map<String, Value>, branches: &[Value], original: &Value) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    for branch in branches {
        let branch = follow(original, branch);
        for (name, member) in branch.get("properties").and_then(Value::as_object).into_iter().flatten() {
            members.entry(name).or_insert_with(|| member.clone());
        }
    }
}

/// Only texts become an enum; listed numbers and booleans stay what they are.
fn enumeration(schema: &mut Map<String, Value>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else {
        schema.remove("enum");
        return;
    };
    let null = values.iter().any(Value::is_null);
    let textual = schema.get("type").is_none_or(|ty| ty == "string");
    let mut texts: Vec<Value> = Vec::new();
    for value in values {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => continue,
        };
        if !texts.iter().any(|known| *known == text.as_str()) {
            texts.push(text.into());
        }
    }
    if null {
        schema.insert("nullable".to_owned(), true.into());
    }
    if textual && !texts.is_empty() {
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), Value::Array(texts));
    } else {
        schema.remove("enum");
    }
}

/// A JSON patch sets members of every kind, whatever a description says of its `value`.
fn patch_value(schema: &mut Map<String, Value>) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    if members.contains_key("op") && members.contains_key("path") && members.contains_key("value") {
        let description = members["value"].get("description").cloned();
        members["value"] = match description {
            Some(description) => json!({ "description": description }),
            None => json!({}),
        };
    }
}
