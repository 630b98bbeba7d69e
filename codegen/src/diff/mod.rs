//! Compares two states of the descriptions: what an update adds, removes and breaks, in a changelog's words.
//!
//! Only what the import writes is compared, without overlays: the question is what upstream did.

mod engine;
mod rest;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Document, unreadable};

/// What a change means to those who use the description. The order is that of a changelog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// Something is gone.
    Removed,
    /// Something is there in another way, and code that uses it may need a change.
    Breaking,
    /// Something is deprecated.
    Deprecated,
    /// Something is new.
    Added,
    /// Something is there in another way, and code that uses it need not care.
    Changed,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The API, or `engine`.
    pub part: String,
    /// What it means.
    pub kind: Kind,
    /// What it is, in a sentence without its full stop.
    pub text: String,
}

/// All differences, those of a part together; `Display` is the changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(pub Vec<Change>);

/// Compares two folders of descriptions, or two descriptions.
pub fn diff(old: &Path, new: &Path) -> Result<Changes, Diagnostics> {
    let sides = match (old.is_dir(), new.is_dir()) {
        (true, true) => (folder(old), folder(new)),
        (false, false) => {
            let part = new.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let one = |document| BTreeMap::from([(part.clone(), document)]);
            (read(old).map(one), read(new).map(one))
        }
        _ => {
            let message = "one side is a folder, the other is not";
            let help = "give two folders of descriptions, or two files";
            return Err(vec![Diagnostic::of_file(new.display().to_string(), message, help)]);
        }
    };
    match sides {
        (Ok(old), Ok(new)) => Ok(compare(&old, &new)),
        (old, new) => Err(old.err().into_iter().chain(new.err()).flatten().collect()),
    }
}

fn read(path: &Path) -> Result<Value, Diagnostics> {
    let shown = path.display().to_string();
    let document = Document::read(path, &shown).map_err(|error| vec![error])?;
    let known = ["openapi", "openrpc"].iter().any(|member| document.value.get(member).is_some());
    if known {
        return Ok(document.value);
    }
    Err(vec![document.at("", "neither an OpenAPI nor an OpenRPC document", "give files as the import writes them")])
}

/// The descriptions of a folder: `rest/*.json` and `engine/*.json`.
fn folder(root: &Path) -> Result<BTreeMap<String, Value>, Diagnostics> {
    let mut parts = BTreeMap::new();
    let mut errors = Vec::new();
    for kind in ["rest", "engine"] {
        let folder = root.join(kind);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(vec![unreadable(&folder.display().to_string(), &error)]),
            Ok(entries) => entries,
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) {
                match read(&path) {
                    Ok(value) => _ = parts.insert(name.to_owned(), value),
                    Err(more) => errors.extend(more),
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if parts.is_empty() {
        let help = "give a folder as the import writes it, with rest/ or engine/ in it";
        return Err(vec![Diagnostic::of_file(root.display().to_string(), "there are no descriptions in it", help)]);
    }
    Ok(parts)
}

fn compare(old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) -> Changes {
    let mut changes = Vec::new();
    for part in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let mut log = Log { part, changes: Vec::new() };
        match (old.get(part), new.get(part)) {
            (Some(_), None) => log.removed("the whole API"),
            (None, Some(new)) => log.added(format!("the whole API: {}", size(new))),
            (Some(old), Some(new)) if new.get("openrpc").is_some() => engine::compare(&mut log, old, new),
            (Some(old), Some(new)) => rest::compare(&mut log, old, new),
            (None, None) => {}
        }
        // within a kind, the order in which things were met: that of the description
        log.changes.sort_by_key(|change| change.kind);
        changes.append(&mut log.changes);
    }
    Changes(changes)
}

fn size(document: &Value) -> String {
    let (count, noun) = match document.get("methods").and_then(Value::as_array) {
        Some(methods) => (methods.len(), "method"),
        None => (rest::operations(document).len(), "operation"),
    };
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Collects the changes of a part.
struct Log<'a> {
    part: &'a str,
    changes: Vec<Change>,
}

impl Log<'_> {
    fn add(&mut self, kind: Kind, text: impl Into<String>) {
        self.changes.push(Change { part: self.part.to_owned(), kind, text: text.into() });
    }

    fn removed(&mut self, text: impl Into<String>) {
        self.add(Kind::Removed, text);
    }

    fn breaking(&mut self, text: impl Into<String>) {
        self.add(Kind::Breaking, text);
    }

    fn added(&mut self, text: impl Into<String>) {
        self.add(Kind::Added, text);
    }

    fn changed(&mut self, text: impl Into<String>) {
        self.add(Kind::Changed, text);
    }

    /// What is deprecated now, or no longer.
    fn deprecation(&mut self, label: &str, old: &Value, new: &Value) {
        let flag = |node: &Value| ["deprecated", "x-qlik-deprecated"].iter().any(|name| flag(node, name));
        match (flag(old), flag(new)) {
            (false, true) => {
                let sunset = new.get("x-qlik-deprecated-sunset").and_then(Value::as_str);
                let until = sunset.map(|sunset| format!(", and goes in {sunset}")).unwrap_or_default();
                self.add(Kind::Deprecated, format!("{label} is deprecated{until}"));
            }
            (true, false) => self.changed(format!("{label} is no longer deprecated")),
            _ => {}
        }
    }

    /// A fact that stands beside what a type is made of.
    fn fact(&mut self, label: &str, name: &str, old: &Value, new: &Value) {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old != new => self.changed(format!("{label}: {name} {old} is now {new}")),
            (None, Some(new)) => self.changed(format!("{label}: {name} is now {new}")),
            (Some(old), None) => self.changed(format!("{label}: {name} is no longer {old}")),
            _ => {}
        }
    }
}

/// Whether the member stands there as true.
fn flag(node: &Value, name: &str) -> bool {
    node.get(name) == Some(&Value::Bool(true))
}

/// Members of an object; none where there is no object.
fn members<'a>(node: &'a Value, name: &str) -> BTreeMap<&'a str, &'a Value> {
    let object = node.get(name).and_then(Value::as_object).into_iter().flatten();
    object.map(|(name, value)| (name.as_str(), value)).collect()
}

/// The nodes of a list by their `name`, in the order of the list.
fn named<'a>(node: &'a Value, list: &str) -> Vec<(&'a str, &'a Value)> {
    let nodes = node.get(list).and_then(Value::as_array).into_iter().flatten();
    nodes.filter_map(|node| Some((node.get("name")?.as_str()?, node))).collect()
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no differences\n");
        }
        let mut heading: Option<(&str, Kind)> = None;
        for change in &self.0 {
            if heading.is_none_or(|(part, _)| part != change.part) {
                let space = if heading.is_some() { "\n" } else { "" };
                writeln!(f, "{space}## {}", change.part)?;
            }
            if heading != Some((&change.part, change.kind)) {
                writeln!(f, "\n### {}\n", change.kind)?;
            }
            heading = Some((&change.part, change.kind));
            writeln!(f, "- {}", change.text)?;
        }
        let count = |kind| self.0.iter().filter(|change| change.kind == kind).count();
        let kinds = [Kind::Removed, Kind::Breaking, Kind::Deprecated, Kind::Added, Kind::Changed];
        let counts = kinds.map(|kind| format!("{} {}", count(kind), kind.to_string().to_lowercase()));
        writeln!(f, "\n{}", counts.join(", "))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "Removed",
            Self::Breaking => "Breaking",
            Self::Deprecated => "Deprecated",
            Self::Added => "Added",
            Self::Changed => "Changed",
        })
    }
}
