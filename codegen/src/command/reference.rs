//! `reference`: progenitor's own builder clients of the normalized descriptions, to measure our code against.

use std::path::PathBuf;

use clap::Args;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use qlik_codegen::diagnostic::{Diagnostic, Diagnostics};
use qlik_codegen::emit::File;
use qlik_codegen::normalize::{VERBS, normalize};
use qlik_codegen::{Input, write};
use serde_json::{Map, Value, json};

/// What `reference` takes.
#[derive(Debug, Args)]
pub(crate) struct Reference {
    /// Where to write the crate
    #[arg(long)]
    out: PathBuf,
    /// The folder of descriptions
    #[arg(long, default_value = "specs")]
    specs: PathBuf,
}

const MANIFEST: &str = r#"[package]
name = "reference"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
bytes = "1"
chrono = { version = "0.4", features = ["serde"] }
futures-core = "0.3"
progenitor-client = "0.15.1"
reqwest = { version = "0.13.4", default-features = false, features = ["json", "query", "form", "stream"] }
regress = "0.12"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
serde_urlencoded = "0.7"
uuid = { version = "1", features = ["serde"] }

[profile.dev]
debug = "line-tables-only"
"#;

pub(crate) fn run(reference: Reference) -> Result<(), Diagnostics> {
    let input = Input::new(&reference.specs);
    let overlays = input.overlays()?;
    let mut index = String::from("#![allow(warnings)]\n");
    let mut files = vec![File { path: "Cargo.toml".to_owned(), text: MANIFEST.to_owned() }];
    for name in input.apis()? {
        let loaded = input.load(&format!("rest/{name}"), &overlays)?;
        let mut value = normalize(&loaded.document)?.value;
        for_progenitor(&mut value);
        let fail = |message: String| {
            vec![loaded.document.at("", message, "the reference leaves out what progenitor cannot read; extend it")]
        };
        let openapi: openapiv3::OpenAPI = serde_json::from_value(value).map_err(|error| fail(error.to_string()))?;
        let mut settings = GenerationSettings::default();
        settings.with_interface(InterfaceStyle::Builder);
        let tokens = Generator::new(&settings).generate_tokens(&openapi).map_err(|error| fail(error.to_string()))?;
        let parsed = syn::parse2::<syn::File>(tokens).map_err(|error| fail(error.to_string()))?;
        let module = name.replace('-', "_");
        index.push_str(&format!("pub mod {module};\n"));
        files.push(File { path: format!("src/{module}.rs"), text: prettyplease::unparse(&parsed) });
    }
    files.push(File { path: "src/lib.rs".to_owned(), text: index });
    write::write(&reference.out, &files).map_err(|error| {
        vec![Diagnostic::of_file(
            reference.out.display().to_string(),
            error.to_string(),
            "choose a folder that can be written",
        )]
    })
}

/// What is left of the normalized document that progenitor's operations can read: one JSON or byte body, no form of parts.
fn for_progenitor(root: &mut Value) {
    let Some(members) = root.as_object_mut() else { return };
    members.retain(|key, _| matches!(key.as_str(), "openapi" | "info" | "paths" | "components"));
    for item in members.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let Some(item) = item.as_object_mut() else { continue };
        for (_, operation) in item.iter_mut().filter(|(key, _)| VERBS.contains(&key.as_str())) {
            let Some(operation) = operation.as_object_mut() else { continue };
            if operation.get("x-qlik-answer").and_then(Value::as_str).is_some_and(|kind| kind.contains('/')) {
                operation.insert(
                    "responses".to_owned(),
                    json!({ "200": { "description": "OK", "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } } } }),
                );
            }
            body(operation);
            parameters(operation);
        }
    }
    strip(root);
}

fn body(operation: &mut Map<String, Value>) {
    let Some(Value::Object(content)) =
        operation.remove("requestBody").and_then(|mut body| body.get_mut("content").map(Value::take))
    else {
        return;
    };
    let Some((media, details)) = content.into_iter().find(|(media, _)| media != "multipart/form-data") else { return };
    let content = match details.get("schema") {
        Some(schema) if media.ends_with("json") => json!({ "application/json": { "schema": schema } }),
        _ => json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }),
    };
    operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
}

/// Lists in a path are sent joined.
fn parameters(operation: &mut Map<String, Value>) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter["in"] == "path" {
            parameter["schema"] = json!({ "type": "string" });
        }
    }
}

/// Drops our own members, and the enums whose values progenitor cannot tell apart.
fn strip(node: &mut Value) {
    match node {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").cloned() {
                members.clear();
                members.insert("$ref".to_owned(), reference);
                return;
            }
            members.retain(|key, _| !key.starts_with("x-"));
            let signs = |value: &Value| {
                value.as_str().is_none_or(|text| !text.starts_with(|c: char| c.is_ascii_alphanumeric()))
            };
            if members.get("enum").and_then(Value::as_array).is_some_and(|values| values.iter().any(signs)) {
                members.remove("enum");
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
