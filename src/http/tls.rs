//! TLS settings in one place, for REST and for the Engine's socket.
//!
//! With the feature `rustls` the provider (ring) is given explicitly, so that nothing depends on what the process has
//! installed as its default; the roots are the platform's. Where both `rustls` and `native-tls` are on, rustls is used.

#[cfg(feature = "rustls")]
use std::sync::Arc;

use reqwest::ClientBuilder;

use crate::host::Host;
use crate::{Error, Result};

/// What a client needs to encrypt its connections.
#[derive(Clone)]
pub(crate) struct Tls {
    #[cfg(feature = "rustls")]
    config: Arc<rustls::ClientConfig>,
}

impl Tls {
    /// The settings for a host, with certificates in PEM that are believed beside those of the platform. An error says
    /// that a secure host cannot be reached with what is built in or installed.
    #[cfg(feature = "rustls")]
    pub(crate) fn new(host: &Host, roots: &[Vec<u8>]) -> Result<Self> {
        use rustls::crypto::CryptoProvider;
        use rustls::{ClientConfig, RootCertStore};
        use rustls_platform_verifier::Verifier;

        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .map_err(|error| Error::transport("setting up TLS", error))
        };
        let roots = certificates(roots)?;
        let builder = match Verifier::new_with_extra_roots(roots, provider.clone()) {
            Ok(verifier) => builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
            Err(error) if host.is_secure() => {
                return Err(Error::transport("reading the root certificates of this system", error));
            }
            // A machine without root certificates can still talk to a host without TLS. No other host is trusted.
            Err(_) => builder()?.with_root_certificates(RootCertStore::empty()),
        };
        Ok(Self { config: Arc::new(builder.with_no_client_auth()) })
    }

    /// The settings for a host: the platform's own library needs none.
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    pub(crate) fn new(_host: &Host, roots: &[Vec<u8>]) -> Result<Self> {
        if !roots.is_empty() {
            return Err(Error::config(
                "certificates of your own need the feature `rustls`; with `native-tls` alone, install them in the \
                 platform's store",
            ));
        }
        Ok(Self {})
    }

    /// Without a TLS library, only hosts without TLS can be reached.
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    pub(crate) fn new(host: &Host, _roots: &[Vec<u8>]) -> Result<Self> {
        if host.is_secure() {
            return Err(Error::config(
                "qlik is built without TLS, and the host wants https; turn on the feature `rustls` or `native-tls`",
            ));
        }
        Ok(Self {})
    }

    /// Makes an HTTP client use them.
    #[cfg_attr(not(feature = "rustls"), allow(unused_variables))] // the platform's own library offers what it likes
    pub(crate) fn apply(&self, builder: ClientBuilder, http1_only: bool) -> ClientBuilder {
        #[cfg(feature = "rustls")]
        let builder = {
            let mut config = rustls::ClientConfig::clone(&self.config);
            // HTTP/2 where the server has it. The Engine's socket must not offer it.
            config.alpn_protocols = match http1_only {
                true => vec![b"http/1.1".to_vec()],
                false => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            };
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

/// Reads certificates in PEM, of which each text has one at least.
#[cfg(feature = "rustls")]
fn certificates(texts: &[Vec<u8>]) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut all = Vec::new();
    for text in texts {
        let before = all.len();
        for certificate in CertificateDer::pem_slice_iter(text) {
            all.push(
                certificate.map_err(|error| Error::config(format!("a root certificate cannot be read: {error}")))?,
            );
        }
        if all.len() == before {
            return Err(Error::config(
                "a root certificate is not in PEM; it has to begin with -----BEGIN CERTIFICATE-----",
            ));
        }
    }
    Ok(all)
}
