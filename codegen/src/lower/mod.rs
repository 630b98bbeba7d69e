//! From normal form to the model: names, types and operations as they will be emitted.

mod circles;
mod engine;
mod operations;
mod pages;
mod space;
mod types;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::model::Api;
use crate::normalize::Normalized;
use crate::source::Document;

pub use engine::engine;

/// Lowers a REST description.
pub fn api(name: &str, document: &Document, normalized: &Normalized) -> Result<Api, Vec<Diagnostic>> {
    let root = &normalized.value;
    let types = types::types(document, root)?;
    let operations = operations::operations(root, &types);
    let pages = pages::pages(root, &operations, &types);
    let summary = root.pointer("/info/description").and_then(Value::as_str).unwrap_or_default();
    let summary = summary.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    Ok(Api { name: name.to_owned(), summary: summary.to_owned(), operations, types, pages })
}

/// A node's words, a line each: our wording, or Qlik's where a user brings documents that still carry it.
fn docs(node: &Value) -> Vec<String> {
    let text = |key: &str| node.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let (summary, description) = (text("summary"), text("description").filter(|text| Some(*text) != text_of(node)));
    let mut lines: Vec<String> = summary.into_iter().flat_map(str::lines).map(str::to_owned).collect();
    if !lines.is_empty() && description.is_some() {
        lines.push(String::new());
    }
    lines.extend(description.into_iter().flat_map(str::lines).map(str::to_owned));
    lines
}

fn text_of(node: &Value) -> Option<&str> {
    node.get("summary").and_then(Value::as_str).map(str::trim)
}
