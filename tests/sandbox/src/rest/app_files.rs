//! What goes in and out of apps: export and import, media, and publishing into managed spaces.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::apps::{change, checked_space, find};
use super::{Answer, Outcome, Problem, Request, temp};
use crate::tenant::{App, Object, Tenant, Variable, clock};

/// What an exported app begins with; the sandbox reads its own exports and no others.
const MARK: &[u8] = b"qlik-sandbox app\n";

pub(super) fn export(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let (name, bytes) = {
        let state = tenant.state();
        let app = find(&state, id)?;
        let variables = app.variables.iter().map(|variable| json!([variable.id, variable.properties]));
        let content = json!({
            "id": app.id, "name": app.name, "description": app.description, "script": app.script, "usage": app.usage,
            "objects": app.objects.0,
            "variables": variables.collect::<Vec<Json>>(),
            "reloaded": if request.query("NoData") == Some("true") { "" } else { &app.reloaded },
        });
        (format!("{}.qvf", app.name), [MARK, content.to_string().as_bytes()].concat())
    };
    let length = bytes.len();
    let id = temp::keep(tenant, &name, bytes, length, 3_600);
    Ok(Answer::empty(201).with("location", format!("/v1/temp-contents/{id}")))
}

#[derive(Deserialize)]
struct Content {
    id: String,
    name: String,
    description: String,
    script: String,
    usage: String,
    objects: Vec<Object>,
    variables: Vec<(String, Json)>,
    reloaded: String,
}

pub(super) fn import(tenant: &Tenant, request: &Request) -> Outcome {
    let bytes = match request.query("fileId") {
        Some(id) => temp::whole(tenant, id)?,
        None if request.body.is_empty() => return Err(Problem::parameter("fileId", "is missing, and so is a body")),
        None => request.body.to_vec(),
    };
    let content = bytes.strip_prefix(MARK).and_then(|content| serde_json::from_slice::<Content>(content).ok());
    let content = content.ok_or_else(|| Problem::bad("This is no app: the sandbox imports what it exported"))?;
    let mut state = tenant.state();
    let data = Arc::clone(&state.data);
    let name = request.query("name").unwrap_or(&content.name).to_owned();
    let mut app = App::new(&mut state.ids, &name, &request.caller.user, &data);
    app.description = content.description;
    app.script = content.script;
    app.usage = content.usage;
    app.origin = content.id;
    app.objects.0 = content.objects;
    app.variables = content.variables.into_iter().map(|(id, properties)| Variable { id, properties }).collect();
    if !content.reloaded.is_empty() && request.query("NoData") != Some("true") {
        app.reload();
        app.reloaded = content.reloaded;
    }
    if let Some(space) = request.query("spaceId") {
        app.space_id = checked_space(&state, space)?;
    }
    match (request.query("mode").map(str::to_uppercase).as_deref(), request.query("appId")) {
        (None | Some("NEW"), _) => {
            let shown = app.attributes();
            state.apps.push(app);
            Ok(Answer::ok(shown))
        }
        (Some("REPLACE" | "AUTOREPLACE"), Some(id)) => {
            let old = state.app_mut(id).ok_or_else(|| Problem::not_found("app", id))?;
            let kept = (old.id.clone(), old.item_id.clone(), old.created.clone(), old.space_id.clone());
            *old = app;
            (old.id, old.item_id, old.created, old.space_id) = kept;
            Ok(Answer::ok(old.attributes()))
        }
        (Some("REPLACE" | "AUTOREPLACE"), None) => {
            Err(Problem::parameter("appId", "is missing: it says what to replace"))
        }
        _ => Err(Problem::parameter("mode", "has to be NEW, REPLACE or AUTOREPLACE")),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Publish {
    space_id: String,
    target_id: String,
    move_app: bool,
    attributes: PublishAttributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PublishAttributes {
    name: Option<String>,
    description: Option<String>,
}

impl PublishAttributes {
    fn apply(self, app: &mut App) {
        app.name = self.name.unwrap_or_else(|| app.name.clone());
        app.description = self.description.unwrap_or_else(|| app.description.clone());
        app.published = true;
        app.modified = clock::now();
    }
}

/// Publishes an app, or a copy of it, in a managed space.
pub(super) fn publish(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let publish: Publish = request.json()?;
    let mut state = tenant.state();
    let space = state.space(&publish.space_id).ok_or_else(|| Problem::not_found("space", &publish.space_id))?;
    if space["type"] != "managed" {
        return Err(Problem::bad("Apps are published in managed spaces"));
    }
    let fresh = (state.ids.uuid(), state.ids.hex24());
    let source = find(&state, id)?;
    let mut app = source.clone();
    if !publish.move_app {
        (app.id, app.item_id) = fresh;
        app.origin.clone_from(&source.id);
    }
    app.space_id = Some(publish.space_id);
    publish.attributes.apply(&mut app);
    let shown = app.attributes();
    match state.app_mut(&app.id) {
        Some(place) => *place = app,
        None => state.apps.push(app),
    }
    Ok(Answer::ok(shown))
}

/// Publishes an app again, over one that was published before.
pub(super) fn republish(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let publish: Publish = request.json()?;
    let mut state = tenant.state();
    let source = find(&state, id)?.clone();
    let target = state.app_mut(&publish.target_id).ok_or_else(|| Problem::not_found("app", &publish.target_id))?;
    if !target.published {
        return Err(Problem::conflict("The target was never published"));
    }
    (target.script, target.data, target.objects) = (source.script, source.data, source.objects);
    (target.variables, target.reloaded) = (source.variables, source.reloaded);
    publish.attributes.apply(target);
    Ok(Answer::ok(target.attributes()))
}

/// Gives an app another owner.
pub(super) fn set_owner(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let body: Json = request.json()?;
    let owner = body["ownerId"].as_str().unwrap_or_default();
    change(tenant, id, |state, app| {
        if !state.users.iter().any(|user| user["id"] == owner) {
            return Err(Problem::not_found("user", owner));
        }
        owner.clone_into(&mut app.owner_id);
        Ok(())
    })
}

pub(super) fn put_media(tenant: &Tenant, request: &Request, id: &str, path: &str) -> Outcome {
    change(tenant, id, |_, app| {
        app.media.insert(path.to_owned(), request.body.to_vec());
        Ok(())
    })?;
    Ok(Answer::empty(200))
}

pub(super) fn media(tenant: &Tenant, id: &str, path: &str) -> Outcome {
    let state = tenant.state();
    let bytes = find(&state, id)?.media.get(path).ok_or_else(|| Problem::not_found("file", path))?;
    Ok(Answer::file("application/octet-stream", bytes.clone()))
}

pub(super) fn delete_media(tenant: &Tenant, id: &str, path: &str) -> Outcome {
    let gone = tenant.state().app_mut(id).ok_or_else(|| Problem::not_found("app", id))?.media.remove(path);
    gone.map(|_| Answer::empty(200)).ok_or_else(|| Problem::not_found("file", path))
}

pub(super) fn list_media(tenant: &Tenant, id: &str, path: &str) -> Outcome {
    let state = tenant.state();
    let folder = path.trim_matches('/');
    let within =
        |file: &String| folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let files = find(&state, id)?.media.keys().filter(|file| within(file)).map(|file| {
        let name = file.rsplit('/').next().unwrap_or_default();
        json!({ "id": file, "name": name, "type": "file", "link": format!("/api/v1/apps/{id}/media/files/{file}") })
    });
    let data: Vec<Json> = files.collect();
    Ok(Answer::ok(json!({ "data": data, "library": "Media", "subpath": folder })))
}
