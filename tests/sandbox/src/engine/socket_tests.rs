//! Sockets of one session: calls that take long, are cancelled or overtaken, and what the other sockets hear.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::fault::EngineFault;
use super::hub::{Event, Hub, Key};
use super::socket::Port;
use crate::tenant::Tenant;

struct Client {
    port: Port,
    last: i64,
}

impl Client {
    fn attach(tenant: &Arc<Tenant>, path: &str) -> (Self, String) {
        let (key, ttl) = Key::read("me", path).expect("a path");
        let (seat, greeting) = Hub::attach(tenant, key, ttl);
        (Self { port: Port::new(seat), last: 0 }, greeting)
    }

    /// A client that has the first app open.
    fn opened(tenant: &Arc<Tenant>) -> Self {
        let mut client = Self::attach(tenant, "/app/x/identity/i/ttl/60").0;
        let app = tenant.state().apps[0].id.clone();
        client.now(-1, "OpenDoc", json!([app]));
        client
    }

    fn ask(&mut self, handle: i64, method: &str, params: Json, delta: bool) -> Option<Json> {
        self.last += 1;
        let request = json!({ "id": self.last, "handle": handle, "method": method, "params": params, "delta": delta });
        self.port.receive(&request.to_string()).map(|reply| serde_json::from_str(&reply).expect("JSON"))
    }

    fn now(&mut self, handle: i64, method: &str, params: Json) -> Json {
        self.ask(handle, method, params, false).expect("a reply at once")
    }

    /// The reply of the next slow call to end.
    async fn later(&mut self) -> Json {
        let done = self.port.jobs.join_next().await.expect("a call under way");
        let reply = self.port.end(done).expect("a reply");
        serde_json::from_str(&reply).expect("JSON")
    }
}

fn slow(method: &str, millis: u64) -> EngineFault {
    EngineFault::Slow { method: method.to_owned(), by: Duration::from_millis(millis), times: 1 }
}

fn chart() -> Json {
    json!([{ "qInfo": { "qType": "chart" }, "qHyperCubeDef": {
        "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] } }],
        "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
        "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 10 }],
    } }])
}

#[tokio::test]
async fn slow_calls_are_overtaken_cancelled_and_aborted() {
    let tenant = Arc::new(Tenant::seeded());
    let mut client = Client::opened(&tenant);
    client.now(1, "CreateSessionObject", chart());
    tenant.engine.fault(slow("GetLayout", 20));
    assert_eq!(client.ask(2, "GetLayout", json!([]), false), None);
    let slow_id = client.last;
    assert_eq!(client.now(-1, "IsPersonalMode", json!([]))["result"]["qReturn"], false);
    let reply = client.later().await;
    assert_eq!((&reply["id"], reply.get("error")), (&json!(slow_id), None));

    tenant.engine.fault(slow("GetLayout", 60_000));
    assert_eq!(client.ask(2, "GetLayout", json!([]), false), None);
    let slow_id = client.last;
    assert_eq!(client.now(-1, "CancelRequest", json!([slow_id]))["result"], json!({}));
    let reply = client.later().await;
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(slow_id), &json!(15)));

    tenant.engine.fault(slow("GetLayout", 60_000));
    assert_eq!(client.ask(2, "GetLayout", json!([]), false), None);
    client.now(2, "SelectHyperCubeValues", json!(["/qHyperCubeDef", 0, [0], false]));
    assert_eq!(client.later().await["error"]["code"], 15);

    tenant.engine.fault(EngineFault::Fail { method: "GetLayout".to_owned(), code: 15, times: 1 });
    assert_eq!(client.now(2, "GetLayout", json!([]))["error"]["message"], "Request aborted");
    assert_eq!(client.now(2, "GetLayout", json!([])).get("error"), None);
}

#[tokio::test]
async fn sockets_of_a_session_hear_of_each_others_changes() {
    let tenant = Arc::new(Tenant::seeded());
    let mut first = Client::opened(&tenant);
    first.now(1, "CreateSessionObject", chart());
    let (mut second, greeting) = Client::attach(&tenant, "/app/x/identity/i/ttl/60");
    assert_eq!(greeting, "SESSION_ATTACHED");
    let active = second.now(-1, "GetActiveDoc", json!([]));
    assert_eq!(active["result"]["qReturn"]["qHandle"], 1);
    second.now(2, "SelectHyperCubeValues", json!(["/qHyperCubeDef", 0, [0], false]));
    let event = first.port.seat.events.recv().await;
    assert!(matches!(event, Some(Event::Push { change, .. }) if change.contains(&1) && change.contains(&2)));
    drop((first, second));
    let (mut third, greeting) = Client::attach(&tenant, "/app/x/identity/i/ttl/60");
    assert_eq!(greeting, "SESSION_ATTACHED");
    let layout = third.now(2, "GetLayout", json!([]));
    assert_eq!(layout["result"]["qLayout"]["qHyperCube"]["qSize"]["qcy"], 1);
    tenant.engine.fault(EngineFault::Close { code: 4001, reason: "idle".to_owned() });
    assert!(matches!(third.port.seat.events.recv().await, Some(Event::Close(4001, _))));
    tenant.engine.fault(EngineFault::Greeting { state: "SESSION_ERROR_LIMIT_EXCEEDED".to_owned() });
    assert_eq!(Client::attach(&tenant, "/app/y").1, "SESSION_ERROR_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn reloads_tell_how_far_they_are() {
    let tenant = Arc::new(Tenant::seeded());
    let mut client = Client::opened(&tenant);
    tenant.engine.fault(slow("DoReloadEx", 70));
    assert_eq!(client.ask(1, "DoReloadEx", json!([]), false), None);
    let id = client.last;
    tokio::time::sleep(Duration::from_millis(25)).await;
    let progress = client.now(-1, "GetProgress", json!([0]))["result"]["qProgressData"].clone();
    assert_eq!((&progress["qStarted"], &progress["qFinished"]), (&json!(true), &json!(false)));
    let told = progress["qPersistentProgressMessages"].as_array().map_or(0, Vec::len);
    assert!((1..7).contains(&told), "{progress}");
    assert_eq!(client.later().await["result"]["qResult"]["qSuccess"], true);
    let rest = client.now(-1, "GetProgress", json!([id]))["result"]["qProgressData"].clone();
    assert_eq!(rest["qPersistentProgressMessages"].as_array().map_or(0, Vec::len), 7 - told);
    let drained = client.now(-1, "GetProgress", json!([id]))["result"]["qProgressData"].clone();
    assert_eq!(drained["qPersistentProgressMessages"], json!([]));
    assert_eq!(drained["qFinished"], true);

    tenant.engine.fault(EngineFault::FailReload { log: "Field not found - <Sails>".to_owned() });
    assert_eq!(client.now(1, "DoReload", json!([]))["result"]["qReturn"], false);
    let progress = client.now(-1, "GetProgress", json!([-1]))["result"]["qProgressData"].clone();
    assert_eq!(progress["qErrorData"][0]["qErrorString"], "Field not found - <Sails>");

    tenant.engine.fault(slow("DoReload", 60_000));
    assert_eq!(client.ask(1, "DoReload", json!([]), false), None);
    client.now(-1, "CancelReload", json!([]));
    assert_eq!(client.later().await["error"]["code"], 15);
}

#[tokio::test]
async fn deltas_belong_to_a_socket() {
    let tenant = Arc::new(Tenant::seeded());
    let mut client = Client::opened(&tenant);
    client.now(1, "CreateSessionObject", chart());
    let first = client.ask(2, "GetLayout", json!([]), true).expect("a reply");
    assert_eq!((&first["delta"], &first["result"]["qLayout"][0]["path"]), (&json!(true), &json!("/")));
    let again = client.ask(2, "GetLayout", json!([]), true).expect("a reply");
    assert_eq!(again["result"], json!({ "qLayout": [] }));
    let select = json!(["/qHyperCubeDef", 0, [0], false]);
    let plain = client.ask(2, "SelectHyperCubeValues", select, true).expect("a reply");
    assert_eq!((plain.get("delta"), &plain["result"]), (None, &json!({ "qSuccess": true })));
    let changed = client.ask(2, "GetLayout", json!([]), true).expect("a reply");
    assert!(changed["result"]["qLayout"].as_array().is_some_and(|patches| patches.len() > 1));
    let (mut other, _) = Client::attach(&tenant, "/app/x/identity/i/ttl/60");
    let whole = other.ask(2, "GetLayout", json!([]), true).expect("a reply");
    assert_eq!(whole["result"]["qLayout"][0]["op"], "add");
    let none = client.ask(1, "GetObject", json!(["nowhere"]), true).expect("a reply");
    assert_eq!(none["result"]["qReturn"][0]["value"], json!({ "qType": null, "qHandle": null }));
}
