//! How much of the descriptions is worded: every operation, parameter, schema and property is looked at, in the
//! documents as they are after the overlays.

use std::fmt;

use qlik_codegen::normalize::VERBS;
use serde_json::Value;

/// Nodes of a kind, and those of them without words.
#[derive(Debug, Default, Clone)]
pub(super) struct Share {
    pub(super) all: usize,
    /// JSON pointers of nodes that say nothing of themselves.
    pub(super) silent: Vec<String>,
}

/// What is worded of one description.
#[derive(Debug, Default, Clone)]
pub(super) struct Words {
    /// Operations, or methods.
    pub(super) calls: Share,
    pub(super) parameters: Share,
    /// Schemas: those of a description's components.
    pub(super) schemas: Share,
    /// Members of schemas, and what methods give.
    pub(super) properties: Share,
}

impl Share {
    fn count(&mut self, node: &Value, pointer: &str) {
        self.all += 1;
        let words = ["summary", "description"].map(|key| node.get(key).and_then(Value::as_str).unwrap_or_default());
        if words.iter().all(|words| words.trim().is_empty()) {
            self.silent.push(pointer.to_owned());
        }
    }

    /// Whether at least that many in a hundred are worded.
    pub(super) fn reaches(&self, percent: usize) -> bool {
        (self.all - self.silent.len()) * 100 >= self.all * percent
    }

    fn add(&mut self, other: &Share) {
        self.all += other.all;
        self.silent.extend(other.silent.iter().cloned());
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worded = self.all - self.silent.len();
        // Rounded down: 100 % means all.
        let percent = (worded * 100).checked_div(self.all).unwrap_or(100);
        write!(f, "{worded} of {} ({percent} %)", self.all)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { calls, parameters, schemas, properties } = self;
        write!(f, "calls {calls}, parameters {parameters}, schemas {schemas}, properties {properties}")
    }
}

impl Words {
    /// Looks through a REST description.
    pub(super) fn of_rest(document: &Value) -> Words {
        let mut words = Words::default();
        for (path, item) in members(document, "paths") {
            for (verb, operation) in item.as_object().into_iter().flatten() {
                if !VERBS.contains(&verb.as_str()) {
                    continue;
                }
                let pointer = format!("paths.{path}.{verb}");
                words.calls.count(operation, &pointer);
                words.parameters(operation.get("parameters"), &pointer);
                let bodies = members(&operation["requestBody"], "content");
                let answers = members(operation, "responses").flat_map(|(_, answer)| members(answer, "content"));
                for (media, content) in bodies.chain(answers) {
                    words.below(&content["schema"], &format!("{pointer}.{media}"));
                }
            }
        }
        let components = &document["components"];
        for (name, parameter) in members(components, "parameters") {
            words.parameters.count(parameter, &format!("components.parameters.{name}"));
        }
        words.components(components);
        words
    }

    /// Looks through the Engine's description.
    pub(super) fn of_engine(document: &Value) -> Words {
        let mut words = Words::default();
        for method in document.get("methods").and_then(Value::as_array).into_iter().flatten() {
            let pointer = format!("methods.{}", method["name"].as_str().unwrap_or_default());
            words.calls.count(method, &pointer);
            words.parameters(method.get("params"), &pointer);
            words.below(&method["result"]["schema"], &pointer);
        }
        words.components(&document["components"]);
        words
    }

    pub(super) fn add(&mut self, other: &Words) {
        self.calls.add(&other.calls);
        self.parameters.add(&other.parameters);
        self.schemas.add(&other.schemas);
        self.properties.add(&other.properties);
    }

    fn parameters(&mut self, parameters: Option<&Value>, pointer: &str) {
        let parameters = parameters.and_then(Value::as_array).into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter.get("$ref").is_none()) {
            let name = parameter["name"].as_str().unwrap_or_default();
            self.parameters.count(parameter, &format!("{pointer}.{name}"));
        }
    }

    fn components(&mut self, components: &Value) {
        for (name, schema) in members(components, "schemas") {
            let pointer = format!("components.schemas.{name}");
            self.schemas.count(schema, &pointer);
            self.below(schema, &pointer);
        }
    }

    /// The members of a schema, at any depth.
    fn below(&mut self, schema: &Value, pointer: &str) {
        for (name, member) in members(schema, "properties") {
            let pointer = format!("{pointer}.{name}");
            self.properties.count(member, &pointer);
            self.below(member, &pointer);
        }
        for key in ["items", "additionalProperties"] {
            schema.get(key).into_iter().for_each(|inner| self.below(inner, &format!("{pointer}.{key}")));
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let branches = schema.get(key).and_then(Value::as_array).into_iter().flatten();
            for (index, branch) in branches.enumerate() {
                self.below(branch, &format!("{pointer}.{key}[{index}]"));
            }
        }
    }
}

fn members<'v>(node: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    node.get(key).and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nodes_without_words_are_found_at_any_depth() {
        let words = Words::of_rest(&json!({
            "paths": { "/x": {
                "parameters": [],
                "get": {
                    "summary": "Lists.",
                    "parameters": [{ "name": "limit" }, { "$ref": "#/components/parameters/p" }],
                    "responses": { "200": { "content": { "application/json": {
                        "schema": { "items": { "properties": { "a": { "description": " " }, "b": { "description": "B." } } } }
                    } } } }
                }
            } },
            "components": { "schemas": { "S": { "allOf": [{ "properties": { "c": {} } }] } } }
        }));
        assert_eq!((words.calls.all, words.calls.silent.len()), (1, 0));
        assert_eq!(words.parameters.silent, ["paths./x.get.limit"]);
        assert_eq!(words.schemas.silent, ["components.schemas.S"]);
        assert_eq!(
            words.properties.silent,
            ["paths./x.get.application/json.items.a", "components.schemas.S.allOf[0].c"]
        );
        assert_eq!(words.properties.to_string(), "1 of 3 (33 %)");
        assert!(words.properties.reaches(33) && !words.properties.reaches(34));
    }
}
