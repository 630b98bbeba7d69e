//! The way to the host for signing in: requests that are not signed, to that host only, without redirects.

use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName};
use serde_json::Value;
use url::Url;

use super::Secret;
use super::authenticator::Answered;
use crate::error::HttpError;
use crate::host::Host;
use crate::http::headers;
use crate::http::url::PathAndQuery;
use crate::opaque::Opaque;
use crate::rest::{Method, Retry};
use crate::{Error, Result, trace};

/// How much of an answer is read.
const LARGEST: usize = 1 << 20;

/// The way to a client's host for signing in.
///
/// Its requests go over the client's own connections, with its TLS settings, proxy and time limits, but they are not
/// signed, follow no redirect, and reach no other host.
#[derive(Clone)]
pub struct Channel(Opaque<Inner>);

struct Inner {
    host: Host,
    transport: reqwest::Client,
    timeout: Duration,
}

impl Channel {
    pub(crate) fn new(host: Host, transport: reqwest::Client, timeout: Duration) -> Self {
        Self(Opaque::new(Inner { host, transport, timeout }))
    }

    /// The client's host.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// A `GET` request to a path of the host.
    pub fn get(&self, path: &str) -> Exchange {
        self.request(Method::Get, path)
    }

    /// A `POST` request to a path of the host.
    pub fn post(&self, path: &str) -> Exchange {
        self.request(Method::Post, path)
    }

    /// A `DELETE` request to a path of the host.
    pub fn delete(&self, path: &str) -> Exchange {
        self.request(Method::Delete, path)
    }

    fn request(&self, method: Method, path: &str) -> Exchange {
        Exchange {
            channel: self.clone(),
            method,
            target: PathAndQuery::written(path, &self.0.host),
            headers: HeaderMap::new(),
            body: None,
            problem: None,
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.0.host).finish()
    }
}

/// A request for signing in, while it is put together.
#[must_use = "it is sent by send()"]
pub struct Exchange {
    channel: Channel,
    method: Method,
    target: Result<PathAndQuery, String>,
    headers: HeaderMap,
    body: Option<(&'static str, Secret)>,
    problem: Option<Error>,
}

impl Exchange {
    /// Sets a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match HeaderName::try_from(name).ok().zip(headers::value(value)) {
            Some((name, mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            // The value stays out of the message: it may be a secret.
            None => {
                let name = name.escape_debug();
                let problem = format!("the header `{name}` has a name or a value that cannot be sent");
                self.problem.get_or_insert_with(|| Error::auth(problem));
            }
        }
        self
    }

    /// Sets a bearer token.
    pub fn bearer(self, token: &Secret) -> Self {
        let value = Secret::new(format!("Bearer {}", token.expose()));
        self.header("authorization", value.expose())
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if let Ok(target) = &mut self.target {
            target.add(name, &value);
        }
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(("application/json", Secret::new(body.to_string())));
        self
    }

    /// Sends it, and returns the answer if it is a success or a redirect; a redirect is not followed.
    ///
    /// What was refused because there were too many, or could not be sent at all, is tried again twice.
    pub async fn send(self) -> Result<Received> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let host = &self.channel.0.host;
        let url = self.target.and_then(|target| target.on(host)).map_err(Error::config)?;
        let request = Wire { channel: &self.channel, method: self.method, url, headers: self.headers, body: self.body };
        let limit = self.channel.0.timeout;
        match tokio::time::timeout(limit, request.repeated()).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::timeout(request.activity(), limit)),
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.as_ref().map(PathAndQuery::path).unwrap_or_default();
        f.debug_struct("Exchange").field("method", &self.method).field("path", &path).finish_non_exhaustive()
    }
}

/// A request that is ready.
struct Wire<'a> {
    channel: &'a Channel,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<(&'static str, Secret)>,
}

impl Wire<'_> {
    fn activity(&self) -> String {
        format!("signing in: {} {}", self.method, self.url.path())
    }

    async fn repeated(&self) -> Result<Received> {
        let retry = Retry::default();
        let mut done = 0;
        loop {
            done += 1;
            let (error, again) = match self.once().await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(refused)) => {
                    let again = matches!(refused.status(), 429 | 503);
                    let pause = refused.retry_after();
                    if let (true, Some(pause), true) = (again, pause, retry.has_more_after(done)) {
                        tokio::time::sleep(pause).await;
                        continue;
                    }
                    (Error::from(refused), again)
                }
                Err(error) => {
                    let again = error.is_connect();
                    (Error::transport(self.activity(), error.without_url()), again)
                }
            };
            if !again || !retry.has_more_after(done) {
                return Err(error);
            }
            trace::http::debug(format_args!("trying again to sign in, after attempt {done}"), Some(&error));
            tokio::time::sleep(retry.backoff(done)).await;
        }
    }

    async fn once(&self) -> reqwest::Result<Result<Received, HttpError>> {
        let transport = &self.channel.0.transport;
        let mut builder = transport.request(self.method.to_http(), self.url.clone()).headers(self.headers.clone());
        builder = match &self.body {
            Some((content_type, body)) => builder.header(CONTENT_TYPE, *content_type).body(body.expose().to_owned()),
            None if self.method == Method::Post => builder.header(reqwest::header::CONTENT_LENGTH, 0),
            None => builder,
        };
        let mut response = builder.header(ACCEPT, "application/json, */*;q=0.5").send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                break;
            }
        }
        Ok(match status {
            200..=399 => Ok(Received { status, headers, body: Secret::new(String::from_utf8_lossy(&body)) }),
            _ => Err(HttpError::new(status, self.method.as_str(), self.url.path(), &headers, body.into())),
        })
    }
}

/// An answer while signing in. It prints neither headers nor body, which may be tokens and cookies.
pub struct Received {
    status: u16,
    headers: HeaderMap,
    body: Secret,
}

impl Received {
    /// The HTTP status: a success, or a redirect.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        headers::text(&self.headers, name)
    }

    /// The cookies that it sets, as the headers say them.
    pub fn set_cookies(&self) -> impl Iterator<Item = &str> {
        Answered { status: self.status, headers: &self.headers }.set_cookies()
    }

    /// The body as JSON. The error shows nothing of it, for it may be a token.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(self.body.expose())
            .map_err(|error| Error::decode("signing in", "", format!("no JSON came ({error})"), &[]))
    }

    /// How far the server's clock is ahead of this machine's, in seconds, as far as its answer says.
    pub(crate) fn date(&self) -> Option<std::time::SystemTime> {
        httpdate::parse_http_date(self.header("date")?).ok()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("status", &self.status).finish_non_exhaustive()
    }
}
