//! Inline records, enums and unions become components with short names: the component they stand in, and their member.
//!
//! No name depends on how many came before it, unless a description leaves nothing else to tell two types apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::components::content;
use super::walk::{each_operation, reference_to, schemas_mut};
use crate::names::{pascal, type_name};

pub(super) fn hoist(root: &mut Value) {
    let components = schemas_mut(root).map(std::mem::take).unwrap_or_default();
    let mut hoist = Hoist { taken: BTreeSet::new(), by_content: BTreeMap::new(), components: Map::new() };
    for (name, schema) in &components {
        hoist.taken.insert(name.clone());
        if is_type(schema) {
            hoist.by_content.entry(content(schema)).or_insert_with(|| name.clone());
        }
    }
    for (name, mut schema) in components {
        // A place in the order: a type stands before those inside it.
        hoist.components.insert(name.clone(), Value::Null);
        hoist.inside(&mut schema, &Place::whole(&name));
        hoist.components.insert(name, schema);
    }
    each_operation(root, |_, _, operation| hoist.operation(operation));
    if let Some(schemas) = schemas_mut(root) {
        *schemas = hoist.components;
    }
}

struct Hoist {
    taken: BTreeSet<String>,
    /// The component of that content: equal shapes within an API are one type.
    by_content: BTreeMap<String, String>,
    components: Map<String, Value>,
}

/// Where a schema stands.
struct Place<'a> {
    /// The component or the operation that names what stands in it.
    family: &'a str,
    /// The type directly around, which tells members of one name apart.
    around: &'a str,
    /// The member; empty for the whole of a component, body or answer.
    member: String,
}

impl<'a> Place<'a> {
    fn whole(name: &'a str) -> Self {
        Place { family: name, around: name, member: String::new() }
    }

    fn member(&self, name: &str) -> Self {
        Place { member: pascal(name), ..*self }
    }

    /// The items of a list or the values of a map: one of the members by whose name it goes.
    fn item(&self) -> Self {
        let member = match self.member.as_str() {
            "" | "Data" | "Items" | "Item" | "Results" | "Values" => "Item".to_owned(),
            several => singular(several),
        };
        Place { member, ..*self }
    }
}

impl Hoist {
    fn operation(&mut self, operation: &mut Map<String, Value>) {
        let id = pascal(operation.get("operationId").and_then(Value::as_str).unwrap_or_default());
        let body = format!("{id}Body");
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let place = Place::whole(&id).member(parameter["name"].as_str().unwrap_or_default());
            parameter.get_mut("schema").into_iter().for_each(|schema| self.here(schema, &place));
        }
        let content = operation.get_mut("requestBody").and_then(|body| body.get_mut("content"));
        for media in content.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            media.get_mut("schema").into_iter().for_each(|schema| self.here(schema, &Place::whole(&body)));
            let parts = media.pointer_mut("/parts/properties").and_then(Value::as_object_mut);
            for (part, schema) in parts.into_iter().flatten() {
                self.here(schema, &Place::whole(&id).member(part));
            }
        }
        let answer =
            operation.get_mut("responses").and_then(|r| r.pointer_mut("/200/content/application~1json/schema"));
        answer.into_iter().for_each(|schema| self.here(schema, &Place::whole(&format!("{id}Response"))));
    }

    /// Replaces an inline type by a reference to a component.
    fn here(&mut self, schema: &mut Value, place: &Place<'_>) {
        if !is_type(schema) {
            self.inside(schema, place);
            return;
        }
        let mut moved = schema.clone();
        let nullable = moved.as_object_mut().and_then(|moved| moved.remove("nullable"));
        let key = content(&moved);
        let found = self.by_content.get(&key).cloned();
        let component = found.unwrap_or_else(|| {
            let component = self.claim(place);
            self.by_content.insert(key, component.clone());
            self.components.insert(component.clone(), Value::Null);
            self.inside(&mut moved, &Place { family: place.family, around: &component, member: String::new() });
            self.components.insert(component.clone(), moved);
            component
        });
        let words = ["description", "x-qlik-deprecated"];
        let words = words.map(|key| schema.get(key).map(|value| (key.to_owned(), value.clone())));
        *schema = reference_to(&component);
        if let Some(schema) = schema.as_object_mut() {
            schema.extend(nullable.map(|nullable| ("nullable".to_owned(), nullable)));
            schema.extend(words.into_iter().flatten());
        }
    }

    /// The short name; where that is taken, the one that also says which type is around; else a number.
    fn claim(&mut self, place: &Place<'_>) -> String {
        let [short, long] = [place.family, place.around].map(|outer| type_name(&format!("{outer}{}", place.member)));
        let numbered = (2..).map(|number| format!("{short}{number}"));
        let mut names = [short.clone(), long].into_iter().chain(numbered);
        names.find(|name| self.taken.insert(name.clone())).unwrap_or(short)
    }

    /// Goes on to the schemas inside.
    fn inside(&mut self, schema: &mut Value, place: &Place<'_>) {
        let Some(keywords) = schema.as_object_mut() else { return };
        for (key, value) in keywords {
            match (key.as_str(), value) {
                ("properties", Value::Object(members)) => {
                    members.iter_mut().for_each(|(name, member)| self.here(member, &place.member(name)));
                }
                ("items" | "additionalProperties", inner @ Value::Object(_)) => self.here(inner, &place.item()),
                ("oneOf", Value::Array(branches)) => {
                    let told = tell_apart(branches);
                    for (branch, member) in branches.iter_mut().zip(told) {
                        self.here(branch, &Place { member, ..Place::whole(place.around) });
                    }
                }
                _ => {}
            }
        }
    }
}

/// What each branch of a union is called: the only record is the object, another is told by a member it alone has.
fn tell_apart(branches: &[Value]) -> Vec<String> {
    let members = |branch: &Value| branch.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let all: Vec<Map<String, Value>> = branches.iter().map(members).collect();
    let only = all.iter().filter(|members| !members.is_empty()).count() == 1;
    let told = all.iter().enumerate().map(|(index, own)| {
        let elsewhere =
            |name: &&String| all.iter().enumerate().any(|(at, other)| at != index && other.contains_key(*name));
        match own.keys().find(|name| !elsewhere(name)) {
            Some(_) if only => "Object".to_owned(),
            Some(name) => format!("With{}", pascal(name)),
            None if !own.is_empty() => format!("Option{}", index + 1),
            None if branches.get(index).is_some_and(is_type) => "Value".to_owned(),
            None => String::new(),
        }
    });
    told.collect()
}

/// One of what a plural names, as far as English is regular.
fn singular(name: &str) -> String {
    if ["ss", "us", "is", "eries"].iter().any(|ending| name.ends_with(ending)) {
        return name.to_owned();
    }
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let long = ["sses", "uses", "xes", "ches"].iter().any(|ending| name.ends_with(ending));
    name.strip_suffix(if long { "es" } else { "s" }).unwrap_or(name).to_owned()
}

/// Whether the schema is a type of its own: a record, an enum, a union.
pub(crate) fn is_type(schema: &Value) -> bool {
    ["properties", "enum", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some())
}
