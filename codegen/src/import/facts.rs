//! Walks a description along its grammar and keeps the facts of it.

use serde_json::{Map, Value};

use super::reason::Reasons;
use super::shape::{CONSTANT, Rule, Shape};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Document, pointer_step};

/// The facts of a document, and what the walk has to say about it.
pub(super) struct Facts {
    /// The document without prose.
    pub(super) value: Value,
    /// Members that the grammar does not know; they stay in `value`.
    pub(super) unknown: Diagnostics,
}

/// Keeps the facts of `document`, whose root is a `root`.
pub(super) fn facts(document: &Document, root: &'static Shape) -> Result<Facts, Diagnostics> {
    let mut walk = Walk {
        document,
        reasons: Reasons::of(&document.value),
        at: String::new(),
        errors: Vec::new(),
        unknown: Vec::new(),
    };
    let value = walk.node(root, &document.value);
    if walk.errors.is_empty() { Ok(Facts { value, unknown: walk.unknown }) } else { Err(walk.errors) }
}

struct Walk<'a> {
    document: &'a Document,
    reasons: Reasons,
    /// The pointer of the node that the walk is at.
    at: String,
    errors: Diagnostics,
    unknown: Diagnostics,
}

impl Walk<'_> {
    fn node(&mut self, shape: &'static Shape, value: &Value) -> Value {
        let Some(object) = value.as_object() else {
            self.wrong(format!("{} must be an object, this is {}", shape.what, kind(value)), "write an object here");
            return Value::Null;
        };
        if !object.contains_key("$ref") {
            for member in shape.demands.iter().filter(|member| !object.contains_key(**member)) {
                self.wrong(
                    format!("{} must have the member `{member}`", shape.what),
                    "add it, or get a complete document",
                );
            }
        }
        let mut names: Vec<&String> = object.keys().collect();
        names.sort_by_key(|name| shape.place(name));
        let mut kept = Map::new();
        for name in names {
            if let Some(value) = object.get(name) {
                self.below(name, |walk| walk.member(shape, object, name, value, &mut kept));
            }
        }
        if let Some((name, _)) = shape.members.iter().find(|(_, rule)| matches!(rule, Rule::ReasonPhrase))
            && !object.contains_key("$ref")
        {
            let phrase = self.reasons.phrase(&self.at);
            kept.shift_insert(0, (*name).to_owned(), phrase.into());
        }
        Value::Object(kept)
    }

    fn member(
        &mut self,
        shape: &'static Shape,
        object: &Map<String, Value>,
        name: &str,
        value: &Value,
        kept: &mut Map<String, Value>,
    ) {
        let is_constant = object.contains_key(CONSTANT);
        let fact = match shape.rule(name) {
            Rule::Fact => value.clone(),
            Rule::Label if is_constant => value.clone(),
            Rule::LongName if is_constant && value.as_str().is_some_and(|name| !name.contains(char::is_whitespace)) => {
                value.clone()
            }
            Rule::ValueNames if of_numbers(object) => value.clone(),
            Rule::Prose | Rule::Hint | Rule::Label | Rule::LongName | Rule::ValueNames | Rule::ReasonPhrase => return,
            Rule::Unknown => {
                self.unknown.push(self.document.at(
                    &self.at,
                    format!("{} does not usually have `{name}`; it is kept as it is", shape.what),
                    "if it is prose or a generator's hint, say so in the import's grammar",
                ));
                value.clone()
            }
            Rule::Reference => {
                self.reference(value);
                value.clone()
            }
            Rule::References => {
                for (name, target) in value.as_object().into_iter().flatten() {
                    if target.as_str().is_some_and(|target| target.contains('#')) {
                        self.below(name, |walk| walk.reference(target));
                    }
                }
                value.clone()
            }
            Rule::Means(other) => {
                if !object.contains_key(other) {
                    kept.insert(other.to_owned(), value.clone());
                }
                return;
            }
            Rule::Always(word) => word.into(),
            Rule::Node(shape) => self.node(shape, value),
            Rule::NodeOrFlag(_) if value.is_boolean() => value.clone(),
            Rule::NodeOrFlag(shape) => self.node(shape, value),
            Rule::Members(shape) => self.nodes_by_name(shape, value, false),
            Rule::Sorted(shape) => self.nodes_by_name(shape, value, true),
            Rule::List(shape) => self.list(shape, value),
            Rule::Names => match value.as_object() {
                Some(names) => names.keys().map(|name| (name.clone(), Value::from(""))).collect(),
                None => value.clone(),
            },
        };
        kept.insert(name.to_owned(), fact);
    }

    fn nodes_by_name(&mut self, shape: &'static Shape, value: &Value, sorted: bool) -> Value {
        let Some(object) = value.as_object() else {
            self.wrong(format!("an object of names was expected, this is {}", kind(value)), "write an object here");
            return Value::Null;
        };
        let mut nodes: Vec<(&String, &Value)> = object.iter().collect();
        if sorted {
            nodes.sort_by_key(|(name, _)| *name);
        }
        let nodes =
            nodes.into_iter().map(|(name, node)| (name.clone(), self.below(name, |walk| walk.node(shape, node))));
        Value::Object(nodes.collect())
    }

    fn list(&mut self, shape: &'static Shape, value: &Value) -> Value {
        let Some(array) = value.as_array() else {
            self.wrong(format!("a list was expected, this is {}", kind(value)), "write a list here");
            return Value::Null;
        };
        let nodes = array.iter().enumerate();
        nodes.map(|(index, node)| self.below(&index.to_string(), |walk| walk.node(shape, node))).collect()
    }

    fn reference(&mut self, value: &Value) {
        let Some(reference) = value.as_str() else {
            self.wrong(format!("a $ref must be a string, this is {}", kind(value)), "write \"#/components/…\"");
            return;
        };
        if let Err((message, help)) = super::reference::check(&self.document.value, reference) {
            self.wrong(message, help);
        }
    }

    fn below<T>(&mut self, step: &str, then: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(&pointer_step(step));
        let result = then(self);
        self.at.truncate(length);
        result
    }

    fn wrong(&mut self, message: String, help: &str) {
        let diagnostic: Diagnostic = self.document.at(&self.at, message, help);
        self.errors.push(diagnostic);
    }
}

fn of_numbers(schema: &Map<String, Value>) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    values.is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_number))
}

/// What a value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
