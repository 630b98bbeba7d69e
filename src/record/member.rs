//! Values whose type is not known where they are handled: the members of records, and the items of lists.

use std::any::Any;
use std::fmt;

use serde_json::Value;

use super::output::Output;
use super::source::{Broken, Kept, Source};
use super::{Form, Wire};

/// Any value with a [`Wire`] type.
#[doc(hidden)]
pub trait Member: Any + fmt::Debug {
    /// Reads what comes next; the value has to be as [`Member::reset`] leaves it.
    fn read(&mut self, from: &mut dyn Source) -> Result<Kept, Broken>;
    fn write(&self, to: &mut dyn Output);
    /// Makes it what a missing member reads as.
    fn reset(&mut self);
    fn is_blank(&self) -> bool;
    /// Whether a record may leave it out.
    fn is_optional(&self) -> bool;
    /// Whether it still is what was read of a value that is kept beside it.
    fn is_read_of(&self, kept: &Value) -> bool;
    /// Whether it is the same as another of its type.
    fn equals(&self, other: &Part) -> bool;
    /// Becomes a copy of another of its type.
    fn copy(&mut self, other: &Part);
    /// How well a JSON value fits its type.
    fn fit(&self, value: &Value) -> Option<usize>;
    /// The JSON schema of its type.
    #[cfg(feature = "schemars")]
    fn schema(&self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

/// A member, whatever its type.
#[doc(hidden)]
pub type Part = dyn Member;

impl<T: Wire> Member for T {
    fn read(&mut self, from: &mut dyn Source) -> Result<Kept, Broken> {
        T::Form::read(self, from)
    }
    fn write(&self, to: &mut dyn Output) {
        T::Form::write(self, to);
    }
    fn reset(&mut self) {
        *self = T::default();
    }
    fn is_blank(&self) -> bool {
        T::Form::is_blank(self)
    }
    fn is_optional(&self) -> bool {
        T::OPTIONAL
    }
    fn is_read_of(&self, kept: &Value) -> bool {
        *self == T::Form::again(kept).unwrap_or_default()
    }
    fn equals(&self, other: &Part) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
    fn copy(&mut self, other: &Part) {
        if let Some(other) = (other as &dyn Any).downcast_ref() {
            T::clone_from(self, other);
        }
    }
    fn fit(&self, value: &Value) -> Option<usize> {
        T::Form::fit(value)
    }
    #[cfg(feature = "schemars")]
    fn schema(&self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::Form::schema(generator)
    }
}
