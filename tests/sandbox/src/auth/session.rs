//! Sessions kept in cookies: signing in with a JWT or as a browser does, and the CSRF tokens that go with them.

use axum::http::request::Parts;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value as Json, json};

use super::client::{Key, verified};
use super::{Caller, authorization, cookie, header, secret};
use crate::rest::{Answer, Outcome, Problem, Request};
use crate::tenant::{State, Tenant};

/// The access code of the sandbox's anonymous visitors.
pub(super) const ACCESS_CODE: &str = "sandbox-access-code";

/// Seconds that a session lives without being used.
const IDLE: u64 = 1_800;

const CSRF: &str = "qlik-csrf-token";
const INTEGRATION: &str = "qlik-web-integration-id";

/// An issuer of tokens with which users sign in.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) key: Key,
}

/// A session that a cookie stands for.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(super) user: String,
    pub(super) signature: String,
    pub(super) csrf: String,
    /// When it was last used.
    pub(super) seen: u64,
    /// The virtual proxy it belongs to, where it is of one.
    pub(super) proxy: Option<String>,
}

impl Login {
    pub(super) fn new(user: &str, now: u64, proxy: Option<&str>) -> Self {
        let proxy = proxy.map(str::to_owned);
        Self {
            user: user.to_owned(),
            signature: secret()[..27].to_owned(),
            csrf: secret()[..32].to_owned(),
            seen: now,
            proxy,
        }
    }

    pub(super) fn lives(&self, now: u64) -> bool {
        now < self.seen + IDLE
    }
}

/// Who a request with a session's cookies is from.
pub(super) fn caller(
    tenant: &Tenant,
    parts: &Parts,
    query: &[(String, String)],
    socket: bool,
) -> Result<Caller, Problem> {
    let nobody =
        || Problem::unauthorized("Send a key or token as: Authorization: Bearer <key>, or a session's cookies");
    let id = cookie(parts, "eas.sid").ok_or_else(nobody)?;
    let now = tenant.clock.seconds();
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut auth = tenant.auth();
    check_integration(&auth.web_integrations, header(parts, INTEGRATION).or_else(|| asked(INTEGRATION)), parts)?;
    let login = auth.logins.get_mut(id).filter(|login| login.proxy.is_none() && login.lives(now));
    let login = login.filter(|login| cookie(parts, "eas.sid.sig") == Some(&login.signature));
    let login = login.ok_or_else(|| Problem::unauthorized("The session is unknown or has ended"))?;
    login.seen = now;
    let shown = if socket { asked(CSRF) } else { header(parts, CSRF).or_else(|| asked(CSRF)) };
    let changes = !matches!(parts.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    if (socket || changes) && shown != Some(&login.csrf) {
        let problem = Problem::new(403, "CSRF token mismatch", "Send the session's token as qlik-csrf-token");
        return Err(problem.coded("CSRF-TOKEN-2"));
    }
    Ok(Caller::of(&login.user))
}

/// A page of another origin needs a web integration; anybody else may do without, but not name one that is none.
fn check_integration(known: &[String], sent: Option<&str>, parts: &Parts) -> Result<(), Problem> {
    let origin = header(parts, "origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    match sent {
        Some(id) if !known.iter().any(|known| known == id) => {
            Err(Problem::new(400, "Invalid web integration", "There is no such web integration").coded("LOGIN-8"))
        }
        None if origin.is_some() && origin != header(parts, "host") => {
            Err(Problem::forbidden("A page of another origin has to name its web integration"))
        }
        _ => Ok(()),
    }
}

/// The token of a session, asked for by name.
pub(super) fn csrf(tenant: &Tenant, parts: &Parts) -> Outcome {
    if authorization(parts, "bearer").is_some() {
        let problem = Problem::new(400, "No CSRF token needed", "A request with a bearer token needs none");
        return Err(problem.coded("CSRF-TOKEN-4"));
    }
    caller(tenant, parts, &[], false)?;
    let auth = tenant.auth();
    let token = cookie(parts, "eas.sid").and_then(|id| auth.logins.get(id)).map(|login| login.csrf.clone());
    let missing = || Problem::new(404, "No CSRF token", "The session has none").coded("CSRF-TOKEN-3");
    Ok(Answer::empty(204).with(CSRF, token.ok_or_else(missing)?))
}

/// Signs in with a token of an issuer that the tenant trusts.
pub(super) fn jwt(tenant: &Tenant, parts: &Parts, request: &Request) -> Outcome {
    let refused = |why: &str| Problem::new(401, "JWT_LOGIN_VALIDATIONS", why).coded("INTERNAL-TOKEN-1");
    let token =
        authorization(parts, "bearer").ok_or_else(|| refused("Send the JWT as: Authorization: Bearer <jwt>"))?;
    let now = tenant.clock.seconds();
    let user = {
        let mut auth = tenant.auth();
        let sent = header(parts, INTEGRATION).or_else(|| request.query(INTEGRATION));
        check_integration(&auth.web_integrations, sent, parts)?;
        let claims = claims(&auth.issuers, token, now).map_err(|why| refused(&why))?;
        let id = claims["jti"].as_str().unwrap_or_default().to_owned();
        if !auth.spent.insert(id) {
            return Err(refused("The jti was used before"));
        }
        claims
    };
    let user = user_of(&mut tenant.state(), &user);
    Ok(opened(tenant, &user, Answer::empty(200)))
}

fn claims(issuers: &[Issuer], token: &str, now: u64) -> Result<Map<String, Json>, String> {
    use Algorithm::{ES256, ES384, RS256, RS384, RS512};
    let keys: Vec<Key> = issuers.iter().map(|issuer| issuer.key.clone()).collect();
    let claims = verified(token, &keys, &[RS256, RS384, RS512, ES256, ES384])?;
    let need = |name: &str| claims.get(name).ok_or_else(|| format!("Missing required claim: {name}"));
    for name in ["iss", "sub", "aud", "jti"] {
        need(name)?.as_str().filter(|text| !text.is_empty()).ok_or_else(|| format!("Invalid claim: {name}"))?;
    }
    if !issuers.iter().any(|issuer| claims["iss"] == *issuer.name) {
        return Err("Invalid claim: iss".to_owned());
    }
    if claims["aud"] != "qlik.api/login/jwt-session" {
        return Err("Invalid claim: aud".to_owned());
    }
    let time = |name: &str| need(name)?.as_u64().ok_or_else(|| format!("Invalid claim: {name}"));
    let (begins, ends) = (time("nbf")?, time("exp")?);
    if now < begins {
        return Err("The token is not valid yet".to_owned());
    }
    if ends <= now {
        return Err("The token has expired".to_owned());
    }
    match ends.saturating_sub(begins) {
        0..=3_600 => Ok(claims),
        _ => Err("The token is valid for more than 3600 seconds".to_owned()),
    }
}

/// The user that claims speak of; one who was never here is made.
fn user_of(state: &mut State, claims: &Map<String, Json>) -> String {
    if let Some(user) = state.users.iter().find(|user| user["subject"] == claims["sub"]) {
        return user["id"].as_str().unwrap_or_default().to_owned();
    }
    let text = |name: &str| claims.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    state.add_user(&text("sub"), &text("name"), &text("email"))
}

/// Signs the tenant's first user in, as a browser whose user types the right password would be.
pub(super) fn login(tenant: &Tenant, parts: &Parts, request: &Request) -> Outcome {
    let sent = header(parts, INTEGRATION).or_else(|| request.query(INTEGRATION));
    check_integration(&tenant.auth().web_integrations, sent, parts)?;
    let back = request.query("returnto").unwrap_or("/").to_owned();
    let user = tenant.owner();
    Ok(opened(tenant, &user, Answer::redirect(302, back)))
}

pub(super) fn logout(tenant: &Tenant, parts: &Parts, request: &Request) -> Outcome {
    if let Some(id) = cookie(parts, "eas.sid") {
        tenant.auth().logins.remove(id);
    }
    Ok(Answer::redirect(302, request.query("returnto").unwrap_or("/").to_owned()))
}

fn opened(tenant: &Tenant, user: &str, mut answer: Answer) -> Answer {
    let login = Login::new(user, tenant.clock.seconds(), None);
    let id = secret();
    let attributes = "Path=/; HttpOnly; SameSite=None; Secure";
    let cookies = [
        ("eas.sid", &id),
        ("eas.sid.sig", &login.signature),
        ("_csrfToken", &login.csrf),
        ("_csrfToken.sig", &login.signature),
    ];
    for (name, value) in cookies {
        answer = answer.with("set-cookie", format!("{name}={value}; {attributes}"));
    }
    tenant.auth().logins.insert(id, login);
    answer
}

/// The claims of a token with which a virtual proxy lets somebody in: user and directory.
pub(super) fn proxy_claims(issuers: &[Issuer], token: &str, now: u64) -> Result<(String, String), String> {
    let keys: Vec<Key> = issuers.iter().map(|issuer| issuer.key.clone()).collect();
    let claims = verified(token, &keys, &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512])?;
    if claims.get("exp").and_then(Json::as_u64).is_some_and(|ends| ends <= now) {
        return Err("The token has expired".to_owned());
    }
    let text = |name: &str| claims.get(name).and_then(Json::as_str).map(str::to_owned);
    let both = text("userDirectory").zip(text("userId"));
    both.ok_or_else(|| format!("The token lacks userId or userDirectory: {}", json!(claims.keys().collect::<Vec<_>>())))
}
