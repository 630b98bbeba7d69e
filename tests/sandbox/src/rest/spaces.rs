//! The spaces API, with the assignments of users to spaces.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request};
use crate::tenant::{State, Tenant, clock};

const TYPES: [&str; 3] = ["shared", "managed", "data"];
const ROLES: [&str; 10] = [
    "consumer",
    "contributor",
    "dataconsumer",
    "datapreview",
    "facilitator",
    "operator",
    "producer",
    "publisher",
    "basicconsumer",
    "codeveloper",
];

/// A space as it is kept and shown.
pub(crate) fn space(
    id: &str,
    name: &str,
    kind: &str,
    description: &str,
    owner: &str,
    tenant: &str,
    created: &str,
) -> Json {
    json!({
        "id": id,
        "name": name,
        "type": kind,
        "description": description,
        "ownerId": owner,
        "tenantId": tenant,
        "createdAt": created,
        "createdBy": owner,
        "updatedAt": created,
        "meta": {
            "actions": ["change_owner", "create", "delete", "read", "update"],
            "roles": [],
            "assignableRoles": ROLES,
        },
        "links": {
            "self": { "href": format!("/api/v1/spaces/{id}") },
            "assignments": { "href": format!("/api/v1/spaces/{id}/assignments") },
        },
    })
}

/// Gives somebody roles in a space.
pub(crate) fn assign(state: &mut State, space: &str, kind: &str, assignee: &str, roles: &Json) -> Json {
    let (id, now) = (state.ids.hex24(), clock::now());
    let assignment = json!({
        "id": id,
        "type": kind,
        "assigneeId": assignee,
        "roles": roles,
        "spaceId": space,
        "tenantId": state.tenant_id,
        "createdAt": now,
        "createdBy": state.me,
        "updatedAt": now,
        "updatedBy": state.me,
        "links": {
            "self": { "href": format!("/api/v1/spaces/{space}/assignments/{id}") },
            "space": { "href": format!("/api/v1/spaces/{space}") },
        },
    });
    state.assignments.push(assignment.clone());
    assignment
}

pub(super) fn types() -> Answer {
    Answer::ok(json!({ "data": TYPES }))
}

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    let mut spaces = tenant.state().spaces.clone();
    spaces.retain(|space| {
        request.query.iter().all(|(name, value)| match name.as_str() {
            "name" => {
                let name = space["name"].as_str().unwrap_or_default();
                name.to_lowercase().contains(&value.to_lowercase())
            }
            "ownerId" => space["ownerId"] == *value,
            "type" => value.split(',').any(|kind| space["type"] == kind),
            _ => true,
        })
    });
    let count = spaces.len();
    page::sort(request, &mut spaces, &["name", "type", "createdAt"], "+name")?;
    let mut page = page::page(request, spaces, Limit { default: 10, most: 100 })?;
    page["meta"] = json!({
        "count": count,
        "personalSpace": { "resourceType": "personalspace", "actions": ["create"] },
    });
    Ok(Answer::ok(page))
}

pub(super) fn get(tenant: &Tenant, id: &str) -> Outcome {
    let space = tenant.state().space(id).cloned();
    space.map(Answer::ok).ok_or_else(|| Problem::not_found("space", id))
}

pub(super) fn create(tenant: &Tenant, request: &Request) -> Outcome {
    #[derive(Deserialize)]
    struct Create {
        name: String,
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        description: String,
    }
    let create: Create = request.json()?;
    if !TYPES.contains(&create.kind.as_str()) {
        return Err(Problem::pointer("/type", &format!("has to be one of {}", TYPES.join(", "))));
    }
    let mut state = tenant.state();
    check_name(&state, &create.name, &json!(create.kind), None)?;
    let (id, me, tenant_id) = (state.ids.hex24(), state.me.clone(), state.tenant_id.clone());
    let space = space(&id, &create.name, &create.kind, &create.description, &me, &tenant_id, &clock::now());
    state.spaces.push(space.clone());
    Ok(Answer::created(space))
}

pub(super) fn update(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Update {
        name: Option<String>,
        owner_id: Option<String>,
        description: Option<String>,
    }
    let update: Update = request.json()?;
    let values = [("name", update.name), ("ownerId", update.owner_id), ("description", update.description)];
    change(tenant, id, values.into_iter().filter_map(|(member, value)| Some((member, value?))).collect())
}

pub(super) fn patch(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Patch {
        op: String,
        path: String,
        value: String,
    }
    let patches: Vec<Patch> = request.json()?;
    let mut values = Vec::new();
    for (place, patch) in patches.into_iter().enumerate() {
        if patch.op != "replace" {
            return Err(Problem::pointer(&format!("/{place}/op"), "has to be replace"));
        }
        let member = match patch.path.as_str() {
            "/name" => "name",
            "/ownerId" => "ownerId",
            "/description" => "description",
            _ => return Err(Problem::pointer(&format!("/{place}/path"), "has to be /name, /ownerId or /description")),
        };
        values.push((member, patch.value));
    }
    change(tenant, id, values)
}

fn change(tenant: &Tenant, id: &str, values: Vec<(&str, String)>) -> Outcome {
    let mut state = tenant.state();
    let mut space = state.space(id).cloned().ok_or_else(|| Problem::not_found("space", id))?;
    for (member, value) in values {
        match member {
            "name" => check_name(&state, &value, &space["type"], Some(id))?,
            "ownerId" if !state.users.iter().any(|user| user["id"] == value) => {
                return Err(Problem::pointer("/ownerId", "names no user of this tenant"));
            }
            _ => {}
        }
        space[member] = json!(value);
    }
    space["updatedAt"] = json!(clock::now());
    if let Some(place) = state.spaces.iter_mut().find(|space| space["id"] == id) {
        *place = space.clone();
    }
    Ok(Answer::ok(space))
}

fn check_name(state: &State, name: &str, kind: &Json, id: Option<&str>) -> Result<(), Problem> {
    let forbidden = ['"', '*', '?', '<', '>', '/', '|', '\\', ':'];
    if name.is_empty() || name.chars().count() > 256 || name.contains(forbidden) {
        return Err(Problem::pointer("/name", "has to have 1 to 256 characters and none of \" * ? < > / | \\ :"));
    }
    let same = |space: &&Json| space["name"] == name && space["type"] == *kind && space["id"].as_str() != id;
    match state.spaces.iter().find(same) {
        Some(_) => Err(Problem::conflict(&format!("There is a space named {name} already"))),
        None => Ok(()),
    }
}

pub(super) fn delete(tenant: &Tenant, id: &str) -> Outcome {
    let mut state = tenant.state();
    if state.space(id).is_none() {
        return Err(Problem::not_found("space", id));
    }
    if state.items().iter().any(|item| item.space_id.as_deref() == Some(id)) {
        return Err(Problem::new(412, "Precondition failed", "Move or delete what is in the space first"));
    }
    state.spaces.retain(|space| space["id"] != id);
    state.assignments.retain(|assignment| assignment["spaceId"] != id);
    Ok(Answer::empty(204))
}

fn in_space(state: &State, id: &str) -> Result<(), Problem> {
    state.space(id).map(|_| ()).ok_or_else(|| Problem::not_found("space", id))
}

pub(super) fn assignments(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let state = tenant.state();
    in_space(&state, id)?;
    let fits = |assignment: &&Json| {
        assignment["spaceId"] == id
            && request.query("assigneeId").is_none_or(|wanted| assignment["assigneeId"] == wanted)
            && request.query("type").is_none_or(|wanted| assignment["type"] == wanted)
    };
    let found: Vec<Json> = state.assignments.iter().filter(fits).cloned().collect();
    let count = found.len();
    let mut page = page::page(request, found, Limit { default: 10, most: 100 })?;
    page["meta"] = json!({ "count": count });
    Ok(Answer::ok(page))
}

fn check_roles(roles: &[String]) -> Result<(), Problem> {
    match roles.iter().position(|role| !ROLES.contains(&role.as_str())) {
        Some(place) => Err(Problem::pointer(&format!("/roles/{place}"), "is no role of a space")),
        None => Ok(()),
    }
}

pub(super) fn create_assignment(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Create {
        #[serde(rename = "type")]
        kind: String,
        assignee_id: String,
        roles: Vec<String>,
    }
    let create: Create = request.json()?;
    if !["user", "group", "bot"].contains(&create.kind.as_str()) {
        return Err(Problem::pointer("/type", "has to be user, group or bot"));
    }
    check_roles(&create.roles)?;
    let mut state = tenant.state();
    in_space(&state, id)?;
    let same = |a: &Json| a["spaceId"] == id && a["assigneeId"] == create.assignee_id && a["type"] == create.kind;
    if state.assignments.iter().any(same) {
        return Err(Problem::conflict("That assignee has an assignment in this space already"));
    }
    let made = assign(&mut state, id, &create.kind, &create.assignee_id, &json!(create.roles));
    Ok(Answer::created(made))
}

fn place_of(state: &State, id: &str, assignment: &str) -> Result<usize, Problem> {
    in_space(state, id)?;
    let found = state.assignments.iter().position(|a| a["id"] == assignment && a["spaceId"] == id);
    found.ok_or_else(|| Problem::not_found("assignment", assignment))
}

pub(super) fn assignment(tenant: &Tenant, id: &str, assignment: &str) -> Outcome {
    let state = tenant.state();
    let place = place_of(&state, id, assignment)?;
    Ok(Answer::ok(state.assignments[place].clone()))
}

pub(super) fn update_assignment(tenant: &Tenant, request: &Request, id: &str, assignment: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Update {
        roles: Vec<String>,
    }
    let update: Update = request.json()?;
    check_roles(&update.roles)?;
    let mut state = tenant.state();
    let place = place_of(&state, id, assignment)?;
    state.assignments[place]["roles"] = json!(update.roles);
    state.assignments[place]["updatedAt"] = json!(clock::now());
    Ok(Answer::ok(state.assignments[place].clone()))
}

pub(super) fn delete_assignment(tenant: &Tenant, id: &str, assignment: &str) -> Outcome {
    let mut state = tenant.state();
    let place = place_of(&state, id, assignment)?;
    state.assignments.remove(place);
    Ok(Answer::empty(204))
}
