//! What a client's requests have in common: limits, retries, the user agent.

use std::time::Duration;

use reqwest::header::HeaderValue;

use super::headers;
use super::tls::Tls;
use crate::{Error, Result};

/// The settings of a client.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) product: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), connect_timeout: Duration::from_secs(10), retries: 2, product: None }
    }
}

impl Settings {
    /// The HTTP client under the pipeline. Redirects and retries are the pipeline's own, for only it knows where
    /// credentials may go and what may be sent twice.
    pub(crate) fn transport(&self, tls: &Tls) -> Result<reqwest::Client> {
        let builder = reqwest::Client::builder()
            .user_agent(self.user_agent()?)
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        tls.apply(builder).build().map_err(|error| Error::transport("setting up the HTTP client", error))
    }

    /// The `User-Agent` header, of REST requests and of sockets.
    pub(crate) fn user_agent(&self) -> Result<HeaderValue> {
        let own = concat!("qlik-rust/", env!("CARGO_PKG_VERSION"));
        let text = match &self.product {
            Some(product) => format!("{} {own}", product.trim()),
            None => own.to_owned(),
        };
        headers::value(text.trim())
            .ok_or_else(|| Error::config("the user agent holds characters that a header cannot carry; use plain ASCII"))
    }
}
