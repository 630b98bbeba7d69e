//! REST without a socket: state that holds together, paging, and refusals.

use serde_json::{Value as Json, json};

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};

use super::{Answer, Problem, Request, answer};
use crate::auth::Caller;
use crate::tenant::Tenant;

/// A request as the server would take it apart; the target has no escapes.
pub(crate) fn call(tenant: &Tenant, method: &str, target: &str, body: Json) -> Result<Answer, Problem> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        segments: path.split('/').skip(1).map(str::to_owned).collect(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
        origin: "http://here".to_owned(),
        caller: Caller::of(&tenant.owner()),
        ..Request::default()
    };
    answer(tenant, &request)
}

fn read(tenant: &Tenant, target: &str) -> Json {
    call(tenant, "GET", target, Json::Null).expect(target).body.expect("a body")
}

fn status(tenant: &Tenant, method: &str, target: &str, body: Json) -> u16 {
    call(tenant, method, target, body).map_or_else(|problem| problem.status, |answer| answer.status)
}

fn path_of(link: &Json) -> Option<String> {
    Some(link["href"].as_str()?.strip_prefix("http://here")?.to_owned())
}

#[test]
fn pages_lead_through_every_item_and_back() {
    let tenant = Tenant::seeded();
    let mut names = Vec::new();
    let mut next = Some("/api/v1/items?limit=7&sort=-name".to_owned());
    let mut last = Json::Null;
    while let Some(target) = next {
        last = read(&tenant, &target);
        let page = last["data"].as_array().expect("data");
        assert!(page.len() <= 7);
        names.extend(page.iter().map(|item| item["name"].clone()));
        next = path_of(&last["links"]["next"]);
    }
    assert_eq!(names.len(), 32);
    names.dedup();
    assert_eq!(names.len(), 32);
    let back = read(&tenant, &path_of(&last["links"]["prev"]).expect("prev"));
    assert_eq!(back["data"].as_array().map(Vec::len), Some(7));
    let apps = read(&tenant, "/api/v1/items?resourceType=app&limit=100");
    assert_eq!(apps["data"].as_array().map(Vec::len), Some(14));
    assert_eq!(apps["links"].get("next"), None);
    let found = read(&tenant, "/api/v1/items?query=WHOLESALER");
    assert_eq!(found["data"][0]["name"], "Outdoor Sales");
}

#[test]
fn an_app_is_everywhere_until_it_is_deleted() {
    let tenant = Tenant::seeded();
    let space = read(&tenant, "/api/v1/spaces?name=empty")["data"][0]["id"].as_str().expect("an id").to_owned();
    let body = json!({ "attributes": { "name": "Mine", "spaceId": space } });
    let made = call(&tenant, "POST", "/api/v1/apps", body).expect("an app").body.expect("a body");
    let id = made["attributes"]["id"].as_str().expect("an id").to_owned();
    let items = |tenant: &Tenant| read(tenant, &format!("/api/v1/items?spaceId={space}"))["data"].clone();
    assert_eq!(items(&tenant)[0]["resourceId"], id);
    assert_eq!(status(&tenant, "DELETE", &format!("/api/v1/spaces/{space}"), Json::Null), 412);
    let app = format!("/api/v1/apps/{id}");
    let copy = call(&tenant, "POST", &format!("{app}/copy"), json!({})).expect("a copy").body.expect("a body");
    assert_eq!(copy["attributes"]["originAppId"], id);
    assert_eq!(status(&tenant, "PUT", &app, json!({ "attributes": { "name": "Renamed" } })), 200);
    assert_eq!(items(&tenant)[0]["name"], "Renamed");
    assert_eq!(read(&tenant, &format!("{app}/data/metadata"))["tables"], json!([]));
    assert_eq!(status(&tenant, "DELETE", &app, Json::Null), 200);
    assert_eq!(status(&tenant, "GET", &app, Json::Null), 404);
    assert_eq!(items(&tenant), json!([]));
    assert_eq!(status(&tenant, "DELETE", &format!("/api/v1/spaces/{space}"), Json::Null), 204);
}

#[test]
fn spaces_and_assignments_change_as_told() {
    let tenant = Tenant::seeded();
    let body = json!({ "name": "New", "type": "shared" });
    let made = call(&tenant, "POST", "/api/v1/spaces", body.clone()).expect("a space");
    assert_eq!(made.status, 201);
    assert_eq!(status(&tenant, "POST", "/api/v1/spaces", body), 409);
    assert_eq!(status(&tenant, "POST", "/api/v1/spaces", json!({ "name": "a/b", "type": "shared" })), 400);
    assert_eq!(status(&tenant, "POST", "/api/v1/spaces", json!({ "name": "x", "type": "round" })), 400);
    let space = format!("/api/v1/spaces/{}", made.body.expect("a body")["id"].as_str().expect("an id"));
    let patch = json!([{ "op": "replace", "path": "/description", "value": "fresh" }]);
    assert_eq!(status(&tenant, "PATCH", &space, patch), 200);
    assert_eq!(read(&tenant, &space)["description"], "fresh");
    assert_eq!(status(&tenant, "PATCH", &space, json!([{ "op": "add", "path": "/name", "value": "x" }])), 400);
    let user = read(&tenant, "/api/v1/users?filter=name sw \"Ada\"")["data"][0]["id"].clone();
    let body = json!({ "type": "user", "assigneeId": user, "roles": ["consumer"] });
    let assignments = format!("{space}/assignments");
    let made = call(&tenant, "POST", &assignments, body.clone()).expect("an assignment").body.expect("a body");
    assert_eq!(status(&tenant, "POST", &assignments, body), 409);
    let one = format!("{assignments}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(status(&tenant, "PUT", &one, json!({ "roles": ["king"] })), 400);
    assert_eq!(status(&tenant, "PUT", &one, json!({ "roles": ["producer"] })), 200);
    assert_eq!(read(&tenant, &assignments)["data"][0]["roles"], json!(["producer"]));
    assert_eq!(status(&tenant, "DELETE", &one, Json::Null), 204);
    assert_eq!(read(&tenant, &assignments)["meta"]["count"], 0);
}

#[test]
fn what_is_wrong_is_refused_in_qliks_shape() {
    let tenant = Tenant::seeded();
    for target in [
        "/api/v1/items?limit=0",
        "/api/v1/items?limit=x",
        "/api/v1/items?next=y",
        "/api/v1/items?sort=+size",
        "/api/v1/items?limt=1",
        "/api/v1/items?resourceId=1",
        "/api/v1/users?filter=name",
    ] {
        let problem = call(&tenant, "GET", target, Json::Null).expect_err(target);
        let body = problem.body("trace");
        assert_eq!(problem.status, 400, "{target}");
        assert!(body["errors"][0]["source"]["parameter"].is_string(), "{body}");
        assert_eq!(body["traceId"], "trace");
    }
    for target in [
        "/",
        "/api/v1/nothing",
        "/api/v2/items",
        "/api/v1/users/nobody",
        "/api/v1/items/none",
        "/api/v1/apps/none/data/metadata",
    ] {
        assert_eq!(status(&tenant, "GET", target, Json::Null), 404, "{target}");
    }
    assert_eq!(status(&tenant, "GET", "/api/v1/apps/none/copy", Json::Null), 405);
    assert_eq!(status(&tenant, "POST", "/api/v1/apps", Json::Null), 400);
    assert_eq!(status(&tenant, "POST", "/api/v1/apps", json!({ "attributes": { "name": 1 } })), 400);
    let me = call(&tenant, "GET", "/api/v1/users/me", Json::Null).expect("me");
    let location = me.header("location").expect("a location").to_owned();
    assert_eq!(me.status, 301);
    assert_eq!(read(&tenant, location.strip_prefix("http://here").expect("here"))["name"], "Sam Sandbox");
}
