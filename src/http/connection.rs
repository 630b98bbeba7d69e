//! Connections: how many are kept, for how long, through what proxy, and whose certificates are believed.

use std::time::Duration;

use reqwest::ClientBuilder;

use crate::{Error, Result};

/// How a client connects.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    pub(crate) proxy: Proxy,
    /// Certificates in PEM, believed beside those of the platform.
    pub(crate) roots: Vec<Vec<u8>>,
    /// Whether any certificate is believed.
    pub(crate) blindly: bool,
    pub(crate) http1_only: bool,
    pub(crate) idle_connections: Option<usize>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) uncompressed: bool,
}

/// The proxy that requests go through.
#[derive(Clone, Default)]
pub(crate) enum Proxy {
    /// The one that the environment or the platform names, if any.
    #[default]
    System,
    None,
    /// By its URL, which may hold a password.
    Url(String),
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Proxy::System => "System",
            Proxy::None => "None",
            Proxy::Url(_) => "Url(***)",
        })
    }
}

impl Connection {
    /// Makes an HTTP client use them.
    pub(super) fn apply(&self, mut builder: ClientBuilder) -> Result<ClientBuilder> {
        match &self.proxy {
            Proxy::System => {}
            Proxy::None => builder = builder.no_proxy(),
            Proxy::Url(url) => {
                // The URL stays out of the message: it may hold a password.
                let proxy = reqwest::Proxy::all(url.as_str()).map_err(|_| {
                    Error::config("the proxy cannot be read; give it as http://user:password@proxy.example:3128")
                })?;
                builder = builder.proxy(proxy);
            }
        }
        if self.http1_only {
            builder = builder.http1_only();
        }
        if let Some(connections) = self.idle_connections {
            builder = builder.pool_max_idle_per_host(connections);
        }
        if let Some(time) = self.idle_timeout {
            builder = builder.pool_idle_timeout(time);
        }
        if self.uncompressed {
            builder = builder.no_gzip();
        }
        Ok(builder)
    }
}
