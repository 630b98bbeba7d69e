//! What those who call through a session and its task have in common.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::actor::{Outgoing, To};
use super::changes::Followers;
use super::closed::Closed;
use super::event::SessionEvent;
use super::method::MethodName;
use super::notification::Notification;
use super::object::Objects;
use super::pending::{Calls, NoReply};
use super::release::{Removal, Removals};
use super::request::Request;
use super::ring::Ring;
use super::traffic::Taps;
use super::{reply, selections};
use crate::error::{Error, Result};
use crate::trace;

/// How a session stands.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Open,
    Suspended,
    Ended(Closed),
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) calls: Arc<Calls>,
    pub(super) objects: Objects,
    pub(super) notices: Ring<Notification>,
    pub(super) events: Ring<SessionEvent>,
    pub(super) followers: Followers,
    pub(super) traffic: Taps,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) delta_saved: Arc<AtomicU64>,
    /// The selections to make again after a resume, where they are kept.
    pub(super) selections: selections::Kept,
    /// How the app was opened, where this session attached to one that was open.
    pub(super) opening: OnceLock<Value>,
    /// What is to go with its last owner.
    pub(super) removals: Removals,
    express: mpsc::UnboundedSender<Outgoing>,
    /// How long a call may take.
    limit: Option<Duration>,
}

impl Shared {
    pub(super) fn new(express: mpsc::UnboundedSender<Outgoing>, limit: Option<Duration>) -> Self {
        Shared {
            calls: Arc::default(),
            objects: Objects::default(),
            notices: Ring::default(),
            events: Ring::default(),
            followers: Followers::default(),
            traffic: Taps::default(),
            phase: watch::Sender::new(Phase::Open),
            delta_saved: Arc::default(),
            selections: selections::Kept::default(),
            opening: OnceLock::new(),
            removals: Removals::default(),
            express,
            limit,
        }
    }

    /// The engine tells of its objects.
    pub(super) fn changes(&self, changed: &[i32], closed: &[i32], suspended: &[i32]) {
        if changed.is_empty() && closed.is_empty() && suspended.is_empty() {
            return;
        }
        self.objects.changed(changed);
        self.objects.closed(closed);
        self.followers.tell(changed, closed, suspended);
    }

    /// The session is over: so is everything that waits for it.
    pub(super) fn end(&self, closed: &Closed) {
        trace::engine::debug(format_args!("the session has ended"), Some(closed));
        self.phase.send_replace(Phase::Ended(closed.clone()));
        self.calls.interrupt(closed, false);
        self.objects.end();
        self.events.push(SessionEvent::Closed(closed.clone()));
        self.events.end();
        self.notices.end();
        self.followers.end();
        self.traffic.end();
    }

    /// A request of the session itself, whose reply nobody waits for.
    pub(super) fn tell(&self, handle: i32, method: &str, params: &impl Serialize) {
        let Ok(request) = Request::with_params(method, params) else { return };
        let id = self.calls.id();
        // it fails when the session is over, and then it does not matter
        let _ = self.express.send(Outgoing { id, to: To::Number(handle), request, delta: false, awaited: false });
    }

    /// Removes an object, now or, where the connection breaks before the engine has done it, once it stands again.
    pub(super) fn remove(&self, removal: Removal) {
        let Ok(request) = Request::with_params(removal.method, &removal.params) else { return };
        let id = self.calls.id();
        let to = To::Object(Arc::clone(&removal.parent));
        self.removals.begin(id, removal);
        let _ = self.express.send(Outgoing { id, to, request, delta: false, awaited: false });
    }

    /// A call of the session itself: it goes before those of users, and while theirs wait for a resume.
    pub(super) async fn ask(&self, to: To, method: &str, params: &Value) -> Result<Value> {
        let name = MethodName::new("", method);
        let request = Request::with_params(method, params)
            .map_err(|error| Error::config(format!("the parameters of {method} cannot be sent: {error}")))?;
        let mut waiting = self.calls.enter(None).map_err(|closed| closed.error(&name, false))?;
        let _ = self.express.send(Outgoing { id: waiting.id(), to, request, delta: false, awaited: true });
        let reply = match self.limit {
            None => waiting.reply().await,
            // without it, one reply that gets lost would hold up a resume for ever
            Some(limit) => match tokio::time::timeout(limit, waiting.reply()).await {
                Ok(reply) => reply,
                Err(_) => return Err(Error::timeout(name.to_string(), limit)),
            },
        };
        let delivery = reply.map_err(|why| no_reply(&why, &name))?;
        let answer = reply::answer(delivery, &name)?;
        serde_json::from_str(&answer.body.json())
            .map_err(|error| reply::unreadable(&name, "", &error, &answer.body.json()))
    }
}

/// The error of a call that gets no reply.
pub(super) fn no_reply(why: &NoReply, method: &MethodName<'_>) -> Error {
    match why {
        NoReply::Lost { closed, may_have_run, .. } => closed.error(method, *may_have_run),
        NoReply::ObjectGone => Error::not_found(method.to_string(), "the object is closed: it was removed or released"),
        NoReply::Unreadable(why) => {
            Error::decode(method.to_string(), "", format!("the reply does not read: {why}"), b"")
        }
    }
}
