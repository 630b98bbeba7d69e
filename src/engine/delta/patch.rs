//! The engine's dialect of JSON Patch.
//!
//! It differs from RFC 6902 in one thing: the path of the whole document is `/`. Whether a step is an index or a name
//! is decided by what stands there, never by how the step looks: objects do have members named `5`.

use std::fmt;

use serde_json::{Map, Value};

/// How deep a document may become by patches. JSON is read to half of it at most; without a bound, patch upon patch
/// could nest values until dropping them overflows the stack.
const DEEPEST: usize = 256;

/// Why a patch does not fit the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatchError(String);

impl PatchError {
    pub(super) fn new(path: &str, why: impl fmt::Display) -> Self {
        PatchError(format!("a patch of `{path}` does not fit: {why}"))
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Applies a list of patches in their order. After an error the document is somewhere in between.
pub(super) fn apply_all(document: &mut Value, patches: Value) -> Result<(), PatchError> {
    let Value::Array(patches) = patches else {
        return Err(PatchError::new("/", "a delta is a list of patches"));
    };
    patches.into_iter().try_for_each(|patch| apply(document, patch))
}

fn apply(document: &mut Value, patch: Value) -> Result<(), PatchError> {
    let Value::Object(mut patch) = patch else {
        return Err(PatchError::new("/", "it is no object"));
    };
    let op = text(&mut patch, "op");
    let path = text(&mut patch, "path");
    let value = |patch: &mut Map<String, Value>| patch.remove("value").unwrap_or(Value::Null);
    match op.to_ascii_lowercase().as_str() {
        "add" => add(document, &path, value(&mut patch)),
        "replace" => replace(document, &path, value(&mut patch)),
        "remove" => remove(document, &path).map(drop),
        "move" => {
            let from = text(&mut patch, "from");
            if is_root(&from) || path.strip_prefix(&from).is_some_and(|rest| rest.starts_with('/')) {
                return Err(PatchError::new(&path, format_args!("`{from}` cannot move into itself")));
            }
            let moved = remove(document, &from)?;
            if path.matches('/').count() + depth(&moved) > DEEPEST {
                return Err(PatchError::new(&path, "it would nest too deeply"));
            }
            add(document, &path, moved)
        }
        other => Err(PatchError::new(&path, format_args!("`{other}` is unknown"))),
    }
}

fn text(patch: &mut Map<String, Value>, name: &str) -> String {
    match patch.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn is_root(path: &str) -> bool {
    matches!(path, "" | "/")
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    put(document, path, value, |items, name, value| {
        let index = if name == "-" { items.len() } else { index(name, path)? };
        if index > items.len() {
            return Err(PatchError::new(path, format_args!("the array ends at {}", items.len())));
        }
        items.insert(index, value);
        Ok(())
    })
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    put(document, path, value, |items, name, value| {
        let place = items.get_mut(index(name, path)?);
        *place.ok_or_else(|| PatchError::new(path, "there is no such item"))? = value;
        Ok(())
    })
}

/// Puts a value where the path leads; only in an array it matters how.
fn put(
    document: &mut Value,
    path: &str,
    value: Value,
    into_array: impl FnOnce(&mut Vec<Value>, &str, Value) -> Result<(), PatchError>,
) -> Result<(), PatchError> {
    if is_root(path) {
        *document = value;
        return Ok(());
    }
    let (parent, name) = parent(document, path)?;
    match parent {
        Value::Object(members) => {
            members.insert(name, value);
            Ok(())
        }
        Value::Array(items) => into_array(items, &name, value),
        _ => Err(PatchError::new(path, "what holds it is neither an object nor an array")),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, PatchError> {
    if is_root(path) {
        return Ok(document.take());
    }
    let (parent, name) = parent(document, path)?;
    match parent {
        Value::Object(members) => members.remove(&name).ok_or_else(|| PatchError::new(path, "there is no such member")),
        Value::Array(items) => {
            let index = index(&name, path)?;
            if index >= items.len() {
                return Err(PatchError::new(path, "there is no such item"));
            }
            Ok(items.remove(index))
        }
        _ => Err(PatchError::new(path, "what holds it is neither an object nor an array")),
    }
}

/// What holds the place that a path names, and its name in there.
fn parent<'a>(document: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), PatchError> {
    let Some(steps) = path.strip_prefix('/') else {
        return Err(PatchError::new(path, "a path starts with a slash"));
    };
    if steps.matches('/').count() >= DEEPEST / 2 {
        return Err(PatchError::new("/", "a path is too long"));
    }
    let (way, last) = steps.rsplit_once('/').map_or((None, steps), |(way, last)| (Some(way), last));
    let mut place = document;
    for step in way.into_iter().flat_map(|way| way.split('/')) {
        let next = match place {
            Value::Object(members) => members.get_mut(&unescaped(step)),
            Value::Array(items) => items.get_mut(index(step, path)?),
            _ => None,
        };
        place = next.ok_or_else(|| PatchError::new(path, format_args!("there is no `{step}` on the way")))?;
    }
    Ok((place, unescaped(last)))
}

/// How deep a value nests.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn index(step: &str, path: &str) -> Result<usize, PatchError> {
    step.parse().map_err(|_| PatchError::new(path, format_args!("`{step}` is no index")))
}

/// A step as it is meant: `~1` stands for a slash, `~0` for a tilde.
fn unescaped(step: &str) -> String {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~") } else { step.to_owned() }
}
