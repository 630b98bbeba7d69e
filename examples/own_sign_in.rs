//! A way of signing in of one's own: here a broker hands out tokens for Qlik, each good for a while, and wants them back.
//!
//! The broker is played by the sandbox's token endpoint.

use qlik::auth::{Authenticator, Channel, Credentials, Refusal, Secret, Signing, Target};
use qlik::{Auth, Error, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// One for each client: the client makes it, and shares it among its clones.
#[derive(Debug)]
struct Broker {
    /// The way to the client's own host. A broker elsewhere is asked by an HTTP client of the program's own.
    channel: Channel,
    id: String,
    password: Secret,
    /// The lock is held while a token is fetched, so that it is fetched once for all who wait.
    token: Mutex<Option<Secret>>,
}

impl Broker {
    async fn fetch(&self) -> qlik::Result<Secret> {
        let body = json!({
            "grant_type": "client_credentials", "client_id": self.id, "client_secret": self.password.expose(),
        });
        let answer = self.channel.post("/oauth/token").json(&body).send().await?.json()?;
        let token = answer["access_token"].as_str();
        token.map(Secret::from).ok_or_else(|| Error::auth("the broker answered without a token"))
    }
}

impl Authenticator for Broker {
    /// Called for each request and each socket.
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        Box::pin(async move {
            let mut token = self.token.lock().await;
            if token.is_none() {
                *token = Some(self.fetch().await?);
                println!("the broker gave a token");
            }
            match &*token {
                Some(token) => Credentials::bearer(token),
                None => Ok(Credentials::none()),
            }
        })
    }

    /// Called when the server refuses what was signed. With `true`, the request is signed anew and sent once more.
    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        Box::pin(async move {
            if refusal.status() != 401 {
                return Ok(false);
            }
            *self.token.lock().await = None;
            Ok(true)
        })
    }

    /// Called by `Qlik::deauthorize`.
    fn sign_out(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            if let Some(token) = self.token.lock().await.take() {
                self.channel.post("/oauth/revoke").json(&json!({ "token": token.expose() })).send().await?;
                println!("the broker has its token back");
            }
            Ok(())
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start().await?;
    let (id, password) = (sandbox.client_id().to_owned(), Secret::new(sandbox.client_secret()));
    let auth = Auth::custom(move |channel| {
        let (id, password) = (id.clone(), password.clone());
        Ok(Broker { channel, id, password, token: Mutex::new(None) })
    });
    let qlik = Qlik::builder(sandbox.host()).auth(auth).build()?;

    let me: Value = qlik.get("/api/v1/users/me").await?;
    println!("REST: {}", me["name"]);
    // All tokens are taken back; the socket is refused, and opened with another.
    sandbox.revoke_all();
    let session = qlik.engine().connect().await?;
    println!("Engine: {}", session.global().engine_version().await?.component_version.unwrap_or_default());
    qlik.deauthorize().await?;
    Ok(())
}
