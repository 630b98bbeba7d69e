//! A client-managed server: certificates, virtual proxies, tickets, and the handshake of its sockets.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{client, connect, next, now, rsa, send, signed};
use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::Algorithm;
use qlik_sandbox::Sandbox;
use reqwest::{Certificate, Client, Identity};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const KEY: &str = "abcdefghijklmnop";

fn keyed(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    request.query(&[("xrfkey", KEY)]).header("x-qlik-xrfkey", KEY)
}

fn certified(sandbox: &Sandbox, with_certificate: bool) -> Client {
    let _ = client();
    let root = Certificate::from_pem(sandbox.root_pem().as_bytes()).expect("a root");
    let builder = Client::builder().tls_certs_only([root]);
    let identity = || Identity::from_pem(sandbox.client_pem().as_bytes()).expect("a certificate");
    let builder = if with_certificate { builder.identity(identity()) } else { builder };
    builder.build().expect("a client")
}

/// The name of the user whom the Engine takes a socket of the certificates' port to be; none where it is refused.
async fn engine_user(sandbox: &Sandbox, app: &str, user: Option<&str>) -> Option<String> {
    let pem = |text: &str| CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>().expect("PEM");
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(pem(sandbox.root_pem()));
    let key = PrivateKeyDer::from_pem_slice(sandbox.client_pem().as_bytes()).expect("a key");
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    let config = config.with_client_auth_cert(pem(sandbox.client_pem()), key).expect("a certificate");
    let address = sandbox.service_host().trim_start_matches("https://");
    let stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let name = address.split(':').next().expect("a name").to_owned().try_into().expect("a server's name");
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS");
    let mut request = format!("wss://{address}/app/{app}").into_client_request().expect("a request");
    if let Some(user) = user {
        request.headers_mut().insert("x-qlik-user", user.parse().expect("a value"));
    }
    let mut socket = tokio_tungstenite::client_async(request, stream).await.ok()?.0;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "handle": -1, "method": "GetAuthenticatedUser", "params": [] });
    socket.send(Message::text(call.to_string())).await.expect("sent");
    let _greeting = socket.next().await;
    let reply = socket.next().await.expect("a reply").expect("no error").into_text().expect("text");
    let reply: Json = serde_json::from_str(&reply).expect("JSON");
    let id = reply["result"]["qReturn"].as_str().expect("a user").rsplit('=').next().expect("an id").to_owned();
    let me = certified(sandbox, true).get(format!("{}/api/v1/users/{id}", sandbox.host()));
    send(me.bearer_auth(sandbox.api_key())).await.1["name"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_certificate_speaks_for_a_user() {
    let sandbox = Sandbox::builder().tls().virtual_proxy("py_api").start().await.expect("a sandbox");
    assert!(sandbox.host().starts_with("https://"));
    let client = certified(&sandbox, true);
    let apps = format!("{}/qrs/app/full", sandbox.service_host());
    let user = "UserDirectory=SANDBOX; UserId=ada";
    let (status, found) = send(keyed(client.get(&apps)).header("x-qlik-user", user)).await;
    assert_eq!((status, found.as_array().map(Vec::len)), (200, Some(14)));
    let service = keyed(client.get(&apps)).header("x-qlik-user", "UserDirectory=INTERNAL;UserId=sa_api");
    assert_eq!(send(service).await.0, 200);
    assert_eq!(send(keyed(client.get(&apps)).header("x-qlik-user", "UserDirectory=X; UserId=nobody")).await.0, 403);
    assert_eq!(send(keyed(client.get(&apps))).await.0, 403);
    assert_eq!(send(client.get(&apps).header("x-qlik-user", user)).await.0, 403, "no xrfkey");
    let other = client.get(&apps).query(&[("xrfkey", "0123456789abcdef")]).header("x-qlik-xrfkey", KEY);
    assert_eq!(send(other.header("x-qlik-user", user)).await.0, 403);

    let by_name = keyed(client.get(&apps)).query(&[("filter", "name eq 'Scratch'")]).header("x-qlik-user", user);
    let named = send(by_name).await.1;
    assert_eq!((named.as_array().map(Vec::len), &named[0]["name"]), (Some(1), &json!("Scratch")));
    for (path, member) in [("app", &named[0]["id"]), ("user", &named[0]["owner"]["id"])] {
        let at = format!("{}/qrs/{path}/{}", sandbox.service_host(), member.as_str().expect("an id"));
        assert_eq!(send(keyed(client.get(at)).header("x-qlik-user", user)).await.1["id"], *member);
    }
    let about = keyed(client.get(format!("{}/qrs/about", sandbox.service_host()))).header("x-qlik-user", user);
    assert_eq!(send(about).await.1["schemaPath"], "About");

    let app = named[0]["id"].as_str().expect("an id");
    assert_eq!(engine_user(&sandbox, app, Some(user)).await.as_deref(), Some("Ada Alder"));
    assert_eq!(engine_user(&sandbox, app, None).await, None);

    assert!(certified(&sandbox, false).get(&apps).send().await.is_err(), "the port wants a certificate");
    assert!(common::client().get(&apps).send().await.is_err(), "the root is nobody's");
    let tenant =
        certified(&sandbox, false).get(format!("{}/api/v1/items", sandbox.host())).bearer_auth(sandbox.api_key());
    assert_eq!(send(tenant).await.0, 200);
}

#[tokio::test]
async fn a_virtual_proxy_lets_in_by_header_once() {
    let sandbox = Sandbox::builder().virtual_proxy("py_api").start().await.expect("a sandbox");
    let url = |path: &str| format!("{}/py_api{path}", sandbox.host());
    let first = keyed(client().get(url("/qrs/about"))).header("header_user", "SANDBOX\\ada");
    let first = first.send().await.expect("an answer");
    assert_eq!(first.status(), 200);
    let cookie = first.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    assert!(cookie.starts_with("X-Qlik-Session-py_api="), "{cookie}");
    let again = keyed(client().get(url("/qrs/app"))).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!((again.status().as_u16(), again.headers().get("set-cookie")), (200, None));
    assert_eq!(send(keyed(client().get(url("/qrs/app")))).await.0, 401);
    assert_eq!(send(keyed(client().get(url("/qrs/app"))).header("header_user", "nobody")).await.0, 403);

    let csrf = keyed(client().get(url("/qps/csrftoken"))).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(csrf.status(), 204);
    let csrf = csrf.headers()["qlik-csrf-token"].to_str().expect("text").to_owned();
    let socket = format!("/py_api/app/engineData?qlik-csrf-token={csrf}");
    let origin = sandbox.host();
    let mut open = connect(&sandbox, &socket, &[("cookie", &cookie), ("origin", origin)]).await.expect("open");
    assert_eq!(next(&mut open).await["method"], "OnConnected");
    for headers in [
        vec![("cookie", &*cookie)],
        vec![("cookie", &*cookie), ("origin", "https://evil.example")],
        vec![("origin", origin)],
        vec![("cookie", &*cookie), ("origin", origin), ("authorization", "Bearer x")],
    ] {
        assert!(connect(&sandbox, &socket, &headers).await.is_err(), "{headers:?}");
    }
    let no_token = connect(&sandbox, "/py_api/app/engineData", &[("cookie", &cookie), ("origin", origin)]).await;
    assert!(no_token.is_err());

    let out = keyed(client().delete(url("/qps/user"))).header("cookie", &cookie);
    assert_eq!(send(out).await.0, 200);
    assert_eq!(send(keyed(client().get(url("/qrs/app"))).header("cookie", &cookie)).await.0, 401);
    for number in 0..6 {
        let more = keyed(client().get(url("/qrs/about"))).header("header_user", "bo");
        assert_eq!(send(more).await.0, if number < 5 { 200 } else { 403 });
    }
    let mut sixth = connect(&sandbox, "/py_api/app/engineData", &[("header_user", "bo")]).await.expect("open");
    let told = next(&mut sixth).await;
    assert_eq!(
        (&told["method"], &told["params"]["severity"]),
        (&json!("OnMaxParallelSessionsExceeded"), &json!("fatal"))
    );
    assert_eq!(next(&mut sixth).await, json!({ "closed": 1000 }));
    sandbox.clock().advance(Duration::from_secs(1_801));
    assert_eq!(send(keyed(client().get(url("/qrs/about"))).header("header_user", "bo")).await.0, 200);
}

#[tokio::test]
async fn tickets_and_tokens_open_the_proxy() {
    let (private, public) = rsa();
    let sandbox =
        Sandbox::builder().tls().virtual_proxy("py_api").issuer("me", "k", public).start().await.expect("a sandbox");
    let client = certified(&sandbox, true);
    let ticket = || async {
        let at = format!("{}/qps/py_api/ticket", sandbox.service_host());
        let body = json!({ "UserDirectory": "SANDBOX", "UserId": "cleo", "Attributes": [] });
        let (status, made) = send(keyed(client.post(at)).json(&body)).await;
        assert_eq!(status, 201, "{made}");
        made["Ticket"].as_str().expect("a ticket").to_owned()
    };
    let enter = |ticket: String| {
        keyed(client.get(format!("{}/py_api/qps/user", sandbox.host()))).query(&[("qlikTicket", ticket)])
    };
    let good = ticket().await;
    assert_eq!(send(enter(good.clone())).await.1["session"], "Active");
    assert_eq!(send(enter(good)).await.0, 401, "a ticket is good for once");
    let late = ticket().await;
    sandbox.clock().advance(Duration::from_secs(61));
    assert_eq!(send(enter(late)).await.0, 401);

    let sessions = format!("{}/qps/py_api/session", sandbox.service_host());
    let list = send(keyed(client.get(&sessions))).await.1;
    let id = list[0]["SessionId"].as_str().expect("a session").to_owned();
    assert_eq!(send(keyed(client.delete(format!("{sessions}/{id}")))).await.0, 200);
    assert_eq!(send(keyed(client.get(&sessions))).await.1, json!([]));

    let body = json!({ "UserDirectory": "SANDBOX", "UserId": "cleo", "SessionId": "made-by-me", "Attributes": [] });
    assert_eq!(send(keyed(client.post(&sessions)).json(&body)).await.0, 201);
    let cookie = "X-Qlik-Session-py_api=made-by-me";
    let mine = keyed(client.get(format!("{}/py_api/qps/user", sandbox.host()))).header("cookie", cookie);
    assert_eq!(send(mine).await.1["session"], "Active");

    let claims = json!({ "userId": "ada", "userDirectory": "SANDBOX", "exp": now() + 600 });
    let about = || keyed(client.get(format!("{}/py_api/qrs/about", sandbox.host())));
    assert_eq!(send(about().bearer_auth(signed(Algorithm::RS256, "k", private, &claims))).await.0, 200);
    let old = json!({ "userId": "ada", "userDirectory": "SANDBOX", "exp": now() - 600 });
    assert_eq!(send(about().bearer_auth(signed(Algorithm::RS256, "k", private, &old))).await.0, 401);
}
