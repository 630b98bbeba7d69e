//! One call from its request to its answer: limits, attempts, and what a lost connection means for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::Instrument;

use super::actor::{Outgoing, To};
use super::delta::Lane;
use super::interceptor;
use super::method::MethodName;
use super::pending::{Delivery, NoReply, Waiting};
use super::reply::{self, Answer, Body};
use super::request::Request;
use super::retry::{Attempt, RetryPolicy};
use super::safety::Effect;
use super::session::Session;
use super::shared::{Shared, no_reply};
use crate::error::{ClosedError, EngineError, Error, Result};
use crate::json::object;
use crate::trace;

/// The engine waits for somebody to end or accept a modal state.
const MODAL: i64 = 6003;
/// How often a call is made again because its connection was lost.
const LOSSES: u32 = 5;

/// What a caller says about one call.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) delta: Option<bool>,
    /// Where the request's id is to be told, once it is on its way.
    pub(super) id: Option<Arc<AtomicU64>>,
    /// The call's own span, where somebody looks at it. Never the current one: that may be the caller's.
    pub(super) span: Option<tracing::Span>,
}

/// A call on its way out.
#[derive(Clone)]
pub(super) struct Outcall<'a> {
    pub(super) to: To,
    pub(super) method: MethodName<'a>,
    /// Complete.
    pub(super) request: Request,
    /// Whether the reply may be a delta.
    pub(super) delta: bool,
    pub(super) options: Options,
}

impl Outcall<'_> {
    /// What tells of the call while it is on its way, and what came of it.
    fn span(&self) -> tracing::Span {
        use tracing::field::Empty;
        tracing::debug_span!(
            "engine_call", method = %self.method, handle = self.to.number(), id = Empty, sent = Empty, received = Empty,
            code = Empty, elapsed = Empty,
        )
    }

    fn record(&self, field: &'static str, value: impl tracing::field::Value) {
        if let Some(span) = &self.options.span {
            span.record(field, value);
        }
    }
}

impl Session {
    /// One call: out, and back.
    pub(super) async fn exchange(&self, mut outcall: Outcall<'_>) -> Result<Answer> {
        let span = outcall.span();
        // entering a span that nobody looks at would cost more than the call's own work
        if span.is_disabled() {
            return self.within_limit(&outcall).await;
        }
        outcall.options.span = Some(span.clone());
        let begin = Instant::now();
        let answer = self.within_limit(&outcall).instrument(span.clone()).await;
        let error = answer.as_ref().err();
        if let Some(code) = error.and_then(Error::engine_code) {
            span.record("code", code);
        }
        span.record("elapsed", tracing::field::debug(begin.elapsed()));
        span.in_scope(|| trace::engine::debug(format_args!("call"), error.map(|error| error as _)));
        answer
    }

    async fn within_limit(&self, outcall: &Outcall<'_>) -> Result<Answer> {
        match outcall.options.timeout.or(self.settings().timeout) {
            None => self.go(outcall).await,
            Some(limit) => match tokio::time::timeout(limit, self.go(outcall)).await {
                Ok(answer) => answer,
                Err(_) => Err(Error::timeout(outcall.method.to_string(), limit)),
            },
        }
    }

    async fn go(&self, outcall: &Outcall<'_>) -> Result<Answer> {
        match &self.settings().interceptors[..] {
            [] => self.attempts(outcall).await,
            chain => interceptor::through(self, chain, outcall).await,
        }
    }

    /// The call, made again as often as that makes sense.
    pub(super) async fn attempts(&self, outcall: &Outcall<'_>) -> Result<Answer> {
        let method = &outcall.method;
        let reads = || Effect::of(method.name) == Effect::Reads;
        let (mut number, mut losses, mut modal) = (0, 0, false);
        let mut delta = outcall.delta;
        loop {
            number += 1;
            let error = match self.attempt(outcall, delta).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::NoReply(NoReply::Lost { may_have_run, returns: true, .. }))
                    if losses < LOSSES && (!may_have_run || reads()) =>
                {
                    losses += 1;
                    continue;
                }
                Err(Failure::NoReply(why)) => return Err(self.no_reply(&why, outcall)),
                Err(Failure::Delta(why)) => {
                    if delta && reads() {
                        // the whole is always right
                        trace::engine::warn(
                            format_args!("{method}: a delta does not fit, reading the whole: {why}"),
                            None,
                        );
                        delta = false;
                        continue;
                    }
                    return Err(Error::decode(method.to_string(), "", why, b""));
                }
                Err(Failure::Error(error)) => error,
            };
            if error.engine_code() == Some(MODAL) && !modal && self.settings().abort_modal.is_some() {
                modal = true;
                self.abort_modal().await?;
                continue;
            }
            let attempt = Attempt { method: method.name, error: &error, number };
            let policy = outcall.options.retry.as_ref().unwrap_or(&self.settings().retry);
            match policy.pause(&attempt) {
                Some(pause) => {
                    trace::engine::debug(format_args!("{method}: trying again after attempt {number}"), Some(&error));
                    tokio::time::sleep(pause).await;
                }
                None => return Err(error),
            }
        }
    }

    async fn attempt(&self, outcall: &Outcall<'_>, delta: bool) -> Result<Answer, Failure> {
        let shared = self.shared();
        let method = &outcall.method;
        if let To::Object(object) = &outcall.to
            && object.is_closed()
            && !self.is_closed()
        {
            return Err(Failure::NoReply(NoReply::ObjectGone));
        }
        // given back when the call is over: that bounds the calls in flight
        let _permit = self.permits().acquire().await;
        let lane = delta.then(|| self.lane(outcall)).flatten();
        let waiting = shared.calls.enter(lane.clone());
        let waiting = waiting.map_err(|closed| NoReply::Lost { closed, may_have_run: false, returns: false })?;
        let mut started = Started { shared, waiting };
        let id = started.waiting.id();
        let request = outcall.request.clone();
        outcall.record("id", id);
        outcall.record("sent", request.params().len());
        trace::engine::trace(format_args!("request {id}: {method}"), None);
        let outgoing = Outgoing { id, to: outcall.to.clone(), request, delta: lane.is_some(), awaited: true };
        if self.outgoing().send(outgoing).await.is_err() {
            // its task is gone, and has told why
            return Err(started.waiting.reply().await.err().unwrap_or(NoReply::ObjectGone).into());
        }
        if let Some(told) = &outcall.options.id {
            told.store(id, Ordering::Release);
        }
        let delivery = started.waiting.reply().await?;
        outcall.record("received", delivery.frame.len());
        self.answer(outcall, id, delivery, lane.as_deref())
    }

    fn answer(
        &self,
        outcall: &Outcall<'_>,
        id: u64,
        delivery: Delivery,
        lane: Option<&Lane>,
    ) -> Result<Answer, Failure> {
        let delta = delivery.delta && delivery.error.is_none();
        let epoch = Some(delivery.epoch);
        let answer = match lane {
            Some(lane) if delta => Answer { body: Body::Tree(lane.take(id).map_err(Failure::Delta)?), epoch },
            _ if delta => return Err(Failure::Delta("a delta came that was not asked for".to_owned())),
            _ => reply::answer(delivery, &outcall.method).map_err(Failure::Error)?,
        };
        if let To::Object(object) = &outcall.to {
            object.memory.note(outcall.method.name, outcall.request.params(), object.lives_in_session());
        }
        Ok(answer)
    }

    fn lane(&self, outcall: &Outcall<'_>) -> Option<Arc<Lane>> {
        let To::Object(object) = &outcall.to else { return None };
        object.lanes.of(outcall.method.name, &self.shared().delta_saved)
    }

    async fn abort_modal(&self) -> Result<()> {
        let accept = self.settings().abort_modal.unwrap_or(false);
        let Some(doc) = self.shared().objects.doc() else { return Ok(()) };
        self.shared().ask(To::Object(doc), "AbortModal", &object! { "qAccept": accept }).await.map(drop)
    }

    fn no_reply(&self, why: &NoReply, outcall: &Outcall<'_>) -> Error {
        match (why, &outcall.to) {
            (NoReply::ObjectGone, To::Object(object)) if !self.is_closed() => Error::engine(
                EngineError::new(
                    EngineError::NOT_FOUND,
                    format!("the {} is closed: it was removed or released, get it again", object.words()),
                )
                .of_method(outcall.method.to_string()),
            ),
            (NoReply::ObjectGone, _) => {
                let error = ClosedError::new(None, "its task has ended");
                Error::closed(error.during(outcall.method.to_string(), true))
            }
            _ => no_reply(why, &outcall.method),
        }
    }
}

/// Why an attempt came to nothing.
enum Failure {
    NoReply(NoReply),
    Error(Error),
    Delta(String),
}

impl From<NoReply> for Failure {
    fn from(why: NoReply) -> Self {
        Failure::NoReply(why)
    }
}

/// A call that waits for its reply. Dropped before that, it tells the engine, so that it need not go on.
struct Started<'a> {
    shared: &'a Shared,
    waiting: Waiting,
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        if self.waiting.give_up() {
            self.shared.tell(-1, "CancelRequest", &object! { "qRequestId": self.waiting.id() });
        }
    }
}
