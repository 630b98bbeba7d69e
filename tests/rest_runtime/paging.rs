//! Lists in pages: how the links are followed, and where not.

use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::server::{Seen, Server, respond};

/// A server whose first page links to `next`, and whose other pages link nowhere.
async fn linking(next: Value) -> Server {
    Server::start(move |seen| {
        let page = match seen.number {
            0 => json!({"data": [1, 2], "links": {"next": next.clone()}}),
            _ => json!({"data": [3], "links": {"next": {"href": null}}}),
        };
        async move { respond(200, &[], page.to_string()) }
    })
    .await
}

async fn read(server: &Server) -> qlik::Result<Vec<Value>> {
    server.client().get::<Value>("/api/v1/items").query("limit", 2).stream().try_collect().await
}

#[tokio::test]
async fn follows_links_on_its_own_host_only() {
    let foreign = Server::always("{}").await;
    for href in [
        "/api/v1/items?limit=2&next=b%20c".to_owned(),
        "items?limit=2&next=b%20c".to_owned(),
        "?limit=2&next=b%20c".to_owned(),
        format!("{}/api/v1/items?limit=2&next=b%20c", foreign.host),
        "https://tenant.example:443/api/v1/items?limit=2&next=b%20c".to_owned(),
        "http://me:password@tenant.example/api/v1/items?limit=2&next=b%20c#x".to_owned(),
        "//tenant.example/api/v1/items?limit=2&next=b%20c".to_owned(),
    ] {
        let server = linking(json!({"href": href})).await;
        assert_eq!(read(&server).await.unwrap(), [1, 2, 3], "{href}");
        assert_eq!(server.lines(), ["GET /api/v1/items?limit=2", "GET /api/v1/items?limit=2&next=b%20c"], "{href}");
        assert!(server.seen().iter().all(Seen::is_signed));
    }
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn ends_where_there_is_no_link() {
    for next in [json!(null), json!({}), json!({"href": null}), json!({"href": ""}), json!({"href": "  "}), json!("")] {
        let server = linking(next.clone()).await;
        assert_eq!(read(&server).await.unwrap(), [1, 2], "{next}");
    }
    let server = Server::always(r#"{"data":[1]}"#).await;
    assert_eq!(read(&server).await.unwrap(), [1]);
}

#[tokio::test]
async fn reads_the_other_shapes_of_raw_lists() {
    for (body, items) in [
        (r#"{"scripts":[1,2],"links":{}}"#, 2),
        (r#"[1,2,3]"#, 3),
        (r#"{"data":[1],"other":[2,3]}"#, 1),
        (r#"{"data":null}"#, 0),
        (r#""text""#, 0),
    ] {
        let server = Server::always(body).await;
        assert_eq!(read(&server).await.unwrap().len(), items, "{body}");
    }
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => r#"{"data":[1],"links":{"Next":{"Href":"/x?page=2"}}}"#,
            _ => r#"{"data":[2]}"#,
        }
    })
    .await;
    assert_eq!(read(&server).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_page_that_leads_back_ends_with_an_error() {
    for (first, second) in [
        ("/api/v1/items?limit=2", "unused"),
        ("/api/v1/items?next=b", "/api/v1/items?next=b"),
        ("/api/v1/items?next=b", "https://elsewhere/api/v1/items?limit=2"),
    ] {
        let server = Server::start(move |seen| async move {
            let href = if seen.number == 0 { first } else { second };
            json!({"data": [seen.number], "links": {"next": {"href": href}}}).to_string()
        })
        .await;
        let mut stream = server.client().get::<Value>("/api/v1/items").query("limit", 2).stream();
        let mut results = Vec::new();
        while let Some(result) = stream.next().await {
            results.push(result);
            assert!(results.len() < 5);
        }
        let error = results.pop().unwrap().unwrap_err().to_string();
        assert!(error.contains("leads back"), "{error}");
    }
}

#[tokio::test]
async fn asks_for_pages_only_as_they_are_needed() {
    let server = linking(json!({"href": "/api/v1/items?next=b"})).await;
    let mut stream = server.client().get::<Value>("/api/v1/items").stream();
    assert!(server.seen().is_empty());
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(server.seen().len(), 1);
    stream.next().await.unwrap().unwrap();
    assert_eq!(server.seen().len(), 2);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn keeps_headers_and_bodies_from_page_to_page() {
    let server = linking(json!({"href": "/filter?next=b"})).await;
    let call = server.client().post::<Value>("/filter").json(&json!({"filter": "x"})).header("X-Own", "mine");
    let items: Vec<Value> = call.stream().try_collect().await.unwrap();
    assert_eq!(items.len(), 3);
    for seen in server.seen() {
        assert_eq!((seen.method.as_str(), seen.header("x-own")), ("POST", "mine"));
        assert_eq!(seen.text(), r#"{"filter":"x"}"#);
    }
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => respond(200, &[], r#"{"data":[1],"links":{"next":{"href":"/x?next=b"}}}"#),
            _ => respond(500, &[], ""),
        }
    })
    .await;
    let mut stream = server.client().get::<Value>("/x").stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err().status(), Some(500));
    assert!(stream.next().await.is_none());
    let error = server.client().get::<Value>("/x/{id}").stream().next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("no value for `id`"), "{error}");
}
