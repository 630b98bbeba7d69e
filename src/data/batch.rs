//! A piece of a table, column by column, and the values in it.

use std::fmt;
use std::sync::Arc;

use super::cell::{Cell, CellKind, CellState};
use super::column::Column;
use super::values::Values;

/// Some rows of a table that follow each other, kept by columns.
#[derive(Clone)]
pub struct Batch {
    pub(super) first_row: u64,
    pub(super) rows: usize,
    pub(super) columns: Arc<[Column]>,
    pub(super) values: Vec<Values>,
    pub(super) attempt: u32,
}

impl Batch {
    /// The rows from a place in the table on, and so many of them at most.
    pub(super) fn between(mut self, from: u64, limit: Option<u64>) -> Self {
        let end = limit.map_or(u64::MAX, |limit| from.saturating_add(limit));
        let place = |row: u64| usize::try_from(row.saturating_sub(self.first_row)).unwrap_or(usize::MAX).min(self.rows);
        let (start, end) = (place(from), place(end));
        if (start, end) != (0, self.rows) {
            self.values.iter_mut().for_each(|values| values.keep(start..end.max(start)));
            self.first_row += start as u64;
            self.rows = end.saturating_sub(start);
        }
        self
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The place in the table of its first row, from 0.
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Which reading of the table it belongs to, from 0: when the data changes and reading begins anew, what came
    /// before is void. A new reading begins with an empty batch. See [`OnChange::Restart`](super::OnChange::Restart).
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A row, from 0.
    pub fn row(&self, row: usize) -> Option<RowRef<'_>> {
        (row < self.rows).then_some(RowRef { batch: self, row })
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'_>> {
        (0..self.rows).map(|row| RowRef { batch: self, row })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<&str> = self.columns.iter().map(Column::title).collect();
        f.debug_struct("Batch")
            .field("first_row", &self.first_row)
            .field("rows", &self.rows)
            .field("columns", &titles)
            .finish_non_exhaustive()
    }
}

/// A row of a [`Batch`].
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    batch: &'a Batch,
    row: usize,
}

impl<'a> RowRef<'a> {
    /// The row's place in the table, from 0.
    pub fn index(&self) -> u64 {
        self.batch.first_row + self.row as u64
    }

    /// The table's columns, in the order of the values.
    pub fn columns(&self) -> &'a [Column] {
        &self.batch.columns
    }

    pub(super) fn shared_columns(&self) -> &'a Arc<[Column]> {
        &self.batch.columns
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.batch.values.len()
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.batch.values.is_empty()
    }

    /// The value in a column, by place.
    pub fn get(&self, column: usize) -> Option<CellRef<'a>> {
        let values = self.batch.values.get(column)?;
        Some(CellRef { values, row: self.row })
    }

    /// The values.
    pub fn cells(&self) -> impl Iterator<Item = CellRef<'a>> + use<'a> {
        let row = self.row;
        self.batch.values.iter().map(move |values| CellRef { values, row })
    }
}

impl fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.cells()).finish()
    }
}

/// A value in a [`Batch`].
#[derive(Clone, Copy)]
pub struct CellRef<'a> {
    values: &'a Values,
    row: usize,
}

impl<'a> CellRef<'a> {
    /// The value as text, in the column's format.
    pub fn text(&self) -> &'a str {
        self.values.text(self.row)
    }

    /// The value as a number, where it has one.
    pub fn num(&self) -> Option<f64> {
        self.values.num(self.row)
    }

    /// The value's number in its field.
    pub fn elem_number(&self) -> i32 {
        self.values.elems.get(self.row).copied().unwrap_or_default()
    }

    /// Where it stands in the selections.
    pub fn state(&self) -> CellState {
        self.values.state(self.row)
    }

    /// What it stands for.
    pub fn kind(&self) -> CellKind {
        self.values.kind(self.row)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.kind() == CellKind::Null
    }

    /// The value by itself.
    pub fn to_cell(&self) -> Cell {
        Cell {
            text: self.text().to_owned(),
            num: self.num(),
            elem_number: self.elem_number(),
            state: self.state(),
            is_null: self.is_null(),
            kind: self.kind(),
        }
    }
}

impl fmt::Debug for CellRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_cell().fmt(f)
    }
}
