//! No signing in at all: Qlik Sense Desktop, and what anybody may ask.

use futures::FutureExt;
use futures::future::ready;

use super::Auth;
use super::authenticator::{Authenticator, Credentials, Signing, Target};

#[derive(Debug, Clone)]
struct Nobody;

impl Auth {
    /// Signs in nobody: for Qlik Sense Desktop (`http://localhost:4848`), and for what a host tells everybody.
    pub fn none() -> Self {
        Auth::with(Nobody, |_| Ok(Nobody))
    }
}

impl Authenticator for Nobody {
    fn sign(&self, _: Target) -> Signing<'_, Credentials> {
        ready(Ok(Credentials::none())).boxed()
    }
}
