//! What a tenant says of its OAuth endpoints.

use serde_json::Value;

use crate::Result;
use crate::auth::channel::Channel;

/// What a tenant says of its OAuth endpoints; [`Qlik::discover`](crate::Qlik::discover) asks.
///
/// It is for showing and for checking: this client uses the endpoints of its own host, whatever is written here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// Who issues the tokens.
    pub issuer: Option<String>,
    /// Where tokens are asked for.
    pub token_endpoint: Option<String>,
    /// Where people are sent to agree.
    pub authorization_endpoint: Option<String>,
    /// Where tokens are taken back.
    pub revocation_endpoint: Option<String>,
    /// Where clients register themselves.
    pub registration_endpoint: Option<String>,
    /// Where the keys of the issuer are.
    pub jwks_uri: Option<String>,
    /// The grants that there are.
    pub grant_types: Vec<String>,
    /// The ways in which clients may prove who they are.
    pub auth_methods: Vec<String>,
}

pub(crate) async fn discover(channel: &Channel) -> Result<Discovery> {
    let answer = channel.get("/.well-known/oauth-authorization-server").send().await?.json()?;
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    let list = |name: &str| {
        let items = answer[name].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Ok(Discovery {
        issuer: text("issuer"),
        token_endpoint: text("token_endpoint"),
        authorization_endpoint: text("authorization_endpoint"),
        revocation_endpoint: text("revocation_endpoint"),
        registration_endpoint: text("registration_endpoint"),
        jwks_uri: text("jwks_uri"),
        grant_types: list("grant_types_supported"),
        auth_methods: list("token_endpoint_auth_methods_supported"),
    })
}
