//! Types of the program's own, versions, patches, and answers in pieces.

use std::io;
use std::time::Duration;

use axum::body::{Body as Answer, Bytes};
use futures::{StreamExt, stream};
use qlik::rest::{Json, patch};
use serde_json::{Value, json};

use crate::server::{Server, respond};

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Thing {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u8>,
}

#[tokio::test]
async fn own_types_go_both_ways() {
    let server = Server::start(|seen| async move { respond(200, &[], seen.body) }).await;
    let qlik = server.client();
    let thing = Thing { name: "a".into(), size: None };
    let Json(same): Json<Thing> = qlik.post("/x").json_of(&thing).await.unwrap();
    assert_eq!(same, thing);
    assert_eq!(server.only().text(), r#"{"name":"a"}"#);
    let things = qlik.post::<Json<Vec<Thing>>>("/x").json(&json!([{"name": "b", "size": 300}])).await.unwrap_err();
    assert!(things.to_string().starts_with("POST /x: the answer does not read at `[0].size`"), "{things}");
    let Json(none): Json<Option<Thing>> = qlik.post("/x").await.unwrap();
    assert_eq!(none, None);
    let error = qlik.post::<Json<Value>>("/x").body("{} {}", "text/plain").await.unwrap_err();
    assert!(error.to_string().contains("trailing"), "{error}");
}

#[tokio::test]
async fn versions_are_asked_for() {
    let server = Server::start(|seen| async move {
        match (seen.header("if-match"), seen.header("if-none-match")) {
            ("\"1\"", _) => respond(412, &[], ""),
            (_, "\"1\"") => respond(304, &[], ""),
            _ => respond(200, &[("etag", "\"1\"")], "{}"),
        }
    })
    .await;
    let qlik = server.client();
    let version = qlik.get::<Value>("/x").send().await.unwrap().etag().unwrap().to_owned();
    assert_eq!(qlik.put::<()>("/x").if_match(&version).await.unwrap_err().status(), Some(412));
    assert_eq!(qlik.get::<Value>("/x").if_none_match(&version).await.unwrap_err().status(), Some(304));
}

#[test]
fn patches_are_made_of_typed_records() {
    use qlik::rest::spaces::types::Space;

    let before: Space = serde_json::from_value(json!({"id": "s", "name": "a", "type": "shared"})).unwrap();
    let mut after = before.clone();
    after.name = "b".into();
    let changes: Vec<Value> = patch::between(&before, &after).unwrap();
    assert_eq!(changes, [json!({"op": "replace", "path": "/name", "value": "b"})]);
}

#[tokio::test]
async fn answers_come_in_pieces() {
    let server = Server::start(|seen| async move {
        let parts: &[&str] = match seen.path.as_str() {
            "/events" => &["event: chunk\ndata: {\"out", "put\":\"a\"}\n\ndata: {\"output\":\"b\"}\n", "\n"],
            "/lines" => &["{\"output\":\"a\"}\n{\"output\":", "\"b\"}"],
            "/whole" => &["{\"output\":\"a\"", "}"],
            _ => &["{\"output\":\"a\"}", "<html>oops\n"],
        };
        let pieces = stream::iter(parts).then(|part| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<_, io::Error>(Bytes::from(*part))
        });
        Answer::from_stream(pieces)
    })
    .await;
    let qlik = server.client();
    for (path, count) in [("/events", 2), ("/lines", 2), ("/whole", 1)] {
        let mut chunks = qlik.post::<Value>(path).chunks();
        let mut outputs = Vec::new();
        while let Some(chunk) = chunks.next().await {
            outputs.push(chunk.unwrap()["output"].clone());
        }
        assert_eq!(outputs, ["a", "b"][..count], "{path}");
    }
    let mut odd = qlik.post::<Value>("/odd").chunks();
    assert!(odd.next().await.unwrap().is_ok());
    let error = odd.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("POST /odd: the answer does not read"), "{error}");
    assert!(odd.next().await.is_none());
}
