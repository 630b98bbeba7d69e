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

/// Whether a node is to be used no longer.
fn is_deprecated(node: &Value) -> bool {
    ["deprecated", "x-qlik-deprecated"].iter().any(|key| match node.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    })
}

/// Why a node is to be used no longer: what is known of when it goes and what takes its place.
fn deprecation(node: &Value) -> Option<String> {
    if !is_deprecated(node) {
        return None;
    }
    let text = |key: &str| node.get(key).and_then(Value::as_str);
    let replaced = node.get("x-qlik-replaced-by").and_then(Value::as_array).into_iter().flatten();
    let replaced: Vec<String> = replaced
        .filter_map(|by| by.get("uniqueIdentifier").and_then(Value::as_str)?.split_once(':'))
        .map(|(verb, path)| format!("`{verb} {path}`"))
        .collect();
    let mut note = "deprecated by Qlik".to_owned();
    if let Some(since) = text("x-qlik-deprecated-version") {
        note.push_str(&format!(" in {since}"));
    }
    if let Some(sunset) = text("x-qlik-deprecated-sunset") {
        note.push_str(&format!(", to be removed in {sunset}"));
    }
    if !replaced.is_empty() {
        note.push_str(&format!("; use {}", replaced.join(" or ")));
    }
    Some(note)
}

/// Rust code that shows a call, from an overlay.
fn example(node: &Value) -> Option<String> {
    node.get("x-qlik-example").and_then(Value::as_str).map(|code| code.trim_end().to_owned())
}

fn text_of(node: &Value) -> Option<&str> {
    node.get("summary").and_then(Value::as_str).map(str::trim)
}
