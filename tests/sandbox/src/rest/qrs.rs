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
        ("GET", ["app"] | ["app", "full"]) => {
            let wanted = match request.query("filter") {
                Some(filter) => Some(named(filter).ok_or_else(|| {
                    Problem::parameter("filter", "is more than the sandbox reads: write name eq 'App'")
                })?),
                None => None,
            };
            let apps = state.apps.iter().filter(|app| wanted.is_none_or(|name| app.name == name));
            Ok(Answer::ok(apps.map(|app| shown(&state, app, path.len() > 1)).collect()))
        }
        ("GET", ["app", "count"]) => Ok(Answer::ok(json!({ "value": state.apps.len() }))),
        ("GET", ["app", id]) => match state.app(id) {
            Some(app) => Ok(Answer::ok(shown(&state, app, true))),
            None => Err(Problem::not_found("app", id)),
        },
        ("GET", ["user"] | ["user", "full"]) => Ok(Answer::ok(state.users.iter().map(user).collect())),
        ("GET", ["user", id]) => {
            let found = state.users.iter().find(|user| user["id"] == *id);
            found.map(|found| Answer::ok(user(found))).ok_or_else(|| Problem::not_found("user", id))
        }
        _ => Err(Problem::not_found("resource", &request.path)),
    }
}

/// The name in a filter such as `name eq 'App'`.
fn named(filter: &str) -> Option<&str> {
    filter.trim().strip_prefix("name eq '")?.strip_suffix('\'')
}

fn user(user: &Json) -> Json {
    let id = user["email"].as_str().and_then(|email| email.split('@').next());
    json!({ "id": user["id"], "userId": id, "userDirectory": "SANDBOX", "name": user["name"] })
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
