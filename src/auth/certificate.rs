//! Client-managed servers, past their proxy: a client certificate, and the user that it speaks for.

use futures::FutureExt;
use futures::future::ready;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::authenticator::{Authenticator, Credentials, Signing, Target};
use super::identity::Identity;
use super::{Auth, random};
use crate::{Error, Result};

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Auth {
    /// Signs in to a client-managed server with a client certificate that it trusts, as any of its users: the Repository
    /// Service (`/qrs`, port 4242), the Proxy Service (`/qps`, 4243) and the Engine (4747). A host that is given with
    /// another port has all three behind that one.
    ///
    /// `INTERNAL` and `sa_api` are directory and id of a service's own user, who may do everything; such a certificate is
    /// worth as much as an administrator's password.
    ///
    /// ```no_run
    /// use qlik::auth::Identity;
    /// use qlik::{Auth, Qlik};
    ///
    /// # fn main() -> qlik::Result<()> {
    /// let identity = Identity::pem_files("client.pem", "client_key.pem")?;
    /// let qlik = Qlik::builder("https://qlik-server.example")
    ///     .auth(Auth::certificate(identity, "EXAMPLE", "ada"))
    ///     .root_certificates_file("root.pem")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn certificate(identity: Identity, directory: impl Into<String>, user: impl Into<String>) -> Self {
        let (directory, user) = (directory.into(), user.into());
        let certified = move |channel: super::Channel| {
            if !channel.host().is_secure() {
                return Err(Error::config("a client certificate needs a host with https://"));
            }
            if directory.trim().is_empty() || user.trim().is_empty() {
                return Err(Error::auth(
                    "the directory or the id of the user is empty, for whom the certificate speaks",
                ));
            }
            let encoded = |text: &str| utf8_percent_encode(text.trim(), PLAIN).to_string();
            Ok(Certified { user: format!("UserDirectory={}; UserId={}", encoded(&directory), encoded(&user)) })
        };
        Auth { identity: Some(identity), ..Auth::with("Certificate", certified) }
    }
}

#[derive(Debug)]
struct Certified {
    user: String,
}

impl Authenticator for Certified {
    fn sign(&self, target: Target) -> Signing<'_, Credentials> {
        ready(Credentials::none().header("X-Qlik-User", &self.user).and_then(|signed| match target.is_socket() {
            true => Ok(signed),
            false => keyed(signed),
        }))
        .boxed()
    }
}

/// Adds the key that every call to the services of a client-managed server says twice.
pub(super) fn keyed(credentials: Credentials) -> Result<Credentials> {
    let key = random::hex::<8>()?;
    Ok(credentials.header("X-Qlik-Xrfkey", &key)?.query("xrfkey", key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Method;

    #[tokio::test]
    async fn says_for_whom_and_the_key_twice() {
        let certified = Certified { user: "UserDirectory=D; UserId=U".into() };
        let signed = certified.sign(Target::rest(Method::Get)).await.unwrap();
        let mut url = url::Url::parse("https://server:4242/qrs/app?x=1").unwrap();
        signed.put_into(&mut url);
        let key = signed.headers()["x-qlik-xrfkey"].to_str().unwrap();
        assert_eq!(key.len(), 16);
        assert_eq!(url.query(), Some(format!("x=1&xrfkey={key}").as_str()));
        assert_eq!(signed.headers()["x-qlik-user"], "UserDirectory=D; UserId=U");
    }
}
