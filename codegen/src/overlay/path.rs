//! Selects nodes by JSONPath (RFC 9535) and reaches them again for a change.

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

use crate::source::pointer_step;

/// One step from a node to a node inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

/// The way from the root to a node.
pub(super) type Location = Vec<Step>;

/// The nodes that a path selects: each once, a node before what is inside it, entries of an array in their order.
pub(super) fn select(path: &JsonPath, root: &Value) -> Vec<Location> {
    let mut locations: Vec<Location> =
        path.query_located(root).locations().map(|location| location.iter().map(step).collect()).collect();
    locations.sort();
    locations.dedup();
    locations
}

fn step(element: &PathElement<'_>) -> Step {
    match element {
        PathElement::Name(name) => Step::Name((*name).to_owned()),
        PathElement::Index(index) => Step::Index(*index),
    }
}

/// The node at a location.
pub(super) fn node_mut<'v>(root: &'v mut Value, location: &[Step]) -> Option<&'v mut Value> {
    location.iter().try_fold(root, |node, step| match step {
        Step::Name(name) => node.get_mut(name),
        Step::Index(index) => node.get_mut(index),
    })
}

/// Takes the node at a location out of the object or array that holds it. The order of what stays is kept.
pub(super) fn remove(root: &mut Value, location: &[Step]) -> Option<Value> {
    let (last, parent) = location.split_last()?;
    match (node_mut(root, parent)?, last) {
        (Value::Object(members), Step::Name(name)) => members.shift_remove(name),
        (Value::Array(entries), Step::Index(index)) if *index < entries.len() => Some(entries.remove(*index)),
        _ => None,
    }
}

/// The JSON pointer of a location.
pub(super) fn pointer(location: &[Step]) -> String {
    let mut text = String::new();
    for step in location {
        text.push('/');
        match step {
            Step::Name(name) => text.push_str(&pointer_step(name)),
            Step::Index(index) => text.push_str(&index.to_string()),
        }
    }
    text
}
