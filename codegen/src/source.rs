//! A JSON document together with its text, so that a complaint about a node can point at its line.

mod scan;
mod strict;

use std::path::Path;

use serde_json::Value;

use crate::diagnostic::Diagnostic;

/// A description as it was read. `value` may be changed afterwards (by overlays, by passes); the text stays what the
/// file says, and is what [`Document::at`] points into.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    text: String,
    /// The content; object members keep the order of the file.
    pub value: Value,
}

impl Document {
    /// Reads a JSON file; messages call it `shown_name`.
    pub fn read(path: &Path, shown_name: &str) -> Result<Self, Diagnostic> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(shown_name, &error))?;
        Self::from_bytes(shown_name, &bytes)
    }

    /// Reads JSON from bytes: UTF-8, with or without a byte order mark.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Diagnostic> {
        if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) || bytes.iter().take(4).any(|b| *b == 0)
        {
            return Err(Diagnostic::of_place(name, (1, 1), "the file is UTF-16 or UTF-32", "save it as UTF-8"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(name, text),
            Err(error) => {
                let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
                let place = scan::line_and_column(&valid, valid.len());
                Err(Diagnostic::of_place(name, place, "the file is not UTF-8 from here on", "save it as UTF-8"))
            }
        }
    }

    /// Reads JSON from text. An object that has a member twice is an error: which of the two counts is anybody's guess.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostic> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        match strict::parse(text) {
            Ok(value) => Ok(Self { name: name.to_owned(), text: text.to_owned(), value }),
            Err(error) => Err(not_json(name, text, &error)),
        }
    }

    /// The name that messages show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text as read, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A complaint about the node at `pointer`, at its line and column. A node that the text does not have (an overlay
    /// made it) is shown at the nearest node around it.
    pub fn at(&self, pointer: &str, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        let place = scan::line_and_column(&self.text, scan::locate(&self.text, pointer));
        Diagnostic::of_place(&self.name, place, message, help).with_pointer(pointer)
    }
}

/// A member name or index as a step of a JSON pointer: `~` and `/` escaped.
pub fn pointer_step(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// A file that cannot be read, in words.
pub fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    match error.kind() {
        std::io::ErrorKind::NotFound => Diagnostic::of_file(name, "there is no such file or folder", "check the path"),
        _ => Diagnostic::of_file(name, format!("cannot be read: {error}"), "check the file and its permissions"),
    }
}

fn not_json(name: &str, text: &str, error: &serde_json::Error) -> Diagnostic {
    if text.trim().is_empty() {
        return Diagnostic::of_file(name, "the file is empty", "a JSON document is expected");
    }
    if let Some((offset, pointer)) = scan::duplicate_member(text)
        && error.is_data()
    {
        let place = scan::line_and_column(text, offset);
        return Diagnostic::of_place(
            name,
            place,
            "this object has the member twice",
            "keep one of the two; JSON gives them no order",
        )
        .with_pointer(pointer);
    }
    let offset = scan::offset_of(text, error.line(), error.column());
    // serde_json repeats the place at the end of its message; ours stands in front of it
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words);
    Diagnostic::of_place(
        name,
        scan::line_and_column(text, offset),
        format!("not JSON: {message}"),
        "only JSON is read; convert YAML first, and check that the download is complete",
    )
    .with_pointer(scan::open_at(text, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"paths\": {\n    \"/a~b\": [1, {\"ä\": \"x\\\"y\", \"type\": 2}]\n  }\n}\n";

    fn place(pointer: &str) -> (usize, usize) {
        let found = Document::parse("t.json", TEXT).map(|d| d.at(pointer, "m", "h"));
        found.map(|d| (d.line, d.column)).unwrap_or_default()
    }

    #[test]
    fn a_node_is_found_at_its_line_and_column() {
        assert_eq!(place(""), (1, 1));
        assert_eq!(place("/paths"), (2, 3));
        assert_eq!(place("/paths/~1a~0b"), (3, 5));
        assert_eq!(place("/paths/~1a~0b/0"), (3, 14));
        assert_eq!(place("/paths/~1a~0b/1/ä"), (3, 18));
        assert_eq!(place("/paths/~1a~0b/1/type"), (3, 31));
    }

    #[test]
    fn a_node_that_the_text_lacks_is_shown_at_its_nearest_ancestor() {
        assert_eq!(place("/paths/~1a~0b/7/x"), (3, 5));
        assert_eq!(place("/info/title"), (1, 1));
    }

    #[test]
    fn a_member_twice_is_an_error_at_the_second() {
        let error = Document::parse("t.json", "{\"a\": {\"b\": 1,\n \"c\": 0, \"b\": 2}}").map(|_| ()).unwrap_err();
        assert_eq!((error.line, error.column, error.pointer.as_str()), (2, 10, "/a/b"));
        assert!(error.message.contains("twice"), "{error}");
    }

    #[test]
    fn broken_json_names_the_place_and_the_node() {
        let error = Document::parse("t.json", "{\"a\": {\n  \"b\": [1, oops]}}").map(|_| ()).unwrap_err();
        assert_eq!((error.line, error.column, error.pointer.as_str()), (2, 12, "/a/b/1"));
        assert!(error.to_string().starts_with("t.json:2:12 at #/a/b/1: not JSON: "), "{error}");
    }

    #[test]
    fn encodings() {
        assert!(Document::from_bytes("t", b"\xEF\xBB\xBF{}").is_ok());
        for bytes in [&b"\xFF\xFE{\0}\0"[..], b"\0{\0}", b"{\0}\0"] {
            let error = Document::from_bytes("t", bytes).map(|_| ()).unwrap_err();
            assert!(error.message.contains("UTF-16"), "{error}");
        }
        let error = Document::from_bytes("t", b"{\n\"a\": \"\xE4\"}").map(|_| ()).unwrap_err();
        assert_eq!((error.line, error.column), (2, 7));
    }

    #[test]
    fn an_empty_file_is_said_to_be_empty() {
        assert!(Document::parse("t", " \n").is_err_and(|e| e.message.contains("empty")));
    }
}
