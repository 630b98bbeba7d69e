//! A session: one connection to an engine, shared by all who call through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;

use super::actor::{Actor, Outgoing};
use super::closed::{CloseReason, Closed};
use super::frame::Request;
use super::handle::Handle;
use super::notification::{Notices, Notifications};
use super::objects::Objects;
use super::pending::{Calls, Delivery, MayHaveRun};
use super::reply;
use super::{Global, Proxy};
use crate::error::{Error, Result};

/// How many requests wait for the socket before callers do.
const QUEUE: usize = 256;

/// One connection to an engine.
///
/// A session is cheap to clone and may be used from many tasks at once: calls go out as they come, and replies may
/// come back in any order. It stays open as long as a clone, or any [`Handle`] or typed object made from it, is
/// alive; when the last is dropped, the connection is closed.
///
/// Dropping the future of a call gives the call up: a reply that still comes is thrown away.
///
/// ```no_run
/// # async fn example(session: qlik::engine::Session) -> qlik::Result<()> {
/// // any method, those that this version does not know too; -1 is the handle of `Global`
/// let version = session.call("EngineVersion", -1, ()).await?;
/// println!("{version}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session(Arc<Core>);

/// What callers share. The socket's task does not hold it: when it goes, the task finds its queue ended.
struct Core {
    outgoing: mpsc::Sender<Outgoing>,
    stop: mpsc::Sender<()>,
    shared: Arc<Shared>,
    timeout: Option<Duration>,
}

/// What callers and the socket's task share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) calls: Arc<Calls>,
    pub(super) objects: Objects,
    pub(super) notices: Notices,
    closed: watch::Sender<Option<Closed>>,
}

impl Shared {
    /// The socket has ended: so does everything that waits for it.
    pub(super) fn end(&self, end: Closed, unsent: &[u64]) {
        self.closed.send_modify(|closed| *closed = Some(end));
        self.calls.end(unsent);
        self.objects.end();
        self.notices.end();
    }
}

/// The name of a method, written out only where an error or a trace shows it.
pub(super) type Name<'a> = dyn fmt::Display + Sync + 'a;

impl Session {
    /// A session on a socket that has been opened; starts the task that serves it.
    pub(super) fn start<S>(socket: WebSocketStream<S>, timeout: Option<Duration>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (outgoing, queued) = mpsc::channel(QUEUE);
        let (stop, stopped) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            calls: Arc::default(),
            objects: Objects::default(),
            notices: Notices::default(),
            closed: watch::Sender::new(None),
        });
        tokio::spawn(Actor::new(socket, queued, stopped, Arc::clone(&shared)).run());
        Session(Arc::new(Core { outgoing, stop, shared, timeout }))
    }

    /// Calls a method by its name, and returns the whole result: an object with a member for each out-parameter.
    ///
    /// For methods that this version has no typed call for. Parameters are an object (by name) or an array (by
    /// position); `()` stands for none. The handle of `Global` is -1.
    pub async fn call(&self, method: &str, handle: i32, params: impl Serialize) -> Result<Value> {
        let request = Request::with_params(handle, method, &params)
            .map_err(|error| Error::config(format!("the parameters of {method} cannot be sent: {error}")))?;
        let delivery = self.exchange(request, &method, None).await?;
        let result = reply::result(&delivery, &method)?;
        serde_json::from_str(result).map_err(|error| reply::unreadable(&method, "", &error, result))
    }

    /// The object that every session starts from: it opens and makes apps.
    pub fn global(&self) -> Global {
        Global::new(self.handle(-1, Global::CLASS))
    }

    /// A handle by its number, for objects that were made with [`call`](Self::call).
    pub fn handle(&self, number: i32, class: impl Into<String>) -> Handle {
        Handle::new(self.clone(), number, class)
    }

    /// What the server says unasked: first what it has said already, then each as it comes.
    ///
    /// The stream ends with the session, and does not keep it open.
    pub fn notifications(&self) -> Notifications {
        self.0.shared.notices.read()
    }

    /// Whether the connection has ended; calls fail from then on.
    pub fn is_closed(&self) -> bool {
        self.0.shared.closed.borrow().is_some()
    }

    /// Waits for the end of the connection, whoever ends it, and says how it came.
    ///
    /// The future keeps nothing open.
    pub fn closed(&self) -> impl Future<Output = Closed> + Send + 'static {
        let mut closed = self.0.shared.closed.subscribe();
        async move {
            let end = closed.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
            end.unwrap_or_else(|| Closed::new(CloseReason::Lost, ""))
        }
    }

    /// Closes the connection and waits until it is. Calls that still wait for a reply fail.
    ///
    /// The same happens, without the waiting, when the last clone and the last handle are dropped.
    pub async fn close(self) {
        // it is full when someone has asked already
        let _ = self.0.stop.try_send(());
        let closed = self.closed();
        drop(self);
        closed.await;
    }

    /// How many calls wait for their reply, and how many objects this side holds handles of.
    pub fn in_use(&self) -> InUse {
        InUse { calls: self.0.shared.calls.count(), objects: self.0.shared.objects.count() }
    }

    pub(super) fn objects(&self) -> &Objects {
        &self.0.shared.objects
    }

    /// One call: out, and back.
    pub(super) async fn exchange(
        &self,
        request: Request,
        method: &Name<'_>,
        timeout: Option<Duration>,
    ) -> Result<Delivery> {
        match timeout.or(self.0.timeout) {
            None => self.send(request, method).await,
            Some(limit) => match tokio::time::timeout(limit, self.send(request, method)).await {
                Ok(reply) => reply,
                Err(_) => Err(Error::timeout(method.to_string(), limit)),
            },
        }
    }

    async fn send(&self, request: Request, method: &Name<'_>) -> Result<Delivery> {
        let Some(mut waiting) = self.0.shared.calls.enter() else {
            return Err(self.end_of(method, MayHaveRun(false)));
        };
        let id = waiting.id();
        let frame = request.finish(id);
        tracing::trace!(id, %method, bytes = frame.len(), "request");
        if self.0.outgoing.send(Outgoing { id, frame }).await.is_err() {
            return Err(self.end_of(method, MayHaveRun(false)));
        }
        waiting.reply().await.map_err(|may_have_run| self.end_of(method, may_have_run))
    }

    /// The error of a call that met the end of the session.
    fn end_of(&self, method: &Name<'_>, MayHaveRun(may_have_run): MayHaveRun) -> Error {
        match &*self.0.shared.closed.borrow() {
            Some(closed) => closed.error(method, may_have_run),
            None => Closed::new(CloseReason::Lost, "").error(method, may_have_run),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Session");
        match &*self.0.shared.closed.borrow() {
            Some(closed) => debug.field("closed", &closed.to_string()),
            None => debug.field("in_use", &self.in_use()),
        };
        debug.finish_non_exhaustive()
    }
}

/// What a session holds at a moment; see [`Session::in_use`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InUse {
    /// Calls that wait for their reply.
    pub calls: usize,
    /// Objects that this side holds handles of.
    pub objects: usize,
}
