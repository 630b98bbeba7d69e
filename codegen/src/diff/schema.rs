//! Compares two schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Log, flag, members};

/// Facts that limit or explain a value without changing its type.
const LIMITS: &[&str] = &[
    "default",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "readOnly",
    "writeOnly",
    "discriminator",
    "contentEncoding",
];

/// Compares the schemas that both documents have under `components`, and says which only one has.
pub(super) fn components(log: &mut Log<'_>, old: &Value, new: &Value) {
    const NONE: &Value = &Value::Null;
    let schemas = |document| members(<Value>::get(document, "components").unwrap_or(NONE), "schemas");
    let (old, new) = (schemas(old), schemas(new));
    for (name, old) in &old {
        match new.get(name) {
            Some(new) => compare(log, &format!("`{name}`"), old, new),
            None => log.removed(format!("the type `{name}`")),
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(**name)) {
        log.added(format!("the type `{name}`"));
    }
}

/// Compares two schemas of the same place, which messages call `label`.
pub(super) fn compare(log: &mut Log<'_>, label: &str, old: &Value, new: &Value) {
    let (was, is) = (kind(old), kind(new));
    if was != is {
        log.breaking(format!("{label} is now {is}; it was {was}"));
        return;
    }
    log.deprecation(label, old, new);
    match (flag(old, "nullable"), flag(new, "nullable")) {
        (false, true) => log.breaking(format!("{label} may now be null")),
        (true, false) => log.breaking(format!("{label} is never null any more")),
        _ => {}
    }
    values(log, label, old, new);
    properties(log, label, old, new);
    inner(log, &format!("an element of {label}"), old.get("items"), new.get("items"));
    inner(
        log,
        &format!("a further property of {label}"),
        old.get("additionalProperties"),
        new.get("additionalProperties"),
    );
    for word in ["allOf", "oneOf", "anyOf"] {
        alternatives(log, label, word, old, new);
    }
    for limit in LIMITS {
        log.fact(label, limit, old, new);
    }
}

/// What a schema is at first sight: a named type, or a type and its format.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return format!("`{}`", reference.rsplit('/').next().unwrap_or_default());
    }
    let base = match schema.get("type").and_then(Value::as_str) {
        Some("array") => "a list".to_owned(),
        Some(vowel @ ("integer" | "object")) => format!("an {vowel}"),
        Some(other) => format!("a {other}"),
        None if schema.get("properties").is_some() => "an object".to_owned(),
        None if schema.get("allOf").is_some() => "a combination".to_owned(),
        None if schema.get("oneOf").or(schema.get("anyOf")).is_some() => "a choice".to_owned(),
        None => "any value".to_owned(),
    };
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{base} ({format})"),
        None => base,
    }
}

/// The values of an enum, and the titled constants of a `oneOf`.
fn values_of(schema: &Value) -> BTreeSet<String> {
    let list = |name: &str| schema.get(name).and_then(Value::as_array).into_iter().flatten();
    let constants = list("oneOf").filter(|constant| is_constant(constant)).filter_map(|constant| constant.get("title"));
    list("enum").chain(constants).map(Value::to_string).collect()
}

fn is_constant(schema: &Value) -> bool {
    schema.get("x-qlik-const").is_some()
}

fn values(log: &mut Log<'_>, label: &str, old: &Value, new: &Value) {
    let (old, new) = (values_of(old), values_of(new));
    for value in old.difference(&new) {
        log.removed(format!("the value {value} of {label}"));
    }
    for value in new.difference(&old) {
        log.added(format!("the value {value} of {label}"));
    }
}

fn properties(log: &mut Log<'_>, label: &str, old: &Value, new: &Value) {
    let (before, after) = (members(old, "properties"), members(new, "properties"));
    let required = |schema: &Value, name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    // `Item` and its member `name` read as `Item.name`
    let member = |name: &str| match label.strip_suffix('`') {
        Some(owner) if label.starts_with('`') => format!("{owner}.{name}`"),
        _ => format!("`{name}` of {label}"),
    };
    for (name, was) in &before {
        let label = member(name);
        let Some(is) = after.get(name) else {
            log.removed(label);
            continue;
        };
        match (required(old, name), required(new, name)) {
            (false, true) => log.breaking(format!("{label} is now required")),
            (true, false) => log.breaking(format!("{label} is no longer required")),
            _ => {}
        }
        compare(log, &label, was, is);
    }
    for name in after.keys().filter(|name| !before.contains_key(**name)) {
        match required(new, name) {
            true => log.breaking(format!("{}, which is required, is new", member(name))),
            false => log.added(member(name)),
        }
    }
}

fn inner(log: &mut Log<'_>, label: &str, old: Option<&Value>, new: Option<&Value>) {
    match (old, new) {
        (Some(old), Some(new)) if old.is_object() && new.is_object() => compare(log, label, old, new),
        (Some(Value::Bool(false)) | None, Some(Value::Bool(false)) | None) => {}
        (Some(old), Some(new)) if old == new => {}
        (_, Some(Value::Bool(false)) | None) => log.breaking(format!("{label} is no longer described")),
        (_, Some(new)) => log.changed(format!("{label} is now {}", kind(new))),
    }
}

fn alternatives(log: &mut Log<'_>, label: &str, word: &str, old: &Value, new: &Value) {
    let list = |schema: &Value| -> Vec<Value> {
        let nodes = schema.get(word).and_then(Value::as_array).into_iter().flatten();
        nodes.filter(|node| !is_constant(node)).cloned().collect()
    };
    let (old, new) = (list(old), list(new));
    let kinds = |list: &[Value]| list.iter().map(kind).collect::<BTreeSet<_>>();
    let (was, is) = (kinds(&old), kinds(&new));
    let noun = if word == "allOf" { "part" } else { "alternative" };
    for gone in was.difference(&is) {
        log.breaking(format!("{label} has no {noun} {gone} any more"));
    }
    for more in is.difference(&was) {
        log.breaking(format!("{label} has a new {noun}: {more}"));
    }
    if was == is && old.len() == new.len() {
        for (old, new) in old.iter().zip(&new).filter(|(old, new)| kind(old) == kind(new)) {
            compare(log, label, old, new);
        }
    }
}
