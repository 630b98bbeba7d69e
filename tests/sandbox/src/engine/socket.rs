//! One socket of a session: requests in, replies out, and the calls that are under way.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use serde_json::{Value as Json, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

use super::delta::Deltas;
use super::hub::{Event, Hub, Key, Seat};
use super::progress;
use super::rpc::{EngineError, Reply, Request};
use crate::socket::Socket;
use crate::tenant::Tenant;

/// The close code of what has come to its end.
const NORMAL: u16 = 1000;

/// The close code of an app that was deleted under an open session.
const APP_DELETED: u16 = 4004;

/// The close code of an address that the engine cannot read.
const BAD_REQUEST: u16 = 4202;

/// Answers the calls of one socket until either side closes it.
pub(crate) async fn serve(tenant: Arc<Tenant>, user: String, path: String, mut socket: Socket) {
    let mut deleted = tenant.deleted.subscribe();
    let Some((key, ttl)) = Key::read(&user, &path) else {
        return close(&mut socket, BAD_REQUEST, "Bad request").await;
    };
    let (seat, state) = Hub::attach(&tenant, key, ttl);
    let greeting = json!({ "jsonrpc": "2.0", "method": "OnConnected", "params": { "qSessionState": state } });
    if socket.send(Message::Text(greeting.to_string().into())).await.is_err() {
        return;
    }
    let mut port = Port::new(seat);
    loop {
        let out = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => port.receive(&text),
                Some(Ok(Message::Binary(bytes))) => port.receive(&String::from_utf8_lossy(&bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            Some(event) = port.seat.events.recv() => match event {
                Event::Push { change, close } => port.push(&json!(change), &json!(close)),
                Event::Close(code, reason) => return close(&mut socket, code, &reason).await,
            },
            Some(done) = port.jobs.join_next() => port.end(done),
            gone = deleted.recv() => match gone {
                Ok(id) if port.seat.shared.session().app_id() == Some(id.as_str()) => {
                    return close(&mut socket, APP_DELETED, "App deleted").await;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => return,
            },
        };
        if let Some(out) = out
            && socket.send(Message::Text(out.into())).await.is_err()
        {
            return;
        }
    }
}

/// Tells a socket that its user has as many sessions as may be, as the proxy of a client-managed server does.
pub(crate) async fn refuse(mut socket: Socket) {
    let told = json!({ "jsonrpc": "2.0", "method": "OnMaxParallelSessionsExceeded", "params": {
        "severity": "fatal", "message": "The user has as many sessions as may be at a time",
    } });
    if socket.send(Message::Text(told.to_string().into())).await.is_ok() {
        close(&mut socket, NORMAL, "").await;
    }
}

async fn close(socket: &mut Socket, code: u16, reason: &str) {
    // The client may be gone too.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}

/// A request that takes its time, and how that ended.
pub(super) type Done = (Request, Result<(), EngineError>);

/// The Engine's side of a socket.
pub(super) struct Port {
    pub(super) seat: Seat,
    deltas: Deltas,
    pub(super) jobs: JoinSet<Done>,
}

impl Port {
    pub(super) fn new(seat: Seat) -> Self {
        Self { seat, deltas: Deltas::default(), jobs: JoinSet::new() }
    }

    /// The reply to a slow call that has ended.
    pub(super) fn end(&mut self, done: Result<Done, JoinError>) -> Option<String> {
        done.ok().and_then(|(request, waited)| self.run(&request, waited))
    }

    /// Carries out a request, now or, when it is told to be slow, later.
    pub(super) fn receive(&mut self, text: &str) -> Option<String> {
        let request = match Request::read(text) {
            Ok(request) => request,
            Err(refused) => return self.write(&refused),
        };
        let delay = self.seat.tenant.engine.faults(|faults| faults.delay(request.name()));
        match delay {
            None => self.run(&request, Ok(())),
            Some(delay) => {
                self.begin(request, delay);
                None
            }
        }
    }

    /// Puts a slow call under way. It ends early when it is cancelled or, if it calculates, when the selections change.
    fn begin(&mut self, request: Request, delay: Duration) {
        let (cancel, mut cancelled) = oneshot::channel();
        let shared = Arc::clone(&self.seat.shared);
        let number = self.seat.number;
        let phases = {
            let mut session = shared.session();
            let phases = progress::is_reload(request.name()).then(|| session.doc().ok()?.phases().ok()).flatten();
            session.running.begin(number, &request, phases.is_some(), cancel);
            phases
        };
        let mut selections = self.seat.shared.selections.subscribe();
        self.jobs.spawn(async move {
            let calculates = request.name().starts_with("Get");
            let wait = async {
                let steps = phases.as_ref().map_or(1, |phases| phases.len());
                for step in 0..steps {
                    if let Some(phases) = &phases {
                        shared.session().running.phase(request.number(), phases, step);
                    }
                    tokio::time::sleep(delay / u32::try_from(steps).unwrap_or(1)).await;
                }
            };
            let aborted = |why: &str| Err(EngineError::new(15, why));
            let waited = tokio::select! {
                () = wait => Ok(()),
                _ = &mut cancelled => aborted("Request aborted"),
                Ok(()) = selections.changed(), if calculates => aborted("Request aborted"),
            };
            shared.session().running.end(number, &request);
            (request, waited)
        });
    }

    fn run(&mut self, request: &Request, waited: Result<(), EngineError>) -> Option<String> {
        let failure = self.seat.tenant.engine.faults(|faults| faults.code(request.name()));
        let waited = failure.map_or(waited, |code| Err(EngineError::new(code, request.name())));
        let shared = Arc::clone(&self.seat.shared);
        let mut session = shared.session();
        session.port = self.seat.number;
        let before = session.selection_changes;
        let reply = match waited {
            Ok(()) => session.call(request),
            Err(error) => Reply::new(request, Err(error)),
        };
        if session.selection_changes != before {
            shared.selections.send_modify(|count| *count += 1);
        }
        drop(session);
        if !reply.change.is_empty() || !reply.close.is_empty() {
            self.seat.tell_others(&reply.change, &reply.close);
        }
        self.write(&reply)
    }

    fn write(&mut self, reply: &Reply) -> Option<String> {
        let text = reply.write(&mut self.deltas);
        for handle in &reply.close {
            self.deltas.forget(*handle);
        }
        text
    }

    fn push(&mut self, change: &Json, close: &Json) -> Option<String> {
        let mut message = json!({ "jsonrpc": "2.0" });
        for (name, list) in [("change", change), ("close", close)] {
            if list.as_array().is_some_and(|list| !list.is_empty()) {
                message[name] = list.clone();
            }
        }
        close.as_array().into_iter().flatten().filter_map(Json::as_i64).for_each(|handle| self.deltas.forget(handle));
        Some(message.to_string())
    }
}
