//! Applies one action to a document: checks what must still stand, then merges, fills in or removes.

use serde_json::{Map, Value};

use crate::source::pointer_step;

use super::action::{Action, Change};
use super::file::Layer;
use super::path::{self, Location};

/// What an action did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) hits: Vec<String>,
    pub(super) changes: Vec<String>,
}

/// Why an action cannot be applied.
#[derive(Debug)]
pub(super) struct Problem {
    /// The keys inside the action that lead to the cause.
    pub(super) keys: Vec<String>,
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    fn new(keys: Vec<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { keys, message: message.into(), help: help.into() }
    }
}

/// Applies the action to every node that it selects.
pub(super) fn apply(action: &Action, layer: Layer, root: &mut Value) -> Result<Done, Vec<Problem>> {
    let locations = path::select(&action.path, root);
    if locations.is_empty() {
        let help = "if the description has changed, aim the action anew; if what it corrects is gone, drop it";
        return Err(vec![Problem::new(vec!["target".to_owned()], "the target hits nothing", help)]);
    }
    let stale: Vec<Problem> = locations.iter().filter_map(|location| stale(action, root, location)).collect();
    if !stale.is_empty() {
        return Err(stale);
    }
    let mut done =
        Done { hits: locations.iter().map(|location| path::pointer(location)).collect(), changes: Vec::new() };
    match &action.change {
        Change::Remove if layer == Layer::Wording => {
            let help = "move it to fixes/ or shape/";
            return Err(vec![Problem::new(vec!["remove".to_owned()], "wording removes nothing", help)]);
        }
        Change::Remove => {
            // from the back: a node before the one around it, a later entry of an array before an earlier one
            for location in locations.iter().rev() {
                if path::remove(root, location).is_none() {
                    return Err(vec![Problem::new(
                        vec!["target".to_owned()],
                        "the root cannot be removed",
                        "aim at a part of the document",
                    )]);
                }
            }
            done.changes.clone_from(&done.hits);
        }
        Change::Update(update) => {
            let mut merge = Merge {
                keys: vec!["update".to_owned()],
                layer,
                pointer: String::new(),
                changes: Vec::new(),
                problems: Vec::new(),
            };
            for location in &locations {
                if let Some(target) = path::node_mut(root, location) {
                    merge.pointer = path::pointer(location);
                    merge.target(target, update);
                }
            }
            if !merge.problems.is_empty() {
                return Err(merge.problems);
            }
            done.changes = merge.changes;
        }
    }
    Ok(done)
}

/// A complaint if the node is no longer what the action recorded.
fn stale(action: &Action, root: &mut Value, location: &Location) -> Option<Problem> {
    let was = action.was.as_ref()?;
    let mut keys = vec!["x-qlik-was".to_owned()];
    let mut pointer = path::pointer(location);
    let now = path::node_mut(root, location).map(|node| &*node);
    let now = differs(was, now, &mut keys, &mut pointer)?;
    let now = now.map_or_else(|| "nothing".to_owned(), shown);
    let help = "upstream changed: review the action, and drop it if the description is right now";
    Some(Problem::new(keys, format!("the recorded old value no longer stands: #{pointer} is now {now}"), help))
}

/// Where the present value is not the recorded one: of an object each recorded member counts, null for one that is
/// not there; anything else counts as a whole. Gives the present value there; `keys` and `pointer` lead to it.
fn differs<'v>(
    was: &Value,
    now: Option<&'v Value>,
    keys: &mut Vec<String>,
    pointer: &mut String,
) -> Option<Option<&'v Value>> {
    match (was, now) {
        (Value::Null, None | Some(Value::Null)) => None,
        (Value::Object(members), Some(Value::Object(present))) => members.iter().find_map(|(key, was)| {
            let length = pointer.len();
            keys.push(key.clone());
            pointer.push('/');
            pointer.push_str(&pointer_step(key));
            let found = differs(was, present.get(key), keys, pointer);
            if found.is_none() {
                keys.pop();
                pointer.truncate(length);
            }
            found
        }),
        (was, Some(now)) if was == now => None,
        (_, now) => Some(now),
    }
}

/// A value in a message: in full where it is short.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 120;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A merge under way; `keys` and `pointer` say where it is, in the overlay and in the document.
struct Merge {
    layer: Layer,
    keys: Vec<String>,
    pointer: String,
    changes: Vec<String>,
    problems: Vec<Problem>,
}

impl Merge {
    /// Merges the update into a node that the action selected.
    fn target(&mut self, target: &mut Value, update: &Value) {
        match (target, update) {
            (Value::Object(target), Value::Object(update)) => self.object(target, update),
            (Value::Array(target), update) if self.layer != Layer::Wording => match update {
                Value::Array(entries) => self.append(target, entries),
                entry => self.append(target, std::slice::from_ref(entry)),
            },
            (Value::Object(_), _) => self.problem("an object is updated by an object", "list the members to set"),
            (target, _) => {
                let message = format!("the target {} is {} and has no members to update", self.pointer, kind(target));
                self.problem(message, "aim at the object that holds it");
            }
        }
    }

    fn object(&mut self, target: &mut Map<String, Value>, update: &Map<String, Value>) {
        for (key, value) in update {
            let length = self.pointer.len();
            self.pointer.push('/');
            self.pointer.push_str(&pointer_step(key));
            self.keys.push(key.clone());
            if self.layer == Layer::Wording {
                self.fill(target, key, value);
            } else {
                self.member(target, key, value);
            }
            self.keys.pop();
            self.pointer.truncate(length);
        }
    }

    /// Overlay 1.0: objects merge member by member, arrays are appended to, anything else is replaced.
    fn member(&mut self, target: &mut Map<String, Value>, key: &str, update: &Value) {
        match (target.get_mut(key), update) {
            (Some(Value::Object(present)), Value::Object(update)) => self.object(present, update),
            (Some(Value::Array(present)), Value::Array(update)) => self.append(present, update),
            (Some(present @ (Value::Object(_) | Value::Array(_))), _) => {
                let message = format!("{} would replace {} by {}", self.pointer, kind(present), kind(update));
                self.problem(message, "remove it in an action before, if that is meant");
            }
            (Some(present), update) if present == update => {}
            (Some(present), update) => {
                *present = update.clone();
                self.changed();
            }
            (None, update) => {
                target.insert(key.to_owned(), update.clone());
                self.changed();
            }
        }
    }

    /// Appends entries; a name or value that a list already has is not listed twice.
    fn append(&mut self, target: &mut Vec<Value>, entries: &[Value]) {
        let before = target.len();
        for entry in entries {
            if entry.is_object() || !target.contains(entry) {
                target.push(entry.clone());
            }
        }
        if target.len() > before {
            self.changed();
        }
    }

    /// Wording fills gaps: a node that is described keeps its words, and a node that is not there has none.
    fn fill(&mut self, target: &mut Map<String, Value>, key: &str, update: &Value) {
        match (target.get_mut(key), update) {
            (Some(Value::Object(present)), Value::Object(update)) => self.object(present, update),
            (Some(Value::Array(present)), Value::Object(update)) => self.entries(present, update),
            (Some(Value::String(present)), Value::String(_)) if is_words(key) => {
                if present.trim().is_empty() {
                    self.set(target, key, update);
                }
            }
            (None, Value::String(_)) if is_words(key) => self.set(target, key, update),
            (None, _) if key.starts_with("x-qlik-") => self.set(target, key, update),
            (Some(_), _) if key.starts_with("x-qlik-") => {}
            (None, Value::Object(_)) => {
                let message = format!("hits nothing: there is no {}", self.pointer);
                self.problem(message, "if it was renamed, rename it here; if it is gone, drop its words");
            }
            _ => {
                let message = format!("{} is not wording", self.pointer);
                self.problem(
                    message,
                    "wording sets summary, description and x-qlik-…; move the rest to fixes/ or shape/",
                );
            }
        }
    }

    /// Words for the entries of a list, by their names: parameters, methods, titled constants.
    fn entries(&mut self, target: &mut [Value], update: &Map<String, Value>) {
        for (name, words) in update {
            let length = self.pointer.len();
            self.keys.push(name.clone());
            match (target.iter_mut().enumerate().find(|(_, entry)| is_named(entry, name)), words) {
                (Some((index, Value::Object(entry))), Value::Object(words)) => {
                    self.pointer.push_str(&format!("/{index}"));
                    self.object(entry, words);
                }
                (Some(_), _) => {
                    self.problem(format!("the words of {name:?} are no object"), "give a summary or a description")
                }
                (None, _) => {
                    let message = format!("hits nothing: no entry of {} has the name or title {name:?}", self.pointer);
                    self.problem(message, "if it was renamed, rename it here; if it is gone, drop its words");
                }
            }
            self.keys.pop();
            self.pointer.truncate(length);
        }
    }

    fn set(&mut self, target: &mut Map<String, Value>, key: &str, value: &Value) {
        target.insert(key.to_owned(), value.clone());
        self.changed();
    }

    fn changed(&mut self) {
        self.changes.push(self.pointer.clone());
    }

    fn problem(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(self.keys.clone(), message, help));
    }
}

fn is_words(key: &str) -> bool {
    matches!(key, "summary" | "description")
}

fn is_named(entry: &Value, name: &str) -> bool {
    ["name", "title"].iter().any(|key| entry.get(key).and_then(Value::as_str) == Some(name))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
