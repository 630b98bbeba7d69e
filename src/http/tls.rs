//! TLS settings in one place, for REST and for the Engine's socket.
//!
//! With the feature `rustls` the provider (ring) is given explicitly, so that nothing depends on what the process has
//! installed as its default; the roots are the platform's. Where both `rustls` and `native-tls` are on, rustls is used.

#[cfg(feature = "rustls")]
use std::sync::Arc;

use reqwest::ClientBuilder;

#[cfg(any(feature = "rustls", not(feature = "native-tls")))]
use crate::Error;
use crate::Result;
use crate::host::Host;

/// What a client needs to encrypt its connections.
#[derive(Clone)]
pub(crate) struct Tls {
    #[cfg(feature = "rustls")]
    config: Arc<rustls::ClientConfig>,
}

impl Tls {
    /// The settings for a host. An error says that a secure host cannot be reached with what is built in or installed.
    #[cfg(feature = "rustls")]
    pub(crate) fn new(host: &Host) -> Result<Self> {
        use rustls::{ClientConfig, RootCertStore};
        use rustls_platform_verifier::BuilderVerifierExt;

        let builder = || {
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
        };
        let verified = builder().and_then(BuilderVerifierExt::with_platform_verifier);
        let builder = match verified {
            Ok(builder) => builder,
            Err(error) if host.is_secure() => {
                return Err(Error::transport("reading the root certificates of this system", error));
            }
            // A machine without root certificates can still talk to a host without TLS. No other host is trusted.
            Err(_) => builder()
                .map_err(|error| Error::transport("setting up TLS", error))?
                .with_root_certificates(RootCertStore::empty()),
        };
        Ok(Self { config: Arc::new(builder.with_no_client_auth()) })
    }

    /// The settings for a host: the platform's own library needs none.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(crate) fn new(_host: &Host) -> Result<Self> {
        Ok(Self {})
    }

    /// Without a TLS library, only hosts without TLS can be reached.
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    pub(crate) fn new(host: &Host) -> Result<Self> {
        if host.is_secure() {
            return Err(Error::config(
                "qlik is built without TLS, and the host wants https; turn on the feature `rustls` or `native-tls`",
            ));
        }
        Ok(Self {})
    }

    /// Makes an HTTP client use them.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        #[cfg(feature = "rustls")]
        let builder = {
            let mut config = rustls::ClientConfig::clone(&self.config);
            // HTTP/2 where the server has it. The Engine's socket must not offer it.
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder.tls_backend_preconfigured(config)
        };
        builder
    }

    /// The settings for a socket, without ALPN protocols.
    #[cfg(all(feature = "rustls", feature = "engine"))]
    pub(crate) fn rustls(&self) -> Arc<rustls::ClientConfig> {
        self.config.clone()
    }
}
