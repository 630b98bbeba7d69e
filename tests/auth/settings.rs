//! Settings from elsewhere, and clients of other hosts.

use qlik::{Auth, Deployment, Qlik, QlikBuilder};
use qlik_sandbox::Sandbox;

use crate::kit::{Kit, name, works};

#[tokio::test]
async fn the_same_client_for_another_host_signs_in_there() {
    let kit = Kit::new().await;
    let other = Sandbox::builder().tls().start().await.unwrap();
    // Both roots are believed; the client of the one is none of the other.
    let qlik = kit.builder(kit.sandbox.host(), kit.client_credentials()).root_certificates(other.root_pem());
    let qlik = qlik.build().unwrap();
    works(&qlik).await;
    let there = qlik.at(other.host()).unwrap();
    assert_eq!(there.host().as_str(), other.host());
    let error = kit.fails(name(&there).await);
    assert!(error.is_auth() && error.to_string().contains("secret is wrong"), "{error}");
    let token = kit.sandbox.seen().iter().flat_map(|seen| seen.credentials.clone()).next().unwrap();
    assert!(!other.seen().iter().any(|seen| seen.credentials.contains(&token)), "no token goes to another host");
    works(&qlik).await;
    assert_eq!(kit.count("/oauth/token"), 1);
    assert!(kit.fails(qlik.at("ftp://x")).to_string().contains("https://"));
}

#[tokio::test]
async fn contexts_of_qlik_cli_are_named_hosts() {
    let kit = Kit::new().await;
    let (host, id, secret) = (kit.sandbox.host(), kit.sandbox.client_id(), kit.sandbox.client_secret());
    let text = format!(
        "current-context: key\ncontexts:\n  key:\n    server: {host}\n    server-type: cloud\n    headers:\n      \
         Authorization: Bearer {}\n  robot:\n    server: {host}\n    oauth-client-id: {id}\n    \
         oauth-client-secret: {secret}\n",
        kit.sandbox.api_key()
    );
    let path = kit.folder.join("contexts.yml");
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for name in [None, Some("key"), Some("robot")] {
        let builder = QlikBuilder::from_context_file(&path, name).unwrap();
        kit.print(&builder);
        works(&builder.root_certificates(kit.sandbox.root_pem()).no_proxy().build().unwrap()).await;
    }
    let error = kit.fails(QlikBuilder::from_context_file(&path, Some("other")));
    assert!(error.to_string().contains("key, robot"), "{error}");
}

#[tokio::test]
async fn nobody_is_enough_for_a_desktop() {
    let kit = Kit::new().await;
    let qlik = kit.client(Auth::none());
    assert!(kit.fails(name(&qlik).await).is_auth());
    qlik.deauthorize().await.unwrap();
    qlik.reauthorize().await.unwrap();
}

#[test]
fn an_organization_is_a_host_above_its_tenants() {
    let qlik = Qlik::organization().auth(Auth::client_credentials("c", "s")).build().unwrap();
    assert_eq!(qlik.host().as_str(), "https://console.qlikcloud.com");
    assert!(qlik.host().is_cloud());
    // A tenant behind a name of one's own.
    let own = Qlik::builder("https://analytics.example").auth(Auth::api_key("k"));
    assert!(own.deployment(Deployment::Cloud).build().unwrap().host().is_cloud());
}
