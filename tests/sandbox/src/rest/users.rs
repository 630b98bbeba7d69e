//! The users API.

use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, Request, place};

const LIST: List =
    List { sort: &["name", "id", "email", "subject", "status", "createdAt"], by: "+name", default: 20, most: 100 };

pub(super) fn list(ask: &Ask<'_>) -> Outcome {
    listed(ask, ask.query("filter"))
}

/// The same list, with the filter in the body.
pub(super) fn filter(ask: &Ask<'_>) -> Outcome {
    let body: Json = if ask.body.is_empty() { json!({}) } else { ask.json()? };
    listed(ask, body["filter"].as_str())
}

fn listed(ask: &Ask<'_>, filter: Option<&str>) -> Outcome {
    let mut users = ask.state().users.clone();
    if let Some(filter) = filter {
        let why = "is more than the sandbox reads: write one comparison, such as name eq \"Ada\"";
        let (field, fits, value) = comparison(filter).ok_or_else(|| Problem::parameter("filter", why))?;
        users.retain(|user| fits(&user[field].as_str().unwrap_or_default().to_lowercase(), &value));
    }
    let total = users.len();
    users.iter_mut().for_each(|user| link(ask, user));
    let mut page = LIST.page(ask, users)?;
    if ask.query("totalResults") == Some("true") {
        page["totalResults"] = json!(total);
    }
    Ok(Answer::ok(page))
}

type Test = fn(&str, &str) -> bool;

/// One comparison of the SCIM filter language: a field, a test, and the value in lower case.
fn comparison(text: &str) -> Option<(&str, Test, String)> {
    let mut words = text.trim().splitn(3, ' ');
    let field = words.next().filter(|field| ["id", "name", "email", "subject", "status"].contains(field))?;
    let test: Test = match words.next()?.to_ascii_lowercase().as_str() {
        "eq" => |a, b| a == b,
        "ne" => |a, b| a != b,
        "co" => |a, b| a.contains(b),
        "sw" => |a, b| a.starts_with(b),
        _ => return None,
    };
    let value = words.next()?.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!value.contains('"')).then(|| (field, test, value.to_lowercase()))
}

/// Who one is: a redirect to the caller's user.
pub(super) fn me(ask: &Ask<'_>) -> Outcome {
    Ok(Answer::redirect(301, format!("{}/api/v1/users/{}", ask.origin, ask.caller.user)))
}

pub(super) fn count(ask: &Ask<'_>) -> Outcome {
    Ok(Answer::ok(json!({ "total": ask.state().users.len() })))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    let state = ask.state();
    let mut user = state.users[place(&state.users, "user", ask.id())?].clone();
    link(ask, &mut user);
    Ok(Answer::ok(user))
}

pub(super) fn create(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let mut state = ask.state();
    if state.users.iter().any(|user| user["subject"] == text("subject")) {
        return Err(Problem::conflict("There is a user with this subject already"));
    }
    let id = state.add_user(text("subject"), text("name"), text("email"));
    let place = place(&state.users, "user", &id)?;
    let user = &mut state.users[place];
    if body["status"].is_string() {
        user["status"] = body["status"].clone();
    }
    let mut user = user.clone();
    link(ask, &mut user);
    Ok(Answer::created(user))
}

pub(super) fn delete(ask: &Ask<'_>) -> Outcome {
    if ask.caller.user == ask.id() {
        return Err(Problem::bad("Nobody deletes oneself"));
    }
    let mut state = ask.state();
    let place = place(&state.users, "user", ask.id())?;
    state.users.remove(place);
    Ok(Answer::empty(204))
}

pub(super) fn patch(ask: &Ask<'_>) -> Outcome {
    let changes: Vec<Json> = ask.json()?;
    let mut state = ask.state();
    let place = place(&state.users, "user", ask.id())?;
    let user = &mut state.users[place];
    for change in &changes {
        let name = change["path"].as_str().unwrap_or_default().trim_start_matches('/');
        match change["op"].as_str() {
            Some("unset") => drop(user.as_object_mut().and_then(|user| user.remove(name))),
            _ => user[name] = change["value"].clone(),
        }
    }
    Ok(Answer::empty(204))
}

fn link(request: &Request, user: &mut Json) {
    let href = format!("{}/api/v1/users/{}", request.origin, user["id"].as_str().unwrap_or_default());
    user["links"] = json!({ "self": { "href": href } });
}
