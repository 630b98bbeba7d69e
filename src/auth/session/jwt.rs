//! The JWT that opens a session: brought by the program, or made from a key.

use std::fmt;
use std::future::Future;

use crate::Result;
use crate::auth::Secret;
use crate::auth::brought::Bring;

/// A JWT with which a session is opened: a text, which opens one session; what a function brings; or a
/// [`SignedJwt`](crate::auth::SignedJwt), which is made anew each time.
#[derive(Clone)]
pub struct Jwt(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Secret),
    Brought(Bring<Secret>),
    #[cfg(feature = "auth-jwt")]
    Made(Box<crate::auth::SignedJwt>),
}

impl Jwt {
    /// One that a function of the program's own brings, whenever a session is opened.
    pub fn from_fn<F, T>(function: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Into<Secret>,
    {
        Self(Kind::Brought(Bring::new(function)))
    }

    pub(super) async fn get(&self) -> Result<Secret> {
        match &self.0 {
            Kind::Fixed(jwt) => Ok(jwt.clone()),
            Kind::Brought(bring) => bring.bring().await,
            #[cfg(feature = "auth-jwt")]
            Kind::Made(jwt) => jwt.sign(),
        }
    }
}

impl From<Secret> for Jwt {
    fn from(jwt: Secret) -> Self {
        Self(Kind::Fixed(Secret::new(jwt.expose().trim())))
    }
}

impl From<String> for Jwt {
    fn from(jwt: String) -> Self {
        Secret::from(jwt).into()
    }
}

impl From<&str> for Jwt {
    fn from(jwt: &str) -> Self {
        Secret::from(jwt).into()
    }
}

#[cfg(feature = "auth-jwt")]
impl From<crate::auth::SignedJwt> for Jwt {
    fn from(jwt: crate::auth::SignedJwt) -> Self {
        Self(Kind::Made(Box::new(jwt)))
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Fixed(_) => f.write_str("Jwt(***)"),
            Kind::Brought(_) => f.write_str("Jwt(brought)"),
            #[cfg(feature = "auth-jwt")]
            Kind::Made(_) => f.write_str("Jwt(made)"),
        }
    }
}
