//! How generated types meet JSON: lenient reads, exact writes, from one table per type.
//!
//! Every generated type implements [`Wire`], and through it serde's `Serialize` and `Deserialize`. A read never
//! fails because one member is not what the description promised: text that holds a number becomes the number, an
//! unknown enum value is kept as it is, and a member of quite another shape (or an explicit `null`) is kept in the
//! record's `extra`, from where a write puts it back; so is a value that is spelled in another way than it is written.
//! Only a document that is no JSON, or that is of another kind altogether (an array where a record is due), is an error.

// A build without any API or the Engine has no types to use all this.
#![allow(dead_code, unused_macros)]

mod choice;
mod container;
pub(crate) mod debug;
mod extra;
mod scalar;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
mod sink;
pub(crate) mod table;

use std::fmt;

use serde::de::DeserializeSeed;
use serde::{Deserializer, Serializer};
use serde_json::Value;

#[doc(hidden)]
pub use choice::{OneOf, Open, OpenEnum, Union, listed, offer, text_of};
pub use extra::Extra;
#[doc(hidden)]
pub use table::{Record, Table, Visit, read_member, read_unlisted};

#[allow(unused_imports)] // likewise
pub(crate) use {
    choice::{open_enum, union, wire_impls},
    table::record,
};

/// A value that is read leniently from JSON and written exactly.
///
/// Implemented by every generated type, by scalars, `Vec`, `Option`, `Box`, maps with text keys and
/// [`serde_json::Value`]. It is not meant to be implemented outside this crate.
pub trait Wire: Sized + Default + Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// How its kind of value is read and written.
    #[doc(hidden)]
    type Form: Form<Self>;
    /// Whether a record may leave the member out: true of `Option` alone.
    #[doc(hidden)]
    const OPTIONAL: bool = false;
    /// What an error says was due.
    #[doc(hidden)]
    const EXPECTED: &'static str;
}

/// What all values of a kind have in common: generated types only name theirs, since a compiler's time goes by the number
/// of functions, and thousands of types with a handful each are most of this crate.
#[doc(hidden)]
pub trait Form<T: Wire> {
    /// Reads a value, or hands back what was there instead.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<T>, D::Error>;

    /// Writes the value as it stands.
    fn write<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;

    /// Whether nothing has been set: the value that a missing member reads as.
    fn is_blank(value: &T) -> bool;

    /// Makes a value of what [`Form::read`] handed back: only `Option` can, of `null`.
    fn from_other(other: Value) -> Result<T, Value> {
        Err(other)
    }

    /// What a value kept beside its field was read as; `None` if it did not fit.
    fn again(_kept: &Value) -> Option<T> {
        None
    }

    /// What is wrong with a value that [`Form::read`] handed back: what was due, what was found, and where.
    fn misfit(other: &Value, _path: &mut String) -> (&'static str, &'static str) {
        (T::EXPECTED, kind(other))
    }

    /// How well a JSON value fits, more being better; `None` where it does not.
    fn fit(value: &Value) -> Option<usize>;

    /// The JSON schema of the type.
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

/// What a type has to be to tell its JSON schema.
#[cfg(feature = "schemars")]
#[doc(hidden)]
pub trait Described: schemars::JsonSchema {}
#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> Described for T {}
/// What a type has to be to tell its JSON schema: nothing, without the feature.
#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
pub trait Described {}
#[cfg(not(feature = "schemars"))]
impl<T> Described for T {}

/// What a read found: the value asked for, the same told by another spelling, or another value altogether.
#[doc(hidden)]
#[derive(Debug)]
pub enum Got<T> {
    Value(T),
    Spelled(T, Value),
    Other(Value),
}

impl<T> Got<T> {
    fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Got<U> {
        match self {
            Got::Value(value) => Got::Value(wrap(value)),
            Got::Spelled(value, sent) => Got::Spelled(wrap(value), sent),
            Got::Other(other) => Got::Other(other),
        }
    }
}

/// Carries the type to read through serde's seeds.
struct Seed<T>(std::marker::PhantomData<T>);

impl<T> Seed<T> {
    fn new() -> Self {
        Seed(std::marker::PhantomData)
    }
}

impl<'de, T: Wire> DeserializeSeed<'de> for Seed<T> {
    type Value = Got<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Got<T>, D::Error> {
        T::Form::read(deserializer)
    }
}

/// Writes a [`Wire`] value wherever serde wants a `Serialize`.
struct AsSerialize<'a, T>(&'a T);

impl<T: Wire> serde::Serialize for AsSerialize<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::Form::write(self.0, serializer)
    }
}

/// Why JSON could not be read, and where.
#[derive(Debug, Clone)]
pub struct ReadError {
    path: String,
    message: String,
}

impl ReadError {
    /// The place in the document, as `data[3].name`; empty at its root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{} at {}", self.message, self.path) }
    }
}

impl std::error::Error for ReadError {}

/// Reads a value from JSON bytes.
pub fn from_slice<T: Wire>(json: &[u8]) -> Result<T, ReadError> {
    // Once as a whole: the reader of bytes would look at each text by itself, which takes several times longer.
    match std::str::from_utf8(json) {
        Ok(json) => from_str(json),
        Err(error) => Err(broken(json, &error)),
    }
}

/// Reads a value from JSON text.
pub fn from_str<T: Wire>(json: &str) -> Result<T, ReadError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = T::Form::read(&mut deserializer).and_then(|got| deserializer.end().map(|()| got));
    match read {
        Ok(got) => settle(got),
        Err(error) => Err(broken(json.as_bytes(), &error)),
    }
}

/// What fails a lenient read is the JSON itself: where, is found out only now, since keeping track of it takes longer than
/// the reading.
fn broken(json: &[u8], error: &dyn fmt::Display) -> ReadError {
    tracked::<Value, _>(&mut serde_json::Deserializer::from_slice(json))
        .err()
        .unwrap_or_else(|| ReadError { path: String::new(), message: error.to_string() })
}

/// Reads a value from a JSON tree.
pub fn from_value<T: Wire>(value: Value) -> Result<T, ReadError> {
    tracked::<T, _>(value)
}

fn tracked<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, ReadError>
where
    D::Error: fmt::Display,
{
    let mut track = serde_path_to_error::Track::new();
    let result = T::Form::read(serde_path_to_error::Deserializer::new(deserializer, &mut track));
    match result {
        Ok(got) => settle(got),
        Err(error) => {
            let path = track.path().to_string();
            let path = if path == "." { String::new() } else { path };
            Err(ReadError { path, message: error.to_string() })
        }
    }
}

/// Takes what a read found as a whole value, or says what stands in its place.
fn settle<T: Wire>(got: Got<T>) -> Result<T, ReadError> {
    let other = match got {
        Got::Value(value) | Got::Spelled(value, _) => return Ok(value),
        Got::Other(other) => other,
    };
    T::Form::from_other(other).map_err(|other| {
        let mut path = String::new();
        let (expected, found) = T::Form::misfit(&other, &mut path);
        ReadError { path, message: format!("expected {expected}, found {found}") }
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Writes a value as JSON bytes.
pub fn to_vec<T: Wire>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&AsSerialize(value))
}

/// Writes a value as JSON bytes behind those that are there.
pub(crate) fn write_into<T: Wire>(buffer: &mut Vec<u8>, value: &T) -> Result<(), serde_json::Error> {
    serde_json::to_writer(buffer, &AsSerialize(value))
}

/// Writes a value as a JSON tree.
pub fn to_value<T: Wire>(value: &T) -> Result<Value, serde_json::Error> {
    serde_json::to_value(AsSerialize(value))
}

/// How well a JSON value fits a type.
#[doc(hidden)]
pub fn fit<T: Wire>(value: &Value) -> Option<usize> {
    T::Form::fit(value)
}

/// The JSON schema of a type, as a part of another's.
#[cfg(feature = "schemars")]
#[doc(hidden)]
pub fn schema_of<T: Wire>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    T::Form::schema(generator)
}

/// serde's ways in for a generated type.
#[doc(hidden)]
pub fn serialize<T: Wire, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    T::Form::write(value, serializer)
}

#[doc(hidden)]
pub fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    settle(T::Form::read(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
