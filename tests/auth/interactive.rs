//! People who agree in a browser: the URL, what comes back, tokens that renew themselves, and leaving.

use std::time::Duration;

use qlik::auth::{Authorization, FileStore, OAuth};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::{OAuthClient, Sandbox};

use crate::kit::{Kit, engine, name, works};

const BACK: &str = "https://app.example/callback";

async fn kit() -> Kit {
    let native = OAuthClient::public("native").redirect_uri(BACK);
    let web = OAuthClient::confidential("web", "hunter2-hunter2").redirect_uri(BACK);
    let kit = Kit::of(Sandbox::builder().client(native).client(web).approve()).await;
    kit.secret("hunter2-hunter2");
    kit
}

/// What a browser does with the URL: opens it, and is sent back.
async fn agree(kit: &Kit, url: &str) -> String {
    let answer = kit.browser().get(url).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_agrees_and_stays_signed_in() {
    let kit = kit().await;
    for oauth in [
        Auth::authorization_code("native", BACK),
        Auth::authorization_code("web", BACK).proof("hunter2-hunter2").scope("user_default offline_access"),
    ] {
        let path = kit.folder.join("tokens.json");
        let client = || kit.client(oauth.clone().subject("me").store(FileStore::new(&path)));
        let qlik = client();
        assert!(!qlik.is_authorized().await);
        let error = kit.fails(name(&qlik).await);
        assert!(error.is_auth() && error.to_string().contains("nobody has agreed"), "{error}");

        let asked = qlik.authorization().unwrap();
        assert_eq!((asked.state().expose().len(), asked.verifier().expose().len()), (43, 128));
        assert!(asked.url().contains("code_challenge_method=S256") && !asked.url().contains(asked.verifier().expose()));
        kit.print(&asked);
        let back = agree(&kit, asked.url()).await;
        // As a web server does it: the request that comes back finds what was kept, and another client.
        let kept = Authorization::resume(asked.state().clone(), asked.verifier().clone());
        qlik.authorize(&kept, &back).await.unwrap();
        assert!(qlik.is_authorized().await);
        works(&qlik).await;

        kit.sandbox.clock().advance(Duration::from_secs(21_601));
        works(&qlik).await;
        let restarted = client();
        assert!(restarted.is_authorized().await);
        works(&restarted).await;
        // The one renews with a token that is good for once; the other finds its successor in the store.
        kit.sandbox.clock().advance(Duration::from_secs(21_601));
        works(&restarted).await;
        works(&qlik).await;

        restarted.deauthorize().await.unwrap();
        assert!(!restarted.is_authorized().await && !path.exists());
        let error = kit.fails(name(&qlik).await);
        assert!(error.is_auth(), "{error}");
        assert!(kit.fails(engine(&qlik).await).is_auth());
    }
}

#[tokio::test]
async fn a_token_to_renew_with_is_enough() {
    let kit = kit().await;
    let path = kit.folder.join("tokens.json");
    let first = kit.client(Auth::authorization_code("native", BACK).store(FileStore::new(&path)));
    let asked = first.authorization().unwrap();
    first.authorize(&asked, &agree(&kit, asked.url()).await).await.unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let refresh = kept.as_object().unwrap().values().next().unwrap()["refresh_token"].as_str().unwrap().to_owned();
    kit.secret(&refresh);
    let qlik = kit.client(Auth::refresh_token("native", refresh.clone()));
    works(&qlik).await;
    kit.sandbox.clock().advance(Duration::from_secs(21_601));
    works(&qlik).await;
    // It was good for once.
    let late = kit.client(Auth::refresh_token("native", refresh));
    let error = kit.fails(name(&late).await);
    assert!(error.is_auth() && error.status() == Some(400), "{error}");
    kit.sandbox.revoke_all();
    let error = kit.fails(name(&qlik).await);
    assert!(matches!(error, Error::Auth(_)), "{error}");
}

#[tokio::test]
async fn what_comes_back_is_looked_at() {
    let kit = kit().await;
    let qlik = kit.client(Auth::authorization_code("native", BACK));
    let (mine, other) = (qlik.authorization().unwrap(), qlik.authorization().unwrap());
    assert_ne!(mine.state().expose(), other.state().expose());
    let back = agree(&kit, mine.url()).await;
    let error = kit.fails(qlik.authorize(&other, &back).await);
    assert!(error.is_auth() && error.to_string().contains("state"), "{error}");
    assert_eq!(kit.count("/oauth/token"), 0, "a code of another attempt is not exchanged");

    let mixed = Authorization::resume(mine.state().clone(), other.verifier().clone());
    let error = kit.fails(qlik.authorize(&mixed, &back).await);
    assert_eq!(error.status(), Some(400), "{error}");
    assert!(error.to_string().contains("challenge"), "{error}");

    let refused = agree(&kit, &format!("{}&decision=deny", mine.url())).await;
    let error = kit.fails(qlik.authorize(&mine, &refused).await);
    assert!(error.to_string().contains("access_denied"), "{error}");
    kit.sandbox.approve(false);
    let silent = qlik.authorization_with_prompt("none").unwrap();
    let error = kit.fails(qlik.authorize(&silent, &agree(&kit, silent.url()).await).await);
    assert!(error.to_string().contains("login_required"), "{error}");
    assert!(matches!(kit.client(Auth::api_key("k")).authorization(), Err(Error::Config(_))));
    assert!(!qlik.is_authorized().await);
}

/// A native program with a port of its own.
fn native(kit: &Kit, uri: &str) -> Qlik {
    kit.sandbox.add_client(OAuthClient::public("desktop").redirect_uri(uri));
    let oauth: OAuth = Auth::authorization_code("desktop", uri);
    kit.client(oauth)
}

/// A port that is free now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_program_finishes_by_itself() {
    let kit = kit().await;
    let uri = format!("http://127.0.0.1:{}/callback", free_port());
    let qlik = native(&kit, &uri);
    let (browser, here) = (kit.browser(), uri.clone());
    let open = |url: &str| {
        let (browser, here, url) = (browser.clone(), here.clone(), url.to_owned());
        tokio::spawn(async move {
            // What else a browser asks for, and what somebody else on this machine may try.
            let icon = browser.get(format!("{}/favicon.ico", here.trim_end_matches("/callback"))).send().await.unwrap();
            assert_eq!(icon.status(), 404);
            let forged = browser.get(format!("{here}?code=theirs&state=theirs")).send().await.unwrap();
            assert_eq!(forged.status(), 404);
            let answer = browser.get(url).send().await.unwrap();
            let back = answer.headers()["location"].to_str().unwrap().to_owned();
            let page = browser.get(back).send().await.unwrap().text().await.unwrap();
            assert!(page.contains("signed in"), "{page}");
        });
        Ok(())
    };
    qlik.authorize_by(Duration::from_secs(30), open).await.unwrap();
    works(&qlik).await;

    let alone = qlik.authorize_by(Duration::from_millis(50), |_| Ok(())).await;
    assert!(kit.fails(alone).is_timeout());
    let closed = qlik.authorize_by(Duration::from_secs(5), |_| Err(std::io::Error::other("no display"))).await;
    assert!(kit.fails(closed).to_string().contains("no display"));
    let elsewhere = kit.client(Auth::authorization_code("native", BACK));
    let error = kit.fails(elsewhere.authorize_by(Duration::from_secs(5), |_| Ok(())).await);
    assert!(matches!(error, Error::Config(_)), "{error}");
}
