//! Compares two states of the Engine's description.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Log, flag, members, named, schema};

/// Compares two documents.
pub(super) fn compare(log: &mut Log<'_>, old: &Value, new: &Value) {
    log.fact("the Engine", "version", old.get("info").unwrap_or(old), new.get("info").unwrap_or(new));
    let (before, after) = (named(old, "methods"), named(new, "methods"));
    let later: BTreeMap<_, _> = after.iter().copied().collect();
    for (name, was) in &before {
        match later.get(name) {
            Some(is) => method(log, &format!("`{name}`"), was, is),
            None => log.removed(format!("the method `{name}`")),
        }
    }
    for (name, _) in after.iter().filter(|(name, _)| !before.iter().any(|(other, _)| other == name)) {
        log.added(format!("the method `{name}`"));
    }
    schema::components(log, old, new);
    errors(log, old, new);
}

fn method(log: &mut Log<'_>, label: &str, old: &Value, new: &Value) {
    log.deprecation(label, old, new);
    for fact in ["x-qlik-stability", "x-qlik-visibility", "x-qlik-access-control"] {
        log.fact(label, fact, old, new);
    }
    let (before, after) = (named(old, "params"), named(new, "params"));
    let later: BTreeMap<_, _> = after.iter().copied().collect();
    let called = |name: &str| format!("the parameter `{name}` of {label}");
    for (name, was) in &before {
        let Some(is) = later.get(name) else {
            log.removed(called(name));
            continue;
        };
        match (flag(was, "required"), flag(is, "required")) {
            (false, true) => log.breaking(format!("{} is now required", called(name))),
            (true, false) => log.breaking(format!("{} is no longer required", called(name))),
            _ => {}
        }
        if let (Some(was), Some(is)) = (was.get("schema"), is.get("schema")) {
            schema::compare(log, &called(name), was, is);
        }
    }
    for (name, is) in after.iter().filter(|(name, _)| !before.iter().any(|(other, _)| other == name)) {
        match flag(is, "required") {
            true => log.breaking(format!("{}, which is required, is new", called(name))),
            false => log.added(called(name)),
        }
    }
    if let (Some(was), Some(is)) = (old.pointer("/result/schema"), new.pointer("/result/schema")) {
        schema::compare(log, &format!("the result of {label}"), was, is);
    }
}

fn errors(log: &mut Log<'_>, old: &Value, new: &Value) {
    let of = |document: &Value| -> BTreeMap<String, Value> {
        let components = document.get("components").unwrap_or(document);
        let errors = members(components, "errors").into_iter();
        errors.filter_map(|(name, error)| Some((name.to_owned(), error.get("code")?.clone()))).collect()
    };
    let (before, after) = (of(old), of(new));
    for (name, was) in &before {
        match after.get(name) {
            Some(is) if is != was => log.breaking(format!("the error `{name}` is now {is}; it was {was}")),
            Some(_) => {}
            None => log.removed(format!("the error `{name}` ({was})")),
        }
    }
    for (name, code) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        log.added(format!("the error `{name}` ({code})"));
    }
}
