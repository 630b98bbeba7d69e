//! Errors that arise on this side: the network, time limits, signing in, unreadable answers, settings.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::http::HttpError;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A setting or an argument that cannot work; nothing was sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ConfigError {
    message: Box<str>,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into().into() }
    }

    /// What is wrong, and what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Signing in failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("signing in failed: {message}")]
#[non_exhaustive]
pub struct AuthError {
    message: String,
    answer: Option<Box<HttpError>>,
}

impl AuthError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), answer: None }
    }

    /// By an answer of the server.
    pub(crate) fn answered(answer: HttpError) -> Self {
        Self { message: answer.to_string(), answer: Some(Box::new(answer)) }
    }

    /// What is wrong, and what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the server said, where it was the server that refused.
    pub fn answer(&self) -> Option<&HttpError> {
        self.answer.as_deref()
    }
}

/// Something took longer than its limit.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{activity}: no answer within {limit:?}")]
#[non_exhaustive]
pub struct TimeoutError {
    activity: String,
    limit: Duration,
}

impl TimeoutError {
    pub(crate) fn new(activity: impl Into<String>, limit: Duration) -> Self {
        Self { activity: activity.into(), limit }
    }

    /// What took too long.
    pub fn activity(&self) -> &str {
        &self.activity
    }

    /// The limit that was passed.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

/// The client's own rate limit was used up, for longer than the call could wait. Nothing was sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{activity}: the rate limit is used up for another {wait:?}: {reason}; nothing was sent")]
#[non_exhaustive]
pub struct RateLimitError {
    activity: String,
    reason: &'static str,
    wait: Duration,
}

impl RateLimitError {
    pub(crate) fn new(activity: impl Into<String>, reason: &'static str, wait: Duration) -> Self {
        Self { activity: activity.into(), reason, wait }
    }

    /// What was not sent: the operation.
    pub fn activity(&self) -> &str {
        &self.activity
    }

    /// How long it takes until there is room again.
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

/// The network failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    activity: String,
    source: Source,
}

impl TransportError {
    pub(crate) fn new(activity: impl Into<String>, source: Source) -> Self {
        Self { activity: activity.into(), source }
    }

    /// What was being done.
    pub fn activity(&self) -> &str {
        &self.activity
    }

    /// The error of the layer below; its chain of sources ends in the innermost cause, as a [`std::io::Error`].
    pub fn cause(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.source
    }
}

impl fmt::Display for TransportError {
    /// The whole chain of causes in one line: the innermost one ("connection refused") is what a person needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.activity)?;
        let mut last = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&*self.source);
        while let Some(error) = cause {
            let text = error.to_string();
            // Many layers repeat the text of the layer below.
            if !last.contains(&text) {
                write!(f, ": {text}")?;
                last = text;
            }
            cause = error.source();
        }
        Ok(())
    }
}

// The text holds the whole chain, so that `source` would make a report say everything twice.
impl std::error::Error for TransportError {}

/// An answer arrived that is not what it should be.
///
/// This is a fault of the description that the types are made from, or of something between the server and here that
/// answers in its place. The text names the place in the document; [`body`](DecodeError::body) holds the document.
#[derive(Clone)]
#[non_exhaustive]
pub struct DecodeError {
    context: String,
    path: String,
    message: String,
    body: Bytes,
}

impl DecodeError {
    pub(crate) fn new(
        context: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
        body: &[u8],
    ) -> Self {
        Self { context: context.into(), path: path.into(), message: message.into(), body: Bytes::copy_from_slice(body) }
    }

    /// What was read: the operation, or the Engine's method.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The place in the document, as `data[3].name`; empty for the document as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong at that place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The document that could not be read.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the answer does not read", self.context)?;
        if !matches!(self.path.as_str(), "" | ".") {
            write!(f, " at `{}`", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("context", &self.context)
            .field("path", &self.path)
            .field("message", &self.message)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for DecodeError {}
