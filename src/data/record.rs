//! Rows as records: whatever serde reads, by the titles of the columns.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::batch::{CellRef, RowRef};
use super::cell::CellKind;
use super::rows::Cursor;
use super::stream::Batches;
use crate::error::{DecodeError, Error, Result};

/// The records of a table, as a stream; see [`Cube::records`](super::Cube::records).
pub struct Records<T> {
    cursor: Cursor,
    record: PhantomData<fn() -> T>,
}

impl<T> Records<T> {
    pub(super) fn new(batches: Batches) -> Self {
        Records { cursor: Cursor::new(batches), record: PhantomData }
    }
}

impl<T: DeserializeOwned> Stream for Records<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.cursor.poll_row(cx, |row| row.deserialize())
    }
}

impl<T> fmt::Debug for Records<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").finish_non_exhaustive()
    }
}

impl RowRef<'_> {
    /// The row as a record: a struct or a map by the titles of the columns, or a sequence of their values.
    ///
    /// What a field asks for is what it gets: a number, or the text. A field that asks for nothing certain
    /// (`serde_json::Value`) gets the number where there is one, else the text. Null is `None`.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        let mut column = None;
        T::deserialize(RowReader { row: *self, column: &mut column }).map_err(|error| {
            let title = column.and_then(|column| self.columns().get(column)).map(super::Column::title);
            let place = match (column, title) {
                (Some(column), Some(title)) => format!("row {}, column {} ({title})", self.index(), column + 1),
                _ => format!("row {}", self.index()),
            };
            Error::Decode(Box::new(DecodeError::new("hypercube", place, error.0, b"")))
        })
    }
}

/// Why a row does not fit a record.
#[derive(Debug)]
struct Misfit(String);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misfit(message.to_string())
    }
}

struct RowReader<'a> {
    row: RowRef<'a>,
    /// The column that is being read, for errors.
    column: &'a mut Option<usize>,
}

impl<'de> Deserializer<'de> for RowReader<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Walk { row: self.row, next: 0, column: self.column })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_seq(Walk { row: self.row, next: 0, column: self.column })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        enum identifier ignored_any
    }
}

struct Walk<'a> {
    row: RowRef<'a>,
    next: usize,
    column: &'a mut Option<usize>,
}

impl<'de> MapAccess<'de> for Walk<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        *self.column = None;
        let Some(column) = self.row.columns().get(self.next) else { return Ok(None) };
        let title: StrDeserializer<'_, Misfit> = column.title().into_deserializer();
        seed.deserialize(title).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        *self.column = Some(self.next);
        let cell = self.row.get(self.next).ok_or_else(|| Misfit("there is no such column".to_owned()))?;
        self.next += 1;
        seed.deserialize(CellReader(cell))
    }
}

impl<'de> SeqAccess<'de> for Walk<'_> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some(cell) = self.row.get(self.next) else { return Ok(None) };
        *self.column = Some(self.next);
        self.next += 1;
        seed.deserialize(CellReader(cell)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.len().saturating_sub(self.next))
    }
}

struct CellReader<'a>(CellRef<'a>);

impl CellReader<'_> {
    fn number(&self) -> Result<f64, Misfit> {
        self.0.num().ok_or_else(|| match self.0.kind() {
            CellKind::Null => Misfit("it is null: read it as an Option".to_owned()),
            _ => Misfit(format!("the text `{}` has no number: read it as a String", self.0.text())),
        })
    }

    fn whole(&self) -> Result<i64, Misfit> {
        // 2^63 as f64 is exact; everything below it fits
        const END: f64 = 9_223_372_036_854_775_808.0;
        let number = self.number()?;
        match number.fract() == 0.0 && (-END..END).contains(&number) {
            true => Ok(number as i64),
            false => Err(Misfit(format!("{number} is no integer: read it as f64"))),
        }
    }

    fn text(&self) -> Result<&str, Misfit> {
        match self.0.kind() {
            CellKind::Null | CellKind::Empty => Err(Misfit("it is null: read it as an Option".to_owned())),
            _ => Ok(self.0.text()),
        }
    }
}

macro_rules! as_integer {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.visit_i64(self.whole()?)
        }
    )+};
}

macro_rules! as_float {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.visit_f64(self.number()?)
        }
    )+};
}

macro_rules! as_text {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.visit_str(self.text()?)
        }
    )+};
}

impl<'de> Deserializer<'de> for CellReader<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match (self.0.kind(), self.0.num()) {
            (CellKind::Null | CellKind::Empty, _) => visitor.visit_unit(),
            (_, Some(_)) => match self.whole() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_f64(self.number()?),
            },
            (_, None) => visitor.visit_str(self.0.text()),
        }
    }

    as_integer! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }
    as_float! { deserialize_f32 deserialize_f64 }
    as_text! {
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_identifier
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.number()? != 0.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0.kind() {
            CellKind::Null | CellKind::Empty => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { unit unit_struct seq tuple tuple_struct map struct }
}

/// A text as the variant of an enum without fields.
impl<'de> EnumAccess<'de> for CellReader<'_> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Misfit> {
        let name: StrDeserializer<'_, Misfit> = self.text()?.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for CellReader<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misfit> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_any(visitor)
    }
}
