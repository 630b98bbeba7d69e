//! Overlays: our corrections, choices and words, laid over the official descriptions before anything is generated.
//!
//! Each is an OpenAPI Overlay 1.0 document in YAML under `fixes/`, `shape/` or `wording/`, and they are applied in this
//! order. They are strict: an action that hits nothing, gives no reason, or whose recorded old value no longer stands
//! is an error that names its line, so that corrections do not outlive the mistakes they correct.

mod action;
mod change;
mod file;
mod path;
mod place;
mod yaml;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::unreadable;

use action::Overlay;
use file::File;

/// The overlays of a folder. Only their names are read until a document asks for them: a build that generates three
/// APIs parses the overlays of three.
#[derive(Clone, Debug, Default)]
pub struct Overlays {
    files: Vec<File>,
}

/// What the overlays did to one document, in the order in which it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// One entry for each action.
    pub actions: Vec<AppliedAction>,
}

/// One action of an overlay, as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedAction {
    /// The overlay, relative to the overlays' folder: `fixes/apps.yaml`.
    pub file: String,
    /// The line on which the action starts.
    pub line: usize,
    /// The action's place in the overlay's list, from 0.
    pub index: usize,
    /// The JSONPath of what it changes.
    pub target: String,
    /// Why, in the overlay's words.
    pub reason: String,
    /// JSON pointers of the nodes that the target selects.
    pub hits: Vec<String>,
    /// JSON pointers of the members that were set, appended to or removed. Empty where the document said so already.
    pub changes: Vec<String>,
}

impl AppliedAction {
    /// Whether the action changed the node at a JSON pointer, something inside it, or something that holds it.
    pub fn touches(&self, pointer: &str) -> bool {
        self.changes.iter().any(|change| is_within(change, pointer) || is_within(pointer, change))
    }
}

/// Whether a pointer leads to the node at `outer` or into it.
fn is_within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Overlays {
    /// Lists the overlays of a folder: `fixes`, then `shape`, then `wording`, each by file name. A folder or file that
    /// no document would ever use is an error, since its author believes it does something.
    pub fn read(dir: &Path) -> Result<Self, Diagnostics> {
        file::list(dir).map(|files| Self { files })
    }

    /// The documents that have an overlay, by name (`rest/apps.json`, `engine/qix.json`), sorted.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.files.iter().map(|file| file.document.as_str()).collect();
        names.into_iter()
    }

    /// Applies the overlays of a document (`rest/apps.json`) to its value, and says what they did. All actions are
    /// tried, so that all complaints come at once; after an error the value is not to be used.
    pub fn apply(&self, document_name: &str, value: &mut Value) -> Result<Applied, Diagnostics> {
        let mut applied = Applied::default();
        let mut wrong = Diagnostics::new();
        for file in self.files.iter().filter(|file| file.document == document_name) {
            match read_overlay(file) {
                Ok(overlay) => apply_overlay(&overlay, value, &mut applied, &mut wrong),
                Err(diagnostics) => wrong.extend(diagnostics),
            }
        }
        if wrong.is_empty() { Ok(applied) } else { Err(wrong) }
    }
}

fn read_overlay(file: &File) -> Result<Overlay<'_>, Diagnostics> {
    let text = std::fs::read_to_string(&file.path).map_err(|error| vec![unreadable(&file.shown, &error)])?;
    Overlay::parse(file, text)
}

fn apply_overlay(overlay: &Overlay<'_>, value: &mut Value, applied: &mut Applied, wrong: &mut Diagnostics) {
    for action in &overlay.actions {
        match change::apply(action, overlay.file.layer, value) {
            Ok(done) => applied.actions.push(AppliedAction {
                file: overlay.file.name.clone(),
                line: action.line,
                index: action.index,
                target: action.target.clone(),
                reason: action.reason.clone(),
                hits: done.hits,
                changes: done.changes,
            }),
            Err(problems) => wrong.extend(problems.into_iter().map(|problem| at_action(overlay, action, problem))),
        }
    }
}

/// The complaint at the line of the overlay that is nearest to its cause.
fn at_action(overlay: &Overlay<'_>, action: &action::Action, problem: change::Problem) -> Diagnostic {
    let keys: Vec<&str> = problem.keys.iter().map(String::as_str).collect();
    let message =
        format!("action {} ({}) on {}: {}", action.index + 1, action.target, overlay.file.document, problem.message);
    Diagnostic::of_place(&overlay.file.shown, overlay.place(action.index, &keys), message, problem.help)
        .with_pointer(format!("/actions/{}", action.index))
}
