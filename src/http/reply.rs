//! An answer while it is read: its head, and its body as a whole or as it comes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::headers;
use super::request::Request;
use crate::error::HttpError;
use crate::rest::Again;
use crate::rest::{Method, Operation};
use crate::{Error, Result};

/// How much of the body of a failure is kept.
const FAILURE: usize = 1 << 20;

/// What is known of the exchange that an answer belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// For errors: `items getItem`, or `GET /api/v1/items`.
    pub(crate) name: String,
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) method: Method,
    /// Without the query, which may hold secrets.
    pub(crate) path: String,
    /// How long nothing may come while the body is read as it comes.
    pub(crate) silence: Duration,
}

impl Context {
    pub(crate) fn of(request: &Request, path: String, silence: Duration) -> Self {
        Self { name: request.name(), operation: request.operation, method: request.method, path, silence }
    }
}

/// How the body of an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Read to its end before the call returns.
    Whole,
    /// Left to be read by the caller.
    Stream,
}

/// A successful answer.
pub(crate) struct Reply {
    pub(crate) context: Arc<Context>,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
    /// How to ask for the rest, if reading the body breaks off.
    pub(crate) again: Option<Again>,
}

/// The body of a successful answer.
pub(crate) enum Content {
    Whole(Bytes),
    Stream(reqwest::Response),
}

impl Reply {
    /// The media type of the body, without its parameters.
    pub(crate) fn media_type(&self) -> Option<&str> {
        let value = headers::text(&self.headers, CONTENT_TYPE.as_str())?;
        value.split(';').next().map(str::trim)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Content::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("context", &self.context).field("status", &self.status).finish_non_exhaustive()
    }
}

/// Reads a body to its end.
pub(crate) async fn whole(mut response: reqwest::Response) -> reqwest::Result<Bytes> {
    // What a header says of the length is believed up to a point.
    let told = response.content_length().map_or(0, |length| length.min(FAILURE as u64) as usize);
    let Some(first) = response.chunk().await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = response.chunk().await? else {
        return Ok(first);
    };
    let mut body = BytesMut::with_capacity(told.max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads the answer of a request that failed. What breaks off or is too long is cut: the status is what counts.
pub(crate) async fn failure(context: &Context, mut response: reqwest::Response) -> HttpError {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= FAILURE {
            body.truncate(FAILURE);
            break;
        }
    }
    refused(context, response.status().as_u16(), response.headers(), body.freeze())
}

/// An answer that is no success.
pub(crate) fn refused(context: &Context, status: u16, headers: &HeaderMap, body: Bytes) -> HttpError {
    HttpError::new(status, context.method.as_str(), context.path.as_str(), headers, body)
        .of_operation(context.operation.map(Operation::name))
}

/// An error of the client below, as ours: its text names what was done, and no URL.
pub(crate) fn broken(context: &Context, doing: &str, error: reqwest::Error) -> Error {
    let activity = format!("{}: {doing}", context.name);
    // The only limit that the client below has is the one on silence.
    if error.is_timeout() {
        return Error::timeout(activity, context.silence);
    }
    Error::transport(activity, error.without_url())
}

/// Reads a body piece by piece, with a limit on how long nothing may come.
pub(crate) async fn next_chunk(context: &Context, response: &mut reqwest::Response) -> Option<Result<Bytes>> {
    match tokio::time::timeout(context.silence, response.chunk()).await {
        Ok(Ok(chunk)) => chunk.map(Ok),
        Ok(Err(error)) => Some(Err(broken(context, "reading the answer", error))),
        Err(_) => Some(Err(Error::timeout(format!("{}: reading the answer", context.name), context.silence))),
    }
}
