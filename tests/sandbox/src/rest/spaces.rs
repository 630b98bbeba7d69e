//! The spaces API.

use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, grants, place};
use crate::tenant::State;

const TYPES: [&str; 3] = ["shared", "managed", "data"];

const LIST: List = List { sort: &["name", "type", "createdAt"], by: "+name", default: 10, most: 100 };

impl State {
    /// Makes a space, which its owner is yet to see.
    pub(crate) fn add_space(&mut self, name: &str, kind: &str, description: &str, created: &str) -> Json {
        let id = self.ids.hex24();
        let space = json!({
            "id": id,
            "name": name,
            "type": kind,
            "description": description,
            "ownerId": self.me,
            "tenantId": self.tenant_id,
            "createdAt": created,
            "createdBy": self.me,
            "updatedAt": created,
            "meta": {
                "actions": ["change_owner", "create", "delete", "read", "update"],
                "roles": [],
                "assignableRoles": grants::ROLES,
            },
            "links": {
                "self": { "href": format!("/api/v1/spaces/{id}") },
                "assignments": { "href": format!("/api/v1/spaces/{id}/assignments") },
            },
        });
        self.spaces.push(space.clone());
        space
    }
}

pub(super) fn types() -> Answer {
    Answer::ok(json!({ "data": TYPES }))
}

pub(super) fn list(ask: &Ask<'_>) -> Outcome {
    let mut spaces = ask.state().spaces.clone();
    spaces.retain(|space| {
        ask.query.iter().all(|(name, value)| match name.as_str() {
            "name" => space["name"].as_str().is_some_and(|name| name.to_lowercase().contains(&value.to_lowercase())),
            "ownerId" => space["ownerId"] == *value,
            "type" => value.split(',').any(|kind| space["type"] == kind),
            _ => true,
        })
    });
    let count = spaces.len();
    let mut page = LIST.page(ask, spaces)?;
    page["meta"] = json!({
        "count": count,
        "personalSpace": { "resourceType": "personalspace", "actions": ["create"] },
    });
    Ok(Answer::ok(page))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    Ok(Answer::ok(state.spaces[place(&state.spaces, "space", ask.id())?].clone()))
}

pub(super) fn create(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    if !TYPES.contains(&text("type")) {
        return Err(Problem::pointer("/type", &format!("has to be one of {}", TYPES.join(", "))));
    }
    let mut state = ask.state();
    check_name(&state, text("name"), &body["type"], "")?;
    let now = state.stamp();
    Ok(Answer::created(state.add_space(text("name"), text("type"), text("description"), &now)))
}

pub(super) fn update(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let sent = |name: &'static str| Some((name, body[name].as_str()?.to_owned()));
    change(ask, ["name", "ownerId", "description"].into_iter().filter_map(sent).collect())
}

pub(super) fn patch(ask: &Ask<'_>) -> Outcome {
    let patches: Vec<Json> = ask.json()?;
    let mut values = Vec::new();
    for (place, patch) in patches.iter().enumerate() {
        if patch["op"] != "replace" {
            return Err(Problem::pointer(&format!("/{place}/op"), "has to be replace"));
        }
        let path = patch["path"].as_str().unwrap_or_default();
        let member =
            ["name", "ownerId", "description"].into_iter().find(|member| path.strip_prefix('/') == Some(member));
        let why = "has to be /name, /ownerId or /description";
        let member = member.ok_or_else(|| Problem::pointer(&format!("/{place}/path"), why))?;
        values.push((member, patch["value"].as_str().unwrap_or_default().to_owned()));
    }
    change(ask, values)
}

fn change(ask: &Ask<'_>, values: Vec<(&str, String)>) -> Outcome {
    let mut state = ask.state();
    let place = place(&state.spaces, "space", ask.id())?;
    let mut space = state.spaces[place].clone();
    for (member, value) in values {
        match member {
            "name" => check_name(&state, &value, &space["type"], ask.id())?,
            "ownerId" if !state.users.iter().any(|user| user["id"] == value) => {
                return Err(Problem::pointer("/ownerId", "names no user of this tenant"));
            }
            _ => {}
        }
        space[member] = json!(value);
    }
    space["updatedAt"] = json!(state.stamp());
    state.spaces[place] = space.clone();
    Ok(Answer::ok(space))
}

fn check_name(state: &State, name: &str, kind: &Json, id: &str) -> Result<(), Problem> {
    let forbidden = ['"', '*', '?', '<', '>', '/', '|', '\\', ':'];
    if name.is_empty() || name.chars().count() > 256 || name.contains(forbidden) {
        return Err(Problem::pointer("/name", "has to have 1 to 256 characters and none of \" * ? < > / | \\ :"));
    }
    match state.spaces.iter().any(|space| space["name"] == name && space["type"] == *kind && space["id"] != id) {
        true => Err(Problem::conflict(&format!("There is a space named {name} already"))),
        false => Ok(()),
    }
}

pub(super) fn delete(ask: &Ask<'_>) -> Outcome {
    let mut state = ask.state();
    let place = place(&state.spaces, "space", ask.id())?;
    if state.items().iter().any(|item| item["spaceId"] == ask.id()) {
        return Err(Problem::new(412, "Precondition failed", "Move or delete what is in the space first"));
    }
    state.spaces.remove(place);
    state.grants.retain(|(_, grant)| grant["spaceId"] != ask.id());
    Ok(Answer::empty(204))
}
