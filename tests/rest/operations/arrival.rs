//! Whether a request that arrived is what its description says, with the values that were given.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::values::{self, Parameter};
use super::{Given, Row, judge};
use crate::server::Seen;

pub(super) fn problem(root: &Value, row: &Row, given: &Given, seen: &Seen) -> Option<String> {
    let parameters = values::parameters(root, row);
    let found = method(row, seen)
        .or_else(|| path(row, given, seen))
        .or_else(|| query(&parameters, given, seen))
        .or_else(|| headers(&parameters, given, seen))
        .or_else(|| body(root, row, given, seen));
    found.map(|problem| format!("{problem}; {} arrived", seen.line()))
}

fn method(row: &Row, seen: &Seen) -> Option<String> {
    (seen.method != row.verb).then(|| format!("the method is {}", seen.method))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn path(row: &Row, given: &Given, seen: &Seen) -> Option<String> {
    let filled = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => given.0.get(&format!("path {name}")).map(text).unwrap_or_default(),
        None => part.to_owned(),
    };
    let due: Vec<String> = row.path.split('/').map(filled).collect();
    let arrived: Vec<String> = seen.path.split('/').map(decoded).collect();
    (due != arrived).then(|| format!("the path is {arrived:?} instead of {due:?}"))
}

/// A value as a parameter spells it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn query(parameters: &[Parameter<'_>], given: &Given, seen: &Seen) -> Option<String> {
    let mut due: Vec<(String, String)> = Vec::new();
    for Parameter { name, sign, .. } in parameters.iter().filter(|parameter| parameter.place == "query") {
        match (given.0.get(&format!("query {name}")), sign) {
            (None, _) => {}
            (Some(Value::Array(items)), None) => due.extend(items.iter().map(|item| ((*name).to_owned(), text(item)))),
            (Some(Value::Array(items)), Some(sign)) => {
                let joined = items.iter().map(text).collect::<Vec<_>>().join(&sign.to_string());
                due.push(((*name).to_owned(), joined));
            }
            (Some(value), _) => due.push(((*name).to_owned(), text(value))),
        }
    }
    let pairs = seen.query.split('&').filter(|pair| !pair.is_empty());
    let mut arrived: Vec<(String, String)> = pairs
        .map(|pair| {
            pair.split_once('=').map_or_else(|| (decoded(pair), String::new()), |(a, b)| (decoded(a), decoded(b)))
        })
        .collect();
    due.sort();
    arrived.sort();
    let equal =
        |(due, arrived): (&(String, String), &(String, String))| due.0 == arrived.0 && alike(&due.1, &arrived.1);
    let all = due.len() == arrived.len() && due.iter().zip(&arrived).all(equal);
    (!all).then(|| format!("the query is {arrived:?} instead of {due:?}"))
}

/// Whether two texts are the same, or the same number: 1.0 is 1.
fn alike(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

fn headers(parameters: &[Parameter<'_>], given: &Given, seen: &Seen) -> Option<String> {
    let own = ["accept", "authorization", "content-type", "content-length"];
    let described = parameters.iter().filter(|p| p.place == "header" && !own.contains(&p.name.to_lowercase().as_str()));
    described.filter_map(|parameter| Some((parameter, given.0.get(&format!("header {}", parameter.name))?))).find_map(
        |(Parameter { name, .. }, value)| {
            let arrived = seen.headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            (arrived != text(value)).then(|| format!("the header {name} is {arrived:?} instead of {:?}", text(value)))
        },
    )
}

fn body(root: &Value, row: &Row, given: &Given, seen: &Seen) -> Option<String> {
    let bodies = values::bodies(root, row);
    let media = seen.header("content-type").split(';').next().unwrap_or_default().to_owned();
    if seen.body.is_empty() && media.is_empty() {
        let due = given.0.contains_key("body") && !given.0["body"].as_str().is_some_and(str::is_empty);
        return (due && !bodies.is_empty()).then(|| "no body arrived".to_owned());
    }
    let found =
        bodies.iter().find(|(known, _)| *known == media).or_else(|| bodies.iter().find(|(known, _)| *known == "*/*"));
    let Some((known, schema)) = found else {
        return Some(format!("a body of {media} arrived, and none is described"));
    };
    if media == "multipart/form-data" {
        return parts(given, seen);
    }
    if media == "application/x-www-form-urlencoded" {
        return form(given, seen);
    }
    if schema["format"] == "binary" || !(known.contains("json") || media.contains("json")) {
        return (seen.text() != text(&given.0["body"])).then(|| "other bytes arrived".to_owned());
    }
    let arrived: Value = match serde_json::from_slice(&seen.body) {
        Ok(arrived) => arrived,
        Err(error) => return Some(format!("the body is no JSON: {error}")),
    };
    let due = &given.0["body"];
    if !same(&arrived, due) {
        return Some(format!("the body is {arrived} instead of {due}"));
    }
    None
}

/// Whether a JSON body satisfies its schema; what was made for a pattern may not, in the judge's view.
pub(super) fn fits(root: &Value, row: &Row, given: &Given) -> bool {
    let bodies = values::bodies(root, row);
    let mut json = bodies.iter().filter(|(media, _)| media.contains("json")).peekable();
    let Some(body) = given.0.get("body").filter(|_| json.peek().is_some()) else { return true };
    json.any(|(_, schema)| judge::judge(root, schema).is_ok_and(|judge| judge.is_valid(body)))
}

/// Whether two values are the same, numbers compared as numbers.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn form(given: &Given, seen: &Seen) -> Option<String> {
    let arrived: BTreeMap<String, String> = url::form_urlencoded::parse(&seen.body).into_owned().collect();
    let due: BTreeMap<String, String> = match &given.0["body"] {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        _ => BTreeMap::new(),
    };
    (arrived != due).then(|| format!("the form is {arrived:?} instead of {due:?}"))
}

/// Each part that was given is there, in its own words.
fn parts(given: &Given, seen: &Seen) -> Option<String> {
    let arrived = crate::requests::parts(seen);
    given.0.iter().filter_map(|(name, value)| Some((name.strip_prefix("part ")?, value))).find_map(|(name, value)| {
        let Some((_, content)) = arrived.get(name) else { return Some(format!("the part {name} did not arrive")) };
        let told = serde_json::from_str::<Value>(content).is_ok_and(|arrived| same(&arrived, value));
        (!told && *content != text(value)).then(|| format!("the part {name} is {content} instead of {value}"))
    })
}
