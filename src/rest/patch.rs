//! JSON patches (RFC 6902) from what was and what shall be.

use serde_json::{Map, Value};

use crate::json::object;
use crate::record::{self, Wire};
use crate::{Error, Result};

/// The changes that make `after` of `before`, as the operations of a JSON patch.
///
/// `P` is the type of an operation that the API's call takes, or [`serde_json::Value`]. Objects are gone through member
/// by member; a list that differs is replaced as a whole, for services read positions in lists in their own ways.
///
/// ```no_run
/// # #[cfg(feature = "spaces")]
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// use qlik::rest::patch;
/// use qlik::rest::spaces::types::SpacePatchItem;
///
/// let before = qlik.spaces().get_space("a-space").await?;
/// let mut after = before.clone();
/// after.name = "Sales".into();
/// let changes: Vec<SpacePatchItem> = patch::between(&before, &after)?;
/// qlik.spaces().patch_space(&before.id, &changes).await?;
/// # Ok(())
/// # }
/// ```
pub fn between<T: Wire, P: Wire>(before: &T, after: &T) -> Result<Vec<P>> {
    typed(changes(&value(before)?, &value(after)?, usize::MAX))
}

/// The same, by whole members of the document: for services that take `/name` and no longer paths.
pub fn between_members<T: Wire, P: Wire>(before: &T, after: &T) -> Result<Vec<P>> {
    typed(changes(&value(before)?, &value(after)?, 1))
}

fn value(record: &impl Wire) -> Result<Value> {
    record::to_value(record).map_err(|error| Error::config(format!("a patch cannot be made: {error}")))
}

fn changes(before: &Value, after: &Value, depth: usize) -> Vec<Value> {
    let mut operations = Vec::new();
    walk("", before, after, depth, &mut operations);
    operations
}

fn walk(path: &str, before: &Value, after: &Value, depth: usize, operations: &mut Vec<Value>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) if depth > 0 => members(path, before, after, depth, operations),
        _ => operations.push(object! { "op": "replace", "path": path, "value": after.clone() }),
    }
}

fn members(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    depth: usize,
    operations: &mut Vec<Value>,
) {
    let place = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        operations.push(object! { "op": "remove", "path": place(name) });
    }
    for (name, value) in after {
        match before.get(name) {
            Some(was) => walk(&place(name), was, value, depth - 1, operations),
            None => operations.push(object! { "op": "add", "path": place(name), "value": value.clone() }),
        }
    }
}

/// The operations as the API's own type.
fn typed<P: Wire>(operations: Vec<Value>) -> Result<Vec<P>> {
    let read = |operation: Value| {
        record::from_str(&operation.to_string()).map_err(|error| {
            let path = operation.get("path").and_then(Value::as_str).unwrap_or_default();
            Error::config(format!("the change of `{path}` is none that this API takes: {}", error.message()))
        })
    };
    operations.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_what_changed() {
        let before = json!({"a": 1, "b": {"c": 1, "d/e": [1], "g": 0}, "x": null, "same": [1, {"y": 2}]});
        let after = json!({"b": {"c": 2, "d/e": [1, 2], "f~": true}, "x": 0, "same": [1, {"y": 2}], "new": {}});
        let deep: Vec<Value> = between(&before, &after).unwrap();
        assert_eq!(
            Value::from(deep),
            json!([
                {"op": "remove", "path": "/a"},
                {"op": "remove", "path": "/b/g"},
                {"op": "replace", "path": "/b/c", "value": 2},
                {"op": "replace", "path": "/b/d~1e", "value": [1, 2]},
                {"op": "add", "path": "/b/f~0", "value": true},
                {"op": "replace", "path": "/x", "value": 0},
                {"op": "add", "path": "/new", "value": {}},
            ])
        );
        let members: Vec<Value> = between_members(&before, &after).unwrap();
        assert_eq!(members.len(), 4);
        assert_eq!(members[1]["path"], "/b");
        assert!(between::<_, Value>(&before, &before).unwrap().is_empty());
    }
}
