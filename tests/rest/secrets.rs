//! Nothing that is printed holds a secret, and a client says what is wrong with its settings.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qlik::rest::{Body, FilePart};
use qlik::{Auth, Error, Qlik};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::server::{KEY, Server, respond};

#[tokio::test]
async fn nothing_prints_a_secret() {
    let server = Server::start(|_| async { respond(401, &[], r#"{"errors":[{"title":"no"}]}"#) }).await;
    let qlik = server.client();
    let call = qlik
        .post::<Value>("/x")
        .query("token", "hidden-value")
        .header("x-own", "hidden-value")
        .json(&json!({"client_secret": "hidden-value"}));
    let error = qlik.get::<Value>("/x").query("token", "hidden-value").await.unwrap_err();
    let builder = server.builder();
    let pasted = Qlik::builder("https://me:hunter2@server");
    let printed = format!(
        "{qlik:?} {call:?} {error:?} {error} {builder:?} {pasted:?} {:?} {:?} {:?}",
        Auth::api_key(KEY),
        Body::from("hidden-value"),
        FilePart::new("x", "hidden-value"),
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(!printed.contains("hidden-value"), "{printed}");
    assert!(error.is_auth());
}

/// What is traced, kept as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn traces_tell_what_happens_but_no_secret() {
    // With one dispatcher alone, whether an event is wanted is asked of the thread that meets it first, which may be
    // another test's.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let server = Server::failing(1, 503, &[]).await;
    {
        let _guard = tracing::subscriber::set_default(subscriber);
        let _: Value = server
            .client()
            .get("/api/v1/items")
            .query("token", "hidden-value")
            .header("x", "hidden-value")
            .await
            .unwrap();
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("qlik.call") && text.contains("path=\"/api/v1/items\""), "{text}");
    assert!(text.contains("trying again") && text.contains("status=200 attempts=2"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("hidden-value"), "{text}");
}

#[test]
fn settings_that_cannot_work_are_found_at_once() {
    let build = |host: &str, key: &str| Qlik::builder(host).auth(Auth::api_key(key)).build();
    for (result, part) in [
        (build("", KEY), "host"),
        (build("ftp://x", KEY), "https://"),
        (build("http://t.eu.qlikcloud.com", KEY), "https only"),
        (build("http://server", ""), "API key is empty"),
        (build("http://server", "a\nb"), "API key"),
        (Qlik::builder("http://server").build(), "no way of signing in"),
        (Qlik::builder("http://server").auth(Auth::api_key(KEY)).user_agent("a\nb").build(), "user agent"),
    ] {
        let error = result.unwrap_err();
        assert_eq!(matches!(error, Error::Config(_)), !error.is_auth(), "{error:?}");
        assert_eq!(error.is_auth(), error.to_string().contains("API key"), "{error:?}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let qlik = Qlik::builder("http://Server:8443/hub/")
        .auth(Auth::api_key(KEY))
        .timeout(Duration::MAX)
        .connect_timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    assert_eq!(qlik.host().as_str(), "http://server:8443");
    assert_eq!((qlik.host().name(), qlik.host().is_secure()), ("server", false));
}

#[tokio::test]
async fn no_limit_is_a_limit_too() {
    let server = Server::always("{}").await;
    let qlik = server.builder().timeout(Duration::MAX).build().unwrap();
    let _: Value = qlik.get("/x").await.unwrap();
    let body = Body::stream(futures::stream::iter([Ok("x".into())]), None);
    let () = qlik.put("/x").body(body, "text/plain").await.unwrap();
}
