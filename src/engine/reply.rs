//! From the bytes of a reply to the caller's type.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::delta::Tree;
use super::frame;
use super::handle::Handle;
use super::method::{MethodName, RpcMethod};
use super::object::{Identity, Origin};
use super::pending::Delivery;
use super::proxy::Proxy;
use crate::error::{DecodeError, EngineError, Error, Result};
use crate::record::{self, Wire};

/// What a call can return: records and plain values, nothing, or an object of the engine.
pub trait Reply: Sized + Send + 'static {
    /// Reads it.
    fn from_reply(reply: RawReply) -> Result<Self>;
}

/// A method's out-parameter; or, where it has several, the record of them all.
impl<T: Wire> Reply for T {
    fn from_reply(reply: RawReply) -> Result<Self> {
        reply.read()
    }
}

/// A method that says no more than that it is done.
impl Reply for () {
    fn from_reply(_: RawReply) -> Result<Self> {
        Ok(())
    }
}

/// The reply as it came, for who reads it in a way of their own.
impl Reply for RawReply {
    fn from_reply(reply: RawReply) -> Result<Self> {
        Ok(reply)
    }
}

/// An object of the engine without its type.
impl Reply for Handle {
    fn from_reply(reply: RawReply) -> Result<Self> {
        reply.object("object")
    }
}

/// A reply without an error, not read yet.
pub struct RawReply {
    handle: Handle,
    method: RpcMethod,
    /// The parameters of the call, where its object can be had again by them.
    params: Option<Arc<str>>,
    answer: Answer,
    /// The result as JSON, where it did not come as such.
    json: OnceLock<String>,
}

impl RawReply {
    pub(super) fn new(handle: Handle, method: RpcMethod, params: Option<Arc<str>>, answer: Answer) -> Self {
        RawReply { handle, method, params, answer, json: OnceLock::new() }
    }

    /// The handle that the method was called on.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The method that was called.
    pub fn method(&self) -> RpcMethod {
        self.method
    }

    /// The result as JSON: an object with a member for each out-parameter.
    pub fn result(&self) -> &str {
        match &self.answer.body {
            body @ Body::Tree(_) => self.json.get_or_init(|| body.json().into_owned()),
            body => body.text(),
        }
    }

    /// The method's value as JSON: its one out-parameter, or the whole result where it has none or several.
    pub fn value(&self) -> Result<&str> {
        let (result, Some(out)) = (self.result(), self.method.out_parameter()) else { return Ok(self.result()) };
        let member =
            frame::member(result, out).map_err(|error| unreadable(&self.method.method_name(), "", &error, result))?;
        // engines leave out what is null
        Ok(member.map_or("null", |member| member.get()))
    }

    /// The handle of the object that the method returned; an empty one is the error "not found".
    fn object(&self, class: &str) -> Result<Handle> {
        let json = self.result();
        let result: Value =
            serde_json::from_str(json).map_err(|error| unreadable(&self.method.method_name(), "", &error, json))?;
        let object = result.get(self.method.out_parameter().unwrap_or("qReturn")).unwrap_or(&Value::Null);
        let number = object.get("qHandle").and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
        let Some(number) = number else {
            return Err(Error::not_found(
                self.method.to_string(),
                format!("there is no such {class}: the engine returned an empty handle"),
            ));
        };
        // some methods name what they made beside the object instead of in it
        let generic_id = text(object, "qGenericId")
            .or_else(|| text(result.get("qInfo").unwrap_or(&Value::Null), "qId"))
            .or_else(|| text(&result, "qDocId"))
            .or_else(|| text(&result, "qSessionAppId"));
        let origin = self.params.as_ref().map(|params| Origin {
            parent: Arc::clone(self.handle.object()),
            method: self.method.name(),
            params: Arc::clone(params),
        });
        let identity = Identity {
            class: text(object, "qType").unwrap_or_else(|| class.to_owned()),
            generic_type: text(object, "qGenericType"),
            generic_id,
            origin,
        };
        Ok(Handle::described(self.handle.session().clone(), number, self.answer.epoch, identity))
    }

    fn read<T: Wire>(&self) -> Result<T> {
        let out = self.method.out_parameter();
        if let (Body::Tree(tree), Some(out)) = (&self.answer.body, out) {
            let null = Value::Null;
            let value = tree.get(out).map_or(&null, |value| &**value);
            // without taking a copy of what others hold, too
            return record::deserialize(value)
                .map_err(|error: serde_json::Error| unreadable(&self.method.method_name(), out, &error, ""));
        }
        let value = self.value()?;
        record::from_slice(value.as_bytes()).map_err(|error| {
            let place = [out.unwrap_or_default(), error.path()];
            let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            unreadable(&self.method.method_name(), &place, &error.message(), value)
        })
    }
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawReply").field("method", &self.method.to_string()).finish_non_exhaustive()
    }
}

/// The result of a call.
pub(super) struct Answer {
    pub(super) body: Body,
    /// The connection that it came by; `None` for an answer that did not come from the engine.
    pub(super) epoch: Option<u32>,
}

/// The result of a call, in the form that it came in.
#[derive(Debug)]
pub(super) enum Body {
    /// A place in a frame.
    Frame { frame: Utf8Bytes, place: Range<usize> },
    /// JSON of an interceptor's making.
    Text(String),
    /// What deltas have made of former replies.
    Tree(Tree),
}

impl Body {
    /// The result as JSON.
    pub(super) fn json(&self) -> Cow<'_, str> {
        match self {
            Body::Tree(tree) => {
                let members: serde_json::Map<String, Value> =
                    tree.iter().map(|(name, value)| (name.clone(), Value::clone(value))).collect();
                Value::Object(members).to_string().into()
            }
            Body::Frame { .. } | Body::Text(_) => self.text().into(),
        }
    }

    fn text(&self) -> &str {
        match self {
            Body::Frame { frame, place } => frame.get(place.clone()).unwrap_or("{}"),
            Body::Text(text) => text,
            Body::Tree(_) => "{}",
        }
    }
}

/// Reads the typed object that a method returns; an empty handle is the error "not found".
///
/// For the generated implementations of [`Reply`].
pub fn object<P: Proxy>(reply: &RawReply) -> Result<P> {
    reply.object(P::CLASS).map(P::new)
}

/// A member that is a text and says something.
fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The answer in a reply; its error, or that it has neither, is the call's error.
pub(super) fn answer(delivery: Delivery, method: &MethodName<'_>) -> Result<Answer> {
    let Delivery { frame, result, error, epoch, .. } = delivery;
    if let Some(error) = error.and_then(|place| frame.get(place)) {
        return Err(engine_error(error, method));
    }
    match result {
        Some(place) => Ok(Answer { body: Body::Frame { frame, place }, epoch: Some(epoch) }),
        None => Err(unreadable(method, "", &"the reply holds neither a result nor an error", &frame)),
    }
}

fn engine_error(json: &str, method: &MethodName<'_>) -> Error {
    let error: Value = serde_json::from_str(json).unwrap_or_default();
    let text = |name: &str| text(&error, name).unwrap_or_default();
    let code = match error.get("code") {
        Some(Value::String(digits)) => digits.parse().unwrap_or(0),
        Some(number) => number.as_i64().unwrap_or(0),
        None => 0,
    };
    Error::engine(
        EngineError::new(code, text("message")).with_parameter(text("parameter")).of_method(method.to_string()),
    )
}

/// The error of a reply that is not what it should be.
pub(super) fn unreadable(method: &MethodName<'_>, path: &str, why: &dyn fmt::Display, json: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new(method.to_string(), path, why.to_string(), json.as_bytes())))
}
