//! What a client's requests have in common: limits, retries, connections, the user agent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;

use super::connection::Connection;
use super::headers;
use super::intercept::Interceptor;
use super::limiter::RateLimits;
use super::notice::Listener;
use super::observe::Observer;
use super::retry::Retry;
use super::tls::Tls;
use crate::{Error, Result};

/// The settings of a client.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) retry: Retry,
    pub(crate) retry_budget: u32,
    pub(crate) rate_limits: Option<RateLimits>,
    pub(crate) product: Option<String>,
    pub(crate) api_version: Option<HeaderValue>,
    pub(crate) connection: Connection,
    pub(crate) interceptors: Vec<Arc<dyn Interceptor>>,
    pub(crate) observer: Option<Observer>,
    pub(crate) deprecations: Option<Listener>,
    #[cfg(feature = "replay")]
    pub(crate) tape: crate::replay::Tape,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            read_timeout: None,
            retry: Retry::default(),
            retry_budget: 100,
            rate_limits: Some(RateLimits::default()),
            product: None,
            api_version: None,
            connection: Connection::default(),
            interceptors: Vec::new(),
            observer: None,
            deprecations: None,
            #[cfg(feature = "replay")]
            tape: Default::default(),
        }
    }
}

impl Settings {
    /// The HTTP client under the pipeline. Redirects and retries are the pipeline's own, for only it knows where
    /// credentials may go and what may be sent twice.
    pub(crate) fn transport(&self, tls: &Tls) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent()?)
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false);
        if let Some(limit) = self.read_timeout {
            builder = builder.read_timeout(limit);
        }
        builder = self.connection.apply(tls.apply(builder, self.connection.http1_only))?;
        builder.build().map_err(|error| Error::transport("setting up the HTTP client", error))
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

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("retry", &self.retry)
            .field("rate_limits", &self.rate_limits)
            .field("product", &self.product)
            .field("api_version", &self.api_version)
            .field("connection", &self.connection.proxy)
            .field("interceptors", &self.interceptors)
            .finish_non_exhaustive()
    }
}
