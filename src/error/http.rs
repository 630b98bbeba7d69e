//! Answers with a status that is no success, with everything the server said.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::body;

/// How much of an unreadable body the text of the error shows.
const SHOWN: usize = 200;

/// A call was answered with a status that is no success.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpError {
    status: u16,
    operation: Option<&'static str>,
    method: String,
    path: String,
    errors: Vec<ApiError>,
    trace_id: Option<String>,
    retry_after: Option<Duration>,
    note: Option<&'static str>,
    body: Bytes,
}

impl HttpError {
    /// Reads an answer that is no success. `path` must come without the query, which may hold secrets.
    pub(crate) fn new(
        status: u16,
        method: impl Into<String>,
        path: impl Into<String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Self {
        let read = body::read(&body);
        Self {
            status,
            operation: None,
            method: method.into(),
            path: path.into(),
            errors: read.errors,
            trace_id: read.trace_id.or_else(|| crate::http::trace_id(headers)),
            retry_after: crate::http::retry_after(headers),
            note: None,
            body,
        }
    }

    /// The same, as the answer of a described operation.
    pub(crate) fn of_operation(mut self, operation: Option<&'static str>) -> Self {
        self.operation = operation;
        self
    }

    /// The same, with a word from this side on why it came to this.
    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The operation that was called, as Qlik names it (`getItem`); none for a raw call.
    pub fn operation(&self) -> Option<&str> {
        self.operation
    }

    /// The HTTP method of the request, as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The errors that the answer lists; empty if it lists none, as a proxy's HTML page.
    pub fn errors(&self) -> &[ApiError] {
        &self.errors
    }

    /// The id under which Qlik's support finds the request.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// How long the server asks to wait before the next call.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The body of the answer as it came, whatever it is.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if let Some(operation) = self.operation {
            write!(f, " ({operation})")?;
        }
        write!(f, ": {}", self.status)?;
        if let Some(reason) = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()) {
            write!(f, " {reason}")?;
        }
        for (index, error) in self.errors.iter().enumerate() {
            write!(f, "{} {error}", if index == 0 { ":" } else { ";" })?;
        }
        if self.errors.is_empty()
            && let Some(text) = body::glance(&self.body, SHOWN)
        {
            write!(f, ": {text}")?;
        }
        if let Some(note) = self.note {
            write!(f, "; {note}")?;
        }
        if let Some(trace_id) = &self.trace_id {
            write!(f, " (trace id {trace_id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpError")
            .field("status", &self.status)
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("errors", &self.errors)
            .field("trace_id", &self.trace_id)
            .field("retry_after", &self.retry_after)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for HttpError {}

/// One of the errors that an answer lists.
///
/// Qlik's services write their errors in a dozen shapes; this is what they have in common. A member that a service
/// does not send is `None`. What else it sent is in [`HttpError::body`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    pub(super) code: Option<String>,
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) source: Option<ApiErrorSource>,
    pub(super) meta: Option<Value>,
}

impl ApiError {
    /// The service's code for the error, as `HTTP-429`; a number is given as its digits.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// What is wrong, in short.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What is wrong, at length.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The status that belongs to this error; it may differ from the answer's.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What in the request is to blame.
    pub fn source(&self) -> Option<&ApiErrorSource> {
        self.source.as_ref()
    }

    /// Whatever else the service tells about the error.
    pub fn meta(&self) -> Option<&Value> {
        self.meta.as_ref()
    }

    /// Whether there is nothing in it to show.
    pub(super) fn is_empty(&self) -> bool {
        self.code.is_none() && self.title.is_none() && self.detail.is_none()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.title, &self.detail) {
            (Some(title), Some(detail)) if title != detail => write!(f, "{title}: {detail}")?,
            (Some(text), _) | (None, Some(text)) => f.write_str(text)?,
            (None, None) => f.write_str("no reason given")?,
        }
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        match &self.source {
            Some(ApiErrorSource { pointer: Some(place), .. }) | Some(ApiErrorSource { parameter: Some(place), .. }) => {
                write!(f, " at {place}")
            }
            _ => Ok(()),
        }
    }
}

/// The part of a request that an error is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiErrorSource {
    pub(super) pointer: Option<String>,
    pub(super) parameter: Option<String>,
}

impl ApiErrorSource {
    /// The place in the request's body, as a JSON pointer.
    pub fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// The parameter of the request.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }
}
