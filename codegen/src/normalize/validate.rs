//! Finds what no pass could make sense of, before any pass runs, so that each complaint points into the file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::choices::only_demands;
use super::walk::{VERBS, component_of, follow, resolve};
use crate::diagnostic::Diagnostic;
use crate::source::{Document, pointer_step};

const TYPES: &[&str] = &["string", "number", "integer", "boolean", "object", "array", "file"];
const STYLES: &[&str] = &["form", "simple", "spaceDelimited", "pipeDelimited", "deepObject"];

pub(super) fn validate(document: &Document) -> Result<(), Vec<Diagnostic>> {
    let mut validator = Validator { document, found: Vec::new() };
    validator.version();
    validator.operations();
    validator.node(&document.value, &mut String::new(), Place::Document);
    validator.circles();
    if validator.found.is_empty() { Ok(()) } else { Err(validator.found) }
}

struct Validator<'a> {
    document: &'a Document,
    found: Vec<Diagnostic>,
}

/// What a node is, as far as its keys mean something.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Document,
    Schema,
    /// A map whose values are schemas.
    Schemas,
    /// Anything else below a known place: examples, enums, defaults.
    Free,
}

impl Validator<'_> {
    fn complain(&mut self, pointer: &str, message: impl Into<String>, help: &str) {
        self.found.push(self.document.at(pointer, message, help));
    }

    fn version(&mut self) {
        let version = self.document.value.get("openapi").and_then(Value::as_str);
        if !version.is_some_and(|version| version.starts_with("3.0.")) {
            let message = format!("OpenAPI {} is not read", version.unwrap_or("without a version"));
            self.complain("/openapi", message, "only OpenAPI 3.0.x is; convert the document or import it again");
        }
    }

    fn operations(&mut self) {
        let Some(paths) = self.document.value.get("paths").and_then(Value::as_object) else {
            self.complain("", "there are no `paths`", "a REST description lists its operations under `paths`");
            return;
        };
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for (path, item) in paths {
            let at = format!("/paths/{}", pointer_step(path));
            if !path.starts_with('/') {
                self.complain(&at, format!("the path `{path}` does not start with a slash"), "write it as `/api/v1/…`");
            }
            if path.matches('{').count() != path.matches('}').count() {
                self.complain(&at, format!("the path `{path}` has an unclosed `{{`"), "close each `{name}`");
            }
            if item.get("$ref").is_some() {
                self.complain(&at, "a path that is a reference is not read", "write its operations here");
            }
            for (verb, operation) in
                item.as_object().into_iter().flatten().filter(|(key, _)| VERBS.contains(&key.as_str()))
            {
                let at = format!("{at}/{verb}");
                let Some(operation) = operation.as_object() else {
                    self.complain(&at, "an operation has to be an object", "describe it, or remove it");
                    continue;
                };
                match operation.get("operationId").and_then(Value::as_str) {
                    None | Some("") => self.complain(
                        &at,
                        "the operation has no `operationId`",
                        "import names every operation; run it on this document",
                    ),
                    Some(id) => {
                        if let Some(first) = seen.insert(id, at.clone()) {
                            let message = format!("the operation `{id}` is described twice, first at #{first}");
                            self.complain(&at, message, "give one of them another operationId, by an overlay in `fixes/` if the file is imported");
                        }
                    }
                }
                if !operation.get("responses").is_some_and(Value::is_object) {
                    self.complain(&at, "the operation has no `responses`", "describe at least its success");
                }
            }
        }
    }

    fn node(&mut self, node: &Value, pointer: &mut String, place: Place) {
        match node {
            Value::Object(members) => {
                if place == Place::Schema {
                    self.schema(members, pointer);
                }
                if matches!(place, Place::Document | Place::Schema) {
                    self.reference(node, pointer, place);
                }
                if place == Place::Document {
                    self.parameter(members, pointer);
                }
                for (key, value) in members {
                    let inner = below(place, key, value, pointer);
                    self.step(key, value, pointer, inner);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.step(&index.to_string(), item, pointer, place);
                }
            }
            _ if place == Place::Schema => {
                self.complain(pointer, "a schema has to be an object", "write `{}` where anything is allowed");
            }
            _ => {}
        }
    }

    fn step(&mut self, key: &str, value: &Value, pointer: &mut String, place: Place) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&pointer_step(key));
        self.node(value, pointer, place);
        pointer.truncate(length);
    }

    fn reference(&mut self, node: &Value, pointer: &str, place: Place) {
        let Some(reference) = node.get("$ref").and_then(Value::as_str) else { return };
        if !reference.starts_with("#/") {
            self.complain(
                pointer,
                format!("`{reference}` points outside of the document"),
                "each document has to be whole: move the target into it",
            );
        } else if resolve(&self.document.value, reference).is_none() {
            self.complain(
                pointer,
                format!("`{reference}` points nowhere"),
                "add the target, or correct the reference by an overlay in `fixes/`",
            );
        } else if place != Place::Schema && follow(&self.document.value, node).get("$ref").is_some() {
            let help = "let the last of these references point to what is meant";
            self.complain(pointer, format!("`{reference}` leads in a circle"), help);
        }
    }

    fn schema(&mut self, members: &Map<String, Value>, pointer: &str) {
        for (key, value) in members {
            let wrong = match key.as_str() {
                "properties" if !value.is_object() => "has to be an object of schemas",
                "allOf" | "oneOf" | "anyOf" if !value.is_array() => "has to be a list of schemas",
                "items" | "additionalProperties" | "not" if value.is_array() => {
                    "has to be a schema, not a list of them"
                }
                _ => continue,
            };
            let help = "correct it by an overlay in `fixes/` if the file is imported";
            self.complain(&format!("{pointer}/{key}"), format!("`{key}` {wrong}"), help);
        }
        match members.get("type") {
            None => {}
            Some(Value::String(ty)) if TYPES.contains(&ty.as_str()) => {}
            Some(other) => {
                let message = format!("`{other}` is no type of OpenAPI 3.0");
                self.complain(
                    &format!("{pointer}/type"),
                    message,
                    "use one of string, number, integer, boolean, object, array",
                );
            }
        }
    }

    fn parameter(&mut self, members: &Map<String, Value>, pointer: &str) {
        let Some(Value::String(style)) = members.get("style") else { return };
        if members.contains_key("in") && !STYLES.contains(&style.as_str()) {
            let message = format!("the parameter style `{style}` is unknown");
            self.complain(
                &format!("{pointer}/style"),
                message,
                "use one of form, simple, spaceDelimited, pipeDelimited, deepObject",
            );
        }
    }

    /// Components that lead back to themselves by references and `allOf` alone have no content.
    fn circles(&mut self) {
        let Some(schemas) = self.document.value.pointer("/components/schemas").and_then(Value::as_object) else {
            return;
        };
        for name in schemas.keys() {
            let mut open = vec![name.as_str()];
            let mut seen = vec![];
            let mut circle = false;
            while let Some(next) = open.pop() {
                let Some(schema) = schemas.get(next) else { continue };
                for target in branches(schema).chain([schema]).filter_map(component_of) {
                    circle |= target == name;
                    if !seen.contains(&target) {
                        seen.push(target);
                        open.push(target);
                    }
                }
            }
            if circle {
                let at = format!("/components/schemas/{}", pointer_step(name));
                self.complain(
                    &at,
                    format!("the schema `{name}` is defined by itself"),
                    "break the circle of `$ref` and `allOf`",
                );
            }
        }
    }
}

/// The schemas that this one is, rather than may be or holds.
fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    let list = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let choices = ["oneOf", "anyOf"].map(|key| list(key).filter(|branch| !only_demands(branch)).collect::<Vec<_>>());
    // A choice of one is none.
    let only = choices.concat();
    let only = if only.len() == 1 { only } else { Vec::new() };
    list("allOf").chain(only)
}

/// What stands under a key.
fn below(place: Place, key: &str, value: &Value, pointer: &str) -> Place {
    match (place, key) {
        (Place::Free, _) => Place::Free,
        (Place::Schemas, _) => Place::Schema,
        (_, "example" | "examples" | "default" | "enum") => Place::Free,
        (Place::Document, "schema") => Place::Schema,
        (Place::Document, "schemas") if pointer == "/components" => Place::Schemas,
        (Place::Document, _) => Place::Document,
        (Place::Schema, "properties") => Place::Schemas,
        (Place::Schema, "items" | "not" | "allOf" | "oneOf" | "anyOf") => Place::Schema,
        (Place::Schema, "additionalProperties") if !value.is_boolean() => Place::Schema,
        (Place::Schema, _) => Place::Free,
    }
}
