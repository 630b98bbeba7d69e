//! The apps API: apps made, changed, copied and moved, their data and their scripts.

use serde_json::{Value as Json, json};

use super::{Answer, Ask, Outcome, Problem, place};
use crate::model::{Kind, Model};
use crate::tenant::{App, State, Version};

/// Sets the attributes of an app that a body has.
fn apply(state: &State, app: &mut App, body: &Json) -> Result<(), Problem> {
    let text = |name: &str| body["attributes"][name].as_str().map(str::to_owned);
    if let Some(name) = text("name") {
        if name.trim().is_empty() {
            return Err(Problem::pointer("/attributes/name", "cannot be empty"));
        }
        app.name = name;
    }
    if let Some(description) = text("description") {
        app.description = description;
    }
    if let Some(space) = text("spaceId") {
        app.space_id = checked_space(state, &space)?;
    }
    if let Some(usage) = text("usage") {
        let known = ["ANALYTICS", "DATA_PREPARATION", "DATAFLOW_PREP", "SINGLE_TABLE_PREP", "DIRECT_QUERY_MODE"];
        if !known.contains(&usage.as_str()) {
            return Err(Problem::pointer("/attributes/usage", &format!("has to be one of {}", known.join(", "))));
        }
        app.usage = usage;
    }
    app.modified = state.stamp();
    Ok(())
}

/// A space by its id; none for the personal one.
pub(super) fn checked_space(state: &State, id: &str) -> Result<Option<String>, Problem> {
    if matches!(id, "" | "personal") {
        return Ok(None);
    }
    place(&state.spaces, "space", id).map(|_| Some(id.to_owned()))
}

pub(super) fn find<'a>(state: &'a State, id: &str) -> Result<&'a App, Problem> {
    state.app(id).ok_or_else(|| Problem::not_found("app", id))
}

/// Changes the app that a request is about, all or nothing, and shows it.
pub(super) fn change(ask: &Ask<'_>, change: impl FnOnce(&State, &mut App) -> Result<(), Problem>) -> Outcome {
    let mut state = ask.state();
    let mut app = find(&state, ask.id())?.clone();
    change(&state, &mut app)?;
    let shown = app.attributes();
    if let Some(place) = state.app_mut(ask.id()) {
        *place = app;
    }
    Ok(Answer::ok(shown))
}

pub(super) fn create(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    if body["attributes"]["name"].is_null() {
        return Err(Problem::pointer("/attributes/name", "is missing"));
    }
    let mut state = ask.state();
    let mut app = state.new_app("", Some(&ask.caller.user));
    apply(&state, &mut app, &body)?;
    let shown = app.attributes();
    state.apps.push(app);
    Ok(Answer::ok(shown))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    Ok(Answer::ok(find(&ask.state(), ask.id())?.attributes()))
}

pub(super) fn update(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    change(ask, |state, app| apply(state, app, &body))
}

pub(super) fn delete(ask: &Ask<'_>) -> Outcome {
    match ask.tenant.delete_app(ask.id()) {
        true => Ok(Answer::empty(200)),
        false => Err(Problem::not_found("app", ask.id())),
    }
}

pub(super) fn copy(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let mut state = ask.state();
    let fresh = state.new_app("", Some(&ask.caller.user));
    let source = find(&state, ask.id())?;
    let mut app = App {
        id: fresh.id,
        item_id: fresh.item_id,
        owner_id: fresh.owner_id,
        created: fresh.created,
        origin: source.id.clone(),
        space_id: None,
        published: false,
        ..source.clone()
    };
    apply(&state, &mut app, &body)?;
    let shown = app.attributes();
    state.apps.push(app);
    Ok(Answer::ok(shown))
}

/// Moves an app to another space, or out of all where none is named.
pub(super) fn move_to(ask: &Ask<'_>) -> Outcome {
    let to: Json = if ask.body.is_empty() { Json::Null } else { ask.json()? };
    change(ask, |state, app| {
        app.space_id = checked_space(state, to["spaceId"].as_str().unwrap_or_default())?;
        Ok(())
    })
}

pub(super) fn set_owner(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let owner = body["ownerId"].as_str().unwrap_or_default();
    change(ask, |state, app| {
        place(&state.users, "user", owner)?;
        owner.clone_into(&mut app.owner_id);
        Ok(())
    })
}

/// The tables and fields of an app's data.
pub(super) fn metadata(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let app = find(&state, ask.id())?;
    let model = &app.data;
    let tables: Vec<Json> = model
        .tables
        .iter()
        .map(|table| {
            let keys = table.columns.iter().filter(|(field, _)| model.fields[*field].tables.len() > 1).count();
            json!({
                "name": table.name,
                "is_system": false,
                "is_semantic": false,
                "is_loose": false,
                "no_of_rows": table.rows,
                "no_of_fields": table.columns.len(),
                "no_of_key_fields": keys,
                "comment": "",
                "byte_size": table.rows * table.columns.len() * 4,
            })
        })
        .collect();
    let size: u64 = tables.iter().filter_map(|table| table["byte_size"].as_u64()).sum();
    Ok(Answer::ok(json!({
        "reload_meta": { "cpu_time_spent_ms": 0, "peak_memory_bytes": size },
        "static_byte_size": size,
        "fields": (0..model.fields.len()).map(|field| field_metadata(model, field)).collect::<Vec<Json>>(),
        "tables": tables,
        "has_section_access": false,
        "tables_profiling_data": [],
        "is_direct_query_mode": false,
        "usage": app.usage,
    })))
}

fn field_metadata(model: &Model, place: usize) -> Json {
    let field = &model.fields[place];
    json!({
        "name": field.name,
        "src_tables": model.tables_of(place),
        "is_system": false,
        "is_hidden": false,
        "is_semantic": false,
        "distinct_only": false,
        "cardinal": field.values.len(),
        "total_count": model.filled(place),
        "is_locked": false,
        "always_one_selected": false,
        "is_numeric": field.kind != Kind::Text,
        "comment": "",
        "tags": field.tags(),
        "byte_size": field.bytes(),
        "hash": "",
    })
}

/// The versions of the script, the newest first.
pub(super) fn scripts(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let app = find(&state, ask.id())?;
    let shown = |version: &Version| {
        json!({
            "scriptId": version.id,
            "modifierId": version.modifier,
            "modifiedTime": version.modified,
            "size": version.script.len(),
            "versionMessage": version.message,
        })
    };
    let limit = ask.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let versions: Vec<Json> = app.versions.iter().rev().take(limit).map(shown).collect();
    Ok(Answer::ok(json!({ "scripts": versions, "links": {}, "privileges": ["read", "update"] })))
}

/// Makes a script the app's own, and a version of it.
pub(super) fn save_script(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let id = ask.state().ids.hex24();
    change(ask, |state, app| {
        app.script = text("script");
        app.modified = state.stamp();
        app.versions.push(Version {
            id,
            script: app.script.clone(),
            modifier: ask.caller.user.clone(),
            modified: app.modified.clone(),
            message: text("versionMessage"),
        });
        Ok(())
    })?;
    Ok(Answer::empty(200))
}

fn version(app: &App, id: &str) -> Result<usize, Problem> {
    let place = app.versions.iter().position(|version| version.id == id);
    place.ok_or_else(|| Problem::not_found("script version", id))
}

pub(super) fn script(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let app = find(&state, ask.id())?;
    if ask.second() == "current" {
        return Ok(Answer::ok(json!({ "script": app.script })));
    }
    let version = &app.versions[version(app, ask.second())?];
    Ok(Answer::ok(json!({ "script": version.script, "versionMessage": version.message })))
}

/// Changes the message of a version.
pub(super) fn patch_script(ask: &Ask<'_>) -> Outcome {
    let patches: Vec<Json> = ask.json()?;
    change(ask, |_, app| {
        let place = version(app, ask.second())?;
        for patch in &patches {
            let (path, value) = (patch["qPath"].as_str(), patch["qValue"].as_str().unwrap_or_default());
            if path != Some("/versionMessage") {
                return Err(Problem::pointer("/0/qPath", "has to be /versionMessage"));
            }
            app.versions[place].message = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
        }
        Ok(())
    })?;
    Ok(Answer::empty(200))
}

pub(super) fn delete_script(ask: &Ask<'_>) -> Outcome {
    change(ask, |_, app| {
        let place = version(app, ask.second())?;
        app.versions.remove(place);
        Ok(())
    })?;
    Ok(Answer::empty(200))
}
