//! Connections: plain or TLS, each with a hand on its line so that faults can spoil it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;

/// Which of the sandbox's ports a connection came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// The tenant's, or the proxy's.
    Main,
    /// The one that wants a client certificate, as a client-managed server's services do.
    Certificates,
}

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) port: Port,
    pub(crate) line: Arc<Line>,
}

const WHOLE: u8 = 0;
const DROPPED: u8 = 1;
const SILENT: u8 = 2;

/// The state of a connection's line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    state: AtomicU8,
    /// Bytes in a second that it carries; 0 for as many as go.
    rate: AtomicU64,
}

impl Line {
    /// Breaks the connection at its next use.
    pub(crate) fn drop_it(&self) {
        self.state.store(DROPPED, Ordering::Relaxed);
    }

    /// Leaves the connection standing, but nothing goes in or out any more.
    pub(crate) fn silence(&self) {
        self.state.store(SILENT, Ordering::Relaxed);
    }

    pub(crate) fn slow(&self, bytes_per_second: u64) {
        self.rate.store(bytes_per_second.max(1), Ordering::Relaxed);
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection's bytes, as far as its line lets them through.
pub(crate) struct Wire {
    inner: Box<dyn Duplex>,
    line: Arc<Line>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// How often a slow line takes its next bytes.
const TICK: Duration = Duration::from_millis(20);

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.line.state.load(Ordering::Relaxed) {
            WHOLE => Pin::new(&mut self.inner).poll_read(cx, buf),
            SILENT => Poll::Pending,
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.line.state.load(Ordering::Relaxed) {
            WHOLE => {}
            SILENT => return Poll::Ready(Ok(buf.len())),
            _ => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        let rate = self.line.rate.load(Ordering::Relaxed);
        if rate == 0 {
            return Pin::new(&mut self.inner).poll_write(cx, buf);
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
        }
        let share = usize::try_from(rate / 50).unwrap_or(usize::MAX).clamp(1, buf.len().max(1));
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &buf[..share.min(buf.len())]));
        self.pause = Some(Box::pin(tokio::time::sleep(TICK)));
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.state.load(Ordering::Relaxed) {
            WHOLE => Pin::new(&mut self.inner).poll_flush(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.state.load(Ordering::Relaxed) {
            WHOLE => Pin::new(&mut self.inner).poll_shutdown(cx),
            SILENT => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

/// A port that hands out connections once they are ready for HTTP.
pub(crate) struct Door {
    ready: mpsc::Receiver<(Wire, Peer)>,
}

impl Door {
    /// Listens. Handshakes run beside each other, so that a client that stalls in one keeps nobody out.
    pub(crate) fn open(listener: TcpListener, port: Port, tls: Option<TlsAcceptor>) -> Self {
        let (send, ready) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // Out of sockets, say: they come back when others are closed.
                    tokio::time::sleep(TICK).await;
                    continue;
                };
                // Small frames go back and forth: waiting to fill a packet would cost each of them 40 ms.
                let _ = stream.set_nodelay(true);
                tokio::spawn(admit(stream, port, tls.clone(), send.clone()));
            }
        });
        Self { ready }
    }
}

async fn admit(stream: TcpStream, port: Port, tls: Option<TlsAcceptor>, ready: mpsc::Sender<(Wire, Peer)>) {
    let inner: Box<dyn Duplex> = match tls {
        None => Box::new(stream),
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Box::new(stream),
            // The client was told by an alert what it lacks.
            Err(_) => return,
        },
    };
    let line = Arc::new(Line::default());
    let wire = Wire { inner, line: Arc::clone(&line), pause: None };
    // Nobody takes it when the sandbox ends.
    let _ = ready.send((wire, Peer { port, line })).await;
}

impl Listener for Door {
    type Io = Wire;
    type Addr = Peer;

    async fn accept(&mut self) -> (Wire, Peer) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { port: Port::Main, line: Arc::default() })
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}
