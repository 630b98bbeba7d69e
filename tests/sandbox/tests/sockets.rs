//! The sandbox over real sockets, as a client that knows only the protocols meets it.

mod common;

use common::{Engine, connect};
use qlik_sandbox::Sandbox;
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Error;

async fn get(sandbox: &Sandbox, url: &str) -> (u16, Json) {
    let url = if url.starts_with('/') { format!("{}{url}", sandbox.host()) } else { url.to_owned() };
    let answer = common::following().get(url).bearer_auth(sandbox.api_key()).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or(Json::Null))
}

#[tokio::test]
async fn rest_pages_and_engine_selects() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let (status, me) = get(&sandbox, "/api/v1/users/me").await;
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

    let mut engine = Engine::open(sandbox.addr(), sandbox.api_key(), id).await;
    let table = json!([{
        "qInfo": { "qType": "table" },
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
        },
    }]);
    assert_eq!(engine.call(1, "CreateSessionObject", table).await["qReturn"]["qHandle"], 2);
    let pages = json!(["/qHyperCubeDef", [{ "qWidth": 2, "qHeight": 100 }]]);
    let total = |result: &Json| -> f64 {
        let rows = result["qDataPages"][0]["qMatrix"].as_array().expect("rows");
        rows.iter().filter_map(|row| row[1]["qNum"].as_f64()).sum()
    };
    let all = total(&engine.call(2, "GetHyperCubeData", pages.clone()).await);
    assert_eq!(engine.call(1, "GetField", json!(["Region"])).await["qReturn"]["qHandle"], 3);
    assert_eq!(engine.reply(3, "Select", json!(["Nordics"])).await["change"], json!([1, 2]));
    let some = total(&engine.call(2, "GetHyperCubeData", pages).await);
    assert!(0.0 < some && some < all, "{some} of {all}");

    let gone = common::client().delete(format!("{}/api/v1/apps/{id}", sandbox.host()));
    assert_eq!(gone.bearer_auth(sandbox.api_key()).send().await.expect("an answer").status(), 200);
    assert_eq!(engine.next().await, json!({ "closed": 4004 }));
}

#[tokio::test]
async fn without_the_key_both_are_closed() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let answer = common::client().get(format!("{}/api/v1/items", sandbox.host())).send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    let traced = answer.headers().contains_key("x-b3-traceid");
    let body: Json = answer.json().await.expect("JSON");
    assert!(traced && body["traceId"].is_string() && body["errors"][0]["title"] == "Unauthorized", "{body}");
    match connect(&sandbox, "/app/engineData", &[("authorization", "Bearer wrong")]).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 401),
        other => panic!("{other:?}"),
    }
    let (status, body) = get(&sandbox, "/app/engineData").await;
    assert_eq!((status, &body["errors"][0]["title"]), (400, &json!("Invalid request")));
    assert_eq!(get(&sandbox, "/nothing").await.0, 404);
}
