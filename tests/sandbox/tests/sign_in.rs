//! Every way of signing in to the tenant, and what each is refused for.

mod common;

use std::time::Duration;

use common::{asked, client, connect, me, next, now, p384, rsa, send, signed, token};
use jsonwebtoken::Algorithm;
use qlik_sandbox::{OAuthClient, Sandbox};
use serde_json::{Value as Json, json};

fn error(body: &Json) -> &str {
    body["errors"][0]["title"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn client_credentials_in_every_form() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let url = format!("{}/oauth/token", sandbox.host());
    let body = asked(&sandbox, "client_credentials", json!({ "scope": "user_default" }));
    let (status, made) = token(&sandbox, &body).await;
    assert_eq!((status, &made["token_type"], &made["expires_in"]), (200, &json!("bearer"), &json!(21_600)));
    assert!(made["expires_at"].is_string() && made["refresh_token"].is_null());
    let access = made["access_token"].as_str().expect("a token");
    assert_eq!(me(&sandbox, access).await, 301);

    assert_eq!(send(client().post(&url).form(&body)).await.0, 200);
    let grant = [("grant_type", "client_credentials")];
    let basic = client().post(&url).basic_auth(sandbox.client_id(), Some(sandbox.client_secret())).form(&grant);
    assert_eq!(send(basic).await.0, 200);
    let basic = client().post(&url).basic_auth(sandbox.client_id(), Some("wrong")).form(&grant);
    let (status, wrong) = send(basic).await;
    assert_eq!((status, error(&wrong), &wrong["errors"][0]["status"]), (401, "invalid_client", &json!("401")));

    for (change, status, title) in [
        (json!({ "client_secret": "wrong" }), 401, "invalid_client"),
        (json!({ "client_id": "nobody" }), 401, "invalid_client"),
        (json!({ "scope": "everything" }), 400, "invalid_scope"),
        (json!({ "grant_type": "magic" }), 400, "unsupported_grant_type"),
        (json!({ "grant_type": null }), 400, "invalid_request"),
    ] {
        let mut body = body.clone();
        body.as_object_mut().expect("an object").extend(change.as_object().cloned().expect("an object"));
        let (got, answer) = token(&sandbox, &body).await;
        assert_eq!((got, error(&answer)), (status, title), "{change}");
    }

    sandbox.clock().advance(Duration::from_secs(21_601));
    assert_eq!(me(&sandbox, access).await, 401);
    assert_eq!(me(&sandbox, sandbox.api_key()).await, 301);
}

#[tokio::test]
async fn scopes_say_what_a_token_reaches() {
    let narrow = OAuthClient::confidential("narrow", "s").scopes(&["items:read"]);
    let sandbox = Sandbox::builder().client(narrow).start().await.expect("a sandbox");
    let body = json!({ "grant_type": "client_credentials", "client_id": "narrow", "client_secret": "s" });
    let made = token(&sandbox, &body).await.1;
    let access = made["access_token"].as_str().expect("a token");
    let items = format!("{}/api/v1/items", sandbox.host());
    assert_eq!(send(client().get(&items).bearer_auth(access)).await.0, 200);
    assert_eq!(send(client().delete(format!("{items}/x")).bearer_auth(access)).await.0, 403);
    assert_eq!(me(&sandbox, access).await, 403);
}

#[tokio::test]
async fn impersonation_is_the_user() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let as_user = |field: &str, value: &str| {
        let lookup = json!({ "user_lookup": { "field": field, "value": value } });
        asked(&sandbox, "urn:qlik:oauth:user-impersonation", lookup)
    };
    let made = token(&sandbox, &as_user("subject", "auth0|ada@sandbox.example")).await.1;
    let access = made["access_token"].as_str().expect("a token");
    let answer = common::following().get(format!("{}/api/v1/users/me", sandbox.host())).bearer_auth(access);
    let user: Json = answer.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(user["name"], "Ada Alder");
    let id = user["id"].as_str().expect("an id");
    assert_eq!(token(&sandbox, &as_user("userId", id)).await.0, 200);
    assert_eq!(token(&sandbox, &as_user("subject", "nobody")).await.0, 400);
    assert_eq!(token(&sandbox, &as_user("email", "ada@sandbox.example")).await.0, 400);
    assert_eq!(token(&sandbox, &asked(&sandbox, "urn:qlik:oauth:user-impersonation", json!({}))).await.0, 400);
}

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BACK: &str = "http://127.0.0.1:9/back";

fn authorize(sandbox: &Sandbox, change: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let mut query = vec![
        ("response_type", "code"),
        ("client_id", "native"),
        ("redirect_uri", BACK),
        ("scope", "user_default offline_access"),
        ("state", "s t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    query.retain(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
    query.extend(change.iter().filter(|(_, value)| !value.is_empty()));
    client().get(format!("{}/oauth/authorize", sandbox.host())).query(&query)
}

async fn location(request: reqwest::RequestBuilder) -> Option<String> {
    let answer = request.send().await.expect("an answer");
    answer.headers().get("location").map(|location| location.to_str().expect("text").to_owned())
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(location).expect("a URL");
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_code_with_pkce_and_its_refresh_token() {
    let native = OAuthClient::public("native").redirect_uri(BACK);
    let sandbox = Sandbox::builder().client(native).approve().start().await.expect("a sandbox");
    let back = location(authorize(&sandbox, &[])).await.expect("a redirect");
    assert!(back.starts_with(BACK) && parameter(&back, "state").as_deref() == Some("s t"), "{back}");
    let exchange = |code: &str, verifier: &str, uri: &str| json!({ "grant_type": "authorization_code", "client_id": "native", "code": code, "code_verifier": verifier, "redirect_uri": uri });
    let code = parameter(&back, "code").expect("a code");
    let (status, made) = token(&sandbox, &exchange(&code, VERIFIER, BACK)).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(me(&sandbox, made["access_token"].as_str().expect("a token")).await, 301);
    assert_eq!(token(&sandbox, &exchange(&code, VERIFIER, BACK)).await.0, 400, "a code is good for once");

    for (verifier, uri, wait) in
        [("x".repeat(43), BACK, 0), (VERIFIER.to_owned(), "http://other", 0), (VERIFIER.to_owned(), BACK, 61)]
    {
        let back = location(authorize(&sandbox, &[])).await.expect("a redirect");
        sandbox.clock().advance(Duration::from_secs(wait));
        let body = exchange(&parameter(&back, "code").expect("a code"), &verifier, uri);
        let (status, answer) = token(&sandbox, &body).await;
        assert_eq!((status, error(&answer)), (400, "invalid_grant"));
    }

    let refresh = |value: &Json| json!({ "grant_type": "refresh_token", "refresh_token": value });
    let (status, again) = token(&sandbox, &refresh(&made["refresh_token"])).await;
    assert_eq!(status, 200, "{again}");
    assert_eq!(token(&sandbox, &refresh(&made["refresh_token"])).await.0, 401, "a refresh token is good for once");
    let access = again["access_token"].as_str().expect("a token");
    let revoke = client().post(format!("{}/oauth/revoke", sandbox.host()));
    let body = json!({ "token": again["refresh_token"], "token_type_hint": "refresh_token" });
    assert_eq!(send(revoke.json(&body)).await.0, 200);
    assert_eq!(me(&sandbox, access).await, 401);
    assert_ne!(token(&sandbox, &refresh(&again["refresh_token"])).await.0, 200);
}

#[tokio::test]
async fn authorizations_are_refused_and_asked_for() {
    let native = OAuthClient::public("native").redirect_uri(BACK);
    let sandbox = Sandbox::builder().client(native).start().await.expect("a sandbox");
    assert_eq!(send(authorize(&sandbox, &[("client_id", "x")])).await.0, 400);
    assert_eq!(send(authorize(&sandbox, &[("redirect_uri", "http://evil")])).await.0, 400);
    for (change, why) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("state", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "magic"), "invalid_scope"),
        (("prompt", "none"), "login_required"),
        (("decision", "deny"), "access_denied"),
    ] {
        let back = location(authorize(&sandbox, &[change])).await.expect("a redirect");
        assert_eq!(parameter(&back, "error").as_deref(), Some(why), "{change:?}");
    }
    let page = authorize(&sandbox, &[]).send().await.expect("an answer").text().await.expect("a page");
    let link = page.split("id=\"approve\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let back = location(client().get(link.replace("&amp;", "&"))).await.expect("a redirect");
    assert!(parameter(&back, "code").is_some());
}

#[tokio::test]
async fn assertions_instead_of_a_secret() {
    let ((private, public), (curve_private, curve_public)) = (rsa(), p384());
    let signer = OAuthClient::public("signer").public_key("k1", public).public_key("k2", &curve_public);
    let sandbox = Sandbox::builder().client(signer).start().await.expect("a sandbox");
    let audience = format!("{}/oauth/token", sandbox.host());
    let claims =
        json!({ "iss": "signer", "sub": "signer", "aud": audience, "jti": "1", "iat": now(), "exp": now() + 300 });
    let body = |assertion: String| {
        json!({
            "grant_type": "client_credentials", "client_id": "signer", "client_assertion": assertion,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        })
    };
    let good = [
        signed(Algorithm::RS256, "k1", private, &claims),
        signed(Algorithm::RS512, "k1", private, &claims),
        signed(Algorithm::ES384, "k2", &curve_private, &claims),
    ];
    for assertion in good {
        let (status, answer) = token(&sandbox, &body(assertion)).await;
        assert_eq!(status, 200, "{answer}");
    }
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!(format!("{audience}/"))),
        ("exp", json!(now() - 1)),
        ("exp", json!(now() + 900)),
        ("jti", Json::Null),
        ("iat", json!(now() + 4_000)),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        let (status, answer) = token(&sandbox, &body(signed(Algorithm::RS256, "k1", private, &claims))).await;
        assert_eq!((status, error(&answer)), (401, "invalid_client"), "{name}");
    }
    let other_key = signed(Algorithm::RS256, "k2", private, &claims);
    assert_eq!(token(&sandbox, &body(other_key)).await.0, 401);
    let other_algorithm = signed(Algorithm::RS384, "k1", private, &claims);
    assert_eq!(token(&sandbox, &body(other_algorithm)).await.0, 401);
    let nothing = json!({ "grant_type": "client_credentials", "client_id": "signer" });
    assert_eq!(token(&sandbox, &nothing).await.0, 401);
}

#[tokio::test]
async fn tokens_for_urls_open_sockets_and_pictures() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let made = token(&sandbox, &asked(&sandbox, "client_credentials", json!({}))).await.1;
    let access = made["access_token"].as_str().expect("a token");
    let exchange = |purpose: &str| {
        json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "client_id": sandbox.client_id(), "purpose": purpose,
            "subject_token": access, "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        })
    };
    let (status, url) = token(&sandbox, &exchange("websocket")).await;
    assert_eq!(status, 200, "{url}");
    let url = url["access_token"].as_str().expect("a token");
    let mut socket = connect(&sandbox, &format!("/app/engineData?accessToken={url}"), &[]).await.expect("open");
    assert_eq!(next(&mut socket).await["method"], "OnConnected");
    let rest = format!("{}/api/v1/items?accessToken=", sandbox.host());
    assert_eq!(send(client().get(format!("{rest}{url}"))).await.0, 401, "it is for sockets");
    let picture = token(&sandbox, &exchange("webresource")).await.1;
    assert_eq!(
        send(client().get(format!("{rest}{}", picture["access_token"].as_str().expect("a token")))).await.0,
        200
    );
    assert_eq!(token(&sandbox, &exchange("anything")).await.0, 400);
    sandbox.clock().advance(Duration::from_secs(301));
    assert!(connect(&sandbox, &format!("/app/engineData?accessToken={url}"), &[]).await.is_err());
    let bearer = format!("Bearer {access}");
    assert!(connect(&sandbox, "/app/engineData", &[("authorization", &bearer)]).await.is_ok());
    sandbox.revoke_all();
    assert!(connect(&sandbox, "/app/engineData", &[("authorization", &bearer)]).await.is_err());
}

#[tokio::test]
async fn registration_and_discovery() {
    let sandbox = Sandbox::builder().registration().approve().start().await.expect("a sandbox");
    let known = send(client().get(format!("{}/.well-known/oauth-authorization-server", sandbox.host()))).await.1;
    let at = known["registration_endpoint"].as_str().expect("a URL");
    let body = json!({ "client_name": "n", "client_uri": "https://n.example", "redirect_uris": [BACK], "token_endpoint_auth_method": "none" });
    let (status, made) = send(client().post(at).json(&body)).await;
    assert_eq!(
        (status, &made["scope"], &made["client_secret"]),
        (201, &json!("user_default mcp:execute"), &Json::Null)
    );
    let id = made["client_id"].as_str().expect("an id");
    let change = [("client_id", id), ("scope", "user_default")];
    let back = location(authorize(&sandbox, &change)).await.expect("a redirect");
    assert_eq!(parameter(&back, "error").as_deref(), Some("unauthorized_client"));
    sandbox.approve_client(id);
    let back = location(authorize(&sandbox, &change)).await.expect("a redirect");
    assert!(parameter(&back, "code").is_some());
    for wrong in ["client_name", "redirect_uris"] {
        let mut body = body.clone();
        body.as_object_mut().expect("an object").remove(wrong);
        assert_eq!(send(client().post(at).json(&body)).await.0, 400, "{wrong}");
    }
    let closed = Sandbox::start().await.expect("a sandbox");
    assert_eq!(send(client().post(format!("{}/oauth/register", closed.host())).json(&body)).await.0, 403);
}

#[tokio::test]
async fn a_jwt_opens_a_session_with_cookies() {
    let (private, public) = rsa();
    let sandbox = Sandbox::builder().issuer("me", "k", public).web_integration("w1").start().await.expect("a sandbox");
    let claims = |jti: &str| {
        json!({
            "iss": "me", "aud": "qlik.api/login/jwt-session", "sub": "new|user", "subType": "user", "name": "New User",
            "email": "new@sandbox.example", "email_verified": true, "jti": jti, "iat": now(), "nbf": now() - 1, "exp": now() + 600,
        })
    };
    let login = |claims: &Json, algorithm: Algorithm| {
        let jwt = signed(algorithm, "k", private, claims);
        client().post(format!("{}/login/jwt-session", sandbox.host())).bearer_auth(jwt)
    };
    let answer =
        login(&claims("1"), Algorithm::RS256).header("qlik-web-integration-id", "w1").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let cookies = cookies(&answer);
    assert_eq!(cookies.len(), 4);
    let csrf = cookies.iter().find_map(|cookie| cookie.strip_prefix("_csrfToken=")).expect("a token").to_owned();
    let cookies = cookies.join("; ");
    let with = |request: reqwest::RequestBuilder| request.header("cookie", &cookies);

    let url = |path: &str| format!("{}{path}", sandbox.host());
    let mine = with(client().get(url("/api/v1/users/me"))).send().await.expect("an answer");
    let at = mine.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(send(with(client().get(at))).await.1["name"], "New User");
    let token = with(client().get(url("/api/v1/csrf-token"))).send().await.expect("an answer");
    assert_eq!((token.status().as_u16(), token.headers()["qlik-csrf-token"].to_str().expect("text")), (204, &*csrf));
    let (status, body) = send(client().get(url("/api/v1/csrf-token")).bearer_auth(sandbox.api_key())).await;
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!("CSRF-TOKEN-4")));
    let app = json!({ "attributes": { "name": "Mine" } });
    let (status, body) = send(with(client().post(url("/api/v1/apps"))).json(&app)).await;
    assert_eq!((status, &body["errors"][0]["code"]), (403, &json!("CSRF-TOKEN-2")));
    let made = with(client().post(url("/api/v1/apps"))).header("qlik-csrf-token", &csrf).json(&app);
    assert_eq!(send(made).await.0, 200);
    let unknown = with(client().get(url("/api/v1/items"))).header("qlik-web-integration-id", "w2");
    assert_eq!(send(unknown).await.0, 400);

    let socket = format!("/app/engineData?qlik-csrf-token={csrf}");
    assert!(connect(&sandbox, &socket, &[("cookie", &cookies)]).await.is_ok());
    assert!(connect(&sandbox, "/app/engineData", &[("cookie", &cookies)]).await.is_err());

    for (name, value) in [
        ("jti", json!("1")),
        ("nbf", Json::Null),
        ("aud", json!("other")),
        ("iss", json!("you")),
        ("exp", json!(now() - 1)),
        ("exp", json!(now() + 7_200)),
        ("nbf", json!(now() + 100)),
    ] {
        let mut claims = claims(&format!("{name} {value}"));
        claims[name] = value;
        let (status, body) = send(login(&claims, Algorithm::RS512)).await;
        assert_eq!((status, &body["errors"][0]["code"]), (401, &json!("INTERNAL-TOKEN-1")), "{name}");
    }
    sandbox.clock().advance(Duration::from_secs(1_801));
    assert_eq!(send(with(client().get(url("/api/v1/items")))).await.0, 401);
}

/// The pairs of an answer's cookies.
fn cookies(answer: &reqwest::Response) -> Vec<String> {
    let sent = answer.headers().get_all("set-cookie").iter();
    sent.map(|cookie| cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned()).collect()
}

#[tokio::test]
async fn a_browser_logs_in_and_out() {
    let sandbox = Sandbox::builder().web_integration("w1").start().await.expect("a sandbox");
    let url = |path: &str| format!("{}{path}", sandbox.host());
    let login = url("/login?returnto=/hub&qlik-web-integration-id=w1");
    let answer = client().get(login).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].as_bytes()), (302, &b"/hub"[..]));
    let cookies = cookies(&answer).join("; ");
    let mine = || client().get(url("/api/v1/users/actions/count")).header("cookie", &cookies);
    assert_eq!(send(mine()).await.0, 200);
    let out = client().get(url("/logout")).header("cookie", &cookies).send().await.expect("an answer");
    assert_eq!(out.status(), 302);
    assert_eq!(send(mine()).await.0, 401);
    assert_eq!(send(client().get(url("/login?qlik-web-integration-id=w2"))).await.0, 400);
}

#[tokio::test]
async fn an_anonymous_visitor_reads_apps() {
    let sandbox = Sandbox::builder().client(OAuthClient::public("embedded")).start().await.expect("a sandbox");
    let ask = |code: &str| {
        client().post(format!("{}/oauth/token/anonymous-embed", sandbox.host())).json(&json!({
            "grant_type": "urn:qlik:oauth:anonymous-embed", "eac": code, "client_id": "embedded",
            "tracking_code": "0123456789abcdef0123456789abcdef01234567",
        }))
    };
    assert_eq!(send(ask("wrong")).await.0, 401);
    let (status, made) = send(ask("sandbox-access-code")).await;
    assert_eq!((status, made.get("refresh_token")), (200, None), "{made}");
    let token = made["access_token"].as_str().expect("a token");
    let bearer = format!("Bearer {token}");
    assert!(connect(&sandbox, "/app/engineData", &[("authorization", &bearer)]).await.is_ok());
    let made = client().post(format!("{}/api/v1/apps", sandbox.host())).bearer_auth(token).json(&json!({}));
    assert_eq!(send(made).await.0, 403);
}

#[tokio::test]
async fn a_restart_forgets_tokens_and_keeps_what_it_was_given() {
    let start = |addr: Option<std::net::SocketAddr>| {
        let builder = Sandbox::builder().api_key("the-key").client(OAuthClient::confidential("c", "s"));
        addr.into_iter().fold(builder, |builder, addr| builder.listen(addr)).start()
    };
    let sandbox = start(None).await.expect("a sandbox");
    let body = json!({ "grant_type": "client_credentials", "client_id": "c", "client_secret": "s" });
    let made = token(&sandbox, &body).await.1;
    let addr = sandbox.addr();
    drop(sandbox);
    let sandbox = start(Some(addr)).await.expect("a sandbox");
    assert_eq!(me(&sandbox, made["access_token"].as_str().expect("a token")).await, 401);
    assert_eq!(me(&sandbox, "the-key").await, 301);
    assert_eq!(token(&sandbox, &body).await.0, 200);
}
