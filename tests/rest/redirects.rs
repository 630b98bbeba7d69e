//! Where redirects lead, and where credentials do not follow.

use bytes::Bytes;
use futures::stream;
use qlik::rest::{Body, Download};
use serde_json::{Value, json};

use crate::server::{Server, respond};

/// A server that redirects `/from` and answers everything else.
async fn redirecting(status: u16, to: &str) -> Server {
    let to = to.to_owned();
    Server::start(move |seen| {
        let to = to.clone();
        async move {
            match seen.path.as_str() {
                "/from" => respond(status, &[("location", &to)], "moved"),
                _ => respond(200, &[], r#"{"there":true}"#),
            }
        }
    })
    .await
}

#[tokio::test]
async fn follows_within_the_host_with_credentials() {
    for status in [301, 302, 303, 307, 308] {
        let server = redirecting(status, "/to?x=1#y").await;
        let value: Value = server.client().get("/from").header("If-Match", "*").await.unwrap();
        assert_eq!(value, json!({"there": true}));
        let seen = server.seen();
        assert_eq!(seen[1].line(), "GET /to?x=1");
        assert!(seen[1].is_signed());
        assert_eq!(seen[1].header("if-match"), "*");
    }
}

#[tokio::test]
async fn leaves_credentials_behind_on_the_way_to_another_host() {
    let other = Server::always(r#"{"there":true}"#).await;
    let server = redirecting(302, &format!("{}/file", other.host)).await;
    let qlik = server.client();
    let file: Download =
        qlik.get("/from").header("X-Own", "mine").header("Cookie", "a=b").header("Range", "bytes=0-").await.unwrap();
    assert_eq!(file.text().await.unwrap(), r#"{"there":true}"#);
    let seen = other.only();
    assert!(!seen.is_signed());
    assert_eq!((seen.header("x-own"), seen.header("cookie")), ("", ""));
    assert_eq!(seen.header("range"), "bytes=0-");
    assert!(server.only().is_signed());
}

#[tokio::test]
async fn credentials_do_not_come_back() {
    // The other host sends the caller back, to a place of its own choice.
    let (send, receive) = tokio::sync::watch::channel(String::new());
    let other = Server::start(move |_| {
        let home = receive.borrow().clone();
        async move { respond(302, &[("location", &format!("{home}/chosen"))], "") }
    })
    .await;
    let server = redirecting(302, &other.host).await;
    send.send(server.host.clone()).unwrap();
    let () = server.client().get("/from").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[1].line(), "GET /chosen");
    assert!(!seen[1].is_signed());
}

#[tokio::test]
async fn sends_again_what_307_and_308_ask_for() {
    for status in [307, 308] {
        let server = redirecting(status, "to").await;
        let () = server.client().post("/from").json(&json!([1])).await.unwrap();
        let seen = server.seen();
        assert_eq!((seen[1].line().as_str(), seen[1].text()), ("POST /to", "[1]"));
        assert_eq!(seen[1].header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn reads_the_result_where_303_says_it_is() {
    let server = redirecting(303, "/to").await;
    let () = server.client().post("/from").json(&json!([1])).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[1].line().as_str(), seen[1].text()), ("GET /to", ""));
    assert_eq!(seen[1].header("content-type"), "");
}

#[tokio::test]
async fn what_was_carried_out_is_not_sent_again_for_its_result() {
    let server = Server::start(|seen| async move {
        match seen.method.as_str() {
            "POST" => respond(303, &[("location", "/result")], ""),
            _ => respond(429, &[("retry-after", "0")], ""),
        }
    })
    .await;
    let error = server.client().post::<()>("/from").await.unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(server.lines(), ["POST /from", "GET /result"]);
}

#[tokio::test]
async fn follows_nothing_that_is_unclear_or_unsafe() {
    let other = Server::always("{}").await;
    let foreign = format!("{}/x", other.host);
    for (status, to, note) in [
        (301, "/to", "unclear"),
        (302, "/to", "unclear"),
        (307, foreign.as_str(), "another host"),
        (303, foreign.as_str(), "another host"),
        (308, "http://[", "no place"),
    ] {
        let server = redirecting(status, to).await;
        let error = server.client().post::<()>("/from").json(&json!([1])).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(error.to_string().contains(note), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = redirecting(307, "/to").await;
    let body = Body::stream(stream::iter([Ok(Bytes::from("abc"))]), None);
    let error = server.client().put::<()>("/from").body(body, "text/plain").await.unwrap_err();
    assert!(error.to_string().contains("streamed"), "{error}");
    let server = redirecting(302, "ftp://elsewhere/x").await;
    let error = server.client().get::<()>("/from").await.unwrap_err();
    assert!(error.to_string().contains("not on the web"), "{error}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn stops_going_in_circles() {
    let server = redirecting(302, "/from").await;
    let error = server.client().get::<()>("/from").await.unwrap_err();
    assert_eq!(error.status(), Some(302));
    assert!(error.to_string().contains("too many"), "{error}");
    assert_eq!(server.seen().len(), 6);
}
