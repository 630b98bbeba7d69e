//! Client-managed Qlik Sense: certificates, virtual proxies, tickets and their sessions.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::session::{Login, proxy_claims};
use super::{Auth, Caller, authorization, cookie, header, secret};
use crate::rest::{Answer, Outcome, Problem, Request};
use crate::tenant::Tenant;

/// Sessions that a user may have at a time.
const MOST_SESSIONS: usize = 5;
/// The code of the refusal of one more.
pub(crate) const SESSION_LIMIT: &str = "SESSION-LIMIT";
/// Seconds that a ticket waits to be used.
const TICKET_LIFE: u64 = 60;
/// The directory of all the sandbox's users.
const DIRECTORY: &str = "SANDBOX";

/// What makes a sandbox a client-managed server too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Managed {
    /// The prefixes of the virtual proxies.
    pub(crate) proxies: Vec<String>,
    /// The header in which a virtual proxy is told the user.
    pub(crate) header: String,
    /// The origins from which a browser may open a socket, besides the server itself.
    pub(crate) origins: Vec<String>,
}

impl Managed {
    /// The virtual proxy of a path, and the rest of the path.
    pub(crate) fn proxy_of<'a>(&self, path: &'a str) -> Option<(&str, &'a str)> {
        self.proxies.iter().find_map(|prefix| {
            let rest = path.strip_prefix('/')?.strip_prefix(prefix.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((prefix.as_str(), rest))
        })
    }
}

fn cookie_name(prefix: &str) -> String {
    format!("X-Qlik-Session-{prefix}")
}

/// The user of a directory, by the part of the address before the `@`; `INTERNAL\sa_*` are the services.
fn user(tenant: &Tenant, directory: &str, id: &str) -> Result<String, Problem> {
    if directory == "INTERNAL" && id.starts_with("sa_") {
        return Ok(tenant.owner());
    }
    let state = tenant.state();
    let name = |user: &Json| user["email"].as_str().and_then(|email| email.split('@').next()).map(str::to_lowercase);
    let found = state.users.iter().find(|user| name(user) == Some(id.to_lowercase()));
    let found = found.filter(|_| directory.eq_ignore_ascii_case(DIRECTORY)).and_then(|user| user["id"].as_str());
    found.map(str::to_owned).ok_or_else(|| Problem::forbidden(&format!("There is no user {directory}\\{id}")))
}

/// Who a request with a client certificate speaks for: `X-Qlik-User: UserDirectory=D; UserId=U`.
pub(crate) fn by_certificate(tenant: &Tenant, parts: &Parts) -> Result<Caller, Problem> {
    let sent = header(parts, "x-qlik-user");
    let sent = sent.ok_or_else(|| Problem::forbidden("Say for whom in X-Qlik-User: UserDirectory=D; UserId=U"))?;
    let field = |name: &str| {
        let pairs = sent.split(';').filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let both = field("UserDirectory").zip(field("UserId"));
    let (directory, id) = both.ok_or_else(|| Problem::forbidden("X-Qlik-User lacks UserDirectory or UserId"))?;
    Ok(Caller::of(&user(tenant, &directory, &id)?))
}

/// Who a request through a virtual proxy is from, and the cookie of a session that it opened.
pub(crate) fn by_proxy(
    tenant: &Tenant,
    prefix: &str,
    parts: &Parts,
    query: &[(String, String)],
    socket: bool,
) -> Result<(Caller, Option<String>), Problem> {
    let now = tenant.clock.seconds();
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    // A bearer on a socket opens a session of its own, whatever the cookie says.
    let bearer = authorization(parts, "bearer");
    let known = cookie(parts, &cookie_name(prefix)).filter(|_| !(socket && bearer.is_some())).map(str::to_owned);
    let known = known.filter(|id| {
        let auth = tenant.auth();
        auth.logins.get(id).is_some_and(|login| login.proxy.as_deref() == Some(prefix) && login.lives(now))
    });
    let (id, fresh) = match known {
        Some(id) => (id, false),
        None => {
            let user = sign_in(tenant, prefix, parts, asked("qlikTicket"), now)?;
            (open(&mut tenant.auth(), &user, prefix, now)?, true)
        }
    };
    let mut auth = tenant.auth();
    let login = auth.logins.get_mut(&id).ok_or_else(|| Problem::unauthorized("The session has ended"))?;
    login.seen = now;
    if socket {
        let origin = header(parts, "origin").unwrap_or_default();
        let host = origin.split_once("://").map(|(_, host)| host);
        if host != header(parts, "host") && !tenant.managed.origins.iter().any(|allowed| allowed == origin) {
            return Err(Problem::forbidden("The Origin is not on the virtual proxy's allow list"));
        }
        if asked("qlik-csrf-token") != Some(&login.csrf) {
            return Err(Problem::forbidden("The socket's URL lacks the session's qlik-csrf-token"));
        }
    }
    let cookie = fresh.then(|| format!("{}={id}; Path=/; HttpOnly; Secure", cookie_name(prefix)));
    Ok((Caller::of(&login.user), cookie))
}

/// A request without a session signs in by ticket, by the header, or by a token.
fn sign_in(tenant: &Tenant, prefix: &str, parts: &Parts, ticket: Option<&str>, now: u64) -> Result<String, Problem> {
    if let Some(ticket) = ticket {
        let found = tenant.auth().logins.remove(&format!("ticket {ticket}"));
        let found = found.filter(|login| login.proxy.as_deref() == Some(prefix) && now < login.seen + TICKET_LIFE);
        return found
            .map(|login| login.user)
            .ok_or_else(|| Problem::unauthorized("The ticket is unknown, used or old"));
    }
    if let Some(name) = header(parts, &tenant.managed.header) {
        let (directory, id) = name.split_once('\\').unwrap_or((DIRECTORY, name));
        return user(tenant, directory, id);
    }
    if let Some(token) = authorization(parts, "bearer") {
        let claims = proxy_claims(&tenant.auth().issuers, token, now);
        let (directory, id) = claims.map_err(|why| Problem::unauthorized(&why))?;
        return user(tenant, &directory, &id);
    }
    Err(Problem::unauthorized("The virtual proxy wants its header, a ticket, a token or its session's cookie"))
}

fn open(auth: &mut Auth, user: &str, prefix: &str, now: u64) -> Result<String, Problem> {
    auth.logins.retain(|_, login| login.proxy.is_none() || login.lives(now));
    let theirs =
        auth.logins.iter().filter(|(id, login)| login.user == user && login.proxy.is_some() && !id.contains(' '));
    if theirs.count() >= MOST_SESSIONS {
        let problem = Problem::forbidden("The user has five sessions already: reuse their cookies, or end one");
        return Err(problem.coded(SESSION_LIMIT));
    }
    let id = secret();
    auth.logins.insert(id.clone(), Login::new(user, now, Some(prefix)));
    Ok(id)
}

/// Refuses a call to a service that does not say the same key twice.
pub(crate) fn check_xrfkey(request: &Request) -> Result<(), Problem> {
    let (asked, sent) = (request.query("xrfkey"), request.header("x-qlik-xrfkey"));
    let plain = |key: &str| key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match asked.is_some_and(plain) && asked == sent {
        true => Ok(()),
        false => Err(Problem::forbidden("XSRF prevention check failed: xrfkey and X-Qlik-Xrfkey have to be the same")),
    }
}

/// The Proxy Service, with a certificate: tickets, and the sessions of a virtual proxy.
pub(crate) fn service(tenant: &Tenant, request: &Request, path: &[&str]) -> Outcome {
    let default = tenant.managed.proxies.first().map(String::as_str).unwrap_or_default();
    let (prefix, path) = match path {
        [prefix, rest @ ..] if tenant.managed.proxies.iter().any(|known| known == prefix) => (*prefix, rest),
        path => (default, path),
    };
    let now = tenant.clock.seconds();
    let shown = |(id, login): (&String, &Login)| json!({ "UserDirectory": DIRECTORY, "UserId": login.user, "Attributes": [], "SessionId": id });
    let here = |login: &Login| login.proxy.as_deref() == Some(prefix) && login.lives(now);
    match (request.method.as_str(), path) {
        ("POST", ["ticket"]) => {
            let body: Json = request.json()?;
            let text =
                |name: &str| body[name].as_str().ok_or_else(|| Problem::pointer(&format!("/{name}"), "is missing"));
            let user = user(tenant, text("UserDirectory")?, text("UserId")?)?;
            let ticket = secret()[..16].to_owned();
            tenant.auth().logins.insert(format!("ticket {ticket}"), Login::new(&user, now, Some(prefix)));
            let (directory, id) = (&body["UserDirectory"], &body["UserId"]);
            let answer = json!({
                "UserDirectory": directory, "UserId": id, "Attributes": [], "Ticket": ticket, "TargetUri": null,
            });
            Ok(Answer::created(answer))
        }
        ("POST", ["session"]) => {
            let body: Json = request.json()?;
            let text =
                |name: &str| body[name].as_str().ok_or_else(|| Problem::pointer(&format!("/{name}"), "is missing"));
            let user = user(tenant, text("UserDirectory")?, text("UserId")?)?;
            let login = Login::new(&user, now, Some(prefix));
            tenant.auth().logins.insert(text("SessionId")?.to_owned(), login);
            Ok(Answer::created(body))
        }
        ("GET", ["session"]) => {
            let auth = tenant.auth();
            let sessions = auth.logins.iter().filter(|(id, login)| here(login) && !id.contains(' '));
            Ok(Answer::ok(sessions.map(shown).collect()))
        }
        ("GET", ["session", id]) => {
            let auth = tenant.auth();
            let found = auth.logins.get_key_value(*id).filter(|(_, login)| here(login));
            found.map(|found| Answer::ok(shown(found))).ok_or_else(|| Problem::not_found("session", id))
        }
        ("DELETE", ["session", id]) => match tenant.auth().logins.remove(*id) {
            Some(_) => Ok(Answer::ok(json!({ "Session": { "SessionId": id } }))),
            None => Err(Problem::not_found("session", id)),
        },
        ("GET" | "DELETE", ["user", directory, id]) => {
            let user = user(tenant, directory, id)?;
            let mut auth = tenant.auth();
            let theirs = auth.logins.iter().filter(|(_, login)| here(login) && login.user == user);
            let answer = Answer::ok(theirs.map(shown).collect());
            if request.method == "DELETE" {
                auth.logins.retain(|_, login| login.user != user || login.proxy.as_deref() != Some(prefix));
            }
            Ok(answer)
        }
        _ => Err(Problem::not_found("resource", &request.path)),
    }
}

/// The Proxy Service as a user meets it through the proxy: the token for a socket, who one is, and leaving.
pub(crate) fn personal(
    tenant: &Tenant,
    prefix: &str,
    parts: &Parts,
    request: &Request,
    fresh: Option<&str>,
) -> Outcome {
    let opened = fresh.and_then(|cookie| cookie.split(['=', ';']).nth(1));
    let id = opened.or_else(|| cookie(parts, &cookie_name(prefix))).unwrap_or_default();
    let mut auth = tenant.auth();
    let login = auth.logins.get(id).cloned().ok_or_else(|| Problem::unauthorized("There is no session"))?;
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/qps/csrftoken") => Ok(Answer::empty(204).with("qlik-csrf-token", login.csrf)),
        ("GET", "/qps/user") => Ok(Answer::ok(json!({
            "session": "Active", "userDirectory": DIRECTORY, "userId": login.user, "logoutUri": "/qps/user",
        }))),
        ("DELETE", "/qps/user") => {
            auth.logins.remove(id);
            Ok(Answer::ok(json!({ "session": "Inactive", "logoutUri": "" })))
        }
        _ => Err(Problem::not_found("resource", &request.path)),
    }
}
