//! Sessions of Qlik Cloud in cookies: by a JWT, and those of browsers.

use std::time::Duration;

use qlik::auth::{Jwt, Login, SignedJwt, SigningKey};
use qlik::{Auth, Error};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::kit::{Kit, engine, fresh, name, rsa, works};

async fn kit() -> Kit {
    Kit::of(Sandbox::builder().issuer("me", "k", &rsa().1).web_integration("w1")).await
}

fn jwt(subject: &str) -> SignedJwt {
    let key = SigningKey::pem(&rsa().0, "k").unwrap();
    SignedJwt::cloud(key, "me", subject).claim("name", "New User").claim("email", "new@sandbox.example")
}

/// A call that changes something, for which the session's token is needed.
async fn change(qlik: &qlik::Qlik) -> Result<(), Error> {
    let app = json!({ "attributes": { "name": fresh() } });
    qlik.post::<Value>("/api/v1/apps").json(&app).await.map(drop)
}

#[tokio::test]
async fn a_jwt_opens_a_session() {
    let kit = kit().await;
    let brought = || Jwt::from_fn(|| async { jwt("brought|user").sign() });
    for login in [
        Auth::jwt_session(jwt("made|user")),
        Auth::jwt_session(jwt("made|user")).web_integration("w1"),
        Auth::jwt_session(brought()),
        Auth::jwt_session(jwt("fixed|user").sign().unwrap()),
    ] {
        let before = kit.count("/login/jwt-session");
        kit.print(&login);
        let qlik = kit.client(login);
        assert_eq!(name(&qlik).await.unwrap(), "New User");
        engine(&qlik).await.unwrap();
        change(&qlik).await.unwrap();
        assert_eq!(kit.count("/login/jwt-session"), before + 1, "one session for all");
    }

    let qlik = kit.client(Auth::jwt_session(jwt("made|user").life(Duration::from_secs(3_600))));
    works(&qlik).await;
    // The session ends, the key is still good.
    kit.sandbox.revoke_all();
    change(&qlik).await.unwrap();
    kit.sandbox.revoke_all();
    engine(&qlik).await.unwrap();
    kit.sandbox.clock().advance(Duration::from_secs(1_801));
    works(&qlik).await;
    qlik.deauthorize().await.unwrap();
    assert_eq!(kit.count("/logout"), 1);
    works(&qlik).await;

    // A JWT that was brought as a text opens one session, and no second.
    let fixed = kit.client(Auth::jwt_session(jwt("x").life(Duration::from_secs(3_500)).sign().unwrap()));
    works(&fixed).await;
    kit.sandbox.revoke_all();
    let error = kit.fails(name(&fixed).await);
    assert!(matches!(error, Error::Auth(_)) && error.to_string().contains("jti"), "{error}");
}

#[tokio::test]
async fn jwts_that_are_refused() {
    let kit = kit().await;
    let stranger = SigningKey::pem(&rsa().0, "stranger").unwrap();
    for (jwt, part) in [
        (jwt("x").claim("iss", "you"), "iss"),
        (jwt("x").claim("aud", "elsewhere"), "aud"),
        (SignedJwt::cloud(stranger, "me", "x"), "kid"),
        (jwt(""), "sub"),
    ] {
        let qlik = kit.client(Auth::jwt_session(jwt));
        for result in [name(&qlik).await.map(drop), engine(&qlik).await] {
            let error = kit.fails(result);
            assert!(matches!(error, Error::Auth(_)) && error.status() == Some(401), "{error}");
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
    let wrong = kit.client(Auth::jwt_session(jwt("x")).web_integration("w2"));
    assert!(kit.fails(name(&wrong).await).to_string().contains("LOGIN-8"));
    let empty = kit.client(Auth::jwt_session(""));
    assert!(kit.fails(name(&empty).await).is_auth());
    let long = kit.client(Auth::jwt_session(jwt("x").life(Duration::from_secs(7_200))));
    assert!(kit.fails(name(&long).await).to_string().contains("an hour"));
    // By the server's clock it is an hour later.
    kit.sandbox.clock().advance(Duration::from_secs(3_600));
    let error = kit.fails(name(&kit.client(Auth::jwt_session(jwt("x")))).await);
    assert!(error.to_string().contains("expired"), "{error}");
}

#[tokio::test]
async fn a_stale_token_is_fetched_anew() {
    let kit = kit().await;
    let qlik = kit.client(Auth::jwt_session(jwt("made|user")));
    works(&qlik).await;
    kit.sandbox.spoil_csrf();
    change(&qlik).await.unwrap();
    assert_eq!((kit.count("/api/v1/csrf-token"), kit.count("/login/jwt-session")), (1, 1));
    kit.sandbox.spoil_csrf();
    engine(&qlik).await.unwrap();
    assert_eq!((kit.count("/api/v1/csrf-token"), kit.count("/login/jwt-session")), (2, 1));
    kit.sandbox.spoil_csrf();
    let calls = futures::future::join_all((0..16).map(|_| change(&qlik))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!((kit.count("/api/v1/csrf-token"), kit.count("/login/jwt-session")), (3, 1));
}

#[tokio::test]
async fn the_session_of_a_browser_is_shared() {
    let kit = kit().await;
    let url = format!("{}/login?returnto=/&qlik-web-integration-id=w1", kit.sandbox.host());
    let answer = kit.browser().get(url).send().await.unwrap();
    let cookies = answer.headers().get_all("set-cookie").iter();
    let cookies: Vec<_> = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap()).collect();
    let cookies = cookies.join("; ");
    let login = |cookies: &str, integration: &str| -> Login { Auth::web_session(cookies, integration) };
    let qlik = kit.client(login(&cookies, "w1"));
    works(&qlik).await;
    change(&qlik).await.unwrap();
    kit.sandbox.spoil_csrf();
    change(&qlik).await.unwrap();
    engine(&qlik).await.unwrap();

    let wrong = kit.client(login(&cookies, "w2"));
    assert!(kit.fails(name(&wrong).await).to_string().contains("LOGIN-8"));
    kit.sandbox.revoke_all();
    for result in [name(&qlik).await.map(drop), engine(&qlik).await, change(&qlik).await] {
        let error = kit.fails(result);
        assert!(error.is_auth() && error.status() == Some(401), "{error}");
    }
    assert!(!qlik.is_authorized().await);
}
