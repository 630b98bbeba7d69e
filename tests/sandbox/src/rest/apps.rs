//! The apps API.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Answer, Outcome, Problem, Request};
use crate::model::{Kind, Model, NULL};
use crate::tenant::{App, State, Tenant, clock};

/// The body of a request that creates, copies or changes an app.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attributes {
    name: Option<String>,
    description: Option<String>,
    space_id: Option<String>,
    usage: Option<String>,
}

impl Attributes {
    fn apply(self, state: &State, app: &mut App) -> Result<(), Problem> {
        if let Some(name) = self.name {
            if name.trim().is_empty() {
                return Err(Problem::pointer("/attributes/name", "cannot be empty"));
            }
            app.name = name;
        }
        if let Some(description) = self.description {
            app.description = description;
        }
        if let Some(space) = self.space_id {
            app.space_id = checked_space(state, &space)?;
        }
        if let Some(usage) = self.usage {
            let known = ["ANALYTICS", "DATA_PREPARATION", "DATAFLOW_PREP", "SINGLE_TABLE_PREP", "DIRECT_QUERY_MODE"];
            if !known.contains(&usage.as_str()) {
                return Err(Problem::pointer("/attributes/usage", &format!("has to be one of {}", known.join(", "))));
            }
            app.usage = usage;
        }
        app.modified = clock::now();
        Ok(())
    }
}

/// A space by its id; none for the personal one.
pub(super) fn checked_space(state: &State, id: &str) -> Result<Option<String>, Problem> {
    match id {
        "" | "personal" => Ok(None),
        id if state.space(id).is_some() => Ok(Some(id.to_owned())),
        id => Err(Problem::not_found("space", id)),
    }
}

pub(super) fn find<'a>(state: &'a State, id: &str) -> Result<&'a App, Problem> {
    state.app(id).ok_or_else(|| Problem::not_found("app", id))
}

pub(super) fn change(
    tenant: &Tenant,
    id: &str,
    change: impl FnOnce(&State, &mut App) -> Result<(), Problem>,
) -> Outcome {
    let mut state = tenant.state();
    let mut app = find(&state, id)?.clone();
    change(&state, &mut app)?;
    let shown = app.attributes();
    if let Some(place) = state.app_mut(id) {
        *place = app;
    }
    Ok(Answer::ok(shown))
}

pub(super) fn create(tenant: &Tenant, request: &Request) -> Outcome {
    let body: Body = request.json()?;
    if body.attributes.name.is_none() {
        return Err(Problem::pointer("/attributes/name", "is missing"));
    }
    let mut state = tenant.state();
    let data = Arc::clone(&state.data);
    let mut app = App::new(&mut state.ids, "", &request.caller.user, &data);
    body.attributes.apply(&state, &mut app)?;
    let shown = app.attributes();
    state.apps.push(app);
    Ok(Answer::ok(shown))
}

pub(super) fn get(tenant: &Tenant, id: &str) -> Outcome {
    Ok(Answer::ok(find(&tenant.state(), id)?.attributes()))
}

pub(super) fn update(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let body: Body = request.json()?;
    change(tenant, id, |state, app| body.attributes.apply(state, app))
}

pub(super) fn delete(tenant: &Tenant, id: &str) -> Outcome {
    match tenant.delete_app(id) {
        true => Ok(Answer::empty(200)),
        false => Err(Problem::not_found("app", id)),
    }
}

pub(super) fn copy(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let body: Body = request.json()?;
    let mut state = tenant.state();
    let data = Arc::clone(&state.data);
    let fresh = App::new(&mut state.ids, "", &request.caller.user, &data);
    let source = find(&state, id)?;
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
    body.attributes.apply(&state, &mut app)?;
    let shown = app.attributes();
    state.apps.push(app);
    Ok(Answer::ok(shown))
}

pub(super) fn move_to(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct To {
        space_id: String,
    }
    let to: To = request.json()?;
    change(tenant, id, |state, app| {
        app.space_id = checked_space(state, &to.space_id)?;
        Ok(())
    })
}

pub(super) fn leave_space(tenant: &Tenant, id: &str) -> Outcome {
    change(tenant, id, |_, app| {
        app.space_id = None;
        Ok(())
    })
}

/// The tables and fields of an app's data.
pub(super) fn metadata(tenant: &Tenant, id: &str) -> Outcome {
    let state = tenant.state();
    let app = find(&state, id)?;
    let model = &app.data;
    let fields: Vec<Json> = (0..model.fields.len()).map(|field| field_metadata(model, field)).collect();
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
    let size: usize = model.tables.iter().map(|table| table.rows * table.columns.len() * 4).sum();
    Ok(Answer::ok(json!({
        "reload_meta": { "cpu_time_spent_ms": 0, "peak_memory_bytes": size },
        "static_byte_size": size,
        "fields": fields,
        "tables": tables,
        "has_section_access": false,
        "tables_profiling_data": [],
        "is_direct_query_mode": false,
        "usage": app.usage,
    })))
}

fn field_metadata(model: &Model, place: usize) -> Json {
    let field = &model.fields[place];
    let tables = || field.tables.iter().map(|table| &model.tables[*table]);
    let filled = |column: &[u32]| column.iter().filter(|element| **element != NULL).count();
    let total: usize = tables().filter_map(|table| table.column(place)).map(filled).sum();
    json!({
        "name": field.name,
        "src_tables": tables().map(|table| table.name.as_str()).collect::<Vec<_>>(),
        "is_system": false,
        "is_hidden": false,
        "is_semantic": false,
        "distinct_only": false,
        "cardinal": field.values.len(),
        "total_count": total,
        "is_locked": false,
        "always_one_selected": false,
        "is_numeric": field.kind != Kind::Text,
        "comment": "",
        "tags": field.tags(),
        "byte_size": field.values.iter().map(|value| value.text.len() + 8).sum::<usize>(),
        "hash": "",
    })
}

/// The versions of the script; the sandbox keeps the last.
pub(super) fn scripts(tenant: &Tenant, id: &str) -> Outcome {
    let state = tenant.state();
    let app = find(&state, id)?;
    let version = json!({
        "scriptId": "current",
        "modifierId": app.owner_id,
        "modifiedTime": app.modified,
        "size": app.script.len(),
        "versionMessage": "",
    });
    Ok(Answer::ok(json!({ "scripts": [version], "links": {}, "privileges": ["read", "update"] })))
}

pub(super) fn save_script(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Version {
        script: String,
    }
    let version: Version = request.json()?;
    change(tenant, id, |_, app| {
        app.script = version.script;
        app.modified = clock::now();
        Ok(())
    })?;
    Ok(Answer::empty(200))
}

pub(super) fn script(tenant: &Tenant, id: &str, version: &str) -> Outcome {
    let state = tenant.state();
    let app = find(&state, id)?;
    match version {
        "current" => Ok(Answer::ok(json!({ "script": app.script }))),
        other => Err(Problem::not_found("script version", other)),
    }
}
