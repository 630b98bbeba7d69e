//! Seeing, changing and answering calls on their way.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::exchange::Outcall;
use super::method::MethodName;
use super::reply::{self, Answer, Body};
use super::request::Request;
use super::session::Session;
use crate::error::{Error, Result};

/// What an interceptor returns.
pub type Intercepted<'a> = Pin<Box<dyn Future<Output = Result<InterceptedReply>> + Send + 'a>>;

/// Stands between callers and the engine: sees each call of a session, may change it, answer it without the engine,
/// and see and change the reply.
///
/// It sees what users of the session call, helpers included, and each call once: calls that are made again after an
/// abort or a loss stay behind it. What the session does for itself passes it by, so that no interceptor can keep it
/// from working: cancelling, keeping alive, asking for progress, ending a modal state, releasing objects, watching
/// selections, and getting objects again after a loss. [`Session::traffic`] shows all of it.
///
/// ```
/// use qlik::engine::{Intercepted, InterceptedCall, Interceptor, Next};
///
/// struct ReadOnly;
///
/// impl Interceptor for ReadOnly {
///     fn intercept<'a>(&'a self, call: InterceptedCall, next: Next<'a>) -> Intercepted<'a> {
///         Box::pin(async move {
///             match call.method.as_str() {
///                 "DoSave" => Ok(serde_json::json!({}).into()),
///                 _ => next.call(call).await,
///             }
///         })
///     }
/// }
/// ```
pub trait Interceptor: Send + Sync + 'static {
    /// Takes a call, and passes it on by [`Next::call`], or not. The first interceptor of a session is outermost.
    ///
    /// Retries and time limits are within: a call that is made again passes here once.
    fn intercept<'a>(&'a self, call: InterceptedCall, next: Next<'a>) -> Intercepted<'a>;
}

/// A call on its way to the engine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct InterceptedCall {
    /// The number of the object's handle. It tells whom the call is for; changing it changes nothing.
    pub handle: i32,
    /// The object's class, where it is known; else empty.
    pub class: String,
    /// The method by its name on the wire.
    pub method: String,
    /// The parameters: an object (by name) or an array (by position).
    pub params: Value,
}

/// A reply on its way to the caller: the result, an object with a member for each out-parameter.
pub struct InterceptedReply(Answer);

impl InterceptedReply {
    /// The result as JSON.
    pub fn json(&self) -> Cow<'_, str> {
        self.0.body.json()
    }

    /// The result. Changed, it goes on by `value.into()`.
    pub fn value(&self) -> Result<Value> {
        let json = self.json();
        let name = MethodName::new("", "an intercepted reply");
        serde_json::from_str(&json).map_err(|error| reply::unreadable(&name, "", &error, &json))
    }
}

impl From<Value> for InterceptedReply {
    fn from(result: Value) -> Self {
        InterceptedReply(Answer { body: Body::Text(result.to_string()), epoch: None })
    }
}

impl fmt::Debug for InterceptedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptedReply").finish_non_exhaustive()
    }
}

/// The rest of a call's way; it may be gone more than once.
#[derive(Clone)]
pub struct Next<'a> {
    session: &'a Session,
    rest: &'a [Arc<dyn Interceptor>],
    outcall: &'a Outcall<'a>,
}

impl<'a> Next<'a> {
    /// Passes the call on, and gives the reply.
    pub fn call(self, call: InterceptedCall) -> Intercepted<'a> {
        if let Some((first, rest)) = self.rest.split_first() {
            return first.intercept(call, Next { rest, ..self });
        }
        Box::pin(async move {
            let request = Request::with_params(&call.method, &call.params)
                .map_err(|error| Error::config(format!("the parameters of {} cannot be sent: {error}", call.method)))?;
            let method = MethodName::new(&call.class, &call.method);
            let outcall = Outcall { request, method, ..self.outcall.clone() };
            self.session.attempts(&outcall).await.map(InterceptedReply)
        })
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("interceptors", &self.rest.len()).finish_non_exhaustive()
    }
}

/// Sends a call through a session's interceptors.
pub(super) async fn through(
    session: &Session,
    chain: &[Arc<dyn Interceptor>],
    outcall: &Outcall<'_>,
) -> Result<Answer> {
    let call = InterceptedCall {
        handle: outcall.to.number(),
        class: outcall.method.class.to_owned(),
        method: outcall.method.name.to_owned(),
        params: serde_json::from_str(outcall.request.params()).unwrap_or_default(),
    };
    let next = Next { session, rest: chain, outcall };
    next.call(call).await.map(|reply| reply.0)
}
