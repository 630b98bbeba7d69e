//! The users API.

use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request};
use crate::tenant::Tenant;

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    listed(tenant, request, request.query("filter"))
}

/// The same list, with the filter in the body.
pub(super) fn filter(tenant: &Tenant, request: &Request) -> Outcome {
    let body: Json = if request.body.is_empty() { json!({}) } else { request.json()? };
    listed(tenant, request, body["filter"].as_str())
}

fn listed(tenant: &Tenant, request: &Request, filter: Option<&str>) -> Outcome {
    let mut users: Vec<Json> = tenant.state().users.clone();
    if let Some(filter) = filter {
        let filter = Filter::parse(filter).ok_or_else(|| {
            Problem::parameter(
                "filter",
                "is more than the sandbox reads: write one comparison, such as name eq \"Ada\"",
            )
        })?;
        users.retain(|user| filter.fits(user));
    }
    let total = users.len();
    page::sort(request, &mut users, &["name", "id", "email", "subject", "status", "createdAt"], "+name")?;
    let users = users.into_iter().map(|user| with_link(request, user)).collect();
    let mut page = page::page(request, users, Limit { default: 20, most: 100 })?;
    if request.query("totalResults") == Some("true") {
        page["totalResults"] = json!(total);
    }
    Ok(Answer::ok(page))
}

/// Who one is: a redirect to the caller's user.
pub(super) fn me(request: &Request) -> Outcome {
    Ok(Answer::redirect(301, format!("{}/api/v1/users/{}", request.origin, request.caller.user)))
}

pub(super) fn count(tenant: &Tenant) -> Outcome {
    Ok(Answer::ok(json!({ "total": tenant.state().users.len() })))
}

pub(super) fn get(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let user = tenant.state().users.iter().find(|user| user["id"] == id).cloned();
    let user = user.ok_or_else(|| Problem::not_found("user", id))?;
    Ok(Answer::ok(with_link(request, user)))
}

pub(super) fn create(tenant: &Tenant, request: &Request) -> Outcome {
    let body: Json = request.json()?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let mut state = tenant.state();
    if state.users.iter().any(|user| user["subject"] == text("subject")) {
        return Err(Problem::conflict("There is a user with this subject already"));
    }
    let id = state.add_user(text("subject"), text("name"), text("email"));
    let user = state.users.iter_mut().find(|user| user["id"] == *id).ok_or_else(|| Problem::not_found("user", &id))?;
    if body["status"].is_string() {
        user["status"] = body["status"].clone();
    }
    Ok(Answer::created(with_link(request, user.clone())))
}

pub(super) fn delete(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    if request.caller.user == id {
        return Err(Problem::bad("Nobody deletes oneself"));
    }
    let mut state = tenant.state();
    let before = state.users.len();
    state.users.retain(|user| user["id"] != id);
    match state.users.len() < before {
        true => Ok(Answer::empty(204)),
        false => Err(Problem::not_found("user", id)),
    }
}

pub(super) fn patch(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let changes: Vec<Json> = request.json()?;
    let mut state = tenant.state();
    let user = state.users.iter_mut().find(|user| user["id"] == id).ok_or_else(|| Problem::not_found("user", id))?;
    for change in &changes {
        let name = change["path"].as_str().unwrap_or_default().trim_start_matches('/');
        match change["op"].as_str() {
            Some("unset") => drop(user.as_object_mut().and_then(|user| user.remove(name))),
            _ => user[name] = change["value"].clone(),
        }
    }
    Ok(Answer::empty(204))
}

fn with_link(request: &Request, mut user: Json) -> Json {
    let href = format!("{}/api/v1/users/{}", request.origin, user["id"].as_str().unwrap_or_default());
    user["links"] = json!({ "self": { "href": href } });
    user
}

/// One comparison of the SCIM filter language.
struct Filter {
    field: String,
    operator: fn(&str, &str) -> bool,
    value: String,
}

impl Filter {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.trim().splitn(3, ' ');
        let field = words.next().filter(|field| ["id", "name", "email", "subject", "status"].contains(field))?;
        let operator: fn(&str, &str) -> bool = match words.next()?.to_ascii_lowercase().as_str() {
            "eq" => |a, b| a.eq_ignore_ascii_case(b),
            "ne" => |a, b| !a.eq_ignore_ascii_case(b),
            "co" => |a, b| a.to_lowercase().contains(&b.to_lowercase()),
            "sw" => |a, b| a.to_lowercase().starts_with(&b.to_lowercase()),
            _ => return None,
        };
        let value = words.next()?.trim().strip_prefix('"')?.strip_suffix('"')?;
        if value.contains('"') {
            return None;
        }
        Some(Self { field: field.to_owned(), operator, value: value.to_owned() })
    }

    fn fits(&self, user: &Json) -> bool {
        (self.operator)(user[&self.field].as_str().unwrap_or_default(), &self.value)
    }
}
