//! Interceptors: a program's own code around every request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::{FutureExt, TryFutureExt};
use reqwest::header::{HeaderMap, HeaderName};

use super::headers;
use super::payload::Payload;
use super::reply::{Content, Context, Reply, Wanted};
use super::request::Request;
use crate::client::Core;
use crate::rest::{Body, Method, Operation};
use crate::{Error, Result};

/// The future of an interceptor.
pub type Intercepted<'a> = Pin<Box<dyn Future<Output = Result<Incoming>> + Send + 'a>>;

/// A program's own code around every call of a client; [`QlikBuilder::interceptor`](crate::QlikBuilder::interceptor)
/// adds it.
///
/// It sees what is to be sent, may change it, and hands it on by [`Next::run`], which gives the answer after retries and
/// redirects. It may hand it on several times, or not at all and answer by itself. Credentials are added behind it, so
/// that it never sees them.
///
/// ```
/// use qlik::rest::{Incoming, Intercepted, Interceptor, Next, Outgoing};
///
/// #[derive(Debug)]
/// struct Tenant(String);
///
/// impl Interceptor for Tenant {
///     fn intercept<'a>(&'a self, mut request: Outgoing, next: Next<'a>) -> Intercepted<'a> {
///         Box::pin(async move {
///             if request.path().starts_with("/api/v1/quotas") {
///                 return Ok(Incoming::new(200, "{}"));
///             }
///             request.set_header("X-Own-Tenant", &self.0);
///             let answer = next.run(request).await?;
///             println!("{}", answer.status());
///             Ok(answer)
///         })
///     }
/// }
/// ```
pub trait Interceptor: fmt::Debug + Send + Sync + 'static {
    /// Does what is to be done around a call.
    fn intercept<'a>(&'a self, request: Outgoing, next: Next<'a>) -> Intercepted<'a>;
}

/// A request on its way out, before it is signed.
#[derive(Debug)]
pub struct Outgoing(Box<Request>);

impl Outgoing {
    /// The operation that is called; none for a raw call.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.0.method
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        self.0.target.path()
    }

    /// The query, percent-encoded; empty where there is none.
    pub fn query(&self) -> &str {
        self.0.target.query()
    }

    /// Adds a pair to the query.
    pub fn add_query(&mut self, name: &str, value: impl fmt::Display) {
        self.0.target.add(name, &value);
    }

    /// A header that the call has set.
    pub fn header(&self, name: &str) -> Option<&str> {
        headers::text(&self.0.headers, name)
    }

    /// Sets a header; the same cannot be set as by [`Call::header`](crate::rest::Call::header).
    pub fn set_header(&mut self, name: &str, value: impl fmt::Display) {
        self.0.header(name, &value);
    }

    /// The body, where it is bytes that are at hand.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.0.payload {
            Payload::Whole { body, .. } => body.as_bytes(),
            Payload::None | Payload::Parts(_) => None,
        }
    }

    /// Puts another body in the place of what is there.
    pub fn set_body(&mut self, body: impl Into<Body>, content_type: &str) {
        self.0.body(body.into(), content_type);
    }

    #[cfg(feature = "replay")]
    pub(crate) fn payload(&self) -> &Payload {
        &self.0.payload
    }

    /// What went wrong while the request was put together.
    #[cfg(feature = "replay")]
    pub(crate) fn take_problem(&mut self) -> Option<Error> {
        self.0.take_problem()
    }

    /// The same request once more; `None` where its body is read from a stream.
    pub fn try_clone(&self) -> Option<Self> {
        self.0.try_clone().map(|request| Self(Box::new(request)))
    }
}

/// An answer on its way in. A status that is no success is not here: it is an [`Error`].
#[derive(Debug)]
pub struct Incoming {
    status: u16,
    headers: HeaderMap,
    body: Content,
    /// Of the request that was answered; none where an interceptor answered.
    context: Option<Arc<Context>>,
}

impl Incoming {
    /// An answer without a request, from an interceptor itself.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: HeaderMap::new(), body: Content::Whole(body.into()), context: None }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        headers::text(&self.headers, name)
    }

    /// Sets a header. One that cannot be a header is left out.
    pub fn set_header(&mut self, name: &str, value: &str) {
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), headers::value(value)) {
            self.headers.insert(name, value);
        }
    }

    /// The body; `None` where the caller reads it as it comes.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.body {
            Content::Whole(bytes) => Some(bytes),
            Content::Stream(_) => None,
        }
    }

    /// Puts another body in the place of what is there.
    pub fn set_body(&mut self, body: impl Into<Bytes>) {
        self.body = Content::Whole(body.into());
    }

    #[cfg(feature = "replay")]
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The same, with its body read to the end.
    #[cfg(feature = "replay")]
    pub(crate) async fn whole(mut self) -> Result<Self> {
        if let (Content::Stream(response), Some(context)) = (&mut self.body, &self.context) {
            let mut body = bytes::BytesMut::new();
            while let Some(chunk) = super::reply::next_chunk(context, response).await {
                body.extend_from_slice(&chunk?);
            }
            self.body = Content::Whole(body.freeze());
        }
        Ok(self)
    }

    fn of(reply: Reply) -> Self {
        let Reply { context, status, headers, body, .. } = reply;
        Self { status, headers, body, context: Some(context) }
    }
}

/// The rest of a call's way, for an interceptor to go on with.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    core: &'a Core,
    rest: &'a [Arc<dyn Interceptor>],
    wanted: Wanted,
}

impl<'a> Next<'a> {
    /// Goes on: through the interceptors that follow, and over the wire.
    pub fn run(self, request: Outgoing) -> Intercepted<'a> {
        match self.rest.split_first() {
            Some((first, rest)) => first.intercept(request, Next { rest, ..self }),
            None => super::pipeline::exchange(self.core, *request.0, self.wanted).map_ok(Incoming::of).boxed(),
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("rest", &self.rest).finish_non_exhaustive()
    }
}

/// Sends a request through a client's interceptors.
pub(super) async fn through(core: &Core, request: Request, wanted: Wanted) -> Result<Reply> {
    let blank = Context::of(&request, request.target.path().to_owned(), core.settings.timeout);
    let next = Next { core, rest: &core.settings.interceptors, wanted };
    let Incoming { status, headers, body, context } = next.run(Outgoing(Box::new(request))).await?;
    let context = context.unwrap_or_else(|| Arc::new(blank));
    if !(200..400).contains(&status) {
        let Content::Whole(body) = body else {
            return Err(Error::config(format!("{}: an interceptor answered with status {status}", context.name)));
        };
        return Err(super::reply::refused(&context, status, &headers, body).into());
    }
    Ok(Reply { context, status, headers, body, again: None })
}
