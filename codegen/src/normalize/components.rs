//! Component schemas get Rust names, equal ones become one, and those that nothing needs go.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::hoist::is_type;
use super::walk::{component_of, each_below, each_schema, reach, reference_to, roots, schemas_mut};
use crate::names::{Scope, type_name};

/// Gives every component the name of its Rust type as key; `x-qlik-name` keeps the old one.
pub(super) fn name(root: &mut Value) {
    let Some(schemas) = schemas_mut(root) else { return };
    let mut scope = Scope::default();
    let mut renamed = BTreeMap::new();
    let mut named = Map::new();
    for (old, mut schema) in std::mem::take(schemas) {
        let new = scope.claim(&type_name(&old));
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("x-qlik-name".to_owned(), old.clone().into());
        }
        named.insert(new.clone(), schema);
        renamed.insert(old, new);
    }
    *schemas = named;
    each_schema(root, |schema| {
        // A discriminator names components too.
        if let Some(mapping) = schema.pointer_mut("/discriminator/mapping").and_then(Value::as_object_mut) {
            for target in mapping.values_mut() {
                let name = target.as_str().map(|name| name.strip_prefix("#/components/schemas/").unwrap_or(name));
                if let Some(new) = name.map(decoded).and_then(|name| renamed.get(&name)) {
                    *target = new.as_str().into();
                }
            }
        }
        let new = component_of(schema).map(decoded).and_then(|old| renamed.get(&old));
        if let Some(new) = new {
            schema["$ref"] = format!("#/components/schemas/{new}").into();
        }
    });
}

/// A name as it stands in a reference, without the escapes of JSON pointers and URIs.
fn decoded(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~").replace("%20", " ")
}

/// Components of the same content become one: the first keeps its place, the others become references to it.
pub(super) fn unify(root: &mut Value) {
    // What refers to equal components may become equal itself, so go on until nothing changes.
    loop {
        let Some(schemas) = schemas_mut(root) else { return };
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let mut same: BTreeMap<String, String> = BTreeMap::new();
        // Names of scalars, lists and maps mean something of their own: one does not stand for the other.
        for (name, schema) in schemas.iter().filter(|(_, schema)| is_type(schema)) {
            match first.get(&content(schema)) {
                Some(kept) => {
                    same.insert(name.clone(), kept.clone());
                }
                None => {
                    first.insert(content(schema), name.clone());
                }
            }
        }
        if same.is_empty() {
            break;
        }
        for (name, kept) in &same {
            let qlik_name = schemas[name].get("x-qlik-name").cloned();
            let mut reference = reference_to(kept);
            if let (Some(qlik_name), Some(reference)) = (qlik_name, reference.as_object_mut()) {
                reference.insert("x-qlik-name".to_owned(), qlik_name);
            }
            schemas[name] = reference;
        }
        point_past_aliases(root);
    }
    point_past_aliases(root);
}

/// References to a component that is a mere reference go straight to its target.
fn point_past_aliases(root: &mut Value) {
    let aliases: BTreeMap<String, String> = schemas_mut(root)
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name.clone(), component_of(schema)?.to_owned())))
        .collect();
    each_schema(root, |schema| {
        let Some(start) = component_of(schema) else { return };
        let (mut name, mut steps) = (start, 0);
        while let (Some(next), true) = (aliases.get(name), steps < 64) {
            (name, steps) = (next, steps + 1);
        }
        if steps > 0 {
            schema["$ref"] = format!("#/components/schemas/{name}").into();
        }
    });
}

/// A schema's content without its names and words, for comparing: what is said of a type does not make it another one.
pub(super) fn content(schema: &Value) -> String {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|key, _| !matches!(key.as_str(), "x-qlik-name" | "nullable"));
    }
    each_below(&mut schema, &mut |schema| {
        if let Some(schema) = schema.as_object_mut() {
            schema.retain(|key, _| !matches!(key.as_str(), "description" | "x-qlik-values"));
        }
    });
    without_order(&mut schema);
    schema.to_string()
}

/// Sorts what has no order: the keys of objects, and the names of demanded members.
fn without_order(node: &mut Value) {
    match node {
        Value::Object(members) => {
            members.sort_keys();
            for (key, member) in members {
                without_order(member);
                if let ("required", Value::Array(names)) = (key.as_str(), member) {
                    names.sort_by_cached_key(ToString::to_string);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_order),
        _ => {}
    }
}

/// Drops components that no parameter, body or success leads to; bodies of errors are read by the runtime's one parser.
pub(super) fn prune(root: &mut Value) {
    let mut components = match schemas_mut(root) {
        Some(schemas) => std::mem::take(schemas),
        None => return,
    };
    let mut open: Vec<String> = Vec::new();
    for schema in roots(root) {
        each_below(schema, &mut |schema| open.extend(component_of(schema).map(str::to_owned)));
    }
    let mut kept = reach(&mut components, open);
    // Another name of a kept type stays as an alias: Qlik's pages use it.
    let aliases: Vec<String> = components
        .iter()
        .filter(|(_, schema)| component_of(schema).is_some_and(|target| kept.contains(target)))
        .map(|(name, _)| name.clone())
        .collect();
    kept.extend(aliases);
    components.retain(|name, _| kept.contains(name));
    if let Some(schemas) = schemas_mut(root) {
        *schemas = components;
    }
}
