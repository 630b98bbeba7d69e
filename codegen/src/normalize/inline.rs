//! Parameters, bodies, responses and headers move to where they are used; so do references into a component's inside.

use serde_json::{Map, Value};

use super::walk::{VERBS, children, follow, resolve, roots};

pub(super) fn inline(root: &mut Value) {
    let original = root.clone();
    inside_schemas(root, &original);
    let original = root.clone();
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        let shared = item.shift_remove("parameters");
        for (_, operation) in item.iter_mut().filter(|(key, _)| VERBS.contains(&key.as_str())) {
            if let Some(operation) = operation.as_object_mut() {
                of_operation(operation, shared.as_ref(), &original);
            }
        }
    }
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        components.retain(|kind, _| kind == "schemas");
    }
}

fn of_operation(operation: &mut Map<String, Value>, shared: Option<&Value>, original: &Value) {
    let own: Vec<Value> = list(operation.get("parameters"), original);
    let key = |parameter: &Value| (parameter.get("name").cloned(), parameter.get("in").cloned());
    let mut all: Vec<Value> = list(shared, original);
    all.retain(|outer| !own.iter().any(|inner| key(inner) == key(outer)));
    all.extend(own);
    operation.insert("parameters".to_owned(), Value::Array(all));

    if let Some(body) = operation.get_mut("requestBody") {
        *body = follow(original, body).clone();
    }
    for response in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
    {
        *response = follow(original, response).clone();
        for header in response.get_mut("headers").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            *header = follow(original, header).clone();
        }
    }
}

fn list(parameters: Option<&Value>, original: &Value) -> Vec<Value> {
    let parameters = parameters.and_then(Value::as_array).into_iter().flatten();
    parameters.map(|parameter| follow(original, parameter).clone()).collect()
}

/// `#/components/schemas/Role/properties/id` has no type to be: its target is copied. A whole component keeps its reference.
fn inside_schemas(root: &mut Value, original: &Value) {
    for schema in roots(root) {
        copy_targets(schema, original, &mut Vec::new());
    }
}

/// `open` holds the references that the schema was copied for: one that leads back into itself says nothing in the end.
fn copy_targets(schema: &mut Value, original: &Value, open: &mut Vec<String>) {
    let reference =
        schema.get("$ref").and_then(Value::as_str).filter(|reference| !is_whole(reference)).map(str::to_owned);
    if let Some(reference) = reference {
        *schema = match resolve(original, &reference) {
            Some(target) if !open.contains(&reference) => target.clone(),
            _ => Value::Object(Map::new()),
        };
        open.push(reference);
        copy_targets(schema, original, open);
        open.pop();
    } else {
        children(schema).into_iter().for_each(|child| copy_targets(child, original, open));
    }
}

/// Whether the reference means a component rather than a part of one.
fn is_whole(reference: &str) -> bool {
    reference.strip_prefix("#/components/schemas/").is_some_and(|name| !name.contains('/'))
}
