//! What is sent: paths, queries, headers, and every kind of body.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use futures::stream;
use qlik::Error;
use qlik::rest::{Body, FilePart, Method};
use serde_json::{Value, json};

use crate::server::{KEY, Seen, Server};

async fn echo() -> Server {
    Server::always("{}").await
}

#[tokio::test]
async fn signs_and_names_itself() {
    let server = echo().await;
    let qlik = server.builder().user_agent("report/1.2").build().unwrap();
    let _: Value = qlik.get("/api/v1/items").await.unwrap();
    let seen = server.only();
    assert_eq!(seen.line(), "GET /api/v1/items");
    assert_eq!(seen.header("authorization"), format!("Bearer {KEY}"));
    assert!(seen.header("user-agent").starts_with("report/1.2 qlik-rust/"));
    assert!(seen.header("accept").starts_with("application/json"));
    assert_eq!(seen.header("content-type"), "");
    assert!(seen.body.is_empty());
}

#[tokio::test]
async fn encodes_paths_and_queries() {
    let server = echo().await;
    let qlik = server.client();
    let _: Value = qlik
        .get("/api/v1/apps/{appId}/media/files/{path}?fixed=1")
        .path("appId", "a/b?c#d%20\u{e4}{path}")
        .path_slashed("path", "my folder/x+y.png")
        .query("filter", "name eq \"A&B\" + 100%")
        .query("limit", 10)
        .query("all", true)
        .query_each("id", ["1", "2,3"])
        .query_joined("sort", ["+name", "-age"], ',')
        .query_joined("scope", ["a", "b c"], ' ')
        .query_joined("none", Vec::<String>::new(), ',')
        .await
        .unwrap();
    let seen = server.only();
    assert_eq!(seen.path, "/api/v1/apps/a%2Fb%3Fc%23d%2520%C3%A4%7Bpath%7D/media/files/my%20folder/x%2By.png");
    assert_eq!(
        seen.query,
        "fixed=1&filter=name%20eq%20%22A%26B%22%20%2B%20100%25&limit=10&all=true&id=1&id=2%2C3\
         &sort=%2Bname,-age&scope=a%20b%20c"
    );
}

#[tokio::test]
async fn raw_paths_take_every_method_and_form() {
    let server = echo().await;
    let qlik = server.client();
    let () = qlik.post("/a").await.unwrap();
    let () = qlik.put("b").await.unwrap();
    let () = qlik.patch("/c/ d\\e").await.unwrap();
    let () = qlik.delete(format!("{}/d?x=a%20b&y#z", server.host)).await.unwrap();
    let () = qlik.request(Method::Head, "//e").await.unwrap();
    let () = qlik.request(Method::Options, "").await.unwrap();
    let () = qlik.get("/next?u=https://elsewhere/").await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "POST /a",
            "PUT /b",
            "PATCH /c/%20d%5Ce",
            "DELETE /d?x=a%20b&y",
            "HEAD //e",
            "OPTIONS /",
            "GET /next?u=https://elsewhere/"
        ]
    );
    assert!(server.seen().iter().all(Seen::is_signed));
}

#[tokio::test]
async fn what_would_lead_elsewhere_is_not_sent() {
    let server = echo().await;
    let qlik = server.client();
    let item = || qlik.get::<()>("/api/v1/items/{id}");
    let file = || qlik.get::<()>("/media/{path}");
    for (call, part) in [
        (item().path("id", ""), "`id` is empty"),
        (item().path("id", "."), "`.`"),
        (item().path("id", ".."), "`..`"),
        (item(), "no value for `id`"),
        (item().path("id", "x").path("other", "y"), "no place for `other`"),
        (file().path_slashed("path", "a/../../b"), "`..`"),
        (file().path_slashed("path", "a//b"), "empty"),
        (file().path_slashed("path", "/a"), "empty"),
        (qlik.get("/api/../qps/user"), "goes up"),
        (qlik.get("/api/%2E%2e/qps"), "goes up"),
        (qlik.get("/api/.%2e"), "goes up"),
        (qlik.get("https://evil.example/x"), "another host"),
        (qlik.get(server.host.replace("127.0.0.1", "me@127.0.0.1")), "another host"),
        (item().path("id", "x").header("bad name", "x"), "name of a header"),
        (item().path("id", "x").header("x", "a\nb"), "`x`"),
        (item().path("id", "x").header("Authorization", "x"), "Auth"),
        (item().path("id", "x").header("content-type", "x"), "body"),
        (item().path("id", "x").body("x", "a\nb"), "content type"),
        (item().path("id", "x").part_file("f", FilePart::new("f", "x").content_type("nonsense")), "content type"),
        (item().path("id", "x").part_file("f", FilePart::new("a\r\nX-Own: b", "x")), "line break"),
        (item().path("id", "x").header("x", "caf\u{e9}"), "`x`"),
        (item().path("id", "x").form(&json!([1])), "form"),
    ] {
        let error = call.await.unwrap_err();
        assert!(matches!(error, Error::Config(_)), "{error:?}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn a_body_that_is_none_has_a_length() {
    let server = echo().await;
    let () = server.client().post("/x").await.unwrap();
    assert_eq!(server.only().header("content-length"), "0");
}

#[tokio::test]
async fn a_stream_has_to_be_as_long_as_it_says() {
    let server = echo().await;
    let qlik = server.client();
    for length in [5, 99] {
        let body = Body::stream(chunks(), Some(length));
        let error = qlik.put::<()>("/x").body(body, "text/plain").await.unwrap_err();
        assert!(error.to_string().contains(&format!("the {length} bytes it should have")), "{error}");
    }
}

#[tokio::test]
async fn folders_keep_their_last_slash() {
    let server = echo().await;
    let () = server.client().get("/media/{path}").path_slashed("path", "a/b/").await.unwrap();
    assert_eq!(server.only().path, "/media/a/b/");
}

#[tokio::test]
async fn headers_and_accept_are_sent() {
    let server = echo().await;
    let () = server.client().get("/x").header("If-Match", "\"7\"").accept("text/csv").await.unwrap();
    let seen = server.only();
    assert_eq!((seen.header("if-match"), seen.header("accept")), ("\"7\"", "text/csv"));
}

#[tokio::test]
async fn sends_json() {
    let server = echo().await;
    let qlik = server.client();
    let () = qlik.post("/a").json(&json!({"name": "\u{e4}", "off": false, "empty": []})).await.unwrap();
    let patch = json!([{"op": "replace", "path": "/name", "value": 1}]);
    let () = qlik.patch("/a").json_as("application/json-patch+json", &patch).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("content-type"), "application/json");
    assert_eq!(
        serde_json::from_slice::<Value>(&seen[0].body).unwrap(),
        json!({"name": "\u{e4}", "off": false, "empty": []})
    );
    assert_eq!(seen[1].header("content-type"), "application/json-patch+json");
    assert_eq!(seen[0].header("content-length"), seen[0].body.len().to_string());
}

#[tokio::test]
async fn sends_forms() {
    let server = echo().await;
    let form = json!({"grant_type": "a:b", "scope": "x y&z", "n": 1, "no": null, "list": ["1", "2"]});
    let () = server.client().post("/oauth/token").form(&form).await.unwrap();
    let seen = server.only();
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    let mut pairs: Vec<_> = seen.text().split('&').collect();
    pairs.sort_unstable();
    assert_eq!(pairs, ["grant_type=a%3Ab", "list=1", "list=2", "n=1", "scope=x+y%26z"]);
}

fn chunks() -> impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(["one,", "two,", "three"].map(|text| Ok(Bytes::from(text))))
}

#[tokio::test]
async fn sends_bytes_and_streams() {
    let server = echo().await;
    let qlik = server.client();
    let () = qlik.post("/a").body(vec![0_u8, 255], "application/octet-stream").await.unwrap();
    let () = qlik
        .patch("/files/{id}")
        .path("id", "x")
        .header("Upload-Offset", 0)
        .body(Body::stream(chunks(), Some(13)), "application/offset+octet-stream")
        .await
        .unwrap();
    let () = qlik.put("/b").body(Body::stream(chunks(), None), "text/plain").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].body.as_ref(), [0, 255]);
    assert_eq!(seen[1].header("content-type"), "application/offset+octet-stream");
    assert_eq!(seen[1].header("content-length"), "13");
    assert_eq!(seen[1].text(), "one,two,three");
    assert_eq!(seen[2].header("transfer-encoding"), "chunked");
    assert_eq!(seen[2].text(), "one,two,three");
}

/// The parts of a multipart body: headers (in lower case) and content, by name.
pub(crate) fn parts(seen: &Seen) -> BTreeMap<String, (String, String)> {
    let (kind, boundary) = seen.header("content-type").split_once("; boundary=").unwrap();
    assert_eq!(kind, "multipart/form-data");
    let text = seen.text();
    let mut found = BTreeMap::new();
    for part in text.split(&format!("--{boundary}")).skip(1).filter(|part| !part.starts_with("--")) {
        let (headers, content) = part.split_once("\r\n\r\n").unwrap();
        let headers = headers.trim().to_owned();
        let name = headers.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        found.insert(name, (headers.to_lowercase(), content.strip_suffix("\r\n").unwrap().to_owned()));
    }
    found
}

#[tokio::test]
async fn sends_parts() {
    let server = echo().await;
    let streamed = FilePart::new("s\u{e4}les.csv", Body::stream(chunks(), Some(13))).content_type("text/csv");
    let () = server
        .client()
        .post("/api/v1/data-files")
        .part_json("Json", &json!({"name": "x"}))
        .part_text("mode", 7)
        .part_file("File", streamed)
        .part_file("plain", "abc")
        .await
        .unwrap();
    let parts = parts(&server.only());
    assert_eq!(parts.len(), 4);
    assert!(parts["Json"].0.contains("content-type: application/json"));
    assert!(!parts["Json"].0.contains("filename"));
    assert_eq!(parts["Json"].1, r#"{"name":"x"}"#);
    assert_eq!(parts["mode"].1, "7");
    assert!(parts["File"].0.contains("content-type: text/csv"));
    // As browsers write it.
    assert!(parts["File"].0.contains("filename=\"s\u{e4}les.csv\""), "{}", parts["File"].0);
    assert_eq!(parts["File"].1, "one,two,three");
    assert!(parts["plain"].0.contains("filename=\"plain\""));
    assert!(parts["plain"].0.contains("content-type: application/octet-stream"));
}
