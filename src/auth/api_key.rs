//! Signing in with an API key: a bearer token that stays the same.

use futures::future::{BoxFuture, FutureExt, ready};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::Authenticator;
use super::secret::Secret;
use crate::http::headers;
use crate::{Error, Result};

/// An API key of Qlik Cloud.
#[derive(Debug)]
pub(super) struct ApiKey(Secret);

impl ApiKey {
    pub(super) fn new(key: String) -> Self {
        let key = Zeroizing::new(key);
        Self(Secret::new(key.trim().to_owned()))
    }

    fn bearer(&self) -> Result<HeaderValue> {
        let key = self.0.expose();
        if key.is_empty() {
            return Err(Error::auth("the API key is empty; make one in the profile settings of your tenant"));
        }
        let text = Zeroizing::new(format!("Bearer {key}"));
        // The key itself stays out of the message.
        let mut value = headers::value(&text).ok_or_else(|| {
            Error::auth(
                "the API key holds a character that no key has, such as a line break or a quote \
                 mark that is not ASCII; copy it again",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Authenticator for ApiKey {
    fn check(&self) -> Result<()> {
        self.bearer().map(drop)
    }

    fn headers(&self) -> BoxFuture<'_, Result<HeaderMap>> {
        ready(self.bearer().map(|value| HeaderMap::from_iter([(AUTHORIZATION, value)]))).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn signs_with_a_bearer_token_that_is_marked_sensitive() {
        let key = ApiKey::new(" abc\n".into());
        key.check().unwrap();
        let headers = key.headers().await.unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer abc");
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert!(!format!("{key:?} {headers:?}").contains("abc"));
    }

    #[test]
    fn refuses_keys_that_cannot_be_sent() {
        for key in ["", "  ", "a\nb", "a\u{201d}"] {
            let error = ApiKey::new(key.into()).check().unwrap_err().to_string();
            assert!(error.contains("API key"), "{error}");
            assert!(!error.contains('\u{201d}'));
        }
    }
}
