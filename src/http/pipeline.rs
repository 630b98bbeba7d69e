//! The pipeline: one function that every request goes through, in stages that each do one thing.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName};
use tokio::time::{Instant, sleep};
use tracing::field::Empty;
use tracing::{Instrument, Span, info, info_span};

use super::clock::Clock;
use super::observe::Attempt;
use super::payload::Payload;
use super::redirect::{self, Hop, Next};
use super::reply::{self, Content, Context, Reply, Wanted};
use super::request::Request;
use super::retry::{Failure, Retry};
use super::watch::Progress;
use super::{headers, intercept};
use crate::auth::{Answered, Refusal, Target};
use crate::client::Core;
use crate::rest::Operation;
use crate::{Error, Result, trace};

/// Which edition of its APIs Qlik answers for.
const API_VERSION: HeaderName = HeaderName::from_static("qlik-api-version");

/// Sends a request and returns its answer, if that is a success.
pub(crate) fn send(core: &Core, request: Request, wanted: Wanted) -> BoxFuture<'_, Result<Reply>> {
    match core.settings.interceptors.is_empty() {
        true => exchange(core, request, wanted),
        false => Box::pin(intercept::through(core, request, wanted)),
    }
}

/// The way of a request behind the interceptors.
pub(super) fn exchange(core: &Core, request: Request, wanted: Wanted) -> BoxFuture<'_, Result<Reply>> {
    Box::pin(carry_out(core, request, wanted))
}

async fn carry_out(core: &Core, mut request: Request, wanted: Wanted) -> Result<Reply> {
    if let Some(problem) = request.take_problem() {
        return Err(problem);
    }
    let payload = std::mem::replace(&mut request.payload, Payload::None);
    let progress = Arc::new(Progress::new());
    let clock = match request.timeout {
        Some(limit) => Clock::whole(limit),
        None if payload.is_streamed() => Clock::moving(core.settings.timeout, progress.clone()),
        None => Clock::working(core.settings.timeout),
    };
    let exchange = Exchange::new(core, request, wanted, clock.limit(), progress)?;
    let span = exchange.span();
    exchange.repeated(payload, clock).instrument(span).await
}

/// One call: a request, and all that is sent for it.
struct Exchange<'a> {
    core: &'a Core,
    context: Arc<Context>,
    first: Hop,
    wanted: Wanted,
    retry: Retry,
    progress: Arc<Progress>,
}

impl<'a> Exchange<'a> {
    /// Makes a request ready to be sent.
    fn new(core: &'a Core, request: Request, wanted: Wanted, limit: Duration, progress: Arc<Progress>) -> Result<Self> {
        let url =
            request.target.on(&core.host).map_err(|problem| Error::config(format!("{}: {problem}", request.name())))?;
        let silence = core.settings.read_timeout.unwrap_or(limit);
        Ok(Self {
            core,
            context: Arc::new(Context::of(&request, url.path().to_owned(), silence)),
            first: Hop { url, method: request.method, headers: request.headers, signed: true },
            wanted,
            retry: request.retry.unwrap_or_else(|| core.settings.retry.clone()),
            progress,
        })
    }

    /// What tells of the call while it is on its way, and what came of it.
    fn span(&self) -> Span {
        info_span!(
            "qlik.call",
            operation = self.context.operation.map(Operation::name),
            method = self.context.method.as_str(),
            path = self.context.path,
            status = Empty,
            attempts = Empty,
            trace_id = Empty,
        )
    }

    /// The stage of retries: sends again what failed and may be sent again.
    async fn repeated(&self, mut payload: Payload, mut clock: Clock) -> Result<Reply> {
        let mut done = 0;
        loop {
            let waited = self.admitted(&clock).await?;
            let spare = payload.try_clone();
            let begun = Instant::now();
            done += 1;
            let mut redirects = 0;
            let ended = {
                // Pinned here, for the clock's future would hold it twice, and copy it.
                let attempt = pin!(self.attempt(payload, &mut redirects));
                clock.work(attempt).await
            };
            let failure = match ended {
                Some(Ok(reply)) => {
                    self.core.budget.earn();
                    self.told(done, waited, begun, Ok(reply.status), false);
                    self.record(Some(reply.status), done, || headers::trace_id(&reply.headers));
                    return Ok(reply);
                }
                // What fails after a redirect is final for a request that changes something: it was carried out by
                // then, and only its result is missing.
                Some(Err(failure)) if redirects > 0 && !self.context.method.is_idempotent() => {
                    Failure::Final(failure.into())
                }
                Some(Err(failure)) => failure,
                None => Failure::Final(Error::timeout(self.context.name.as_str(), clock.limit())),
            };
            let pause = match spare.is_some() && self.retry.has_more_after(done) {
                true => self.pause(&failure, done, &clock),
                false => None,
            };
            let error = Error::from(failure);
            self.told(done, waited, begun, Err(&error), pause.is_some());
            let Some(pause) = pause else {
                self.record(error.status(), done, || error.trace_id().map(str::to_owned));
                return Err(error);
            };
            trace::http::debug(format_args!("trying again in {pause:?}, after attempt {done}"), Some(&error));
            clock.pause(pause).await;
            payload = spare.unwrap_or(Payload::None);
        }
    }

    /// The stage of the client's own rate limit: waits until it is this call's turn, and returns for how long it was.
    async fn admitted(&self, clock: &Clock) -> Result<Duration> {
        let (Some(limiter), Some(operation)) = (&self.core.limiter, self.context.operation) else {
            return Ok(Duration::ZERO);
        };
        let longest = limiter.longest_wait().min(clock.left_to_wait().unwrap_or(Duration::MAX));
        let begun = Instant::now();
        loop {
            let Err(wait) = limiter.admit(operation) else { return Ok(begun.elapsed()) };
            if begun.elapsed().saturating_add(wait.time) > longest {
                return Err(Error::rate_limited(self.context.name.as_str(), wait.reason, wait.time));
            }
            info!(wait = ?wait.time, reason = wait.reason, tier = ?operation.rate_tier(), "waiting for the rate limit");
            sleep(wait.time + self.retry.moment()).await;
        }
    }

    /// How long to wait before the next attempt, if there is to be one.
    fn pause(&self, failure: &Failure, done: u32, clock: &Clock) -> Option<Duration> {
        if !self.retry.applies(failure, self.context.method) {
            return None;
        }
        let asked = failure.asked().filter(|_| failure.is_refusal());
        let limiter = self.core.limiter.as_ref();
        let limiter = limiter.filter(|limiter| self.context.operation.is_some_and(|of| limiter.counts(of)));
        if let (Some(asked), Some(limiter)) = (asked, limiter) {
            // The limiter knows, too, and makes this call wait with all the others of its tier.
            let longest = limiter.longest_wait().min(clock.left_to_wait().unwrap_or(Duration::MAX));
            return (asked < longest).then(|| self.retry.moment());
        }
        let pause = self.retry.pause(failure, done, clock.left())?;
        // What the server asked for does no harm to it.
        (asked.is_some() || self.core.budget.spend()).then_some(pause)
    }

    /// Tells the observer of an attempt.
    fn told(&self, number: u32, waited: Duration, begun: Instant, result: Result<u16, &Error>, again: bool) {
        let Some(observer) = &self.core.settings.observer else { return };
        let (status, error) = match result {
            Ok(status) => (Some(status), None),
            Err(error) => (error.status(), Some(error)),
        };
        let elapsed = begun.elapsed();
        (observer.0)(&Attempt { context: &self.context, number, status, error, waited, elapsed, again });
    }

    /// Writes the end of the call into its span.
    fn record(&self, status: Option<u16>, attempts: u32, trace_id: impl FnOnce() -> Option<String>) {
        let span = Span::current();
        if !span.is_disabled() {
            span.record("status", status).record("attempts", attempts).record("trace_id", trace_id());
        }
    }

    /// One attempt: sends, and reads what comes back.
    async fn attempt(&self, payload: Payload, redirects: &mut usize) -> Result<Reply, Failure> {
        let mut response = self.followed(payload, redirects).await?;
        let status = response.status();
        self.core.notices.read(&self.context, response.headers());
        if let (Some(limiter), Some(operation)) = (&self.core.limiter, self.context.operation) {
            limiter.learn(operation, status.as_u16(), response.headers());
        }
        // Where a redirect is the answer, it is a success.
        if !(status.is_success() || status.is_redirection() && !self.follows()) {
            let error = reply::failure(&self.context, response).await;
            return Err(Failure::Answered(error));
        }
        let headers = std::mem::take(response.headers_mut());
        let body = match self.wanted {
            Wanted::Stream => Content::Stream(response),
            Wanted::Whole => Content::Whole(
                reply::whole(response)
                    .await
                    .map_err(|error| Failure::Broken(reply::broken(&self.context, "reading the answer", error)))?,
            ),
        };
        Ok(Reply { context: self.context.clone(), status: status.as_u16(), headers, body, again: None })
    }

    fn follows(&self) -> bool {
        !self.context.operation.is_some_and(Operation::is_answered_by_redirect)
    }

    /// The stage of redirects: follows them as far as they may be followed, and counts them.
    async fn followed(&self, mut payload: Payload, followed: &mut usize) -> Result<reqwest::Response, Failure> {
        let mut redirected = None;
        loop {
            let hop = redirected.as_ref().unwrap_or(&self.first);
            let spare = payload.try_clone();
            let response = self.signed(hop, payload).await?;
            let status = response.status().as_u16();
            if !redirect::is_redirect(status) || !self.follows() {
                return Ok(response);
            }
            let next = match *followed {
                redirect::MOST.. => Next::Refused("too many redirects in a row"),
                _ => redirect::next(&self.core.host, hop, spare, status, response.headers()),
            };
            let (next, body) = match next {
                Next::Hop(next) => *next,
                Next::Refused(why) => {
                    let error = reply::failure(&self.context, response).await;
                    return Err(Failure::Answered(error.with_note(why)));
                }
            };
            *followed += 1;
            let host = next.url.host_str().unwrap_or_default();
            trace::http::debug(format_args!("following a redirect ({status}) to {host}"), None);
            (redirected, payload) = (Some(next), body);
        }
    }

    /// The stage of signing. Credentials go to the client's own host only; where it refuses them, and the way of signing
    /// in has others, the request is sent once more.
    async fn signed(&self, hop: &Hop, mut payload: Payload) -> Result<reqwest::Response, Failure> {
        let headers = || {
            let mut headers = hop.headers.clone();
            if let Some(version) = self.core.settings.api_version.as_ref().filter(|_| hop.signed) {
                headers.entry(API_VERSION).or_insert_with(|| version.clone());
            }
            headers
        };
        if !(hop.signed && self.core.host.is_origin_of(&hop.url)) {
            return self.sent(hop, hop.url.clone(), headers(), payload).await;
        }
        let authenticator = &self.core.started.authenticator;
        let target = Target::rest(hop.method);
        let mut first = true;
        loop {
            let spare = if first { payload.try_clone() } else { None };
            let credentials = authenticator.sign(target).await.map_err(Failure::Final)?;
            let mut url = hop.url.clone();
            credentials.put_into(&mut url);
            let mut headers = headers();
            for (name, value) in credentials.headers() {
                headers.insert(name, value.clone());
            }
            let response = self.sent(hop, url, headers, payload).await?;
            let status = response.status().as_u16();
            authenticator.answered(&Answered { status, headers: response.headers() });
            if !matches!(status, 401 | 403) {
                return Ok(response);
            }
            let answer = reply::failure(&self.context, response).await;
            let refusal = Refusal { target, credentials: &credentials, answer: &answer };
            let again = authenticator.refused(refusal).await.map_err(Failure::Final)?;
            match spare {
                Some(spare) if again => payload = spare,
                _ => return Err(Failure::Answered(answer)),
            }
            trace::http::debug(format_args!("signing in anew, after status {status}"), None);
            first = false;
        }
    }

    /// The sending itself.
    async fn sent(
        &self,
        hop: &Hop,
        url: url::Url,
        headers: HeaderMap,
        payload: Payload,
    ) -> Result<reqwest::Response, Failure> {
        let (client, request) = self.core.transport.request(hop.method.to_http(), url).build_split();
        let mut request = request.map_err(|error| self.unsent(hop, error))?;
        // What is there already came out of the URL.
        match request.headers().is_empty() {
            true => *request.headers_mut() = headers,
            false => request.headers_mut().extend(headers),
        }
        let builder = RequestBuilder::from_parts(client, request);
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
