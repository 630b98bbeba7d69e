//! OAuth: the settings of a client, and the grants by which it gets its tokens.

#[cfg(feature = "auth-interactive")]
mod code;
mod discovery;
mod file_store;
mod grant;
#[cfg(feature = "auth-interactive")]
mod loopback;
mod register;
mod source;
mod store;
mod tokens;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "auth-interactive")]
pub use self::code::Authorization;
pub use self::discovery::Discovery;
pub use self::file_store::FileStore;
pub use self::grant::{ClientProof, User};
pub use self::register::{Registered, Registration};
pub use self::store::{MemoryStore, TokenKey, TokenStore};
pub use self::tokens::Tokens;

pub(crate) use self::discovery::discover;
pub(crate) use self::source::{Purpose, Source};

use self::grant::{Grant, Proof};
use super::renewing::MARGIN;
use super::{Auth, Secret, Started};
use crate::http::bounded;
use crate::{Error, Result};

/// An OAuth client of a tenant, and how it gets its tokens.
///
/// It is made by [`Auth::client_credentials`] and the like, takes further settings, and is given to
/// [`QlikBuilder::auth`](crate::QlikBuilder::auth).
///
/// Tokens are renewed two minutes before they expire, by one request however many calls wait, and after a 401, once.
#[derive(Clone)]
#[must_use = "it is given to QlikBuilder::auth"]
pub struct OAuth {
    id: String,
    proof: Proof,
    grant: Grant,
    scope: Option<String>,
    subject: Option<String>,
    store: Option<Arc<dyn TokenStore>>,
    margin: Duration,
}

impl Auth {
    /// Signs in as an OAuth client itself: what it makes belongs to a user of its own. The client is made in the
    /// tenant's administration with the type "Machine-to-machine". It proves who it is by its secret, or by a
    /// [`SigningKey`](crate::auth::SigningKey) (`private_key_jwt`), the public half of which it is registered with.
    ///
    /// ```
    /// use qlik::{Auth, Qlik};
    ///
    /// # fn main() -> qlik::Result<()> {
    /// let auth = Auth::client_credentials("client-id", "client-secret").scope("user_default admin_classic");
    /// let qlik = Qlik::builder("your-tenant.eu.qlikcloud.com").auth(auth).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(client_id: impl Into<String>, proof: impl Into<ClientProof>) -> OAuth {
        OAuth::new(client_id, Grant::ClientCredentials).proof(proof)
    }

    /// Signs in as a user by an OAuth client of the consent method "Trusted", without the user's doing anything. The
    /// user has to exist in the tenant.
    ///
    /// ```
    /// use qlik::Auth;
    /// use qlik::auth::User;
    ///
    /// let auth = Auth::impersonation("client-id", "client-secret", User::Subject("auth0|ada".into()))
    ///     .scope("user_default");
    /// ```
    pub fn impersonation(client_id: impl Into<String>, proof: impl Into<ClientProof>, user: User) -> OAuth {
        OAuth::new(client_id, Grant::Impersonation(user)).proof(proof)
    }

    /// Signs in with a refresh token that the program has from elsewhere. With a [`store`](OAuth::store) the one that
    /// is kept there counts, since each is good for one renewal only.
    pub fn refresh_token(client_id: impl Into<String>, token: impl Into<Secret>) -> OAuth {
        OAuth::new(client_id, Grant::Refresh(token.into()))
    }

    /// Signs in a person, who agrees in a browser: authorization code with PKCE. The client is one of the types "Web"
    /// (with a [`proof`](OAuth::proof)), "Single-page app" or "Native", with exactly this redirect URL.
    ///
    /// [`Qlik::authorization`](crate::Qlik::authorization) begins it, and
    /// [`Qlik::authorize`](crate::Qlik::authorize) ends it; for a native program
    /// [`Qlik::authorize_in_browser`](crate::Qlik::authorize_in_browser) does both.
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub fn authorization_code(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> OAuth {
        OAuth::new(client_id, Grant::Code { redirect_uri: redirect_uri.into() })
    }

    /// Signs in as a visitor whom nobody knows, by an access code: for what is embedded in public pages.
    pub fn anonymous(client_id: impl Into<String>, access_code: impl Into<Secret>) -> OAuth {
        OAuth::new(client_id, Grant::Anonymous(access_code.into()))
    }
}

impl OAuth {
    fn new(id: impl Into<String>, grant: Grant) -> Self {
        let id = id.into().trim().to_owned();
        Self { id, proof: Proof::None, grant, scope: None, subject: None, store: None, margin: MARGIN }
    }

    /// By what the client proves who it is: its secret, or a key. A client that cannot keep a secret has none.
    pub fn proof(mut self, proof: impl Into<ClientProof>) -> Self {
        self.proof = proof.into().0;
        self
    }

    /// Sends the client's secret in the `Authorization` header instead of the body, where something between wants that.
    pub fn secret_as_header(mut self) -> Self {
        if let Proof::Secret(secret) = self.proof {
            self.proof = Proof::Basic(secret);
        }
        self
    }

    /// What is asked for, separated by spaces. `user_default` unless set, with `offline_access` where a person agrees, so
    /// that there is a token to renew with.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The user whose tokens these are, as the program calls that one: keeps users apart in a store. With a store it is
    /// needed wherever a program may have several users: with refresh tokens, and with people who agree to a client that
    /// has a secret.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Where tokens are kept between two runs of the program. Nowhere unless set.
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The same, with a store that several clients share.
    pub fn shared_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// How long before its end a token is renewed; two minutes unless set, and never before half of its life is over.
    pub fn renew_ahead(mut self, margin: Duration) -> Self {
        self.margin = bounded(margin);
        self
    }

    /// The scopes that are asked for.
    fn scopes(&self) -> &str {
        match (&self.scope, &self.grant) {
            (Some(scope), _) => scope,
            #[cfg(feature = "auth-interactive")]
            (None, Grant::Code { .. }) => "user_default offline_access",
            (None, _) => "user_default",
        }
    }

    fn check(&self) -> Result<()> {
        if self.id.is_empty() {
            return Err(Error::auth("the id of the OAuth client is empty"));
        }
        let public = match &self.proof {
            Proof::Secret(secret) | Proof::Basic(secret) if secret.expose().is_empty() => {
                return Err(Error::auth("the secret of the OAuth client is empty"));
            }
            proof => matches!(proof, Proof::None),
        };
        if public && matches!(self.grant, Grant::ClientCredentials | Grant::Impersonation(_)) {
            return Err(Error::auth("the OAuth client has neither a secret nor a key, and this grant needs one"));
        }
        // A program with many users that says whose tokens these are for none of them would give one another's.
        let many = match &self.grant {
            Grant::Refresh(_) => true,
            #[cfg(feature = "auth-interactive")]
            Grant::Code { .. } => !public,
            _ => false,
        };
        if many && self.store.is_some() && self.subject.is_none() {
            return Err(Error::auth("a store keeps tokens apart by user; say whose these are by .subject(user)"));
        }
        self.grant.check()
    }
}

impl From<OAuth> for Auth {
    fn from(oauth: OAuth) -> Self {
        let shown = oauth.clone();
        Auth::new(shown, move |channel| {
            oauth.check()?;
            let source = Arc::new(Source::new(channel, oauth.clone()));
            Ok(Started { authenticator: Arc::new(source.clone()), oauth: Some(source) })
        })
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth")
            .field("client_id", &self.id)
            .field("proof", &self.proof)
            .field("grant", &self.grant)
            .field("scope", &self.scope)
            .field("subject", &self.subject)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
