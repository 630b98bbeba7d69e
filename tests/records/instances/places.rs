//! From a place in a description to the schemas that stand there.

use qlik_codegen::Input;
use serde_json::Value;

use super::shape::target;
use crate::typed::Row;

/// A body that is JSON, and nothing more is said of it.
static ANYTHING: Value = Value::Bool(true);

/// A description as it was imported, with the overlays applied.
pub(crate) fn description(input: &Input, name: &str) -> Value {
    let overlays = input.overlays().expect("the overlays are read");
    input.load(name, &overlays).expect("the description is read").document.value
}

/// The schemas of a row's place; none for a type that stands inside of others.
pub(crate) fn schemas<'d>(root: &'d Value, row: &Row) -> Vec<&'d Value> {
    match row.place.split_once(' ') {
        None if row.place == "schema" => component(root, row.part).into_iter().collect(),
        None => method(root, row).into_iter().collect(),
        Some((verb, path)) => {
            let operation = root["paths"].get(path).and_then(|item| item.get(verb.to_lowercase()));
            operation.map(|operation| at(root, operation, row.part)).unwrap_or_default()
        }
    }
}

fn component<'d>(root: &'d Value, name: &str) -> Option<&'d Value> {
    root.pointer("/components/schemas")?.get(name)
}

fn at<'d>(root: &'d Value, operation: &'d Value, part: &str) -> Vec<&'d Value> {
    match part.strip_prefix("part ") {
        None if part == "answer" => answers(root, operation),
        None => bodies(root, operation),
        Some(name) => {
            let form = follow(root, &operation["requestBody"]).pointer("/content/multipart~1form-data/schema");
            form.and_then(|form| follow(root, form).pointer("/properties")?.get(name)).into_iter().collect()
        }
    }
}

fn bodies<'d>(root: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    let content = follow(root, &operation["requestBody"]).get("content").and_then(Value::as_object);
    let content: Vec<_> = content.into_iter().flatten().collect();
    let of = |media: &str| {
        content.iter().find(|(name, _)| *name == media).map(|(_, body)| body.get("schema").unwrap_or(&ANYTHING))
    };
    // Where a patch is offered, it is what the method takes.
    let first = ["application/json-patch+json", "application/json", "*/*"].into_iter().find_map(of);
    first
        .or_else(|| {
            content.iter().find(|(name, _)| name.contains("json") || name.contains("urlencoded"))?.1.get("schema")
        })
        .into_iter()
        .collect()
}

/// What every success may answer.
pub(crate) fn answers<'d>(root: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    let responses = operation.get("responses").and_then(Value::as_object);
    let mut found: Vec<&Value> = Vec::new();
    for (status, response) in responses.into_iter().flatten().filter(|(status, _)| status.starts_with('2')) {
        let content = follow(root, response).get("content").and_then(Value::as_object);
        let json =
            content.into_iter().flatten().filter(|(media, _)| *media == "application/json" || media.ends_with("+json"));
        if !matches!(status.as_str(), "204" | "205") {
            found.extend(json.map(|(_, body)| body.get("schema").unwrap_or(&ANYTHING)));
        }
    }
    found
}

fn method<'d>(root: &'d Value, row: &Row) -> Option<&'d Value> {
    let method = root["methods"].as_array()?.iter().find(|method| method["name"] == row.place)?;
    let result = method.pointer("/result/schema");
    match row.part.split_once(' ') {
        Some(("in", name)) => method["params"].as_array()?.iter().find(|param| param["name"] == name)?.get("schema"),
        Some((_, name)) => result?.get("properties")?.get(name),
        None => result,
    }
}

fn follow<'d>(root: &'d Value, mut node: &'d Value) -> &'d Value {
    while let Some(next) = target(root, node) {
        node = next;
    }
    node
}
