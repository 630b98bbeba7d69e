//! Calls that the crate makes on its own behalf: for its helpers, and for a session that looks after itself.

use serde_json::Value;

use super::actor::To;
use super::exchange::{Options, Outcall};
use super::method::MethodName;
use super::session::{self, Session};
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::json::object;

/// Who makes the calls: a user of the session, or the session itself, which may do so while users wait.
pub(super) enum Caller<'a> {
    User(&'a Session),
    Session(&'a Shared),
}

impl Caller<'_> {
    pub(super) async fn call(&self, to: &To, method: &str, params: Value) -> Result<Value> {
        match self {
            Caller::Session(shared) => shared.ask(to.clone(), method, &params).await,
            Caller::User(session) => {
                let method = MethodName::new("", method);
                let request = session::request(&method, &params)?;
                let options = Options::default();
                session.whole(Outcall { to: to.clone(), method, request, delta: false, options }).await
            }
        }
    }

    /// The object that a call returns.
    pub(super) async fn object(&self, to: &To, method: &str, params: Value) -> Result<To> {
        let result = self.call(to, method, params).await?;
        let number = result.pointer("/qReturn/qHandle").and_then(Value::as_i64);
        let number = number.and_then(|number| i32::try_from(number).ok());
        number.map(To::Number).ok_or_else(|| Error::not_found(method, "the engine returned an empty handle"))
    }

    /// Makes a session object and reads its layout, which is all that is wanted of it.
    pub(super) async fn made<T>(
        &self,
        doc: &To,
        properties: Value,
        read: impl AsyncFnOnce(&To, Value) -> Result<T>,
    ) -> Result<T> {
        let result = self.call(doc, "CreateSessionObject", object! { "qProp": properties }).await?;
        let number = result.pointer("/qReturn/qHandle").and_then(Value::as_i64).unwrap_or_default();
        let object = To::Number(i32::try_from(number).unwrap_or_default());
        let id = [result.pointer("/qReturn/qGenericId"), result.pointer("/qInfo/qId")].into_iter().flatten().next();
        let layout = self.call(&object, "GetLayout", object! {}).await;
        let value = match layout {
            Ok(mut layout) => read(&object, layout.get_mut("qLayout").map(Value::take).unwrap_or_default()).await,
            Err(error) => Err(error),
        };
        // what was read is what matters, not whether the object could be removed
        let _ = self.call(doc, "DestroySessionObject", object! { "qId": id.cloned() }).await;
        value
    }
}
