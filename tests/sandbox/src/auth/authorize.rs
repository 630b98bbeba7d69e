//! Asking a user for an authorization: `/oauth/authorize`, and the codes it hands out.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::client::refused;
use super::secret;
use crate::rest::{Answer, Outcome, Request};
use crate::tenant::Tenant;

/// Seconds that a code lives.
const CODE_LIFE: u64 = 60;

/// What a code stands for until it is exchanged.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) scopes: Vec<String>,
    pub(super) user: String,
    pub(super) expires: u64,
}

pub(super) fn authorize(tenant: &Tenant, request: &Request) -> Outcome {
    let asked = |name: &str| request.query(name).unwrap_or_default();
    let user = tenant.owner();
    let now = tenant.clock.seconds();
    let mut auth = tenant.auth();
    let Some(client) = auth.clients.get(asked("client_id")) else {
        return Err(refused(400, "invalid_client", "There is no such client"));
    };
    let redirect_uri = asked("redirect_uri");
    if !client.redirect_uris.iter().any(|known| known == redirect_uri) {
        return Err(refused(400, "invalid_request", "The redirect_uri is none of the client's"));
    }
    let back = |pairs: &[(&str, &str)]| {
        let mark = if redirect_uri.contains('?') { '&' } else { '?' };
        let pairs = pairs.iter().copied().chain([("state", asked("state"))]);
        let pairs = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        let query: Vec<String> = pairs.collect();
        Ok(Answer::redirect(302, format!("{redirect_uri}{mark}{}", query.join("&"))))
    };
    let sorry = |error: &str, detail: &str| {
        back(&[
            ("error", error),
            ("error_code", "SANDBOX-400"),
            ("error_detail", detail),
            ("error_description", detail),
        ])
    };
    if asked("response_type") != "code" {
        return sorry("unsupported_response_type", "response_type has to be code");
    }
    if asked("state").is_empty() {
        return sorry("invalid_request", "state is missing");
    }
    if asked("code_challenge_method") != "S256" || asked("code_challenge").len() != 43 {
        return sorry("invalid_request", "code_challenge has to be a SHA-256 digest, and code_challenge_method S256");
    }
    let Ok(scopes) = client.granted(request.query("scope")) else {
        return sorry("invalid_scope", "The client may not ask for one of the scopes");
    };
    if !client.approved {
        return sorry("unauthorized_client", "An administrator has to approve the client first");
    }
    match (auth.approve, request.query("decision")) {
        (_, Some("deny")) => sorry("access_denied", "The user does not agree"),
        (true, _) | (_, Some("approve")) => {
            let code = Code {
                client: client.id.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge: asked("code_challenge").to_owned(),
                scopes,
                user,
                expires: now + CODE_LIFE,
            };
            let value = secret();
            auth.codes.insert(value.clone(), code);
            back(&[("code", &value)])
        }
        (false, _) if asked("prompt") == "none" => sorry("login_required", "The user has to be asked"),
        (false, _) => Ok(Answer::file("text/html; charset=utf-8", page(request))),
    }
}

/// The page on which a user decides.
fn page(request: &Request) -> String {
    let link = |decision: &str| request.again(&[("decision", decision)]).replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html><title>Sandbox</title><p>An application asks for access to this sandbox.</p>\
         <p><a id=\"approve\" href=\"{}\">Approve</a> <a id=\"deny\" href=\"{}\">Deny</a></p>",
        link("approve"),
        link("deny")
    )
}
