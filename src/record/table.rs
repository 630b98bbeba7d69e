//! Records: structs whose members are read and written through one table of wire names.

use std::any::Any;

use serde_json::Value;

use super::member::Part;
use super::output::Output;
use super::source::{Broken, Kept, Name, Object, Sink, Source};
use super::{Described, Extra, Form, Wire};

/// What the `record!` macro fills in for a generated struct.
#[doc(hidden)]
pub trait Record {
    /// The wire names of its members, in the order of their indexes.
    fn names(&self) -> &'static [&'static str];
    /// The member of that index; what the record holds besides its members where there is none.
    fn part(&self, index: usize) -> &Part;
    fn part_mut(&mut self, index: usize) -> &mut Part;
}

/// The index that no member has.
const NONE: usize = usize::MAX;

/// What a record holds besides its members.
pub(super) fn extra(record: &dyn Record) -> &Extra {
    let extra: &dyn Any = record.part(NONE);
    extra.downcast_ref().expect(EXTRA)
}

fn extra_mut(record: &mut dyn Record) -> &mut Extra {
    let extra: &mut dyn Any = record.part_mut(NONE);
    extra.downcast_mut().expect(EXTRA)
}

const EXTRA: &str = "what is no member is the extra: so the macro has it";

/// A record's members with their wire names, in order.
pub(super) fn members(record: &dyn Record) -> impl Iterator<Item = (&'static str, &Part)> {
    record.names().iter().enumerate().map(|(index, name)| (*name, record.part(index)))
}

/// Implements a generated struct's traits from its table of indexes, fields, wire names and what a field starts as:
/// `record!(Space, 0 id "id" None, 1 name "name" None);`.
macro_rules! record {
    ($name:ident $(, $index:literal $field:ident $wire:literal $start:expr)* $(,)?) => {
        impl $crate::record::Record for $name {
            fn names(&self) -> &'static [&'static str] {
                &[$($wire),*]
            }
            fn part(&self, index: usize) -> &$crate::record::Part {
                match index {
                    $($index => &self.$field,)*
                    _ => &self.extra,
                }
            }
            fn part_mut(&mut self, index: usize) -> &mut $crate::record::Part {
                match index {
                    $($index => &mut self.$field,)*
                    _ => &mut self.extra,
                }
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $start,)* extra: $crate::record::Extra::new() }
            }
        }
        impl Clone for $name {
            fn clone(&self) -> Self {
                $crate::record::copy_of(self)
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $crate::record::are_equal(self, other)
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

/// A copy of a record, member by member.
#[doc(hidden)]
pub fn copy_of<R: Record + Default>(record: &R) -> R {
    fn copy(from: &dyn Record, to: &mut dyn Record) {
        for index in (0..from.names().len()).chain([NONE]) {
            to.part_mut(index).copy(from.part(index));
        }
    }
    let mut copied = R::default();
    copy(record, &mut copied);
    copied
}

/// Whether two records of one type have the same members.
#[doc(hidden)]
pub fn are_equal(one: &dyn Record, other: &dyn Record) -> bool {
    extra(one) == extra(other) && members(one).zip(members(other)).all(|((_, one), (_, other))| one.equals(other))
}

/// A record on its way into its place.
struct Members<'a> {
    record: &'a mut dyn Record,
    kept: Kept,
}

impl Sink for Members<'_> {
    fn keep(&mut self, other: Value) {
        self.kept = Kept::Other(other);
    }
    fn object(&mut self, object: &mut dyn Object) -> Result<(), Broken> {
        let names = self.record.names();
        // Servers send members in the schema's order, mostly: look there first.
        let mut expected = 0;
        // the first index of which nothing was read, nor of any after it
        let mut fresh = 0;
        while let Some(name) = object.member(names, expected)? {
            let index = match name {
                Name::Listed(index) => index,
                Name::Unlisted(name) => {
                    let value = object.json()?;
                    extra_mut(self.record).insert(name, value);
                    continue;
                }
            };
            // A key sent twice counts as its last.
            if index < fresh {
                self.record.part_mut(index).reset();
                extra_mut(self.record).forget(names, index);
            }
            match self.record.part_mut(index).read(object)? {
                Kept::Nothing => {}
                Kept::Spelled(sent) | Kept::Other(sent) => extra_mut(self.record).keep(names, index, sent),
            }
            expected = index + 1;
            fresh = fresh.max(expected);
        }
        Ok(())
    }
}

/// The form of records.
#[doc(hidden)]
#[derive(Debug)]
pub struct Table;

impl<R: Record + Wire + Described> Form<R> for Table {
    fn read(record: &mut R, from: &mut dyn Source) -> Result<Kept, Broken> {
        read(record, from)
    }
    fn write(record: &R, to: &mut dyn Output) {
        write(record, to);
    }
    fn is_blank(record: &R) -> bool {
        extra(record).is_blank() && members(record).all(|(_, part)| part.is_blank())
    }
    fn fit(value: &Value) -> Option<usize> {
        // A default record names its members and their types; its values do not matter here.
        fit(&R::default(), value)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<R>()
    }
}

fn read(record: &mut dyn Record, from: &mut dyn Source) -> Result<Kept, Broken> {
    let mut members = Members { record, kept: Kept::Nothing };
    from.pour(&mut members)?;
    Ok(members.kept)
}

fn write(record: &dyn Record, to: &mut dyn Output) {
    let (names, extra) = (record.names(), extra(record));
    let listed = members(record).filter_map(|(name, part)| match extra.get(name) {
        // A field that was left alone gives way to what the server sent in its place.
        Some(other) if part.is_read_of(other) => Some((name, other as &Part)),
        _ if part.is_optional() && part.is_blank() => None,
        _ => Some((name, part)),
    });
    let more = extra.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    to.map(&mut listed.chain(more.map(|(name, value)| (name.as_str(), value as &Part))));
}

/// Counts the members that a JSON object shares with a record, the better fitting ones more; `None` where a required
/// member is missing or of another shape.
fn fit(record: &dyn Record, value: &Value) -> Option<usize> {
    let object = value.as_object()?;
    members(record).try_fold(0, |points, (name, part)| match object.get(name).map(|value| part.fit(value)) {
        Some(Some(more)) => Some(points + more + 1),
        _ if part.is_optional() => Some(points),
        _ => None,
    })
}
