//! Imports the Engine's description: checks that it is OpenRPC, keeps its facts.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::facts::{Facts, facts, kind};
use super::openrpc;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Document;

/// The Engine's description, imported.
pub(super) struct Imported {
    pub(super) value: Value,
    pub(super) version: String,
    pub(super) methods: usize,
    pub(super) schemas: usize,
    /// Properties of all schemas.
    pub(super) properties: usize,
    /// Error codes.
    pub(super) errors: usize,
    pub(super) unknown: Diagnostics,
}

/// Imports `document`.
pub(super) fn import(document: &Document) -> Result<Imported, Diagnostics> {
    check_version(document).map_err(|error| vec![error])?;
    let Facts { value, unknown } = facts(document, &openrpc::DOCUMENT)?;
    let wrong = names_twice(document, &value);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let components = |kind: &str| value.pointer(&format!("/components/{kind}")).and_then(Value::as_object);
    let schemas = components("schemas");
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).map_or(0, Map::len);
    let errors = components("errors").into_iter().flat_map(Map::values);
    Ok(Imported {
        version: value.pointer("/info/version").and_then(Value::as_str).unwrap_or_default().to_owned(),
        methods: methods(&value).len(),
        schemas: schemas.map_or(0, Map::len),
        properties: schemas.into_iter().flat_map(Map::values).map(properties).sum(),
        errors: errors.filter(|error| error.get("code").is_some()).count(),
        value,
        unknown,
    })
}

fn check_version(document: &Document) -> Result<(), Diagnostic> {
    const HELP: &str = "the Engine's OpenRPC document in JSON is expected";
    let Some(root) = document.value.as_object() else {
        let message = format!("not an OpenRPC document: it is {}", kind(&document.value));
        return Err(document.at("", message, HELP));
    };
    if root.contains_key("openapi") {
        let message = "this is an OpenAPI document; only OpenRPC is read here";
        return Err(document.at("/openapi", message, "use `import rest` for the description of a REST API"));
    }
    match root.get("openrpc") {
        None => Err(document.at("", "not an OpenRPC document: it has no member `openrpc`", HELP)),
        Some(Value::String(version)) if version.starts_with("1.") => Ok(()),
        Some(other) => {
            Err(document.at("/openrpc", format!("the version of OpenRPC is {other}; only 1.x is read"), HELP))
        }
    }
}

fn methods(value: &Value) -> &[Value] {
    value.get("methods").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn names_twice(document: &Document, value: &Value) -> Diagnostics {
    let mut wrong = twice(document, methods(value), "/methods");
    for (index, method) in methods(value).iter().enumerate() {
        let parameters = method.get("params").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        wrong.extend(twice(document, parameters, &format!("/methods/{index}/params")));
    }
    wrong
}

fn twice(document: &Document, nodes: &[Value], pointer: &str) -> Diagnostics {
    let mut seen = BTreeSet::new();
    let names = nodes.iter().enumerate().filter_map(|(index, node)| Some((index, node.get("name")?.as_str()?)));
    let repeated = names.filter(|(_, name)| !seen.insert(*name));
    let wrong = repeated.map(|(index, name)| {
        document.at(&format!("{pointer}/{index}/name"), format!("`{name}` stands twice"), "keep one of the two")
    });
    wrong.collect()
}
