//! Inline records, enums and unions become components with short names: the component they stand in, and their member.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::components::content;
use super::walk::{each_operation, reference_to, schemas_mut};
use crate::names::{Scope, pascal, type_name};

pub(super) fn hoist(root: &mut Value) {
    let components = schemas_mut(root).map(std::mem::take).unwrap_or_default();
    let mut hoist = Hoist { scope: Scope::default(), by_content: BTreeMap::new(), components: Map::new() };
    for (name, schema) in &components {
        hoist.scope.claim(name);
        if is_type(schema) {
            hoist.by_content.entry(content(schema)).or_insert_with(|| name.clone());
        }
    }
    for (name, mut schema) in components {
        // A place in the order: a type stands before those inside it.
        hoist.components.insert(name.clone(), Value::Null);
        hoist.inside(&mut schema, &name);
        hoist.components.insert(name, schema);
    }
    each_operation(root, |_, _, operation| hoist.operation(operation));
    if let Some(schemas) = schemas_mut(root) {
        *schemas = hoist.components;
    }
}

struct Hoist {
    scope: Scope,
    /// The component of that content: equal shapes within an API are one type.
    by_content: BTreeMap<String, String>,
    components: Map<String, Value>,
}

impl Hoist {
    fn operation(&mut self, operation: &mut Map<String, Value>) {
        let id = pascal(operation.get("operationId").and_then(Value::as_str).unwrap_or_default());
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = format!("{id}{}", pascal(parameter["name"].as_str().unwrap_or_default()));
            if let Some(schema) = parameter.get_mut("schema") {
                self.here(schema, &name, &name);
            }
        }
        for media in operation
            .get_mut("requestBody")
            .and_then(|body| body.get_mut("content"))
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut)
        {
            let name = format!("{id}Body");
            if let Some(schema) = media.get_mut("schema") {
                self.here(schema, &name, &name);
            }
            for (part, schema) in
                media.pointer_mut("/parts/properties").and_then(Value::as_object_mut).into_iter().flatten()
            {
                self.here(schema, &format!("{id}{}", pascal(part)), &name);
            }
        }
        if let Some(schema) =
            operation.get_mut("responses").and_then(|r| r.pointer_mut("/200/content/application~1json/schema"))
        {
            let name = format!("{id}Response");
            self.here(schema, &name, &name);
        }
    }

    /// Replaces an inline type by a reference to a component of that name; types inside it are named after `family`.
    fn here(&mut self, schema: &mut Value, name: &str, family: &str) {
        if !is_type(schema) {
            self.inside(schema, family);
            return;
        }
        let mut moved = schema.clone();
        let nullable = moved.as_object_mut().and_then(|moved| moved.remove("nullable"));
        let key = content(&moved);
        let found = self.by_content.get(&key).cloned();
        let component = found.unwrap_or_else(|| {
            let component = self.scope.claim(&type_name(name));
            self.by_content.insert(key, component.clone());
            self.components.insert(component.clone(), Value::Null);
            self.inside(&mut moved, family);
            self.components.insert(component.clone(), moved);
            component
        });
        let description = schema.get("description").cloned();
        *schema = reference_to(&component);
        if let Some(schema) = schema.as_object_mut() {
            schema.extend(nullable.map(|nullable| ("nullable".to_owned(), nullable)));
            schema.extend(description.map(|description| ("description".to_owned(), description)));
        }
    }

    /// Goes on to the schemas inside.
    fn inside(&mut self, schema: &mut Value, family: &str) {
        let Some(keywords) = schema.as_object_mut() else { return };
        for (key, value) in keywords {
            match (key.as_str(), value) {
                ("properties", Value::Object(members)) => {
                    for (name, member) in members {
                        self.here(member, &format!("{family}{}", pascal(name)), family);
                    }
                }
                ("items" | "additionalProperties", inner @ Value::Object(_)) => {
                    self.here(inner, &format!("{family}Item"), family);
                }
                ("oneOf", Value::Array(branches)) => {
                    for (index, branch) in branches.iter_mut().enumerate() {
                        self.here(branch, &format!("{family}Option{}", index + 1), family);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether the schema is a type of its own: a record, an enum, a union.
pub(crate) fn is_type(schema: &Value) -> bool {
    ["properties", "enum", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some())
}
