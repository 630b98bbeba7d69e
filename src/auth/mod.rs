//! Ways of signing in, one file each, and the trait that REST and the Engine's socket use alike.
//!
//! The guide tells which way is for which program: [`signing_in`](crate::guide::signing_in), and
//! [`client_managed`](crate::guide::client_managed) for servers of one's own.

mod authenticator;
mod bearer;
mod brought;
mod certificate;
mod channel;
mod custom;
mod files;
mod identity;
#[cfg(feature = "auth-jwt")]
mod jwt;
mod none;
pub(crate) mod oauth;
mod random;
mod renewing;
mod secret;
#[cfg(feature = "auth-session")]
mod session;

use std::fmt;
use std::sync::Arc;

pub use self::authenticator::{Answered, Authenticator, Credentials, Refusal, Signing, Target};
pub use self::channel::{Channel, Exchange, Received};
pub use self::identity::Identity;
#[cfg(feature = "auth-jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "auth-jwt")))]
pub use self::jwt::{SignedJwt, SigningKey};
#[cfg(feature = "auth-interactive")]
#[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
pub use self::oauth::Authorization;
pub use self::oauth::{
    ClientProof, Discovery, FileStore, MemoryStore, OAuth, Registered, Registration, TokenKey, TokenStore, Tokens, User,
};
pub use self::secret::Secret;
#[cfg(feature = "auth-session")]
#[cfg_attr(docsrs, doc(cfg(feature = "auth-session")))]
pub use self::session::{Jwt, Login};

use self::oauth::Source;
use crate::error::AuthError;
use crate::{Error, Result};

/// How a client signs in.
///
/// It is a recipe: each client that it is given to signs in for itself, and shares no token and no session with another.
///
/// ```
/// use qlik::Auth;
///
/// let auth = Auth::api_key("eyJhbGciOi...");
/// assert_eq!(format!("{auth:?}"), "Auth(ApiKey(***))");
/// ```
#[derive(Clone)]
pub struct Auth {
    shown: Arc<dyn fmt::Debug + Send + Sync>,
    start: Arc<dyn Fn(Channel) -> Result<Started> + Send + Sync>,
    identity: Option<Identity>,
}

/// A way of signing in at work for one client.
#[derive(Clone)]
pub(crate) struct Started {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// The same, where it is OAuth.
    pub(crate) oauth: Option<Arc<Source>>,
}

impl Auth {
    fn new(
        shown: impl fmt::Debug + Send + Sync + 'static,
        start: impl Fn(Channel) -> Result<Started> + Send + Sync + 'static,
    ) -> Self {
        Self { shown: Arc::new(shown), start: Arc::new(start), identity: None }
    }

    /// By an authenticator that is made for each client.
    fn with<A: Authenticator>(
        shown: impl fmt::Debug + Send + Sync + 'static,
        make: impl Fn(Channel) -> Result<A> + Send + Sync + 'static,
    ) -> Self {
        Self::new(shown, move |channel| Ok(Started { authenticator: Arc::new(make(channel)?), oauth: None }))
    }

    /// Begins to sign in for a client. Nothing is sent; settings that cannot work are found.
    pub(crate) fn start(&self, channel: Channel) -> Result<Started> {
        (self.start)(channel)
    }

    /// The certificate that every connection is made with. A client with one talks to the services of a client-managed
    /// server directly, past its proxy.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Auth").field(&self.shown).finish()
    }
}

/// The error of an answer while signing in: what the server will not change its mind about is a failure of signing in.
fn denied(error: Error) -> Error {
    match error {
        Error::Http(answer) if matches!(answer.status(), 400..=428) => {
            Error::Auth(Box::new(AuthError::answered(*answer)))
        }
        other => other,
    }
}
