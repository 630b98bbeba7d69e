//! Ways of signing in, one file each, and the trait that REST and the Engine's socket use alike.

mod api_key;
mod secret;

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::header::HeaderMap;

use self::api_key::ApiKey;
use crate::Result;

/// How a client signs in.
///
/// ```
/// use qlik::Auth;
///
/// let auth = Auth::api_key("eyJhbGciOi...");
/// assert_eq!(format!("{auth:?}"), "Auth(ApiKey(***))");
/// ```
#[derive(Clone)]
pub struct Auth(Arc<dyn Authenticator>);

impl Auth {
    /// Signs in with an API key, which a user makes in the profile settings of a Qlik Cloud tenant.
    ///
    /// White space around the key is dropped: keys that are read from a file often end in a line break.
    pub fn api_key(key: impl Into<String>) -> Self {
        Self(Arc::new(ApiKey::new(key.into())))
    }

    /// Looks for what can be wrong with it before anything is sent.
    pub(crate) fn check(&self) -> Result<()> {
        self.0.check()
    }

    /// The headers that sign a request, or the opening of a socket, to the configured host.
    pub(crate) fn headers(&self) -> BoxFuture<'_, Result<HeaderMap>> {
        self.0.headers()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Auth").field(&self.0).finish()
    }
}

/// One way of signing in.
///
/// What it returns goes to the configured host only: the callers see to that.
pub(crate) trait Authenticator: fmt::Debug + Send + Sync {
    /// Finds settings that cannot work.
    fn check(&self) -> Result<()>;

    /// The headers for one request, or for one socket; marked sensitive, so that no one logs them.
    fn headers(&self) -> BoxFuture<'_, Result<HeaderMap>>;
}
