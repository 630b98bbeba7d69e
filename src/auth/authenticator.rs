//! The one trait by which REST calls and the Engine's socket are signed, and what passes through it.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, SET_COOKIE};

use super::Secret;
use crate::error::HttpError;
use crate::http::headers;
use crate::rest::Method;
use crate::{Error, Result};

/// The future of an [`Authenticator`].
pub type Signing<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// One way of signing in, at work for one client.
///
/// [`Auth::custom`](crate::Auth::custom) makes a client use a way of one's own; an example is there. What
/// [`sign`](Authenticator::sign) returns goes to the client's own host and to no other, whatever redirects and links
/// say: the client sees to that.
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// What signs one request, or the opening of one socket. It may sign in first, if it has not.
    fn sign(&self, target: Target) -> Signing<'_, Credentials>;

    /// The server refused what was signed: status 401, or 403. Returns whether signing again can help; then the request
    /// is signed and sent once more, and only once.
    fn refused<'a>(&'a self, refusal: Refusal<'a>) -> Signing<'a, bool> {
        let _ = refusal;
        Box::pin(ready(Ok(false)))
    }

    /// The client's host answered a signed request: it may have set cookies.
    fn answered(&self, answer: &Answered<'_>) {
        let _ = answer;
    }

    /// Whether the next request can be signed without a person's doing anything.
    fn is_authorized(&self) -> Signing<'_, bool> {
        Box::pin(ready(Ok(true)))
    }

    /// Signs in anew, whatever there is.
    fn renew(&self) -> Signing<'_, ()> {
        Box::pin(ready(Ok(())))
    }

    /// Signs out: takes back what the server gave, ends sessions, forgets.
    fn sign_out(&self) -> Signing<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

/// What is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    method: Option<Method>,
}

impl Target {
    pub(crate) fn rest(method: Method) -> Self {
        Self { method: Some(method) }
    }

    #[cfg(feature = "engine")]
    pub(crate) fn socket() -> Self {
        Self { method: None }
    }

    /// Whether it is the opening of the Engine's socket.
    pub fn is_socket(&self) -> bool {
        self.method.is_none()
    }

    /// Whether it is a REST call that may change something.
    pub fn changes(&self) -> bool {
        self.method.is_some_and(|method| !method.is_safe())
    }
}

/// What signs a request: headers, and pairs for the query where Qlik demands them there.
///
/// It prints without values. Headers are marked as sensitive, so that no layer below logs them; pairs of the query are
/// added at the last moment, so that no error and no log line has them.
#[derive(Clone, Default)]
pub struct Credentials {
    headers: HeaderMap,
    query: Vec<(&'static str, Secret)>,
    /// Which of the things that were signed in with, one after the other, it comes from.
    pub(crate) stamp: u64,
    /// The same of the token against requests of other sites.
    #[cfg(feature = "auth-session")]
    pub(crate) csrf: u64,
}

impl Credentials {
    /// None: the request goes as it is.
    pub fn none() -> Self {
        Self::default()
    }

    /// A bearer token.
    pub fn bearer(token: &Secret) -> Result<Self> {
        let text = Secret::new(format!("Bearer {}", token.expose()));
        Self::none().header(AUTHORIZATION.as_str(), text.expose())
    }

    /// Adds a header. An error names it, and never its value.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let parsed = HeaderName::try_from(name).ok().zip(headers::value(value));
        let Some((name, mut value)) = parsed else {
            return Err(Error::auth(format!(
                "the header `{}` has a name or a value that cannot be sent; only visible ASCII and spaces can",
                name.escape_debug()
            )));
        };
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Adds a pair to the query of the request.
    pub fn query(mut self, name: &'static str, value: impl Into<Secret>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn stamped(mut self, stamp: u64) -> Self {
        self.stamp = stamp;
        self
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Puts the pairs into a URL.
    pub(crate) fn put_into(&self, url: &mut url::Url) {
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value.expose());
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        let headers: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Credentials").field("headers", &headers).field("query", &query).finish()
    }
}

/// A refusal: what was signed, and what the server said.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    pub(crate) target: Target,
    pub(crate) credentials: &'a Credentials,
    pub(crate) answer: &'a HttpError,
}

impl<'a> Refusal<'a> {
    /// What was signed.
    pub fn target(&self) -> Target {
        self.target
    }

    /// What it was signed with.
    pub fn credentials(&self) -> &'a Credentials {
        self.credentials
    }

    /// What the server said.
    pub fn answer(&self) -> &'a HttpError {
        self.answer
    }

    /// The status: 401 or 403.
    pub fn status(&self) -> u16 {
        self.answer.status()
    }
}

/// The head of an answer to a signed request.
#[derive(Clone, Copy)]
pub struct Answered<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
}

impl<'a> Answered<'a> {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        headers::text(self.headers, name)
    }

    /// The cookies that it sets, as the headers say them.
    pub fn set_cookies(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.headers.get_all(SET_COOKIE).into_iter().filter_map(|value| value.to_str().ok())
    }
}

impl fmt::Debug for Answered<'_> {
    /// Headers are left out: some set cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_no_value_and_marks_headers() {
        let signed = Credentials::bearer(&"hunter2".into()).unwrap().query("qlik-csrf-token", "hunter2");
        assert!(signed.headers()[AUTHORIZATION].is_sensitive());
        let printed = format!("{signed:?}");
        assert!(printed.contains("authorization") && printed.contains("qlik-csrf-token"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
        for (name, value) in [("a b", "hunter2"), ("a", "hunter2\n"), ("a", "hunter2\u{e9}")] {
            let error = Credentials::none().header(name, value).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
