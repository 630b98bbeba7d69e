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
mod member;
mod output;
mod scalar;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
mod source;
pub(crate) mod table;

use std::fmt;

use serde::{Deserializer, Serialize, Serializer};
use serde_json::Value;

use output::Output;
use source::{Broken, Kept, Source, fill};

#[doc(hidden)]
pub use choice::{OneOf, Open, OpenEnum, Union, are_same, hash, named, offer, same_as, text_of};
pub use extra::Extra;
#[doc(hidden)]
pub use member::{Member, Part};
#[doc(hidden)]
pub use table::{Record, Table, are_equal, copy_of};

#[allow(unused_imports)] // likewise
pub(crate) use {
    choice::{open_enum, schema_impl, union, wire_impls},
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
}

/// The name of a type without its path.
fn name_of<T>() -> &'static str {
    let path = std::any::type_name::<T>();
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}

/// What all values of a kind have in common: generated types only name theirs, since a compiler's time goes by the number
/// of functions, and thousands of types with a handful each are most of this crate.
#[doc(hidden)]
pub trait Form<T: Wire> {
    /// What an error says was due: the type's name, where it is one of Qlik's.
    fn expected() -> &'static str {
        name_of::<T>()
    }

    /// Reads what comes next into a value that is as its default made it; says what the value cannot tell.
    fn read(value: &mut T, from: &mut dyn Source) -> Result<Kept, Broken>;

    /// Writes the value as it stands.
    fn write(value: &T, to: &mut dyn Output);

    /// Whether nothing has been set: the value that a missing member reads as.
    fn is_blank(value: &T) -> bool;

    /// Makes the value what [`Form::read`] found instead of it: only `Option` can, of `null`.
    fn take(_value: &mut T, other: Value) -> Result<(), Value> {
        Err(other)
    }

    /// What a value kept beside its field was read as; `None` if it did not fit.
    fn again(_kept: &Value) -> Option<T> {
        None
    }

    /// What is wrong with a value that [`Form::read`] handed back: what was due, what was found, and where.
    fn misfit(other: &Value, _path: &mut String) -> (&'static str, &'static str) {
        (Self::expected(), kind(other))
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
        Err(error) => Err(located(json, &error)),
    }
}

/// Reads a value from JSON text.
pub fn from_str<T: Wire>(json: &str) -> Result<T, ReadError> {
    let mut value = T::default();
    let kept = parse(&mut value, json)?;
    settle(&mut value, kept)?;
    Ok(value)
}

fn parse(part: &mut Part, json: &str) -> Result<Kept, ReadError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = fill(part, &mut deserializer).and_then(|kept| deserializer.end().map(|()| kept));
    read.map_err(|error| located(json.as_bytes(), &error))
}

/// What fails a lenient read is the JSON itself: where, is found out only now, since keeping track of it takes longer than
/// the reading.
fn located(json: &[u8], error: &dyn fmt::Display) -> ReadError {
    tracked(&mut Value::Null, &mut serde_json::Deserializer::from_slice(json))
        .err()
        .unwrap_or_else(|| ReadError { path: String::new(), message: error.to_string() })
}

/// Reads a value from a JSON tree.
pub fn from_value<T: Wire>(tree: Value) -> Result<T, ReadError> {
    let mut value = T::default();
    let kept = tracked(&mut value, tree)?;
    settle(&mut value, kept)?;
    Ok(value)
}

fn tracked<'de, D: Deserializer<'de>>(part: &mut Part, deserializer: D) -> Result<Kept, ReadError>
where
    D::Error: fmt::Display,
{
    let mut track = serde_path_to_error::Track::new();
    fill(part, serde_path_to_error::Deserializer::new(deserializer, &mut track)).map_err(|error| {
        let path = track.path().to_string();
        let path = if path == "." { String::new() } else { path };
        ReadError { path, message: error.to_string() }
    })
}

/// Sees to it that a value was read, or says what stands in its place.
fn settle<T: Wire>(value: &mut T, kept: Kept) -> Result<(), ReadError> {
    let Kept::Other(other) = kept else { return Ok(()) };
    T::Form::take(value, other).map_err(|other| {
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
    serde_json::to_vec(value as &Part)
}

/// Writes a value as JSON bytes behind those that are there.
pub(crate) fn write_into<T: Wire>(buffer: &mut Vec<u8>, value: &T) -> Result<(), serde_json::Error> {
    serde_json::to_writer(buffer, value as &Part)
}

/// Writes a value as a JSON tree.
pub fn to_value<T: Wire>(value: &T) -> Result<Value, serde_json::Error> {
    serde_json::to_value(value as &Part)
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
pub fn serialize<S: Serializer>(part: &Part, serializer: S) -> Result<S::Ok, S::Error> {
    part.serialize(serializer)
}

#[doc(hidden)]
pub fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut value = T::default();
    let kept = fill(&mut value, deserializer)?;
    settle(&mut value, kept).map_err(serde::de::Error::custom)?;
    Ok(value)
}

#[cfg(test)]
mod tests;
