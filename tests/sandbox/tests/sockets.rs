//! The sandbox over real sockets, as a client that knows only the protocols meets it.

mod common;

use std::time::Instant;

use futures_util::{SinkExt, StreamExt};
use qlik_sandbox::Sandbox;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(sandbox: &Sandbox, path: &str, key: &str) -> Result<Socket, Error> {
    let url = format!("ws://{}{path}", sandbox.addr());
    let mut request = url.into_client_request()?;
    let bearer = format!("Bearer {key}").parse().expect("a header value");
    request.headers_mut().insert("authorization", bearer);
    Ok(connect_async(request).await?.0)
}

async fn next(socket: &mut Socket) -> Json {
    loop {
        match socket.next().await.expect("a message").expect("no error") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Close(frame) => return json!({ "closed": frame.map(|frame| u16::from(frame.code)) }),
            _ => {}
        }
    }
}

async fn call(socket: &mut Socket, handle: i64, method: &str, params: Json) -> Json {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "handle": handle, "method": method, "params": params });
    socket.send(Message::text(request.to_string())).await.expect("sent");
    next(socket).await
}

async fn get(sandbox: &Sandbox, url: &str) -> (u16, Json) {
    let url = if url.starts_with('/') { format!("{}{url}", sandbox.host()) } else { url.to_owned() };
    let answer = common::following().get(url).bearer_auth(sandbox.api_key()).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or(Json::Null))
}

#[tokio::test]
async fn rest_pages_and_engine_selects() {
    let begin = Instant::now();
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (status, me) = get(&sandbox, "/api/v1/users/me").await;
    println!("first answer after {:?}", begin.elapsed());
    assert_eq!((status, &me["name"]), (200, &json!("Sam Sandbox")));

    let mut url = "/api/v1/items?limit=5&resourceType=app".to_owned();
    let mut apps = Vec::new();
    loop {
        let (status, page) = get(&sandbox, &url).await;
        assert_eq!(status, 200);
        apps.extend(page["data"].as_array().expect("data").clone());
        match page["links"]["next"]["href"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(apps.len(), 14);
    let id = apps[0]["resourceId"].as_str().expect("an id");

    let mut socket =
        connect(&sandbox, &format!("/app/{id}/identity/me/ttl/0?x=1"), sandbox.api_key()).await.expect("open");
    let hello = json!({ "jsonrpc": "2.0", "method": "OnConnected", "params": { "qSessionState": "SESSION_CREATED" } });
    assert_eq!(next(&mut socket).await, hello);
    let doc = call(&mut socket, -1, "OpenDoc", json!([id])).await;
    assert_eq!(doc["result"]["qReturn"]["qHandle"], 1);
    let table = json!([{
        "qInfo": { "qType": "table" },
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
        },
    }]);
    assert_eq!(call(&mut socket, 1, "CreateSessionObject", table).await["result"]["qReturn"]["qHandle"], 2);
    let pages = json!(["/qHyperCubeDef", [{ "qWidth": 2, "qHeight": 100 }]]);
    let total = |reply: &Json| -> f64 {
        let rows = reply["result"]["qDataPages"][0]["qMatrix"].as_array().expect("rows");
        rows.iter().filter_map(|row| row[1]["qNum"].as_f64()).sum()
    };
    let all = total(&call(&mut socket, 2, "GetHyperCubeData", pages.clone()).await);
    let field = call(&mut socket, 1, "GetField", json!(["Region"])).await;
    assert_eq!(field["result"]["qReturn"]["qHandle"], 3);
    let selected = call(&mut socket, 3, "Select", json!(["Nordics"])).await;
    assert_eq!(selected["change"], json!([1, 2]));
    let some = total(&call(&mut socket, 2, "GetHyperCubeData", pages).await);
    assert!(0.0 < some && some < all, "{some} of {all}");

    let gone = common::client().delete(format!("{}/api/v1/apps/{id}", sandbox.host()));
    assert_eq!(gone.bearer_auth(sandbox.api_key()).send().await.expect("an answer").status(), 200);
    assert_eq!(next(&mut socket).await, json!({ "closed": 4004 }));
}

#[tokio::test]
async fn without_the_key_both_are_closed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = common::client().get(format!("{}/api/v1/items", sandbox.host())).send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    let traced = answer.headers().contains_key("x-b3-traceid");
    let body: Json = answer.json().await.expect("JSON");
    assert!(traced && body["traceId"].is_string() && body["errors"][0]["title"] == "Unauthorized", "{body}");
    match connect(&sandbox, "/app/engineData", "wrong").await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 401),
        other => panic!("{other:?}"),
    }
    let (status, body) = get(&sandbox, "/app/engineData").await;
    assert_eq!((status, &body["errors"][0]["title"]), (400, &json!("Invalid request")));
    assert_eq!(get(&sandbox, "/nothing").await.0, 404);
}

#[tokio::test]
async fn a_dropped_sandbox_leaves_nothing() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let addr = sandbox.addr();
    let mut socket = connect(&sandbox, "/app/engineData", sandbox.api_key()).await.expect("open");
    next(&mut socket).await;
    drop(sandbox);
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    drop(socket);
    Sandbox::builder().listen(addr).start().await.expect("the port is free again");
}

#[tokio::test]
async fn many_side_by_side() {
    let begin = Instant::now();
    let mut sandboxes = Vec::new();
    for _ in 0..100 {
        sandboxes.push(Sandbox::start().await.expect("a sandbox"));
    }
    for sandbox in &sandboxes {
        assert_eq!(get(sandbox, "/api/v1/users/actions/count").await, (200, json!({ "total": 4 })));
    }
    println!("100 sandboxes in {:?}", begin.elapsed());
}
