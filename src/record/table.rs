//! Records: structs whose members are read and written through one table of wire names.

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serializer};
use serde_json::Value;

use super::sink::{Sink, pour};
use super::{AsSerialize, Described, Extra, Form, Got, Seed, Wire};

/// What the `record!` macro fills in for a generated struct.
#[doc(hidden)]
pub trait Record: Wire + Described {
    /// The wire names of its members, in the order of their indexes.
    const MEMBERS: &'static [&'static str];

    fn extra(&self) -> &Extra;
    fn extra_mut(&mut self) -> &mut Extra;
    /// Reads the member of that index from the map's next value; hands back what its field cannot tell.
    fn read_member<'de, A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<Option<Value>, A::Error>;
    /// Shows every member to the visitor, in order.
    fn visit_members<V: Visit>(&self, visitor: &mut V);
}

/// Sees a record's members one by one: to serialize, to print, to describe, to compare with a value.
///
/// It keeps its own troubles: a `?` behind each of eight thousand members is a good part of the time to compile them.
#[doc(hidden)]
pub trait Visit {
    fn member<T: Wire>(&mut self, index: usize, value: &T);
}

/// Implements a generated struct's traits from its table: `record!(Space, 0 id "id", 1 name "name");`.
macro_rules! record {
    ($name:ident $(, $index:literal $field:ident $wire:literal)* $(,)?) => {
        impl $crate::record::Record for $name {
            const MEMBERS: &'static [&'static str] = &[$($wire),*];

            fn extra(&self) -> &$crate::record::Extra {
                &self.extra
            }
            fn extra_mut(&mut self) -> &mut $crate::record::Extra {
                &mut self.extra
            }
            fn read_member<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                index: usize,
                map: &mut A,
            ) -> Result<Option<::serde_json::Value>, A::Error> {
                match index {
                    $($index => $crate::record::read_member(&mut self.$field, map),)*
                    _ => $crate::record::read_unlisted(map),
                }
            }
            #[allow(unused_variables)]
            fn visit_members<V: $crate::record::Visit>(&self, visitor: &mut V) {
                $(visitor.member($index, &self.$field);)*
            }
        }
        $crate::record::wire_impls!($name, Table, table);
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::debug::print(self, f)
            }
        }
    };
}
pub(crate) use record;

/// Reads the next value of the map into a field; what the field cannot tell is handed back.
#[doc(hidden)]
pub fn read_member<'de, T: Wire, A: MapAccess<'de>>(field: &mut T, map: &mut A) -> Result<Option<Value>, A::Error> {
    let (value, kept) = match map.next_value_seed(Seed::<T>::new())? {
        Got::Value(value) => (value, None),
        Got::Spelled(value, sent) => (value, Some(sent)),
        Got::Other(other) => (T::default(), Some(other)),
    };
    *field = value;
    Ok(kept)
}

/// Reads the next value of the map as plain JSON, for a member that no field takes.
#[doc(hidden)]
pub fn read_unlisted<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Value>, A::Error> {
    map.next_value().map(Some)
}

/// Reads members into a record where it is: what a visitor returns is copied at each step on its way.
struct Members<'a, R>(&'a mut R);

impl<R: Record> Sink for Members<'_, R> {
    type Out = ();

    fn object<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Got<()>, A::Error> {
        let record = self.0;
        // Servers send members in the schema's order, mostly: look there first.
        let mut expected = 0;
        while let Some(key) = map.next_key_seed(MemberName { members: R::MEMBERS, expected })? {
            let (index, name) = match key {
                Key::Listed(index) => (index, None),
                Key::Unlisted(name) => (usize::MAX, Some(name)),
            };
            match (record.read_member(index, &mut map)?, name) {
                (Some(other), Some(name)) => {
                    record.extra_mut().insert(name, other);
                }
                (Some(other), None) => record.extra_mut().keep(R::MEMBERS, index, other),
                // A key sent twice counts as its last.
                (None, _) => record.extra_mut().forget(R::MEMBERS, index),
            }
            if index != usize::MAX {
                expected = index + 1;
            }
        }
        Ok(Got::Value(()))
    }
}

enum Key {
    Listed(usize),
    Unlisted(String),
}

/// Finds a member's index without allocating its name.
struct MemberName {
    members: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for MemberName {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        if self.members.get(self.expected) == Some(&name) {
            return Ok(Key::Listed(self.expected));
        }
        // Most names are told apart by their length and first letter, without a look at the rest.
        let first = name.as_bytes().first();
        let is = |member: &&str| member.len() == name.len() && member.as_bytes().first() == first && *member == name;
        Ok(match self.members.iter().position(is) {
            Some(index) => Key::Listed(index),
            None => Key::Unlisted(name.to_owned()),
        })
    }
}

/// The form of records.
#[doc(hidden)]
#[derive(Debug)]
pub struct Table;

impl<R: Record> Form<R> for Table {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<R>, D::Error> {
        let mut record = R::default();
        let got = pour(Members(&mut record), deserializer)?;
        Ok(got.map(|()| record))
    }

    fn write<S: Serializer>(record: &R, serializer: S) -> Result<S::Ok, S::Error> {
        let extra = record.extra();
        let mut writer =
            JsonWriter { members: R::MEMBERS, extra, map: serializer.serialize_map(None)?, written: Ok(()) };
        record.visit_members(&mut writer);
        writer.written?;
        let mut map = writer.map;
        for (name, value) in extra.iter().filter(|(name, _)| !R::MEMBERS.contains(&name.as_str())) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }

    fn is_blank(record: &R) -> bool {
        let mut blank = Blank(record.extra().is_blank());
        record.visit_members(&mut blank);
        blank.0
    }

    fn fit(value: &Value) -> Option<usize> {
        let object = value.as_object()?;
        let mut fitting = Fitting { members: R::MEMBERS, object, points: Some(0) };
        // A default record names its members and their types; its values do not matter here.
        R::default().visit_members(&mut fitting);
        fitting.points
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<R>()
    }
}

struct JsonWriter<'a, M: SerializeMap> {
    members: &'static [&'static str],
    extra: &'a Extra,
    map: M,
    /// The first error; nothing is written after it.
    written: Result<(), M::Error>,
}

impl<M: SerializeMap> Visit for JsonWriter<'_, M> {
    fn member<T: Wire>(&mut self, index: usize, value: &T) {
        if self.written.is_err() {
            return;
        }
        let name = self.members[index];
        self.written = match self.extra.get(name) {
            // A field that was left alone gives way to what the server sent in its place.
            Some(other) if *value == T::Form::again(other).unwrap_or_default() => self.map.serialize_entry(name, other),
            _ if T::OPTIONAL && T::Form::is_blank(value) => Ok(()),
            _ => self.map.serialize_entry(name, &AsSerialize(value)),
        };
    }
}

/// Whether no member has been set.
struct Blank(bool);

impl Visit for Blank {
    fn member<T: Wire>(&mut self, _: usize, value: &T) {
        self.0 = self.0 && T::Form::is_blank(value);
    }
}

/// Counts the members that a JSON object shares with a record, the better fitting ones more.
struct Fitting<'a> {
    members: &'static [&'static str],
    object: &'a serde_json::Map<String, Value>,
    /// `None` once a required member is missing or of another shape.
    points: Option<usize>,
}

impl Visit for Fitting<'_> {
    fn member<T: Wire>(&mut self, index: usize, _: &T) {
        let Some(points) = self.points else { return };
        let found = self.object.get(self.members[index]).map(T::Form::fit);
        self.points = match found {
            Some(Some(more)) => Some(points + more + 1),
            _ if T::OPTIONAL => Some(points),
            _ => None,
        };
    }
}
