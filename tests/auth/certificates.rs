//! Client-managed servers, past their proxy: client certificates, in PEM and PFX.

use qlik::auth::Identity;
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

use crate::kit::{Kit, engine};

fn identity(sandbox: &Sandbox) -> Identity {
    Identity::pem(sandbox.client_pem(), sandbox.client_pem()).unwrap()
}

fn certified(kit: &Kit, identity: Identity, directory: &str, user: &str) -> Qlik {
    kit.builder(kit.sandbox.service_host(), Auth::certificate(identity, directory, user)).build().unwrap()
}

async fn apps(qlik: &Qlik) -> Result<usize, Error> {
    let apps: Vec<Value> = qlik.get("/qrs/app/full").await?;
    Ok(apps.len())
}

/// The sandbox's certificate and key as a PFX file.
fn pfx(pem: &str, password: &str) -> Vec<u8> {
    use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKeyChain};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let chain = [Certificate::from_der(&certificate).unwrap()];
    let mut store = KeyStore::new();
    let entry = PrivateKeyChain::new(key.secret_pkcs8_der(), b"1", chain);
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(entry));
    // As old servers write it.
    store.writer(password).encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc).write().unwrap()
}

#[tokio::test]
async fn a_certificate_opens_the_services_and_the_engine() {
    let kit = Kit::new().await;
    let pem = kit.sandbox.client_pem();
    let (certificate, key) = (kit.folder.join("client.pem"), kit.folder.join("client_key.pem"));
    let split = pem.find("-----BEGIN PRIVATE KEY").unwrap();
    for (path, text) in [(&certificate, &pem[..split]), (&key, &pem[split..])] {
        std::fs::write(path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    for identity in [
        identity(&kit.sandbox),
        Identity::pem_files(&certificate, &key).unwrap(),
        Identity::pfx(pfx(pem, "hunter2-hunter2"), "hunter2-hunter2").unwrap(),
        Identity::pfx(pfx(pem, ""), "").unwrap(),
    ] {
        let qlik = certified(&kit, identity, "SANDBOX", "ada");
        assert_eq!(apps(&qlik).await.unwrap(), 14);
        engine(&qlik).await.unwrap();
        kit.print(&qlik);
        // Nothing expires here.
        kit.sandbox.revoke_all();
        assert_eq!(apps(&qlik).await.unwrap(), 14);
    }
    let service = certified(&kit, identity(&kit.sandbox), "INTERNAL", "sa_api");
    let about: Value = service.get("/qrs/about").await.unwrap();
    assert_eq!(about["schemaPath"], "About");

    let seen = kit.sandbox.seen();
    let keys: std::collections::HashSet<_> =
        seen.iter().filter_map(|seen| seen.target.split_once("xrfkey=")).map(|(_, key)| &key[..16]).collect();
    assert!(keys.len() > 5, "each call has a key of its own");
    assert!(seen.iter().filter(|seen| seen.target.starts_with("/app/")).all(|seen| !seen.target.contains("xrfkey")));
}

#[tokio::test]
async fn certificates_and_users_that_are_refused() {
    let kit = Kit::new().await;
    let nobody = certified(&kit, identity(&kit.sandbox), "SANDBOX", "nobody");
    for result in [apps(&nobody).await.map(drop), engine(&nobody).await] {
        let error = kit.fails(result);
        assert_eq!(error.status(), Some(403), "{error}");
        assert!(error.to_string().contains("no user"), "{error}");
    }

    // A certificate of another root.
    let other = Sandbox::builder().tls().start().await.unwrap();
    let stranger = certified(&kit, identity(&other), "SANDBOX", "ada");
    for result in [apps(&stranger).await.map(drop), engine(&stranger).await] {
        let error = kit.fails(result);
        assert!(matches!(error, Error::Transport(_)), "{error}");
    }
    // No certificate at all.
    let bare = kit.builder(kit.sandbox.service_host(), Auth::none()).build().unwrap();
    for result in [apps(&bare).await.map(drop), engine(&bare).await] {
        let error = kit.fails(result);
        assert!(matches!(error, Error::Transport(_)), "{error}");
    }
    // A server whose root is not believed.
    let unknown = Qlik::builder(kit.sandbox.service_host()).auth(Auth::certificate(identity(&kit.sandbox), "S", "u"));
    let unknown = unknown.build().unwrap();
    for result in [apps(&unknown).await.map(drop), engine(&unknown).await] {
        assert!(kit.fails(result).to_string().contains("certificate"));
    }
}

#[tokio::test]
async fn settings_of_certificates_that_cannot_work() {
    let kit = Kit::new().await;
    let other = Sandbox::builder().tls().start().await.unwrap();
    let mixed = Identity::pem(kit.sandbox.client_pem(), other.client_pem()).unwrap();
    let auth = |identity: Identity| Auth::certificate(identity, "SANDBOX", "ada");
    for (result, part) in [
        (kit.builder(kit.sandbox.service_host(), auth(mixed)).build(), "do not go together"),
        (kit.builder("http://server", auth(identity(&kit.sandbox))).build(), "https"),
        (kit.builder("server", Auth::certificate(identity(&kit.sandbox), "", "ada")).build(), "directory"),
        (kit.builder("server", auth(identity(&kit.sandbox))).root_certificates("x").build(), "PEM"),
        (
            kit.builder("server", auth(identity(&kit.sandbox))).root_certificates_file("/nowhere/root.pem").build(),
            "/nowhere",
        ),
    ] {
        let error = kit.fails(result);
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let error = kit.fails(Identity::pfx(pfx(kit.sandbox.client_pem(), "hunter2-hunter2"), "hunter3-hunter3"));
    assert!(error.to_string().contains("password"), "{error}");
    assert!(kit.fails(Identity::pfx_file("/nowhere/client.pfx", "")).to_string().contains("/nowhere"));
}
