//! An app of the sandbox, opened in a session of its own.

use qlik::engine::Doc;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

/// Opens the first app that the sandbox lists.
pub(crate) async fn open(sandbox: &Sandbox) -> Doc {
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build().unwrap();
    let apps: Value = qlik.get("/api/v1/items").query("resourceType", "app").await.unwrap();
    let app = apps["data"][0]["resourceId"].as_str().expect("an app").to_owned();
    qlik.session(app).open().await.unwrap()
}
