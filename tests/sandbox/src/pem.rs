//! Certificates: a root of the sandbox's own, and what it signs.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// A root, a server certificate and a client certificate, made anew at every start.
pub(crate) struct Certificates {
    pub(crate) root_pem: String,
    /// Certificate and key, one after the other.
    pub(crate) client_pem: String,
    root: CertificateDer<'static>,
    server: CertificateDer<'static>,
    server_key: Vec<u8>,
}

impl Certificates {
    /// Makes them for a server of these names and addresses.
    pub(crate) fn new(names: Vec<String>) -> io::Result<Self> {
        make(names).map_err(io::Error::other)
    }

    /// What ends TLS on a port; it asks for a client certificate of this root where the port wants one.
    pub(crate) fn acceptor(&self, wants_client: bool) -> io::Result<TlsAcceptor> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(io::Error::other)?;
        let builder = if wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.clone()).map_err(io::Error::other)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(io::Error::other)?)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.server_key.clone()));
        let config = builder.with_single_cert(vec![self.server.clone()], key).map_err(io::Error::other)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn make(names: Vec<String>) -> Result<Certificates, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "qlik-sandbox root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let signed = |names: Vec<String>, name: &str, usage: ExtendedKeyUsagePurpose| {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        Ok::<_, rcgen::Error>((params.signed_by(&key, &root)?, key))
    };
    let (server, server_key) = signed(names, "qlik-sandbox", ExtendedKeyUsagePurpose::ServerAuth)?;
    let (client, client_key) = signed(Vec::new(), "QlikClient", ExtendedKeyUsagePurpose::ClientAuth)?;
    Ok(Certificates {
        root_pem: root.pem(),
        client_pem: format!("{}{}", client.pem(), client_key.serialize_pem()),
        root: root.der().clone(),
        server: server.der().clone(),
        server_key: server_key.serialize_der(),
    })
}
