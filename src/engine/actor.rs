//! The part of a session's task that moves frames.
//!
//! What callers have queued goes out, what comes in goes to whoever waits for it. Nothing it does to deliver can
//! wait, so a slow reader of anything never holds up the socket; and it reads before it writes, so two sides that are
//! both busy writing never wait for each other.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::closed::{CloseReason, Closed};
use super::connect::Line;
use super::event::Resumed;
use super::frame::{Incoming, Unreadable};
use super::keepalive::{Beat, Pulse};
use super::notification::Notification;
use super::object::Object;
use super::pending::{Delivery, NoReply};
use super::request::Request;
use super::shared::Shared;
use super::traffic::Direction;
use crate::error::Result;
use crate::trace;

/// How long the other side gets to answer a close, or to say why writing failed.
const PARTING: Duration = Duration::from_secs(3);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<Line>>;

/// A request on its way to the socket.
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) to: To,
    pub(super) request: Request,
    pub(super) delta: bool,
    /// Whether it leaves only if somebody waits for the reply.
    pub(super) awaited: bool,
}

/// Whom a request is for.
#[derive(Clone)]
pub(super) enum To {
    /// An object, by the number that it has when the request leaves.
    Object(Arc<Object>),
    Number(i32),
}

impl To {
    pub(super) fn number(&self) -> i32 {
        match self {
            To::Object(object) => object.number(),
            To::Number(number) => *number,
        }
    }
}

/// What owners of a session ask its task for.
pub(super) enum Control {
    Close,
    Suspend(oneshot::Sender<()>),
    Resume(oneshot::Sender<Result<Resumed>>),
}

/// How serving a socket came to its end.
pub(super) struct End {
    pub(super) closed: Closed,
    pub(super) wish: Wish,
}

/// What this side wanted when a socket ended.
pub(super) enum Wish {
    /// Nothing: the other side, or the network, ended it.
    Nothing,
    /// The session to be over.
    Over,
    /// To go on later.
    Suspend(oneshot::Sender<()>),
}

pub(super) struct Actor {
    pub(super) shared: Arc<Shared>,
    pub(super) control: mpsc::Receiver<Control>,
    outgoing: mpsc::Receiver<Outgoing>,
    /// Requests of the session itself, which go before those of its users.
    express: mpsc::UnboundedReceiver<Outgoing>,
    socket: Option<Socket>,
    /// Whether the requests of users may leave.
    open: bool,
    epoch: u32,
    pulse: Pulse,
    /// Set once no more is written: when to give up on the other side.
    parting: Option<Pin<Box<Sleep>>>,
    /// What is known of the end so far.
    end: Option<End>,
}

impl Actor {
    pub(super) fn new(
        shared: Arc<Shared>,
        outgoing: mpsc::Receiver<Outgoing>,
        express: mpsc::UnboundedReceiver<Outgoing>,
        control: mpsc::Receiver<Control>,
        pulse: Pulse,
    ) -> Self {
        let (socket, parting, end) = (None, None, None);
        Actor { shared, control, outgoing, express, socket, open: false, epoch: 0, pulse, parting, end }
    }

    /// Takes up a socket; the requests of users wait until [`open`](Self::open).
    pub(super) fn attach(&mut self, socket: Socket, epoch: u32) {
        // what the session itself had to say goes with the former socket
        while let Ok(request) = self.express.try_recv() {
            let closed = Closed::new(CloseReason::Lost, "");
            self.shared.calls.refuse(request.id, NoReply::Lost { closed, may_have_run: false, returns: false });
        }
        self.socket = Some(socket);
        self.epoch = epoch;
        self.parting = None;
        self.end = None;
        self.pulse.start();
    }

    /// Lets the requests of users leave.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// Lets the socket go.
    pub(super) fn detach(&mut self) {
        self.socket = None;
        self.open = false;
    }

    /// The session is over.
    pub(super) fn finish(mut self, closed: Closed) {
        self.end = Some(End { closed, wish: Wish::Over });
    }

    /// Serves the socket until it ends.
    pub(super) async fn serve(&mut self) -> End {
        poll_fn(|cx| self.poll(cx)).await;
        self.detach();
        let lost = || End { closed: Closed::new(CloseReason::Lost, ""), wish: Wish::Nothing };
        self.end.take().unwrap_or_else(lost)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut socket) = self.socket.take() else { return Poll::Ready(()) };
        let poll = self.poll_socket(&mut socket, cx);
        self.socket = Some(socket);
        poll
    }

    fn poll_socket(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_read(socket, cx).is_ready() {
            return Poll::Ready(());
        }
        while self.parting.is_none() {
            match self.control.poll_recv(cx) {
                // nobody is left who could call
                Poll::Ready(None | Some(Control::Close)) => {
                    self.part(socket, CloseReason::Local, 1000, Wish::Over);
                }
                Poll::Ready(Some(Control::Suspend(done))) => {
                    self.part(socket, CloseReason::Suspended, 4000, Wish::Suspend(done));
                }
                // there is nothing to resume
                Poll::Ready(Some(Control::Resume(done))) => drop(done.send(Ok(Resumed::default()))),
                Poll::Pending => break,
            }
        }
        if self.parting.is_none() && self.poll_pulse(socket, cx).is_ready() {
            return Poll::Ready(());
        }
        if self.parting.is_none() {
            self.poll_write(socket, cx);
        }
        match &mut self.parting {
            Some(deadline) => {
                // drives the close frame out; if that fails, the reading side says so
                let _ = socket.poll_flush_unpin(cx);
                deadline.as_mut().poll(cx)
            }
            None => Poll::Pending,
        }
    }

    fn ends(&mut self, reason: CloseReason, text: impl Into<String>) {
        // the answer to our own close tells nothing new
        self.end.get_or_insert_with(|| End { closed: Closed::new(reason, text), wish: Wish::Nothing });
    }

    /// Takes in everything there is; ready when there will be no more.
    fn poll_read(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let message = std::task::ready!(socket.poll_next_unpin(cx));
            self.pulse.hear();
            match message {
                Some(Ok(Message::Text(frame))) => self.receive(frame),
                Some(Ok(Message::Binary(bytes))) => match Utf8Bytes::try_from(bytes) {
                    Ok(frame) => self.receive(frame),
                    Err(_) => trace::engine::warn(format_args!("a binary frame that is no text was left out"), None),
                },
                Some(Ok(Message::Close(frame))) => {
                    // a close without a code means nothing special
                    let code = frame.as_ref().map_or(1000, |frame| u16::from(frame.code));
                    let text = frame.as_ref().map_or("", |frame| frame.reason.as_str());
                    if self.end.is_none() {
                        self.shared.traffic.closed(code, text);
                    }
                    self.ends(CloseReason::from_code(code), text);
                    // nothing follows a close: send the answer to it, and do not wait for the other side to hang up
                    let _ = socket.poll_flush_unpin(cx);
                    return Poll::Ready(());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.ends(CloseReason::Lost, error.to_string());
                    return Poll::Ready(());
                }
                None => return Poll::Ready(()),
            }
        }
    }

    /// Hands over one frame. Whatever is in it, the session goes on.
    fn receive(&self, frame: Utf8Bytes) {
        self.shared.traffic.show(Direction::Received, &frame);
        let incoming = match Incoming::parse(&frame) {
            Ok(incoming) => incoming,
            Err(Unreadable { id, error }) => {
                trace::engine::warn(format_args!("a frame of {} bytes does not read", frame.len()), Some(&error));
                if let Some(id) = id {
                    self.shared.calls.spoil(id, &error);
                }
                return;
            }
        };
        // before the reply: who awaits a call finds its consequences in place
        self.shared.changes(&incoming.changed, &incoming.closed, &incoming.suspended);
        if let Some(method) = incoming.method {
            let params = incoming.params.and_then(|place| frame.get(place));
            let params = params.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Value::Null);
            trace::engine::debug(format_args!("notification {method}"), None);
            self.shared.notices.push(Notification { method, params });
        } else if let Some(id) = incoming.id {
            let bytes = frame.len();
            let (result, error, delta) = (incoming.result, incoming.error, incoming.delta);
            let delivery = Delivery { frame, result, error, delta, epoch: self.epoch };
            let awaited = self.shared.calls.answer(id, delivery);
            if !awaited {
                self.shared.removals.confirm(id);
            }
            let end = if awaited { "" } else { ", for which nobody waits" };
            trace::engine::trace(format_args!("reply {id}: {bytes} bytes{end}"), None);
        } else if incoming.result.is_some() || incoming.error.is_some() {
            let bytes = frame.len();
            trace::engine::warn(format_args!("a reply of {bytes} bytes without a request id was left out"), None);
        }
    }

    /// Keeps the connection alive; ready when it is dead.
    fn poll_pulse(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(beat) = self.pulse.poll(cx) {
            match beat {
                Beat::Ping => {
                    // a socket that is busy needs no ping
                    if socket.poll_ready_unpin(cx).is_ready() {
                        let _ = socket.start_send_unpin(Message::Ping(Vec::new().into()));
                    }
                }
                Beat::Message => self.shared.tell(-1, "EngineVersion", &Value::Null),
                Beat::Dead => {
                    self.ends(CloseReason::Lost, "nothing was heard for too long");
                    return Poll::Ready(());
                }
            }
        }
        Poll::Pending
    }

    /// The next request that may leave.
    fn next_request(&mut self, cx: &mut Context<'_>) -> Option<Outgoing> {
        if let Poll::Ready(Some(request)) = self.express.poll_recv(cx) {
            return Some(request);
        }
        match self.open.then(|| self.outgoing.poll_recv(cx)) {
            Some(Poll::Ready(request)) => request,
            _ => None,
        }
    }

    /// Sends what is queued, as far as the socket takes it.
    fn poll_write(&mut self, socket: &mut Socket, cx: &mut Context<'_>) {
        loop {
            let written = match socket.poll_ready_unpin(cx) {
                // the queue fills behind it, and callers wait: that bounds the memory
                Poll::Pending => return,
                Poll::Ready(Err(error)) => Err(error),
                Poll::Ready(Ok(())) => match self.next_request(cx) {
                    Some(request) => match self.frame(request) {
                        Some(frame) => socket.start_send_unpin(Message::Text(frame)),
                        None => continue,
                    },
                    None => match socket.poll_flush_unpin(cx) {
                        Poll::Ready(Err(error)) => Err(error),
                        Poll::Ready(Ok(())) | Poll::Pending => return,
                    },
                },
            };
            if let Err(error) = written {
                trace::engine::debug(format_args!("writing failed"), Some(&error));
                // a close frame with the true reason may still be on its way to us
                self.parting = Some(Box::pin(tokio::time::sleep(PARTING)));
                return;
            }
        }
    }

    /// The frame of a request; `None` when it shall not leave any more.
    fn frame(&self, outgoing: Outgoing) -> Option<Utf8Bytes> {
        let Outgoing { id, to, request, delta, awaited } = outgoing;
        if let To::Object(object) = &to
            && object.is_closed()
        {
            self.shared.calls.refuse(id, NoReply::ObjectGone);
            return None;
        }
        if awaited && !self.shared.calls.depart(id) {
            return None;
        }
        let frame = request.finish(to.number(), id, delta);
        self.shared.traffic.show(Direction::Sent, &frame);
        Some(frame)
    }

    /// Says goodbye; the end comes when the other side has answered, or after a while without it.
    fn part(&mut self, socket: &mut Socket, reason: CloseReason, code: u16, wish: Wish) {
        self.end.get_or_insert(End { closed: Closed::new(reason, ""), wish });
        // what the last owner gave back or cancelled counts where the engine keeps the session
        while let Ok(request) = self.express.try_recv() {
            if let Some(frame) = self.frame(request) {
                let _ = socket.start_send_unpin(Message::Text(frame));
            }
        }
        let goodbye = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
        let _ = socket.start_send_unpin(Message::Close(Some(goodbye)));
        self.parting = Some(Box::pin(tokio::time::sleep(PARTING)));
    }
}

/// However the task ends, by the socket or with its runtime: nobody is left waiting.
impl Drop for Actor {
    fn drop(&mut self) {
        let end = self.end.take().map_or_else(|| Closed::new(CloseReason::Lost, ""), |end| end.closed);
        self.shared.end(&end);
    }
}
