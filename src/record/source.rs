//! Where values are read from: serde's deserializers behind one face, so that what reads them is compiled once.
//!
//! Only this file is generic over deserializers. A [`Source`] pours one JSON value into a [`Sink`], which takes the kinds
//! it can use; nothing else of a generated type depends on what it is read from.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::member::Part;

/// That the source broke off. What is wrong with it is told by whoever began to read.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Broken;

/// What a value could not tell of what was sent.
#[doc(hidden)]
#[derive(Debug, Default)]
pub enum Kept {
    #[default]
    Nothing,
    /// The value was read, and is spelled in another way than it is written.
    Spelled(Value),
    /// Another value altogether; what it was read into is as before.
    Other(Value),
}

/// One JSON value that waits to be read, once.
#[doc(hidden)]
pub trait Source {
    /// Reads it into what can use it.
    fn pour(&mut self, sink: &mut dyn Sink) -> Result<(), Broken>;
    /// Reads it as it is.
    fn json(&mut self) -> Result<Value, Broken>;
}

/// What a reader does with each kind of JSON value. The defaults keep the value for the record's `extra`.
#[doc(hidden)]
pub trait Sink {
    /// A value of a kind that has no use here.
    fn keep(&mut self, other: Value);

    fn null(&mut self) {
        self.keep(Value::Null);
    }
    fn boolean(&mut self, value: bool) {
        self.keep(value.into());
    }
    fn signed(&mut self, value: i64) {
        self.keep(value.into());
    }
    fn unsigned(&mut self, value: u64) {
        self.keep(value.into());
    }
    fn float(&mut self, value: f64) {
        self.keep(value.into());
    }
    fn text(&mut self, value: &str) {
        self.keep(value.into());
    }
    fn owned_text(&mut self, value: String) {
        self.text(&value);
    }
    fn array(&mut self, array: &mut dyn Array) -> Result<(), Broken> {
        let items = array.rest()?;
        self.keep(items.into());
        Ok(())
    }
    fn object(&mut self, object: &mut dyn Object) -> Result<(), Broken> {
        let members = object.rest()?;
        self.keep(members.into());
        Ok(())
    }
}

/// The items of an array.
#[doc(hidden)]
pub trait Array {
    /// How many items there are at least.
    fn at_least(&self) -> usize;
    /// Reads the next one; `None` at the end.
    fn next(&mut self, item: &mut Part) -> Result<Option<Kept>, Broken>;
    /// Reads all that are left as they are.
    fn rest(&mut self) -> Result<Vec<Value>, Broken>;
}

/// The members of an object: a name, and then its value as the [`Source`] that this is.
#[doc(hidden)]
pub trait Object: Source {
    /// Finds the next name among those listed, first where it is expected; `None` at the end.
    fn member(&mut self, names: &'static [&'static str], expected: usize) -> Result<Option<Name>, Broken>;
    /// Reads the next name as it is; `None` at the end.
    fn name(&mut self) -> Result<Option<String>, Broken>;
    /// Reads all members that are left as they are.
    fn rest(&mut self) -> Result<serde_json::Map<String, Value>, Broken>;
}

/// The name of a member: the index of a listed one, or the name itself.
#[doc(hidden)]
#[derive(Debug)]
pub enum Name {
    Listed(usize),
    Unlisted(String),
}

/// Reads what a deserializer has into a value that is as its default made it.
pub(super) fn fill<'de, D: Deserializer<'de>>(part: &mut Part, deserializer: D) -> Result<Kept, D::Error> {
    let mut one = One { deserializer: Some(deserializer), error: None };
    part.read(&mut one).map_err(|Broken| one.error.unwrap_or_else(spent))
}

/// The error of a source that is read a second time.
fn spent<E: Error>() -> E {
    E::custom("the value was read before")
}

/// A deserializer, until it is read.
struct One<D, E> {
    deserializer: Option<D>,
    error: Option<E>,
}

impl<'de, D: Deserializer<'de>> One<D, D::Error> {
    fn read<T>(&mut self, read: impl FnOnce(D) -> Result<T, D::Error>) -> Result<T, Broken> {
        let read = self.deserializer.take().ok_or_else(spent).and_then(read);
        read.map_err(|error| broken(&mut self.error, error))
    }
}

impl<'de, D: Deserializer<'de>> Source for One<D, D::Error> {
    fn pour(&mut self, sink: &mut dyn Sink) -> Result<(), Broken> {
        self.read(|deserializer| Pour(sink).deserialize(deserializer))
    }
    fn json(&mut self) -> Result<Value, Broken> {
        self.read(Value::deserialize)
    }
}

/// Keeps an error for whoever began to read.
fn broken<E>(place: &mut Option<E>, error: E) -> Broken {
    *place = Some(error);
    Broken
}

/// The access that serde gives to an array or an object.
struct Access<A, E> {
    access: A,
    error: Option<E>,
}

impl<'de, A: SeqAccess<'de>> Array for Access<A, A::Error> {
    fn at_least(&self) -> usize {
        self.access.size_hint().unwrap_or(0)
    }
    fn next(&mut self, item: &mut Part) -> Result<Option<Kept>, Broken> {
        self.access.next_element_seed(Fill(item)).map_err(|error| broken(&mut self.error, error))
    }
    fn rest(&mut self) -> Result<Vec<Value>, Broken> {
        let rest = Vec::deserialize(SeqAccessDeserializer::new(&mut self.access));
        rest.map_err(|error| broken(&mut self.error, error))
    }
}

impl<'de, A: MapAccess<'de>> Source for Access<A, A::Error> {
    fn pour(&mut self, sink: &mut dyn Sink) -> Result<(), Broken> {
        self.access.next_value_seed(Pour(sink)).map_err(|error| broken(&mut self.error, error))
    }
    fn json(&mut self) -> Result<Value, Broken> {
        self.access.next_value().map_err(|error| broken(&mut self.error, error))
    }
}

impl<'de, A: MapAccess<'de>> Object for Access<A, A::Error> {
    fn member(&mut self, names: &'static [&'static str], expected: usize) -> Result<Option<Name>, Broken> {
        self.access.next_key_seed(Names { names, expected }).map_err(|error| broken(&mut self.error, error))
    }
    fn name(&mut self) -> Result<Option<String>, Broken> {
        self.access.next_key().map_err(|error| broken(&mut self.error, error))
    }
    fn rest(&mut self) -> Result<serde_json::Map<String, Value>, Broken> {
        let rest = serde_json::Map::deserialize(MapAccessDeserializer::new(&mut self.access));
        rest.map_err(|error| broken(&mut self.error, error))
    }
}

/// Carries a part through serde's seeds.
struct Fill<'a>(&'a mut Part);

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kept, D::Error> {
        fill(self.0, deserializer)
    }
}

/// serde's visitor for every lenient read.
struct Pour<'a>(&'a mut dyn Sink);

impl<'de> DeserializeSeed<'de> for Pour<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pour<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.boolean(value);
        Ok(())
    }
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.signed(value);
        Ok(())
    }
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.unsigned(value);
        Ok(())
    }
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.0.float(value);
        Ok(())
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.text(value);
        Ok(())
    }
    fn visit_string<E>(self, value: String) -> Result<(), E> {
        self.0.owned_text(value);
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }
    fn visit_none<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let mut array = Access { access, error: None };
        self.0.array(&mut array).map_err(|Broken| array.error.unwrap_or_else(spent))
    }
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let mut object = Access { access, error: None };
        self.0.object(&mut object).map_err(|Broken| object.error.unwrap_or_else(spent))
    }
}

/// Finds a member's index without allocating its name.
struct Names {
    names: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Names {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Names {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        if self.names.get(self.expected) == Some(&name) {
            return Ok(Name::Listed(self.expected));
        }
        // Most names are told apart by their length and first letter, without a look at the rest.
        let first = name.as_bytes().first();
        let is = |listed: &&str| listed.len() == name.len() && listed.as_bytes().first() == first && *listed == name;
        Ok(match self.names.iter().position(is) {
            Some(index) => Name::Listed(index),
            None => Name::Unlisted(name.to_owned()),
        })
    }
}
