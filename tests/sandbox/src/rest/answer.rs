//! The shapes of answers and of errors.

use serde_json::{Value as Json, json};

/// An answer: a status, a JSON body or a file, and headers such as the place to go to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Json>,
    pub(crate) file: Option<File>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// A body that is no JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub(crate) mime: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn ok(body: Json) -> Self {
        Self { status: 200, body: Some(body), ..Self::default() }
    }

    pub(crate) fn created(body: Json) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn file(mime: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { file: Some(File { mime: mime.to_owned(), bytes: bytes.into() }), ..Self::empty(200) }
    }

    pub(crate) fn redirect(status: u16, location: String) -> Self {
        Self::empty(status).with("location", location)
    }

    pub(crate) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) type Outcome = Result<Answer, Problem>;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    code: Option<&'static str>,
    title: &'static str,
    detail: String,
    /// What is wrong: a pointer into the body, or a parameter.
    source: Option<(&'static str, String)>,
    /// Seconds to wait.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: u16, title: &'static str, detail: &str) -> Self {
        Self { status, code: None, title, detail: detail.to_owned(), source: None, retry_after: None }
    }

    /// The same, with the code that Qlik gives it.
    pub(crate) fn coded(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Whether this is the problem of that code.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code == Some(code)
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(401, "Unauthorized", detail)
    }

    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(403, "Forbidden", detail)
    }

    /// The limit of calls is reached.
    pub(crate) fn too_many(seconds: u64) -> Self {
        let detail = format!("You need to wait {seconds} seconds until limit is lifted.");
        let problem = Self::new(429, "API rate limit reached.", &detail).coded("HTTP-429");
        Self { retry_after: Some(seconds), ..problem }
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "Payload too large", "The body is larger than this operation takes")
    }

    pub(crate) fn no_upgrade() -> Self {
        Self::bad("The Engine is spoken to over a WebSocket")
    }

    pub(crate) fn bad(detail: &str) -> Self {
        Self::new(400, "Invalid request", detail)
    }

    pub(crate) fn parameter(name: &str, what: &str) -> Self {
        let source = Some(("parameter", name.to_owned()));
        Self { source, ..Self::bad(&format!("{name} {what}")) }
    }

    pub(crate) fn pointer(pointer: &str, what: &str) -> Self {
        let source = Some(("pointer", pointer.to_owned()));
        Self { source, ..Self::bad(&format!("{pointer} {what}")) }
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, "Not found", &format!("There is no {what} {id}"))
    }

    pub(crate) fn conflict(detail: &str) -> Self {
        Self::new(409, "Conflict", detail)
    }

    /// Qlik's error shape.
    pub(crate) fn body(&self, trace_id: &str) -> Json {
        let mut error = json!({
            "code": self.code.map_or_else(|| format!("SANDBOX-{}", self.status), str::to_owned),
            "title": self.title,
            "detail": self.detail,
            "status": self.status,
        });
        if let Some((kind, place)) = &self.source {
            error["source"] = json!({ *kind: place });
        }
        json!({ "errors": [error], "traceId": trace_id })
    }

    /// The answer that says so.
    pub(crate) fn answer(&self, trace_id: &str) -> Answer {
        let answer = Answer { status: self.status, ..Answer::ok(self.body(trace_id)) };
        match self.retry_after {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}
