//! What is read: JSON, nothing, places, downloads.

use axum::body::{Body, Bytes};
use futures::{StreamExt, TryStreamExt, stream};
use qlik::Error;
use qlik::rest::{Download, Located};
use serde_json::{Value, json};

use crate::server::{Server, respond};

#[tokio::test]
async fn reads_json() {
    let server = Server::always(r#"{"name":"x","extra":[1,2]}"#).await;
    let value: Value = server.client().get("/x").await.unwrap();
    assert_eq!(value, json!({"name": "x", "extra": [1, 2]}));
    let list = Server::always("[1,2,3]").await;
    let numbers: Vec<i64> = list.client().get("/x").await.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn an_empty_body_is_null() {
    for status in [200, 201, 202, 204, 207] {
        let server = Server::start(move |_| async move { respond(status, &[], "") }).await;
        let qlik = server.client();
        let none: Option<String> = qlik.get("/x").await.unwrap();
        assert_eq!(none, None);
        let null: Value = qlik.get("/x").await.unwrap();
        assert_eq!(null, Value::Null);
        let () = qlik.get("/x").await.unwrap();
        let error = qlik.get::<String>("/x").await.unwrap_err();
        assert!(matches!(error, Error::Decode(_)));
        assert!(error.to_string().contains("GET /x") && error.to_string().contains("no body"), "{error}");
    }
}

#[tokio::test]
async fn decode_errors_say_where_and_what_it_was() {
    let server = Server::always(r#"{"a":[1,{"b":"#).await;
    let error = server.client().get::<Value>("/x").query("token", "hidden-value").await.unwrap_err();
    let Error::Decode(decode) = &error else { panic!("{error:?}") };
    assert_eq!((decode.context(), decode.body()), ("GET /x", r#"{"a":[1,{"b":"#.as_bytes()));
    assert!(!error.to_string().contains("hidden-value"));

    let html =
        Server::start(|_| async { respond(200, &[("content-type", "text/html; charset=utf-8")], "<html>") }).await;
    let error = html.client().get::<Value>("/x").await.unwrap_err();
    assert!(error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn places_are_read() {
    let server = Server::start(|_| async { respond(201, &[("location", "/v1/temp-contents/abc?x=1")], "") }).await;
    let located: Located = server.client().post("/api/v1/temp-contents").await.unwrap();
    assert_eq!(located.status(), 201);
    assert_eq!(located.location(), Some("/v1/temp-contents/abc?x=1"));
    assert_eq!(located.id(), Some("abc"));
}

#[tokio::test]
async fn responses_keep_status_and_headers() {
    let headers = &[("etag", "\"7\""), ("x-b3-traceid", "t1"), ("location", "/y"), ("X-Own", "z")];
    let server = Server::start(|_| async { respond(207, headers, "{}") }).await;
    let response = server.client().get::<Value>("/x").send().await.unwrap();
    assert_eq!(response.status(), 207);
    assert_eq!(response.etag(), Some("\"7\""));
    assert_eq!(response.location(), Some("/y"));
    assert_eq!(response.trace_id().as_deref(), Some("t1"));
    assert_eq!(response.header("x-OWN"), Some("z"));
    assert_eq!(response.header("absent"), None);
    assert!(response.headers().any(|pair| pair == ("x-own", "z")));
    assert_eq!(response.value(), &json!({}));
    assert_eq!(response.into_value(), json!({}));
}

#[tokio::test]
async fn downloads_come_in_pieces() {
    let headers = &[("content-type", "text/csv"), ("content-disposition", "attachment; filename=\"a b.csv\"")];
    let server = Server::start(|_| async {
        let pieces = stream::iter(["a,", "b,", "c"]).map(|text| Ok::<_, std::io::Error>(Bytes::from(text)));
        respond(200, headers, Body::from_stream(pieces))
    })
    .await;
    let qlik = server.client();
    let file: Download = qlik.get("/x").await.unwrap();
    assert_eq!(file.status(), 200);
    assert_eq!(file.content_type(), Some("text/csv"));
    assert_eq!(file.content_length(), None);
    assert_eq!(file.file_name().as_deref(), Some("a b.csv"));
    let pieces: Vec<Bytes> = file.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"a,b,c");

    // Any call can be downloaded instead of read.
    let file = qlik.get::<Value>("/x").download().await.unwrap();
    assert_eq!(file.text().await.unwrap(), "a,b,c");
}

#[tokio::test]
async fn downloads_know_lengths_and_ranges() {
    let headers = &[("content-range", "bytes 2-4/9"), ("etag", "\"e\"")];
    let server = Server::start(|_| async { respond(206, headers, "\u{feff}abc") }).await;
    let file = server.client().get::<Download>("/x").header("Range", "bytes=2-4").await.unwrap();
    assert_eq!((file.status(), file.content_length()), (206, Some(6)));
    assert_eq!((file.content_range(), file.etag()), (Some("bytes 2-4/9"), Some("\"e\"")));
    assert_eq!(file.text().await.unwrap(), "abc");
    let file = server.client().get::<Download>("/x").await.unwrap();
    assert_eq!(file.bytes().await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_failed_download_is_an_error() {
    let server = Server::start(|_| async { respond(410, &[], r#"{"errors":[{"title":"Expired"}]}"#) }).await;
    let error = server.client().get::<Download>("/x").await.unwrap_err();
    assert_eq!(error.status(), Some(410));
    assert!(error.to_string().contains("Expired"));
}
