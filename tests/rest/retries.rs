//! What is tried again, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use qlik::rest::{Body, Method};
use qlik::{Auth, Error, Qlik};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{KEY, Server};

#[tokio::test]
async fn waits_as_long_as_it_is_asked_to() {
    let server = Server::failing(1, 429, &[("retry-after", "1")]).await;
    let start = Instant::now();
    let () = server.client().get("/x").await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn repeats_what_can_be_repeated() {
    for (status, method, times) in [
        (429, Method::Get, 2),
        (429, Method::Post, 2),
        (429, Method::Patch, 2),
        (502, Method::Get, 2),
        (503, Method::Put, 2),
        (504, Method::Delete, 2),
        (503, Method::Post, 1),
        (503, Method::Patch, 1),
        (500, Method::Get, 2),
        (500, Method::Put, 1),
        (404, Method::Get, 1),
    ] {
        let server = Server::failing(1, status, &[]).await;
        let result: Result<(), Error> = server.client().request(method, "/x").await;
        assert_eq!(result.is_ok(), times == 2, "{method} {status}");
        assert_eq!(server.seen().len(), times, "{method} {status}");
    }
}

#[tokio::test]
async fn sends_the_same_body_again() {
    let server = Server::failing(1, 429, &[]).await;
    let () = server.client().post("/x").json(&json!({"a": 1})).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].text(), seen[1].text()), (r#"{"a":1}"#, r#"{"a":1}"#));

    let server = Server::failing(1, 429, &[]).await;
    let () = server.client().post("/x").part_text("a", "b").await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn sends_a_stream_once() {
    let server = Server::failing(1, 429, &[]).await;
    let body = Body::stream(stream::iter([Ok(Bytes::from("abc"))]), None);
    let error = server.client().put::<()>("/x").body(body, "text/plain").await.unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(server.only().text(), "abc");
}

#[tokio::test]
async fn gives_up_in_the_end() {
    let server = Server::failing(9, 503, &[("retry-after", "0")]).await;
    let error = server.client().get::<Value>("/x").await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(server.seen().len(), 3);

    let server = Server::failing(9, 503, &[("retry-after", "0")]).await;
    let qlik = server.builder().retries(0).build().unwrap();
    assert!(qlik.get::<Value>("/x").await.is_err());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn returns_at_once_when_waiting_is_no_use() {
    // Longer than anyone should wait unasked, and longer than the call may take.
    for (header, limit) in [("3600", 60), ("20", 5)] {
        let headers: &'static [(&str, &str)] = vec![("retry-after", header)].leak();
        let server = Server::failing(1, 429, headers).await;
        let start = Instant::now();
        let error = server.client().get::<()>("/x").timeout(Duration::from_secs(limit)).await.unwrap_err();
        assert!(error.is_rate_limited());
        assert!(start.elapsed() < Duration::from_secs(2));
        assert_eq!(server.seen().len(), 1);
    }
}

/// A server that hangs up on its first callers once they have sent something.
async fn hangs_up(times: usize) -> (Qlik, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = socket.read(&mut buffer).await;
            if counter.fetch_add(1, Ordering::SeqCst) >= times {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = socket.write_all(answer).await;
            }
        }
    });
    (Qlik::builder(host).auth(Auth::api_key(KEY)).build().unwrap(), calls)
}

#[tokio::test]
async fn a_broken_connection_is_repeated_only_where_it_does_no_harm() {
    let (qlik, calls) = hangs_up(1).await;
    let () = qlik.get("/x").await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);

    let (qlik, calls) = hangs_up(1).await;
    let error = qlik.post::<()>("/x").query("q", "hidden-value").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert!(error.is_retryable());
    assert!(!format!("{error} {error:?}").contains("hidden-value"), "{error:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut whole = false;
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = socket.read(&mut buffer).await;
            let body = if whole { "[1,2,3]" } else { "[1," };
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\n{body}");
            let _ = socket.write_all(answer.as_bytes()).await;
            whole = true;
        }
    });
    let qlik = Qlik::builder(host).auth(Auth::api_key(KEY)).build().unwrap();
    let numbers: Vec<i64> = qlik.get("/x").await.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_host_that_does_not_speak_tls_is_a_transport_error() {
    let server = Server::always("{}").await;
    let host = server.host.replace("http://", "https://");
    let qlik = Qlik::builder(host).auth(Auth::api_key(KEY)).retries(0).build().unwrap();
    let error = qlik.get::<Value>("/x").await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert!(server.seen().is_empty());
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn without_tls_a_host_that_wants_it_is_refused() {
    let error = Qlik::builder("https://server").auth(Auth::api_key(KEY)).build().unwrap_err();
    assert!(error.to_string().contains("feature `rustls`"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_a_transport_error_that_says_who() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let qlik = Qlik::builder(host.as_str()).auth(Auth::api_key(KEY)).retries(1).build().unwrap();
    let error = qlik.post::<()>("/x").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Transport(_)));
    assert!(text.contains(&host) && text.contains("POST /x"), "{text}");
}
