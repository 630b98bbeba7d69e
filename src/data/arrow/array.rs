//! A column's values as an Arrow array, moved rather than copied where the form allows.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMillisecondType, Float64Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMillisecondType,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, StringArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use crate::data::batch::Batch;
use crate::data::cell::CellKind;
use crate::data::serial;
use crate::data::types::{self, ColumnType, Output};
use crate::data::values::{TextList, Texts, Values};
use crate::error::{DecodeError, Error, Result};

/// The array of an output. Takes what it needs out of the batch.
pub(super) fn array(batch: &mut Batch, output: &Output) -> Result<ArrayRef> {
    let first_row = batch.first_row;
    let title = &output.name;
    let Some(values) = batch.values.get_mut(output.column) else {
        return Err(misfit(title, first_row, "there is no such column"));
    };
    let place = |row: usize| first_row + row as u64;
    let number = |wrong: (usize, String)| misfit(title, place(wrong.0), &wrong.1);
    match output.kind {
        ColumnType::Text => texts(values).map_err(|error| refused(&error)),
        ColumnType::Dictionary => dictionary(values).map_err(|error| refused(&error)),
        ColumnType::Float => {
            let nulls = numbers(values);
            let nums = std::mem::take(&mut values.nums);
            Ok(Arc::new(PrimitiveArray::<Float64Type>::new(ScalarBuffer::from(nums), nulls)))
        }
        ColumnType::Integer => convert::<Int64Type>(values, whole).map_err(number),
        ColumnType::Decimal { precision, scale } => {
            let convert = convert_to::<Decimal128Type>(values, |number| {
                types::decimal(number, precision, scale)
                    .ok_or_else(|| format!("{number} has more digits than the {precision} of its column"))
            });
            let array = convert.map_err(number)?;
            let array = array.with_precision_and_scale(precision, scale as i8).map_err(|error| refused(&error))?;
            Ok(Arc::new(array))
        }
        ColumnType::Date => {
            convert::<Date32Type>(values, |number| serial::days(number).ok_or_else(|| format!("{number} is no date")))
                .map_err(number)
        }
        ColumnType::Timestamp => convert::<TimestampMillisecondType>(values, |number| {
            serial::milliseconds(number).ok_or_else(|| format!("{number} is no date and time"))
        })
        .map_err(number),
        ColumnType::Time => convert::<Time32MillisecondType>(values, |number| {
            let time = serial::interval(number).map(|time| time.rem_euclid(86_400_000) as i32);
            time.ok_or_else(|| format!("{number} is no time"))
        })
        .map_err(number),
        ColumnType::Interval => convert::<DurationMillisecondType>(values, |number| {
            serial::interval(number).ok_or_else(|| format!("{number} is no length of time"))
        })
        .map_err(number),
    }
}

/// What has no number, or is no value.
fn numbers(values: &Values) -> Option<NullBuffer> {
    let is_there = |row: usize| values.kinds[row] == CellKind::Value && !values.nums[row].is_nan();
    let there = BooleanBuffer::collect_bool(values.kinds.len(), is_there);
    Some(NullBuffer::new(there)).filter(|nulls| nulls.null_count() > 0)
}

/// What has no text.
fn nothings(values: &Values) -> Option<NullBuffer> {
    let is_there = |row: usize| !matches!(values.kinds[row], CellKind::Null | CellKind::Empty);
    let there = BooleanBuffer::collect_bool(values.kinds.len(), is_there);
    Some(NullBuffer::new(there)).filter(|nulls| nulls.null_count() > 0)
}

fn convert<T: ArrowPrimitiveType>(
    values: &Values,
    read: impl Fn(f64) -> Result<T::Native, String>,
) -> Result<ArrayRef, (usize, String)> {
    convert_to::<T>(values, read).map(|array| Arc::new(array) as ArrayRef)
}

/// Converts each number; an error comes with its row.
fn convert_to<T: ArrowPrimitiveType>(
    values: &Values,
    read: impl Fn(f64) -> Result<T::Native, String>,
) -> Result<PrimitiveArray<T>, (usize, String)> {
    let nulls = numbers(values);
    let mut converted: Vec<T::Native> = Vec::with_capacity(values.nums.len());
    for (row, number) in values.nums.iter().enumerate() {
        let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        converted.push(if null { T::Native::default() } else { read(*number).map_err(|why| (row, why))? });
    }
    Ok(PrimitiveArray::new(ScalarBuffer::from(converted), nulls))
}

fn whole(number: f64) -> Result<i64, String> {
    // 2^63 as f64 is exact; everything below it fits
    const END: f64 = 9_223_372_036_854_775_808.0;
    match number.fract() == 0.0 && (-END..END).contains(&number) {
        true => Ok(number as i64),
        false => Err(format!("{number} is no integer: read its column as ColumnType::Float")),
    }
}

fn strings(list: TextList, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
    let mut offsets = Vec::with_capacity(list.ends.len() + 1);
    offsets.push(0);
    offsets.extend(&list.ends);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, Buffer::from_vec(list.text.into_bytes()), nulls)
}

fn texts(values: &mut Values) -> Result<ArrayRef, ArrowError> {
    let nulls = nothings(values);
    let list = match &mut values.texts {
        Texts::Each(list) => std::mem::take(list),
        _ => {
            let mut list = TextList::default();
            (0..values.len()).for_each(|row| list.push_text(values.text(row)));
            list
        }
    };
    Ok(Arc::new(strings(list, nulls)?))
}

fn dictionary(values: &mut Values) -> Result<ArrayRef, ArrowError> {
    let nulls = nothings(values);
    let Texts::Interned { keys, dictionary } = &mut values.texts else { return texts(values) };
    let mut keys = std::mem::take(keys);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int32Type>::new(ScalarBuffer::from(keys), nulls);
    let texts = strings(std::mem::take(&mut dictionary.texts), None)?;
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(texts))?))
}

fn misfit(title: &str, row: u64, why: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new("hypercube", format!("row {row}, column `{title}`"), why, b"")))
}

/// What Arrow does not take.
pub(in crate::data) fn refused(error: &ArrowError) -> Error {
    Error::Decode(Box::new(DecodeError::new("hypercube", "", error.to_string(), b"")))
}
