//! The REST APIs: which request goes where, and the shapes of answers and errors.

mod apps;
mod items;
mod page;
pub(crate) mod spaces;
mod users;

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::tenant::Tenant;

/// A request, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The decoded segments of the path.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Scheme and host, for the links in an answer.
    pub(crate) origin: String,
}

impl Request {
    /// The last value of a query parameter.
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses query parameters that the operation does not have.
    fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Problem::parameter(name, "is no parameter of this operation")),
            None => Ok(()),
        }
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| Problem::bad(&format!("The body does not read: {error}")))
    }
}

/// An answer: a status, and a body or a place to go to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Json>,
    pub(crate) location: Option<String>,
}

impl Answer {
    fn ok(body: Json) -> Self {
        Self { status: 200, body: Some(body), location: None }
    }

    fn created(body: Json) -> Self {
        Self { status: 201, body: Some(body), location: None }
    }

    fn empty(status: u16) -> Self {
        Self { status, body: None, location: None }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    title: &'static str,
    detail: String,
    source: Option<Json>,
}

impl Problem {
    fn new(status: u16, title: &'static str, detail: &str) -> Self {
        Self { status, title, detail: detail.to_owned(), source: None }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Send the API key as: Authorization: Bearer <key>")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "Payload too large", "The sandbox takes bodies of up to 16 MiB")
    }

    pub(crate) fn no_upgrade() -> Self {
        Self::bad("The Engine is spoken to over a WebSocket")
    }

    fn bad(detail: &str) -> Self {
        Self::new(400, "Invalid request", detail)
    }

    fn parameter(name: &str, what: &str) -> Self {
        let source = Some(json!({ "parameter": name }));
        Self { source, ..Self::bad(&format!("{name} {what}")) }
    }

    fn pointer(pointer: &str, what: &str) -> Self {
        let source = Some(json!({ "pointer": pointer }));
        Self { source, ..Self::bad(&format!("{pointer} {what}")) }
    }

    fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, "Not found", &format!("There is no {what} {id}"))
    }

    fn conflict(detail: &str) -> Self {
        Self::new(409, "Conflict", detail)
    }

    /// Qlik's error shape.
    pub(crate) fn body(&self, trace_id: &str) -> Json {
        let mut error = json!({
            "code": format!("SANDBOX-{}", self.status),
            "title": self.title,
            "detail": self.detail,
            "status": self.status,
        });
        if let Some(source) = &self.source {
            error["source"] = source.clone();
        }
        json!({ "errors": [error], "traceId": trace_id })
    }
}

type Outcome = Result<Answer, Problem>;

/// Answers a request that has shown its key.
pub(crate) fn answer(tenant: &Tenant, request: &Request) -> Outcome {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let Some(path) = segments.strip_prefix(&["api", "v1"]) else {
        return Err(Problem::not_found("resource", &request.path));
    };
    match (request.method.as_str(), path) {
        ("GET", ["users"]) => users::list(tenant, request),
        ("GET", ["users", "me"]) => users::me(tenant, request),
        ("GET", ["users", "actions", "count"]) => users::count(tenant),
        ("GET", ["users", id]) => users::get(tenant, request, id),

        ("GET", ["items"]) => items::list(tenant, request),
        ("GET", ["items", id]) => items::get(tenant, request, id),
        ("DELETE", ["items", id]) => items::delete(tenant, id),

        ("POST", ["apps"]) => apps::create(tenant, request),
        ("GET", ["apps", id]) => apps::get(tenant, id),
        ("PUT", ["apps", id]) => apps::update(tenant, request, id),
        ("DELETE", ["apps", id]) => apps::delete(tenant, id),
        ("POST", ["apps", id, "copy"]) => apps::copy(tenant, request, id),
        ("PUT", ["apps", id, "space"]) => apps::move_to(tenant, request, id),
        ("DELETE", ["apps", id, "space"]) => apps::leave_space(tenant, id),
        ("GET", ["apps", id, "data", "metadata"]) => apps::metadata(tenant, id),
        ("GET", ["apps", id, "scripts"]) => apps::scripts(tenant, request, id),
        ("POST", ["apps", id, "scripts"]) => apps::save_script(tenant, request, id),
        ("GET", ["apps", id, "scripts", version]) => apps::script(tenant, id, version),

        ("GET", ["spaces"]) => spaces::list(tenant, request),
        ("POST", ["spaces"]) => spaces::create(tenant, request),
        ("GET", ["spaces", "types"]) => Ok(spaces::types()),
        ("GET", ["spaces", id]) => spaces::get(tenant, id),
        ("PUT", ["spaces", id]) => spaces::update(tenant, request, id),
        ("PATCH", ["spaces", id]) => spaces::patch(tenant, request, id),
        ("DELETE", ["spaces", id]) => spaces::delete(tenant, id),
        ("GET", ["spaces", id, "assignments"]) => spaces::assignments(tenant, request, id),
        ("POST", ["spaces", id, "assignments"]) => spaces::create_assignment(tenant, request, id),
        ("GET", ["spaces", id, "assignments", assignment]) => spaces::assignment(tenant, id, assignment),
        ("PUT", ["spaces", id, "assignments", assignment]) => {
            spaces::update_assignment(tenant, request, id, assignment)
        }
        ("DELETE", ["spaces", id, "assignments", assignment]) => spaces::delete_assignment(tenant, id, assignment),

        _ => Err(Problem::not_found("operation", &format!("{} {}", request.method, request.path))),
    }
}

#[cfg(test)]
pub(crate) mod tests;
