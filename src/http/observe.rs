//! What a program is told of every attempt, for its metrics.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::reply::Context;
use crate::Error;
use crate::rest::Operation;

/// One attempt of a call, after it ended; see [`QlikBuilder::on_attempt`](crate::QlikBuilder::on_attempt).
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    pub(super) context: &'a Context,
    pub(super) number: u32,
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'a Error>,
    pub(super) waited: Duration,
    pub(super) elapsed: Duration,
    pub(super) again: bool,
}

impl Attempt<'_> {
    /// The operation that was called; none for a raw call.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.context.operation
    }

    /// The method of the request, as `GET`.
    pub fn method(&self) -> &'static str {
        self.context.method.as_str()
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.context.path
    }

    /// Which attempt of the call it was, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The status of the answer; none where no answer came.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Why it failed; none where it did not.
    pub fn error(&self) -> Option<&Error> {
        self.error
    }

    /// How long it waited for the client's own rate limit before it was sent.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// How long it took from then on: signing in and the body of the answer included, where that is not left to be read
    /// by the caller.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Whether the call is tried again.
    pub fn is_repeated(&self) -> bool {
        self.again
    }
}

/// Whom to tell. It is called on the task of the call, and should return at once.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<dyn Fn(&Attempt<'_>) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
