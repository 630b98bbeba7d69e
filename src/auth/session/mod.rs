//! Sessions kept in cookies: how they are opened, used, renewed and ended.

mod cookies;
mod jwt;
mod open;

use std::sync::Arc;

pub use self::jwt::Jwt;
use self::open::Open;
use super::Auth;
use super::authenticator::{Answered, Authenticator, Credentials, Refusal, Signing, Target};
use super::brought::Bring;
use super::certificate::keyed;
use super::channel::Channel;
use super::renewing::{MARGIN, Making, Renewing, Stamped};
use super::secret::Secret;
use crate::host::Host;
use crate::{Error, Result, trace};

/// The header, and the pair of a query, that shows that a request is no other site's doing.
const CSRF: &str = "qlik-csrf-token";
const INTEGRATION: &str = "qlik-web-integration-id";

/// A session that is kept in cookies: how it is opened. It is given to [`QlikBuilder::auth`](crate::QlikBuilder::auth).
///
/// One session serves all the calls and sockets of a client. It is opened at the first of them, opened again when the
/// server has ended it, and ended by [`Qlik::deauthorize`](crate::Qlik::deauthorize); one of a virtual proxy also when
/// the client is dropped, since a user may have five there.
#[derive(Debug, Clone)]
#[must_use = "it is given to QlikBuilder::auth"]
pub struct Login {
    entry: Entry,
    cloud: bool,
    integration: Option<String>,
    origin: Option<String>,
    cookie: Option<String>,
}

/// What opens a session.
#[derive(Debug, Clone)]
enum Entry {
    Jwt(Jwt),
    /// A header in which a virtual proxy is told the user.
    Header {
        name: String,
        value: Secret,
    },
    Ticket(Bring<Secret>),
    /// A session that is open: a `Cookie` header in Qlik Cloud, the value of the session's cookie elsewhere.
    Cookie(Secret),
}

impl Auth {
    /// Signs in to Qlik Cloud with a JWT of an identity provider of the type JWT, which opens a session.
    ///
    /// ```
    /// use qlik::Auth;
    /// use qlik::auth::Jwt;
    ///
    /// # async fn from_our_backend() -> qlik::Result<String> { Ok(String::new()) }
    /// let auth = Auth::jwt_session(Jwt::from_fn(|| from_our_backend()));
    /// ```
    pub fn jwt_session(jwt: impl Into<Jwt>) -> Login {
        Login::new(Entry::Jwt(jwt.into()), true)
    }

    /// Goes on with a session of Qlik Cloud that a browser has, by its `Cookie` header and the id of the web integration
    /// that the page signed in by.
    pub fn web_session(cookies: impl Into<Secret>, web_integration: impl Into<String>) -> Login {
        Login::new(Entry::Cookie(cookies.into()), true).web_integration(web_integration)
    }

    /// Signs in to the virtual proxy of a client-managed server with header authentication: the name of its header, and
    /// the user. That is the id where the proxy knows the directory ("static"), and `DIRECTORY\id` as a rule where it
    /// does not ("dynamic").
    ///
    /// The host is given with the proxy's prefix, as `https://qlik-server.example/py_api`.
    pub fn proxy_header(name: impl Into<String>, user: impl Into<Secret>) -> Login {
        Login::new(Entry::Header { name: name.into(), value: user.into() }, false)
    }

    /// Signs in to the virtual proxy of a client-managed server with JWT authentication.
    pub fn proxy_jwt(jwt: impl Into<Jwt>) -> Login {
        Login::new(Entry::Jwt(jwt.into()), false)
    }

    /// Signs in to the virtual proxy of a client-managed server with tickets that a function brings: one for each
    /// session, since each is good once, for a minute. The Proxy Service gives them to who has a certificate: see the
    /// guide's [`client_managed`](crate::guide::client_managed).
    pub fn proxy_ticket<F, T>(function: impl Fn() -> F + Send + Sync + 'static) -> Login
    where
        F: std::future::Future<Output = Result<T>> + Send + 'static,
        T: Into<Secret>,
    {
        Login::new(Entry::Ticket(Bring::new(function)), false)
    }

    /// Goes on with a session of a virtual proxy that is open, by the value of its cookie.
    pub fn proxy_session(cookie: impl Into<Secret>) -> Login {
        Login::new(Entry::Cookie(cookie.into()), false)
    }
}

impl Login {
    fn new(entry: Entry, cloud: bool) -> Self {
        Self { entry, cloud, integration: None, origin: None, cookie: None }
    }

    /// The id of a web integration, where the tenant wants one.
    pub fn web_integration(mut self, id: impl Into<String>) -> Self {
        self.integration = Some(id.into());
        self
    }

    /// The origin that sockets are said to be opened from, where the server's own is not on the virtual proxy's list of
    /// hosts.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The name of the session's cookie, where the virtual proxy has one of its own. Unless set it is
    /// `X-Qlik-Session-` and the prefix.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie = Some(name.into());
        self
    }

    fn check(&self) -> Result<()> {
        let empty = match &self.entry {
            Entry::Header { name, value } => name.trim().is_empty() || value.expose().trim().is_empty(),
            Entry::Cookie(cookie) => cookie.expose().trim().is_empty(),
            Entry::Jwt(_) | Entry::Ticket(_) => false,
        };
        match empty {
            true => Err(Error::auth("what the session is opened with is empty")),
            false => Ok(()),
        }
    }

    fn cookie_name_at(&self, host: &Host) -> String {
        let name = || {
            let prefix = host.virtual_proxy().map(|prefix| format!("-{prefix}")).unwrap_or_default();
            let plain = if host.is_secure() { "" } else { "-HTTP" };
            format!("X-Qlik-Session{prefix}{plain}")
        };
        self.cookie.clone().unwrap_or_else(name)
    }
}

impl From<Login> for Auth {
    fn from(login: Login) -> Self {
        Auth::with(login.clone(), move |channel| {
            login.check()?;
            let login = Arc::new(login.clone());
            Ok(Session { channel, login, open: Renewing::new(MARGIN), csrf: tokio::sync::Mutex::new(()) })
        })
    }
}

/// The session of one client.
#[derive(Debug)]
struct Session {
    channel: Channel,
    login: Arc<Login>,
    open: Renewing<Open>,
    /// One asks for a token at a time.
    csrf: tokio::sync::Mutex<()>,
}

impl Session {
    async fn opened(&self) -> Result<Stamped<Open>> {
        let make = || -> Making<Open> {
            let (channel, login) = (self.channel.clone(), Arc::clone(&self.login));
            Box::pin(async move { Ok((Open::new(&channel, &login).await?, None)) })
        };
        self.open.get(make).await
    }

    fn credentials(&self, session: &Stamped<Open>, target: Target) -> Result<Credentials> {
        let (open, login) = (&session.value, &self.login);
        let (number, csrf) = open.csrf();
        let mut signed = Credentials::none().header("cookie", open.cookies.header().expose())?;
        match (target.is_socket(), csrf) {
            (true, Some(csrf)) => signed = signed.query(CSRF, csrf),
            (false, Some(csrf)) if target.changes() => signed = signed.header(CSRF, csrf.expose())?,
            _ => {}
        }
        match (&login.integration, target.is_socket()) {
            (Some(id), true) => signed = signed.query(INTEGRATION, id.as_str()),
            (Some(id), false) => signed = signed.header(INTEGRATION, id)?,
            (None, _) => {}
        }
        if target.is_socket() && !login.cloud {
            signed = signed.header("origin", login.origin.as_deref().unwrap_or(self.channel.host().as_str()))?;
        }
        if !target.is_socket() && !login.cloud {
            signed = keyed(signed)?;
        }
        signed.csrf = number;
        Ok(signed.stamped(session.stamp))
    }

    /// Whether the session's token against requests of other sites can be newer than the one that was refused, and is
    /// so when this returns.
    async fn freshen(&self, refusal: Refusal<'_>) -> Result<bool> {
        let Some(session) = self.open.peek().filter(|held| held.stamp == refusal.credentials().stamp) else {
            return Ok(true);
        };
        let _one = self.csrf.lock().await;
        if session.value.csrf().0 != refusal.credentials().csrf {
            return Ok(true);
        }
        match session.value.fetch_csrf(&self.channel, &self.login).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_auth() => self.reopened(session.stamp),
            Err(error) => Err(error),
        }
    }

    /// Drops the session, and tells whether another can be opened.
    fn reopened(&self, stamp: u64) -> Result<bool> {
        self.open.drop_stamp(stamp);
        Ok(!matches!(self.login.entry, Entry::Cookie(_)))
    }
}

impl Authenticator for Session {
    fn sign(&self, target: Target) -> Signing<'_, Credentials> {
        Box::pin(async move { self.credentials(&self.opened().await?, target) })
    }

    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        Box::pin(async move {
            // A stale token: CSRF-TOKEN-2 in Qlik Cloud, and the refusal of a socket without a word elsewhere.
            let stale = refusal.answer().errors().iter().any(|error| error.code() == Some("CSRF-TOKEN-2"));
            match refusal.status() {
                401 => self.reopened(refusal.credentials().stamp),
                _ if stale || refusal.target().is_socket() => self.freshen(refusal).await,
                _ => Ok(false),
            }
        })
    }

    fn answered(&self, answer: &Answered<'_>) {
        if let Some(session) = self.open.peek() {
            session.value.cookies.take(answer.set_cookies());
        }
    }

    fn is_authorized(&self) -> Signing<'_, bool> {
        Box::pin(async move { Ok(self.open.peek().is_some() || !matches!(self.login.entry, Entry::Cookie(_))) })
    }

    fn renew(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            if let Some(held) = self.open.peek() {
                self.open.drop_stamp(held.stamp);
            }
            self.opened().await.map(drop)
        })
    }

    fn sign_out(&self) -> Signing<'_, ()> {
        Box::pin(async move {
            match self.open.take() {
                Some(session) => session.value.end(&self.channel, &self.login).await,
                None => Ok(()),
            }
        })
    }
}

impl Drop for Session {
    /// Ends what was opened here, as far as the runtime still runs: a virtual proxy lets each user have five.
    fn drop(&mut self) {
        let own = !self.login.cloud && !matches!(self.login.entry, Entry::Cookie(_));
        if let (true, Some(session), Ok(runtime)) = (own, self.open.take(), tokio::runtime::Handle::try_current()) {
            let (channel, login) = (self.channel.clone(), Arc::clone(&self.login));
            runtime.spawn(async move {
                if let Err(error) = session.value.end(&channel, &login).await {
                    trace::http::debug(format_args!("the session of the virtual proxy lives on"), Some(&error));
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_cookies_are_named_after_the_proxy() {
        let named = |host: &str, login: Login| login.cookie_name_at(&Host::parse(host).unwrap());
        for (host, name) in [
            ("https://server", "X-Qlik-Session"),
            ("https://server/hub", "X-Qlik-Session"),
            ("https://server/py_api", "X-Qlik-Session-py_api"),
            ("http://server/py_api", "X-Qlik-Session-py_api-HTTP"),
        ] {
            assert_eq!(named(host, Auth::proxy_session("x")), name, "{host}");
        }
        assert_eq!(named("https://server", Auth::proxy_session("x").cookie_name("Own")), "Own");
    }
}
