//! Finds places in JSON text: from a pointer to its offset, from an offset to the pointer open there.
//!
//! A loose tokenizer, not a parser: it runs only to word a complaint, also on text that is not JSON, and never fails.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::pointer_step;

/// Where the node at `pointer` begins (a member at its name), or else the nearest node around it.
pub(super) fn locate(text: &str, pointer: &str) -> usize {
    let wanted: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut depth = 0;
    let mut found = text.len() - text.trim_start().len();
    walk(text, text.len(), |node| {
        let open = node.open;
        if depth < wanted.len()
            && open.len() == depth + 1
            && open.iter().zip(&wanted).all(|(level, step)| level.stands_at(step))
        {
            (depth, found) = (open.len(), node.offset);
        }
        if depth == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

/// The first member whose name its object already has: its offset and pointer.
pub(super) fn duplicate_member(text: &str) -> Option<(usize, String)> {
    let mut found = None;
    walk(text, text.len(), |node| {
        if node.repeated {
            found = Some((node.offset, pointer(node.open)));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}

/// The pointer of the node that is being written at `offset`.
pub(super) fn open_at(text: &str, offset: usize) -> String {
    pointer(&walk(text, offset, |_| ControlFlow::Continue(())))
}

/// Line and column of an offset, both from 1, the column in characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The offset of a line and column as serde_json counts them: from 1, the column in bytes.
pub(super) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// An object or array that has begun and not ended, and where in it the walk stands.
enum Level {
    Object { names: HashSet<String>, name: Option<String> },
    Array { index: usize },
}

impl Level {
    fn step(&self) -> Option<String> {
        match self {
            Self::Object { name, .. } => name.clone(),
            Self::Array { index } => Some(index.to_string()),
        }
    }

    fn stands_at(&self, step: &str) -> bool {
        match self {
            Self::Object { name, .. } => name.as_deref() == Some(step),
            Self::Array { index } => step.parse() == Ok(*index),
        }
    }
}

/// A member (at its name) or an element (at its value).
struct Node<'a> {
    open: &'a [Level],
    offset: usize,
    repeated: bool,
}

fn pointer(open: &[Level]) -> String {
    open.iter().filter_map(Level::step).map(|step| format!("/{}", pointer_step(&step))).collect()
}

/// Shows every member and element that begins before `until` to `visit`; returns what is open at the end.
fn walk(text: &str, until: usize, mut visit: impl FnMut(&Node<'_>) -> ControlFlow<()>) -> Vec<Level> {
    let bytes = text.as_bytes();
    let mut open: Vec<Level> = Vec::new();
    let mut name_expected = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at).filter(|_| at < until) {
        let offset = at;
        at += 1;
        let mut repeated = false;
        let mut begins = matches!(open.last(), Some(Level::Array { .. }));
        let mut inside = None;
        match byte {
            b'{' => inside = Some(Level::Object { names: HashSet::new(), name: None }),
            b'[' => inside = Some(Level::Array { index: 0 }),
            b'}' | b']' => {
                open.pop();
                (begins, name_expected) = (false, false);
            }
            b',' => {
                begins = false;
                match open.last_mut() {
                    Some(Level::Object { name, .. }) => (*name, name_expected) = (None, true),
                    Some(Level::Array { index }) => *index += 1,
                    None => {}
                }
            }
            b'"' => {
                at = end_of_string(bytes, at);
                if name_expected && let Some(Level::Object { names, name }) = open.last_mut() {
                    let written = text.get(offset..at).unwrap_or_default();
                    let new: String = serde_json::from_str(written).unwrap_or_default();
                    repeated = !names.insert(new.clone());
                    *name = Some(new);
                    (begins, name_expected) = (true, false);
                }
            }
            b':' | b' ' | b'\t' | b'\r' | b'\n' => begins = false,
            _ => {
                let scalar = bytes.iter().skip(at).take_while(|b| !b",]}:\" \t\r\n".contains(b)).count();
                at += scalar;
            }
        }
        if begins && visit(&Node { open: &open, offset, repeated }).is_break() {
            break;
        }
        if let Some(level) = inside {
            name_expected = matches!(level, Level::Object { .. });
            open.push(level);
        }
    }
    open
}

/// The offset after the closing quote of a string whose inside begins at `at`.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => return at + 1,
            b'\\' => 2,
            _ => 1,
        };
    }
    bytes.len()
}
