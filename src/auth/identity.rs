//! Client certificates with their keys, as the files of a client-managed server's export hold them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::files;
use crate::{Error, Result};

/// A client certificate with its private key.
#[derive(Clone)]
pub struct Identity(Arc<Parts>);

/// Both in PEM.
struct Parts {
    certificates: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Identity {
    /// From two texts in PEM, or from one that has both given twice.
    pub fn pem(certificates: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self> {
        let certificates = sections(certificates.as_ref(), "CERTIFICATE-----");
        let key = sections(key.as_ref(), "PRIVATE KEY-----");
        let encrypted = key.windows(9).any(|window| window == b"ENCRYPTED");
        let problem = if certificates.is_empty() {
            "the client certificate is not in PEM; it has to begin with -----BEGIN CERTIFICATE-----"
        } else if encrypted {
            "the key of the client certificate is encrypted; export it without a password, or give it as a PFX file"
        } else if key.is_empty() {
            "the key of the client certificate is not in PEM; it has to begin with -----BEGIN PRIVATE KEY-----"
        } else {
            return Ok(Self(Arc::new(Parts { certificates: certificates.to_vec(), key })));
        };
        Err(Error::config(problem))
    }

    /// From the files `client.pem` and `client_key.pem` of an export in the PEM format.
    ///
    /// A key that other users of this machine can change is refused; one that they can read is warned of.
    pub fn pem_files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let read = std::fs::read(certificates).map_err(|error| unread(certificates, &error))?;
        let key = files::read_key(key).map_err(|error| unread(key, &error))?;
        Self::pem(read, &*key)
    }

    /// From a PFX file's bytes and its password, which may be empty.
    #[cfg(feature = "auth-pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-pfx")))]
    pub fn pfx(bytes: impl AsRef<[u8]>, password: &str) -> Result<Self> {
        let store = p12_keystore::KeyStore::from_pkcs12(bytes.as_ref(), password).map_err(|error| {
            Error::config(format!(
                "the PFX file of the client certificate cannot be opened ({error}): is it the password?"
            ))
        })?;
        let Some((_, chain)) = store.private_key_chain() else {
            return Err(Error::config("the PFX file has no private key; export the certificate together with its key"));
        };
        let certificates: String = chain.chain().iter().map(|one| armoured("CERTIFICATE", one.as_der())).collect();
        let key = Zeroizing::new(armoured("PRIVATE KEY", chain.key()));
        Self::pem(certificates, key.as_bytes())
    }

    /// From the file `client.pfx` of an export in the Windows format, and its password, which may be empty.
    #[cfg(feature = "auth-pfx")]
    #[cfg_attr(docsrs, doc(cfg(feature = "auth-pfx")))]
    pub fn pfx_file(path: impl AsRef<Path>, password: &str) -> Result<Self> {
        let path = path.as_ref();
        let bytes = files::read_key(path).map_err(|error| unread(path, &error))?;
        Self::pfx(&*bytes, password)
    }

    #[cfg_attr(not(any(feature = "rustls", feature = "native-tls")), allow(dead_code))] // without TLS, no certificate
    pub(crate) fn certificates(&self) -> &[u8] {
        &self.0.certificates
    }

    #[cfg_attr(not(any(feature = "rustls", feature = "native-tls")), allow(dead_code))] // without TLS, no certificate
    pub(crate) fn key(&self) -> &[u8] {
        &self.0.key
    }
}

pub(super) fn unread(path: &Path, error: &std::io::Error) -> Error {
    Error::config(format!("{} cannot be read: {error}", path.display()))
}

/// The parts of a text in PEM whose label ends so, and nothing else of it.
fn sections(text: &[u8], label: &str) -> Zeroizing<Vec<u8>> {
    let mut all = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut inside = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        let of_label = trimmed.ends_with(label.as_bytes());
        inside |= of_label && trimmed.starts_with(b"-----BEGIN ");
        if inside {
            all.extend_from_slice(trimmed);
            all.push(b'\n');
        }
        inside &= !(of_label && trimmed.starts_with(b"-----END "));
    }
    all
}

/// Bytes as PEM.
#[cfg(feature = "auth-pfx")]
fn armoured(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let mut pem = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem + "-----END " + label + "-----\n"
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_its_parts_out_of_a_file() {
        let file = "Bag\n-----BEGIN CERTIFICATE-----\r\nA\r\n-----END CERTIFICATE-----\r\n-----BEGIN EC PRIVATE KEY-----\nB\n-----END EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nC\n-----END CERTIFICATE-----";
        let identity = Identity::pem(file, file).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace('-', "");
        assert_eq!(
            text(identity.certificates()),
            "BEGIN CERTIFICATE\nA\nEND CERTIFICATE\nBEGIN CERTIFICATE\nC\nEND CERTIFICATE\n"
        );
        assert_eq!(text(identity.key()), "BEGIN EC PRIVATE KEY\nB\nEND EC PRIVATE KEY\n");
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let certificate = "-----BEGIN CERTIFICATE-----\n";
        for (certificate, key, part) in [
            ("", "", "certificate is not in PEM"),
            (certificate, "hunter2", "key of the client certificate is not in PEM"),
            (certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----", "encrypted"),
            (certificate, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED", "encrypted"),
        ] {
            let error = Identity::pem(certificate, key).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
        let identity = Identity::pem(certificate, "-----BEGIN PRIVATE KEY-----\nhunter2").unwrap();
        assert_eq!(format!("{identity:?}"), "Identity(***)");
        let error = Identity::pem_files("/nowhere/client.pem", "/nowhere/client_key.pem").unwrap_err().to_string();
        assert!(error.contains("/nowhere/client.pem"), "{error}");
    }
}
