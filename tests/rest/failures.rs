//! What a failure says: every shape of error body, and none at all.

use qlik::{Error, HttpError};

use crate::server::{Server, respond};

async fn fail(status: u16, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Error {
    let server = Server::start(move |_| async move { respond(status, headers, body) }).await;
    let qlik = server.builder().retries(0).build().unwrap();
    qlik.get::<()>("/api/v1/items/x").query("secret", "hidden-value").await.unwrap_err()
}

fn http(error: &Error) -> &HttpError {
    match error {
        Error::Http(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn says_everything_that_the_server_said() {
    let body = r#"{"errors":[{"code":"APPS-7","title":"Not found","detail":"No app x","status":"404",
        "source":{"parameter":"appId"},"meta":{"hint":1}}],"traceId":"trace-1"}"#;
    let error = fail(404, &[("x-b3-traceid", "trace-2")], body).await;
    assert!(error.is_not_found() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "GET /api/v1/items/x: 404 Not Found: Not found: No app x [APPS-7] at appId (trace id trace-1)"
    );
    let error = http(&error);
    assert_eq!((error.method(), error.path()), ("GET", "/api/v1/items/x"));
    assert_eq!((error.status(), error.operation()), (404, None));
    assert_eq!(error.errors()[0].meta().unwrap()["hint"], 1);
    assert_eq!(error.body(), body.as_bytes());
}

#[tokio::test]
async fn reads_every_shape() {
    for (body, said) in [
        (r#"{"errors":[{"code":404,"title":"T"}]}"#, "T [404]"),
        (r#"{"errors":[{"code":"C","context":"X","inner":null,"result":"R","timestamp":"t","title":"T"}]}"#, "T [C]"),
        (r#"{"code":"C","detail":"D","title":"T"}"#, "T: D [C]"),
        (r#"{"meta":{},"source":{},"status":409,"title":"T","traceId":"t"}"#, "T"),
        (r#"{"errors":[{"argument":"a","code":"C","errorId":"e","issue":"I","title":"T"}]}"#, "T: I [C]"),
        (r#"{"error":"E","errors":[],"message":"M"}"#, "E: M"),
        (r#"{"errors":[{"code":"C","title":"T"}],"statusCode":409}"#, "T [C]"),
        (r#"{"errors":[{"message":"M"}]}"#, "M"),
        (r#"{"code":7,"message":"M"}"#, "M [7]"),
        (r#"{"hasErrors":true,"errors":[{"detail":"D"}]}"#, "D"),
        (r#"{"error":"invalid_grant","error_description":"too old"}"#, "invalid_grant: too old"),
        ("<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        ("upstream\n  timed out", "upstream timed out"),
        (r#""text""#, "text"),
        (r#"{"errors":"text"}"#, "text"),
        (r#"[{"title":"T"}]"#, "T"),
    ] {
        let error = fail(409, &[], body).await.to_string();
        let text = error.strip_prefix("GET /api/v1/items/x: 409 Conflict: ").unwrap_or_else(|| panic!("{error}"));
        assert_eq!(text.split(" (trace id").next(), Some(said), "{body}");
    }
    assert_eq!(fail(409, &[], "").await.to_string(), "GET /api/v1/items/x: 409 Conflict");
    assert_eq!(fail(599, &[], "{}").await.to_string(), "GET /api/v1/items/x: 599: {}");
}

#[tokio::test]
async fn takes_the_trace_id_from_where_it_is() {
    assert_eq!(fail(500, &[("X-B3-Traceid", "h")], "").await.trace_id(), Some("h"));
    assert_eq!(fail(500, &[], r#"{"traceId":"b"}"#).await.trace_id(), Some("b"));
    assert_eq!(fail(500, &[], "").await.trace_id(), None);
}

#[tokio::test]
async fn answers_what_programs_ask() {
    let error = fail(401, &[], "").await;
    assert!(error.is_auth() && !error.is_retryable());
    let error = fail(403, &[], "").await;
    assert!(!error.is_auth());
    let error = fail(429, &[("retry-after", "120")], "").await;
    assert!(error.is_rate_limited() && error.is_retryable());
    assert_eq!(http(&error).retry_after().unwrap().as_secs(), 120);
    let error = fail(503, &[], "").await;
    assert!(error.is_retryable() && !error.is_rate_limited() && !error.is_timeout());
    let error = fail(304, &[], "").await;
    assert_eq!(error.status(), Some(304));
}

#[tokio::test]
async fn shows_no_query() {
    let error = fail(400, &[], r#"{"errors":[{"title":"T"}]}"#).await;
    assert!(!format!("{error} {error:?}").contains("hidden-value"));
}

#[tokio::test]
async fn bodies_that_never_end_are_cut() {
    let long: &'static str = "word ".repeat(1 << 19).leak();
    let error = fail(400, &[], long).await;
    assert_eq!(http(&error).body().len(), 1 << 20);
    assert!(error.to_string().len() < 400);
}
