//! OAuth clients that register themselves.

use crate::auth::channel::Channel;
use crate::auth::{Secret, denied};
use crate::json::object;
use crate::{Error, Result};

/// An OAuth client that is to register itself; [`Qlik::register_client`](crate::Qlik::register_client) does it.
///
/// The tenant has to allow it. An administrator of the tenant has to be the first to sign in by the new client, within
/// an hour; until then it lets nobody else in.
#[derive(Debug, Clone)]
#[must_use = "it is given to Qlik::register_client"]
pub struct Registration {
    name: String,
    uri: String,
    redirect_uris: Vec<String>,
    public: bool,
    scope: Option<String>,
}

impl Registration {
    /// A client with a secret, by the name that people are shown, the page that tells about it, and the place that
    /// people come back to.
    pub fn new(name: impl Into<String>, uri: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        let redirect_uris = vec![redirect_uri.into()];
        Self { name: name.into(), uri: uri.into(), redirect_uris, public: false, scope: None }
    }

    /// Another place that people come back to.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// A client without a secret, as of a native program. It gets no token to renew with.
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }

    /// What the client may ask for: of `user_default`, `mcp:execute` and `offline_access`; all of them unless set.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    pub(crate) async fn register(&self, channel: &Channel) -> Result<Registered> {
        let mut body = object! {
            "client_name": self.name.as_str(),
            "client_uri": self.uri.clone(),
            "redirect_uris": self.redirect_uris.clone(),
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": if self.public { "none" } else { "client_secret_post" },
        };
        if let Some(scope) = &self.scope {
            body["scope"] = scope.as_str().into();
        }
        let answer = channel.post("/oauth/register").json(&body).send().await.map_err(denied)?.json()?;
        let Some(id) = answer["client_id"].as_str() else {
            return Err(Error::decode("registering a client", "client_id", "the answer has none", &[]));
        };
        Ok(Registered {
            client_id: id.to_owned(),
            client_secret: answer["client_secret"].as_str().map(Secret::from),
            scope: answer["scope"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// An OAuth client that has registered itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Registered {
    /// The id of the client.
    pub client_id: String,
    /// Its secret, which is told this once.
    pub client_secret: Option<Secret>,
    /// What it may ask for.
    pub scope: String,
}
