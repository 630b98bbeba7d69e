//! What a server says unasked.

use serde_json::Value;

use super::ring::stream;

/// A message from the engine, or from the proxy in front of it, that answers no call.
///
/// `OnConnected` says whether the session is new; `OnAuthenticationInformation`, `OnSessionTimedOut` and their like
/// come from a client-managed proxy. Every one is passed on as it came, those that this version does not know too;
/// [`notice`](Self::notice) says what it means.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// Its name, as `OnConnected`.
    pub method: String,
    /// What it says; null when it says no more than its name.
    pub params: Value,
}

impl Notification {
    /// What it means.
    pub fn notice(&self) -> Notice {
        let text = |name: &str| self.params.get(name).and_then(Value::as_str).map(str::to_owned);
        match self.method.as_str() {
            "OnConnected" => Notice::Connected(SessionState::of(&text("qSessionState").unwrap_or_default())),
            "OnAuthenticationInformation" => Notice::AuthenticationInformation {
                user_directory: text("userDirectory"),
                user_id: text("userId"),
                must_authenticate: self.params.get("mustAuthenticate").and_then(Value::as_bool).unwrap_or(false),
                login_uri: text("loginUri"),
                logout_uri: text("logoutUri"),
            },
            method => match FATAL.iter().find(|(name, _)| *name == method) {
                Some((_, fault)) => Notice::Fatal { fault: *fault, message: text("message").unwrap_or_default() },
                None => Notice::Unknown,
            },
        }
    }
}

/// What a [`Notification`] means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// `OnConnected`: the engine has a session for this connection.
    Connected(SessionState),
    /// `OnAuthenticationInformation`: whom a client-managed proxy takes this connection for.
    AuthenticationInformation {
        /// The directory that the user is from.
        user_directory: Option<String>,
        /// The user.
        user_id: Option<String>,
        /// Whether signing in is still due; the connection is of no use until then.
        must_authenticate: bool,
        /// Where to sign in.
        login_uri: Option<String>,
        /// Where to sign out.
        logout_uri: Option<String>,
    },
    /// One of the proxy's last words: it closes the connection next.
    Fatal {
        /// What is wrong.
        fault: ProxyFault,
        /// The proxy's words for it.
        message: String,
    },
    /// One that this version does not know: see its method and parameters.
    Unknown,
}

/// How the engine came by the session of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// It is new.
    Created,
    /// It was there, with its app and its selections.
    Attached,
    /// There is no licence.
    NoLicense,
    /// The licence has to be renewed.
    LicenseRenew,
    /// The licence allows no more sessions.
    LimitExceeded,
    /// The security header has changed.
    SecurityHeaderChanged,
    /// Access control could not be set up.
    AccessControlSetupFailure,
    /// The user may not open the app.
    AppAccessDenied,
    /// The app could not be opened.
    AppFailure,
    /// The licence is not valid.
    LicenseInvalid,
    /// A state that this version does not know.
    Other(String),
}

impl SessionState {
    fn of(state: &str) -> Self {
        match state {
            "SESSION_CREATED" => SessionState::Created,
            "SESSION_ATTACHED" => SessionState::Attached,
            "SESSION_ERROR_NO_LICENSE" => SessionState::NoLicense,
            "SESSION_ERROR_LICENSE_RENEW" => SessionState::LicenseRenew,
            "SESSION_ERROR_LIMIT_EXCEEDED" => SessionState::LimitExceeded,
            "SESSION_ERROR_SECURITY_HEADER_CHANGED" => SessionState::SecurityHeaderChanged,
            "SESSION_ACCESS_CONTROL_SETUP_FAILURE" => SessionState::AccessControlSetupFailure,
            "SESSION_ERROR_APP_ACCESS_DENIED" => SessionState::AppAccessDenied,
            "SESSION_ERROR_APP_FAILURE" => SessionState::AppFailure,
            "SESSION_ERROR_LICENSE_INVALID" => SessionState::LicenseInvalid,
            other => SessionState::Other(other.to_owned()),
        }
    }
}

/// Why a client-managed proxy is about to close a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyFault {
    /// The user has too many sessions at once.
    MaxParallelSessionsExceeded,
    /// The user has no licence.
    LicenseAccessDenied,
    /// Whether the user has a licence is not known before the next synchronization.
    LicenseAccessDeniedPendingUserSync,
    /// More licences are assigned than there are.
    ExcessLicenseAssignment,
    /// The session was closed.
    SessionClosed,
    /// The user has signed out.
    SessionLoggedOut,
    /// The session was idle for too long.
    SessionTimedOut,
    /// The connection to the engine failed.
    EngineWebsocketFailed,
    /// There is no engine.
    NoEngineAvailable,
    /// The connection to the repository failed.
    RepositoryWebsocketFailed,
    /// There is no repository.
    NoRepositoryAvailable,
    /// The connection to the data preparation service failed.
    DataPrepServiceWebsocketFailed,
    /// There is no data preparation service.
    NoDataPrepServiceAvailable,
    /// There is no printing service.
    NoPrintingServiceAvailable,
}

const FATAL: &[(&str, ProxyFault)] = &[
    ("OnMaxParallelSessionsExceeded", ProxyFault::MaxParallelSessionsExceeded),
    ("OnLicenseAccessDenied", ProxyFault::LicenseAccessDenied),
    ("OnLicenseAccessDeniedPendingUserSync", ProxyFault::LicenseAccessDeniedPendingUserSync),
    ("OnExcessLicenseAssignment", ProxyFault::ExcessLicenseAssignment),
    ("OnSessionClosed", ProxyFault::SessionClosed),
    ("OnSessionLoggedOut", ProxyFault::SessionLoggedOut),
    ("OnSessionTimedOut", ProxyFault::SessionTimedOut),
    ("OnEngineWebsocketFailed", ProxyFault::EngineWebsocketFailed),
    ("OnNoEngineAvailable", ProxyFault::NoEngineAvailable),
    ("OnRepositoryWebsocketFailed", ProxyFault::RepositoryWebsocketFailed),
    ("OnNoRepositoryAvailable", ProxyFault::NoRepositoryAvailable),
    ("OnDataPrepServiceWebsocketFailed", ProxyFault::DataPrepServiceWebsocketFailed),
    ("OnNoDataPrepServiceAvailable", ProxyFault::NoDataPrepServiceAvailable),
    ("OnNoPrintingServiceAvailable", ProxyFault::NoPrintingServiceAvailable),
];

stream! {
    /// The notifications of a session, as a stream: first those that came already, then each as it comes.
    ///
    /// It ends with the session, and does not keep it open. A reader who falls more than 64 behind misses the oldest.
    Notifications of Notification
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notice(method: &str, params: Value) -> Notice {
        Notification { method: method.to_owned(), params }.notice()
    }

    #[test]
    fn what_is_known_has_a_type() {
        let connected = |state: &str| notice("OnConnected", json!({"qSessionState": state}));
        assert_eq!(connected("SESSION_ATTACHED"), Notice::Connected(SessionState::Attached));
        assert_eq!(connected("SESSION_NEW"), Notice::Connected(SessionState::Other("SESSION_NEW".to_owned())));
        let params = json!({"userDirectory": "D", "userId": "u", "loginUri": "https://x", "mustAuthenticate": true});
        let Notice::AuthenticationInformation { user_id, must_authenticate, login_uri, logout_uri, .. } =
            notice("OnAuthenticationInformation", params)
        else {
            panic!("it is known")
        };
        assert_eq!((user_id.as_deref(), must_authenticate), (Some("u"), true));
        assert_eq!((login_uri.as_deref(), logout_uri), (Some("https://x"), None));
        for (name, fault) in FATAL {
            let message = "why".to_owned();
            let said = notice(name, json!({"severity": "fatal", "message": message}));
            assert_eq!(said, Notice::Fatal { fault: *fault, message });
        }
    }

    #[test]
    fn what_is_not_known_does_no_harm() {
        assert_eq!(notice("OnNews", json!([1])), Notice::Unknown);
        assert_eq!(notice("OnConnected", json!(null)), Notice::Connected(SessionState::Other(String::new())));
    }
}
