//! A call on its way: parameters, a limit, then the wait for the reply.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use super::frame::Request;
use super::handle::Handle;
use super::method::RpcMethod;
use super::reply::{RawReply, Reply};
use crate::error::{Error, Result};
use crate::record::{self, Wire};

/// A call of an engine method; awaiting it sends it.
///
/// Dropping the future that waits gives the call up: a reply that still comes is thrown away.
#[must_use = "a call is sent when it is awaited"]
pub struct Rpc<T> {
    call: Call,
    reply: PhantomData<fn() -> T>,
}

/// The call without its reply's type, so that most of this is compiled once.
struct Call {
    handle: Handle,
    method: &'static RpcMethod,
    request: Result<Request>,
    timeout: Option<Duration>,
}

impl<T> Rpc<T> {
    pub(super) fn new(handle: Handle, method: &'static RpcMethod) -> Self {
        let request = Ok(Request::new(handle.number(), method.name()));
        Rpc { call: Call { handle, method, request, timeout: None }, reply: PhantomData }
    }

    /// Sets a parameter by its name on the wire.
    ///
    /// The typed calls do this for the parameters that are described; here is the way for others.
    pub fn arg(mut self, name: &str, value: &impl Wire) -> Self {
        self.call.argument(name, record::to_vec(value));
        self
    }

    /// Gives up when no reply has come within this time; else the session's own limit counts, if it has one.
    ///
    /// The engine is not told: it works on until it is done.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.call.timeout = Some(limit);
        self
    }
}

impl Call {
    fn argument(&mut self, name: &str, json: serde_json::Result<Vec<u8>>) {
        let Ok(request) = &mut self.request else { return };
        match json {
            Ok(json) => request.argument(name, &json),
            Err(error) => {
                let message = format!("the parameter {name} of {} cannot be sent: {error}", self.method);
                self.request = Err(Error::config(message));
            }
        }
    }

    async fn send(self) -> Result<RawReply> {
        let delivery = self.handle.session().exchange(self.request?, self.method, self.timeout).await?;
        RawReply::new(self.handle, self.method, delivery)
    }
}

impl<T: Reply> IntoFuture for Rpc<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { T::from_reply(self.call.send().await?) })
    }
}

impl<T> fmt::Debug for Rpc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc")
            .field("method", &self.call.method.to_string())
            .field("handle", &self.call.handle.number())
            .field("timeout", &self.call.timeout)
            .finish_non_exhaustive()
    }
}
