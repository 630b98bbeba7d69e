//! An open session: its cookies, and the token that goes with them; how both are got, and given back.

use std::sync::{Mutex, PoisonError};

use super::cookies::Cookies;
use super::{CSRF, Entry, INTEGRATION, Login};
use crate::auth::channel::{Channel, Exchange, Received};
use crate::auth::{Secret, denied, random};
use crate::{Error, Result};

/// An open session.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) cookies: Cookies,
    /// The token against requests of other sites, and how many there were before it.
    csrf: Mutex<(u64, Option<Secret>)>,
}

impl Open {
    pub(super) async fn new(channel: &Channel, login: &Login) -> Result<Self> {
        match (login.cloud, &login.entry) {
            (true, Entry::Jwt(jwt)) => cloud(channel, login, &jwt.get().await?).await,
            (true, Entry::Cookie(cookies)) => brought(channel, login, Cookies::parse(cookies.expose())).await,
            (false, Entry::Cookie(value)) => {
                let cookies = Cookies::default();
                cookies.put(&login.cookie_name_at(channel.host()), value.expose().trim());
                brought(channel, login, cookies).await
            }
            (_, entry) => proxy(channel, login, entry).await,
        }
    }

    fn of(cookies: Cookies, csrf: Option<Secret>) -> Self {
        Self { cookies, csrf: Mutex::new((0, csrf)) }
    }

    pub(super) fn csrf(&self) -> (u64, Option<Secret>) {
        self.csrf.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for the session's token.
    pub(super) async fn fetch_csrf(&self, channel: &Channel, login: &Login) -> Result<()> {
        let request = signed(csrf_request(channel, login)?, &self.cookies, login);
        let token = match request.send().await {
            Ok(answer) if answer.status() >= 300 => return Err(Error::auth(elsewhere(&answer))),
            Ok(answer) => {
                self.cookies.take(answer.set_cookies());
                answer.header(CSRF).map(Secret::from)
            }
            // A session without such tokens, or a server from before there were any.
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(denied(error)),
        };
        let mut csrf = self.csrf.lock().unwrap_or_else(PoisonError::into_inner);
        *csrf = (csrf.0 + 1, token);
        Ok(())
    }

    /// Ends the session.
    pub(super) async fn end(&self, channel: &Channel, login: &Login) -> Result<()> {
        let request = match login.cloud {
            true => channel.get("/logout"),
            false => keyed(channel.delete("/qps/user"))?,
        };
        let request = match self.csrf().1 {
            Some(csrf) if !login.cloud => request.header(CSRF, csrf.expose()),
            _ => request,
        };
        match signed(request, &self.cookies, login).send().await {
            Ok(_) => Ok(()),
            // It had ended before.
            Err(error) if error.is_auth() || error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The path that gives the session's token.
fn csrf_request(channel: &Channel, login: &Login) -> Result<Exchange> {
    match login.cloud {
        true => Ok(channel.get("/api/v1/csrf-token")),
        false => keyed(channel.get("/qps/csrftoken")),
    }
}

fn signed(request: Exchange, cookies: &Cookies, login: &Login) -> Exchange {
    let request = request.header("cookie", cookies.header().expose());
    match &login.integration {
        Some(id) => request.header(INTEGRATION, id),
        None => request,
    }
}

fn keyed(request: Exchange) -> Result<Exchange> {
    let key = random::hex::<8>()?;
    Ok(request.query("xrfkey", &key).header("X-Qlik-Xrfkey", &key))
}

/// Opens a session of Qlik Cloud with a JWT.
async fn cloud(channel: &Channel, login: &Login, jwt: &Secret) -> Result<Open> {
    if jwt.expose().is_empty() {
        return Err(Error::auth("the JWT is empty"));
    }
    let request = channel.post("/login/jwt-session").bearer(jwt);
    let request = match &login.integration {
        Some(id) => request.header(INTEGRATION, id),
        None => request,
    };
    let cookies = Cookies::default();
    cookies.take(request.send().await.map_err(denied)?.set_cookies());
    if cookies.is_empty() {
        return Err(Error::auth(
            "the host answered the JWT without a session's cookies: is it a tenant of Qlik Cloud?",
        ));
    }
    match cookies.get("_csrfToken") {
        Some(csrf) => Ok(Open::of(cookies, Some(csrf))),
        None => brought(channel, login, cookies).await,
    }
}

/// Goes on with an open session.
async fn brought(channel: &Channel, login: &Login, cookies: Cookies) -> Result<Open> {
    let open = Open::of(cookies, None);
    open.fetch_csrf(channel, login).await?;
    Ok(open)
}

/// Opens a session of a virtual proxy. Asking for the session's token does it, where there are such tokens.
async fn proxy(channel: &Channel, login: &Login, entry: &Entry) -> Result<Open> {
    let answer = match enter(csrf_request(channel, login)?, entry).await?.send().await {
        Ok(answer) => answer,
        Err(error) if error.is_not_found() => {
            // Servers from before there were such tokens; a ticket was not looked at yet.
            enter(keyed(channel.get("/qps/user"))?, entry).await?.send().await.map_err(denied)?
        }
        Err(error) => return Err(denied(error)),
    };
    if answer.status() >= 300 {
        return Err(Error::auth(elsewhere(&answer)));
    }
    let cookies = Cookies::default();
    cookies.take(answer.set_cookies());
    if cookies.is_empty() {
        return Err(Error::auth(
            "the server opened no session: is the host given with the prefix of the virtual proxy, as \
             https://qlik-server.example/prefix?",
        ));
    }
    let csrf = answer.header(CSRF).map(Secret::from);
    Ok(Open::of(cookies, csrf))
}

/// Adds what a session is opened with.
async fn enter(request: Exchange, entry: &Entry) -> Result<Exchange> {
    Ok(match entry {
        Entry::Header { name, value } => request.header(name, value.expose()),
        Entry::Jwt(jwt) => request.bearer(&jwt.get().await?),
        Entry::Ticket(bring) => request.query("qlikTicket", bring.bring().await?.expose()),
        Entry::Cookie(cookie) => request.header("cookie", cookie.expose()),
    })
}

/// The message of a host that wants a person to sign in on a page.
fn elsewhere(answer: &Received) -> String {
    let to = answer.header("location").and_then(|to| to.split(['?', '#']).next()).unwrap_or_default();
    let shown: String = to.chars().filter(|c| !c.is_control()).take(100).collect();
    format!(
        "the host sends to a login page ({shown}): the session has ended, the virtual proxy has another method of \
         authentication, or the prefix of the host is not its own"
    )
}
