//! Sockets of the Engine on their way into a recording, and a server in memory that replays them.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::file::{Call, Row, Writer};
use super::recording::{Recording, When};
use super::redact::Redactor;
use crate::Result;
use crate::json::object;

/// What is in memory between a session and the recording that answers it.
const BUFFER: usize = 1 << 20;
/// The code of the error for a call that is not recorded; the engine's own codes are not negative in that way.
const NOT_RECORDED: i64 = -32000;

/// What a session tells of its socket.
#[derive(Clone, Copy)]
pub(crate) enum Heard<'a> {
    Sent(&'a str),
    Received(&'a str),
    Closed(u16, &'a str),
}

/// Writes the sockets of one session into a recording.
#[derive(Debug)]
pub(crate) struct Listener {
    writer: Arc<Writer>,
    redactor: Redactor,
    /// Counts the sockets of the client.
    counter: Arc<AtomicU32>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    socket: u32,
    waiting: BTreeMap<u64, Call>,
    /// The call that was sent last, or answered last.
    last: Option<When>,
}

/// A frame, as far as it matters here.
struct Frame<'a> {
    id: Option<u64>,
    handle: i64,
    method: Option<String>,
    params: &'a str,
    /// Whether it has a result or an error.
    answers: bool,
}

impl<'a> Frame<'a> {
    /// Reads a frame; of members that come twice, which engines send, the last.
    fn read(text: &'a str) -> Option<Self> {
        let members: BTreeMap<String, &'a RawValue> = serde_json::from_str(text).ok()?;
        let number = |name: &str| members.get(name)?.get().parse::<i64>().ok();
        Some(Self {
            id: number("id").and_then(|id| u64::try_from(id).ok()),
            handle: number("handle").unwrap_or(-1),
            method: members.get("method").and_then(|raw| serde_json::from_str(raw.get()).ok()),
            params: members.get("params").map_or("{}", |raw| raw.get()),
            answers: members.contains_key("result") || members.contains_key("error"),
        })
    }
}

impl Listener {
    pub(super) fn new(writer: Arc<Writer>, redactor: Redactor, counter: Arc<AtomicU32>) -> Self {
        Self { writer, redactor, counter, state: Mutex::default() }
    }

    /// A socket was opened.
    pub(crate) fn opened(&self, path: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { socket: self.counter.fetch_add(1, Ordering::Relaxed) + 1, ..State::default() };
        let opened = Some(self.redactor.text(path));
        self.write(&Row { socket: Some(state.socket), opened, ..Row::default() });
    }

    /// Something happened on the socket.
    pub(crate) fn heard(&self, heard: Heard<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        match heard {
            Heard::Sent(text) => {
                let Some(Frame { id: Some(id), handle, method: Some(method), params, .. }) = Frame::read(text) else {
                    return;
                };
                let Some(params) = raw(self.redactor.json(params)) else { return };
                state.waiting.insert(id, Call { id, handle, method, params });
                state.last = Some(When::Before(id));
            }
            Heard::Received(text) => {
                let Some(json) = self.redactor.json(text) else { return };
                let Some(frame) = Frame::read(&json) else { return };
                let replies = frame.method.is_none() && frame.answers;
                let call = frame.id.filter(|_| replies).and_then(|id| state.waiting.remove(&id));
                let socket = Some(state.socket);
                match call {
                    Some(call) => {
                        state.last = Some(When::After(call.id));
                        let reply = without(&json, &["id", "jsonrpc"]);
                        self.write(&Row { socket, call: Some(call), reply, ..Row::default() });
                    }
                    None => {
                        let (before, after) = places(state.last);
                        self.write(&Row { socket, push: raw(Some(json)), before, after, ..Row::default() });
                    }
                }
            }
            Heard::Closed(code, reason) => {
                let socket = Some(state.socket);
                for call in std::mem::take(&mut state.waiting).into_values() {
                    self.write(&Row { socket, call: Some(call), ..Row::default() });
                }
                let (before, after) = places(state.last);
                let reason = Some(self.redactor.text(reason)).filter(|reason| !reason.is_empty());
                self.write(&Row { socket, closed: Some(code), reason, before, after, ..Row::default() });
            }
        }
    }

    fn write(&self, row: &Row) {
        if let Err(error) = self.writer.line(row) {
            tracing::error!(%error, "the recording is not complete");
        }
    }
}

fn raw(json: Option<String>) -> Option<Box<RawValue>> {
    RawValue::from_string(json?).ok()
}

fn places(last: Option<When>) -> (Option<u64>, Option<u64>) {
    match last {
        Some(When::Before(call)) => (Some(call), None),
        Some(When::After(call)) => (None, Some(call)),
        Some(When::Opened) | None => (None, None),
    }
}

/// A JSON object without some of its members, the others as they were written.
fn without(json: &str, names: &[&str]) -> Option<Box<RawValue>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    let kept: BTreeMap<_, _> = members.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect();
    raw(serde_json::to_string(&kept).ok())
}

impl Recording {
    /// Opens a recorded socket: the end in memory that a session connects to.
    pub(crate) fn open(&self, path: &str) -> Result<DuplexStream> {
        let socket = self.socket(&self.redactor().text(path))?;
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let server = Server { recording: self.clone(), socket, told: HashSet::new() };
        tokio::spawn(server.serve(ours));
        Ok(theirs)
    }
}

/// The other end of a session.
struct Server {
    recording: Recording,
    socket: usize,
    /// How far what came unasked was told.
    told: HashSet<When>,
}

type Wire = WebSocketStream<DuplexStream>;

/// The session is over.
struct Over;

impl Server {
    async fn serve(mut self, stream: DuplexStream) {
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let mut wire = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        // An error means that the session has gone.
        let _ = self.talk(&mut wire).await;
    }

    async fn talk(&mut self, wire: &mut Wire) -> Result<(), Over> {
        self.tell(wire, When::Opened).await?;
        while let Some(Ok(message)) = wire.next().await {
            match message {
                Message::Text(text) => self.answer(wire, &text).await?,
                Message::Close(_) => break,
                _ => {}
            }
        }
        Err(Over)
    }

    async fn answer(&mut self, wire: &mut Wire, text: &str) -> Result<(), Over> {
        let Some(Frame { id: Some(id), handle, method: Some(method), params, .. }) = Frame::read(text) else {
            return Ok(());
        };
        let recording = self.recording.clone();
        let Some(params) = raw(recording.redactor().json(params)) else { return Ok(()) };
        let call = Call { id, handle, method, params };
        let Some((row, first)) = recording.call(self.socket, &call) else {
            let message = recording.missing(self.socket, &call);
            let error = object! { "code": NOT_RECORDED, "parameter": "", "message": message };
            let reply = match call.method.as_str() {
                // What was given up may have been given up at another moment.
                "CancelRequest" => object! { "jsonrpc": "2.0", "id": id, "result": object! {} },
                _ => object! { "jsonrpc": "2.0", "id": id, "error": error },
            };
            return send(wire, reply.to_string()).await;
        };
        let recorded = row.call.as_ref().map_or(id, |call| call.id);
        if first {
            self.tell(wire, When::Before(recorded)).await?;
        }
        if let Some(members) = row.reply.as_ref().and_then(|reply| reply.get().strip_prefix('{')) {
            let comma = if members.trim_start().starts_with('}') { "" } else { "," };
            send(wire, format!(r#"{{"jsonrpc":"2.0","id":{id}{comma}{members}"#)).await?;
        }
        match first {
            true => self.tell(wire, When::After(recorded)).await,
            false => Ok(()),
        }
    }

    /// Sends what came unasked at a moment, once.
    async fn tell(&mut self, wire: &mut Wire, when: When) -> Result<(), Over> {
        if !self.told.insert(when) {
            return Ok(());
        }
        let recording = self.recording.clone();
        for row in recording.unasked(self.socket, when) {
            if let Some(push) = &row.push {
                send(wire, push.get().to_owned()).await?;
            }
            if let Some(code) = row.closed {
                let reason = Utf8Bytes::from(row.reason.clone().unwrap_or_default());
                let goodbye = CloseFrame { code: CloseCode::from(code), reason };
                wire.close(Some(goodbye)).await.map_err(|_| Over)?;
                // The other side answers before the line goes.
                while let Some(Ok(_)) = wire.next().await {}
                return Err(Over);
            }
        }
        Ok(())
    }
}

async fn send(wire: &mut Wire, text: String) -> Result<(), Over> {
    wire.send(Message::text(text)).await.map_err(|_| Over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_come_twice_count_as_their_last() {
        let frame = Frame::read(r#"{"id":1,"result":{},"id":2,"change":[1],"change":[2]}"#).unwrap();
        assert_eq!((frame.id, frame.handle, frame.answers, frame.method), (Some(2), -1, true, None));
        assert!(Frame::read("[]").is_none() && Frame::read("{").is_none());
        let rest = without(r#"{"jsonrpc":"2.0","id":1,"result":{"a":1.50},"change":[1]}"#, &["id", "jsonrpc"]);
        assert_eq!(rest.unwrap().get(), r#"{"change":[1],"result":{"a":1.50}}"#);
    }
}
