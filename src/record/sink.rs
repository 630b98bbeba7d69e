//! One serde visitor for every lenient read: a sink takes the kinds it can use, the rest is kept as a JSON value.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Got;

/// What a reader does with each kind of JSON value. The defaults keep the value for the record's `extra`.
pub(super) trait Sink: Sized {
    type Out;

    fn boolean(self, value: bool) -> Got<Self::Out> {
        Got::Other(value.into())
    }
    fn signed(self, value: i64) -> Got<Self::Out> {
        Got::Other(value.into())
    }
    fn unsigned(self, value: u64) -> Got<Self::Out> {
        Got::Other(value.into())
    }
    fn float(self, value: f64) -> Got<Self::Out> {
        Got::Other(value.into())
    }
    fn text(self, value: &str) -> Got<Self::Out> {
        Got::Other(value.into())
    }
    fn owned_text(self, value: String) -> Got<Self::Out> {
        self.text(&value)
    }
    fn null(self) -> Got<Self::Out> {
        Got::Other(Value::Null)
    }
    fn array<'de, A: SeqAccess<'de>>(self, array: A) -> Result<Got<Self::Out>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(array)).map(Got::Other)
    }
    fn object<'de, A: MapAccess<'de>>(self, object: A) -> Result<Got<Self::Out>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(object)).map(Got::Other)
    }
}

/// Reads whatever comes next into a sink.
pub(super) fn pour<'de, S: Sink, D: Deserializer<'de>>(sink: S, deserializer: D) -> Result<Got<S::Out>, D::Error> {
    deserializer.deserialize_any(Pour(sink))
}

struct Pour<S>(S);

impl<'de, S: Sink> Visitor<'de> for Pour<S> {
    type Value = Got<S::Out>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.0.boolean(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.0.signed(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.0.unsigned(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.0.float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.0.text(value))
    }
    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(self.0.owned_text(value))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.null())
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.0.null())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        self.0.array(array)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        self.0.object(object)
    }
}
