//! What has been done to an object and would be lost with its session: kept, so that a resume can do it again.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

/// The calls that made an object what it is in this session, no more than are needed to make it so again.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Vec<Note>>);

#[derive(Debug, Clone, PartialEq)]
struct Note {
    method: &'static str,
    /// What the call was about: a later one about the same takes its place.
    about: String,
    params: Value,
    soft: bool,
}

impl Memory {
    /// Takes note of a call that succeeded. `in_session` says that the whole object lives in the session alone.
    pub(super) fn note(&self, method: &str, params: &str, in_session: bool) {
        let mut notes = match method {
            "SetProperties"
            | "ApplyPatches"
            | "ClearSoftPatches"
            | "SetStringValue"
            | "SetNumValue"
            | "SetDualValue"
            | "AddSessionAlternateState"
            | "RemoveSessionAlternateState" => self.0.lock().unwrap_or_else(PoisonError::into_inner),
            _ => return,
        };
        let Ok(params) = serde_json::from_str::<Value>(params) else { return };
        match method {
            "SetProperties" if in_session => {
                notes.retain(|note| note.soft);
                notes.insert(0, Note { method: "SetProperties", about: String::new(), params, soft: false });
            }
            "ApplyPatches" => note_patches(&mut notes, &params, in_session),
            "ClearSoftPatches" => notes.retain(|note| !note.soft),
            "SetStringValue" | "SetNumValue" | "SetDualValue" if in_session => {
                let method = match method {
                    "SetStringValue" => "SetStringValue",
                    "SetNumValue" => "SetNumValue",
                    _ => "SetDualValue",
                };
                notes.retain(|note| note.about != "value");
                notes.push(Note { method, about: "value".to_owned(), params, soft: false });
            }
            "AddSessionAlternateState" | "RemoveSessionAlternateState" => {
                let about = argument(&params, "qStateName", 0).and_then(Value::as_str).unwrap_or_default().to_owned();
                notes.retain(|note| note.about != about);
                if method == "AddSessionAlternateState" {
                    notes.push(Note { method: "AddSessionAlternateState", about, params, soft: false });
                }
            }
            _ => {}
        }
    }

    /// The calls to make again, in order: method and parameters. Of an object that was found as it was in the app,
    /// only what is soft is lost.
    pub(super) fn calls(&self) -> Vec<(&'static str, Value)> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().map(|note| (note.method, note.params.clone())).collect()
    }
}

/// A parameter by its name, or by its place where they were sent as a list.
fn argument<'a>(params: &'a Value, name: &str, place: usize) -> Option<&'a Value> {
    params.get(name).or_else(|| params.get(place))
}

/// Keeps the last patch of each path.
fn note_patches(notes: &mut Vec<Note>, params: &Value, in_session: bool) {
    let soft = argument(params, "qSoftPatch", 1).and_then(Value::as_bool).unwrap_or(false);
    if !soft && !in_session {
        return;
    }
    let patches = argument(params, "qPatches", 0).and_then(Value::as_array);
    for patch in patches.into_iter().flatten() {
        let path = patch.get("qPath").and_then(Value::as_str).unwrap_or_default();
        let about = format!("patch {path}");
        notes.retain(|note| note.soft != soft || note.about != about);
        let mut params = Map::new();
        params.insert("qPatches".to_owned(), Value::from(vec![patch.clone()]));
        if soft {
            params.insert("qSoftPatch".to_owned(), Value::Bool(true));
        }
        notes.push(Note { method: "ApplyPatches", about, params: Value::Object(params), soft });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(memory: &Memory) -> Vec<&'static str> {
        memory.calls().into_iter().map(|(method, _)| method).collect()
    }

    #[test]
    fn the_last_word_counts() {
        let memory = Memory::default();
        let patch = |value: u8| {
            format!(r#"{{"qPatches":[{{"qOp":"replace","qPath":"/a","qValue":"{value}"}}],"qSoftPatch":true}}"#)
        };
        memory.note("ApplyPatches", &patch(1), false);
        memory.note("ApplyPatches", &patch(2), false);
        memory.note("SetProperties", r#"{"qProp":{}}"#, false);
        let calls = memory.calls();
        assert_eq!((calls.len(), calls[0].1.pointer("/qPatches/0/qValue")), (1, Some(&Value::from("2"))));
        memory.note("SetProperties", r#"{"qProp":{"a":1}}"#, true);
        memory.note("SetProperties", r#"{"qProp":{"a":2}}"#, true);
        assert_eq!(methods(&memory), ["SetProperties", "ApplyPatches"]);
        memory.note("ClearSoftPatches", "{}", true);
        assert_eq!(methods(&memory), ["SetProperties"]);
    }

    #[test]
    fn what_the_app_keeps_is_not_noted() {
        let memory = Memory::default();
        memory.note("ApplyPatches", r#"{"qPatches":[{"qPath":"/a"}]}"#, false);
        memory.note("GetLayout", "{}", true);
        memory.note("SetStringValue", "nonsense", true);
        memory.note("SetStringValue", r#"["x"]"#, false);
        assert!(memory.calls().is_empty());
    }

    #[test]
    fn states_come_and_go() {
        let memory = Memory::default();
        memory.note("AddSessionAlternateState", r#"{"qStateName":"A"}"#, false);
        memory.note("AddSessionAlternateState", r#"["B"]"#, false);
        memory.note("RemoveSessionAlternateState", r#"{"qStateName":"A"}"#, false);
        assert_eq!(memory.calls(), [("AddSessionAlternateState", serde_json::json!(["B"]))]);
    }
}
