//! What the tests over sockets share.
#![allow(dead_code, missing_docs)] // each test uses a part of it

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use qlik_sandbox::Sandbox;
use reqwest::{Client, RequestBuilder};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A private and a public key in PEM, made once per process.
pub(crate) fn rsa() -> &'static (String, String) {
    static KEYS: OnceLock<(String, String)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).expect("a key");
        let private = key.to_pkcs8_pem(LineEnding::LF).expect("PEM").to_string();
        (private, key.to_public_key().to_public_key_pem(LineEnding::LF).expect("PEM"))
    })
}

/// A private and a public key on the curve P-384, in PEM.
pub(crate) fn p384() -> (String, String) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).expect("a key");
    (key.serialize_pem(), key.public_key_pem())
}

pub(crate) fn signed(algorithm: Algorithm, kid: &str, private: &str, claims: &Json) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    let key = match algorithm {
        Algorithm::ES384 => EncodingKey::from_ec_pem(private.as_bytes()),
        _ => EncodingKey::from_rsa_pem(private.as_bytes()),
    };
    jsonwebtoken::encode(&header, claims, &key.expect("a key")).expect("a token")
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

pub(crate) fn client() -> Client {
    // Whichever test is first installs it for all.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A client that goes where it is sent.
pub(crate) fn following() -> Client {
    let _ = client();
    Client::new()
}

/// Status and body of an answer.
pub(crate) async fn send(request: RequestBuilder) -> (u16, Json) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or(Json::Null))
}

pub(crate) async fn token(sandbox: &Sandbox, body: &Json) -> (u16, Json) {
    send(client().post(format!("{}/oauth/token", sandbox.host())).json(body)).await
}

pub(crate) async fn me(sandbox: &Sandbox, token: &str) -> u16 {
    send(client().get(format!("{}/api/v1/users/me", sandbox.host())).bearer_auth(token)).await.0
}

/// The client of the sandbox, with the grant.
pub(crate) fn asked(sandbox: &Sandbox, grant: &str, more: Json) -> Json {
    let mut body = json!({
        "grant_type": grant, "client_id": sandbox.client_id(), "client_secret": sandbox.client_secret(),
    });
    body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    body
}

pub(crate) async fn connect(sandbox: &Sandbox, path: &str, headers: &[(&str, &str)]) -> Result<Socket, Error> {
    connect_to(sandbox.addr(), path, headers).await
}

async fn connect_to(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{addr}{path}").into_client_request()?;
    for (name, value) in headers {
        let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    Ok(connect_async(request).await?.0)
}

pub(crate) async fn next(socket: &mut Socket) -> Json {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).unwrap_or_else(|_| json!({ "raw": text.as_str() }));
            }
            Some(Ok(Message::Close(frame))) => return json!({ "closed": frame.map(|frame| u16::from(frame.code)) }),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return json!("ended"),
        }
    }
}

/// A session of the Engine with an app open, as handle 1.
pub(crate) struct Engine(Socket);

impl Engine {
    pub(crate) async fn open(addr: SocketAddr, key: &str, app: &str) -> Self {
        let bearer = format!("Bearer {key}");
        let socket = connect_to(addr, &format!("/app/{app}"), &[("authorization", &bearer)]).await;
        let mut engine = Self(socket.expect("a socket"));
        assert_eq!(next(&mut engine.0).await["method"], "OnConnected");
        assert_eq!(engine.call(-1, "OpenDoc", json!([app])).await["qReturn"]["qHandle"], 1);
        engine
    }

    /// The whole reply.
    pub(crate) async fn reply(&mut self, handle: i64, method: &str, params: Json) -> Json {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "handle": handle, "method": method, "params": params });
        self.0.send(Message::text(request.to_string())).await.expect("sent");
        next(&mut self.0).await
    }

    /// The result.
    pub(crate) async fn call(&mut self, handle: i64, method: &str, params: Json) -> Json {
        let reply = self.reply(handle, method, params).await;
        assert_eq!(reply.get("error"), None, "{method}: {reply}");
        reply["result"].clone()
    }

    pub(crate) async fn next(&mut self) -> Json {
        next(&mut self.0).await
    }
}
