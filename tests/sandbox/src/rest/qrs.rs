//! The Repository Service of a client-managed server, as far as a client needs it to find its apps.

use serde_json::{Value as Json, json};

use super::{Answer, Outcome, Problem, Request};
use crate::tenant::{App, State, Tenant};

pub(crate) fn answer(tenant: &Tenant, request: &Request, path: &[&str]) -> Outcome {
    let state = tenant.state();
    match (request.method.as_str(), path) {
        ("GET", ["about"]) => Ok(Answer::ok(json!({
            "schemaPath": "About", "buildVersion": "31.62.0.0", "buildDate": "9/20/2013 10:09:00 AM",
            "databaseProvider": "Devart.Data.PostgreSql", "nodeType": 1, "sharedPersistence": true,
            "requiresBootstrap": false, "singleNodeOnly": false,
        }))),
        ("GET", ["app"]) => Ok(Answer::ok(state.apps.iter().map(|app| shown(&state, app, false)).collect())),
        ("GET", ["app", "full"]) => Ok(Answer::ok(state.apps.iter().map(|app| shown(&state, app, true)).collect())),
        ("GET", ["app", "count"]) => Ok(Answer::ok(json!({ "value": state.apps.len() }))),
        ("GET", ["app", id]) => match state.app(id) {
            Some(app) => Ok(Answer::ok(shown(&state, app, true))),
            None => Err(Problem::not_found("app", id)),
        },
        ("GET", ["user"] | ["user", "full"]) => {
            let users = state.users.iter().map(|user| {
                json!({ "id": user["id"], "userId": user["email"], "userDirectory": "SANDBOX", "name": user["name"] })
            });
            Ok(Answer::ok(users.collect()))
        }
        _ => Err(Problem::not_found("resource", &request.path)),
    }
}

fn shown(state: &State, app: &App, full: bool) -> Json {
    let mut shown = json!({
        "id": app.id,
        "name": app.name,
        "appId": "",
        "publishTime": "1753-01-01T00:00:00.000Z",
        "published": app.published,
        "stream": null,
        "savedInProductVersion": "12.2000.0",
        "migrationHash": "",
        "availabilityStatus": 0,
        "privileges": null,
    });
    if full {
        let owner = state.users.iter().find(|user| user["id"] == app.owner_id);
        shown["createdDate"] = json!(app.created);
        shown["modifiedDate"] = json!(app.modified);
        shown["description"] = json!(app.description);
        shown["lastReloadTime"] = json!(app.reloaded);
        shown["owner"] = json!({ "id": app.owner_id, "name": owner.map(|owner| owner["name"].clone()) });
    }
    shown
}
