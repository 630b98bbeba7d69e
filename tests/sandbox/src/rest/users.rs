//! The users API.

use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request};
use crate::tenant::Tenant;

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    request.only(&["fields", "filter", "limit", "next", "prev", "sort", "totalResults"])?;
    let mut users: Vec<Json> = tenant.state().users.clone();
    if let Some(filter) = request.query("filter") {
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

/// Who one is: a redirect to the user of the key.
pub(super) fn me(tenant: &Tenant, request: &Request) -> Outcome {
    let location = format!("{}/api/v1/users/{}", request.origin, tenant.state().me);
    Ok(Answer { location: Some(location), ..Answer::empty(301) })
}

pub(super) fn count(tenant: &Tenant) -> Outcome {
    Ok(Answer::ok(json!({ "total": tenant.state().users.len() })))
}

pub(super) fn get(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    request.only(&["fields"])?;
    let user = tenant.state().users.iter().find(|user| user["id"] == id).cloned();
    let user = user.ok_or_else(|| Problem::not_found("user", id))?;
    Ok(Answer::ok(with_link(request, user)))
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
