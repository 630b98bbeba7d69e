//! A way of signing in that the program brings itself: signs REST and the socket, renews, and leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qlik::Auth;
use qlik::auth::{Authenticator, Channel, Credentials, Refusal, Secret, Signing, Target};
use serde_json::json;

use crate::kit::{Kit, works};

/// Fetches a token by itself, and asks for another when it is refused.
#[derive(Debug)]
struct Own {
    channel: Channel,
    body: Secret,
    token: tokio::sync::Mutex<Option<Secret>>,
    left: Arc<AtomicUsize>,
}

impl Authenticator for Own {
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        Box::pin(async move {
            let mut token = self.token.lock().await;
            if token.is_none() {
                let body = serde_json::from_str(self.body.expose()).unwrap();
                let answer = self.channel.post("/oauth/token").json(&body).send().await?.json()?;
                *token = answer["access_token"].as_str().map(Secret::from);
            }
            Credentials::bearer(token.as_ref().unwrap())
        })
    }

    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        Box::pin(async move {
            *self.token.lock().await = None;
            Ok(refusal.status() == 401)
        })
    }

    fn sign_out(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            self.left.fetch_add(1, Ordering::SeqCst);
            *self.token.lock().await = None;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_way_of_ones_own_signs_all_there_is() {
    let kit = Kit::new().await;
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": kit.sandbox.client_id(), "client_secret": kit.sandbox.client_secret(),
    });
    let left = Arc::new(AtomicUsize::new(0));
    let (text, leaving) = (body.to_string(), left.clone());
    let auth = Auth::custom(move |channel| {
        let (body, left) = (Secret::new(text.as_str()), leaving.clone());
        Ok(Own { channel, body, token: tokio::sync::Mutex::new(None), left })
    });
    kit.print(&auth);
    let qlik = kit.client(auth);
    works(&qlik).await;
    kit.sandbox.revoke_all();
    works(&qlik).await;
    assert_eq!(kit.count("/oauth/token"), 2);
    qlik.deauthorize().await.unwrap();
    assert_eq!(left.load(Ordering::SeqCst), 1);
}
