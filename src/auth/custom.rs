//! Ways of signing in that a program brings itself.

use std::any::type_name;
use std::fmt;

use super::Auth;
use super::authenticator::Authenticator;
use super::channel::Channel;
use crate::Result;

impl Auth {
    /// Signs in by code of the program's own. The function makes an [`Authenticator`] for each client that is built; the
    /// [`Channel`] is its way to the host, should it have to ask there for something.
    ///
    /// A proxy in front of Qlik that wants a header of its own:
    ///
    /// ```
    /// use qlik::auth::{Authenticator, Credentials, Signing, Target};
    /// use qlik::Auth;
    ///
    /// #[derive(Debug)]
    /// struct Gate {
    ///     pass: qlik::auth::Secret,
    /// }
    ///
    /// impl Authenticator for Gate {
    ///     fn sign(&self, _: Target) -> Signing<'_, Credentials> {
    ///         Box::pin(async { Credentials::none().header("X-Gate-Pass", self.pass.expose()) })
    ///     }
    /// }
    ///
    /// let auth = Auth::custom(|_| Ok(Gate { pass: "open sesame".into() }));
    /// ```
    ///
    /// One that fetches a session, renews it and ends it is `examples/own_sign_in.rs`.
    pub fn custom<A: Authenticator>(make: impl Fn(Channel) -> Result<A> + Send + Sync + 'static) -> Self {
        Self::with(Custom(type_name::<A>()), make)
    }
}

struct Custom(&'static str);

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
