//! Errors of the Engine: its answers, and sessions that ended.

use std::fmt;

/// The Engine answered a call with an error.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EngineError {
    code: i64,
    message: String,
    parameter: Option<String>,
    method: Option<String>,
}

#[cfg_attr(not(feature = "engine"), allow(dead_code))] // made by the Engine's session
impl EngineError {
    /// The Engine's code for something that is not there; an empty handle counts as this, too.
    pub const NOT_FOUND: i64 = 2;
    /// The Engine's code for a call that a newer one or a changed selection cancelled.
    pub const ABORTED: i64 = 15;

    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), parameter: None, method: None }
    }

    /// What the error is about, as the Engine's answer says it.
    pub(crate) fn with_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.parameter = Some(parameter.into()).filter(|text| !text.is_empty());
        self
    }

    /// The method that was called, with its class: `Doc.GetObject`.
    pub(crate) fn of_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The Engine's number for the error.
    pub fn code(&self) -> i64 {
        self.code
    }

    /// The Engine's words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the error is about, often the name or id of an object, where the Engine says it.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// The name of the method that was called, without its class.
    pub fn method(&self) -> Option<&str> {
        let method = self.method.as_deref()?;
        Some(method.split_once('.').map_or(method, |(_, name)| name))
    }

    /// The class of the method that was called, as `Doc`.
    pub fn class(&self) -> Option<&str> {
        Some(self.method.as_deref()?.split_once('.')?.0)
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method}: ")?;
        }
        f.write_str(match self.message.as_str() {
            "" => "the Engine gives no reason",
            message => message,
        })?;
        if let Some(parameter) = &self.parameter {
            write!(f, ": {parameter}")?;
        }
        write!(f, " (engine error {})", self.code)
    }
}

impl std::error::Error for EngineError {}

/// The Engine session is closed.
///
/// Every call that was waiting when the session ended fails with this error, and so does every later one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClosedError {
    code: Option<u16>,
    reason: String,
    method: Option<String>,
    may_have_run: bool,
}

#[cfg_attr(not(feature = "engine"), allow(dead_code))] // made by the Engine's session
impl ClosedError {
    /// The close code of a session whose sign-in failed.
    pub(crate) const AUTHENTICATION: u16 = 4006;
    /// The close code for an app that is not there.
    pub(crate) const NOT_FOUND: u16 = 4204;
    /// The close code of a session that was one too many.
    pub(crate) const TOO_MANY_REQUESTS: u16 = 4205;
    /// Close codes after which a new session does not help: licence, app gone, sign-in, bad request, permission,
    /// not found, entitlement.
    const FINAL: [u16; 8] = [4002, 4004, 4006, 4007, 4202, 4203, 4204, 4230];

    pub(crate) fn new(code: Option<u16>, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), method: None, may_have_run: false }
    }

    /// The same, for a call that was asked for; `may_have_run` when it had been handed to the socket.
    pub(crate) fn during(mut self, method: impl Into<String>, may_have_run: bool) -> Self {
        self.method = Some(method.into());
        self.may_have_run = may_have_run;
        self
    }

    /// The WebSocket close code, where the server sent one.
    pub fn code(&self) -> Option<u16> {
        self.code
    }

    /// Why the session ended.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The call that failed for it, as `Doc.GetLayout`.
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Whether the call had been sent, so that the Engine may have carried it out although no answer came.
    pub fn may_have_run(&self) -> bool {
        self.may_have_run
    }

    /// Whether a new session may do better.
    pub(crate) fn is_temporary(&self) -> bool {
        self.code.is_none_or(|code| !Self::FINAL.contains(&code))
    }
}

impl fmt::Display for ClosedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method}: ")?;
        }
        write!(f, "the Engine session is closed: {}", self.reason)?;
        if let Some(code) = self.code {
            write!(f, " (close code {code})")?;
        }
        if self.may_have_run {
            f.write_str("; the call may have been carried out")?;
        }
        Ok(())
    }
}

impl std::error::Error for ClosedError {}
