//! The nearest thing that was recorded, for what was not.

#![cfg_attr(not(feature = "engine"), allow(dead_code))] // half of it is about the Engine's calls

use serde_json::Value;

use super::file::{Call, Request};

/// Says which recorded request is nearest to one that is not recorded, and what differs.
pub(super) fn request<'a>(asked: &Request, recorded: impl Iterator<Item = (usize, &'a Request)>) -> String {
    let score = |known: &Request| {
        let place = likeness(&asked.path, &known.path);
        let same_place = asked.path == known.path && asked.method == known.method;
        let query = same_place && different_pairs(&asked.query, &known.query).is_empty();
        (same_place, query, place, asked.method == known.method)
    };
    let best = recorded.fold(None, |best: Option<(_, usize, &Request)>, (line, known)| {
        let score = score(known);
        match best {
            Some((found, ..)) if found >= score => best,
            _ => Some((score, line, known)),
        }
    });
    let Some((_, line, known)) = best else { return "no REST request is recorded at all".to_owned() };
    let named = format!("the nearest that is recorded is {} {} in line {line}", known.method, known.path);
    if known.method != asked.method || known.path != asked.path {
        return named;
    }
    let pairs = different_pairs(&asked.query, &known.query);
    if !pairs.is_empty() {
        return format!("{named}, whose query differs in `{}`", pairs.join("`, `"));
    }
    let body = |request: &Request| request.body.as_ref().map(|body| body.value()).unwrap_or_default();
    match difference(&body(asked), &body(known), String::new()) {
        Some(place) => format!("{named}, whose body differs at {}", place.trim_start_matches("/json")),
        None => named,
    }
}

/// Says which recorded call is nearest to one that is not recorded, and what differs.
pub(super) fn call<'a>(asked: &Call, recorded: impl Iterator<Item = (usize, &'a Call)>) -> String {
    let params = |call: &Call| serde_json::from_str::<Value>(call.params.get()).unwrap_or_default();
    let wanted = params(asked);
    let best = recorded.fold(None, |best: Option<(_, usize, &Call)>, (line, known)| {
        let method = asked.method == known.method;
        let handle = asked.handle == known.handle;
        let score = (method && handle, method, handle, params(known) == wanted, likeness(&asked.method, &known.method));
        match best {
            Some((found, ..)) if found >= score => best,
            _ => Some((score, line, known)),
        }
    });
    let Some((_, line, known)) = best else { return "the session has no calls".to_owned() };
    let named = format!("the nearest that is recorded is {} of handle {} in line {line}", known.method, known.handle);
    if known.method != asked.method || known.handle != asked.handle {
        return named;
    }
    match difference(&wanted, &params(known), String::new()) {
        Some(place) => format!("{named}, whose parameters differ at {}", if place.is_empty() { "/" } else { &place }),
        None => named,
    }
}

/// The text that is most like another.
pub(super) fn text<'a>(asked: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().copied().max_by_key(|known| likeness(asked, known))
}

/// How many characters two texts share at their beginning and end, of those that they have.
fn likeness(a: &str, b: &str) -> i64 {
    let common = |(a, b): &(char, char)| a == b;
    let head = a.chars().zip(b.chars()).take_while(common).count();
    let tail = a.chars().rev().zip(b.chars().rev()).take_while(common).count();
    let (a, b) = (a.chars().count(), b.chars().count());
    let shared = (head + tail).min(a.min(b));
    2 * shared as i64 - a.max(b) as i64
}

/// The names of the pairs that only one of two queries has.
fn different_pairs(a: &str, b: &str) -> Vec<String> {
    let pairs =
        |text: &str| -> Vec<String> { text.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect() };
    let (a, b) = (pairs(a), pairs(b));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|pair| !those.contains(pair)).cloned().collect()
    };
    let mut names: Vec<String> = only(&a, &b).into_iter().chain(only(&b, &a)).collect();
    for name in &mut names {
        name.truncate(name.find('=').unwrap_or(name.len()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Where two values differ first; not what stands there, which may be a secret.
fn difference(a: &Value, b: &Value, place: String) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.map(|name| (name, a.get(name), b.get(name))).find_map(|(name, a, b)| match (a, b) {
                (Some(a), Some(b)) => difference(a, b, format!("{place}/{name}")),
                _ => Some(format!("{place}/{name}")),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(index, (a, b))| difference(a, b, format!("{place}/{index}")))
        }
        (a, b) => (a != b).then_some(place),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asking(method: &str, path: &str, query: &str) -> Request {
        Request { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), body: None }
    }

    #[test]
    fn names_the_nearest_request_and_what_differs() {
        let known = [
            asking("GET", "/api/v1/items", "limit=10&name=a"),
            asking("POST", "/api/v1/spaces", ""),
            asking("GET", "/api/v1/items/abc", ""),
        ];
        let recorded = || known.iter().enumerate().map(|(index, request)| (index + 2, request));
        for (asked, part) in [
            (
                asking("GET", "/api/v1/items", "limit=5&name=a"),
                "/api/v1/items in line 2, whose query differs in `limit`",
            ),
            (asking("GET", "/api/v1/items/abd", ""), "GET /api/v1/items/abc in line 4"),
            (asking("PUT", "/api/v1/spaces", ""), "POST /api/v1/spaces in line 3"),
        ] {
            let said = request(&asked, recorded());
            assert!(said.ends_with(part), "{said}");
        }
        assert!(request(&asking("GET", "/", ""), [].into_iter()).contains("at all"));
    }

    #[test]
    fn finds_the_first_difference() {
        let (a, b) = (json!({"a": [1, {"b": 2}], "c": 1}), json!({"a": [1, {"b": 3}], "c": 1}));
        assert_eq!(difference(&a, &b, String::new()).as_deref(), Some("/a/1/b"));
        assert_eq!(difference(&a, &json!({"a": a["a"]}), String::new()).as_deref(), Some("/c"));
        assert_eq!(difference(&a, &a, String::new()), None);
    }
}
