//! What a client can be asked about its signing in, and what it does for people who sign in.

use super::Qlik;
use crate::Result;
use crate::auth::oauth::{self, Purpose, Source};
use crate::auth::{Authenticator, Discovery, Registered, Registration};
use crate::error::Error;
use std::sync::Arc;

/// Signing in.
impl Qlik {
    /// Whether the next call can be signed without a person's doing anything. Where a person has to agree first, it says
    /// whether one has, in this run or, with a store, in an earlier one.
    pub async fn is_authorized(&self) -> bool {
        self.authenticator().is_authorized().await.unwrap_or(false)
    }

    /// Signs in now, whatever there is: gets another token, or opens another session.
    ///
    /// It is not needed for long runs: tokens and sessions are renewed by themselves.
    pub async fn reauthorize(&self) -> Result<()> {
        self.authenticator().renew().await
    }

    /// Signs out: has the server take back the tokens, ends the session, and forgets both, in the store too.
    ///
    /// The next call signs in again, where it can do so without a person.
    pub async fn deauthorize(&self) -> Result<()> {
        self.authenticator().sign_out().await
    }

    /// Begins to ask a person to agree: the URL to send the person to. For
    /// [`Auth::authorization_code`](crate::Auth::authorization_code).
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik, came_back_to: String) -> qlik::Result<()> {
    /// let asked = qlik.authorization()?;
    /// println!("Open {}", asked.url());
    /// // ... the person agrees, and the browser comes back to the redirect URL
    /// qlik.authorize(&asked, &came_back_to).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub fn authorization(&self) -> Result<crate::auth::Authorization> {
        self.source()?.authorization(None)
    }

    /// The same, with what the person is asked: `login` to sign in anew, `consent` to agree anew, `none` for nothing at
    /// all, which fails where something would have to be asked.
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub fn authorization_with_prompt(&self, prompt: &str) -> Result<crate::auth::Authorization> {
        self.source()?.authorization(Some(prompt))
    }

    /// Finishes with the URL that the person came back to: the whole of it, or its query.
    ///
    /// An error says whether the person refused, or whether the URL belongs to another attempt.
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub async fn authorize(&self, asked: &crate::auth::Authorization, came_back_to: &str) -> Result<()> {
        self.source()?.authorize(asked, came_back_to).await
    }

    /// Opens the browser for a person to agree, and waits up to five minutes for it to come back. For native programs: the
    /// redirect URL has to lead to this machine, as `http://127.0.0.1:8123/callback`.
    ///
    /// A program that keeps its tokens in a store asks [`is_authorized`](Qlik::is_authorized) first.
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub async fn authorize_in_browser(&self) -> Result<()> {
        self.authorize_by(std::time::Duration::from_secs(300), |url| open::that_detached(url)).await
    }

    /// The same, with a time limit and a way of opening the URL of the program's own, as printing it.
    #[cfg(feature = "auth-interactive")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-interactive")))]
    pub async fn authorize_by(
        &self,
        limit: std::time::Duration,
        open: impl FnOnce(&str) -> std::io::Result<()>,
    ) -> Result<()> {
        self.source()?.authorize_by(limit, open).await
    }

    /// A URL by which a browser opens the Engine's socket of an app, signed with a token that is good for this alone, and
    /// for minutes. For OAuth.
    pub async fn websocket_url(&self, app_id: &str) -> Result<crate::auth::Secret> {
        let app = percent_encoding::utf8_percent_encode(app_id, percent_encoding::NON_ALPHANUMERIC);
        let url = self.exchanged(&format!("/app/{app}"), Purpose::WebSocket).await?;
        Ok(crate::auth::Secret::new(format!("ws{}", url.expose().trim_start_matches("http"))))
    }

    /// A URL by which a browser loads a picture or a file of the host, signed with a token that is good for this alone,
    /// and for minutes. For OAuth.
    pub async fn web_resource_url(&self, path: &str) -> Result<crate::auth::Secret> {
        self.exchanged(path, Purpose::WebResource).await
    }

    async fn exchanged(&self, path: &str, purpose: Purpose) -> Result<crate::auth::Secret> {
        let target = crate::http::url::PathAndQuery::written(path, self.host()).map_err(Error::config)?;
        let mut url = target.on(self.host()).map_err(Error::config)?;
        let token = self.source()?.exchanged(purpose).await?;
        url.query_pairs_mut().append_pair("accessToken", token.expose());
        Ok(crate::auth::Secret::new(String::from(url)))
    }

    /// What the tenant says of its OAuth endpoints. Nobody has to be signed in.
    pub async fn discover(&self) -> Result<Discovery> {
        oauth::discover(&self.0.channel).await
    }

    /// Registers an OAuth client, where the tenant lets clients register themselves. Nobody has to be signed in.
    ///
    /// ```no_run
    /// # async fn run() -> qlik::Result<()> {
    /// use qlik::auth::Registration;
    /// use qlik::{Auth, Qlik};
    ///
    /// let anybody = Qlik::builder("your-tenant.eu.qlikcloud.com").auth(Auth::none()).build()?;
    /// let registration = Registration::new("Report robot", "https://robot.example", "https://robot.example/callback");
    /// let client = anybody.register_client(&registration).await?;
    /// println!("{}", client.client_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn register_client(&self, registration: &Registration) -> Result<Registered> {
        registration.register(&self.0.channel).await
    }

    fn authenticator(&self) -> &dyn Authenticator {
        &*self.0.started.authenticator
    }

    fn source(&self) -> Result<&Arc<Source>> {
        self.0.started.oauth.as_ref().ok_or_else(|| Error::config("the client does not sign in by OAuth"))
    }
}
