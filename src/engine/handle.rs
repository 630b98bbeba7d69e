//! An object of the engine, by the number that the session knows it by.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
use serde::Serialize;
use serde_json::Value;

use super::method::RpcMethod;
use super::objects::NewsSender;
use super::reply::Reply;
use super::rpc::Rpc;
use super::session::Session;
use crate::error::Result;

/// An object of the engine: an app, a field, a chart.
///
/// Typed objects such as `Doc` are made of one; it is what their calls have in common. A handle is cheap to clone,
/// and keeps its session open.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    session: Session,
    number: i32,
    class: String,
    generic_type: Option<String>,
    generic_id: Option<String>,
    news: NewsSender,
}

impl Handle {
    pub(super) fn new(session: Session, number: i32, class: impl Into<String>) -> Self {
        Self::described(session, number, class.into(), None, None)
    }

    pub(super) fn described(
        session: Session,
        number: i32,
        class: String,
        generic_type: Option<String>,
        generic_id: Option<String>,
    ) -> Self {
        let news = session.objects().enter(number);
        Handle(Arc::new(Inner { session, number, class, generic_type, generic_id, news }))
    }

    /// The session that the object lives in.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The number that stands for the object in this session's requests.
    pub fn number(&self) -> i32 {
        self.0.number
    }

    /// The object's class as the engine named it, as `Doc` or `GenericObject`.
    pub fn class(&self) -> &str {
        &self.0.class
    }

    /// The object's own type, as `sheet` or `barchart`; generic objects have one.
    pub fn generic_type(&self) -> Option<&str> {
        self.0.generic_type.as_deref()
    }

    /// The object's id in its app; for an app, the app's id.
    pub fn generic_id(&self) -> Option<&str> {
        self.0.generic_id.as_deref()
    }

    /// Starts a described call on the object.
    pub fn rpc<T: Reply>(&self, method: &'static RpcMethod) -> Rpc<T> {
        Rpc::new(self.clone(), method)
    }

    /// Calls a method by its name; see [`Session::call`].
    pub async fn call(&self, method: &str, params: impl Serialize) -> Result<Value> {
        self.session().call(method, self.number(), params).await
    }

    /// The changes of the object's data from now on, as a stream.
    ///
    /// Changes that come while nobody looks count as one, so a slow reader sees the latest state once, and never
    /// holds anything up. The stream ends when the object or the session is gone; it keeps neither alive.
    ///
    /// The engine tells of a change once, and again only after the data (`get_layout`) has been read.
    pub fn changed(&self) -> Changes {
        let mut news = self.0.news.subscribe();
        let seen = news.borrow_and_update().changes;
        let changes = futures::stream::unfold((news, seen), |(mut news, seen)| async move {
            let latest = news.wait_for(|news| news.closed || news.changes != seen).await;
            let changes = latest.ok().filter(|news| !news.closed)?.changes;
            Some(((), (news, changes)))
        });
        Changes(changes.boxed())
    }

    /// Whether the engine has closed the object, or the session has ended.
    pub fn is_closed(&self) -> bool {
        self.0.news.borrow().closed
    }

    /// How many changes there have been: equal numbers, same data.
    pub(crate) fn changes(&self) -> u64 {
        self.0.news.borrow().changes
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.session.objects().leave(self.number, &self.news);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Handle");
        debug.field("number", &self.number()).field("class", &self.class());
        if let Some(generic_type) = self.generic_type() {
            debug.field("generic_type", &generic_type);
        }
        if let Some(generic_id) = self.generic_id() {
            debug.field("generic_id", &generic_id);
        }
        debug.finish_non_exhaustive()
    }
}

/// The changes of an object, as a stream; see [`Handle::changed`].
pub struct Changes(BoxStream<'static, ()>);

impl Stream for Changes {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}
