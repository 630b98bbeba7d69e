//! The OAuth endpoints that hand out tokens and take them back.

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::client::{OAuthClient, Proof, refused};
use super::{ACCESS_LIFE, Auth, EXCHANGED_LIFE, REFRESH_LIFE, Token, Use, authorization, header, secret};
use crate::rest::{Answer, Outcome, Problem, Request};
use crate::tenant::{Tenant, clock};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const IMPERSONATION: &str = "urn:qlik:oauth:user-impersonation";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ANONYMOUS: &str = "urn:qlik:oauth:anonymous-embed";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The fields of a body, JSON or form.
struct Fields(Map<String, Json>);

impl Fields {
    fn read(parts: &Parts, request: &Request) -> Result<Self, Problem> {
        let kind = header(parts, "content-type").unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            let pairs = form_urlencoded::parse(&request.body);
            return Ok(Self(pairs.map(|(name, value)| (name.into_owned(), json!(value))).collect()));
        }
        if !kind.starts_with("application/json") {
            return Err(Problem::new(415, "Unsupported Media Type", "Send the fields as JSON or as a form"));
        }
        request.json().map(Self)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    fn need(&self, name: &str) -> Result<&str, Problem> {
        self.get(name).ok_or_else(|| refused(400, "invalid_request", &format!("{name} is missing")))
    }
}

pub(super) fn token(tenant: &Tenant, parts: &Parts, request: &Request) -> Outcome {
    let fields = Fields::read(parts, request)?;
    let owner = tenant.owner();
    let now = tenant.clock.seconds();
    let grant = fields.need("grant_type")?;
    let user = if grant == IMPERSONATION { impersonated(tenant, &fields)? } else { owner };
    let mut auth = tenant.auth();
    let client = authenticated(&auth, parts, request, &fields, now)?;
    if client.is_public() && matches!(grant, "client_credentials" | IMPERSONATION) {
        return Err(refused(401, "unauthorized_client", "The client is public: this grant is not for it"));
    }
    let scope = fields.get("scope");
    match grant {
        "client_credentials" | IMPERSONATION => {
            let scopes = client.granted(scope)?;
            Ok(handed(&mut auth, tenant, Grant { client: &client, user, scopes, refreshable: false }))
        }
        "authorization_code" => {
            let code = auth.codes.remove(fields.need("code")?).filter(|code| now < code.expires);
            let code = code.filter(|code| code.client == client.id);
            let code = code.ok_or_else(|| refused(400, "invalid_grant", "The code is unknown, expired or used"))?;
            if fields.need("redirect_uri")? != code.redirect_uri {
                return Err(refused(400, "invalid_grant", "The redirect_uri is not the one that was authorized"));
            }
            check_verifier(fields.need("code_verifier")?, &code.challenge)?;
            let grant = Grant { client: &client, user: code.user, scopes: code.scopes, refreshable: true };
            Ok(handed(&mut auth, tenant, grant))
        }
        "refresh_token" => {
            let value = fields.need("refresh_token")?;
            let known = auth.live(value, Use::Refresh, now).filter(|token| token.client == client.id).cloned();
            let known = known.ok_or_else(|| {
                refused(400, "invalid_grant", "The refresh token is unknown, expired, used or another client's")
            })?;
            auth.tokens.remove(value);
            let grant = Grant { client: &client, user: known.user, scopes: known.scopes, refreshable: true };
            Ok(handed(&mut auth, tenant, grant))
        }
        EXCHANGE => exchanged(&mut auth, &fields, now),
        other => Err(refused(400, "unsupported_grant_type", &format!("There is no grant {other}"))),
    }
}

/// The client, once it has proved who it is.
fn authenticated(
    auth: &Auth,
    parts: &Parts,
    request: &Request,
    fields: &Fields,
    now: u64,
) -> Result<OAuthClient, Problem> {
    let wrong = || refused(401, "invalid_client", "There is no such client");
    let basic = match authorization(parts, "basic") {
        Some(sent) => Some(credentials(sent).ok_or_else(wrong)?),
        None => None,
    };
    let named = basic.as_ref().map(|(id, _)| id.as_str()).or_else(|| fields.get("client_id"));
    // A refresh need not name the client: the token does.
    let refreshed = || fields.get("refresh_token").and_then(|token| auth.tokens.get(token)).map(|token| &*token.client);
    let client = named.or_else(refreshed).and_then(|id| auth.clients.get(id)).ok_or_else(wrong)?;
    let audience = format!("{}/oauth/token", request.origin);
    let proof = match (&basic, fields.get("client_secret"), fields.get("client_assertion")) {
        (Some((_, secret)), _, _) => Proof::Secret(secret),
        (None, Some(secret), _) => Proof::Secret(secret),
        (None, None, Some(token)) => {
            if fields.get("client_assertion_type") != Some(ASSERTION) {
                return Err(refused(400, "invalid_request", &format!("client_assertion_type has to be {ASSERTION}")));
            }
            Proof::Assertion { token, audience: &audience, now }
        }
        (None, None, None) if fields.get("grant_type") == Some(EXCHANGE) => return Ok(client.clone()),
        (None, None, None) => Proof::Nothing,
    };
    client.prove(&proof)?;
    Ok(client.clone())
}

/// Name and secret of Basic credentials.
fn credentials(sent: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(sent).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((plain(id), plain(secret)))
}

fn check_verifier(verifier: &str, challenge: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(plain) {
        return Err(refused(400, "invalid_request", "code_verifier has to be 43 to 128 of A-Z a-z 0-9 - . _ ~"));
    }
    match URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge {
        true => Ok(()),
        false => Err(refused(400, "invalid_grant", "The code_verifier does not fit the challenge")),
    }
}

/// The user that a client asks to be.
fn impersonated(tenant: &Tenant, fields: &Fields) -> Result<String, Problem> {
    let lookup = fields.0.get("user_lookup");
    let lookup = lookup.ok_or_else(|| refused(400, "invalid_request", "user_lookup is missing"))?;
    let field = match lookup["field"].as_str() {
        Some("subject") => "subject",
        Some("userId") => "id",
        _ => return Err(refused(400, "invalid_request", "The field of user_lookup is subject or userId")),
    };
    let state = tenant.state();
    let user = state.users.iter().find(|user| lookup["value"].is_string() && user[field] == lookup["value"]);
    let id = user.and_then(|user| user["id"].as_str()).map(str::to_owned);
    id.ok_or_else(|| refused(400, "invalid_grant", "There is no such user to impersonate"))
}

struct Grant<'a> {
    client: &'a OAuthClient,
    user: String,
    scopes: Vec<String>,
    /// Whether `offline_access` brings a refresh token.
    refreshable: bool,
}

/// The answer that hands out a token, and another to renew it with where the scopes say so.
fn handed(auth: &mut Auth, tenant: &Tenant, grant: Grant<'_>) -> Answer {
    auth.grants += 1;
    let now = tenant.clock.seconds();
    let access = Token {
        purpose: Use::Access,
        client: grant.client.id.clone(),
        user: grant.user,
        scopes: grant.scopes,
        expires: now + ACCESS_LIFE,
        grant: auth.grants,
    };
    let mut body = json!({
        "access_token": auth.issue(access.clone()),
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE,
        "expires_at": clock::written((now + ACCESS_LIFE) * 1_000),
        "scope": access.scopes.join(" "),
    });
    if grant.refreshable && access.scopes.iter().any(|scope| scope == "offline_access") {
        let refresh = Token { purpose: Use::Refresh, expires: now + REFRESH_LIFE, ..access };
        body["refresh_token"] = json!(auth.issue(refresh));
    }
    Answer::ok(body).with("cache-control", "no-store")
}

/// A short-lived token for a URL, for one that stays secret.
fn exchanged(auth: &mut Auth, fields: &Fields, now: u64) -> Outcome {
    if fields.need("subject_token_type")? != ACCESS_TOKEN {
        return Err(refused(400, "invalid_request", &format!("subject_token_type has to be {ACCESS_TOKEN}")));
    }
    let purpose = match fields.need("purpose")? {
        "websocket" => Use::WebSocket,
        "webresource" => Use::WebResource,
        _ => return Err(refused(400, "invalid_request", "purpose is websocket or webresource")),
    };
    let subject = auth.live(fields.need("subject_token")?, Use::Access, now).cloned();
    let subject = subject.ok_or_else(|| refused(400, "invalid_grant", "The subject_token is unknown or expired"))?;
    let token = auth.issue(Token { purpose, expires: (now + EXCHANGED_LIFE).min(subject.expires), ..subject });
    Ok(Answer::ok(json!({
        "access_token": token,
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "bearer",
        "expires_in": EXCHANGED_LIFE,
    })))
}

/// A token for a visitor who shows an access code instead of signing in.
pub(super) fn anonymous(tenant: &Tenant, request: &Request) -> Outcome {
    let fields = Fields(request.json()?);
    let tracking = fields.need("tracking_code")?;
    if fields.need("grant_type")? != ANONYMOUS
        || tracking.len() != 40
        || !tracking.bytes().all(|b| b.is_ascii_hexdigit())
    {
        return Err(refused(
            400,
            "invalid_request",
            "Send the grant for anonymous embedding and 40 hex digits to track",
        ));
    }
    let user = tenant.owner();
    let mut auth = tenant.auth();
    if fields.need("eac")? != super::session::ACCESS_CODE {
        return Err(refused(401, "invalid_grant", "There is no such access code"));
    }
    let client = auth.clients.get(fields.need("client_id")?).cloned();
    let client = client.ok_or_else(|| refused(401, "invalid_client", "There is no such client"))?;
    let scopes = vec!["apps:read".to_owned()];
    Ok(handed(&mut auth, tenant, Grant { client: &client, user, scopes, refreshable: false }))
}

/// Takes a token back, and all that came of the same sign-in if it was the one that renews.
pub(super) fn revoke(tenant: &Tenant, parts: &Parts, request: &Request) -> Outcome {
    let fields = Fields::read(parts, request)?;
    let value = fields.need("token")?;
    if !matches!(fields.get("token_type_hint"), None | Some("access_token" | "refresh_token")) {
        return Err(refused(400, "invalid_request", "token_type_hint is access_token or refresh_token"));
    }
    let mut auth = tenant.auth();
    // Whether there was such a token is nobody's business.
    if let Some(token) = auth.tokens.remove(value).filter(|token| token.purpose == Use::Refresh) {
        auth.tokens.retain(|_, other| other.grant != token.grant);
    }
    Ok(Answer::empty(200))
}

/// Lets a client register itself, for an administrator to approve.
pub(super) fn register(tenant: &Tenant, request: &Request) -> Outcome {
    let fields = Fields(request.json()?);
    let now = tenant.clock.seconds();
    let mut auth = tenant.auth();
    if !auth.registration {
        return Err(refused(403, "access_denied", "The tenant does not let clients register themselves"));
    }
    fields.need("client_name")?;
    fields.need("client_uri")?;
    let uris: Vec<String> = fields
        .0
        .get("redirect_uris")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect();
    if uris.is_empty() {
        return Err(refused(400, "invalid_redirect_uri", "redirect_uris has to name one or more"));
    }
    let public = match fields.get("token_endpoint_auth_method").unwrap_or("client_secret_basic") {
        "none" => true,
        "client_secret_basic" | "client_secret_post" => false,
        other => return Err(refused(400, "invalid_client_metadata", &format!("{other} is not allowed"))),
    };
    let known = ["user_default", "mcp:execute", "offline_access"];
    let offered = &known[..if public { 2 } else { 3 }];
    let scope = fields.get("scope").map_or_else(|| offered.join(" "), str::to_owned);
    if let Some(other) = scope.split_whitespace().find(|scope| !offered.contains(scope)) {
        return Err(refused(400, "invalid_client_metadata", &format!("The scope {other} cannot be registered")));
    }
    let client = OAuthClient {
        secret: (!public).then(secret),
        redirect_uris: uris,
        approved: false,
        ..OAuthClient::public(&secret()[..32]).scopes(&scope.split_whitespace().collect::<Vec<_>>())
    };
    let mut body = json!({
        "client_id": client.id,
        "client_id_issued_at": now,
        "client_secret_expires_at": 0,
        "logo_uri": fields.get("logo_uri").unwrap_or_default(),
        "redirect_uris": client.redirect_uris,
        "scope": scope,
    });
    if let Some(secret) = &client.secret {
        body["client_secret"] = json!(secret);
    }
    auth.clients.insert(client.id.clone(), client);
    Ok(Answer::created(body))
}

pub(super) fn discovery(request: &Request) -> Answer {
    let at = |path: &str| format!("{}{path}", request.origin);
    Answer::ok(json!({
        "issuer": request.origin,
        "jwks_uri": at("/.well-known/jwks.json"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/revoke"),
        "authorization_endpoint": at("/oauth/authorize"),
        "registration_endpoint": at("/oauth/register"),
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", IMPERSONATION, EXCHANGE],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "client_secret_basic", "private_key_jwt", "none"],
    }))
}
