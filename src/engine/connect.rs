//! Opening a socket: where to, as whom, and what the server may answer.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::actor::Socket;
use crate::Host;
use crate::client::Core;
use crate::error::{Error, HttpError, Result};

/// How much is read from a socket at once.
const READ_BUFFER: usize = 16 << 10;

/// Opens the sockets of one session: the first, and those of its resumes.
pub(super) struct Dialler {
    pub(super) core: Arc<Core>,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) max_message: usize,
    #[cfg(feature = "replay")]
    pub(super) listener: Option<Arc<crate::replay::engine::Listener>>,
}

/// What carries a socket.
#[cfg(feature = "replay")]
pub(super) use crate::replay::line::Line;
#[cfg(not(feature = "replay"))]
pub(super) type Line = TcpStream;

impl Dialler {
    pub(super) async fn dial(&self) -> Result<Socket> {
        let limit = self.core.settings.timeout;
        // boxed: a handshake's future is 10 KiB, which would be part of every future that connects
        let opening = Box::pin(self.open_socket(&self.url));
        let socket = match tokio::time::timeout(limit, opening).await {
            Ok(socket) => socket?,
            Err(_) => return Err(Error::timeout(format!("connecting to {}", self.url), limit)),
        };
        tracing::debug!(url = self.url, "connected");
        #[cfg(feature = "replay")]
        if let Some(listener) = &self.listener {
            listener.opened(self.path());
        }
        Ok(socket)
    }

    /// Path and query of the socket.
    fn path(&self) -> &str {
        self.url.strip_prefix(&self.core.host.socket_origin()).unwrap_or(&self.url)
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

    async fn open_socket(&self, url: &str) -> Result<Socket> {
        #[cfg(feature = "replay")]
        if let crate::replay::Tape::Replaying(recording) = &self.core.settings.tape {
            let line = tokio_tungstenite::MaybeTlsStream::Plain(Line::Memory(recording.open(self.path())?));
            let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
            let opened = tokio_tungstenite::client_async_with_config("ws://recording/", line, Some(config)).await;
            return opened.map(|(socket, _)| socket).map_err(|error| self.refused(url, error));
        }
        let activity = || format!("connecting to {url}");
        let mut request = url.into_client_request().map_err(|error| Error::transport(activity(), error))?;
        request.headers_mut().extend(self.headers().await?);

        let limit = self.core.settings.connect_timeout;
        let stream = match tokio::time::timeout(limit, connect(&self.core.host)).await {
            Ok(stream) => stream.map_err(|error| Error::transport(activity(), error))?,
            Err(_) => return Err(Error::timeout(activity(), limit)),
        };

        let max = Some(self.max_message);
        // the library zeroes its buffer before every read: a large one costs more than the small frames that come in it
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max).read_buffer_size(READ_BUFFER);
        #[cfg(feature = "replay")]
        let stream = Line::Network(stream);
        let opened = handshake(request, stream, config, &self.core).await;
        opened.map_err(|error| self.refused(url, error))
    }

    /// The error of a connection that did not come about.
    fn refused(&self, url: &str, error: SocketError) -> Error {
        let SocketError::Http(answer) = error else {
            return Error::transport(format!("connecting to {url}"), error);
        };
        let (parts, body) = answer.into_parts();
        let body = Bytes::from(body.unwrap_or_default());
        let error = HttpError::new(parts.status.as_u16(), "GET", self.path(), &parts.headers, body);
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

/// Connects to the first address of a host that answers.
async fn connect(host: &Host) -> std::io::Result<TcpStream> {
    let name = host.name().trim_start_matches('[').trim_end_matches(']');
    let port = host.base().port_or_known_default().unwrap_or(443);
    let mut last = None;
    for address in lookup_host((name, port)).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // a peer that is gone without a word is noticed at last
        socket.set_keepalive(true)?;
        // requests are small and waited for
        socket.set_nodelay(true)?;
        match socket.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address")))
}

type Handshake = Result<WebSocketStream<MaybeTlsStream<Line>>, SocketError>;
type Opening = tokio_tungstenite::tungstenite::handshake::client::Request;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
async fn handshake(request: Opening, stream: Line, config: WebSocketConfig, core: &Core) -> Handshake {
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
async fn handshake(request: Opening, stream: Line, config: WebSocketConfig, _: &Core) -> Handshake {
    let stream = MaybeTlsStream::Plain(stream);
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    opened.map(|(socket, _)| socket)
}
