//! A request in the making.

use std::io::Write;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::record::{self, Wire};

/// One JSON document, written front to back into one buffer.
///
/// Handle and id come last, because both are given when the request leaves: a session that was resumed in between
/// knows its objects by other numbers.
#[derive(Debug, Clone)]
pub(super) struct Request {
    text: Vec<u8>,
    /// Where the parameters start.
    params: usize,
    /// How many parameters there are by name so far; `None` once the list is complete.
    arguments: Option<usize>,
}

impl Request {
    /// A request with parameters by name, none yet.
    pub(super) fn new(method: &str) -> Self {
        let mut text = Self::head(method);
        let params = text.len();
        text.push(b'{');
        Request { text, params, arguments: Some(0) }
    }

    /// A request with all its parameters at once, by name or by position as they are given.
    pub(super) fn with_params(method: &str, params: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        let mut text = Self::head(method);
        let start = text.len();
        serde_json::to_writer(&mut text, params)?;
        match text.get(start..) {
            // `()` and `None`: a method without parameters
            Some(b"null") => {
                text.truncate(start);
                text.extend_from_slice(b"[]");
            }
            Some([b'{', ..] | [b'[', ..]) => {}
            _ => {
                return Err(serde::ser::Error::custom("parameters are an object (by name) or an array (by position)"));
            }
        }
        Ok(Request { text, params: start, arguments: None })
    }

    fn head(method: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(192);
        text.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":");
        write_text(&mut text, method);
        text.extend_from_slice(b",\"params\":");
        text
    }

    /// Adds a parameter; after an error the request is of no use.
    pub(super) fn argument(&mut self, name: &str, value: &impl Wire) -> Result<(), serde_json::Error> {
        let Some(arguments) = &mut self.arguments else { return Ok(()) };
        if *arguments > 0 {
            self.text.push(b',');
        }
        *arguments += 1;
        write_text(&mut self.text, name);
        self.text.push(b':');
        record::write_into(&mut self.text, value)
    }

    /// No more parameters follow.
    pub(super) fn complete(&mut self) {
        if self.arguments.take().is_some() {
            self.text.push(b'}');
        }
    }

    /// The parameters as JSON; all of them once the request is complete.
    pub(super) fn params(&self) -> &str {
        self.text.get(self.params..).and_then(|params| std::str::from_utf8(params).ok()).unwrap_or("{}")
    }

    /// The whole request, to this handle and under this id.
    pub(super) fn finish(mut self, handle: i32, id: u64, delta: bool) -> Utf8Bytes {
        self.complete();
        let delta = if delta { ",\"delta\":true" } else { "" };
        // writing into memory cannot fail
        let _ = write!(self.text, ",\"handle\":{handle},\"id\":{id}{delta}}}");
        // serde_json writes UTF-8 only: the lossy path is never taken, and costs nothing
        let text =
            String::from_utf8(self.text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Utf8Bytes::from(text)
    }
}

/// Appends a JSON string.
fn write_text(buffer: &mut Vec<u8>, text: &str) {
    // writing text into memory cannot fail
    let _ = serde_json::to_writer(buffer, text);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(request: Request, id: u64) -> Value {
        serde_json::from_str(request.finish(1, id, false).as_str()).expect("a request is JSON")
    }

    #[test]
    fn a_request_names_its_parameters() {
        let mut request = Request::new("EvaluateEx");
        request.argument("qExpression", &"Sum([a\"b])".to_owned()).unwrap();
        request.argument("qCount", &3_i64).unwrap();
        assert_eq!(
            sent(request, 7),
            json!({"jsonrpc": "2.0", "id": 7, "handle": 1, "method": "EvaluateEx",
                   "params": {"qExpression": "Sum([a\"b])", "qCount": 3}})
        );
    }

    #[test]
    fn a_request_without_parameters_has_an_empty_object() {
        assert_eq!(sent(Request::new("EngineVersion"), 1)["params"], json!({}));
    }

    #[test]
    fn raw_parameters_go_as_they_are() {
        let raw = |params: Value| Request::with_params("X", &params).map(|request| sent(request, 1)["params"].clone());
        assert_eq!(raw(json!(["a", 1])).unwrap(), json!(["a", 1]));
        assert_eq!(raw(json!({"q": []})).unwrap(), json!({"q": []}));
        assert_eq!(raw(Value::Null).unwrap(), json!([]));
        assert!(raw(json!("text")).unwrap_err().to_string().contains("an object"));
    }

    #[test]
    fn complete_parameters_can_be_looked_at_and_sent() {
        let mut request = Request::new("X");
        request.argument("a", &1_i64).unwrap();
        request.complete();
        assert_eq!(request.params(), r#"{"a":1}"#);
        let frame: Value = serde_json::from_str(request.finish(-1, 2, true).as_str()).unwrap();
        let whole = json!({"jsonrpc": "2.0", "id": 2, "handle": -1, "method": "X", "params": {"a": 1}, "delta": true});
        assert_eq!(frame, whole);
    }
}
