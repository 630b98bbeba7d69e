//! Clients that prove who they are by a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use qlik::auth::{SigningKey, User};
use qlik::{Auth, Error};
use qlik_sandbox::{OAuthClient, Sandbox};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::json;

use crate::kit::{Kit, name, rsa, works};

/// A private key on the curve P-384, and its public half, in PEM.
fn curve() -> (p384::SecretKey, String) {
    let key = p384::SecretKey::random(&mut rsa::rand_core::OsRng);
    let public = key.public_key().to_public_key_pem(LineEnding::LF).unwrap();
    (key, public)
}

#[tokio::test]
async fn keys_stand_in_for_secrets() {
    let (private, public) = rsa();
    let (curve, curve_public) = curve();
    let signer = OAuthClient::public("signer").public_key("k1", public).public_key("k2", &curve_public);
    let kit = Kit::of(Sandbox::builder().client(signer)).await;
    kit.secret(private.lines().nth(3).unwrap());

    let key = RsaPrivateKey::from_pkcs8_pem(private).unwrap();
    let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    let jwk = json!({
        "kty": "RSA", "kid": "k1", "alg": "RS512", "n": number(key.n()), "e": number(key.e()), "d": number(key.d()),
        "p": number(&key.primes()[0]), "q": number(&key.primes()[1]),
    });
    let mut curve_jwk: serde_json::Value = serde_json::from_str(&curve.to_jwk_string()).unwrap();
    curve_jwk["kid"] = json!("k2");
    kit.secret(curve_jwk["d"].as_str().unwrap());
    let curve_pem = curve.to_pkcs8_pem(LineEnding::LF).unwrap();
    let path = kit.folder.join("key.pem");
    std::fs::write(&path, private).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    for key in [
        SigningKey::pem(private, "k1"),
        SigningKey::pem(private, "k1").map(SigningKey::rs512),
        SigningKey::pem(&key.to_pkcs1_pem(LineEnding::LF).unwrap(), "k1"),
        SigningKey::pem(&curve_pem, "k2"),
        SigningKey::pem_file(&path, "k1"),
        SigningKey::jwk(&jwk.to_string()),
        SigningKey::jwk(&curve_jwk.to_string()),
    ] {
        let key = key.unwrap();
        kit.print(&key);
        let qlik = kit.client(Auth::client_credentials("signer", key));
        works(&qlik).await;
        kit.sandbox.revoke_all();
        works(&qlik).await;
    }
    let user = User::Subject("auth0|ada@sandbox.example".into());
    let qlik = kit.client(Auth::impersonation("signer", SigningKey::pem(private, "k1").unwrap(), user));
    assert_eq!(name(&qlik).await.unwrap(), "Ada Alder");

    for key in [SigningKey::pem(private, "k2").unwrap(), SigningKey::pem(private, "k3").unwrap()] {
        let error = kit.fails(name(&kit.client(Auth::client_credentials("signer", key))).await);
        assert!(matches!(error, Error::Auth(_)) && error.status() == Some(401), "{error}");
        assert!(error.to_string().contains("assertion"), "{error}");
    }
    // The clock of the server is an hour ahead.
    kit.sandbox.clock().advance(std::time::Duration::from_secs(3_600));
    let late = kit.client(Auth::client_credentials("signer", SigningKey::pem(private, "k1").unwrap()));
    let error = kit.fails(name(&late).await);
    assert!(error.to_string().contains("expired"), "{error}");

    #[cfg(unix)]
    {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o622)).unwrap();
        let error = kit.fails(SigningKey::pem_file(&path, "k1"));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn keys_that_cannot_be_used() {
    let short = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1_024).unwrap();
    let short = short.to_pkcs8_pem(LineEnding::LF).unwrap();
    for (key, part) in [
        (SigningKey::pem("hunter2", "k"), "cannot be read"),
        (SigningKey::pem("-----BEGIN ENCRYPTED PRIVATE KEY-----", "k"), "encrypted"),
        (SigningKey::pem(&short, "k"), "2048"),
        (SigningKey::pem(&rsa().0, " "), "no id"),
        (SigningKey::pem_file("/nowhere/key.pem", "k"), "/nowhere/key.pem"),
        (SigningKey::jwk("hunter2"), "not JSON"),
        (SigningKey::jwk(r#"{"kty":"RSA"}"#), "`kid`"),
        (SigningKey::jwk(r#"{"kty":"oct","kid":"k"}"#), "RSA or EC"),
        (SigningKey::jwk(r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}"#), "`d`"),
        (SigningKey::jwk(r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB","d":"AQAB"}"#), "no RSA key"),
        (SigningKey::jwk(r#"{"kty":"EC","kid":"k","crv":"P-256","x":"","y":"","d":""}"#), "P-384"),
    ] {
        let error = key.unwrap_err().to_string();
        assert!(error.contains(part) && !error.contains("hunter2"), "{part}: {error}");
    }
}
