//! The source of an OAuth client's tokens at work: from the store, by renewal, or by the grant.

use std::sync::{Arc, Mutex, PoisonError};

use super::OAuth;
use super::grant::{Grant, TOKEN};
use super::store::{TokenKey, TokenStore};
use super::tokens::Tokens;
use crate::auth::authenticator::{Authenticator, Credentials, Refusal, Signing, Target};
use crate::auth::channel::{Channel, Exchange};
use crate::auth::renewing::{Fresh, Renewing, Stamped};
use crate::auth::{Secret, denied};
use crate::json::object;
use crate::{Error, Result, trace};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What a token that stands in a URL is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The Engine's socket.
    WebSocket,
    /// Pictures, files and other resources of the web.
    WebResource,
}

/// The tokens of one client of one host.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) channel: Channel,
    pub(super) oauth: OAuth,
    key: TokenKey,
    tokens: Renewing<Tokens>,
    past: Mutex<Past>,
}

/// What is known of earlier tokens.
#[derive(Debug, Default)]
struct Past {
    /// The token to renew with.
    refresh: Option<Secret>,
    /// The access token that the server refused: the store may still have it.
    refused: Option<Secret>,
}

impl Source {
    pub(super) fn new(channel: Channel, oauth: OAuth) -> Self {
        let key = TokenKey {
            host: channel.host().to_string(),
            client: oauth.id.clone(),
            scope: oauth.scopes().to_owned(),
            subject: oauth.subject.clone().unwrap_or_else(|| oauth.grant.subject()),
        };
        let refresh = match &oauth.grant {
            Grant::Refresh(token) => Some(token.clone()),
            _ => None,
        };
        let tokens = Renewing::new(oauth.margin);
        Self { channel, oauth, key, tokens, past: Mutex::new(Past { refresh, refused: None }) }
    }

    fn past<T>(&self, change: impl FnOnce(&mut Past) -> T) -> T {
        change(&mut self.past.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A token that is good, as far as anybody knows.
    fn tokens(self: &Arc<Self>) -> impl Future<Output = Result<Stamped<Tokens>>> + Send {
        self.tokens.get(|| Box::pin(Arc::clone(self).fetch()))
    }

    async fn fetch(self: Arc<Self>) -> Result<Fresh<Tokens>> {
        if let Some(stored) = self.load().await {
            let refused = self.past(|past| past.refused.as_ref() == Some(stored.access()));
            let soon = std::time::SystemTime::now() + self.oauth.margin;
            if !refused && stored.expires().is_none_or(|end| soon < end) {
                trace::http::debug(format_args!("{}: signed in with a token that was kept", self.key.host), None);
                let end = stored.expires();
                return Ok((stored, end));
            }
            // Another program with the same store may have renewed it since.
            if let Some(refresh) = stored.refresh() {
                self.past(|past| past.refresh = Some(refresh.clone()));
            }
        }
        let tokens = self.ask().await?;
        trace::http::debug(format_args!("{}: {} signed in", self.key.host, self.key.client), None);
        self.keep(&tokens).await;
        let end = tokens.expires();
        Ok((tokens, end))
    }

    /// Asks the server for tokens.
    async fn ask(&self) -> Result<Tokens> {
        if let Some(refresh) = self.past(|past| past.refresh.clone()) {
            let renewed = read(self.oauth.refresh_request(&self.channel, &refresh)?).await;
            match renewed {
                // A server that gives no other refresh token lets the old one live.
                Ok(tokens) if tokens.refresh().is_none() => return Ok(tokens.refresh_token(refresh)),
                Ok(tokens) => return Ok(tokens),
                // It will not get better: another way, if there is one.
                Err(error) if error.is_auth() => {
                    self.past(|past| past.refresh = None);
                    if !self.oauth.grant.repeats() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        match self.oauth.first_request(&self.channel)? {
            Some(request) => read(request).await,
            None => Err(Error::auth(
                "nobody has agreed yet, or the agreement has ended: send the user to the URL of \
                 Qlik::authorization, or give a new refresh token",
            )),
        }
    }

    /// Holds tokens from now on, and keeps them.
    #[cfg_attr(not(feature = "auth-interactive"), allow(dead_code))]
    pub(super) async fn accept(self: &Arc<Self>, tokens: Tokens) {
        self.keep(&tokens).await;
        let end = tokens.expires();
        self.tokens.put((tokens, end));
    }

    /// Keeps tokens in the store, and what renews them here.
    async fn keep(&self, tokens: &Tokens) {
        self.past(|past| {
            past.refused = None;
            if let Some(refresh) = tokens.refresh() {
                past.refresh = Some(refresh.clone());
            }
        });
        let tokens = tokens.clone();
        self.with_store("keeping tokens", move |store, key| store.save(key, &tokens)).await;
    }

    async fn load(&self) -> Option<Tokens> {
        self.with_store("looking for tokens", |store, key| store.load(key)).await?
    }

    /// Works with the store, if there is one. It is a convenience: where it fails, signing in goes on without it.
    async fn with_store<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&dyn TokenStore, &TokenKey) -> std::io::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (store, key) = (self.oauth.store.clone()?, self.key.clone());
        let done = tokio::task::spawn_blocking(move || work(&*store, &key)).await;
        let error = match done {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the store panicked".to_owned(),
        };
        trace::http::warn(format_args!("{what} failed"), Some(&error));
        None
    }

    /// Whether there is something to sign with, or to get it by.
    async fn can_sign(&self) -> bool {
        self.oauth.grant.repeats()
            || self.tokens.peek().is_some()
            || self.past(|past| past.refresh.is_some())
            || self.load().await.is_some_and(|kept| {
                kept.refresh().is_some() || self.past(|past| past.refused.as_ref() != Some(kept.access()))
            })
    }

    /// A short-lived token for a URL that is handed to a browser.
    pub(crate) async fn exchanged(self: &Arc<Self>, purpose: Purpose) -> Result<Secret> {
        let token = self.tokens().await?;
        let body = object! {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_id": self.oauth.id.as_str(),
            "subject_token": token.value.access().expose(),
            "subject_token_type": ACCESS_TOKEN,
            "purpose": match purpose { Purpose::WebSocket => "websocket", Purpose::WebResource => "webresource" },
        };
        Ok(read(self.channel.post(TOKEN).json(&body)).await?.access().clone())
    }

    /// Forgets all tokens, and has the server take them back.
    async fn revoke(&self) -> Result<()> {
        let held = self.tokens.take();
        let kept = self.load().await;
        let refresh = self.past(|past| past.refresh.take());
        self.with_store("forgetting tokens", |store, key| store.remove(key)).await;
        let access =
            held.map(|held| held.value.access().clone()).or_else(|| kept.as_ref().map(|kept| kept.access().clone()));
        let refresh = refresh.or_else(|| kept.and_then(|kept| kept.refresh().cloned()));
        for (token, hint) in [(refresh, "refresh_token"), (access, "access_token")] {
            if let Some(token) = token {
                let body = object! { "token": token.expose(), "token_type_hint": hint };
                self.channel.post("/oauth/revoke").json(&body).send().await?;
            }
        }
        Ok(())
    }
}

/// Sends a request to the token endpoint, and reads its answer.
pub(super) async fn read(request: Exchange) -> Result<Tokens> {
    match request.send().await {
        Ok(answer) => Tokens::read(&answer),
        Err(error) => Err(denied(error)),
    }
}

/// The trait's side of it: the source itself is shared with renewals that go on by themselves.
impl Authenticator for Arc<Source> {
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        Box::pin(async move {
            let tokens = self.tokens().await?;
            Ok(Credentials::bearer(tokens.value.access())?.stamped(tokens.stamp))
        })
    }

    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        Box::pin(async move {
            if refusal.status() != 401 {
                return Ok(false);
            }
            let stamp = refusal.credentials().stamp;
            if let Some(held) = self.tokens.peek().filter(|held| held.stamp == stamp) {
                self.past(|past| past.refused = Some(held.value.access().clone()));
                self.tokens.drop_stamp(stamp);
            }
            Ok(self.can_sign().await)
        })
    }

    fn is_authorized(&self) -> Signing<'_, bool> {
        Box::pin(async move { Ok(self.can_sign().await) })
    }

    fn renew(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            if let Some(held) = self.tokens.take() {
                self.past(|past| past.refused = Some(held.value.access().clone()));
            }
            self.tokens().await.map(drop)
        })
    }

    fn sign_out(&self) -> Signing<'_, ()> {
        Box::pin(self.revoke())
    }
}
