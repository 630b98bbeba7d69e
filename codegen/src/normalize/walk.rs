//! Ways through a description: its schemas, its references, its operations.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The HTTP methods an OpenAPI path item may have.
pub const VERBS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The node that a local reference points to.
pub(crate) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// The node itself, or the one that its `$ref` (or a chain of them) leads to.
pub(crate) fn follow<'a>(root: &'a Value, mut node: &'a Value) -> &'a Value {
    // Validation has seen every reference lead somewhere; the bound guards against circles all the same.
    for _ in 0..64 {
        match node.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(root, reference)) {
            Some(target) => node = target,
            None => break,
        }
    }
    node
}

/// The name of the component schema that a reference means.
pub(crate) fn component_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// A reference to a component schema.
pub(crate) fn reference_to(name: &str) -> Value {
    serde_json::json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The component schemas.
pub(crate) fn schemas_mut(root: &mut Value) -> Option<&mut Map<String, Value>> {
    root.pointer_mut("/components/schemas")?.as_object_mut()
}

/// Calls `visit` on each operation.
pub(crate) fn each_operation(root: &mut Value, mut visit: impl FnMut(&str, &str, &mut Map<String, Value>)) {
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths {
        let Some(item) = item.as_object_mut() else { continue };
        for (verb, operation) in item.iter_mut().filter(|(key, _)| VERBS.contains(&key.as_str())) {
            if let Some(operation) = operation.as_object_mut() {
                visit(path, verb, operation);
            }
        }
    }
}

/// The schemas directly below a schema: members, items, map values, branches.
pub(crate) fn children(schema: &mut Value) -> Vec<&mut Value> {
    let Some(schema) = schema.as_object_mut() else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in schema {
        match (key.as_str(), value) {
            ("properties", Value::Object(members)) => found.extend(members.values_mut()),
            ("items" | "additionalProperties" | "not", child @ Value::Object(_)) => found.push(child),
            ("allOf" | "oneOf" | "anyOf", Value::Array(branches)) => found.extend(branches),
            _ => {}
        }
    }
    found
}

/// Calls `visit` on a schema and all below it, the inner ones first.
pub(crate) fn each_below(schema: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    for child in children(schema) {
        each_below(child, visit);
    }
    visit(schema);
}

/// The places of a document where a schema may stand: components, parameters, bodies, responses, headers.
pub(crate) fn roots(root: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    let Some(root) = root.as_object_mut() else { return found };
    for (key, part) in root {
        match key.as_str() {
            "components" => {
                for (kind, entries) in part.as_object_mut().into_iter().flatten() {
                    for entry in entries.as_object_mut().into_iter().flat_map(|entries| entries.values_mut()) {
                        if kind == "schemas" { found.push(entry) } else { in_use(entry, &mut found) }
                    }
                }
            }
            "paths" => in_use(part, &mut found),
            _ => {}
        }
    }
    found
}

/// Outside of components, whatever is called `schema` is one.
pub(crate) fn in_use<'a>(node: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match node {
        Value::Object(members) => {
            for (key, value) in members {
                match key.as_str() {
                    "schema" | "parts" if value.is_object() => found.push(value),
                    "example" | "examples" => {}
                    _ => in_use(value, found),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_use(item, found)),
        _ => {}
    }
}

/// Calls `visit` on every schema of the document, the inner ones first.
pub(crate) fn each_schema(root: &mut Value, mut visit: impl FnMut(&mut Value)) {
    for schema in roots(root) {
        each_below(schema, &mut visit);
    }
}

/// The components among `open`, and all that these lead to.
pub(crate) fn reach(components: &mut Map<String, Value>, mut open: Vec<String>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = components.get_mut(&name)
            && reached.insert(name)
        {
            each_below(schema, &mut |schema| open.extend(component_of(schema).map(str::to_owned)));
        }
    }
    reached
}
