//! Bearer tokens that stay the same: API keys, and access tokens from elsewhere.

use std::fmt;

use futures::FutureExt;
use futures::future::ready;

use super::authenticator::{Authenticator, Credentials, Signing, Target};
use super::{Auth, Secret};
use crate::{Error, Result};

impl Auth {
    /// Signs in with an API key, which a user makes in the profile settings of a Qlik Cloud tenant.
    ///
    /// White space around the key is dropped: keys that are read from a file often end in a line break.
    pub fn api_key(key: impl Into<Secret>) -> Self {
        Self::fixed("API key", "ApiKey", &key.into())
    }

    /// Signs in with an access token that the program has from elsewhere, until it expires.
    pub fn bearer(token: impl Into<Secret>) -> Self {
        Self::fixed("access token", "Bearer", &token.into())
    }

    fn fixed(what: &'static str, shown: &'static str, token: &Secret) -> Self {
        let token = Secret::new(token.expose().trim());
        Auth::with(Shown(shown), move |_| Fixed::new(what, shown, &token))
    }
}

/// A token that stays the same, ready to be sent.
struct Fixed {
    shown: &'static str,
    credentials: Credentials,
}

impl Fixed {
    fn new(what: &'static str, shown: &'static str, token: &Secret) -> Result<Self> {
        if token.expose().is_empty() {
            return Err(Error::auth(format!(
                "the {what} is empty; an API key is made in the profile settings of your tenant"
            )));
        }
        // The token itself stays out of the message.
        let credentials = Credentials::bearer(token).map_err(|_| {
            Error::auth(format!(
                "the {what} holds a character that none has, such as a line break or a quote mark that is not ASCII; \
                 copy it again"
            ))
        })?;
        Ok(Self { shown, credentials })
    }
}

impl Authenticator for Fixed {
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        ready(Ok(self.credentials.clone())).boxed()
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(self.shown).fmt(f)
    }
}

struct Shown(&'static str);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Method;

    #[tokio::test]
    async fn signs_with_a_bearer_token_that_is_marked_sensitive() {
        let key = Fixed::new("API key", "ApiKey", &"abc".into()).unwrap();
        let signed = key.sign(Target::rest(Method::Get)).await.unwrap();
        assert_eq!(signed.headers()["authorization"], "Bearer abc");
        assert!(!format!("{key:?} {signed:?}").contains("abc"));
    }

    #[test]
    fn refuses_keys_that_cannot_be_sent() {
        for key in ["", "a\nb", "a\u{201d}"] {
            let error = Fixed::new("API key", "ApiKey", &key.into()).unwrap_err().to_string();
            assert!(error.contains("API key"), "{error}");
            assert!(!error.contains('\u{201d}'));
        }
    }
}
