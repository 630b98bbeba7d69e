//! The pipeline: one function that every request goes through, in stages that each do one thing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::{Instrument, Span, debug, field, info_span};

use super::payload::Payload;
use super::redirect::{self, Hop, Next};
use super::reply::{self, Content, Context, Reply, Wanted};
use super::request::Request;
use super::retry::{self, Failure};
use super::watch::Progress;
use crate::client::Core;
use crate::rest::Operation;
use crate::{Error, Result};

/// Sends a request and returns its answer, if that is a success.
pub(crate) async fn send(core: &Core, mut request: Request, wanted: Wanted) -> Result<Reply> {
    if let Some(problem) = request.take_problem() {
        return Err(problem);
    }
    let limit = request.timeout.unwrap_or(core.settings.timeout);
    let payload = std::mem::replace(&mut request.payload, Payload::None);
    let exchange = Exchange::new(core, request, wanted, limit, payload.is_streamed())?;
    let span = info_span!(
        "qlik.call",
        operation = exchange.context.operation.map(Operation::name),
        method = exchange.context.method.as_str(),
        path = exchange.context.path,
        status = field::Empty,
        attempts = field::Empty,
    );
    exchange.limited(payload, limit).instrument(span).await
}

/// One call: a request, and all that is sent for it.
struct Exchange<'a> {
    core: &'a Core,
    context: Context,
    first: Hop,
    wanted: Wanted,
    deadline: Option<Instant>,
    progress: Arc<Progress>,
    /// Whether the limit is on how long nothing moves, instead of on the whole.
    streams: bool,
}

impl<'a> Exchange<'a> {
    /// Makes a request ready to be sent.
    fn new(core: &'a Core, request: Request, wanted: Wanted, limit: Duration, streamed: bool) -> Result<Self> {
        let name = request.name();
        let url = request.target.on(&core.host).map_err(|problem| Error::config(format!("{name}: {problem}")))?;
        let streams = streamed && request.timeout.is_none();
        Ok(Self {
            core,
            context: Context {
                name,
                operation: request.operation,
                method: request.method,
                path: url.path().to_owned(),
                silence: limit,
            },
            first: Hop { url, method: request.method, headers: request.headers, signed: true },
            wanted,
            deadline: (!streams).then(|| Instant::now().checked_add(limit)).flatten(),
            progress: Arc::new(Progress::new()),
            streams,
        })
    }

    /// The stage of time: all that follows happens within the call's limit.
    async fn limited(self, payload: Payload, limit: Duration) -> Result<Reply> {
        let late = || Err(Error::timeout(self.context.name.as_str(), limit));
        let work = self.repeated(payload);
        if self.streams {
            tokio::select! {
                result = work => result,
                () = self.progress.stalled(limit) => late(),
            }
        } else {
            timeout(limit, work).await.unwrap_or_else(|_| late())
        }
    }

    /// The stage of retries: sends again what failed and may be sent again.
    async fn repeated(&self, mut payload: Payload) -> Result<Reply> {
        let mut done = 0;
        loop {
            let spare = payload.try_clone();
            let repeatable = spare.is_some() && done < self.core.settings.retries;
            done += 1;
            let failure = match self.attempt(payload).await {
                Ok(reply) => {
                    Span::current().record("status", reply.status).record("attempts", done);
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            let pause = repeatable.then(|| retry::pause(&failure, self.context.method, done, self.deadline)).flatten();
            let error = Error::from(failure);
            let Some(pause) = pause else {
                Span::current().record("status", error.status()).record("attempts", done);
                return Err(error);
            };
            debug!(%error, ?pause, attempt = done, "trying again");
            sleep(pause).await;
            payload = spare.unwrap_or(Payload::None);
        }
    }

    /// One attempt. What fails after a redirect is final for a request that changes something: it was carried out by
    /// then, and only its result is missing.
    async fn attempt(&self, payload: Payload) -> Result<Reply, Failure> {
        let mut redirects = 0;
        let result = self.answered(payload, &mut redirects).await;
        result.map_err(|failure| match failure {
            failure if redirects > 0 && !self.context.method.is_idempotent() => Failure::Final(failure.into()),
            failure => failure,
        })
    }

    /// Sends, and reads what comes back.
    async fn answered(&self, payload: Payload, redirects: &mut usize) -> Result<Reply, Failure> {
        let response = self.followed(payload, redirects).await?;
        let status = response.status();
        // Where a redirect is the answer, it is a success.
        if !(status.is_success() || status.is_redirection() && !self.follows()) {
            let error = reply::failure(&self.context, response).await;
            return Err(Failure::Answered(error));
        }
        let headers = response.headers().clone();
        let body = match self.wanted {
            Wanted::Stream => Content::Stream(response),
            Wanted::Whole => Content::Whole(
                reply::whole(response)
                    .await
                    .map_err(|error| Failure::Broken(reply::broken(&self.context, "reading the answer", error)))?,
            ),
        };
        Ok(Reply { context: self.context.clone(), status: status.as_u16(), headers, body })
    }

    fn follows(&self) -> bool {
        !self.context.operation.is_some_and(Operation::is_answered_by_redirect)
    }

    /// The stage of redirects: follows them as far as they may be followed, and counts them.
    async fn followed(&self, mut payload: Payload, followed: &mut usize) -> Result<reqwest::Response, Failure> {
        let mut hop = self.first.clone();
        loop {
            let spare = payload.try_clone();
            let response = self.signed(&hop, payload).await?;
            let status = response.status().as_u16();
            if !redirect::is_redirect(status) || !self.follows() {
                return Ok(response);
            }
            let next = match *followed {
                redirect::MOST.. => Next::Refused("too many redirects in a row"),
                _ => redirect::next(&self.core.host, hop, spare, status, response.headers()),
            };
            (hop, payload) = match next {
                Next::Hop(next) => *next,
                Next::Refused(why) => {
                    let error = reply::failure(&self.context, response).await;
                    return Err(Failure::Answered(error.with_note(why)));
                }
            };
            *followed += 1;
            debug!(status, host = hop.url.host_str(), "following a redirect");
        }
    }

    /// The stage of signing, and the sending itself. Credentials go to the client's own host only.
    async fn signed(&self, hop: &Hop, payload: Payload) -> Result<reqwest::Response, Failure> {
        let mut headers = hop.headers.clone();
        if hop.signed && self.core.host.is_origin_of(&hop.url) {
            headers.extend(self.core.auth.headers().await.map_err(Failure::Final)?);
        }
        let builder = self.core.transport.request(hop.method.to_http(), hop.url.clone()).headers(headers);
        payload.attach(hop.method, builder, &self.progress).send().await.map_err(|error| self.unsent(hop, error))
    }

    /// Why no answer came.
    fn unsent(&self, hop: &Hop, error: reqwest::Error) -> Failure {
        let connecting = format!("connecting to {}", hop.url.origin().ascii_serialization());
        if error.is_builder() {
            return Failure::Final(Error::config(format!(
                "{}: the request cannot be built: {}",
                self.context.name,
                error.without_url()
            )));
        }
        if !error.is_connect() {
            return Failure::Broken(reply::broken(&self.context, "sending the request", error));
        }
        Failure::Unsent(if error.is_timeout() {
            let limit = self.core.settings.connect_timeout;
            Error::timeout(format!("{}: {connecting}", self.context.name), limit)
        } else {
            reply::broken(&self.context, &connecting, error)
        })
    }
}
