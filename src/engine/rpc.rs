//! A call on its way: parameters and options, then the wait for the reply.

use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;

use super::actor::To;
use super::exchange::{Options, Outcall};
use super::handle::Handle;
use super::method::RpcMethod;
use super::progress::Progress;
use super::reply::{RawReply, Reply};
use super::request::Request;
use super::retry::RetryPolicy;
use super::ring::Ring;
use super::session::Session;
use crate::error::{Error, Result};
use crate::record::Wire;

/// A call of an engine method; awaiting it sends it.
///
/// Dropping the future that waits gives the call up: the engine is told to stop working on it, and a reply that still
/// comes is thrown away.
#[must_use = "a call is sent when it is awaited"]
pub struct Rpc<T> {
    call: Call,
    reply: PhantomData<fn() -> T>,
}

/// The call without its reply's type, so that most of this is compiled once.
struct Call {
    handle: Handle,
    method: RpcMethod,
    request: Result<Request>,
    options: Options,
}

impl<T> Rpc<T> {
    pub(super) fn new(handle: Handle, method: RpcMethod) -> Self {
        let request = Ok(Request::new(method.name()));
        Rpc { call: Call { handle, method, request, options: Options::default() }, reply: PhantomData }
    }

    /// Sets a parameter by its name on the wire.
    ///
    /// The typed calls do this for the parameters that are described; here is the way for others.
    pub fn arg(mut self, name: &str, value: &impl Wire) -> Self {
        self.call.argument(name, value);
        self
    }

    /// Gives up when no reply has come within this time; else the session's own limit counts, if it has one.
    ///
    /// The engine is told to stop working on it.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.call.options.timeout = Some(limit);
        self
    }

    /// After which errors it is made again, instead of what the session's own policy says.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.call.options.retry = Some(policy);
        self
    }

    /// Whether to ask for a delta, instead of what the session's own setting says; see [`Delta`](super::Delta).
    pub fn delta(mut self, delta: bool) -> Self {
        self.call.options.delta = Some(delta);
        self
    }
}

impl<T: Reply> Rpc<T> {
    pub(super) fn pending(self) -> Pending<T> {
        Pending::new(self.call.send())
    }

    /// Sends the call, and returns as soon as it is on its way: with its id, for its progress or to cancel it.
    pub async fn send(mut self) -> Result<InFlight<T>> {
        let id = Arc::new(AtomicU64::new(0));
        self.call.options.id = Some(Arc::clone(&id));
        let session = self.call.handle.session().clone();
        let mut raw = self.call.send();
        let early = poll_fn(|cx| match raw.as_mut().poll(cx) {
            Poll::Ready(early) => Poll::Ready(Some(early)),
            Poll::Pending if id.load(Ordering::Acquire) > 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(early) = early.await {
            // the reply was faster
            raw = Box::pin(std::future::ready(Ok(early?)));
        }
        Ok(InFlight { id, session, reply: Pending::new(raw), progress: OnceLock::new() })
    }
}

impl Call {
    fn argument(&mut self, name: &str, value: &impl Wire) {
        let Ok(request) = &mut self.request else { return };
        if let Err(error) = request.argument(name, value) {
            let message = format!("the parameter {name} of {} cannot be sent: {error}", self.method);
            self.request = Err(Error::config(message));
        }
    }

    fn send(self) -> BoxFuture<'static, Result<RawReply>> {
        Box::pin(async move {
            let Call { handle, method, request, options } = self;
            let mut request = request?;
            request.complete();
            let wanted = || handle.session().settings().delta.includes(method.name());
            let delta = !method.returns_object() && options.delta.unwrap_or_else(wanted);
            let params = method.returns_object().then(|| request.params().into());
            let to = To::Object(Arc::clone(handle.object()));
            let outcall = Outcall { to, method: method.method_name(), request, delta, options };
            let answer = handle.session().exchange(outcall).await?;
            Ok(RawReply::new(handle, method, params, answer))
        })
    }
}

/// The future of a call. Dropping it gives the call up.
#[must_use = "a call is sent when it is awaited"]
pub struct Pending<T> {
    raw: BoxFuture<'static, Result<RawReply>>,
    reply: PhantomData<fn() -> T>,
}

impl<T> Pending<T> {
    fn new(raw: BoxFuture<'static, Result<RawReply>>) -> Self {
        Pending { raw, reply: PhantomData }
    }
}

impl<T: Reply> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.raw.as_mut().poll(cx).map(|raw| T::from_reply(raw?))
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

impl<T: Reply> IntoFuture for Rpc<T> {
    type Output = Result<T>;
    type IntoFuture = Pending<T>;

    fn into_future(self) -> Pending<T> {
        self.pending()
    }
}

impl<T> fmt::Debug for Rpc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("method", &self.call.method.to_string())
            .field("handle", &self.call.handle.number())
            .field("options", &self.call.options)
            .finish_non_exhaustive()
    }
}

/// A call that is on its way; awaiting it gives its reply, and dropping it cancels it. See [`Rpc::send`].
#[must_use = "dropping a call cancels it"]
pub struct InFlight<T> {
    id: Arc<AtomicU64>,
    session: Session,
    reply: Pending<T>,
    progress: OnceLock<Arc<Ring<Progress>>>,
}

impl<T> InFlight<T> {
    /// The id of its request, as `Global.GetProgress` and `Global.CancelRequest` want it. A call that is made again
    /// has another one then.
    pub fn id(&self) -> u64 {
        self.id.load(Ordering::Acquire)
    }

    /// The session that it was made in.
    pub fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn progress_cell(&self) -> &OnceLock<Arc<Ring<Progress>>> {
        &self.progress
    }

    pub(super) fn id_cell(&self) -> &Arc<AtomicU64> {
        &self.id
    }
}

impl<T: Reply> Future for InFlight<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        Pin::new(&mut self.reply).poll(cx)
    }
}

impl<T> fmt::Debug for InFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("id", &self.id()).finish_non_exhaustive()
    }
}
