//! The reloads API, and the logs that reloads leave in their apps.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request};
use crate::tenant::{Reload, State, Tenant, clock};

/// Loads the data of the apps whose reload has ended by now.
fn settle(tenant: &Tenant, state: &mut State) {
    let now = tenant.clock.millis();
    let done: Vec<(String, u64)> = state
        .reloads
        .iter_mut()
        .filter(|reload| !reload.loaded && reload.status(now) == "SUCCEEDED")
        .map(|reload| {
            reload.loaded = true;
            (reload.app_id.clone(), reload.ends())
        })
        .collect();
    for (id, ended) in done {
        if let Some(app) = state.app_mut(&id) {
            app.reload();
            app.reloaded = clock::written(ended);
        }
    }
}

fn shown(request: &Request, state: &State, reload: &Reload, now: u64) -> Json {
    let status = reload.status(now);
    let mut shown = json!({
        "id": reload.id,
        "appId": reload.app_id,
        "tenantId": state.tenant_id,
        "userId": reload.user_id,
        "type": "hub",
        "status": status,
        "partial": reload.partial,
        "weight": 1,
        "creationTime": clock::written(reload.created),
        "links": { "self": { "href": format!("{}/api/v1/reloads/{}", request.origin, reload.id) } },
    });
    let begun = reload.begins().min(reload.cancelled.unwrap_or(u64::MAX));
    if now >= begun && status != "QUEUED" {
        shown["startTime"] = json!(clock::written(begun));
    }
    if matches!(status, "SUCCEEDED" | "FAILED" | "CANCELED") {
        let ended = reload.cancelled.unwrap_or_else(|| reload.ends());
        shown["endTime"] = json!(clock::written(ended));
        shown["engineTime"] = json!(clock::written(ended));
        shown["log"] = json!(log(reload));
    }
    if status == "FAILED" {
        shown["errorCode"] = json!("EngineError");
        shown["errorMessage"] = json!(reload.failure);
    }
    shown
}

fn log(reload: &Reload) -> String {
    let stamp = clock::written(reload.begins());
    match &reload.failure {
        Some(failure) => {
            format!("{stamp} Execution started.\r\n{stamp} Error: {failure}\r\n{stamp} Execution Failed\r\n")
        }
        None => format!("{stamp} Execution started.\r\n{stamp} Execution finished.\r\n"),
    }
}

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    let mut state = tenant.state();
    settle(tenant, &mut state);
    let now = tenant.clock.millis();
    let wanted = request.query("appId");
    let found = state.reloads.iter().filter(|reload| wanted.is_none_or(|app| reload.app_id == app));
    let mut found: Vec<Json> = found.map(|reload| shown(request, &state, reload, now)).collect();
    drop(state);
    page::sort(request, &mut found, &["creationTime", "status", "startTime", "endTime"], "-creationTime")?;
    Ok(Answer::ok(page::page(request, found, Limit { default: 10, most: 100 })?))
}

pub(super) fn create(tenant: &Tenant, request: &Request) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Create {
        app_id: String,
        #[serde(default)]
        partial: bool,
    }
    let create: Create = request.json()?;
    let now = tenant.clock.millis();
    let mut state = tenant.state();
    if state.app(&create.app_id).is_none() {
        return Err(Problem::not_found("app", &create.app_id));
    }
    let reload = Reload {
        id: state.ids.hex24(),
        app_id: create.app_id,
        user_id: request.caller.user.clone(),
        partial: create.partial,
        created: now,
        time: state.reload_time,
        failure: state.reload_failure.take(),
        cancelled: None,
        loaded: false,
    };
    // Even the shortest was queued when it was asked for.
    let answer = shown(request, &state, &Reload { cancelled: None, ..reload.clone() }, now.saturating_sub(1));
    state.reloads.push(reload);
    Ok(Answer::created(answer))
}

fn find<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Reload, Problem> {
    state.reloads.iter_mut().find(|reload| reload.id == id).ok_or_else(|| Problem::not_found("reload", id))
}

pub(super) fn get(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let mut state = tenant.state();
    settle(tenant, &mut state);
    let reload = find(&mut state, id)?.clone();
    Ok(Answer::ok(shown(request, &state, &reload, tenant.clock.millis())))
}

pub(super) fn cancel(tenant: &Tenant, id: &str) -> Outcome {
    let now = tenant.clock.millis();
    let mut state = tenant.state();
    settle(tenant, &mut state);
    let reload = find(&mut state, id)?;
    match reload.status(now) {
        "QUEUED" | "RELOADING" => {
            reload.cancelled = Some(now);
            Ok(Answer { status: 202, ..Answer::ok(json!({ "status": "CANCELING" })) })
        }
        _ => Ok(Answer::empty(204)),
    }
}

/// The logs of an app's reloads.
pub(super) fn logs(tenant: &Tenant, app: &str) -> Outcome {
    let now = tenant.clock.millis();
    let mut state = tenant.state();
    settle(tenant, &mut state);
    let ended = state.reloads.iter().filter(|reload| reload.app_id == app);
    let ended = ended.filter(|reload| matches!(reload.status(now), "SUCCEEDED" | "FAILED"));
    let shown = ended.map(|reload| {
        json!({
            "reloadId": reload.id,
            "success": reload.failure.is_none(),
            "endTime": clock::written(reload.ends()),
            "duration": reload.ends() - reload.begins(),
            "links": { "log": format!("/v1/apps/{app}/reloads/logs/{}", reload.id) },
        })
    });
    Ok(Answer::ok(json!({ "data": shown.collect::<Vec<Json>>() })))
}

pub(super) fn one_log(tenant: &Tenant, app: &str, id: &str) -> Outcome {
    let mut state = tenant.state();
    let reload = find(&mut state, id)?;
    match reload.app_id == app {
        true => Ok(Answer::file("text/plain", log(reload))),
        false => Err(Problem::not_found("reload", id)),
    }
}
