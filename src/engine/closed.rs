//! Why a session ended.

use std::fmt;

use super::method::MethodName;
use crate::error::{ClosedError, Error};

/// How a session came to its end: the close code and words of whoever closed it.
///
/// See [`Session::closed`](super::Session::closed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    reason: CloseReason,
    text: String,
}

impl Closed {
    pub(super) fn new(reason: CloseReason, text: impl Into<String>) -> Self {
        Closed { reason, text: text.into() }
    }

    /// Why.
    pub fn reason(&self) -> &CloseReason {
        &self.reason
    }

    /// The close code on the wire; `None` when the connection broke without one, or was closed from this side.
    pub fn code(&self) -> Option<u16> {
        self.reason.code()
    }

    /// The reason in words that say what to do, and what was said about it.
    fn words(&self) -> String {
        match self.text.as_str() {
            "" => self.reason.to_string(),
            text => format!("{}: {text}", self.reason),
        }
    }

    /// The error of a call that this end of the session met.
    pub(super) fn error(&self, method: &MethodName<'_>, may_have_run: bool) -> Error {
        Error::closed(ClosedError::new(self.code(), self.words()).during(method.to_string(), may_have_run))
    }

    /// What the other side, or the network, said about it; often empty.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())?;
        match self.code() {
            Some(code) => write!(f, " (close code {code})"),
            None => Ok(()),
        }
    }
}

/// The reason for the end of a session.
///
/// The codes from 4001 on come from the engine, those from 4200 on from the proxy in front of it in Qlik Cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// This side closed it: [`Session::close`](super::Session::close), or the last owner is gone.
    Local,
    /// The connection broke without a word.
    Lost,
    /// 1000: the other side had nothing more to do.
    Normal,
    /// 1001: the server is going away.
    GoingAway,
    /// 4000: suspended on purpose, to be resumed.
    Suspended,
    /// 4001: nothing happened for too long.
    Idle,
    /// 4002: the licence has to be renewed.
    LicenseRenewal,
    /// 4003: the engine is shutting down.
    EngineTerminating,
    /// 4004: the app was deleted.
    AppDeleted,
    /// 4005: too many sessions.
    SessionLimit,
    /// 4006: the credentials are no longer good.
    AuthenticationFailed,
    /// 4007: the app moved into another mode.
    AppModeChanged,
    /// 4200: the proxy failed without saying more.
    Proxy,
    /// 4201: the client was too slow.
    ClientTimeout,
    /// 4202: the proxy did not understand the connection's request.
    BadRequest,
    /// 4203: no permission.
    PermissionDenied,
    /// 4204: there is no such app.
    NotFound,
    /// 4205: too many requests.
    TooManyRequests,
    /// 4206: the network between proxy and engine failed.
    Network,
    /// 4210: a service that the proxy needs failed.
    Dependency,
    /// 4211: a service that the proxy needs was not to be had.
    DependencyUnavailable,
    /// 4220: the engine failed without saying more.
    Engine,
    /// 4222: the engine that was reserved is not there any more.
    ReservationMissing,
    /// 4230: the tenant or the user is not entitled to this.
    Entitlement,
    /// 4240: no engine is free.
    NoEngines,
    /// A code that this version does not know.
    Other(u16),
}

/// Every known code, its reason, and the reason in words that say what to do.
const CODES: &[(u16, CloseReason, &str)] = &[
    (1000, CloseReason::Normal, "the server ended the session"),
    (1001, CloseReason::GoingAway, "the server is going away: connect again"),
    (4000, CloseReason::Suspended, "the session was suspended: connect again to go on"),
    (4001, CloseReason::Idle, "the session was idle for too long: connect again"),
    (4002, CloseReason::LicenseRenewal, "the licence has to be renewed: connect again, or ask the administrator"),
    (4003, CloseReason::EngineTerminating, "the engine is shutting down: connect again"),
    (4004, CloseReason::AppDeleted, "the app was deleted"),
    (4005, CloseReason::SessionLimit, "too many sessions: close others, or share one"),
    (4006, CloseReason::AuthenticationFailed, "the engine refused the credentials: sign in again"),
    (4007, CloseReason::AppModeChanged, "the app moved into another mode: connect again"),
    (4200, CloseReason::Proxy, "the proxy in front of the engine failed"),
    (4201, CloseReason::ClientTimeout, "the proxy gave up waiting for this client"),
    (4202, CloseReason::BadRequest, "the proxy did not understand the request: check the app id and the options"),
    (4203, CloseReason::PermissionDenied, "no permission to open this app"),
    (4204, CloseReason::NotFound, "no such app: check the app id"),
    (4205, CloseReason::TooManyRequests, "too many requests: wait before connecting again"),
    (4206, CloseReason::Network, "the network between proxy and engine failed: connect again"),
    (4210, CloseReason::Dependency, "a service behind the proxy failed: connect again later"),
    (4211, CloseReason::DependencyUnavailable, "a service behind the proxy is not available: connect again later"),
    (4220, CloseReason::Engine, "the engine failed: connect again"),
    (4222, CloseReason::ReservationMissing, "the engine reserved for this session is gone: connect again"),
    (4230, CloseReason::Entitlement, "not entitled to open this app: check the licence and its assignments"),
    (4240, CloseReason::NoEngines, "no engine is free: connect again later"),
];

impl CloseReason {
    /// The reason that a close code stands for.
    pub fn from_code(code: u16) -> Self {
        CODES.iter().find(|entry| entry.0 == code).map_or(CloseReason::Other(code), |entry| entry.1)
    }

    /// The code that stands for it; `None` for [`Local`](Self::Local) and [`Lost`](Self::Lost), which have none.
    pub fn code(&self) -> Option<u16> {
        match self {
            CloseReason::Other(code) => Some(*code),
            known => CODES.iter().find(|entry| entry.1 == *known).map(|entry| entry.0),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseReason::Local => f.write_str("the session was closed from this side"),
            CloseReason::Lost => f.write_str("the connection broke"),
            CloseReason::Other(_) => f.write_str("the server ended the session"),
            known => match CODES.iter().find(|entry| entry.1 == *known) {
                Some((_, _, words)) => f.write_str(words),
                None => fmt::Debug::fmt(known, f),
            },
        }
    }
}

impl ClosedError {
    /// The reason that its close code stands for; [`CloseReason::Lost`] where there was none.
    pub fn close_reason(&self) -> CloseReason {
        self.code().map_or(CloseReason::Lost, CloseReason::from_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_reason_and_back() {
        for code in 1000..5000 {
            assert_eq!(CloseReason::from_code(code).code(), Some(code));
        }
        assert_eq!(CloseReason::from_code(4001), CloseReason::Idle);
        assert_eq!(CloseReason::from_code(4999), CloseReason::Other(4999));
        assert_eq!(CloseReason::Lost.code(), None);
    }

    #[test]
    fn it_says_what_to_do() {
        let closed = Closed::new(CloseReason::from_code(4204), "App not found");
        assert_eq!(closed.to_string(), "no such app: check the app id: App not found (close code 4204)");
    }
}
