//! OAuth clients, the keys they sign with, and how a client proves who it is.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value as Json};

use crate::rest::Problem;

/// A key that somebody signs tokens with.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    key: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// A public key in PEM: RSA, or an elliptic curve's.
    pub(crate) fn from_pem(id: &str, pem: &str) -> Result<Self, String> {
        let key = DecodingKey::from_rsa_pem(pem.as_bytes()).or_else(|_| DecodingKey::from_ec_pem(pem.as_bytes()));
        let key = key.map_err(|error| format!("the public key {id} is neither RSA nor EC in PEM: {error}"))?;
        Ok(Self { id: id.to_owned(), key })
    }
}

/// The claims of a token that one of the keys signed by one of the algorithms. Its times are the caller's to check, who
/// has the clock.
pub(crate) fn verified(token: &str, keys: &[Key], algorithms: &[Algorithm]) -> Result<Map<String, Json>, String> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| format!("not a JWT: {error}"))?;
    if !algorithms.contains(&header.alg) {
        return Err(format!("the algorithm {:?} is not taken here", header.alg));
    }
    let id = header.kid.ok_or("the header has no kid")?;
    let key = keys.iter().find(|key| key.id == id).ok_or_else(|| format!("there is no key with the kid {id}"))?;
    let mut checks = Validation::new(header.alg);
    checks.required_spec_claims.clear();
    checks.validate_exp = false;
    checks.validate_aud = false;
    let read = jsonwebtoken::decode::<Map<String, Json>>(token, &key.key, &checks);
    read.map(|token| token.claims).map_err(|error| format!("the signature does not verify: {error}"))
}

/// An OAuth client of a sandbox's tenant.
#[derive(Clone, Debug)]
#[must_use]
pub struct OAuthClient {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) keys: Vec<Result<Key, String>>,
    /// Whether an administrator has let it in.
    pub(crate) approved: bool,
}

impl OAuthClient {
    /// A client that keeps a secret.
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..Self::public(id) }
    }

    /// A client that cannot keep one: only the flows with a user are open to it.
    pub fn public(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: None,
            redirect_uris: Vec::new(),
            scopes: ["user_default", "admin_classic", "offline_access"].map(str::to_owned).to_vec(),
            keys: Vec::new(),
            approved: true,
        }
    }

    /// A place that an authorization may be sent to.
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// What it may ask for, instead of `user_default`, `admin_classic` and `offline_access`.
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// A public key (PEM) with which its assertions are verified (`private_key_jwt`).
    pub fn public_key(mut self, kid: &str, pem: &str) -> Self {
        self.keys.push(Key::from_pem(kid, pem));
        self
    }

    pub(crate) fn is_public(&self) -> bool {
        self.secret.is_none() && self.keys.is_empty()
    }

    /// The scopes it gets for what it asks, all of its own if it asks for none.
    pub(crate) fn granted(&self, asked: Option<&str>) -> Result<Vec<String>, Problem> {
        let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else { return Ok(self.scopes.clone()) };
        let asked: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
        match asked.iter().find(|scope| !self.scopes.contains(scope)) {
            Some(scope) => Err(refused(400, "invalid_scope", &format!("The client may not ask for {scope}"))),
            None => Ok(asked),
        }
    }

    /// Checks the secret or the assertion that came with a request.
    pub(crate) fn prove(&self, shown: &Proof<'_>) -> Result<(), Problem> {
        let wrong = |detail: &str| Err(refused(401, "invalid_client", detail));
        match shown {
            Proof::Secret(secret) if self.secret.as_deref() == Some(secret) => Ok(()),
            Proof::Secret(_) => wrong("The client secret is wrong"),
            Proof::Nothing if self.is_public() => Ok(()),
            Proof::Nothing => wrong("The client has to prove who it is: client_secret or client_assertion"),
            Proof::Assertion { token, audience, now } => match self.assert(token, audience, *now) {
                Ok(()) => Ok(()),
                Err(why) => wrong(&format!("The client assertion is refused: {why}")),
            },
        }
    }

    fn assert(&self, token: &str, audience: &str, now: u64) -> Result<(), String> {
        let keys = self.keys.iter().cloned().collect::<Result<Vec<_>, _>>()?;
        let claims = verified(token, &keys, &[Algorithm::RS256, Algorithm::RS512, Algorithm::ES384])?;
        let text = |name: &str| claims.get(name).and_then(Json::as_str).ok_or_else(|| format!("{name} is missing"));
        for name in ["iss", "sub"] {
            if text(name)? != self.id {
                return Err(format!("{name} has to be the client id"));
            }
        }
        if text("aud")? != audience {
            return Err(format!("aud has to be {audience}"));
        }
        text("jti")?;
        let time = |name: &str| claims.get(name).and_then(Json::as_u64).ok_or_else(|| format!("{name} is missing"));
        let (issued, expires) = (time("iat")?, time("exp")?);
        if expires <= now {
            return Err("it has expired".to_owned());
        }
        // The clocks of two machines are never quite the same.
        if issued > now + 60 {
            return Err("iat is in the future".to_owned());
        }
        match expires.saturating_sub(issued) {
            0..=300 => Ok(()),
            _ => Err("exp is more than 5 minutes after iat".to_owned()),
        }
    }
}

/// What a client shows to prove who it is.
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    Nothing,
    Secret(&'a str),
    Assertion {
        token: &'a str,
        audience: &'a str,
        /// The sandbox's time, in seconds since 1970.
        now: u64,
    },
}

/// A refusal of the OAuth endpoints.
pub(crate) fn refused(status: u16, error: &'static str, detail: &str) -> Problem {
    Problem::new(status, error, detail)
}
