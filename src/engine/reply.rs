//! From the bytes of a reply to the caller's type.

use std::fmt;

use serde_json::Value;

use super::frame;
use super::handle::Handle;
use super::method::RpcMethod;
use super::pending::Delivery;
use super::proxy::Proxy;
use super::session::Name;
use crate::error::{DecodeError, EngineError, Error, Result};
use crate::record::{self, Wire};

/// What a call can return: records and plain values, nothing, or an object of the engine.
pub trait Reply: Sized + 'static {
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
    method: &'static RpcMethod,
    delivery: Delivery,
}

impl RawReply {
    /// A reply that carries an error is the call's error.
    pub(super) fn new(handle: Handle, method: &'static RpcMethod, delivery: Delivery) -> Result<Self> {
        result(&delivery, method)?;
        Ok(RawReply { handle, method, delivery })
    }

    /// The handle that the method was called on.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The method that was called.
    pub fn method(&self) -> &'static RpcMethod {
        self.method
    }

    /// The result as JSON: an object with a member for each out-parameter.
    pub fn result(&self) -> &str {
        let place = self.delivery.result.clone();
        place.and_then(|place| self.delivery.frame.get(place)).unwrap_or("{}")
    }

    /// The method's value as JSON: its one out-parameter, or the whole result where it has none or several.
    pub fn value(&self) -> Result<&str> {
        let Some(out) = self.method.out_parameter() else { return Ok(self.result()) };
        let member =
            frame::member(self.result(), out).map_err(|error| unreadable(self.method, "", &error, self.result()))?;
        // engines leave out what is null
        Ok(member.map_or("null", |member| member.get()))
    }

    /// The handle of the object that the method returned; an empty one is the error "not found".
    fn object(&self, class: &str) -> Result<Handle> {
        let result: Value =
            serde_json::from_str(self.result()).map_err(|error| unreadable(self.method, "", &error, self.result()))?;
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
        let named = text(object, "qType").unwrap_or_else(|| class.to_owned());
        let generic_type = text(object, "qGenericType");
        Ok(Handle::described(self.handle.session().clone(), number, named, generic_type, generic_id))
    }

    fn read<T: Wire>(&self) -> Result<T> {
        let value = self.value()?;
        record::from_slice(value.as_bytes()).map_err(|error| {
            let place = [self.method.out_parameter().unwrap_or_default(), error.path()];
            let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
            unreadable(self.method, &place, &error.message(), value)
        })
    }
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawReply")
            .field("method", &self.method.to_string())
            .field("bytes", &self.delivery.frame.len())
            .finish_non_exhaustive()
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

/// The result of a reply; its error, or that it has neither, is the call's error.
pub(super) fn result<'a>(delivery: &'a Delivery, method: &Name<'_>) -> Result<&'a str> {
    let part = |place: &Option<std::ops::Range<usize>>| place.clone().and_then(|place| delivery.frame.get(place));
    if let Some(error) = part(&delivery.error) {
        return Err(engine_error(error, method));
    }
    part(&delivery.result)
        .ok_or_else(|| unreadable(method, "", &"the reply holds neither a result nor an error", &delivery.frame))
}

fn engine_error(json: &str, method: &Name<'_>) -> Error {
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
pub(super) fn unreadable(method: &Name<'_>, path: &str, why: &dyn fmt::Display, json: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new(method.to_string(), path, why.to_string(), json.as_bytes())))
}
