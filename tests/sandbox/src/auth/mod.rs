//! Who a request is from: keys, tokens, sessions, and what each is refused for.

mod authorize;
mod client;
mod managed;
mod oauth;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;

use crate::rest::{Outcome, Problem, Request};
use crate::tenant::Tenant;

pub(crate) use client::Key;
pub use client::OAuthClient;
pub(crate) use managed::{Managed, SESSION_LIMIT, by_certificate, by_proxy, check_xrfkey, personal, service};
pub(crate) use session::{Issuer, Login};

/// Seconds that an access token lives.
const ACCESS_LIFE: u64 = 21_600;
/// Seconds that a refresh token lives.
const REFRESH_LIFE: u64 = 30 * 86_400;
/// Seconds that a token for a URL lives.
const EXCHANGED_LIFE: u64 = 300;

/// Everything that opens a door of the tenant.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    pub(crate) clients: BTreeMap<String, OAuthClient>,
    pub(crate) issuers: Vec<Issuer>,
    /// Whether `/oauth/authorize` approves at once.
    pub(crate) approve: bool,
    /// Whether clients may register themselves.
    pub(crate) registration: bool,
    pub(crate) web_integrations: Vec<String>,
    tokens: BTreeMap<String, Token>,
    codes: BTreeMap<String, authorize::Code>,
    pub(crate) logins: BTreeMap<String, Login>,
    spent: BTreeSet<String>,
    grants: u64,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Access,
    Refresh,
    WebSocket,
    WebResource,
}

#[derive(Clone, Debug)]
struct Token {
    purpose: Use,
    client: String,
    user: String,
    scopes: Vec<String>,
    expires: u64,
    /// Tokens that came of one sign-in go together.
    grant: u64,
}

/// Who a request is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The id of the user.
    pub(crate) user: String,
    /// What the token allows; everything where there are none.
    scopes: Option<Vec<String>>,
}

impl Caller {
    pub(crate) fn of(user: &str) -> Self {
        Self { user: user.to_owned(), scopes: None }
    }

    /// Whether the scopes allow an API: `user_default` and `admin_classic` do, `apps` and `admin.apps` for their API,
    /// and with `:read` as long as nothing is changed.
    fn may(&self, api: &str, changes: bool) -> bool {
        let Some(scopes) = &self.scopes else { return true };
        scopes.iter().any(|scope| {
            let (name, right) = scope.split_once(':').unwrap_or((scope, ""));
            let allowed = !changes || right != "read";
            matches!(name, "user_default" | "admin_classic")
                || (name.strip_prefix("admin.").unwrap_or(name) == api && allowed)
        })
    }
}

impl Auth {
    fn issue(&mut self, token: Token) -> String {
        let value = secret();
        self.tokens.insert(value.clone(), token);
        value
    }

    fn live(&self, value: &str, purpose: Use, now: u64) -> Option<&Token> {
        self.tokens.get(value).filter(|token| token.purpose == purpose && now < token.expires)
    }

    /// Gives every session another token against requests of other sites.
    pub(crate) fn spoil_csrf(&mut self) {
        for login in self.logins.values_mut() {
            login.csrf = secret()[..32].to_owned();
        }
    }

    /// Takes back every token and session there is; keys and clients stay.
    pub(crate) fn revoke_all(&mut self) {
        self.tokens.clear();
        self.codes.clear();
        self.logins.clear();
    }
}

/// 64 hex digits that nobody guesses.
pub(crate) fn secret() -> String {
    let random = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}{:016x}{:016x}", random(), random(), random(), random())
}

/// The value of a header, where it is text.
pub(crate) fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

/// The value of a cookie.
fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let sent = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The credentials of the `Authorization` header, where they are of this scheme.
fn authorization<'a>(parts: &'a Parts, scheme: &str) -> Option<&'a str> {
    let (sent, value) = header(parts, AUTHORIZATION.as_str())?.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then(|| value.trim())
}

/// Who a request to the tenant is from.
pub(crate) fn identify(
    tenant: &Tenant,
    parts: &Parts,
    query: &[(String, String)],
    socket: bool,
) -> Result<Caller, Problem> {
    let caller = who(tenant, parts, query, socket)?;
    let mut segments = parts.uri.path().split('/').filter(|segment| !matches!(*segment, "" | "api" | "v1"));
    let (api, changes) = match socket {
        true => ("apps", false),
        false => (segments.next().unwrap_or_default(), parts.method != "GET" && parts.method != "HEAD"),
    };
    match caller.may(api, changes) {
        true => Ok(caller),
        false => Err(Problem::forbidden("The scopes of the token do not reach this")),
    }
}

fn who(tenant: &Tenant, parts: &Parts, query: &[(String, String)], socket: bool) -> Result<Caller, Problem> {
    let now = tenant.clock.seconds();
    let of = |token: &Token| Caller { user: token.user.clone(), scopes: Some(token.scopes.clone()) };
    if let Some(bearer) = authorization(parts, "bearer") {
        if bearer == tenant.api_key {
            return Ok(Caller::of(&tenant.owner()));
        }
        let auth = tenant.auth();
        let known = auth.live(bearer, Use::Access, now);
        return known.map(of).ok_or_else(|| Problem::unauthorized("The key or token is unknown, expired or revoked"));
    }
    if let Some((_, value)) = query.iter().find(|(name, _)| name == "accessToken") {
        let purpose = if socket { Use::WebSocket } else { Use::WebResource };
        let auth = tenant.auth();
        let known = auth.live(value, purpose, now);
        return known.map(of).ok_or_else(|| Problem::unauthorized("The accessToken of the URL is unknown or expired"));
    }
    session::caller(tenant, parts, query, socket)
}

/// Answers what needs no signing in: the places where one signs in, and what a client asks before.
pub(crate) fn open(tenant: &Tenant, parts: &Parts, request: &Request) -> Option<Outcome> {
    Some(match (parts.method.as_str(), parts.uri.path()) {
        ("POST", "/oauth/token") => oauth::token(tenant, parts, request),
        ("POST", "/oauth/token/anonymous-embed") => oauth::anonymous(tenant, request),
        ("POST", "/oauth/revoke") => oauth::revoke(tenant, parts, request),
        ("POST", "/oauth/register") => oauth::register(tenant, request),
        ("GET", "/oauth/authorize") => authorize::authorize(tenant, request),
        ("GET", "/.well-known/oauth-authorization-server") => Ok(oauth::discovery(request)),
        ("POST", "/login/jwt-session") => session::jwt(tenant, parts, request),
        ("GET", "/login") => session::login(tenant, parts, request),
        ("GET", "/logout") => session::logout(tenant, parts, request),
        ("GET", "/api/v1/csrf-token") => session::csrf(tenant, parts),
        _ => return None,
    })
}
