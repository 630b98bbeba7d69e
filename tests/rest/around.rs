//! What a program puts around its calls: interceptors, hooks for metrics, notices of deprecation, connection settings.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::TryStreamExt;
use qlik::rest::{Download, Incoming, Intercepted, Interceptor, Next, Outgoing};
use qlik::{Auth, Qlik};
use serde_json::{Value, json};

use crate::server::{KEY, Server, respond};

/// Does what the request's header `X-Do` says.
#[derive(Debug)]
struct Doing(&'static str);

impl Interceptor for Doing {
    fn intercept<'a>(&'a self, mut request: Outgoing, next: Next<'a>) -> Intercepted<'a> {
        Box::pin(async move {
            assert_eq!(request.header("authorization"), None);
            let trail = format!("{}{}", request.header("x-trail").unwrap_or_default(), self.0);
            request.set_header("X-Trail", trail);
            match request.header("x-do").unwrap_or_default() {
                "answer" => Ok(Incoming::new(200, r#"{"own":true}"#)),
                "refuse" => Ok(Incoming::new(403, r#"{"errors":[{"title":"not here"}]}"#)),
                "twice" => {
                    let again = request.try_clone().unwrap();
                    match next.run(request).await {
                        Ok(answer) => Ok(answer),
                        Err(_) => next.run(again).await,
                    }
                }
                "change" => {
                    request.add_query("added", "a b");
                    request.set_body(r#"{"changed":true}"#, "application/json");
                    let mut answer = next.run(request).await?;
                    let body = answer.body().unwrap().to_ascii_uppercase();
                    answer.set_body(body);
                    answer.set_header("X-Own", "mine");
                    Ok(answer)
                }
                "break" => {
                    request.set_header("Authorization", "mine");
                    next.run(request).await
                }
                _ => next.run(request).await,
            }
        })
    }
}

async fn intercepted(server: &Server) -> Qlik {
    server.builder().interceptor(Doing("a")).interceptor(Doing("b")).build().unwrap()
}

#[tokio::test]
async fn interceptors_see_and_change() {
    let server = Server::always(r#"{"n":"x"}"#).await;
    let qlik = intercepted(&server).await;
    let call = qlik.post::<Value>("/x").query("q", 1).json(&json!({})).header("X-Do", "change");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.header("x-own"), Some("mine"));
    assert_eq!(answer.value(), &json!({"N": "X"}));
    let seen = server.only();
    assert_eq!(seen.line(), "POST /x?q=1&added=a%20b&added=a%20b");
    assert_eq!((seen.text(), seen.header("x-trail")), (r#"{"changed":true}"#, "ab"));
    assert!(seen.is_signed());
}

#[tokio::test]
async fn interceptors_answer_by_themselves() {
    let server = Server::always("{}").await;
    let qlik = intercepted(&server).await;
    let own: Value = qlik.get("/x").header("X-Do", "answer").await.unwrap();
    assert_eq!(own, json!({"own": true}));
    let file: Download = qlik.get("/x").header("X-Do", "answer").await.unwrap();
    assert_eq!(file.content_length(), Some(12));
    assert_eq!(file.try_collect::<Vec<_>>().await.unwrap().concat(), br#"{"own":true}"#);
    let error = qlik.get::<Value>("/x").header("X-Do", "refuse").await.unwrap_err();
    assert_eq!(error.to_string(), "GET /x: 403 Forbidden: not here");
    assert!(server.seen().is_empty());
    let error = qlik.get::<Value>("/x").header("X-Do", "break").await.unwrap_err();
    assert!(error.to_string().contains("Auth"), "{error}");
}

#[tokio::test]
async fn interceptors_try_again() {
    let server = Server::failing(1, 404, &[]).await;
    let qlik = server.builder().interceptor(Doing("")).build().unwrap();
    let _: Value = qlik.get("/x").header("X-Do", "twice").await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn every_attempt_is_told() {
    let server = Server::failing(1, 503, &[]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = told.clone();
    let qlik = server
        .builder()
        .on_attempt(move |attempt| {
            assert!(attempt.elapsed() > Duration::ZERO);
            let name = attempt.operation().map(|operation| operation.name());
            let failed = attempt.error().is_some();
            let line = (name, attempt.number(), attempt.status(), failed, attempt.is_repeated());
            list.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    qlik.items().get_items().await.unwrap();
    let name = Some("getItems");
    assert_eq!(*told.lock().unwrap(), [(name, 1, Some(503), true, true), (name, 2, Some(200), false, false)]);

    let list = told.clone();
    let nobody = Qlik::builder("http://127.0.0.1:1").auth(Auth::api_key(KEY)).on_attempt(move |attempt| {
        let line = (None, attempt.number(), attempt.status(), attempt.error().is_some(), attempt.is_repeated());
        list.lock().unwrap().push(line);
    });
    assert!(nobody.build().unwrap().post::<Value>("/x").await.is_err());
    assert_eq!(told.lock().unwrap()[2], (None, 1, None, true, true));
}

#[tokio::test]
async fn a_deprecation_is_told_once_for_each_operation() {
    let server = Server::start(|seen| async move {
        let headers = [
            ("deprecation", "@86400"),
            ("sunset", "Sat, 03 Jan 1970 00:00:00 GMT"),
            ("link", "<https://x>; rel=\"sunset\""),
        ];
        respond(if seen.path.ends_with("failing") { 404 } else { 200 }, &headers, r#"{"data":[]}"#)
    })
    .await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = told.clone();
    let qlik =
        server.builder().on_deprecation(move |notice| list.lock().unwrap().push(notice.clone())).build().unwrap();
    for _ in 0..3 {
        qlik.items().get_items().await.unwrap();
        qlik.clone().get::<Value>("/failing").await.unwrap_err();
    }
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].operation().unwrap().name(), "getItems");
    let day = |days: u64| Some(UNIX_EPOCH + Duration::from_secs(days * 86400));
    assert_eq!((told[0].since(), told[0].sunset()), (day(1), day(2)));
    assert!(told[0].link().unwrap().contains("https://x"));
    assert_eq!((told[1].method(), told[1].path()), ("GET", "/failing"));
    assert!(told[0].sunset().unwrap() < SystemTime::now());
}

#[tokio::test]
async fn the_edition_of_the_apis_is_sent() {
    let server = Server::always("{}").await;
    let qlik = server.builder().api_version("2026-05").build().unwrap();
    let _: Value = qlik.get("/x").await.unwrap();
    let _: Value = qlik.get("/x").header("Qlik-API-Version", "2026-02").await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[0].header("qlik-api-version"), seen[1].header("qlik-api-version")), ("2026-05", "2026-02"));
    for odd in ["", "2026", "26-5", "2026-05\n", "latest"] {
        let error = server.builder().api_version(odd).build().unwrap_err();
        assert!(error.to_string().contains("2026-05"), "{error}");
    }
}

#[tokio::test]
async fn connections_are_set_up_as_asked() {
    let server = Server::always("{}").await;
    // A proxy gets the whole address of what is asked for.
    let qlik = Qlik::builder("http://tenant.example")
        .auth(Auth::api_key(KEY))
        .proxy(server.host.as_str())
        .http1_only()
        .idle_connections(1)
        .idle_timeout(Duration::from_secs(1))
        .no_compression()
        .build()
        .unwrap();
    let _: Value = qlik.get("/x").await.unwrap();
    let seen = server.only();
    assert_eq!((seen.header("host"), seen.header("accept-encoding")), ("tenant.example", ""));

    let secret = "http://me:hunter2@[broken";
    let builder = Qlik::builder("http://t.example").auth(Auth::api_key(KEY)).proxy(secret);
    assert!(!format!("{builder:?}").contains("hunter2"));
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains("proxy") && !format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn root_certificates_are_read_or_refused() {
    let refused = |pem: &str| {
        let builder = Qlik::builder("https://t.example").auth(Auth::api_key(KEY));
        builder.root_certificates(pem).build().unwrap_err().to_string()
    };
    assert!(refused("not a certificate").contains("PEM"));
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert!(refused(broken).contains("cannot be read"), "{}", refused(broken));
}

#[tokio::test]
async fn silence_has_a_limit_of_its_own() {
    let server = Server::start(|_| async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        ""
    })
    .await;
    let qlik = server.builder().read_timeout(Duration::from_millis(200)).retries(0).build().unwrap();
    let error = qlik.get::<Value>("/x").await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains("200ms"), "{error}");
}
