//! JWTs that a program makes for the users it signs in.

use std::time::Duration;

use serde_json::{Map, Value};

use super::SigningKey;
use super::key::now;
use crate::auth::{Secret, random};
use crate::{Error, Result};

/// How far the clock of the server may be behind, in seconds.
const SKEW: u64 = 30;

/// A JWT for a user, signed with a key whose public half the tenant or the virtual proxy knows. It is made anew whenever
/// a session is opened.
///
/// ```no_run
/// use qlik::auth::{SignedJwt, SigningKey};
/// use qlik::{Auth, Qlik};
///
/// # fn main() -> qlik::Result<()> {
/// let key = SigningKey::pem_file("jwt_key.pem", "key-id")?;
/// let ada = SignedJwt::cloud(key, "my-issuer", "crm|ada")
///     .claim("name", "Ada Alder")
///     .claim("email", "ada@example.com")
///     .claim("groups", ["Sales", "Finance"]);
/// # #[cfg(feature = "auth-session")]
/// let qlik = Qlik::builder("your-tenant.eu.qlikcloud.com").auth(Auth::jwt_session(ada)).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "it is given to Auth::jwt_session or Auth::proxy_jwt"]
pub struct SignedJwt {
    key: SigningKey,
    claims: Map<String, Value>,
    life: Duration,
}

impl SignedJwt {
    /// For a tenant of Qlik Cloud with an identity provider of the type JWT: the issuer that is written there, and the
    /// subject of the user, who is made at the first sign-in. Name and email are further claims.
    pub fn cloud(key: SigningKey, issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        let jwt = Self { key, claims: Map::new(), life: Duration::from_secs(600) };
        jwt.claim("iss", issuer.into())
            .claim("sub", subject.into())
            .claim("aud", "qlik.api/login/jwt-session")
            .claim("subType", "user")
            .claim("email_verified", true)
    }

    /// For a virtual proxy with JWT authentication, whose attributes are called `userDirectory` and `userId`; where they
    /// are called otherwise, they are further claims.
    pub fn proxy(key: SigningKey, directory: impl Into<String>, user: impl Into<String>) -> Self {
        let jwt = Self { key, claims: Map::new(), life: Duration::from_secs(600) };
        jwt.claim("userDirectory", directory.into()).claim("userId", user.into())
    }

    /// Sets a claim.
    pub fn claim<V: Into<Value>>(mut self, name: &str, value: V) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// How long a token lives; 10 minutes unless set, and an hour at most. The session that it opens lives on.
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// Makes one.
    pub fn sign(&self) -> Result<Secret> {
        let issued = now();
        let life = self.life.as_secs();
        if !(1..=3_600 - SKEW).contains(&life) && life != 3_600 {
            return Err(Error::auth("a JWT lives for a second at least, and for an hour at most"));
        }
        let mut claims = self.claims.clone();
        let begins = issued - SKEW;
        claims.insert("jti".to_owned(), Value::from(random::hex::<16>()?));
        claims.insert("iat".to_owned(), Value::from(begins));
        claims.insert("nbf".to_owned(), Value::from(begins));
        claims.insert("exp".to_owned(), Value::from((issued + life).min(begins + 3_600)));
        self.key.sign(&Value::Object(claims))
    }
}
