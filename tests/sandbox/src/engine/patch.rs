//! Patches of properties: add, replace and remove at a JSON pointer.

use serde::Deserialize;
use serde_json::Value as Json;

use super::rpc::EngineError;

/// A patch as a client sends it; the value is JSON written as a text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Patch {
    q_op: Operation,
    q_path: String,
    #[serde(default)]
    q_value: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Operation {
    #[serde(alias = "Add")]
    Add,
    #[serde(alias = "Remove")]
    Remove,
    #[serde(alias = "Replace")]
    Replace,
}

/// Applies patches in order; the document is left as it was when one of them fails.
pub(super) fn apply(document: &Json, patches: &[Patch]) -> Result<Json, EngineError> {
    let mut patched = document.clone();
    for patch in patches {
        one(&mut patched, patch)?;
    }
    Ok(patched)
}

fn one(document: &mut Json, patch: &Patch) -> Result<(), EngineError> {
    let nowhere = || EngineError::new(4, patch.q_path.clone());
    let value = match patch.q_op {
        Operation::Remove => Json::Null,
        _ => serde_json::from_str(&patch.q_value)
            .map_err(|error| EngineError::parameter(format!("qValue of {}: {error}", patch.q_path)))?,
    };
    let (parent, last) = patch.q_path.rsplit_once('/').ok_or_else(nowhere)?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent).ok_or_else(nowhere)? {
        Json::Object(members) => match patch.q_op {
            Operation::Remove => members.remove(&last).map(|_| ()).ok_or_else(nowhere)?,
            Operation::Replace if !members.contains_key(&last) => return Err(nowhere()),
            Operation::Replace | Operation::Add => {
                members.insert(last, value);
            }
        },
        Json::Array(values) => {
            let place = match last.as_str() {
                "-" if patch.q_op == Operation::Add => values.len(),
                digits => digits.parse().map_err(|_| nowhere())?,
            };
            let end = values.len() + usize::from(patch.q_op == Operation::Add);
            if place >= end {
                return Err(nowhere());
            }
            match patch.q_op {
                Operation::Add => values.insert(place, value),
                Operation::Replace => values[place] = value,
                Operation::Remove => {
                    values.remove(place);
                }
            }
        }
        _ => return Err(nowhere()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply_all(patches: Json) -> Result<Json, i64> {
        let document = json!({ "title": "a", "list": [1, 2] });
        let patches: Vec<Patch> = serde_json::from_value(patches).expect("patches");
        apply(&document, &patches).map_err(|error| error.code)
    }

    #[test]
    fn operations() {
        let patches = json!([
            { "qOp": "replace", "qPath": "/title", "qValue": "\"b\"" },
            { "qOp": "Add", "qPath": "/list/-", "qValue": "3" },
            { "qOp": "remove", "qPath": "/list/0" },
            { "qOp": "add", "qPath": "/a~1b", "qValue": "{}" },
        ]);
        assert_eq!(apply_all(patches), Ok(json!({ "title": "b", "list": [2, 3], "a/b": {} })));
        assert_eq!(apply_all(json!([{ "qOp": "replace", "qPath": "/none", "qValue": "1" }])), Err(4));
        assert_eq!(apply_all(json!([{ "qOp": "remove", "qPath": "/list/2" }])), Err(4));
        assert_eq!(apply_all(json!([{ "qOp": "replace", "qPath": "/title", "qValue": "b" }])), Err(-32602));
        assert_eq!(apply_all(json!([{ "qOp": "add", "qPath": "title", "qValue": "1" }])), Err(4));
    }
}
