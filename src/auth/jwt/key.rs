//! Private keys that sign tokens: RSA, or the elliptic curve P-384; from PEM or JWK.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use serde_json::Value;

use crate::auth::identity::unread;
use crate::auth::{Secret, files, random};
use crate::json::object;
use crate::{Error, Result};

/// How long an assertion lives, in seconds: the most that Qlik takes is 300, and clocks differ.
const ASSERTION: u64 = 240;

/// A private key with its id: RSA with 2048 bits or more, which signs by RS256 or RS512, or on the curve P-384, which
/// signs by ES384.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    key: EncodingKey,
    id: String,
    algorithm: Algorithm,
}

impl SigningKey {
    /// From PEM (`BEGIN PRIVATE KEY`, or `BEGIN RSA PRIVATE KEY`), and the id (`kid`) by which the other side knows it.
    pub fn pem(pem: &str, key_id: impl Into<String>) -> Result<Self> {
        if pem.contains("ENCRYPTED") {
            return Err(Error::config("the signing key is encrypted; decrypt it first, as by openssl pkey"));
        }
        if let Ok(key) = RsaPrivateKey::from_pkcs8_pem(pem)
            .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem).map_err(|_| rsa::pkcs8::Error::KeyMalformed))
        {
            return Self::rsa(&key, key_id.into());
        }
        match p384::SecretKey::from_pkcs8_pem(pem) {
            Ok(key) => Self::curve(&key, key_id.into()),
            Err(_) => Err(Error::config(
                "the signing key cannot be read: it has to be RSA or on the curve P-384, in PEM (BEGIN PRIVATE KEY)",
            )),
        }
    }

    /// From a file in PEM. One that other users of this machine can change is refused; one that they can read is warned
    /// of.
    pub fn pem_file(path: impl AsRef<Path>, key_id: impl Into<String>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = files::read_key(path).map_err(|error| unread(path, &error))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::config("the signing key is not in PEM"))?;
        Self::pem(text, key_id)
    }

    /// From a private JWK (`kty` is `RSA` or `EC`), whose `kid` is the id.
    pub fn jwk(jwk: &str) -> Result<Self> {
        let wrong = |why: &str| Error::config(format!("the JWK of the signing key cannot be used: {why}"));
        let read: Value = serde_json::from_str(jwk).map_err(|_| wrong("it is not JSON"))?;
        let text = |name: &str| read[name].as_str().ok_or_else(|| wrong(&format!("it has no `{name}`")));
        let id = text("kid")?.to_owned();
        match text("kty")? {
            "RSA" => {
                let number = |name: &str| {
                    let bytes =
                        URL_SAFE_NO_PAD.decode(text(name)?).map_err(|_| wrong(&format!("`{name}` is no number")))?;
                    Ok::<_, Error>(BigUint::from_bytes_be(&bytes))
                };
                let primes = match (number("p"), number("q")) {
                    (Ok(p), Ok(q)) => vec![p, q],
                    _ => Vec::new(),
                };
                let key = RsaPrivateKey::from_components(number("n")?, number("e")?, number("d")?, primes);
                let mut key = key.map_err(|_| wrong("its numbers make no RSA key"))?;
                key.precompute().map_err(|_| wrong("its numbers make no RSA key"))?;
                let made = Self::rsa(&key, id)?;
                Ok(if read["alg"] == "RS512" { made.rs512() } else { made })
            }
            "EC" => {
                // What else the JWK has, its id for one, is more than the reader takes.
                let parts = ["kty", "crv", "x", "y", "d"].map(|name| (name.to_owned(), read[name].clone()));
                let bare = Secret::new(Value::Object(parts.into_iter().collect()).to_string());
                let key = p384::SecretKey::from_jwk_str(bare.expose());
                let key = key.map_err(|_| wrong("it is not on the curve P-384"))?;
                Self::curve(&key, id)
            }
            _ => Err(wrong("`kty` has to be RSA or EC")),
        }
    }

    fn rsa(key: &RsaPrivateKey, id: String) -> Result<Self> {
        if key.n().bits() < 2_048 {
            return Err(Error::config("the signing key is too short; Qlik takes RSA with 2048 bits or more"));
        }
        let der = key.to_pkcs1_der().map_err(|_| Error::config("the signing key cannot be used"))?;
        Self::new(EncodingKey::from_rsa_der(der.as_bytes()), id, Algorithm::RS256)
    }

    fn curve(key: &p384::SecretKey, id: String) -> Result<Self> {
        let der = key.to_pkcs8_der().map_err(|_| Error::config("the signing key cannot be used"))?;
        Self::new(EncodingKey::from_ec_der(der.as_bytes()), id, Algorithm::ES384)
    }

    fn new(key: EncodingKey, id: String, algorithm: Algorithm) -> Result<Self> {
        match id.trim() {
            "" => Err(Error::config("the signing key has no id; it is the kid that the other side knows the key by")),
            id => Ok(Self(Arc::new(Inner { key, id: id.to_owned(), algorithm }))),
        }
    }

    /// Signs by RS512 instead of RS256, where it is RSA.
    #[must_use]
    pub fn rs512(self) -> Self {
        match self.0.algorithm {
            Algorithm::RS256 => Self(Arc::new(Inner { algorithm: Algorithm::RS512, ..Inner::clone(&self.0) })),
            _ => self,
        }
    }

    /// Signs claims.
    pub(super) fn sign(&self, claims: &Value) -> Result<Secret> {
        let header = Header { kid: Some(self.0.id.clone()), ..Header::new(self.0.algorithm) };
        let token = jsonwebtoken::encode(&header, claims, &self.0.key);
        token.map(Secret::from).map_err(|error| Error::auth(format!("the token cannot be signed: {error}")))
    }

    /// The assertion by which an OAuth client proves who it is.
    pub(crate) fn client_assertion(&self, client_id: &str, audience: &str) -> Result<Secret> {
        let issued = now();
        self.sign(&object! {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": random::hex::<16>()?,
            "iat": issued,
            "exp": issued + ASSERTION,
        })
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.0.id)
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}
