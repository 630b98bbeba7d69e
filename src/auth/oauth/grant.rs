//! Grants, and what each sends to the token endpoint; how a client proves who it is.

use serde_json::{Map, Value};

use super::OAuth;
use crate::auth::channel::{Channel, Exchange};
use crate::auth::{Secret, random};
use crate::json::object;
use crate::{Error, Result};

/// Where tokens come from.
pub(super) const TOKEN: &str = "/oauth/token";

/// How a client proves who it is.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    None,
    Secret(Secret),
    /// The secret in the `Authorization` header.
    Basic(Secret),
    #[cfg(feature = "auth-jwt")]
    Key(crate::auth::SigningKey),
}

/// By what an OAuth client proves who it is: its secret, or a [`SigningKey`](crate::auth::SigningKey).
#[derive(Debug, Clone)]
pub struct ClientProof(pub(super) Proof);

impl From<Secret> for ClientProof {
    fn from(secret: Secret) -> Self {
        Self(Proof::Secret(Secret::new(secret.expose().trim())))
    }
}

impl From<&str> for ClientProof {
    fn from(secret: &str) -> Self {
        Secret::new(secret).into()
    }
}

impl From<String> for ClientProof {
    fn from(secret: String) -> Self {
        Secret::new(secret).into()
    }
}

#[cfg(feature = "auth-jwt")]
impl From<crate::auth::SigningKey> for ClientProof {
    fn from(key: crate::auth::SigningKey) -> Self {
        Self(Proof::Key(key))
    }
}

/// By what a client gets its tokens.
#[derive(Debug, Clone)]
pub(super) enum Grant {
    ClientCredentials,
    Impersonation(User),
    Refresh(Secret),
    #[cfg(feature = "auth-interactive")]
    Code {
        redirect_uri: String,
    },
    Anonymous(Secret),
}

/// A user to sign in as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum User {
    /// By the subject that the identity provider knows the user by.
    Subject(String),
    /// By the user's id in the tenant.
    Id(String),
}

impl User {
    fn value(&self) -> &str {
        match self {
            User::Subject(value) | User::Id(value) => value,
        }
    }
}

impl Grant {
    pub(super) fn check(&self) -> Result<()> {
        let problem = match self {
            Grant::Impersonation(user) if user.value().trim().is_empty() => "the user to sign in as is empty",
            Grant::Refresh(token) if token.expose().trim().is_empty() => "the refresh token is empty",
            Grant::Anonymous(code) if code.expose().trim().is_empty() => "the access code is empty",
            #[cfg(feature = "auth-interactive")]
            Grant::Code { redirect_uri } if url::Url::parse(redirect_uri).is_err() => {
                "the redirect URL cannot be read; give it as it is registered with the OAuth client"
            }
            _ => return Ok(()),
        };
        Err(Error::auth(problem))
    }

    /// The user that the tokens speak for, as far as the grant says.
    pub(super) fn subject(&self) -> String {
        match self {
            Grant::Impersonation(User::Subject(value)) => value.clone(),
            Grant::Impersonation(User::Id(value)) => format!("userId {value}"),
            Grant::Anonymous(_) => "anonymous".to_owned(),
            _ => String::new(),
        }
    }

    /// Whether it gives tokens again and again, without a person or a token to renew with.
    pub(super) fn repeats(&self) -> bool {
        matches!(self, Grant::ClientCredentials | Grant::Impersonation(_) | Grant::Anonymous(_))
    }
}

impl OAuth {
    /// The request by which the grant itself gives tokens; `None` where it cannot.
    pub(super) fn first_request(&self, channel: &Channel) -> Result<Option<Exchange>> {
        let body = match &self.grant {
            Grant::ClientCredentials => object! { "grant_type": "client_credentials", "scope": self.scopes() },
            Grant::Impersonation(user) => object! {
                "grant_type": "urn:qlik:oauth:user-impersonation",
                "user_lookup": object! {
                    "field": match user { User::Subject(_) => "subject", User::Id(_) => "userId" },
                    "value": user.value(),
                },
                "scope": self.scopes(),
            },
            Grant::Anonymous(code) => {
                let body = object! {
                    "grant_type": "urn:qlik:oauth:anonymous-embed",
                    "eac": code.expose(),
                    "client_id": self.id.as_str(),
                    "tracking_code": tracking_code()?,
                };
                return Ok(Some(channel.post("/oauth/token/anonymous-embed").json(&body)));
            }
            Grant::Refresh(_) => return Ok(None),
            #[cfg(feature = "auth-interactive")]
            Grant::Code { .. } => return Ok(None),
        };
        self.request(channel, body).map(Some)
    }

    /// The request by which a token is renewed.
    pub(super) fn refresh_request(&self, channel: &Channel, token: &Secret) -> Result<Exchange> {
        self.request(channel, object! { "grant_type": "refresh_token", "refresh_token": token.expose() })
    }

    /// A request to the token endpoint, by which the client proves who it is.
    pub(super) fn request(&self, channel: &Channel, mut body: Value) -> Result<Exchange> {
        let exchange = channel.post(TOKEN);
        let mut add = |name: &str, value: &str| {
            body.as_object_mut().unwrap_or(&mut Map::new()).insert(name.to_owned(), Value::from(value));
        };
        add("client_id", &self.id);
        let exchange = match &self.proof {
            Proof::None => exchange,
            Proof::Secret(secret) => {
                add("client_secret", secret.expose());
                exchange
            }
            Proof::Basic(secret) => exchange.header("authorization", basic(&self.id, secret).expose()),
            #[cfg(feature = "auth-jwt")]
            Proof::Key(key) => {
                let audience = format!("{}{TOKEN}", channel.host());
                add("client_assertion", key.client_assertion(&self.id, &audience)?.expose());
                add("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
                exchange
            }
        };
        Ok(exchange.json(&body))
    }
}

/// Basic credentials, each half encoded as a form's value.
fn basic(id: &str, secret: &Secret) -> Secret {
    use base64::Engine as _;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pair = Secret::new(format!("{}:{}", encoded(id), encoded(secret.expose())));
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair.expose())))
}

/// By which Qlik counts visitors: the time in hexadecimal digits, and random ones up to 40.
fn tracking_code() -> Result<String> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    Ok(format!("{seconds:08x}{}", random::hex::<16>()?))
}
