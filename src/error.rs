//! The one error of the crate: what went wrong, where, and what a caller can ask of it.

mod body;
mod engine;
mod http;
mod job;
mod local;

use std::sync::Arc;
use std::time::Duration;

pub use self::engine::{ClosedError, EngineError};
pub use self::http::{ApiError, ApiErrorSource, HttpError};
pub use self::job::JobError;
pub use self::local::{AuthError, ConfigError, DecodeError, RateLimitError, TimeoutError, TransportError};

/// The errors that a part of an answer tells of, in any of the shapes that services use.
pub(crate) fn errors_in(document: &serde_json::Value) -> Vec<ApiError> {
    body::listed(document)
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Ask it questions ([`is_not_found`](Error::is_not_found), [`is_rate_limited`](Error::is_rate_limited), ...) where a
/// program reacts, match on the variant where it needs the facts, and print it where a person reads it: the text
/// names the operation, what the server said, and the trace id that Qlik's support asks for. No error ever holds a
/// credential.
///
/// ```
/// # fn react(result: qlik::Result<String>) -> qlik::Result<Option<String>> {
/// match result {
///     Ok(name) => Ok(Some(name)),
///     Err(error) if error.is_not_found() => Ok(None),
///     Err(error) => Err(error),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A REST call (or the opening of a socket) was answered with a status that is no success.
    #[error(transparent)]
    Http(Box<HttpError>),
    /// The Engine answered a call with an error.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// The Engine session is closed, before or while the call was on its way.
    #[error(transparent)]
    Closed(Box<ClosedError>),
    /// Work that a call started ended badly, or was given up.
    #[error(transparent)]
    Job(Box<JobError>),
    /// The network failed: no connection, or one that broke.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// Something took longer than its limit.
    #[error(transparent)]
    Timeout(Box<TimeoutError>),
    /// The client's own rate limit is used up for longer than the call could wait; nothing was sent.
    #[error(transparent)]
    RateLimit(Box<RateLimitError>),
    /// Signing in failed before the call itself could be sent.
    #[error(transparent)]
    Auth(Box<AuthError>),
    /// An answer arrived that is not what it should be.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A setting or an argument cannot work; nothing was sent.
    #[error(transparent)]
    Config(ConfigError),
}

impl Error {
    /// Whether the thing asked for is not there: status 404, or the Engine's "not found", an empty handle included.
    pub fn is_not_found(&self) -> bool {
        match self {
            Error::Http(error) => error.status() == 404,
            Error::Engine(error) => error.code() == EngineError::NOT_FOUND,
            Error::Closed(error) => error.code() == Some(ClosedError::NOT_FOUND),
            _ => false,
        }
    }

    /// Whether there were too many calls: status 429, a session that was refused because there are too many, or the
    /// client's own limit.
    pub fn is_rate_limited(&self) -> bool {
        match self {
            Error::RateLimit(_) => true,
            Error::Http(error) => error.status() == 429,
            Error::Closed(error) => error.code() == Some(ClosedError::TOO_MANY_REQUESTS),
            _ => false,
        }
    }

    /// Whether the same call may well succeed when it is made again later.
    ///
    /// It says nothing about whether the failed call had an effect: for a call that must not happen twice, look at
    /// [`ClosedError::may_have_run`] or ask the server first.
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Http(error) => matches!(error.status(), 408 | 429 | 502 | 503 | 504),
            Error::Engine(error) => error.code() == EngineError::ABORTED,
            Error::Closed(error) => error.is_temporary(),
            Error::Transport(_) | Error::Timeout(_) | Error::RateLimit(_) => true,
            Error::Auth(_) | Error::Decode(_) | Error::Config(_) | Error::Job(_) => false,
        }
    }

    /// Whether the credentials were not accepted: signing in failed, or status 401.
    ///
    /// A known user who lacks a permission gets status 403, which this is not.
    pub fn is_auth(&self) -> bool {
        match self {
            Error::Auth(_) => true,
            Error::Http(error) => error.status() == 401,
            Error::Closed(error) => error.code() == Some(ClosedError::AUTHENTICATION),
            _ => false,
        }
    }

    /// Signing in failed; the message says what to do about it. For ways of signing in of a program's own.
    pub fn auth(message: impl Into<String>) -> Self {
        Error::Auth(Box::new(AuthError::new(message)))
    }

    /// Whether a time limit of this client ended the call.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Timeout(_))
    }

    /// The HTTP status, where the error is an HTTP answer, that of signing in included.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Http(error) => Some(error.status()),
            Error::Auth(error) => Some(error.answer()?.status()),
            _ => None,
        }
    }

    /// The id under which Qlik's support finds the request, where the server gave one.
    pub fn trace_id(&self) -> Option<&str> {
        match self {
            Error::Http(error) => error.trace_id(),
            Error::Auth(error) => error.answer()?.trace_id(),
            _ => None,
        }
    }

    /// The Engine's error code, where the error is the Engine's answer.
    pub fn engine_code(&self) -> Option<i64> {
        match self {
            Error::Engine(error) => Some(error.code()),
            _ => None,
        }
    }
}

/// How the crate makes its errors.
#[cfg_attr(not(feature = "engine"), allow(dead_code))] // some are the Engine's alone
impl Error {
    /// A setting or an argument that cannot work; `message` says what to do about it.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Error::Config(ConfigError::new(message))
    }

    /// An answer that does not read: what was read (`items getItem`), the place in it, what is wrong there, the answer.
    pub(crate) fn decode(
        context: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
        body: &[u8],
    ) -> Self {
        Error::Decode(Box::new(DecodeError::new(context, path, message, body)))
    }

    /// A session that is closed.
    pub(crate) fn closed(error: ClosedError) -> Self {
        Error::Closed(Box::new(error))
    }

    /// A limit that was passed; `what` names the activity, as `connecting to https://...`.
    pub(crate) fn timeout(what: impl Into<String>, limit: Duration) -> Self {
        Error::Timeout(Box::new(TimeoutError::new(what, limit)))
    }

    /// Work that ended badly; `started_by` names the call.
    pub(crate) fn job(started_by: impl Into<String>, status: impl Into<String>, log: Option<String>) -> Self {
        Error::Job(Box::new(JobError::new(started_by, status, log)))
    }

    /// A call that could not wait for its turn.
    pub(crate) fn rate_limited(what: impl Into<String>, reason: &'static str, wait: Duration) -> Self {
        Error::RateLimit(Box::new(RateLimitError::new(what, reason, wait)))
    }

    /// A connection that failed; `what` names the activity.
    pub(crate) fn transport(what: impl Into<String>, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Error::Transport(Box::new(TransportError::new(what, Box::new(source))))
    }

    /// The Engine's answer to a call.
    pub(crate) fn engine(error: EngineError) -> Self {
        Error::Engine(Box::new(error))
    }

    /// An Engine method that answered with an empty handle: `what` was not there.
    pub(crate) fn not_found(method: impl Into<String>, what: impl Into<String>) -> Self {
        Error::engine(EngineError::new(EngineError::NOT_FOUND, what).of_method(method))
    }

    /// The same error again, for another who waited for the same thing.
    pub(crate) fn shared(self: &Arc<Self>) -> Self {
        match &**self {
            Error::Http(error) => Error::Http(error.clone()),
            Error::Timeout(error) => Error::Timeout(error.clone()),
            Error::Auth(error) => Error::Auth(error.clone()),
            Error::Decode(error) => Error::Decode(error.clone()),
            Error::Config(error) => Error::Config(error.clone()),
            // Its cause cannot be copied.
            Error::Transport(error) => Error::transport(error.activity(), Shared(Arc::clone(self))),
            other => Error::auth(other.to_string()),
        }
    }
}

/// The cause of an error that several share.
#[derive(Debug)]
struct Shared(Arc<Error>);

impl std::fmt::Display for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.0 {
            Error::Transport(error) => write!(f, "{}", TransportError::cause(error)),
            other => write!(f, "{other}"),
        }
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Error::Transport(error) => TransportError::cause(error).source(),
            _ => None,
        }
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        Error::Http(Box::new(error))
    }
}

/// So that `?` works on [`std::env::var`] where a program reads its own settings.
impl From<std::env::VarError> for Error {
    fn from(error: std::env::VarError) -> Self {
        Error::config(match error {
            std::env::VarError::NotPresent => "an environment variable that the program reads is not set",
            // The value stays out of the text: it may be a secret.
            std::env::VarError::NotUnicode(_) => "an environment variable that the program reads is not valid Unicode",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small_enough_to_return_everywhere() {
        assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
    }

    #[test]
    fn answers_questions_about_the_engine() {
        let missing = Error::not_found("Doc.GetObject", "no object \"x\"");
        assert!(missing.is_not_found());
        assert_eq!(missing.engine_code(), Some(2));
        assert_eq!(missing.to_string(), "Doc.GetObject: no object \"x\" (engine error 2)");

        let closed = Error::closed(ClosedError::new(Some(4006), "who are you"));
        assert!(closed.is_auth() && !closed.is_retryable());
    }

    #[test]
    fn a_missing_variable_is_a_setting() {
        let error = Error::from(std::env::VarError::NotPresent);
        assert!(matches!(error, Error::Config(_)));
    }
}
