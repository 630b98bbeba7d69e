//! Credentials go to the configured host only, whatever it says: by next links, redirects, and places of what was made.

use futures::TryStreamExt;
use qlik::rest::{Download, Located};
use qlik::{Auth, Qlik};
use serde_json::{Value, json};

use crate::kit::{Kit, printed, works};
use crate::server::{Server, respond};

/// What every way of signing in sends, in one place or another.
const SECRETS: [&str; 4] = ["hunter-key", "hunter-secret", "hunter-token", "hunter-cookie"];

/// A host that signs everybody in, and sends them to another host for everything else.
async fn malicious(evil: &str) -> Server {
    let evil = evil.to_owned();
    Server::start(move |seen| {
        let evil = evil.clone();
        async move {
            match seen.path.as_str() {
                "/oauth/token" => respond(200, &[], r#"{"access_token":"hunter-token","expires_in":3600}"#),
                "/login/jwt-session" => {
                    let cookies = [("set-cookie", "eas.sid=hunter-cookie"), ("set-cookie", "_csrfToken=hunter-token")];
                    respond(200, &cookies, "")
                }
                "/vp/qps/csrftoken" => {
                    let headers =
                        [("set-cookie", "X-Qlik-Session-vp=hunter-cookie"), ("qlik-csrf-token", "hunter-token")];
                    respond(204, &headers, "")
                }
                path if path.ends_with("/redirect") => respond(302, &[("location", &format!("{evil}/there"))], ""),
                path if path.ends_with("/made") => respond(201, &[("location", &format!("{evil}/there"))], "{}"),
                path if path.ends_with("/items") && !seen.query.contains("page=2") => {
                    let next = format!("{evil}/api/v1/items?page=2");
                    respond(200, &[], json!({ "data": [], "links": { "next": { "href": next } } }).to_string())
                }
                path if path.ends_with("/items") => respond(200, &[], r#"{"data":[],"links":{}}"#),
                _ => respond(200, &[], "{}"),
            }
        }
    })
    .await
}

fn ways() -> Vec<(Auth, &'static str)> {
    vec![
        (Auth::api_key("hunter-key"), ""),
        (Auth::client_credentials("c", "hunter-secret").into(), ""),
        (Auth::bearer_from(|| async { Ok("hunter-token") }), ""),
        (Auth::jwt_session("hunter-key").into(), ""),
        (Auth::proxy_header("X-User", "hunter-key").into(), "/vp"),
        (Auth::proxy_session("hunter-cookie").into(), "/vp"),
    ]
}

#[tokio::test]
async fn no_credential_follows_a_link_to_another_host() {
    let evil = Server::always(r#"{"data":[]}"#).await;
    for (auth, prefix) in ways() {
        let server = malicious(&evil.host).await;
        let qlik = Qlik::builder(format!("{}{prefix}", server.host)).auth(auth).build().unwrap();
        let file: Download = qlik.get("/redirect").await.unwrap();
        file.text().await.unwrap();
        let made: Located = qlik.post("/made").await.unwrap();
        assert!(made.location().unwrap().starts_with(&evil.host));
        // A place is a text: calling it is refused before anything is signed.
        let foreign = qlik.get::<Value>(made.location().unwrap()).await.unwrap_err();
        assert!(foreign.to_string().contains("another host"), "{foreign}");
        let items: Vec<_> = qlik.items().get_items().stream().try_collect().await.unwrap();
        assert!(items.is_empty());
        assert!(server.lines().iter().any(|line| line.contains("page=2")), "the page is asked of the own host");
    }
    let seen = evil.seen();
    assert_eq!(seen.len(), ways().len(), "the redirects alone");
    for seen in seen {
        let shown = format!("{:?} {} {}", seen.headers, seen.line(), seen.text());
        for secret in SECRETS.into_iter().chain(["xrfkey", "cookie", "authorization", "csrf"]) {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

#[tokio::test]
async fn signing_in_itself_follows_nothing() {
    let evil = Server::always(r#"{"access_token":"theirs"}"#).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/oauth/token", evil.host);
        let server = Server::start(move |_| {
            let to = to.clone();
            async move { respond(status, &[("location", &to)], "") }
        })
        .await;
        for (auth, prefix) in ways().into_iter().skip(1).filter(|(auth, _)| !format!("{auth:?}").contains("Bring")) {
            let qlik = Qlik::builder(format!("{}{prefix}", server.host)).auth(auth).build().unwrap();
            let error = qlik.get::<Value>("/x").await.unwrap_err().to_string();
            assert!(!SECRETS.iter().any(|secret| error.contains(secret)), "{error}");
        }
    }
    assert!(evil.seen().is_empty(), "{:?}", evil.lines());
}

#[tokio::test]
async fn answers_that_hold_tokens_are_not_shown() {
    for body in [r#"{"access_tokn":"hunter-token"}"#, "hunter-token", r#"{"access_token":1,"x":"hunter-token"}"#] {
        let server = Server::always(body).await;
        let qlik = Qlik::builder(server.host.as_str()).auth(Auth::client_credentials("c", "s")).build().unwrap();
        let error = qlik.get::<Value>("/x").await.unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("hunter"), "{error:?}");
        let qlik::Error::Decode(error) = error else { panic!("{error:?}") };
        assert!(error.body().is_empty());
    }
}

/// What every other test's check rests on: that the log is heard, to its lowest level and from below this crate, too.
#[tokio::test]
async fn the_log_that_is_searched_for_secrets_has_everything() {
    let kit = Kit::new().await;
    works(&kit.client(kit.client_credentials())).await;
    let log = printed();
    for part in ["qlik.call", "TRACE", "qlik::engine", "signed in", "tungstenite::protocol", "hyper_util::client"] {
        assert!(log.contains(part), "{part}");
    }
}
