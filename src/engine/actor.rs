//! The one task that owns a session's socket.
//!
//! It only moves frames: what callers have queued goes out, what comes in goes to whoever waits for it. Nothing it
//! does to deliver can wait, so a slow reader of anything never holds up the socket; and it reads before it writes,
//! so two sides that are both busy writing never wait for each other.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::closed::{CloseReason, Closed};
use super::frame::Incoming;
use super::notification::Notification;
use super::pending::Delivery;
use super::session::Shared;

/// How long the other side gets to answer a close, or to say why writing failed.
const PARTING: Duration = Duration::from_secs(3);

/// A request on its way to the socket.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) frame: Utf8Bytes,
}

pub(super) struct Actor<S> {
    socket: WebSocketStream<S>,
    outgoing: mpsc::Receiver<Outgoing>,
    stop: mpsc::Receiver<()>,
    shared: Arc<Shared>,
    /// Set once no more is written: when to give up on the other side.
    parting: Option<Pin<Box<Sleep>>>,
    /// What is known of the end so far.
    end: Option<Closed>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Actor<S> {
    pub(super) fn new(
        socket: WebSocketStream<S>,
        outgoing: mpsc::Receiver<Outgoing>,
        stop: mpsc::Receiver<()>,
        shared: Arc<Shared>,
    ) -> Self {
        Actor { socket, outgoing, stop, shared, parting: None, end: None }
    }

    /// Runs until the socket has ended.
    pub(super) async fn run(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_read(cx).is_ready() {
            return Poll::Ready(());
        }
        if self.parting.is_none() && self.stop.poll_recv(cx) == Poll::Ready(Some(())) {
            self.part();
        }
        if self.parting.is_none() {
            self.poll_write(cx);
        }
        match &mut self.parting {
            Some(deadline) => {
                // drives the close frame out; if that fails, the reading side says so
                let _ = self.socket.poll_flush_unpin(cx);
                deadline.as_mut().poll(cx)
            }
            None => Poll::Pending,
        }
    }

    /// Takes in everything there is; ready when there will be no more.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match std::task::ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(frame))) => self.receive(frame),
                Some(Ok(Message::Binary(bytes))) => match Utf8Bytes::try_from(bytes) {
                    Ok(frame) => self.receive(frame),
                    Err(_) => tracing::warn!("a binary frame that is no text was left out"),
                },
                Some(Ok(Message::Close(frame))) => {
                    let (code, text) = match &frame {
                        Some(frame) => (u16::from(frame.code), frame.reason.as_str()),
                        // a close without a code means nothing special
                        None => (u16::from(CloseCode::Normal), ""),
                    };
                    // the answer to our own close tells nothing new
                    self.end.get_or_insert_with(|| Closed::new(CloseReason::from_code(code), text));
                    // nothing follows a close: send the answer to it, and do not wait for the other side to hang up
                    let _ = self.socket.poll_flush_unpin(cx);
                    return Poll::Ready(());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.end.get_or_insert_with(|| Closed::new(CloseReason::Lost, error.to_string()));
                    return Poll::Ready(());
                }
                None => return Poll::Ready(()),
            }
        }
    }

    /// Hands over one frame. Whatever is in it, the session goes on.
    fn receive(&self, frame: Utf8Bytes) {
        let incoming = match Incoming::parse(&frame) {
            Ok(incoming) => incoming,
            Err(error) => {
                tracing::warn!(%error, bytes = frame.len(), "a frame that does not read was left out");
                return;
            }
        };
        // before the reply: who awaits a call finds its consequences in place
        if !incoming.changed.is_empty() {
            self.shared.objects.changed(&incoming.changed);
        }
        if !incoming.closed.is_empty() {
            self.shared.objects.closed(&incoming.closed);
        }
        if let Some(method) = incoming.method {
            let params = incoming.params.and_then(|place| frame.get(place));
            let params = params.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Value::Null);
            tracing::debug!(method, "notification");
            self.shared.notices.push(Notification { method, params });
        } else if let Some(id) = incoming.id {
            let bytes = frame.len();
            let delivery = Delivery { frame, result: incoming.result, error: incoming.error };
            let awaited = self.shared.calls.answer(id, delivery);
            tracing::trace!(id, bytes, awaited, "reply");
        } else if incoming.result.is_some() || incoming.error.is_some() {
            tracing::warn!(bytes = frame.len(), "a reply without a request id was left out");
        }
    }

    /// Sends what is queued, as far as the socket takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        loop {
            let written = match self.socket.poll_ready_unpin(cx) {
                // the queue fills behind it, and callers wait: that bounds the memory
                Poll::Pending => return,
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) => match self.outgoing.poll_recv(cx) {
                    Poll::Ready(Some(request)) => self.socket.start_send_unpin(Message::Text(request.frame)),
                    // nobody is left who could call
                    Poll::Ready(None) => return self.part(),
                    Poll::Pending => match self.socket.poll_flush_unpin(cx) {
                        Poll::Ready(Err(error)) => Err(error),
                        Poll::Ready(Ok(())) | Poll::Pending => return,
                    },
                },
            };
            if let Err(error) = written {
                tracing::debug!(%error, "writing failed");
                // a close frame with the true reason may still be on its way to us
                self.parting = Some(Box::pin(tokio::time::sleep(PARTING)));
                return;
            }
        }
    }

    /// Says goodbye; the end comes when the other side has answered, or after a while without it.
    fn part(&mut self) {
        self.end.get_or_insert_with(|| Closed::new(CloseReason::Local, ""));
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let _ = self.socket.start_send_unpin(Message::Close(Some(goodbye)));
        self.parting = Some(Box::pin(tokio::time::sleep(PARTING)));
    }
}

/// However the task ends, by the socket or with its runtime: nobody is left waiting.
impl<S> Drop for Actor<S> {
    fn drop(&mut self) {
        self.outgoing.close();
        let mut unsent = Vec::new();
        while let Ok(request) = self.outgoing.try_recv() {
            unsent.push(request.id);
        }
        let end = self.end.take().unwrap_or_else(|| Closed::new(CloseReason::Lost, ""));
        tracing::debug!(%end, "the session has ended");
        self.shared.end(end, &unsent);
    }
}
