//! Lists in pages: how the links are followed, and where not.

use futures::TryStreamExt;
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
        (r#"{"scripts":[{},{}],"privileges":["a"]}"#, 2),
        (r#"{"tasks":[{},{}],"others":[{}]}"#, 0),
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
        let mut results: Vec<qlik::Result<Value>> = Vec::new();
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

/// A list of `items` numbers, three a page.
async fn counting(items: usize) -> Server {
    Server::start(move |seen| async move {
        let start: usize = seen.query.strip_prefix("from=").map_or(0, |from| from.parse().unwrap());
        let end = (start + 3).min(items);
        let data: Vec<Value> = (start..end).map(|number| json!({"id": number.to_string()})).collect();
        let next = (end < items).then(|| json!({"href": format!("/api/v1/items?from={end}")}));
        json!({"data": data, "links": {"next": next}, "end": end}).to_string()
    })
    .await
}

#[tokio::test]
async fn gives_the_pages_themselves() {
    let server = counting(7).await;
    let mut pages = server.client().get::<Value>("/api/v1/items").pages();
    let mut ends = Vec::new();
    while let Some(page) = pages.next().await {
        ends.push(page.unwrap()["end"].clone());
    }
    assert_eq!(ends, [3, 6, 7]);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn stops_at_the_maximum_and_asks_for_no_page_beyond() {
    for (most, pages) in [(0, 0), (1, 1), (3, 1), (4, 2), (7, 3), (99, 3)] {
        for prefetch in [false, true] {
            let server = counting(7).await;
            let stream = server.client().get::<Value>("/api/v1/items").stream().at_most(most);
            let stream = if prefetch { stream.prefetch() } else { stream };
            assert_eq!(stream.all().await.unwrap().len(), most.min(7));
            assert_eq!(server.seen().len(), pages, "{most} {prefetch}");
        }
    }
}

#[tokio::test]
async fn a_maximum_that_comes_late_ends_with_the_page() {
    let server = counting(7).await;
    let mut stream = server.client().get::<Value>("/api/v1/items").stream();
    stream.next().await.unwrap().unwrap();
    assert_eq!(stream.at_most(1).all().await.unwrap().len(), 2);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn reads_one_page_ahead_and_no_more() {
    let server = counting(30).await;
    let mut stream = server.client().get::<Value>("/api/v1/items").stream().prefetch();
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(server.seen().len(), 2);
    let rest = stream.all().await.unwrap();
    assert_eq!(rest.len(), 29);
    let ids: Vec<_> = rest.iter().map(|item| item["id"].as_str().unwrap().parse::<usize>().unwrap()).collect();
    assert_eq!(ids, (1..30).collect::<Vec<_>>());
    assert_eq!(server.seen().len(), 10);

    let mut pages = server.client().get::<Value>("/api/v1/items").pages().prefetch();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        page.unwrap();
        count += 1;
    }
    assert_eq!(count, 10);
}

#[tokio::test]
async fn typed_lists_page_alike() {
    let server = counting(7).await;
    let items = server.client().items();
    let first = items.get_items().limit(3).await.unwrap();
    assert_eq!((first.data.len(), first.links.next.is_some()), (3, true));
    assert_eq!(items.get_items().stream().all().await.unwrap().len(), 7);
    let mut pages = items.get_items().pages();
    assert_eq!(pages.next().await.unwrap().unwrap().data[0].id, "0");
    assert_eq!(pages.next().await.unwrap().unwrap().data[0].id, "3");
}

#[tokio::test]
async fn typed_lists_read_links_in_capitals() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => r#"{"data":[{"id":"a"}],"links":{"Next":{"Href":"/api/v1/items?page=2"}}}"#,
            _ => r#"{"data":[{"id":"b"}],"links":{"next":{"href":""}}}"#,
        }
    })
    .await;
    assert_eq!(server.client().items().get_items().stream().all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn lists_that_are_asked_for_by_post_page_too() {
    let server = Server::start(|seen| async move {
        match seen.number {
            0 => r#"{"data":[{"id":"a"}],"links":{"next":{"href":"/api/v1/users/actions/filter?next=b"}}}"#,
            _ => r#"{"data":[{"id":"b"}],"links":{}}"#,
        }
    })
    .await;
    let users = server.client().users().filter_users().limit(1.0).stream().all().await.unwrap();
    assert_eq!(users.len(), 2);
    assert_eq!(server.lines()[1], "POST /api/v1/users/actions/filter?next=b");
}
