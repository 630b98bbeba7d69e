//! Open enums, which keep values they do not know, and unions of several types.

use std::hash::{Hash, Hasher};

use serde_json::Value;

use super::member::Part;
use super::output::Output;
use super::scalar::{Place, reread};
use super::source::{Broken, Kept, Sink, Source, fill};
use super::{Described, Form, Wire};

/// The impls that every generated type has alike, each a call into the module of its kind.
macro_rules! wire_impls {
    ($name:ident, $form:ident, $schema:ident) => {
        impl $crate::record::Wire for $name {
            type Form = $crate::record::$form;
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::record::serialize(self, serializer)
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::record::deserialize(deserializer)
            }
        }
        $crate::record::schema_impl!($name, $schema);
    };
}
pub(crate) use wire_impls;

#[cfg(feature = "schemars")]
macro_rules! schema_impl {
    ($name:ident, $schema:ident) => {
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }
            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $crate::record::schema::$schema::<Self>(generator)
            }
        }
    };
}
#[cfg(not(feature = "schemars"))]
macro_rules! schema_impl {
    ($name:ident, $schema:ident) => {};
}
pub(crate) use schema_impl;

/// What the `open_enum!` macro fills in for a generated enum.
#[doc(hidden)]
pub trait OpenEnum: Wire + Described {
    const LISTED: &'static [Listed];

    /// Which of the listed values it is, or its text.
    fn place(&self) -> Result<usize, &String>;
    /// The listed value of that place, or the text where there is none.
    fn at(place: usize, text: String) -> Self;
}

/// A listed value: its wire name, its long alias (empty where it has none), and its name in Rust.
type Listed = (&'static str, &'static str, &'static str);

/// The place that no listed value has.
const UNLISTED: usize = usize::MAX;

/// Implements a generated enum's traits: `open_enum!(Kind, 0 App "app" "", 1 Note "note" "");`. What derives would spell
/// out for each enum is told from this table.
macro_rules! open_enum {
    ($name:ident $(, $index:literal $variant:ident $wire:literal $alias:literal)* $(,)?) => {
        impl $crate::record::OpenEnum for $name {
            const LISTED: &'static [(&'static str, &'static str, &'static str)] =
                &[$(($wire, $alias, stringify!($variant))),*];

            fn place(&self) -> Result<usize, &String> {
                match self {
                    $(Self::$variant => Ok($index),)*
                    Self::Unrecognized(text) => Err(text),
                }
            }
            fn at(place: usize, text: String) -> Self {
                match place {
                    $($index => Self::$variant,)*
                    _ => Self::Unrecognized(text),
                }
            }
        }
        impl $name {
            /// The value as it is written on the wire.
            #[allow(unreachable_pub)] // the enums of unit tests are private
            pub fn as_str(&self) -> &str {
                $crate::record::text_of(self)
            }
        }
        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                $crate::record::named(value)
            }
        }
        impl From<String> for $name {
            fn from(value: String) -> Self {
                $crate::record::named(&value)
            }
        }
        impl Clone for $name {
            fn clone(&self) -> Self {
                $crate::record::same_as(self)
            }
        }
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $crate::record::are_same(self, other)
            }
        }
        impl Eq for $name {}
        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                $crate::record::hash(self, state);
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::debug::choice(self, f)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::record::text_of(self))
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::Unrecognized(String::new())
            }
        }
        $crate::record::wire_impls!($name, Open, open);
    };
}
pub(crate) use open_enum;

/// The wire name of an enum's value.
#[doc(hidden)]
pub fn text_of<E: OpenEnum>(value: &E) -> &str {
    value.place().map_or_else(String::as_str, |place| E::LISTED[place].0)
}

#[doc(hidden)]
pub fn same_as<E: OpenEnum>(value: &E) -> E {
    match value.place() {
        Ok(place) => E::at(place, String::new()),
        Err(text) => E::at(UNLISTED, text.clone()),
    }
}

#[doc(hidden)]
pub fn are_same<E: OpenEnum>(one: &E, other: &E) -> bool {
    one.place() == other.place()
}

#[doc(hidden)]
pub fn hash<E: OpenEnum, H: Hasher>(value: &E, state: &mut H) {
    value.place().hash(state);
}

/// Where a wire name or an alias is listed.
fn listed<E: OpenEnum>(text: &str) -> Option<usize> {
    let by_wire = E::LISTED.iter().position(|(wire, ..)| *wire == text);
    by_wire.or_else(|| E::LISTED.iter().position(|(_, alias, _)| !alias.is_empty() && *alias == text))
}

/// The value of that name, listed or not.
#[doc(hidden)]
pub fn named<E: OpenEnum>(text: &str) -> E {
    match listed::<E>(text) {
        Some(place) => E::at(place, String::new()),
        None => E::at(UNLISTED, text.to_owned()),
    }
}

impl<E: OpenEnum> Place<'_, E> {
    fn named(&mut self, sent: Value) {
        self.spelled(named(&sent.to_string()), sent);
    }
}

impl<E: OpenEnum> Sink for Place<'_, E> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn text(&mut self, value: &str) {
        self.set(named(value));
    }
    fn boolean(&mut self, value: bool) {
        self.named(value.into());
    }
    fn signed(&mut self, value: i64) {
        self.named(value.into());
    }
    fn unsigned(&mut self, value: u64) {
        self.named(value.into());
    }
}

/// The form of open enums.
#[doc(hidden)]
#[derive(Debug)]
pub struct Open;

impl<E: OpenEnum> Form<E> for Open {
    fn read(value: &mut E, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &E, to: &mut dyn Output) {
        to.text(text_of(value));
    }
    fn is_blank(value: &E) -> bool {
        text_of(value).is_empty()
    }
    fn again(kept: &Value) -> Option<E> {
        reread(kept)
    }
    fn fit(value: &Value) -> Option<usize> {
        Some(if listed::<E>(value.as_str()?).is_some() { 4 } else { 0 })
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<E>()
    }
}

/// What the `union!` macro fills in for a generated union.
#[doc(hidden)]
pub trait Union: Wire + Described {
    /// The member that tells the types apart, where the description names one; empty otherwise.
    const TAG: &'static str;
    /// Its values, by the index of the type that each stands for.
    const TAGS: &'static [(&'static str, usize)];
    const COUNT: usize;

    /// How well the value fits the type of that index.
    fn fit_at(index: usize, value: &Value) -> Option<usize>;
    /// Makes the type of that index of a value that fits it.
    fn read_at(index: usize, value: Value) -> Result<Self, Value>;
    fn unrecognized(value: Value) -> Self;
    fn held(&self) -> &Part;
    fn is_unset(&self) -> bool;
    #[cfg(feature = "schemars")]
    fn schema_at(index: usize, generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

/// Implements a generated union's traits: `union!(Idp, "protocol" ["OIDC" 0], 0 Oidc(IdpOidc), 1 Saml(IdpSaml));`.
macro_rules! union {
    ($name:ident, $tag:literal [$($value:literal $at:literal),*] $(, $index:literal $variant:ident($ty:ty))* $(,)?) => {
        impl $crate::record::Union for $name {
            const TAG: &'static str = $tag;
            const TAGS: &'static [(&'static str, usize)] = &[$(($value, $at)),*];
            const COUNT: usize = [$($index),*].len();

            fn fit_at(index: usize, value: &::serde_json::Value) -> Option<usize> {
                match index {
                    $($index => $crate::record::fit::<$ty>(value),)*
                    _ => None,
                }
            }
            fn read_at(index: usize, value: ::serde_json::Value) -> Result<Self, ::serde_json::Value> {
                match index {
                    $($index => $crate::record::offer(value).map(Self::$variant),)*
                    _ => Err(value),
                }
            }
            fn unrecognized(value: ::serde_json::Value) -> Self {
                Self::Unrecognized(value)
            }
            fn held(&self) -> &$crate::record::Part {
                match self {
                    $(Self::$variant(value) => value,)*
                    Self::Unrecognized(value) => value,
                }
            }
            fn is_unset(&self) -> bool {
                matches!(self, Self::Unrecognized(value) if value.is_null())
            }
            #[cfg(feature = "schemars")]
            fn schema_at(index: usize, generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                match index {
                    $($index => $crate::record::schema_of::<$ty>(generator),)*
                    _ => ::schemars::Schema::default(),
                }
            }
        }
        impl Default for $name {
            fn default() -> Self {
                Self::Unrecognized(::serde_json::Value::Null)
            }
        }
        $(
            impl From<$ty> for $name {
                fn from(value: $ty) -> Self {
                    Self::$variant(value)
                }
            }
        )*
        $crate::record::wire_impls!($name, OneOf, one_of);
    };
}
pub(crate) use union;

/// Reads a value as a type, or hands it back.
#[doc(hidden)]
pub fn offer<T: Wire>(offered: Value) -> Result<T, Value> {
    let mut value = T::default();
    // A tree of values cannot fail to parse; should it, the default says that nothing was read.
    if let Ok(Kept::Other(other)) = fill(&mut value, offered) {
        T::Form::take(&mut value, other)?;
    }
    Ok(value)
}

/// The form of unions.
#[doc(hidden)]
#[derive(Debug)]
pub struct OneOf;

impl<U: Union> Form<U> for OneOf {
    fn read(union: &mut U, from: &mut dyn Source) -> Result<Kept, Broken> {
        let value = from.json()?;
        if value.is_null() {
            return Ok(Kept::Other(value));
        }
        let tagged = value.get(U::TAG).and_then(Value::as_str);
        let tagged = U::TAGS.iter().find(|(tag, _)| Some(*tag) == tagged).map(|(_, index)| *index);
        let best = tagged.or_else(|| {
            let fits = (0..U::COUNT).filter_map(|index| Some((U::fit_at(index, &value)?, index)));
            // Of equals the first, as the description lists them.
            fits.max_by_key(|(points, index)| (*points, usize::MAX - index)).map(|(_, index)| index)
        });
        *union = match best {
            Some(index) => U::read_at(index, value).unwrap_or_else(U::unrecognized),
            None => U::unrecognized(value),
        };
        Ok(Kept::Nothing)
    }
    fn write(value: &U, to: &mut dyn Output) {
        value.held().write(to);
    }
    fn is_blank(value: &U) -> bool {
        value.is_unset()
    }
    fn fit(value: &Value) -> Option<usize> {
        (0..U::COUNT).filter_map(|index| U::fit_at(index, value)).max()
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<U>()
    }
}
