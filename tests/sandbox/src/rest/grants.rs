//! What is granted in spaces: assignments of roles to users, and shares of single apps.

use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, place};
use crate::json::extend;
use crate::tenant::State;

/// The roles of a space.
pub(super) const ROLES: [&str; 10] = [
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

/// A kind of grant: what it is called, alone and in the plural.
pub(crate) type Kind = (&'static str, &'static str);
pub(crate) const ASSIGNMENT: Kind = ("assignment", "assignments");
pub(super) const SHARE: Kind = ("share", "shares");

const LIST: List = List { sort: &[], by: "", default: 10, most: 100 };

/// Grants something in a space: `own` is what it is about.
pub(crate) fn grant(state: &mut State, kind: Kind, space: &str, own: Json) -> Json {
    let (id, now) = (state.ids.hex24(), state.stamp());
    let mut made = json!({
        "id": id,
        "spaceId": space,
        "tenantId": state.tenant_id,
        "createdAt": now,
        "createdBy": state.me,
        "updatedAt": now,
        "updatedBy": state.me,
        "links": {
            "self": { "href": format!("/api/v1/spaces/{space}/{}/{id}", kind.1) },
            "space": { "href": format!("/api/v1/spaces/{space}") },
        },
    });
    extend(&mut made, own);
    state.grants.push((kind, made.clone()));
    made
}

pub(super) fn list(ask: &Ask<'_>, kind: Kind) -> Outcome {
    let state = ask.state();
    place(&state.spaces, "space", ask.id())?;
    let fits = |grant: &Json| {
        let filters = ["assigneeId", "type", "resourceId", "resourceType"];
        grant["spaceId"] == ask.id() && filters.iter().all(|f| ask.query(f).is_none_or(|wanted| grant[*f] == wanted))
    };
    let grants = state.grants.iter().filter(|(of, grant)| *of == kind && fits(grant));
    let found: Vec<Json> = grants.map(|(_, grant)| grant.clone()).collect();
    let count = found.len();
    let mut page = LIST.page(ask, found)?;
    page["meta"] = json!({ "count": count });
    Ok(Answer::ok(page))
}

fn check_roles(roles: &Json) -> Result<(), Problem> {
    let known = |role: &Json| role.as_str().is_some_and(|role| ROLES.contains(&role));
    match roles.as_array().into_iter().flatten().position(|role| !known(role)) {
        Some(place) => Err(Problem::pointer(&format!("/roles/{place}"), "is no role of a space")),
        None => Ok(()),
    }
}

pub(super) fn create(ask: &Ask<'_>, kind: Kind) -> Outcome {
    let mut own: Json = ask.json()?;
    check_roles(&own["roles"])?;
    let mut state = ask.state();
    place(&state.spaces, "space", ask.id())?;
    if kind == SHARE {
        let app = own["resourceId"].as_str().unwrap_or_default();
        let app = state.app(app).ok_or_else(|| Problem::not_found("app", app))?;
        own["resourceName"] = json!(app.name);
        own["disabled"] = json!(false);
    }
    let same = |grant: &Json| ["assigneeId", "type", "resourceId"].iter().all(|member| grant[*member] == own[*member]);
    if state.grants.iter().any(|(of, grant)| *of == kind && grant["spaceId"] == ask.id() && same(grant)) {
        return Err(Problem::conflict(&format!("That assignee has such a {} in this space already", kind.0)));
    }
    Ok(Answer::created(grant(&mut state, kind, ask.id(), own)))
}

fn find<'a>(state: &'a mut State, ask: &Ask<'_>, kind: Kind) -> Result<&'a mut Json, Problem> {
    place(&state.spaces, "space", ask.id())?;
    let mut found = state.grants.iter_mut().filter(|(of, grant)| *of == kind && grant["spaceId"] == ask.id());
    let found = found.find(|(_, grant)| grant["id"] == ask.second());
    found.map(|(_, grant)| grant).ok_or_else(|| Problem::not_found(kind.0, ask.second()))
}

pub(super) fn get(ask: &Ask<'_>, kind: Kind) -> Outcome {
    Ok(Answer::ok(find(&mut ask.state(), ask, kind)?.clone()))
}

pub(super) fn update(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    check_roles(&body["roles"])?;
    let mut state = ask.state();
    let now = state.stamp();
    let grant = find(&mut state, ask, ASSIGNMENT)?;
    grant["roles"] = body["roles"].clone();
    grant["updatedAt"] = json!(now);
    Ok(Answer::ok(grant.clone()))
}

/// Changes a share: its roles, or whether it holds. Its description has every value as a text.
pub(super) fn patch(ask: &Ask<'_>) -> Outcome {
    let patches: Vec<Json> = ask.json()?;
    let mut state = ask.state();
    let now = state.stamp();
    let grant = find(&mut state, ask, SHARE)?;
    for patch in &patches {
        let value = patch["value"].as_str().unwrap_or_default();
        match patch["path"].as_str() {
            Some("/disabled") => grant["disabled"] = json!(value == "true"),
            _ => {
                let roles = serde_json::from_str(value).unwrap_or_else(|_| json!([value]));
                check_roles(&roles)?;
                grant["roles"] = roles;
            }
        }
    }
    grant["updatedAt"] = json!(now);
    Ok(Answer::empty(204))
}

pub(super) fn delete(ask: &Ask<'_>, kind: Kind) -> Outcome {
    let mut state = ask.state();
    find(&mut state, ask, kind)?;
    state.grants.retain(|(of, grant)| *of != kind || grant["id"] != ask.second());
    Ok(Answer::empty(204))
}
