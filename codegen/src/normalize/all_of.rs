//! `allOf` becomes one schema: a lone reference stays a reference, several objects become their union of members.

use serde_json::{Map, Value};

use super::walk::{component_of, each_schema, follow};

pub(super) fn merge(root: &mut Value) {
    let original = root.clone();
    each_schema(root, |schema| {
        if schema.get("allOf").is_some() {
            *schema = merged(schema, &original, 0);
        }
    });
}

fn merged(schema: &Value, original: &Value, depth: usize) -> Value {
    let Some(Value::Array(branches)) = schema.get("allOf") else { return schema.clone() };
    let mut rest = schema.as_object().cloned().unwrap_or_default();
    rest.remove("allOf");
    let has_members = ["properties", "oneOf", "anyOf", "required"].iter().any(|key| rest.contains_key(*key));
    // Empty branches, or ones that only carry words, add nothing.
    let mut telling = branches.iter().filter(|branch| {
        branch
            .as_object()
            .is_some_and(|b| b.keys().any(|k| !matches!(k.as_str(), "description" | "title" | "nullable")))
    });
    if let (Some(only), None, false) = (telling.next(), telling.next(), has_members)
        && component_of(only).is_some()
    {
        let mut reference = only.as_object().cloned().unwrap_or_default();
        reference.extend(rest.into_iter().filter(|(key, _)| key != "type"));
        return Value::Object(reference);
    }

    let mut into = Map::new();
    // Validation refuses circles; the bound keeps a missed one from running away.
    if depth < 32 {
        for branch in branches {
            let whole = merged(follow(original, branch), original, depth + 1);
            add(&mut into, whole);
        }
    }
    // What is made of named things has a name of its own, or none.
    into.remove("x-qlik-name");
    add(&mut into, Value::Object(rest));
    Value::Object(into)
}

/// Adds a schema's keywords to another's: members and demands add up, the later of two other keywords counts.
fn add(into: &mut Map<String, Value>, schema: Value) {
    let Value::Object(schema) = schema else { return };
    for (key, value) in schema {
        match (key.as_str(), into.get_mut(&key), value) {
            ("properties", Some(Value::Object(members)), Value::Object(more)) => members.extend(more),
            ("required", Some(Value::Array(names)), Value::Array(more)) => {
                names.extend(more);
            }
            (_, _, value) => {
                into.insert(key, value);
            }
        }
    }
}
