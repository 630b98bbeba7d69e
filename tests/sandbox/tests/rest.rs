//! REST over sockets: files that arrive whole or in pieces, apps that go out and in, reloads that take their time.

mod common;

use std::time::Duration;

use common::{client, send};
use qlik_sandbox::Sandbox;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};

struct Tenant(Sandbox);

impl Tenant {
    async fn start() -> Self {
        Self(Sandbox::start().await.expect("a sandbox"))
    }

    fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().expect("a method");
        client().request(method, format!("{}{path}", self.0.host())).bearer_auth(self.0.api_key())
    }

    async fn json(&self, method: &str, path: &str, body: Json) -> (u16, Json) {
        let request = self.call(method, path);
        send(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn app(&self, name: &str) -> String {
        let found = self.json("GET", &format!("/api/v1/items?resourceType=app&name={name}"), Json::Null).await.1;
        found["data"][0]["resourceId"].as_str().expect("an app").to_owned()
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn contents_whole_and_in_pieces() {
    let tenant = Tenant::start().await;
    let kept = tenant
        .call("POST", "/api/v1/temp-contents?filename=a.txt&ttl=60")
        .header("content-type", "application/octet-stream");
    let kept = kept.body("0123456789").send().await.expect("an answer");
    assert_eq!(kept.status(), 201);
    let id = header(&kept, "location").rsplit('/').next().expect("an id").to_owned();
    let at = format!("/api/v1/temp-contents/{id}");
    let part = tenant.call("GET", &at).header("range", "bytes=2-4").send().await.expect("an answer");
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 2-4/10"));
    assert_eq!(part.text().await.expect("a text"), "234");
    assert_eq!(tenant.call("GET", &at).header("range", "bytes=10-").send().await.expect("an answer").status(), 416);
    assert_eq!(tenant.json("GET", &format!("{at}/details"), Json::Null).await.1["Size"], "10");
    tenant.0.clock().advance(Duration::from_secs(61));
    assert_eq!(tenant.json("GET", &at, Json::Null).await.0, 410);

    let tus = |method: &str, path: &str| tenant.call(method, path).header("tus-resumable", "1.0.0");
    let begun = tus("POST", "/api/v1/temp-contents/files").header("upload-length", "10");
    let begun = begun.header("upload-metadata", "filename Yi50eHQ=,ttl NjAw").send().await.expect("an answer");
    assert_eq!(begun.status(), 201);
    let at = header(&begun, "location").trim_start_matches(tenant.0.host()).to_owned();
    let piece = async |offset: &str, bytes: &'static str| {
        let request =
            tus("PATCH", &at).header("upload-offset", offset).header("content-type", "application/offset+octet-stream");
        request.body(bytes).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(piece("0", "01234").await, 204);
    assert_eq!(piece("3", "34567").await, 409);
    let told = tus("HEAD", &at).send().await.expect("an answer");
    assert_eq!((header(&told, "upload-offset"), header(&told, "upload-length")), ("5", "10"));
    assert_eq!(piece("5", "567891011").await, 413);
    assert_eq!(piece("5", "56789").await, 204);
    let wrong = tenant.call("HEAD", &at).header("tus-resumable", "0.1").send().await.expect("an answer");
    assert_eq!(wrong.status(), 412);
    let id = at.rsplit('/').next().expect("an id");

    let told = json!({ "name": "data.csv", "tempContentFileId": id });
    let form = Form::new().part("Json", Part::text(told.to_string()));
    let (status, file) = send(tenant.call("POST", "/api/v1/data-files").multipart(form)).await;
    assert_eq!((status, &file["size"], &file["name"]), (201, &json!(10), &json!("data.csv")), "{file}");
}

#[tokio::test]
async fn data_files_live_in_spaces() {
    let tenant = Tenant::start().await;
    let connections = tenant.json("GET", "/api/v1/data-files/connections", Json::Null).await.1;
    let spaces: Vec<&Json> =
        connections["data"].as_array().expect("a list").iter().filter(|c| !c["spaceId"].is_null()).collect();
    let upload = async |told: Json| {
        let file = Part::bytes("a,b\n1,2\n".as_bytes()).file_name("x.csv");
        let form = Form::new().part("Json", Part::text(told.to_string())).part("File", file);
        send(tenant.call("POST", "/api/v1/data-files").multipart(form)).await
    };
    let (status, mine) = upload(json!({ "name": "x.csv" })).await;
    assert_eq!(status, 201);
    assert_eq!(upload(json!({ "name": "x.csv" })).await.0, 409);
    assert_eq!(upload(json!({ "name": "x.csv", "connectionId": spaces[0]["id"] })).await.0, 201);
    let list = async |query: &str| {
        tenant.json("GET", &format!("/api/v1/data-files{query}"), Json::Null).await.1["data"].as_array().map(Vec::len)
    };
    assert_eq!(list("").await, Some(1));
    assert_eq!(list("?includeAllSpaces=true").await, Some(2));
    let id = mine["id"].as_str().expect("an id");
    let to = json!({ "spaceId": spaces[1]["spaceId"] });
    assert_eq!(tenant.json("POST", &format!("/api/v1/data-files/{id}/actions/change-space"), to).await.0, 204);
    assert_eq!(list("").await, Some(0));
    let many = json!({ "delete": [{ "id": id }, { "id": "00000000-0000-4000-8000-000000000000" }] });
    let (status, done) = tenant.json("POST", "/api/v1/data-files/actions/delete", many).await;
    assert_eq!((status, &done["data"][0]["status"], &done["data"][1]["status"]), (207, &json!(204), &json!(404)));
    let form = Form::new().part("File", Part::bytes("x".as_bytes()));
    let (status, body) = send(tenant.call("POST", "/api/v1/data-files").multipart(form)).await;
    assert_eq!((status, &body["errors"][0]["source"]["pointer"]), (400, &json!("/Json")));
}

#[tokio::test]
async fn apps_go_out_and_come_in() {
    let tenant = Tenant::start().await;
    let id = tenant.app("Outdoor").await;
    let out = tenant.call("POST", &format!("/api/v1/apps/{id}/export")).send().await.expect("an answer");
    assert_eq!(out.status(), 201);
    let content = header(&out, "location").rsplit('/').next().expect("an id").to_owned();
    let (status, copy) =
        tenant.json("POST", &format!("/api/v1/apps/import?fileId={content}&name=Back"), Json::Null).await;
    assert_eq!((status, &copy["attributes"]["name"]), (200, &json!("Back")), "{copy}");
    let copy = copy["attributes"]["id"].as_str().expect("an id");
    let tables = tenant.json("GET", &format!("/api/v1/apps/{copy}/data/metadata"), Json::Null).await.1;
    assert_eq!(tables["tables"].as_array().map(Vec::len), Some(5));
    let junk =
        tenant.call("POST", "/api/v1/apps/import").header("content-type", "application/octet-stream").body("junk");
    assert_eq!(send(junk).await.0, 400);

    let spaces = tenant.json("GET", "/api/v1/spaces?type=managed", Json::Null).await.1;
    let space = spaces["data"][0]["id"].clone();
    let publish = format!("/api/v1/apps/{copy}/publish");
    let (status, shown) =
        tenant.json("POST", &publish, json!({ "spaceId": space, "attributes": { "name": "Out" } })).await;
    assert_eq!(
        (status, &shown["attributes"]["published"], &shown["attributes"]["spaceId"]),
        (200, &json!(true), &space)
    );
    let again = json!({ "targetId": shown["attributes"]["id"], "attributes": { "name": "Out again" } });
    assert_eq!(tenant.json("PUT", &publish, again).await.1["attributes"]["name"], "Out again");
    let shared = tenant.json("GET", "/api/v1/spaces?type=shared", Json::Null).await.1["data"][0]["id"].clone();
    assert_eq!(tenant.json("POST", &publish, json!({ "spaceId": shared })).await.0, 400);

    let media = format!("/api/v1/apps/{copy}/media/files/images/a%20b.png");
    let put = tenant.call("PUT", &media).header("content-type", "application/octet-stream").body("png");
    assert_eq!(send(put).await.0, 200);
    assert_eq!(tenant.call("GET", &media).send().await.expect("an answer").text().await.expect("bytes"), "png");
    let listed = tenant.json("GET", &format!("/api/v1/apps/{copy}/media/list/images"), Json::Null).await.1;
    assert_eq!(listed["data"][0]["name"], "a b.png");
    assert_eq!(tenant.json("DELETE", &media, Json::Null).await.0, 200);
    assert_eq!(tenant.json("GET", &media, Json::Null).await.0, 404);
}

#[tokio::test]
async fn scripts_have_versions_and_apps_are_shared() {
    let tenant = Tenant::start().await;
    let get = async |path: &str| tenant.json("GET", path, Json::Null).await.1;
    let app = tenant.app("Scratch").await;
    let scripts = format!("/api/v1/apps/{app}/scripts");
    for (script, message) in [("LOAD 1;", "first"), ("LOAD 2;", "second")] {
        let version = json!({ "script": script, "versionMessage": message });
        tenant.0.clock().advance(Duration::from_secs(3_600));
        assert_eq!(tenant.json("POST", &scripts, version).await.0, 200);
    }
    let versions = get(&scripts).await["scripts"].clone();
    assert_eq!((&versions[0]["versionMessage"], &versions[1]["versionMessage"]), (&json!("second"), &json!("first")));
    let hour = |version: &Json| version["modifiedTime"].as_str().map(|time| time[11..13].to_owned());
    assert_ne!(hour(&versions[0]), hour(&versions[1]), "stamps are of the sandbox's clock");
    let first = format!("{scripts}/{}", versions[1]["scriptId"].as_str().expect("an id"));
    assert_eq!(get(&first).await["script"], "LOAD 1;");
    assert_eq!(get(&format!("{scripts}/current")).await["script"], "LOAD 2;");
    let patch = json!([{ "qOp": "replace", "qPath": "/versionMessage", "qValue": "\"kept\"" }]);
    assert_eq!(tenant.json("PATCH", &first, patch).await.0, 200);
    assert_eq!(get(&first).await["versionMessage"], "kept");
    assert_eq!(tenant.json("DELETE", &first, Json::Null).await.0, 200);
    assert_eq!(tenant.json("GET", &first, Json::Null).await.0, 404);

    let space = get("/api/v1/spaces?type=shared").await["data"][0]["id"].clone();
    let shares = format!("/api/v1/spaces/{}/shares", space.as_str().expect("an id"));
    let user = get("/api/v1/users").await["data"][0]["id"].clone();
    let share = json!({
        "type": "user", "assigneeId": user, "roles": ["consumer"], "resourceType": "app", "resourceId": app,
    });
    let (status, made) = tenant.json("POST", &shares, share.clone()).await;
    assert_eq!((status, &made["resourceName"]), (201, &json!("Scratch")), "{made}");
    assert_eq!(tenant.json("POST", &shares, share).await.0, 409);
    let one = format!("{shares}/{}", made["id"].as_str().expect("an id"));
    let off = json!([{ "op": "replace", "path": "/disabled", "value": "true" }]);
    assert_eq!(tenant.json("PATCH", &one, off).await.0, 204);
    assert_eq!(get(&shares).await["data"][0]["disabled"], true);
    assert_eq!(tenant.json("DELETE", &one, Json::Null).await.0, 204);
    assert_eq!(get(&shares).await["meta"]["count"], 0);
}

#[tokio::test]
async fn reloads_go_by_the_clock() {
    let tenant = Tenant::start().await;
    let app = tenant.app("Scratch").await;
    tenant.0.reload_time(Duration::from_secs(10), Duration::from_secs(60));
    let queue = async || {
        let (status, made) = tenant.json("POST", "/api/v1/reloads", json!({ "appId": app })).await;
        assert_eq!((status, &made["status"]), (201, &json!("QUEUED")));
        format!("/api/v1/reloads/{}", made["id"].as_str().expect("an id"))
    };
    let status =
        async |at: &str| tenant.json("GET", at, Json::Null).await.1["status"].as_str().unwrap_or_default().to_owned();
    let metadata = async || {
        let told = tenant.json("GET", &format!("/api/v1/apps/{app}/data/metadata"), Json::Null).await.1;
        told["tables"].as_array().map(Vec::len)
    };
    let first = queue().await;
    assert_eq!((status(&first).await.as_str(), metadata().await), ("QUEUED", Some(0)));
    tenant.0.clock().advance(Duration::from_secs(11));
    assert_eq!(status(&first).await, "RELOADING");
    tenant.0.clock().advance(Duration::from_secs(60));
    assert_eq!((status(&first).await.as_str(), metadata().await), ("SUCCEEDED", Some(5)));

    let second = queue().await;
    assert_eq!(tenant.json("POST", &format!("{second}/actions/cancel"), Json::Null).await.0, 202);
    assert_eq!(status(&second).await, "CANCELED");
    assert_eq!(tenant.json("POST", &format!("{second}/actions/cancel"), Json::Null).await.0, 204);

    tenant.0.fail_reload("Table not found");
    let third = queue().await;
    tenant.0.clock().advance(Duration::from_secs(71));
    let told = tenant.json("GET", &third, Json::Null).await.1;
    assert_eq!(told["status"], "FAILED");
    assert!(told["log"].as_str().is_some_and(|log| log.contains("Table not found")), "{told}");
    let logs = tenant.json("GET", &format!("/api/v1/apps/{app}/reloads/logs"), Json::Null).await.1;
    assert_eq!(logs["data"].as_array().map(Vec::len), Some(2));
    let id = third.rsplit('/').next().expect("an id");
    let (status, told) = tenant.json("GET", &format!("/api/v1/apps/{app}/reloads/metadata/{id}"), Json::Null).await;
    assert_eq!((status, &told["reloadId"], &told["success"]), (200, &json!(id), &json!(false)));
    let all = tenant.json("GET", &format!("/api/v1/reloads?appId={app}&limit=2"), Json::Null).await.1;
    assert!(all["links"]["next"]["href"].is_string(), "{all}");
    assert_eq!(tenant.json("POST", "/api/v1/reloads", json!({ "appId": "none" })).await.0, 404);
}

#[tokio::test]
async fn every_operation_is_checked_and_answered() {
    let tenant = Tenant::start().await;
    let get = async |path: &str| tenant.json("GET", path, Json::Null).await;
    let (status, glossaries) = get("/api/v1/glossaries?limit=10").await;
    assert_eq!((status, glossaries["data"].as_array().map(Vec::len)), (200, Some(10)), "{glossaries}");
    assert_eq!(get("/api/v1/glossaries?limit=10").await.1, glossaries, "the same for the same");
    let next = glossaries["links"]["next"]["href"].as_str().expect("a link").to_owned();
    let more = get(next.trim_start_matches(tenant.0.host())).await.1;
    assert_ne!(more["data"][0], glossaries["data"][0]);
    for (method, path, body, at) in [
        ("GET", "/api/v1/glossaries?limit=many", Json::Null, ("parameter", "limit")),
        ("GET", "/api/v1/glossaries?colour=red", Json::Null, ("parameter", "colour")),
        ("POST", "/api/v1/spaces", json!({ "name": 7, "type": "shared" }), ("pointer", "/name")),
        ("POST", "/api/v1/webhooks", json!({ "name": "x" }), ("pointer", "")),
        ("GET", "/api/v1/reloads", Json::Null, ("parameter", "appId")),
        ("POST", "/api/v1/temp-contents/files", Json::Null, ("parameter", "Tus-Resumable")),
    ] {
        let (status, answer) = tenant.json(method, path, body).await;
        assert_eq!((status, answer["errors"][0]["source"][at.0].as_str()), (400, Some(at.1)), "{path} {answer}");
    }
    assert_eq!(tenant.json("DELETE", "/api/v1/glossaries", Json::Null).await.0, 405);
    assert_eq!(get("/api/v1/nothing").await.0, 404);
    let wrong = tenant.call("POST", "/api/v1/webhooks").header("content-type", "text/plain").body("x");
    assert_eq!(send(wrong).await.0, 415);
}

#[tokio::test]
async fn users_come_and_go() {
    let tenant = Tenant::start().await;
    let (status, made) = tenant.json("POST", "/api/v1/users", json!({ "subject": "s|1", "name": "Dee" })).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(tenant.json("POST", "/api/v1/users", json!({ "subject": "s|1" })).await.0, 409);
    let at = format!("/api/v1/users/{}", made["id"].as_str().expect("an id"));
    let patch = json!([{ "op": "replace", "path": "/name", "value": "Dora" }]);
    assert_eq!(tenant.json("PATCH", &at, patch).await.0, 204);
    let found = tenant.json("POST", "/api/v1/users/actions/filter", json!({ "filter": "name eq \"Dora\"" })).await.1;
    assert_eq!(found["data"][0]["id"], made["id"]);
    assert_eq!(tenant.json("DELETE", &at, Json::Null).await.0, 204);
    assert_eq!(tenant.json("GET", &at, Json::Null).await.0, 404);
}
