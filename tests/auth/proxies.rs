//! The virtual proxies of client-managed servers: header, JWT, ticket, and sessions that are open.

use std::time::Duration;

use qlik::auth::{Identity, Login, SignedJwt, SigningKey};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

use crate::kit::{Kit, engine, rsa};

fn builder() -> Builder {
    Sandbox::builder().virtual_proxy("py_api").issuer("me", "k", &rsa().1)
}

/// A client of the virtual proxy.
fn client(kit: &Kit, login: Login) -> Qlik {
    kit.print(&login);
    kit.builder(&format!("{}/py_api/hub", kit.sandbox.host()), login).build().unwrap()
}

async fn about(qlik: &Qlik) -> Result<(), Error> {
    let about: Value = qlik.get("/qrs/about").await?;
    assert_eq!(about["schemaPath"], "About");
    Ok(())
}

async fn works(qlik: &Qlik) {
    about(qlik).await.unwrap();
    engine(qlik).await.unwrap();
}

/// The sessions that the virtual proxy has open.
async fn sessions(kit: &Kit) -> usize {
    let list: Vec<Value> = service(kit).get("/qps/py_api/session").await.unwrap();
    list.len()
}

/// A client of the services, which may ask for tickets.
fn service(kit: &Kit) -> Qlik {
    let identity = Identity::pem(kit.sandbox.client_pem(), kit.sandbox.client_pem()).unwrap();
    let auth = Auth::certificate(identity, "INTERNAL", "sa_api");
    kit.builder(kit.sandbox.service_host(), auth).build().unwrap()
}

fn jwt(user: &str) -> SignedJwt {
    SignedJwt::proxy(SigningKey::pem(&rsa().0, "k").unwrap(), "SANDBOX", user).life(Duration::from_secs(3_600))
}

/// Tickets for a user, one for each session.
fn tickets(kit: &Kit, user: &'static str) -> Login {
    let service = service(kit);
    Auth::proxy_ticket(move || {
        let service = service.clone();
        async move {
            let body = json!({ "UserDirectory": "SANDBOX", "UserId": user, "Attributes": [] });
            let made: Value = service.post("/qps/py_api/ticket").json(&body).await?;
            Ok(made["Ticket"].as_str().unwrap_or_default().to_owned())
        }
    })
}

#[tokio::test]
async fn one_session_serves_rest_and_sockets_and_comes_back() {
    let ways: [fn(&Kit) -> Login; 4] = [
        |_| Auth::proxy_header("header_user", "ada"),
        |_| Auth::proxy_header("header_user", r"SANDBOX\ada"),
        |_| Auth::proxy_jwt(jwt("ada")),
        |kit| tickets(kit, "ada"),
    ];
    for login in ways {
        let kit = Kit::of(builder()).await;
        let qlik = client(&kit, login(&kit));
        let before = kit.count("/py_api/qps/csrftoken");
        for _ in 0..8 {
            works(&qlik).await;
        }
        let doc = qlik.engine().connect().await.unwrap();
        assert_eq!((sessions(&kit).await, kit.count("/py_api/qps/csrftoken")), (1, before + 1));
        drop(doc);

        // Idle for too long, then ended by an administrator.
        kit.sandbox.clock().advance(Duration::from_secs(1_801));
        works(&qlik).await;
        kit.sandbox.revoke_all();
        engine(&qlik).await.unwrap();
        works(&qlik).await;
        kit.sandbox.spoil_csrf();
        engine(&qlik).await.unwrap();
        assert_eq!(sessions(&kit).await, 1);

        qlik.deauthorize().await.unwrap();
        assert_eq!(sessions(&kit).await, 0);
        works(&qlik).await;
        drop(qlik);
        // Ended by itself, in the background.
        while sessions(&kit).await > 0 {
            tokio::task::yield_now().await;
        }
        for seen in kit.sandbox.seen().iter().filter(|seen| seen.target.starts_with("/py_api/app/")) {
            assert!(!seen.credentials.iter().any(|value| value.starts_with("Bearer")), "a socket without a bearer");
        }
    }
}

#[tokio::test]
async fn many_calls_at_once_open_one_session() {
    let kit = Kit::of(builder()).await;
    let qlik = client(&kit, Auth::proxy_header("header_user", "ada"));
    let calls = futures::future::join_all((0..32).map(|_| about(&qlik))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(sessions(&kit).await, 1);
    kit.sandbox.revoke_all();
    let calls = futures::future::join_all((0..32).map(|_| about(&qlik))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(sessions(&kit).await, 1);
}

#[tokio::test]
async fn a_session_that_is_open_is_gone_on_with() {
    let kit = Kit::of(builder()).await;
    let url = format!("{}/py_api/qrs/about?xrfkey=0123456789abcdef", kit.sandbox.host());
    let request = kit.browser().get(url).header("x-qlik-xrfkey", "0123456789abcdef").header("header_user", "ada");
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    let qlik = client(&kit, Auth::proxy_session(cookie.clone()));
    works(&qlik).await;
    let named = Auth::proxy_session(cookie.clone()).cookie_name("X-Qlik-Session-py_api");
    works(&client(&kit, named)).await;
    let other = client(&kit, Auth::proxy_session(cookie).cookie_name("Other"));
    assert!(kit.fails(about(&other).await).is_auth());
    assert_eq!(sessions(&kit).await, 1, "it is another's, and not ended here");
    kit.sandbox.revoke_all();
    for result in [about(&qlik).await, engine(&qlik).await] {
        let error = kit.fails(result);
        assert!(error.is_auth() && error.status() == Some(401), "{error}");
    }
}

#[tokio::test]
async fn what_the_proxy_refuses() {
    let kit = Kit::of(builder()).await;
    let stranger = SignedJwt::proxy(SigningKey::pem(&rsa().0, "stranger").unwrap(), "SANDBOX", "ada");
    for (login, status, part) in [
        (Auth::proxy_header("header_user", "nobody"), 403, "no user"),
        (Auth::proxy_header("other_header", "ada"), 401, "wants its header"),
        (Auth::proxy_jwt(jwt("nobody")), 403, "no user"),
        (Auth::proxy_jwt(stranger), 401, "kid"),
        (Auth::proxy_ticket(|| async { Ok("0123456789abcdef") }), 401, "ticket"),
    ] {
        let qlik = client(&kit, login);
        for result in [about(&qlik).await, engine(&qlik).await] {
            let error = kit.fails(result);
            assert!(matches!(error, Error::Auth(_)) && error.status() == Some(status), "{error}");
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
    // The prefix is missing, or another's.
    for host in [kit.sandbox.host().to_owned(), format!("{}/other", kit.sandbox.host())] {
        let lost = kit.builder(&host, Auth::proxy_header("header_user", "ada")).build().unwrap();
        assert!(kit.fails(about(&lost).await).is_auth());
    }
    let evil = client(&kit, Auth::proxy_header("header_user", "ada").origin("https://evil.example"));
    about(&evil).await.unwrap();
    let error = kit.fails(engine(&evil).await);
    assert!(error.status() == Some(403) && error.to_string().contains("Origin"), "{error}");
    let empty = kit.builder(kit.sandbox.host(), Auth::proxy_header("header_user", " ")).build();
    assert!(kit.fails(empty).is_auth());

    // The sixth session of a user.
    let many: Vec<_> = (0..5).map(|_| client(&kit, Auth::proxy_header("header_user", "bo"))).collect();
    for qlik in &many {
        about(qlik).await.unwrap();
    }
    let error = kit.fails(about(&client(&kit, Auth::proxy_header("header_user", "bo"))).await);
    assert!(error.to_string().contains("five sessions"), "{error}");
    many[0].deauthorize().await.unwrap();
    about(&client(&kit, Auth::proxy_header("header_user", "bo"))).await.unwrap();

    // By the server's clock the token is two hours old.
    kit.sandbox.clock().advance(Duration::from_secs(7_200));
    let error = kit.fails(about(&client(&kit, Auth::proxy_jwt(jwt("ada")))).await);
    assert!(error.to_string().contains("expired"), "{error}");
}

#[tokio::test]
async fn origins_on_the_list_open_sockets() {
    let kit = Kit::of(builder().allow_origin("https://portal.example")).await;
    let qlik = client(&kit, Auth::proxy_header("header_user", "ada").origin("https://portal.example"));
    works(&qlik).await;
}
