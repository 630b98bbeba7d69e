//! Patches of properties, from what they were and what they shall be.

use serde_json::Value;

use crate::engine::types::NxPatch;
use crate::error::{Error, Result};
use crate::json::object;
use crate::record::{self, Wire};

/// The patches that make `after` of `before`, for `apply_patches`: only what differs is sent, and a soft patch changes
/// no more than that.
///
/// ```
/// use qlik::engine::{property_patches, types::NxPatchOperationType};
/// use serde_json::json;
///
/// let patches = property_patches(&json!({"title": "old", "rank": 1}), &json!({"title": "new", "rank": 1})).unwrap();
/// assert_eq!(patches.len(), 1);
/// ```
pub fn property_patches<T: Wire>(before: &T, after: &T) -> Result<Vec<NxPatch>> {
    let tree = |value: &T| {
        record::to_value(value).map_err(|error| Error::config(format!("the properties are no JSON: {error}")))
    };
    let mut patches = Vec::new();
    compare("", &tree(before)?, &tree(after)?, &mut patches);
    let patches = patches.into_iter().map(|patch| {
        record::from_value(patch).map_err(|error| Error::config(format!("the patch cannot be made: {error}")))
    });
    patches.collect()
}

fn compare(path: &str, before: &Value, after: &Value, patches: &mut Vec<Value>) {
    let patch = |op: &str, path: &str, value: &Value| {
        // a patch carries its value as text
        object! { "qOp": op, "qPath": path, "qValue": value.to_string() }
    };
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let step = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            for name in old.keys().filter(|name| !new.contains_key(*name)) {
                patches.push(object! { "qOp": "remove", "qPath": step(name) });
            }
            for (name, value) in new {
                match old.get(name) {
                    Some(before) => compare(&step(name), before, value, patches),
                    None => patches.push(patch("add", &step(name), value)),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}/{index}"), before, after, patches);
            }
        }
        (_, after) => patches.push(patch("replace", if path.is_empty() { "/" } else { path }, after)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_patched() {
        let before = json!({"a": 1, "b": {"c": [1, 2], "d/e": "x"}, "gone": null, "list": [1]});
        let after = json!({"a": 1, "b": {"c": [1, 3], "d/e": "y"}, "new": {"z": true}, "list": [1, 2]});
        let mut patches = Vec::new();
        compare("", &before, &after, &mut patches);
        let expected = json!([
            {"qOp": "remove", "qPath": "/gone"},
            {"qOp": "replace", "qPath": "/b/c/1", "qValue": "3"},
            {"qOp": "replace", "qPath": "/b/d~1e", "qValue": "\"y\""},
            {"qOp": "replace", "qPath": "/list", "qValue": "[1,2]"},
            {"qOp": "add", "qPath": "/new", "qValue": "{\"z\":true}"},
        ]);
        let sorted = |mut list: Vec<Value>| {
            list.sort_by_key(|patch| patch["qPath"].to_string());
            list
        };
        assert_eq!(sorted(patches), sorted(expected.as_array().expect("a list").clone()));
    }
}
