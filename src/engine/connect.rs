//! Opening a socket: where to, as whom, and what the server may answer.

use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::io::BufReader;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

use super::actor::Socket;
use super::upgrade::{Upgraded, upgrade};
use crate::Host;
use crate::auth::{Credentials, Refusal, Target};
use crate::client::Core;
use crate::error::{Error, HttpError, Result};
use crate::opaque::Opaque;
use crate::trace;

/// How much is read from the network at once.
const READ_BUFFER: usize = 64 << 10;
/// How much of that is looked at at once: this much is zeroed before each look, also where nothing has come.
const LOOK: usize = 4 << 10;

/// Opens the sockets of one session: the first, and those of its resumes.
pub(super) struct Dialler {
    pub(super) core: Opaque<Core>,
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
pub(super) type Line = BufReader<TcpStream>;

impl Dialler {
    /// Boxed, for a handshake's future is 10 KiB, which would be part of every future that connects.
    pub(super) fn dial(self: Arc<Self>) -> BoxFuture<'static, Result<Socket>> {
        Box::pin(async move {
            let limit = self.core.settings.timeout;
            let socket = match tokio::time::timeout(limit, self.open_socket(&self.url)).await {
                Ok(socket) => socket?,
                Err(_) => return Err(Error::timeout(format!("connecting to {}", self.url), limit)),
            };
            trace::engine::debug(format_args!("connected to {}", self.url), None);
            #[cfg(feature = "replay")]
            if let Some(listener) = &self.listener {
                listener.opened(self.path());
            }
            Ok(socket)
        })
    }

    /// Path and query of the socket.
    fn path(&self) -> &str {
        self.url.strip_prefix(&self.core.host.socket_base()).unwrap_or(&self.url)
    }

    fn headers(&self, credentials: &Credentials) -> Result<HeaderMap> {
        let mut headers = credentials.headers().clone();
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

    /// Opens a socket, and signs in anew once where the server refuses what it was signed with.
    async fn open_socket(&self, url: &str) -> Result<Socket> {
        #[cfg(feature = "replay")]
        if let crate::replay::Tape::Replaying(recording) = &self.core.settings.tape {
            use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::protocol::Role};
            let line = MaybeTlsStream::Plain(Line::Memory(recording.open(self.path())?));
            let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
            return Ok(WebSocketStream::from_raw_socket(line, Role::Client, Some(config)).await);
        }
        let authenticator = &self.core.started.authenticator;
        let mut again = true;
        loop {
            let credentials = authenticator.sign(Target::socket()).await?;
            let refused = match self.open_signed(url, &credentials).await? {
                Ok(socket) => return Ok(socket),
                Err(refused) => refused,
            };
            let refusal = Refusal { target: Target::socket(), credentials: &credentials, answer: &refused };
            if !matches!(refused.status(), 401 | 403) || !authenticator.refused(refusal).await? || !again {
                return Err(noted(refused).into());
            }
            again = false;
        }
    }

    /// Opens a socket with these credentials, or says how the server refused it.
    async fn open_signed(&self, url: &str, credentials: &Credentials) -> Result<Result<Socket, HttpError>> {
        let activity = || format!("connecting to {url}");
        // Pairs that sign are in what is sent, and in nothing that is told.
        let mut signed = Url::parse(url).map_err(|error| Error::transport(activity(), error))?;
        credentials.put_into(&mut signed);
        let headers = self.headers(credentials)?;

        let limit = self.core.settings.connect_timeout;
        let stream = match tokio::time::timeout(limit, connect(&self.core.host)).await {
            Ok(stream) => stream.map_err(|error| Error::transport(activity(), error))?,
            Err(_) => return Err(Error::timeout(activity(), limit)),
        };

        let max = Some(self.max_message);
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max).read_buffer_size(LOOK);
        let stream = BufReader::with_capacity(READ_BUFFER, stream);
        #[cfg(feature = "replay")]
        let stream = Line::Network(stream);
        match upgrade(&signed, &headers, stream, config, &self.core).await {
            Ok(Upgraded::Socket(socket)) => Ok(Ok(*socket)),
            Ok(Upgraded::Refused(status, headers, body)) => {
                Ok(Err(HttpError::new(status, "GET", self.path(), &headers, body.into())))
            }
            Err(error) => Err(Error::transport(activity(), error)),
        }
    }
}

/// The refusal of a socket, with what it means.
fn noted(error: HttpError) -> HttpError {
    match error.status() {
        300..=399 => error.with_note("the server sends elsewhere, to a login page as a rule: sign in in another way"),
        401 => error.with_note("the credentials were not accepted for the Engine"),
        403 => error.with_note("this user may not open a session for the app"),
        404 => error.with_note("there is no such app, or no Engine at this host"),
        429 => error.with_note("too many sessions or requests: close others, or wait"),
        200..=299 => {
            error.with_note("the server answered without opening a WebSocket: is there an Engine at this host?")
        }
        _ => error,
    }
}

/// Connects to the first address of a host that answers.
async fn connect(host: &Host) -> std::io::Result<TcpStream> {
    let name = host.name().trim_start_matches('[').trim_end_matches(']');
    let port = host.socket_port();
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
