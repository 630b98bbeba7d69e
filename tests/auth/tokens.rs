//! API keys, bearer tokens, and the OAuth grants that need no person.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use qlik::auth::{FileStore, MemoryStore, OAuth, Tokens, User};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::{OAuthClient, Sandbox};
use serde_json::{Value, json};

use crate::kit::{Kit, engine, name, works};
use crate::server::{Server, respond};

/// Longer than a token of the sandbox lives.
const LIFE: Duration = Duration::from_secs(21_601);

#[tokio::test]
async fn an_api_key_opens_rest_and_the_engine() {
    let kit = Kit::new().await;
    let qlik = kit.client(Auth::api_key(kit.sandbox.api_key()));
    works(&qlik).await;
    kit.sandbox.clock().advance(LIFE);
    works(&qlik).await;
    kit.print(&qlik);

    let wrong = kit.client(Auth::api_key("hunter2-hunter2"));
    for result in [name(&wrong).await.map(drop), engine(&wrong).await] {
        let error = kit.fails(result);
        assert!(error.is_auth() && error.status() == Some(401), "{error}");
    }
    assert_eq!(kit.count("/oauth/token"), 0);
}

#[tokio::test]
async fn hosts_that_are_not_the_right_one() {
    let kit = Kit::new().await;
    let nobody = kit.builder("https://127.0.0.1:1", kit.client_credentials()).build().unwrap();
    let error = kit.fails(name(&nobody).await);
    assert!(matches!(error, Error::Transport(_)) && error.is_retryable(), "{error}");

    // Another sandbox: its root is not believed, and nothing gets there.
    let other = Sandbox::builder().tls().start().await.unwrap();
    let stranger = kit.builder(other.host(), kit.client_credentials()).build().unwrap();
    for result in [name(&stranger).await.map(drop), engine(&stranger).await] {
        let error = kit.fails(result);
        assert!(matches!(error, Error::Transport(_)), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    let stranger = kit.builder(other.host(), Auth::api_key(kit.sandbox.api_key())).build().unwrap();
    for result in [name(&stranger).await.map(drop), engine(&stranger).await] {
        assert!(kit.fails(result).to_string().contains("certificate"));
    }
    assert!(other.seen().is_empty());

    // Only who says so believes anybody.
    let blind = Qlik::builder(other.host()).auth(Auth::api_key(other.api_key())).danger_accept_invalid_certs(true);
    works(&blind.build().unwrap()).await;
}

#[tokio::test]
async fn a_client_signs_in_as_itself() {
    let kit = Kit::new().await;
    for oauth in [kit.client_credentials(), kit.client_credentials().scope("user_default").secret_as_header()] {
        let before = kit.count("/oauth/token");
        let qlik = kit.client(oauth);
        assert!(qlik.is_authorized().await);
        works(&qlik).await;
        assert_eq!(kit.count("/oauth/token"), before + 1);

        kit.sandbox.clock().advance(LIFE);
        works(&qlik).await;
        assert_eq!(kit.count("/oauth/token"), before + 2, "expired");

        kit.sandbox.revoke_all();
        engine(&qlik).await.unwrap();
        works(&qlik).await;
        assert_eq!(kit.count("/oauth/token"), before + 3, "revoked, and noticed by the socket");

        qlik.reauthorize().await.unwrap();
        works(&qlik).await;
        assert_eq!(kit.count("/oauth/token"), before + 4);
        qlik.deauthorize().await.unwrap();
        works(&qlik).await;
        assert_eq!(kit.count("/oauth/token"), before + 5);
    }
}

#[tokio::test]
async fn settings_that_the_server_refuses() {
    let kit = Kit::new().await;
    let (id, secret) = (kit.sandbox.client_id(), kit.sandbox.client_secret());
    let nobody = User::Subject("nobody".into());
    for (oauth, status, part) in [
        (Auth::client_credentials(id, "hunter2-hunter2"), 401, "secret is wrong"),
        (Auth::client_credentials("stranger", secret), 401, "no such client"),
        (Auth::client_credentials(id, secret).scope("everything"), 400, "invalid_scope"),
        (Auth::impersonation(id, secret, nobody), 400, "no such user"),
        (Auth::impersonation(id, secret, User::Id("nobody".into())), 400, "no such user"),
        (Auth::refresh_token(id, "hunter2-hunter2").proof(secret), 400, "refresh token"),
        (Auth::anonymous(id, "hunter2-hunter2"), 401, "access code"),
    ] {
        let qlik = kit.client(oauth);
        for result in [name(&qlik).await.map(drop), engine(&qlik).await] {
            let error = kit.fails(result);
            assert!(matches!(&error, Error::Auth(_)) && error.is_auth(), "{error:?}");
            assert!(!error.is_retryable(), "{error}");
            let answered = matches!(&error, Error::Auth(error) if error.answer().is_some());
            // A token to renew with that was refused is not tried again.
            if answered {
                assert!(error.status() == Some(status) && error.trace_id().is_some(), "{error}");
                assert!(error.to_string().contains(part), "{part}: {error}");
            }
        }
    }
}

#[test]
fn settings_that_cannot_work_are_found_at_once() {
    let user = || User::Subject("x".into());
    let build = |oauth: OAuth| Qlik::builder("https://t.eu.qlikcloud.com").auth(oauth).build();
    for (oauth, part) in [
        (Auth::client_credentials("", "s"), "id of the OAuth client is empty"),
        (Auth::client_credentials("c", " "), "secret of the OAuth client is empty"),
        (Auth::impersonation("c", "s", User::Id(" ".into())), "user to sign in as is empty"),
        (Auth::impersonation("", "s", user()), "id of the OAuth client is empty"),
        (Auth::refresh_token("c", " "), "refresh token is empty"),
        (Auth::anonymous("c", ""), "access code is empty"),
        (Auth::refresh_token("c", "r").store(MemoryStore::new()), ".subject(user)"),
        (Auth::authorization_code("c", "https://x/y").proof("s").store(MemoryStore::new()), ".subject(user)"),
        (Auth::authorization_code("c", "nonsense"), "redirect URL"),
    ] {
        let error = build(oauth).unwrap_err();
        assert!(error.is_auth() && error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_user_is_signed_in_by_a_client() {
    let kit = Kit::new().await;
    let (id, secret) = (kit.sandbox.client_id(), kit.sandbox.client_secret());
    let store = Arc::new(MemoryStore::new());
    let ada = || Auth::impersonation(id, secret, User::Subject("auth0|ada@sandbox.example".into()));
    let qlik = kit.client(ada().scope("user_default").shared_store(store.clone()));
    assert_eq!(name(&qlik).await.unwrap(), "Ada Alder");
    engine(&qlik).await.unwrap();
    kit.sandbox.clock().advance(LIFE);
    assert_eq!(name(&qlik).await.unwrap(), "Ada Alder");
    kit.sandbox.revoke_all();
    assert_eq!(name(&qlik).await.unwrap(), "Ada Alder");
    assert_eq!(kit.count("/oauth/token"), 3);

    // The same store serves others of the same name, and nobody else.
    let again = kit.client(ada().scope("user_default").shared_store(store.clone()));
    assert_eq!(name(&again).await.unwrap(), "Ada Alder");
    assert_eq!(kit.count("/oauth/token"), 3);
    let me: Value = again.get("/api/v1/users/me").await.unwrap();
    let by_id = Auth::impersonation(id, secret, User::Id(me["id"].as_str().unwrap().into()));
    assert_eq!(name(&kit.client(by_id.shared_store(store.clone()))).await.unwrap(), "Ada Alder");
    let bot = kit.client(kit.client_credentials().shared_store(store.clone()));
    works(&bot).await;
    let narrow = kit.client(ada().scope("user_default admin_classic").shared_store(store));
    works(&narrow).await;
    assert_eq!(kit.count("/oauth/token"), 6);
}

#[tokio::test]
async fn tokens_survive_a_restart() {
    let kit = Kit::new().await;
    let path = kit.folder.join("tokens.json");
    let client = || kit.client(kit.client_credentials().store(FileStore::new(&path)));
    works(&client()).await;
    works(&client()).await;
    assert_eq!(kit.count("/oauth/token"), 1, "the second one finds the first one's token");
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.contains("access_token") && !kept.contains(kit.sandbox.client_secret()));

    kit.sandbox.revoke_all();
    works(&client()).await;
    assert_eq!(kit.count("/oauth/token"), 2, "a token that was kept and is good no more");
    client().deauthorize().await.unwrap();
    assert!(!path.exists());
    assert_eq!(kit.count("/oauth/revoke"), 1);

    // Where the store fails, signing in goes on without it.
    std::fs::write(&path, "{}").unwrap();
    works(&client()).await;
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_token_that_the_program_brings() {
    let kit = Kit::new().await;
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": kit.sandbox.client_id(), "client_secret": kit.sandbox.client_secret(),
    });
    let (browser, url) = (kit.browser(), format!("{}/oauth/token", kit.sandbox.host()));
    let fetch = move || {
        let request = browser.post(&url).header("content-type", "application/json").body(body.to_string());
        async move {
            let answer = request.send().await.map_err(|error| Error::auth(error.to_string()))?.bytes().await.unwrap();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            Ok::<_, Error>(answer["access_token"].as_str().unwrap().to_owned())
        }
    };
    let fixed = kit.client(Auth::bearer(fetch().await.unwrap()));
    works(&fixed).await;

    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let qlik = kit.client(Auth::bearer_from(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let fetched = fetch();
        async move { Ok(Tokens::from(fetched.await?).expires_in(Duration::from_secs(3_600))) }
    }));
    works(&qlik).await;
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    kit.sandbox.clock().advance(LIFE);
    works(&qlik).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    kit.sandbox.revoke_all();
    engine(&qlik).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    qlik.reauthorize().await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 4);

    let error = kit.fails(name(&fixed).await);
    assert!(error.is_auth() && error.status() == Some(401));
    let broken = kit.client(Auth::bearer_from(|| async { Err::<String, _>(Error::auth("the vault is shut")) }));
    let error = kit.fails(name(&broken).await);
    assert!(error.is_auth() && error.to_string().contains("the vault is shut"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_calls_at_the_moment_of_expiry_ask_for_one_token() {
    let kit = Kit::new().await;
    let qlik = kit.client(kit.client_credentials());
    let storm = || {
        let calls = (0..64).map(|_| {
            let qlik = qlik.clone();
            tokio::spawn(async move { qlik.get::<Value>("/api/v1/users/me").await.map(drop) })
        });
        futures::future::join_all(calls.collect::<Vec<_>>())
    };
    for round in 1..=4 {
        for call in storm().await {
            call.unwrap().unwrap();
        }
        assert_eq!(kit.count("/oauth/token"), round);
        match round % 2 {
            1 => kit.sandbox.clock().advance(LIFE),
            _ => kit.sandbox.revoke_all(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_ahead_of_its_end() {
    // Half of a life of two seconds is over after one.
    let server = Server::start(|seen| async move {
        match seen.path.as_str() {
            "/oauth/token" => {
                let token = format!("token-{}", seen.number);
                respond(200, &[], json!({ "access_token": token, "token_type": "bearer", "expires_in": 2 }).to_string())
            }
            _ => respond(200, &[], json!(seen.header("authorization")).to_string()),
        }
    })
    .await;
    let qlik = Qlik::builder(server.host.as_str()).auth(Auth::client_credentials("c", "s")).build().unwrap();
    let first: String = qlik.get("/x").await.unwrap();
    let mut last = first.clone();
    while last == first {
        tokio::time::sleep(Duration::from_millis(20)).await;
        last = qlik.get("/x").await.unwrap();
    }
    assert_eq!(server.lines().iter().filter(|line| *line == "POST /oauth/token").count(), 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_is_not_kept() {
    let server = Server::start(|seen| async move {
        match (seen.path.as_str(), seen.number) {
            ("/oauth/token", 0) => respond(500, &[], "{}"),
            ("/oauth/token", _) => respond(200, &[], r#"{"access_token":"t"}"#),
            _ => respond(200, &[], "{}"),
        }
    })
    .await;
    let qlik = Qlik::builder(server.host.as_str()).auth(Auth::client_credentials("c", "s")).build().unwrap();
    let (one, two) = futures::join!(qlik.get::<Value>("/x").into_future(), qlik.get::<Value>("/x").into_future());
    assert_eq!((one.unwrap_err().status(), two.unwrap_err().status()), (Some(500), Some(500)));
    let _: Value = qlik.get("/x").await.unwrap();
    assert_eq!(server.lines(), ["POST /oauth/token", "POST /oauth/token", "GET /x"]);
}

#[tokio::test]
async fn a_visitor_whom_nobody_knows() {
    let kit = Kit::of(Sandbox::builder().client(OAuthClient::public("embed"))).await;
    kit.secret("sandbox-access-code");
    let qlik = kit.client(Auth::anonymous("embed", "sandbox-access-code"));
    engine(&qlik).await.unwrap();
    kit.sandbox.revoke_all();
    engine(&qlik).await.unwrap();
    assert_eq!(kit.count("/oauth/token/anonymous-embed"), 2);
    assert_eq!(kit.fails(name(&qlik).await).status(), Some(403), "a visitor is no user");
}

#[tokio::test]
async fn urls_for_browsers_hold_a_token_of_their_own() {
    let kit = Kit::new().await;
    let qlik = kit.client(kit.client_credentials());
    let socket = qlik.websocket_url("an app/x").await.unwrap();
    assert!(
        socket.expose().starts_with("wss://127.0.0.1:") && socket.expose().contains("/app/an%20app%2Fx?accessToken=")
    );
    let picture = qlik.web_resource_url("/api/v1/items?limit=1").await.unwrap();
    let answer = kit.browser().get(picture.expose()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    kit.print(&(socket, picture));
    let error = kit.fails(kit.client(Auth::api_key(kit.sandbox.api_key())).websocket_url("x").await);
    assert!(matches!(error, Error::Config(_)), "{error}");
}

#[tokio::test]
async fn a_client_registers_itself() {
    use qlik::auth::Registration;

    let kit = Kit::of(Sandbox::builder().registration()).await;
    let anybody = kit.client(Auth::none());
    let known = anybody.discover().await.unwrap();
    assert_eq!(known.token_endpoint, Some(format!("{}/oauth/token", kit.sandbox.host())));
    assert!(known.grant_types.iter().any(|grant| grant == "client_credentials"));
    let registration = Registration::new("Robot", "https://robot.example", "https://robot.example/back");
    let made = anybody.register_client(&registration).await.unwrap();
    kit.secret(made.client_secret.as_ref().unwrap().expose());
    kit.print(&made);
    let public = anybody.register_client(&registration.public().scope("user_default")).await.unwrap();
    assert_eq!((public.client_secret.is_some(), public.scope.as_str()), (false, "user_default"));

    let closed = Kit::new().await;
    let registration = Registration::new("Robot", "https://robot.example", "https://robot.example/back");
    let error = closed.fails(closed.client(Auth::none()).register_client(&registration).await);
    assert!(error.is_auth() && error.status() == Some(403), "{error}");
    assert!(kit.fails(name(&anybody).await).is_auth());
}
