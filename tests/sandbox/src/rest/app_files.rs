//! What goes in and out of apps: export and import, media, and publishing into managed spaces.

use serde_json::{Value as Json, json};

use super::apps::{change, checked_space, find};
use super::{Answer, Ask, Outcome, Problem, place, temp};
use crate::tenant::App;

/// What an exported app begins with; the sandbox reads its own exports and no others.
const MARK: &[u8] = b"qlik-sandbox app\n";

pub(super) fn export(ask: &Ask<'_>) -> Outcome {
    let (name, bytes) = {
        let state = ask.state();
        let app = find(&state, ask.id())?;
        let content = json!({
            "id": app.id, "name": app.name, "description": app.description, "script": app.script, "usage": app.usage,
            "objects": app.objects.0,
            "reloaded": if ask.query("NoData") == Some("true") { "" } else { &app.reloaded },
        });
        (format!("{}.qvf", app.name), [MARK, content.to_string().as_bytes()].concat())
    };
    let length = bytes.len();
    let id = temp::keep(ask.tenant, &name, bytes, length, 3_600);
    Ok(Answer::empty(201).with("location", format!("/v1/temp-contents/{id}")))
}

pub(super) fn import(ask: &Ask<'_>) -> Outcome {
    let bytes = match ask.query("fileId") {
        Some(id) => temp::whole(ask.tenant, id)?,
        None if ask.body.is_empty() => return Err(Problem::parameter("fileId", "is missing, and so is a body")),
        None => ask.body.to_vec(),
    };
    let wrong = || Problem::bad("This is no app: the sandbox imports what it exported");
    let content = bytes.strip_prefix(MARK).ok_or_else(wrong)?;
    let mut content: Json = serde_json::from_slice(content).map_err(|_| wrong())?;
    let mut text = |name: &str| match content[name].take() {
        Json::String(text) => text,
        _ => String::new(),
    };
    let mut state = ask.state();
    let name = text("name");
    let mut app = state.new_app(ask.query("name").unwrap_or(&name), Some(&ask.caller.user));
    app.description = text("description");
    app.script = text("script");
    app.usage = text("usage");
    app.origin = text("id");
    let reloaded = text("reloaded");
    app.objects.0 = serde_json::from_value(content["objects"].take()).map_err(|_| wrong())?;
    if !reloaded.is_empty() && ask.query("NoData") != Some("true") {
        app.reload(&reloaded);
    }
    if let Some(space) = ask.query("spaceId") {
        app.space_id = checked_space(&state, space)?;
    }
    match (ask.query("mode").map(str::to_uppercase).as_deref(), ask.query("appId")) {
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

/// Publishes an app, or a copy of it, in a managed space.
pub(super) fn publish(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let space = body["spaceId"].as_str().unwrap_or_default();
    let mut state = ask.state();
    if state.spaces[place(&state.spaces, "space", space)?]["type"] != "managed" {
        return Err(Problem::bad("Apps are published in managed spaces"));
    }
    let (fresh, now) = ((state.ids.uuid(), state.ids.hex24()), state.stamp());
    let source = find(&state, ask.id())?;
    let mut app = source.clone();
    if body["moveApp"] != true {
        (app.id, app.item_id) = fresh;
        app.origin.clone_from(&source.id);
    }
    app.space_id = Some(space.to_owned());
    set_published(&mut app, &body, now);
    let shown = app.attributes();
    match state.app_mut(&app.id) {
        Some(place) => *place = app,
        None => state.apps.push(app),
    }
    Ok(Answer::ok(shown))
}

fn set_published(app: &mut App, body: &Json, now: String) {
    let text = |name: &str, old: &str| body["attributes"][name].as_str().unwrap_or(old).to_owned();
    app.name = text("name", &app.name);
    app.description = text("description", &app.description);
    app.published = true;
    app.modified = now;
}

/// Publishes an app again, over one that was published before.
pub(super) fn republish(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let target = body["targetId"].as_str().unwrap_or_default();
    let mut state = ask.state();
    let (source, now) = (find(&state, ask.id())?.clone(), state.stamp());
    let target = state.app_mut(target).ok_or_else(|| Problem::not_found("app", target))?;
    if !target.published {
        return Err(Problem::conflict("The target was never published"));
    }
    (target.script, target.data, target.objects) = (source.script, source.data, source.objects);
    target.reloaded = source.reloaded;
    set_published(target, &body, now);
    Ok(Answer::ok(target.attributes()))
}

pub(super) fn put_media(ask: &Ask<'_>) -> Outcome {
    change(ask, |_, app| {
        app.media.insert(ask.second().to_owned(), ask.body.clone());
        Ok(())
    })?;
    Ok(Answer::empty(200))
}

pub(super) fn media(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let bytes = find(&state, ask.id())?.media.get(ask.second());
    let bytes = bytes.ok_or_else(|| Problem::not_found("file", ask.second()))?;
    Ok(Answer::file("application/octet-stream", bytes.to_vec()))
}

pub(super) fn delete_media(ask: &Ask<'_>) -> Outcome {
    change(ask, |_, app| {
        let gone = app.media.remove(ask.second());
        gone.map(drop).ok_or_else(|| Problem::not_found("file", ask.second()))
    })?;
    Ok(Answer::empty(200))
}

pub(super) fn list_media(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let folder = ask.second().trim_matches('/');
    let within =
        |file: &String| folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let files = find(&state, ask.id())?.media.keys().filter(|file| within(file)).map(|file| {
        let name = file.rsplit('/').next().unwrap_or_default();
        json!({
            "id": file, "name": name, "type": "file", "link": format!("/api/v1/apps/{}/media/files/{file}", ask.id()),
        })
    });
    let data: Vec<Json> = files.collect();
    Ok(Answer::ok(json!({ "data": data, "library": "Media", "subpath": folder })))
}
