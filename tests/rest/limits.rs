//! Time limits, calls that are given up, and clients that are shared.

use std::io;
use std::time::{Duration, Instant};

use axum::body::{Body as Answer, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use qlik::rest::{Api, Body, Call, Download, ItemStream, Pending};
use qlik::{Error, Qlik};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::server::{Server, respond};

const SHORT: Duration = Duration::from_millis(300);

/// Chunks with a pause before each.
fn slow<E: Send + 'static>(count: usize, pause: Duration) -> impl futures::Stream<Item = Result<Bytes, E>> + Send {
    stream::iter(0..count).then(move |_| async move {
        sleep(pause).await;
        Ok(Bytes::from("x"))
    })
}

async fn mute() -> Server {
    Server::start(|_| async {
        sleep(Duration::from_secs(60)).await;
        ""
    })
    .await
}

#[tokio::test]
async fn a_call_has_a_limit() {
    let server = mute().await;
    let qlik = server.builder().timeout(SHORT).build().unwrap();
    let start = Instant::now();
    let error = qlik.get::<Value>("/x").query("q", "hidden-value").await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable());
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(error.to_string(), "GET /x: no answer within 300ms");

    let qlik = server.client();
    assert!(qlik.get::<Value>("/x").timeout(SHORT).await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn the_limit_covers_the_body_and_the_retries() {
    let server =
        Server::start(|_| async { Answer::from_stream(slow::<io::Error>(100, Duration::from_millis(50))) }).await;
    assert!(server.client().get::<Value>("/x").timeout(SHORT).await.unwrap_err().is_timeout());

    let server = Server::failing(100, 503, &[]).await;
    let qlik = server.builder().retries(1000).timeout(Duration::from_secs(1)).build().unwrap();
    let start = Instant::now();
    let error = qlik.get::<Value>("/x").await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn downloads_may_last_but_not_stall() {
    let server =
        Server::start(|_| async { Answer::from_stream(slow::<io::Error>(12, Duration::from_millis(50))) }).await;
    let file: Download = server.client().get("/x").timeout(SHORT).await.unwrap();
    assert_eq!(file.bytes().await.unwrap().len(), 12);

    let server = Server::start(|_| async {
        let pieces = stream::iter([Ok::<_, io::Error>(Bytes::from("x"))]).chain(stream::pending());
        Answer::from_stream(pieces)
    })
    .await;
    let mut file: Download = server.client().get("/x").timeout(SHORT).await.unwrap();
    assert!(file.next().await.unwrap().is_ok());
    assert!(file.next().await.unwrap().unwrap_err().is_timeout());
    assert!(file.next().await.is_none());
}

#[tokio::test]
async fn uploads_may_last_but_not_stall() {
    let server = Server::always("").await;
    let qlik = server.builder().timeout(SHORT).build().unwrap();
    let body = Body::stream(slow(12, Duration::from_millis(50)), None);
    let () = qlik.put("/x").body(body, "text/plain").await.unwrap();
    assert_eq!(server.only().body.len(), 12);

    let body = Body::stream(slow(2, Duration::from_secs(60)), None);
    let error = qlik.put::<()>("/x").body(body, "text/plain").await.unwrap_err();
    assert!(error.is_timeout());

    // A limit of the call's own is for the whole.
    let body = Body::stream(slow(60, Duration::from_millis(50)), None);
    let error = qlik.put::<()>("/x").body(body, "text/plain").timeout(SHORT).await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_download_that_breaks_off_says_so() {
    let server = Server::start(|_| async {
        let pieces =
            slow(1, Duration::ZERO).chain(slow(1, SHORT).map(|_: io::Result<Bytes>| Err(io::Error::other("gone"))));
        respond(200, &[], Answer::from_stream(pieces))
    })
    .await;
    let file: Download = server.client().get("/x").await.unwrap();
    let error = file.try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_that_fails_to_be_read_is_an_error() {
    let server = Server::always("").await;
    let pieces = stream::iter([Ok(Bytes::from("x")), Err(io::Error::other("the disk is gone"))]);
    let body = Body::stream(pieces, None);
    let error = server.client().put::<()>("/x").body(body, "text/plain").await.unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
}

#[tokio::test]
async fn a_dropped_call_is_given_up_and_the_client_stays_good() {
    let server = Server::start(|seen| async move {
        if seen.path == "/slow" {
            sleep(Duration::from_secs(60)).await;
        }
        "{}"
    })
    .await;
    let qlik = server.client();
    for _ in 0..5 {
        let call = qlik.get::<Value>("/slow").into_future();
        assert!(timeout(Duration::from_millis(50), call).await.is_err());
    }
    // One that is never polled sends nothing.
    drop(qlik.get::<Value>("/never").into_future());
    let _: Value = qlik.get("/x").await.unwrap();
    assert!(!server.lines().contains(&"GET /never".to_owned()));
}

#[tokio::test]
async fn a_client_is_shared() {
    let server = Server::always("{}").await;
    let qlik = server.client();
    let calls = (0..20).map(|number| {
        let qlik = qlik.clone();
        tokio::spawn(async move { qlik.get::<Value>("/x").query("n", number).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.seen().len(), 20);
}

#[test]
fn everything_can_go_to_another_thread() {
    fn send<T: Send>() {}
    fn share<T: Send + Sync + Clone + std::fmt::Debug>() {}
    share::<Qlik>();
    share::<Api>();
    send::<Call<Value>>();
    send::<Pending<Value>>();
    send::<ItemStream<Value>>();
    send::<Download>();
    send::<Body>();
    send::<Error>();
}
