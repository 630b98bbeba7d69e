//! TLS settings in one place, for REST and for the Engine's socket.
//!
//! With the feature `rustls` the provider (ring) is given explicitly, so that nothing depends on what the process has
//! installed as its default; the roots are the platform's. Where both `rustls` and `native-tls` are on, rustls is used.

#[cfg(feature = "rustls")]
use std::sync::Arc;

use reqwest::ClientBuilder;

use crate::auth::Identity;
use crate::host::Host;
use crate::{Error, Result};

/// What the connections of a client are to be encrypted by.
#[derive(Clone, Copy)]
pub(crate) struct Trust<'a> {
    /// Certificates in PEM that are believed beside those of the platform.
    pub(crate) roots: &'a [Vec<u8>],
    /// The certificate that the client shows.
    pub(crate) identity: Option<&'a Identity>,
    /// Whether any certificate is believed.
    pub(crate) blindly: bool,
}

/// What a client needs to encrypt its connections.
#[derive(Clone)]
pub(crate) struct Tls {
    #[cfg(feature = "rustls")]
    config: Arc<rustls::ClientConfig>,
    #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
    connector: native_tls::TlsConnector,
}

#[cfg(feature = "rustls")]
impl Tls {
    /// The settings for a host. An error says that a secure host cannot be reached with what is built in or installed.
    pub(crate) fn new(host: &Host, trust: Trust<'_>) -> Result<Self> {
        use rustls::crypto::CryptoProvider;
        use rustls::{ClientConfig, RootCertStore};
        use rustls_platform_verifier::Verifier;

        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
        let builder = || {
            ClientConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .map_err(|error| Error::transport("setting up TLS", error))
        };
        let roots = certificates(trust.roots)?;
        let builder = if trust.blindly {
            let blind = super::blind::Blind::new(provider.clone());
            builder()?.dangerous().with_custom_certificate_verifier(Arc::new(blind))
        } else {
            match Verifier::new_with_extra_roots(roots, provider.clone()) {
                Ok(verifier) => builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
                Err(error) if host.is_secure() => {
                    return Err(Error::transport("reading the root certificates of this system", error));
                }
                // A machine without root certificates can still talk to a host without TLS. No other host is trusted.
                Err(_) => builder()?.with_root_certificates(RootCertStore::empty()),
            }
        };
        let config = match trust.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                use rustls::pki_types::PrivateKeyDer;
                use rustls::pki_types::pem::PemObject;
                let chain = certificates(&[identity.certificates().to_vec()])?;
                let key = PrivateKeyDer::from_pem_slice(identity.key())
                    .map_err(|_| Error::config("the key of the client certificate cannot be read; is it in PEM?"))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    Error::config(format!("the client certificate and its key do not go together: {error}"))
                })?
            }
        };
        Ok(Self { config: Arc::new(config) })
    }

    /// Makes an HTTP client use them.
    pub(crate) fn apply(&self, builder: ClientBuilder, http1_only: bool) -> ClientBuilder {
        let mut config = rustls::ClientConfig::clone(&self.config);
        // HTTP/2 where the server has it. The Engine's socket must not offer it.
        config.alpn_protocols = match http1_only {
            true => vec![b"http/1.1".to_vec()],
            false => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        builder.tls_backend_preconfigured(config)
    }

    /// The settings for a socket, without ALPN protocols.
    #[cfg(feature = "engine")]
    pub(crate) fn rustls(&self) -> Arc<rustls::ClientConfig> {
        self.config.clone()
    }
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
impl Tls {
    /// The settings for a host, by the platform's own library.
    pub(crate) fn new(_: &Host, trust: Trust<'_>) -> Result<Self> {
        let wrong = |what: &str, error: native_tls::Error| Error::config(format!("{what} cannot be used: {error}"));
        let mut builder = native_tls::TlsConnector::builder();
        for root in trust.roots {
            let all =
                native_tls::Certificate::stack_from_pem(root).map_err(|error| wrong("a root certificate", error))?;
            if all.is_empty() {
                return Err(Error::config(NOT_PEM));
            }
            for root in all {
                builder.add_root_certificate(root);
            }
        }
        if let Some(identity) = trust.identity {
            let identity =
                native_tls::Identity::from_pkcs8(identity.certificates(), identity.key()).map_err(|error| {
                    wrong("the client certificate or its key (PKCS #8 is wanted: openssl pkcs8 -topk8 -nocrypt)", error)
                })?;
            builder.identity(identity);
        }
        builder.danger_accept_invalid_certs(trust.blindly).danger_accept_invalid_hostnames(trust.blindly);
        let connector = builder.build().map_err(|error| Error::transport("setting up TLS", error))?;
        Ok(Self { connector })
    }

    /// Makes an HTTP client use them.
    pub(crate) fn apply(&self, builder: ClientBuilder, _: bool) -> ClientBuilder {
        builder.tls_backend_preconfigured(self.connector.clone())
    }

    /// The settings for a socket.
    #[cfg(feature = "engine")]
    pub(crate) fn native(&self) -> native_tls::TlsConnector {
        self.connector.clone()
    }
}

/// Without a TLS library, only hosts without TLS can be reached.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
impl Tls {
    pub(crate) fn new(host: &Host, trust: Trust<'_>) -> Result<Self> {
        if host.is_secure() || trust.identity.is_some() || trust.blindly || !trust.roots.is_empty() {
            return Err(Error::config(
                "qlik is built without TLS, and the host or the settings want it; turn on the feature `rustls` or \
                 `native-tls`",
            ));
        }
        Ok(Self {})
    }

    pub(crate) fn apply(&self, builder: ClientBuilder, _: bool) -> ClientBuilder {
        builder
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
const NOT_PEM: &str = "a certificate is not in PEM; it has to begin with -----BEGIN CERTIFICATE-----";

/// Reads certificates in PEM, of which each text has one at least.
#[cfg(feature = "rustls")]
fn certificates(texts: &[Vec<u8>]) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut all = Vec::new();
    for text in texts {
        let before = all.len();
        for certificate in CertificateDer::pem_slice_iter(text) {
            all.push(certificate.map_err(|error| Error::config(format!("a certificate cannot be read: {error}")))?);
        }
        if all.len() == before {
            return Err(Error::config(NOT_PEM));
        }
    }
    Ok(all)
}
