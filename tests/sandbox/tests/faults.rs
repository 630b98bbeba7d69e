//! Misbehaviour on command, as a client meets it.

mod common;

use std::time::{Duration, Instant};

use common::{client, connect, me, next, send};
use futures_util::SinkExt;
use qlik_sandbox::{Fault, Harm, Sandbox};
use reqwest::header::HeaderValue;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn answers_fail_in_every_way() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let items = format!("{}/api/v1/items", sandbox.host());
    let get = || client().get(&items).bearer_auth(sandbox.api_key());
    let once = |harm: Harm| sandbox.faults().add(Fault::new("/api/v1/items*", harm).method("GET").times(1));

    once(Harm::Status(503));
    let (status, body) = send(get()).await;
    assert_eq!((status, &body["errors"][0]["title"]), (503, &json!("Service Unavailable")));
    once(Harm::TooMany(13));
    let answer = get().send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &HeaderValue::from_static("13")));
    let body: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["code"], "HTTP-429");
    once(Harm::Html(502));
    let answer = get().send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert!(answer.text().await.expect("a page").starts_with("<html>"));
    once(Harm::Cut(100));
    let answer = get().send().await.expect("the head of an answer");
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    once(Harm::Drop);
    assert!(get().send().await.is_err());
    once(Harm::HalfOpen);
    assert!(tokio::time::timeout(Duration::from_millis(200), get().send()).await.is_err());
    once(Harm::Delay(Duration::from_millis(120)));
    let begin = Instant::now();
    assert_eq!(send(get()).await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(120));
    once(Harm::Bandwidth(50_000));
    let begin = Instant::now();
    let length = get().send().await.expect("an answer").bytes().await.expect("a body").len();
    assert!(begin.elapsed() > Duration::from_secs_f64(length as f64 / 60_000.0), "{length} in {:?}", begin.elapsed());
    once(Harm::Clock(Duration::from_secs(3_600)));
    let before = sandbox.clock().now();
    assert_eq!(send(get()).await.0, 200);
    assert!(sandbox.clock().now() > before + Duration::from_secs(3_599));
    assert_eq!(send(get()).await.0, 200, "all is well again");
    let seen = sandbox.seen();
    assert!(seen.iter().all(|seen| seen.method == "GET" && seen.credentials.len() == 1));
    assert_eq!(seen[0].status, 503);
}

#[tokio::test]
async fn revoked_in_the_middle() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let body = common::asked(&sandbox, "client_credentials", json!({}));
    let made = common::token(&sandbox, &body).await.1;
    let token = made["access_token"].as_str().expect("a token");
    sandbox.faults().add("/api/v1/users/* revoke +1 x1".parse().expect("a fault"));
    assert_eq!(me(&sandbox, token).await, 301);
    assert_eq!(me(&sandbox, token).await, 401);
}

#[tokio::test]
async fn frames_of_the_engine() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let bearer = format!("Bearer {}", sandbox.api_key());
    let open = async || connect(&sandbox, "/app/engineData", &[("authorization", &*bearer)]).await;
    let call = |id: i64, method: &str| {
        Message::text(json!({ "jsonrpc": "2.0", "id": id, "handle": -1, "method": method, "params": [] }).to_string())
    };
    let fault = |text: &str| sandbox.faults().add(text.parse().expect("a fault"));

    let mut socket = open().await.expect("open");
    assert_eq!(next(&mut socket).await["method"], "OnConnected");
    fault("EngineVersion /app/* reorder x1");
    socket.send(call(1, "EngineVersion")).await.expect("sent");
    socket.send(call(2, "GetDocList")).await.expect("sent");
    assert_eq!([next(&mut socket).await["id"].clone(), next(&mut socket).await["id"].clone()], [json!(2), json!(1)]);
    fault("EngineVersion /app/* html=502 x1");
    socket.send(call(3, "EngineVersion")).await.expect("sent");
    assert!(next(&mut socket).await["raw"].as_str().is_some_and(|raw| raw.starts_with("<html>")));
    fault("EngineVersion /app/* cut=20 x1");
    socket.send(call(4, "EngineVersion")).await.expect("sent");
    assert_eq!(next(&mut socket).await["raw"].as_str().map(str::len), Some(20));
    fault("EngineVersion /app/* half-open x1");
    socket.send(call(5, "EngineVersion")).await.expect("sent");
    assert!(tokio::time::timeout(Duration::from_millis(100), next(&mut socket)).await.is_err());

    for code in [1001, 4000, 4001, 4003, 4004, 4201, 4205, 4240] {
        fault(&format!("EngineVersion /app/* close={code} x1"));
        let mut socket = open().await.expect("open");
        next(&mut socket).await;
        socket.send(call(1, "EngineVersion")).await.expect("sent");
        assert_eq!(next(&mut socket).await, json!({ "closed": code }));
    }
    fault("EngineVersion /app/* drop x1");
    let mut socket = open().await.expect("open");
    next(&mut socket).await;
    socket.send(call(1, "EngineVersion")).await.expect("sent");
    assert_eq!(next(&mut socket).await, json!("ended"));
    fault("GET /app/* status=503 x1");
    assert!(open().await.is_err());
    assert!(open().await.is_ok());
}
