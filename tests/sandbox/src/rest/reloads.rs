//! The reloads API, and the logs that reloads leave in their apps.

use std::sync::MutexGuard;

use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, Request};
use crate::tenant::{Reload, State, clock};

const LIST: List =
    List { sort: &["creationTime", "status", "startTime", "endTime"], by: "-creationTime", default: 10, most: 100 };

/// The state, with the data of the apps whose reload has ended by now; and what time that is.
fn settled<'a>(ask: &Ask<'a>) -> (MutexGuard<'a, State>, u64) {
    let (mut state, now) = (ask.tenant.state(), ask.tenant.clock.millis());
    let done = state.reloads.iter_mut().filter(|reload| !reload.loaded && reload.status(now) == "SUCCEEDED");
    let done: Vec<(String, u64)> = done
        .map(|reload| {
            reload.loaded = true;
            (reload.app_id.clone(), reload.ends())
        })
        .collect();
    for (id, ended) in done {
        if let Some(app) = state.app_mut(&id) {
            app.reload(&clock::written(ended));
        }
    }
    (state, now)
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

pub(super) fn list(ask: &Ask<'_>) -> Outcome {
    let (state, now) = settled(ask);
    let wanted = ask.query("appId");
    let found = state.reloads.iter().filter(|reload| wanted.is_none_or(|app| reload.app_id == app));
    let found = found.map(|reload| shown(ask, &state, reload, now)).collect();
    Ok(Answer::ok(LIST.page(ask, found)?))
}

pub(super) fn create(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let app_id = body["appId"].as_str().unwrap_or_default().to_owned();
    let (mut state, now) = settled(ask);
    if state.app(&app_id).is_none() {
        return Err(Problem::not_found("app", &app_id));
    }
    let reload = Reload {
        id: state.ids.hex24(),
        app_id,
        user_id: ask.caller.user.clone(),
        partial: body["partial"] == true,
        created: now,
        time: state.reload_time,
        failure: state.reload_failure.take(),
        cancelled: None,
        loaded: false,
    };
    // Even the shortest was queued when it was asked for.
    let answer = shown(ask, &state, &reload, now.saturating_sub(1));
    state.reloads.push(reload);
    Ok(Answer::created(answer))
}

fn find<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Reload, Problem> {
    state.reloads.iter_mut().find(|reload| reload.id == id).ok_or_else(|| Problem::not_found("reload", id))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    let (mut state, now) = settled(ask);
    let reload = find(&mut state, ask.id())?.clone();
    Ok(Answer::ok(shown(ask, &state, &reload, now)))
}

pub(super) fn cancel(ask: &Ask<'_>) -> Outcome {
    let (mut state, now) = settled(ask);
    let reload = find(&mut state, ask.id())?;
    match reload.status(now) {
        "QUEUED" | "RELOADING" => {
            reload.cancelled = Some(now);
            Ok(Answer { status: 202, ..Answer::ok(json!({ "status": "CANCELING" })) })
        }
        _ => Ok(Answer::empty(204)),
    }
}

/// What is told of a reload that has ended.
fn ended(reload: &Reload) -> Json {
    json!({
        "reloadId": reload.id,
        "success": reload.failure.is_none(),
        "endTime": clock::written(reload.ends()),
        "duration": reload.ends() - reload.begins(),
    })
}

/// The logs of an app's reloads.
pub(super) fn logs(ask: &Ask<'_>) -> Outcome {
    let (state, now) = settled(ask);
    let of_app = state.reloads.iter().filter(|reload| reload.app_id == ask.id());
    let over = of_app.filter(|reload| matches!(reload.status(now), "SUCCEEDED" | "FAILED"));
    let shown = over.map(|reload| {
        let mut shown = ended(reload);
        shown["links"] = json!({ "log": format!("/v1/apps/{}/reloads/logs/{}", ask.id(), reload.id) });
        shown
    });
    Ok(Answer::ok(json!({ "data": shown.collect::<Vec<Json>>() })))
}

/// A reload of an app that has ended.
fn of_app(ask: &Ask<'_>) -> Result<Reload, Problem> {
    let (mut state, now) = settled(ask);
    let reload = find(&mut state, ask.second())?.clone();
    match reload.app_id == ask.id() && matches!(reload.status(now), "SUCCEEDED" | "FAILED") {
        true => Ok(reload),
        false => Err(Problem::not_found("reload", ask.second())),
    }
}

pub(super) fn one_log(ask: &Ask<'_>) -> Outcome {
    Ok(Answer::file("text/plain", log(&of_app(ask)?)))
}

pub(super) fn metadata(ask: &Ask<'_>) -> Outcome {
    let reload = of_app(ask)?;
    let mut told = ended(&reload);
    told["isPartialReload"] = json!(reload.partial);
    told["statements"] = json!([]);
    Ok(Answer::ok(told))
}
