//! Compares two states of a REST API.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Log, flag, members, schema};

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A document and one of its operations.
#[derive(Clone, Copy)]
struct Operation<'a> {
    document: &'a Value,
    path: &'a Value,
    node: &'a Value,
}

/// The operations of a document by path and method.
pub(super) fn operations(document: &Value) -> BTreeMap<(&str, &str), &Value> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let members = item.as_object().into_iter().flatten();
        members.map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    });
    operations.filter(|((_, method), _)| METHODS.contains(method)).collect()
}

/// Compares two documents.
pub(super) fn compare(log: &mut Log<'_>, old: &Value, new: &Value) {
    let (before, mut after) = (operations(old), operations(new));
    let at = |document, (path, _): (&str, &str), node| Operation { document, path: path_of(document, path), node };
    let mut gone = Vec::new();
    for (place, was) in &before {
        match after.remove(place) {
            Some(is) => operation(log, *place, at(old, *place, *was), at(new, *place, is)),
            None => gone.push((*place, *was)),
        }
    }
    // an operation of the same name elsewhere is one that moved
    for (place, was) in gone {
        let moved = after.iter().find(|(_, is)| name(is).is_some() && name(is) == name(was));
        match moved.map(|(place, is)| (*place, *is)) {
            Some((target, is)) => {
                after.remove(&target);
                log.changed(format!("{} is now {}", label(place, was), request(target)));
                operation(log, target, at(old, place, was), at(new, target, is));
            }
            None => log.removed(label(place, was)),
        }
    }
    for (place, is) in after {
        log.added(label(place, is));
    }
    schema::components(log, old, new);
}

fn path_of<'a>(document: &'a Value, path: &str) -> &'a Value {
    document.get("paths").and_then(|paths| paths.get(path)).unwrap_or(&Value::Null)
}

fn name(operation: &Value) -> Option<&str> {
    operation.get("operationId").and_then(Value::as_str)
}

fn request((path, method): (&str, &str)) -> String {
    format!("{} {path}", method.to_uppercase())
}

fn label(place: (&str, &str), operation: &Value) -> String {
    match name(operation) {
        Some(name) => format!("`{name}` ({})", request(place)),
        None => request(place),
    }
}

fn operation(log: &mut Log<'_>, place: (&str, &str), old: Operation<'_>, new: Operation<'_>) {
    let label = label(place, new.node);
    if let (Some(was), Some(is)) = (name(old.node), name(new.node))
        && was != is
    {
        log.breaking(format!("{label} was called `{was}`"));
    }
    log.deprecation(&label, old.node, new.node);
    parameters(log, &label, old, new);
    body(log, &label, old, new);
    responses(log, &label, old, new);
    for fact in ["x-qlik-tier", "x-qlik-stability", "x-qlik-visibility", "x-qlik-access-control"] {
        log.fact(&label, fact, old.node, new.node);
    }
}

/// The node itself, or what it refers to.
fn resolved<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    let pointer = node.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(node)
}

/// The parameters by place and name; those of the path, unless the operation has its own.
fn parameters_of<'a>(of: Operation<'a>) -> BTreeMap<(&'a str, &'a str), &'a Value> {
    let lists = [of.path, of.node].map(|node| node.get("parameters").and_then(Value::as_array));
    let nodes = lists.into_iter().flatten().flatten().map(|node| resolved(of.document, node));
    nodes.filter_map(|node| Some(((node.get("in")?.as_str()?, node.get("name")?.as_str()?), node))).collect()
}

fn parameters(log: &mut Log<'_>, label: &str, old: Operation<'_>, new: Operation<'_>) {
    let (before, after) = (parameters_of(old), parameters_of(new));
    let called = |(place, name): &(&str, &str)| format!("the {place} parameter `{name}` of {label}");
    for (key, was) in &before {
        let Some(is) = after.get(key) else {
            log.removed(called(key));
            continue;
        };
        match (flag(was, "required"), flag(is, "required")) {
            (false, true) => log.breaking(format!("{} is now required", called(key))),
            (true, false) => log.breaking(format!("{} is no longer required", called(key))),
            _ => {}
        }
        log.deprecation(&called(key), was, is);
        for fact in ["style", "explode", "allowEmptyValue"] {
            log.fact(&called(key), fact, was, is);
        }
        if let (Some(was), Some(is)) = (was.get("schema"), is.get("schema")) {
            schema::compare(log, &called(key), was, is);
        }
    }
    for (key, is) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        match flag(is, "required") {
            true => log.breaking(format!("{}, which is required, is new", called(key))),
            false => log.added(called(key)),
        }
    }
}

fn body(log: &mut Log<'_>, label: &str, old: Operation<'_>, new: Operation<'_>) {
    let of = |of: Operation<'_>| of.node.get("requestBody").map(|node| resolved(of.document, node).clone());
    match (of(old), of(new)) {
        (Some(old), Some(new)) => {
            match (flag(&old, "required"), flag(&new, "required")) {
                (false, true) => log.breaking(format!("the body of {label} is now required")),
                (true, false) => log.breaking(format!("the body of {label} is no longer required")),
                _ => {}
            }
            contents(log, &format!("the body of {label}"), &old, &new);
        }
        (Some(_), None) => log.removed(format!("the body of {label}")),
        (None, Some(new)) if flag(&new, "required") => log.breaking(format!("{label} now requires a body")),
        (None, Some(_)) => log.added(format!("a body of {label}")),
        (None, None) => {}
    }
}

fn responses(log: &mut Log<'_>, label: &str, old: Operation<'_>, new: Operation<'_>) {
    let (before, after) = (members(old.node, "responses"), members(new.node, "responses"));
    for (status, was) in &before {
        match after.get(status) {
            Some(is) => {
                let (was, is) = (resolved(old.document, was), resolved(new.document, is));
                contents(log, &format!("the answer {status} of {label}"), was, is);
            }
            None if status.starts_with('2') => log.removed(format!("the answer {status} of {label}")),
            None => log.changed(format!("{label} no longer lists the answer {status}")),
        }
    }
    for status in after.keys().filter(|status| !before.contains_key(**status)) {
        // another success can be another type; another failure is still a failure
        match status.starts_with('2') {
            true => log.added(format!("the answer {status} of {label}")),
            false => log.changed(format!("{label} now lists the answer {status}")),
        }
    }
}

fn contents(log: &mut Log<'_>, label: &str, old: &Value, new: &Value) {
    let (before, after) = (members(old, "content"), members(new, "content"));
    for (media, was) in &before {
        match after.get(media).map(|is| (was.get("schema"), is.get("schema"))) {
            Some((Some(was), Some(is))) => schema::compare(log, label, was, is),
            Some(_) => {}
            None => log.breaking(format!("{label} is no longer {media}")),
        }
    }
    for media in after.keys().filter(|media| !before.contains_key(**media)) {
        match before.is_empty() {
            true => log.breaking(format!("{label} now has a content: {media}")),
            false => log.added(format!("{media} as {label}")),
        }
    }
}
