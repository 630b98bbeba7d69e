//! An object of the engine, by the number that the session knows it by.

use std::fmt;
use std::sync::{Arc, Weak};

use futures::stream::StreamExt;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::actor::To;
use super::exchange::{Options, Outcall};
use super::method::{MethodName, RpcMethod};
use super::object::{Identity, News, Object};
use super::reply::Reply;
use super::ring::stream;
use super::rpc::Rpc;
use super::session::{Session, WeakSession};
use crate::error::Result;
use crate::opaque::Opaque;

/// An object of the engine: an app, a field, a chart.
///
/// Typed objects such as `Doc` are made of one; it is what their calls have in common. A handle is cheap to clone,
/// keeps its session open, and stays good when the session is resumed. Two handles are equal when they stand for the
/// same object.
#[derive(Clone)]
pub struct Handle(Opaque<Inner>);

struct Inner {
    session: Session,
    object: Arc<Object>,
    class: String,
    generic_type: Option<String>,
    generic_id: Option<String>,
}

impl Handle {
    pub(super) fn new(session: Session, number: i32, class: impl Into<String>) -> Self {
        let object = session.shared().objects.enter(number, None);
        Handle(Opaque::new(Inner { session, object, class: class.into(), generic_type: None, generic_id: None }))
    }

    pub(super) fn described(session: Session, number: i32, epoch: Option<u32>, identity: Identity) -> Self {
        let object = session.shared().objects.enter(number, epoch);
        let (class, generic_type) = (identity.class.clone(), identity.generic_type.clone());
        let generic_id = identity.generic_id.clone();
        // whoever came first has described it well enough
        let _ = object.identity.set(identity);
        Handle(Opaque::new(Inner { session, object, class, generic_type, generic_id }))
    }

    /// A further handle of an object that is known.
    pub(super) fn again(session: Session, object: Arc<Object>) -> Self {
        session.shared().objects.enter_again(&object);
        let identity = object.identity.get();
        let class = identity.map(|identity| identity.class.clone()).unwrap_or_default();
        let generic_type = identity.and_then(|identity| identity.generic_type.clone());
        let generic_id = identity.and_then(|identity| identity.generic_id.clone());
        Handle(Opaque::new(Inner { session, object, class, generic_type, generic_id }))
    }

    /// The session that the object lives in.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The number that stands for the object in this session's requests. A resume may give it another one.
    pub fn number(&self) -> i32 {
        self.0.object.number()
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
    pub fn rpc<T: Reply>(&self, method: RpcMethod) -> Rpc<T> {
        Rpc::new(self.clone(), method)
    }

    /// Calls a method by its name; see [`Session::call`].
    pub async fn call(&self, method: &str, params: impl Serialize) -> Result<Value> {
        let method = MethodName::new(self.class(), method);
        let request = super::session::request(&method, &params)?;
        let to = To::Object(Arc::clone(&self.0.object));
        let outcall = Outcall { to, method, request, delta: false, options: Options::default() };
        self.session().whole(outcall).await
    }

    /// The changes of the object's data from now on, as a stream.
    ///
    /// Changes that come while nobody looks count as one, so a slow reader sees the latest state once, and never
    /// holds anything up. The stream ends when the object or the session is gone; it keeps neither alive.
    ///
    /// The engine tells of a change once, and again only after the data (`get_layout`) has been read.
    pub fn changed(&self) -> Changes {
        let mut news = self.0.object.news.subscribe();
        let seen = news.borrow_and_update().changes;
        let changes = futures::stream::unfold((news, seen), |(mut news, seen)| async move {
            let latest = next_change(&mut news, seen).await?;
            Some(((), (news, latest)))
        });
        Changes(changes.boxed())
    }

    /// Waits until the object is gone: removed, released, or lost with its session.
    ///
    /// The future keeps nothing alive.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut news = self.0.object.news.subscribe();
        // when nobody holds the object any more, it is as good as gone
        async move { drop(news.wait_for(|news| news.closed).await) }
    }

    /// Whether the engine has closed the object, or the session has ended. Its calls fail from then on.
    pub fn is_closed(&self) -> bool {
        self.0.object.is_closed()
    }

    /// A handle that keeps neither the object nor the session alive.
    pub fn downgrade(&self) -> WeakHandle {
        WeakHandle {
            session: self.session().downgrade(),
            object: Arc::downgrade(&self.0.object),
            class: self.0.class.clone(),
            generic_type: self.0.generic_type.clone(),
            generic_id: self.0.generic_id.clone(),
        }
    }

    /// How many changes there have been: equal numbers, same data.
    pub(crate) fn changes(&self) -> u64 {
        self.0.object.news.borrow().changes
    }

    pub(super) fn object(&self) -> &Arc<Object> {
        &self.0.object
    }
}

/// Waits for a change after the one that was seen; `None` when there will be none.
pub(super) async fn next_change(news: &mut watch::Receiver<News>, seen: u64) -> Option<u64> {
    let latest = news.wait_for(|news| news.closed || news.changes != seen).await;
    latest.ok().filter(|news| !news.closed).map(|news| news.changes)
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.session.shared().objects.leave(&self.object);
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.object, &other.0.object)
    }
}

impl Eq for Handle {}

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

/// A handle that keeps neither its object nor its session alive; see [`Handle::downgrade`].
#[derive(Clone)]
pub struct WeakHandle {
    session: WeakSession,
    object: Weak<Object>,
    class: String,
    generic_type: Option<String>,
    generic_id: Option<String>,
}

impl WeakHandle {
    /// The handle, as long as something else keeps the object and its session alive.
    pub fn upgrade(&self) -> Option<Handle> {
        let (session, object) = (self.session.upgrade()?, self.object.upgrade()?);
        session.shared().objects.enter_again(&object);
        Some(Handle(Opaque::new(Inner {
            session,
            object,
            class: self.class.clone(),
            generic_type: self.generic_type.clone(),
            generic_id: self.generic_id.clone(),
        })))
    }
}

impl fmt::Debug for WeakHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakHandle").field("class", &self.class).finish_non_exhaustive()
    }
}

stream! {
    /// The changes of an object, as a stream; see [`Handle::changed`].
    Changes of ()
}
