//! Turning a connection into a WebSocket: TLS, the request, and the answer to it.
//!
//! The request is written here and not by tungstenite, which logs it as it is, credentials included, at the level of
//! traces.

use std::io;

use reqwest::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_key};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

use super::actor::Socket;
use super::connect::Line;
use crate::client::Core;

/// The longest head of an answer that is read, and how much of the body of a refusal.
const LONGEST: usize = 64 << 10;

/// What became of the request.
pub(super) enum Upgraded {
    Socket(Box<Socket>),
    /// Another answer than the one that opens a socket: its status, its headers and its body.
    Refused(u16, HeaderMap, Vec<u8>),
}

/// Asks for a socket on a connection that is open.
pub(super) async fn upgrade(
    url: &Url,
    headers: &HeaderMap,
    stream: Line,
    config: WebSocketConfig,
    core: &Core,
) -> io::Result<Upgraded> {
    let mut stream = secured(url, stream, core).await?;
    let key = generate_key();
    let request = zeroize::Zeroizing::new(head(url, headers, &key));
    stream.write_all(&request).await?;
    stream.flush().await?;

    let mut read = Vec::new();
    let (length, response) = loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server ended the connection without an answer",
            ));
        }
        match Response::try_parse(&read) {
            Ok(Some(answer)) => break answer,
            Ok(None) if read.len() < LONGEST => {}
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "the server's answer is not HTTP")),
        }
    };
    let rest = read.split_off(length);
    let (parts, _) = response.into_parts();
    if parts.status != 101 {
        let body = body(&mut stream, rest, &parts.headers).await;
        return Ok(Upgraded::Refused(parts.status.as_u16(), parts.headers, body));
    }
    let is = |name, value: &str| {
        let sent = parts.headers.get(name).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        sent.split(',').any(|token| token.trim().eq_ignore_ascii_case(value))
    };
    if !is(UPGRADE, "websocket") || !is(CONNECTION, "upgrade") || !accepted(&parts.headers, &key) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the server's answer does not open a WebSocket"));
    }
    Ok(Upgraded::Socket(Box::new(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(config)).await)))
}

/// Whether the answer is one to this request.
fn accepted(headers: &HeaderMap, key: &str) -> bool {
    headers
        .get(SEC_WEBSOCKET_ACCEPT)
        .is_some_and(|sent| sent.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes())
}

/// The request.
fn head(url: &Url, headers: &HeaderMap, key: &str) -> Vec<u8> {
    let place = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut head = format!(
        "GET {place} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    )
    .into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        // A value has no line break: that is checked where one is made.
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The body of a refusal, as far as it comes at once; its status is what counts.
async fn body(stream: &mut MaybeTlsStream<Line>, mut body: Vec<u8>, headers: &HeaderMap) -> Vec<u8> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let length: usize = length.unwrap_or(0).min(LONGEST);
    while body.len() < length && matches!(stream.read_buf(&mut body).await, Ok(1..)) {}
    body
}

/// The connection, encrypted where the host wants it.
#[cfg(feature = "rustls")]
async fn secured(url: &Url, stream: Line, core: &Core) -> io::Result<MaybeTlsStream<Line>> {
    if url.scheme() != "wss" {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let name = rustls::pki_types::ServerName::try_from(bare(url)).map_err(io::Error::other)?;
    let connector = tokio_rustls::TlsConnector::from(core.tls.rustls());
    connector.connect(name.to_owned(), stream).await.map(MaybeTlsStream::Rustls)
}

/// The connection, encrypted by the platform's own library where the host wants it.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
async fn secured(url: &Url, stream: Line, core: &Core) -> io::Result<MaybeTlsStream<Line>> {
    if url.scheme() != "wss" {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let connector = tokio_native_tls::TlsConnector::from(core.tls.native());
    connector.connect(bare(url), stream).await.map(MaybeTlsStream::NativeTls).map_err(io::Error::other)
}

/// Without TLS built in; a secure host is refused when the client is made.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
async fn secured(_: &Url, stream: Line, _: &Core) -> io::Result<MaybeTlsStream<Line>> {
    Ok(MaybeTlsStream::Plain(stream))
}

/// The name or address of the host, without the brackets of an address.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn bare(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_matches(['[', ']'])
}
