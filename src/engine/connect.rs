//! Opening a session: where to, as whom, and what the server may answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::session::Session;
use super::{Doc, error_codes};
use crate::client::Core;
use crate::error::{Error, HttpError, Result};
use crate::{Host, Qlik};

/// The largest message taken in: layouts of megabytes are normal, and a wide hypercube page is larger still.
const MAX_MESSAGE: usize = 256 << 20;

/// What stands in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The Engine, over a WebSocket.
impl Qlik {
    /// Opens an app: connects to the engine that serves it, and has it loaded.
    ///
    /// The session stays open as long as the app, or anything made from it, is alive. With an identity or a time limit
    /// of its own, it begins with [`session`](Self::session).
    ///
    /// ```no_run
    /// # async fn example(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let doc = qlik.open_app("app-id").await?;
    /// let layout = doc.get_app_layout().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_app(&self, app_id: impl Into<String>) -> Result<Doc> {
        self.session(app_id).open().await
    }

    /// Begins a session for an app, with settings of its own: [`open`](SessionBuilder::open) connects and opens the
    /// app, [`connect`](SessionBuilder::connect) only connects.
    ///
    /// ```no_run
    /// # async fn example(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let session = qlik.session("app-id").identity("nightly-export").connect().await?;
    /// let version = session.global().engine_version().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn session(&self, app_id: impl Into<String>) -> SessionBuilder {
        SessionBuilder::new(Arc::clone(self.core()), app_id.into())
    }

    /// Begins a session without an app: for what `Global` does, such as listing apps.
    pub fn engine(&self) -> SessionBuilder {
        self.session("engineData")
    }
}

/// The settings of a session that is being opened; see [`Qlik::session`].
#[derive(Clone)]
#[must_use = "a session is opened by connect()"]
pub struct SessionBuilder {
    core: Arc<Core>,
    app_id: String,
    identity: Option<String>,
    ttl: Option<Duration>,
    headers: Vec<(String, String)>,
    call_timeout: Option<Duration>,
}

impl SessionBuilder {
    fn new(core: Arc<Core>, app_id: String) -> Self {
        SessionBuilder { core, app_id, identity: None, ttl: None, headers: Vec::new(), call_timeout: None }
    }

    /// Sets this session apart from others of the same user and app.
    ///
    /// The engine shares one session, selections included, among the connections with the same user, app and
    /// identity; an identity of its own keeps a program's selections from a person's.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// How long the engine keeps the session after the connection has gone, in whole seconds.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Adds a header to the request that opens the connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long each call waits for its reply at most. Without it there is no limit: opening a large app or reloading
    /// it may rightly take long.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call_timeout = Some(limit);
        self
    }

    /// Connects.
    pub async fn connect(self) -> Result<Session> {
        let limit = self.core.settings.timeout;
        let url = self.url()?;
        // boxed: a handshake's future is 10 KiB, which would be part of every future that connects
        let opening = Box::pin(self.open_socket(&url));
        let socket = match tokio::time::timeout(limit, opening).await {
            Ok(socket) => socket?,
            Err(_) => return Err(Error::timeout(format!("connecting to {url}"), limit)),
        };
        tracing::debug!(url, "connected");
        Ok(Session::start(socket, self.call_timeout))
    }

    /// Connects, and opens the app.
    ///
    /// Where the engine has kept a session with the app open, this goes on with it.
    pub async fn open(self) -> Result<Doc> {
        let app_id = self.app_id.clone();
        let global = self.connect().await?.global();
        match global.open_doc(app_id).await {
            Err(error) if error.engine_code() == Some(error_codes::APP_ALREADY_OPEN) => global.get_active_doc().await,
            opened => opened,
        }
    }

    /// `wss://host/app/{id}/identity/{identity}/ttl/{seconds}`.
    fn url(&self) -> Result<String> {
        let mut url = format!("{}/app/{}", self.core.host.socket_origin(), segment("app id", &self.app_id)?);
        if let Some(identity) = &self.identity {
            url += "/identity/";
            url += &segment("identity", identity)?;
        }
        if let Some(ttl) = self.ttl {
            url += "/ttl/";
            url += &ttl.as_secs().to_string();
        }
        Ok(url)
    }

    async fn headers(&self) -> Result<HeaderMap> {
        let mut headers = self.core.auth.headers().await?;
        headers.insert(USER_AGENT, self.core.settings.user_agent()?);
        for (name, value) in &self.headers {
            let parsed = name.parse::<HeaderName>().ok().zip(HeaderValue::from_str(value).ok());
            let Some((header, mut value)) = parsed else {
                // the value stays out of the message: it may be a secret
                return Err(Error::config(format!("the header `{name}` has a name or a value that cannot be sent")));
            };
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        Ok(headers)
    }

    async fn open_socket(&self, url: &str) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
        let activity = || format!("connecting to {url}");
        let mut request = url.into_client_request().map_err(|error| Error::transport(activity(), error))?;
        request.headers_mut().extend(self.headers().await?);

        let limit = self.core.settings.connect_timeout;
        let stream = match tokio::time::timeout(limit, TcpStream::connect(address(&self.core.host))).await {
            Ok(stream) => stream.map_err(|error| Error::transport(activity(), error))?,
            Err(_) => return Err(Error::timeout(activity(), limit)),
        };
        // requests are small and waited for
        stream.set_nodelay(true).map_err(|error| Error::transport(activity(), error))?;

        let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let opened = handshake(request, stream, config, &self.core).await;
        opened.map_err(|error| self.refused(url, error))
    }

    /// The error of a connection that did not come about.
    fn refused(&self, url: &str, error: SocketError) -> Error {
        let SocketError::Http(answer) = error else {
            return Error::transport(format!("connecting to {url}"), error);
        };
        let (parts, body) = answer.into_parts();
        let path = url.strip_prefix(&self.core.host.socket_origin()).unwrap_or(url);
        let error =
            HttpError::new(parts.status.as_u16(), "GET", path, &parts.headers, Bytes::from(body.unwrap_or_default()));
        Error::from(match parts.status.as_u16() {
            300..=399 => {
                error.with_note("the server sends elsewhere, to a login page as a rule: sign in in another way")
            }
            401 => error.with_note("the credentials were not accepted for the Engine"),
            403 => error.with_note("this user may not open a session for the app"),
            404 => error.with_note("there is no such app, or no Engine at this host"),
            429 => error.with_note("too many sessions or requests: close others, or wait"),
            200..=299 => {
                error.with_note("the server answered without opening a WebSocket: is there an Engine at this host?")
            }
            _ => error,
        })
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("host", &self.core.host)
            .field("app_id", &self.app_id)
            .field("identity", &self.identity)
            .field("ttl", &self.ttl)
            .field("call_timeout", &self.call_timeout)
            .finish_non_exhaustive()
    }
}

/// A value as one segment of a path.
fn segment(what: &str, value: &str) -> Result<String> {
    match value {
        "" => Err(Error::config(format!("the {what} is empty"))),
        "." | ".." => Err(Error::config(format!("the {what} cannot be `{value}`"))),
        value => Ok(utf8_percent_encode(value, SEGMENT).to_string()),
    }
}

/// Where to connect to.
fn address(host: &Host) -> (String, u16) {
    let name = host.name().trim_start_matches('[').trim_end_matches(']').to_owned();
    (name, host.base().port_or_known_default().unwrap_or(443))
}

type Handshake = Result<WebSocketStream<MaybeTlsStream<TcpStream>>, SocketError>;
type Opening = tokio_tungstenite::tungstenite::handshake::client::Request;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
async fn handshake(request: Opening, stream: TcpStream, config: WebSocketConfig, core: &Core) -> Handshake {
    #[cfg(feature = "rustls")]
    let connector = Some(tokio_tungstenite::Connector::Rustls(core.tls.rustls()));
    // the platform's own library needs no settings
    #[cfg(not(feature = "rustls"))]
    let (connector, _) = (None, core);
    let opened = tokio_tungstenite::client_async_tls_with_config(request, stream, Some(config), connector).await;
    opened.map(|(socket, _)| socket)
}

/// Without TLS built in; a secure host is refused when the client is made.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
async fn handshake(request: Opening, stream: TcpStream, config: WebSocketConfig, _: &Core) -> Handshake {
    let stream = MaybeTlsStream::Plain(stream);
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    opened.map(|(socket, _)| socket)
}
