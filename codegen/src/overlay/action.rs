//! An overlay as it is written: its head and its actions, checked for form before anything is applied.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::diagnostic::{Diagnostic, Diagnostics};

use super::file::File;
use super::{place, yaml};

/// A well-formed overlay.
#[derive(Debug)]
pub(super) struct Overlay<'f> {
    pub(super) file: &'f File,
    pub(super) actions: Vec<Action>,
    text: String,
}

/// One action of an overlay.
#[derive(Debug)]
pub(super) struct Action {
    /// Its place in the list, from 0.
    pub(super) index: usize,
    /// The line on which it starts, from 1.
    pub(super) line: usize,
    pub(super) target: String,
    pub(super) path: JsonPath,
    pub(super) reason: String,
    /// What the target must still be before the change.
    pub(super) was: Option<Value>,
    pub(super) change: Change,
}

/// What an action does to the nodes it selects.
#[derive(Debug)]
pub(super) enum Change {
    Update(Value),
    Remove,
}

impl<'f> Overlay<'f> {
    /// Reads an overlay from its text; all complaints about its form at once.
    pub(super) fn parse(file: &'f File, text: String) -> Result<Self, Diagnostics> {
        let value = yaml::parse(&text).map_err(|error| vec![not_yaml(file, &error)])?;
        let form = Form { file, text: &text, lines: place::action_lines(&text) };
        let actions = form.overlay(value)?;
        Ok(Self { file, actions, text })
    }

    /// Line and column of an action, or of a key of it.
    pub(super) fn place(&self, index: usize, keys: &[&str]) -> (usize, usize) {
        place::of_action(&self.text, index, keys)
    }
}

fn not_yaml(file: &File, error: &serde_yaml_ng::Error) -> Diagnostic {
    let place = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    // the library repeats the place at the end of its message; ours stands in front of it
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words);
    Diagnostic::of_place(
        &file.shown,
        place,
        format!("not a YAML overlay: {message}"),
        "see README.md in the overlays' folder",
    )
}

/// The checks of form; each complaint is placed in the text.
struct Form<'a> {
    file: &'a File,
    text: &'a str,
    lines: Vec<usize>,
}

impl Form<'_> {
    fn overlay(&self, value: Value) -> Result<Vec<Action>, Diagnostics> {
        let Value::Object(mut head) = value else {
            return Err(vec![self.at((1, 1), "", "an overlay is an object", "start it with `overlay: 1.0.0`")]);
        };
        let mut wrong = Diagnostics::new();
        self.version(&head, &mut wrong);
        self.info(&head, &mut wrong);
        self.extends(&head, &mut wrong);
        let known = ["overlay", "info", "extends", "actions"];
        for key in unknown(&head, &known) {
            wrong.push(self.at_key(
                key,
                format!("an overlay has no `{key}`"),
                "its members are overlay, info, extends and actions",
            ));
        }
        let actions = match head.remove("actions") {
            Some(Value::Array(entries)) if !entries.is_empty() => entries,
            _ => {
                wrong.push(self.at_key(
                    "actions",
                    "`actions` is not a list of at least one action",
                    "remove the overlay if it does nothing",
                ));
                Vec::new()
            }
        };
        let mut read = Vec::with_capacity(actions.len());
        for (index, entry) in actions.into_iter().enumerate() {
            read.extend(self.action(index, entry, &mut wrong));
        }
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn version(&self, head: &Map<String, Value>, wrong: &mut Diagnostics) {
        let version = head.get("overlay").and_then(Value::as_str);
        if !version.is_some_and(|version| version == "1.0" || version.starts_with("1.0.")) {
            let message = match head.get("overlay") {
                Some(version) => {
                    format!("version {version} of the Overlay Specification is not known")
                }
                None => "the version of the Overlay Specification is missing".to_owned(),
            };
            wrong.push(self.at_key("overlay", message, "write `overlay: 1.0.0`"));
        }
    }

    fn info(&self, head: &Map<String, Value>, wrong: &mut Diagnostics) {
        for member in ["title", "version"] {
            let said = head.get("info").and_then(|info| info.get(member)).and_then(Value::as_str);
            if said.is_none_or(|text| text.trim().is_empty()) {
                let help = "an overlay has a title and a version, both text: quote a version that looks like a number";
                wrong.push(self.at_key("info", format!("`info.{member}` is missing"), help));
            }
        }
    }

    fn extends(&self, head: &Map<String, Value>, wrong: &mut Diagnostics) {
        let document = &self.file.document;
        if head.get("extends").and_then(Value::as_str) != Some(document) {
            let message = match head.get("extends") {
                Some(other) => {
                    format!("`extends` says {other}, the file's name says \"{document}\"")
                }
                None => "`extends` is missing".to_owned(),
            };
            wrong.push(self.at_key("extends", message, format!("write `extends: {document}`, or rename the file")));
        }
    }

    /// One action, unless it has a fault.
    fn action(&self, index: usize, entry: Value, wrong: &mut Diagnostics) -> Option<Action> {
        let Value::Object(mut members) = entry else {
            wrong.push(self.at_action(
                index,
                &[],
                "an action is an object",
                "it has a target, a description, and update or remove",
            ));
            return None;
        };
        let before = wrong.len();
        let target = text(members.remove("target"));
        let path = match JsonPath::parse(&target) {
            Ok(path) => Some(path),
            Err(_) if target.is_empty() => {
                wrong.push(self.at_action(
                    index,
                    &["target"],
                    "the action has no target",
                    "give the JSONPath of what it changes",
                ));
                None
            }
            Err(error) => {
                let message = format!("the target `{target}` is not a JSONPath: {}", error.message());
                let help = format!("see character {} of it; JSONPath is that of RFC 9535", error.position());
                wrong.push(self.at_action(index, &["target"], message, help));
                None
            }
        };
        let reason = text(members.remove("description"));
        if reason.trim().is_empty() {
            wrong.push(self.at_action(
                index,
                &["description"],
                "the action gives no reason",
                "say in `description` why it is needed",
            ));
        }
        let was = members.remove("x-qlik-was");
        let remove = members.remove("remove");
        if remove.as_ref().is_some_and(|remove| !remove.is_boolean()) {
            wrong.push(self.at_action(
                index,
                &["remove"],
                "`remove` is neither true nor false",
                "write `remove: true`",
            ));
        }
        let change = match (members.remove("update"), remove == Some(Value::Bool(true))) {
            (Some(update), false) => Some(Change::Update(update)),
            (None, true) => Some(Change::Remove),
            (Some(_), true) => {
                wrong.push(self.at_action(
                    index,
                    &["remove"],
                    "the action both updates and removes",
                    "make two actions of it",
                ));
                None
            }
            (None, false) => {
                wrong.push(self.at_action(
                    index,
                    &[],
                    "the action does nothing",
                    "give it an `update`, or `remove: true`",
                ));
                None
            }
        };
        for key in unknown(&members, &[]) {
            let help = "its members are target, description, update, remove and x-qlik-was";
            wrong.push(self.at_action(index, &[key], format!("an action has no `{key}`"), help));
        }
        if wrong.len() > before {
            return None;
        }
        let line = self.lines.get(index).copied().unwrap_or(1);
        Some(Action { index, line, target, path: path?, reason, was, change: change? })
    }

    fn at_action(
        &self,
        index: usize,
        keys: &[&str],
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        let message = format!("action {}: {}", index + 1, message.into());
        self.at(place::of_action(self.text, index, keys), &format!("/actions/{index}"), message, help)
    }

    fn at_key(&self, key: &str, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        self.at(place::of_key(self.text, key), "", message, help)
    }

    fn at(
        &self,
        place: (usize, usize),
        pointer: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::of_place(&self.file.shown, place, message, help).with_pointer(pointer)
    }
}

/// The text of a member; empty where there is none.
fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Members that are neither known nor extensions. `x-qlik-` is ours, so what is unknown there is a slip as well.
fn unknown<'m>(members: &'m Map<String, Value>, known: &[&str]) -> impl Iterator<Item = &'m str> {
    let extension = |key: &str| key.starts_with("x-") && !key.starts_with("x-qlik-");
    let keys: Vec<&str> =
        members.keys().map(String::as_str).filter(|key| !known.contains(key) && !extension(key)).collect();
    keys.into_iter()
}
