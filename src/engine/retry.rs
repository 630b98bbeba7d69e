//! Which calls are made again after an error of the engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::safety::Effect;
use crate::error::{EngineError, Error};

/// How often a call that was aborted is made again unless something else is said.
const TIMES: u32 = 5;

/// Which calls are made again after an error of the engine, and when.
///
/// The engine aborts (error 15) a calculation that a selection has made useless. Such calls are made again by
/// themselves, five times at most, where they read or create: what they stand for is still wanted. A connection that is
/// lost is another matter: see [`Resume`](super::Resume).
///
/// ```
/// use std::time::Duration;
/// use qlik::engine::RetryPolicy;
///
/// // also after "resource not found" of a bookmark that is about to appear
/// let policy = RetryPolicy::new(|attempt| {
///     let again = attempt.method() == "GetBookmark" && attempt.error().is_not_found() && attempt.number() < 10;
///     again.then(|| Duration::from_millis(200))
/// });
/// ```
#[derive(Clone)]
pub struct RetryPolicy(Arc<Decide>);

type Decide = dyn Fn(&Attempt<'_>) -> Option<Duration> + Send + Sync;

impl RetryPolicy {
    /// A policy of your own: how long to wait before the call is made again, or `None` to let it fail.
    pub fn new(policy: impl Fn(&Attempt<'_>) -> Option<Duration> + Send + Sync + 'static) -> Self {
        RetryPolicy(Arc::new(policy))
    }

    /// Calls that read or create are made again up to this many times when they were aborted.
    pub fn aborted(times: u32) -> Self {
        Self::new(move |attempt| {
            let aborted = attempt.error.engine_code() == Some(EngineError::ABORTED);
            let again = aborted && attempt.effect() != Effect::Changes && attempt.number <= times;
            // at once the first time: what aborted it is over as a rule
            again.then(|| Duration::from_millis(20) * (attempt.number - 1))
        })
    }

    /// Every error goes to the caller.
    pub fn never() -> Self {
        Self::new(|_| None)
    }

    pub(super) fn pause(&self, attempt: &Attempt<'_>) -> Option<Duration> {
        (self.0)(attempt)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::aborted(TIMES)
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy").finish_non_exhaustive()
    }
}

/// A call that the engine answered with an error.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub(super) method: &'a str,
    pub(super) error: &'a Error,
    pub(super) number: u32,
}

impl Attempt<'_> {
    /// The method, by its name on the wire.
    pub fn method(&self) -> &str {
        self.method
    }

    /// What the method does, as far as its name tells.
    pub fn effect(&self) -> Effect {
        Effect::of(self.method)
    }

    /// The engine's answer.
    pub fn error(&self) -> &Error {
        self.error
    }

    /// How often the call has been made, this time included.
    pub fn number(&self) -> u32 {
        self.number
    }
}
