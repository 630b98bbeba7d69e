//! Replies as differences from the reply before, for clients that ask for `delta`.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

/// What a socket's client holds of earlier replies, by handle and method.
#[derive(Debug, Default)]
pub(super) struct Deltas(HashMap<(i64, String), Map<String, Json>>);

impl Deltas {
    /// The result as patches for each of its members; none when such a result is sent as it is.
    pub(super) fn result(&mut self, handle: i64, method: &str, result: &Json) -> Option<Json> {
        let members = result.as_object().filter(|members| !members.is_empty())?;
        // As with the engine's own: never for `qSuccess`. A root that is null cannot be patched.
        if members.iter().any(|(name, value)| name == "qSuccess" || value.is_null()) {
            return None;
        }
        let known = self.0.entry((handle, method.to_owned())).or_default();
        let mut answer = Map::new();
        for (name, value) in members {
            let patches = match known.get(name) {
                None => vec![patch("add", "/", value)],
                Some(before) => {
                    let mut patches = Vec::new();
                    differ("", before, value, &mut patches);
                    patches
                }
            };
            answer.insert(name.clone(), Json::Array(patches));
            known.insert(name.clone(), value.clone());
        }
        Some(Json::Object(answer))
    }

    /// Drops what belongs to a handle that is closed.
    pub(super) fn forget(&mut self, handle: i64) {
        self.0.retain(|(known, _), _| *known != handle);
    }
}

fn patch(operation: &str, path: &str, value: &Json) -> Json {
    json!({ "op": operation, "path": if path.is_empty() { "/" } else { path }, "value": value })
}

fn differ(path: &str, before: &Json, after: &Json, patches: &mut Vec<Json>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Json::Object(old), Json::Object(new)) if !old.keys().chain(new.keys()).any(|key| is_awkward(key)) => {
            for (key, value) in new {
                let path = format!("{path}/{key}");
                match old.get(key) {
                    Some(before) => differ(&path, before, value, patches),
                    None => patches.push(patch("add", &path, value)),
                }
            }
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            patches.extend(gone.map(|key| json!({ "op": "remove", "path": format!("{path}/{key}") })));
        }
        (Json::Array(old), Json::Array(new)) => arrays(path, old, new, patches),
        _ => patches.push(patch("replace", path, after)),
    }
}

/// The ends that are the same stay; what lies between is changed in place, then lengthened or shortened.
fn arrays(path: &str, old: &[Json], new: &[Json], patches: &mut Vec<Json>) {
    let shorter = old.len().min(new.len());
    let same = |pair: &(&Json, &Json)| pair.0 == pair.1;
    let start = old.iter().zip(new).take_while(same).count();
    let end = old.iter().rev().zip(new.iter().rev()).take(shorter - start).take_while(same).count();
    let (old, middle) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    for (place, (before, after)) in old.iter().zip(middle).enumerate() {
        let path = format!("{path}/{}", start + place);
        // A primitive or a change of kind is replaced in the array itself.
        differ(&path, before, after, patches);
    }
    for (place, value) in middle.iter().enumerate().skip(old.len()) {
        patches.push(patch("add", &format!("{path}/{}", start + place), value));
    }
    for place in (middle.len()..old.len()).rev() {
        patches.push(json!({ "op": "remove", "path": format!("{path}/{}", start + place) }));
    }
}

/// Keys that the patchers of clients in use take for an index, do not unescape, or refuse.
fn is_awkward(key: &str) -> bool {
    let digits = key.trim();
    let like_a_number = digits.is_empty()
        || digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        || digits == "Infinity";
    like_a_number || key.contains(['/', '~']) || matches!(key, "__proto__" | "constructor" | "prototype")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A patcher as clients have it: paths split at slashes, the root replaced whole.
    fn apply(document: &mut Json, patches: &Json) {
        for patch in patches.as_array().expect("patches") {
            let path = patch["path"].as_str().expect("a path");
            if path == "/" {
                *document = patch["value"].clone();
                continue;
            }
            let (parent, key) = path.rsplit_once('/').expect("a path");
            match document.pointer_mut(parent).expect("a parent") {
                Json::Object(members) => match patch["op"].as_str() {
                    Some("remove") => drop(members.remove(key)),
                    _ => drop(members.insert(key.to_owned(), patch["value"].clone())),
                },
                Json::Array(values) => {
                    let place: usize = key.parse().expect("an index");
                    match patch["op"].as_str() {
                        Some("remove") => drop(values.remove(place)),
                        Some("add") => values.insert(place, patch["value"].clone()),
                        _ => values[place] = patch["value"].clone(),
                    }
                }
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn patches_lead_from_each_reply_to_the_next() {
        let replies = [
            json!({ "a": 1, "list": [{ "x": 1 }, { "x": 2 }, { "x": 3 }], "m": { "k": {} } }),
            json!({ "a": 1, "list": [{ "x": 1 }, { "x": 3 }], "m": { "5": { "y": 1 }, "k": {} } }),
            json!({ "a": "1", "list": [0, { "x": 1 }, { "x": 3 }, [1]], "m": { "5": { "y": 2 } } }),
            json!({ "list": [], "m": { "a/b": 1 } }),
            json!({ "list": [[1, 2], [3]], "m": 4 }),
            json!({ "list": [[1], [3, 4], 5], "m": null }),
        ];
        let mut deltas = Deltas::default();
        let mut held = Json::Null;
        for reply in &replies {
            let sent = deltas.result(1, "M", &json!({ "q": reply })).expect("a delta");
            apply(&mut held, &sent["q"]);
            assert_eq!(held, *reply);
            assert_eq!(deltas.result(1, "M", &json!({ "q": reply })), Some(json!({ "q": [] })));
        }
    }

    #[test]
    fn what_is_sent_is_small_and_starts_with_the_whole() {
        let mut deltas = Deltas::default();
        let first = deltas.result(2, "GetLayout", &json!({ "qLayout": { "a": [1, 2] } }));
        assert_eq!(first, Some(json!({ "qLayout": [{ "op": "add", "path": "/", "value": { "a": [1, 2] } }] })));
        let second = deltas.result(2, "GetLayout", &json!({ "qLayout": { "a": [1, 3] } }));
        assert_eq!(second, Some(json!({ "qLayout": [{ "op": "replace", "path": "/a/1", "value": 3 }] })));
        assert_eq!(deltas.result(2, "Select", &json!({ "qSuccess": true })), None);
        assert_eq!(deltas.result(2, "DoSave", &json!({})), None);
        assert_eq!(deltas.result(2, "GetX", &json!({ "qX": null })), None);
        deltas.forget(2);
        let again = deltas.result(2, "GetLayout", &json!({ "qLayout": 1 })).expect("a delta");
        assert_eq!(again["qLayout"][0]["path"], "/");
    }
}
