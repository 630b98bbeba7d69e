//! Rows and what they are read into.

use std::fmt;
use std::sync::Arc;

use super::batch::{CellRef, RowRef};
use super::cell::{Cell, CellKind};
use super::column::Column;
use crate::error::{DecodeError, Error, Result};

/// One row of a cube, with its place and the cube's columns.
#[derive(Debug, Clone)]
pub struct Row {
    index: u64,
    columns: Arc<[Column]>,
    cells: Vec<Cell>,
}

impl Row {
    /// The row's place in the cube, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The cube's columns, in the order of the cells.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The values.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The values, without the rest.
    pub fn into_cells(self) -> Vec<Cell> {
        self.cells
    }

    /// The value in the column with this title.
    pub fn get(&self, title: &str) -> Option<&Cell> {
        let column = self.columns.iter().position(|column| column.title() == title)?;
        self.cells.get(column)
    }
}

/// The error for a row that does not fit its type.
fn error(row: RowRef<'_>, column: Option<usize>, why: impl fmt::Display) -> Error {
    let place = format!("row {}", row.index());
    let place = match column {
        Some(column) => {
            let title = row.columns().get(column).map(Column::title).unwrap_or_default();
            format!("{place}, column {} ({title})", column + 1)
        }
        None => place,
    };
    Error::Decode(Box::new(DecodeError::new("hypercube", place, why.to_string(), b"")))
}

/// A type that a row can be read into: tuples of up to 12 [`FromCell`] types, `Vec`s of one, and [`Row`] itself.
///
/// Structs are read by serde instead: [`Cube::records`](super::Cube::records).
pub trait FromRow: Sized {
    /// Reads the row.
    fn from_row(row: RowRef<'_>) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: RowRef<'_>) -> Result<Self> {
        let cells = row.cells().map(|cell| cell.to_cell()).collect();
        Ok(Row { index: row.index(), columns: Arc::clone(row.shared_columns()), cells })
    }
}

impl<T: FromCell> FromRow for Vec<T> {
    fn from_row(row: RowRef<'_>) -> Result<Self> {
        let read = |(column, cell)| T::from_cell(cell).map_err(|why| error(row, Some(column), why));
        row.cells().enumerate().map(read).collect()
    }
}

/// Checks how many columns a row has.
fn counted(row: RowRef<'_>, count: usize) -> Result<()> {
    if row.len() == count {
        return Ok(());
    }
    Err(error(row, None, format!("there are {} columns, and {count} are asked for", row.len())))
}

#[inline]
fn read<T: FromCell>(row: RowRef<'_>, column: usize) -> Result<T> {
    let cell = row.get(column).ok_or_else(|| error(row, Some(column), "there is no such column"))?;
    T::from_cell(cell).map_err(|why| error(row, Some(column), why))
}

macro_rules! tuple {
    ($count:literal: $($column:literal $type:ident),+) => {
        impl<$($type: FromCell),+> FromRow for ($($type,)+) {
            fn from_row(row: RowRef<'_>) -> Result<Self> {
                counted(row, $count)?;
                Ok(($(read::<$type>(row, $column)?,)+))
            }
        }
    };
}

tuple!(1: 0 A);
tuple!(2: 0 A, 1 B);
tuple!(3: 0 A, 1 B, 2 C);
tuple!(4: 0 A, 1 B, 2 C, 3 D);
tuple!(5: 0 A, 1 B, 2 C, 3 D, 4 E);
tuple!(6: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F);
tuple!(7: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G);
tuple!(8: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H);
tuple!(9: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I);
tuple!(10: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J);
tuple!(11: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J, 10 K);
tuple!(12: 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H, 8 I, 9 J, 10 K, 11 L);

/// A type that a value can be read into.
///
/// | type | value |
/// |---|---|
/// | `String` | the text, as the column's format shows it |
/// | `f64` | the number; dates and times are days since 1899-12-30 |
/// | `i64` | the number, which must be whole |
/// | `bool` | the number: 0 is false, any other true (Qlik's own true is -1) |
/// | `Option<T>` | `None` for null, else as `T` |
/// | [`Date`](super::Date), [`DateTime`](super::DateTime) | the day, or the moment, that the number stands for |
/// | [`Cell`] | all that there is |
///
/// A null where there is no `Option`, and a text without a number where a number is asked for, are errors that name
/// the row and the column. A total, or others, are their label as text; a place that is [empty](CellKind::Empty)
/// counts as null.
pub trait FromCell: Sized {
    /// Reads the value.
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError>;
}

/// Why a value does not fit the type that was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct CellError(String);

impl CellError {
    /// An error with these words, for implementations of [`FromCell`] elsewhere.
    pub fn new(message: impl Into<String>) -> Self {
        CellError(message.into())
    }
}

impl FromCell for Cell {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        Ok(cell.to_cell())
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        if is_nothing(cell) { Ok(None) } else { T::from_cell(cell).map(Some) }
    }
}

impl FromCell for String {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        if is_nothing(cell) { Err(null("String")) } else { Ok(cell.text().to_owned()) }
    }
}

impl FromCell for f64 {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        number(cell, "f64")
    }
}

impl FromCell for i64 {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        // 2^63 as f64 is exact; everything below it fits
        const END: f64 = 9_223_372_036_854_775_808.0;
        let number = number(cell, "i64")?;
        if number.fract() == 0.0 && (-END..END).contains(&number) {
            Ok(number as i64)
        } else {
            Err(CellError(format!("{number} is no i64: read it as f64")))
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        Ok(number(cell, "bool")? != 0.0)
    }
}

fn is_nothing(cell: CellRef<'_>) -> bool {
    matches!(cell.kind(), CellKind::Null | CellKind::Empty)
}

fn number(cell: CellRef<'_>, wanted: &str) -> Result<f64, CellError> {
    match cell.num() {
        _ if is_nothing(cell) => Err(null(wanted)),
        Some(number) => Ok(number),
        None => Err(CellError(format!("the text `{}` has no number: read it as String", cell.text()))),
    }
}

fn null(wanted: &str) -> CellError {
    CellError(format!("it is null: read it as Option<{wanted}>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::batch::Batch;
    use crate::data::column::ColumnKind;
    use crate::data::decode::scan::Raw;
    use crate::data::stream::want_all;
    use crate::data::values::{RawCell, Values};

    fn batch(cells: &[Cell]) -> Batch {
        let column = |place| Column::new(format!("M{place}"), ColumnKind::Measure);
        let columns: Vec<Column> = (0..cells.len()).map(column).collect();
        let mut values: Vec<Values> = want_all(&columns).into_iter().map(Values::new).collect();
        for (values, cell) in values.iter_mut().zip(cells) {
            let text = Raw { text: &cell.text, escaped: false };
            let num = cell.num.unwrap_or(f64::NAN);
            values.push(&RawCell { text, num, elem: cell.elem_number, state: "L", kind: cell.kind });
        }
        Batch { first_row: 4, rows: 1, columns: columns.into(), values, attempt: 0 }
    }

    fn read<T: FromRow>(cells: Vec<Cell>) -> Result<T> {
        T::from_row(batch(&cells).row(0).unwrap())
    }

    fn text(text: &str) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    fn num(number: f64) -> Cell {
        Cell { text: number.to_string(), num: Some(number), ..Cell::default() }
    }

    fn null() -> Cell {
        Cell { text: "-".into(), is_null: true, kind: CellKind::Null, ..Cell::default() }
    }

    #[test]
    fn values_become_what_is_asked_for() {
        type All = (String, f64, i64, bool, Option<f64>, Option<String>, Cell);
        let all = read::<All>(vec![text("a"), num(1.5), num(-7.0), num(-1.0), null(), text("b"), null()]);
        let expected = ("a".to_owned(), 1.5, -7, true, None, Some("b".to_owned()), null());
        assert_eq!(all.unwrap(), expected);
        assert_eq!(read::<Vec<Option<f64>>>(vec![num(2.0), null()]).unwrap(), [Some(2.0), None]);
        assert_eq!(read::<Row>(vec![num(2.0)]).unwrap().get("M0").unwrap().num, Some(2.0));
    }

    #[test]
    fn what_does_not_fit_says_where_and_what_to_do() {
        let failed = |error: Error| error.to_string();
        let error = failed(read::<(String, f64)>(vec![text("a"), null()]).unwrap_err());
        assert!(error.contains("row 4, column 2 (M1)") && error.contains("Option<f64>"), "{error}");
        let error = failed(read::<(i64,)>(vec![num(1.5)]).unwrap_err());
        assert!(error.contains("1.5 is no i64"), "{error}");
        let error = failed(read::<(i64,)>(vec![num(f64::INFINITY)]).unwrap_err());
        assert!(error.contains("is no i64"), "{error}");
        let error = failed(read::<(Option<f64>,)>(vec![text("abc")]).unwrap_err());
        assert!(error.contains("`abc` has no number"), "{error}");
        let error = failed(read::<(String,)>(vec![text("a"), text("b")]).unwrap_err());
        assert!(error.contains("2 columns, and 1"), "{error}");
    }
}
