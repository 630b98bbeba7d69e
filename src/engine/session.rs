//! A session: one connection to an engine, shared by all who call through it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::actor::{Actor, Control, Outgoing, Socket, To};
use super::changes::ChangeLists;
use super::closed::{CloseReason, Closed};
use super::delta::Delta;
use super::event::{Resumed, SessionEvents};
use super::exchange::{Options, Outcall};
use super::handle::Handle;
use super::interceptor::Interceptor;
use super::keepalive::{Keepalive, Pulse};
use super::life::{Connector, Life};
use super::method::MethodName;
use super::notification::Notifications;
use super::reply;
use super::request::Request;
use super::resume::Resume;
use super::retry::RetryPolicy;
use super::shared::{Phase, Shared};
use super::traffic::TrafficStream;
use super::{Global, Proxy};
use crate::error::{Error, Result};
use crate::opaque::{Opaque, WeakOpaque};

/// How many requests wait for the socket before callers do.
const QUEUE: usize = 256;

/// One connection to an engine.
///
/// A session is cheap to clone and may be used from many tasks at once: calls go out as they come, and replies may
/// come back in any order. It stays open as long as a clone, or any [`Handle`] or typed object made from it, is
/// alive; when the last is dropped, the connection is closed.
///
/// Dropping the future of a call gives the call up: the engine is told to stop working on it, and a reply that still
/// comes is thrown away.
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
pub struct Session(Opaque<Core>);

/// What callers share. The session's task does not hold it: when it goes, the task finds its queue ended.
struct Core {
    outgoing: mpsc::Sender<Outgoing>,
    control: mpsc::Sender<Control>,
    shared: Arc<Shared>,
    permits: Semaphore,
    settings: Settings,
}

/// How a session goes about its calls.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) timeout: Option<Duration>,
    pub(super) in_flight: usize,
    pub(super) retry: RetryPolicy,
    /// Whether a modal state is ended when it is in the way, and whether by accepting it.
    pub(super) abort_modal: Option<bool>,
    pub(super) delta: Delta,
    pub(super) resume: Resume,
    pub(super) keepalive: Keepalive,
    pub(super) interceptors: Vec<Arc<dyn Interceptor>>,
}

/// A request with all its parameters.
pub(super) fn request(method: &MethodName<'_>, params: &impl Serialize) -> Result<Request> {
    Request::with_params(method.name, params)
        .map_err(|error| Error::config(format!("the parameters of {method} cannot be sent: {error}")))
}

impl Session {
    /// A session on a socket that has been opened; starts the task that serves it.
    pub(super) fn start(
        socket: Socket,
        settings: Settings,
        connector: Connector,
        #[cfg(feature = "replay")] listener: Option<Arc<crate::replay::engine::Listener>>,
    ) -> Self {
        let (outgoing, queued) = mpsc::channel(QUEUE);
        let (express, urgent) = mpsc::unbounded_channel();
        let (control, controls) = mpsc::channel(4);
        let shared = Arc::new(Shared::new(express, settings.timeout));
        #[cfg(feature = "replay")]
        if let Some(listener) = listener {
            let _ = shared.traffic.listener.set(listener);
        }
        let actor = Actor::new(Arc::clone(&shared), queued, urgent, controls, Pulse::new(settings.keepalive));
        let life = Life::new(actor, connector, settings.resume.clone());
        tokio::spawn(life.run(socket));
        let permits = Semaphore::new(settings.in_flight.min(Semaphore::MAX_PERMITS));
        Session(Opaque::new(Core { outgoing, control, shared, permits, settings }))
    }

    /// Calls a method by its name, and returns the whole result: an object with a member for each out-parameter.
    ///
    /// For methods that this version has no typed call for. Parameters are an object (by name) or an array (by
    /// position); `()` stands for none. The handle of `Global` is -1.
    pub async fn call(&self, method: &str, handle: i32, params: impl Serialize) -> Result<Value> {
        let method = MethodName::new("", method);
        let request = request(&method, &params)?;
        let to = match self.shared().objects.find(handle) {
            Some(object) => To::Object(object),
            None => To::Number(handle),
        };
        self.whole(Outcall { to, method, request, delta: false, options: Options::default() }).await
    }

    /// A call whose whole result is asked for.
    pub(super) async fn whole(&self, outcall: Outcall<'_>) -> Result<Value> {
        let method = outcall.method;
        // boxed: it would be part of every future that calls
        let answer = Box::pin(self.exchange(outcall)).await?;
        let json = answer.body.json();
        serde_json::from_str(&json).map_err(|error| reply::unreadable(&method, "", &error, &json))
    }

    /// The object that every session starts from: it opens and makes apps.
    pub fn global(&self) -> Global {
        Global::new(self.handle(-1, Global::CLASS))
    }

    /// A handle by its number, for objects that were made with [`call`](Self::call).
    ///
    /// A resume does not know how to get such an object again, and closes it.
    pub fn handle(&self, number: i32, class: impl Into<String>) -> Handle {
        Handle::new(self.clone(), number, class)
    }

    /// What the server says unasked: first what it has said already, then each as it comes.
    ///
    /// The stream ends with the session, and does not keep it open.
    pub fn notifications(&self) -> Notifications {
        Notifications(self.shared().notices.read())
    }

    /// What happens to the session as a whole: first what has happened already, then each as it comes.
    ///
    /// The stream ends with the session, and does not keep it open.
    pub fn events(&self) -> SessionEvents {
        SessionEvents(self.shared().events.read())
    }

    /// What the engine says to have changed, over all objects, from now on.
    ///
    /// Lists that come while nobody looks are put together, so that a slow reader costs no more than the number of
    /// handles. The stream ends with the session, and does not keep it open.
    pub fn changes(&self) -> ChangeLists {
        self.shared().followers.follow()
    }

    /// The frames of the session from now on, both ways.
    ///
    /// A reader who falls more than 1024 behind is told how many were missed.
    pub fn traffic(&self) -> TrafficStream {
        self.shared().traffic.read()
    }

    /// Whether the session is over; calls fail from then on.
    pub fn is_closed(&self) -> bool {
        matches!(&*self.shared().phase.borrow(), Phase::Ended(_))
    }

    /// Whether the connection is gone and may come back.
    pub fn is_suspended(&self) -> bool {
        matches!(&*self.shared().phase.borrow(), Phase::Suspended)
    }

    /// Waits for the end of the session, whoever ends it, and says how it came. A session that comes back has not
    /// ended.
    ///
    /// The future keeps nothing open.
    pub fn closed(&self) -> impl Future<Output = Closed> + Send + 'static {
        let mut phase = self.shared().phase.subscribe();
        async move {
            match phase.wait_for(|phase| matches!(phase, Phase::Ended(_))).await.as_deref() {
                Ok(Phase::Ended(closed)) => closed.clone(),
                _ => Closed::new(CloseReason::Lost, ""),
            }
        }
    }

    /// Closes the connection and waits until it is. Calls that still wait for a reply fail.
    ///
    /// The same happens, without the waiting, when the last clone and the last handle are dropped.
    pub async fn close(self) {
        let closed = self.closed();
        // it fails when the session is over already
        let _ = self.0.control.send(Control::Close).await;
        drop(self);
        closed.await;
    }

    /// Closes the connection, and keeps everything ready for a [`resume`](Self::resume). Calls fail until then.
    ///
    /// The engine keeps its side for the time to live that the session was opened with.
    pub async fn suspend(&self) -> Result<()> {
        let (done, suspended) = oneshot::channel();
        let sent = self.0.control.send(Control::Suspend(done)).await;
        match (sent, suspended.await) {
            (Ok(()), Ok(())) => Ok(()),
            _ => Err(self.over("suspend")),
        }
    }

    /// Connects again after a [`suspend`](Self::suspend), and says what could be had again; see [`Resume`].
    ///
    /// A session that is not suspended has nothing to resume, and says so by an empty list. When connecting fails, the
    /// session stays suspended.
    pub async fn resume(&self) -> Result<Resumed> {
        let (done, resumed) = oneshot::channel();
        let sent = self.0.control.send(Control::Resume(done)).await;
        match (sent, resumed.await) {
            (Ok(()), Ok(resumed)) => resumed,
            _ => Err(self.over("resume")),
        }
    }

    fn over(&self, what: &str) -> Error {
        let closed = match &*self.shared().phase.borrow() {
            Phase::Ended(closed) => closed.clone(),
            _ => Closed::new(CloseReason::Lost, ""),
        };
        closed.error(&MethodName::new("", what), false)
    }

    /// What the session holds at this moment.
    pub fn in_use(&self) -> InUse {
        let shared = self.shared();
        InUse {
            calls: shared.calls.count(),
            objects: shared.objects.count(),
            delta_bytes_saved: shared.delta_saved.load(Ordering::Relaxed),
        }
    }

    /// A session that is not kept open by this.
    pub(super) fn downgrade(&self) -> WeakSession {
        WeakSession(self.0.downgrade())
    }

    pub(super) fn weak_shared(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0.shared)
    }

    /// How the app is opened, for a resume.
    pub(super) fn remember_opening(&self, params: Value) {
        // the first word counts: a session opens one app
        let _ = self.shared().opening.set(params);
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn permits(&self) -> &Semaphore {
        &self.0.permits
    }

    pub(super) fn outgoing(&self) -> &mpsc::Sender<Outgoing> {
        &self.0.outgoing
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Session");
        match &*self.shared().phase.borrow() {
            Phase::Ended(closed) => debug.field("closed", &closed.to_string()),
            phase => debug.field("suspended", &matches!(phase, Phase::Suspended)).field("in_use", &self.in_use()),
        };
        debug.finish_non_exhaustive()
    }
}

/// A session that is not kept open.
#[derive(Clone)]
pub(super) struct WeakSession(WeakOpaque<Core>);

impl WeakSession {
    pub(super) fn upgrade(&self) -> Option<Session> {
        self.0.upgrade().map(Session)
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
    /// How many bytes deltas have saved so far, counted from the last reply of each that held everything.
    pub delta_bytes_saved: u64,
}
