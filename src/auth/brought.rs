//! Access tokens that the program brings whenever one is needed.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::Auth;
use super::authenticator::{Authenticator, Credentials, Refusal, Signing, Target};
use super::oauth::Tokens;
use super::renewing::{MARGIN, Making, Renewing, Stamped};
use crate::Result;

/// A function of the program's own that brings something to sign in with.
pub(super) struct Bring<T>(Arc<dyn Fn() -> BoxFuture<'static, Result<T>> + Send + Sync>);

impl<T: 'static> Bring<T> {
    pub(super) fn new<F, I>(function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<I>> + Send + 'static,
        I: Into<T>,
    {
        Self(Arc::new(move || function().map(|brought| brought.map(Into::into)).boxed()))
    }

    pub(super) fn bring(&self) -> BoxFuture<'static, Result<T>> {
        self.0()
    }
}

impl<T> Clone for Bring<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Bring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bring")
    }
}

impl Auth {
    /// Signs in with access tokens that a function brings: once at first, then ahead of the end of the one before, and
    /// when the server refuses one. It is called once however many calls wait.
    ///
    /// ```
    /// use std::time::Duration;
    /// use qlik::{Auth, Error};
    /// use qlik::auth::Tokens;
    ///
    /// async fn from_the_vault() -> Result<String, std::io::Error> {
    ///     Ok("eyJhbGciOi...".into())
    /// }
    ///
    /// let auth = Auth::bearer_from(|| async {
    ///     let token = from_the_vault().await.map_err(|error| Error::auth(format!("the vault is shut: {error}")))?;
    ///     Ok(Tokens::new(token).expires_in(Duration::from_secs(3_600)))
    /// });
    /// ```
    pub fn bearer_from<F, T>(function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Into<Tokens>,
    {
        let bring = Bring::new(function);
        Auth::with(bring.clone(), move |_| Ok(Brought { bring: bring.clone(), tokens: Renewing::new(MARGIN) }))
    }
}

#[derive(Debug)]
struct Brought {
    bring: Bring<Tokens>,
    tokens: Renewing<Tokens>,
}

impl Brought {
    fn tokens(&self) -> impl Future<Output = Result<Stamped<Tokens>>> + Send {
        let make = || -> Making<Tokens> {
            let brought = self.bring.bring();
            Box::pin(async move {
                let tokens = brought.await?;
                let end = tokens.expires();
                Ok((tokens, end))
            })
        };
        self.tokens.get(make)
    }
}

impl Authenticator for Brought {
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        Box::pin(async move {
            let tokens = self.tokens().await?;
            Ok(Credentials::bearer(tokens.value.access())?.stamped(tokens.stamp))
        })
    }

    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        let again = refusal.status() == 401;
        if again {
            self.tokens.drop_stamp(refusal.credentials().stamp);
        }
        Box::pin(ready(Ok(again)))
    }

    fn renew(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            self.tokens.take();
            self.tokens().await.map(drop)
        })
    }

    fn sign_out(&self) -> Signing<'_, ()> {
        self.tokens.take();
        Box::pin(ready(Ok(())))
    }
}
