//! REST requests on their way into a recording, and answers on their way out of one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use serde_json::value::RawValue;

use super::file::{self, Answer, Body, Row, Writer};
use super::recording::Recording;
use super::redact::Redactor;
use crate::http::payload::Payload;
use crate::rest::{self, Incoming, Intercepted, Interceptor, Next, Operation, Outgoing};
use crate::{Error, HttpError, Result};

/// Writes each request with its answer into a recording.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) writer: Arc<Writer>,
    pub(super) redactor: Redactor,
}

impl Interceptor for Record {
    fn intercept<'a>(&'a self, request: Outgoing, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            let asked = asked(&request, &self.redactor);
            let (answer, result) = match next.run(request).await {
                Ok(incoming) => {
                    // What is read as it comes is read here, for a part of an answer is none.
                    let incoming = incoming.whole().await?;
                    (self.answer(&incoming), Ok(incoming))
                }
                Err(Error::Http(error)) => (self.refusal(&error), Err(Error::Http(error))),
                // Without an answer there is nothing to replay.
                Err(error) => return Err(error),
            };
            self.writer.line(&Row { request: Some(asked), answer: Some(answer), ..Row::default() })?;
            result
        })
    }
}

impl Record {
    fn answer(&self, incoming: &Incoming) -> Answer {
        let headers =
            incoming.headers().filter_map(|(name, value)| Some((name.to_owned(), self.redactor.header(name, value)?)));
        let media = incoming.header("content-type").unwrap_or_default();
        let body = incoming.body().filter(|body| !body.is_empty()).map(|body| told(body, media, &self.redactor));
        Answer { status: incoming.status(), headers: headers.collect(), body }
    }

    fn refusal(&self, error: &HttpError) -> Answer {
        let asked = error.retry_after().map(|time| ("retry-after".to_owned(), time.as_secs().to_string()));
        let trace = error.trace_id().map(|id| ("x-b3-traceid".to_owned(), id.to_owned()));
        let body = (!error.body().is_empty()).then(|| told(error.body(), "", &self.redactor));
        Answer { status: error.status(), headers: asked.into_iter().chain(trace).collect(), body }
    }
}

/// Answers requests from a recording.
#[derive(Debug)]
pub(super) struct Replay(pub(super) Recording);

impl Interceptor for Replay {
    fn intercept<'a>(&'a self, mut request: Outgoing, _: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            // What cannot be sent is no matter of the recording.
            if let Some(problem) = request.take_problem() {
                return Err(problem);
            }
            let asked = asked(&request, self.0.redactor());
            let answer = self.0.answer(&asked)?;
            let incoming = answer.incoming()?;
            // A status such as 304 is an error, but where a redirect is the answer.
            let redirects = request.operation().is_some_and(Operation::is_answered_by_redirect);
            if (300..400).contains(&answer.status) && !redirects {
                let body = Bytes::copy_from_slice(incoming.body().unwrap_or_default());
                let error = HttpError::new(answer.status, asked.method, asked.path, &HeaderMap::new(), body);
                return Err(error.of_operation(request.operation().map(Operation::name)).into());
            }
            Ok(incoming)
        })
    }
}

impl Answer {
    fn incoming(&self) -> Result<Incoming> {
        let body = self.body.as_ref().map(Body::bytes).transpose()?.unwrap_or_default();
        let mut incoming = Incoming::new(self.status, body);
        for (name, value) in &self.headers {
            incoming.set_header(name, value);
        }
        Ok(incoming)
    }
}

impl Body {
    /// The bytes that it tells of.
    fn bytes(&self) -> Result<Bytes> {
        Ok(match self {
            Body { json: Some(json), .. } => Bytes::from(json.get().to_owned()),
            Body { text: Some(text), .. } => Bytes::from(text.clone()),
            Body { base64: Some(text), .. } => Bytes::from(STANDARD.decode(text).map_err(|error| {
                Error::config(format!("the recording has a body in base64 that does not read: {error}"))
            })?),
            Body { bytes: Some(length), .. } => {
                BytesMut::zeroed(usize::try_from(*length).unwrap_or_default().min(LARGEST)).freeze()
            }
            _ => Bytes::new(),
        })
    }
}

/// The most that is made up in place of bytes that were left out.
const LARGEST: usize = 1 << 30;

/// A request as a recording tells it.
fn asked(request: &Outgoing, redactor: &Redactor) -> file::Request {
    file::Request {
        method: request.method().as_str().to_owned(),
        path: redactor.text(request.path()),
        query: redactor.pairs(request.query()),
        body: match request.payload() {
            Payload::None => None,
            Payload::Whole { body, content_type } => {
                Some(sent(body, content_type.to_str().unwrap_or_default(), redactor))
            }
            Payload::Parts(parts) => {
                let part = |part: &crate::http::payload::Part| file::Part {
                    name: part.name.clone(),
                    file: part.file_name.clone(),
                    body: {
                        let media = part.content_type.as_ref().and_then(|value| value.to_str().ok());
                        sent(&part.body, media.unwrap_or("text/plain"), redactor)
                    },
                };
                Some(Body { parts: Some(parts.iter().map(part).collect()), ..Body::default() })
            }
        },
    }
}

fn sent(body: &rest::Body, media: &str, redactor: &Redactor) -> Body {
    match body.as_bytes() {
        Some(bytes) => told(bytes, media, redactor),
        // What comes from a file or a stream goes by, and is known by its length.
        None => Body { bytes: Some(body.length().unwrap_or_default()), ..Body::default() },
    }
}

/// Bytes as a recording tells them.
fn told(bytes: &[u8], media: &str, redactor: &Redactor) -> Body {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return match redactor.values {
            true => Body { bytes: Some(bytes.len() as u64), ..Body::default() },
            false => Body { base64: Some(STANDARD.encode(bytes)), ..Body::default() },
        };
    };
    if media.starts_with("application/x-www-form-urlencoded") {
        return Body { text: Some(redactor.pairs(text)), ..Body::default() };
    }
    let json = redactor.json(text).and_then(|json| RawValue::from_string(json).ok());
    match json {
        Some(json) => Body { json: Some(json), ..Body::default() },
        None => Body { text: Some(redactor.file(text)), ..Body::default() },
    }
}
