//! How a table is read: from which row, how many pages at once, into what.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::column::Column;
#[cfg(any(feature = "arrow", feature = "csv"))]
use super::column::ColumnKind;
use super::fetch::{OnChange, Order};
use super::layout::Shape;
use super::plan::{Limits, MAX_CELLS};
use super::record::Records;
use super::row::FromRow;
use super::rows::Rows;
use super::source::Source;
use super::stream::{self, Batches, Making, Progress};
use super::types::{ColumnType, Types};

/// How many calls are in flight unless told.
const IN_FLIGHT: usize = 8;

/// Says how a table is read, and reads it; begins with [`Cube::read`](super::Cube::read).
///
/// ```no_run
/// use qlik::data::OnChange;
///
/// # async fn example(cube: qlik::data::Cube) -> qlik::Result<()> {
/// let reader = cube
///     .read()
///     .in_flight(16)
///     .on_change(OnChange::Restart)
///     .progress(|progress| println!("{} rows", progress.rows));
/// let rows = reader.rows::<(String, f64)>();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is read before it is told into what"]
pub struct Reader {
    pub(super) source: Arc<Source>,
    #[cfg_attr(not(any(feature = "arrow", feature = "csv")), allow(dead_code, reason = "files and batches use it"))]
    columns: Arc<[Column]>,
    pub(super) fresh: Option<(u64, Shape)>,
    pub(super) making: Making,
    pub(super) types: Types,
}

impl Reader {
    pub(super) fn new(source: Arc<Source>, columns: Arc<[Column]>, fresh: Option<(u64, Shape)>) -> Self {
        let order = Order {
            from: 0,
            limit: None,
            limits: Limits { cells: MAX_CELLS, columns: MAX_CELLS },
            in_flight: IN_FLIGHT,
            on_change: OnChange::Fail,
            attributes: true,
        };
        let wants = Arc::new(stream::want_all);
        let making = Making { order, batch_rows: None, totals: false, wants, watcher: None };
        Reader { source, columns, fresh, making, types: Types::default() }
    }

    /// Begins at this row, counted from 0: to go on where a former reading ended.
    ///
    /// Rows are those of the table under the selections as they are now. Pivots, stacks and trees are read from their
    /// beginning all the same.
    pub fn from_row(mut self, row: u64) -> Self {
        self.making.order.from = row;
        self
    }

    /// Reads this many rows at most.
    pub fn limit(mut self, rows: u64) -> Self {
        self.making.order.limit = Some(rows);
        self
    }

    /// How many calls are on their way at once: 8 unless told, 1 at least.
    ///
    /// That many pages are held in memory. More of them help where the way to the engine is long.
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.making.order.in_flight = calls.max(1);
        self
    }

    /// How many cells a page has at most: 10,000 unless told, which is what the engine gives.
    pub fn page_cells(mut self, cells: usize) -> Self {
        self.making.order.limits.cells = cells.clamp(1, MAX_CELLS);
        self
    }

    /// How many columns a page has at most. Wider tables are read in parts, which are joined again.
    pub fn page_columns(mut self, columns: usize) -> Self {
        self.making.order.limits.columns = columns.max(1);
        self
    }

    /// How many rows a batch has at least, except for the last one; batches consist of whole pages.
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.making.batch_rows = Some(rows.max(1));
        self
    }

    /// What to do when the data changes while it is read.
    pub fn on_change(mut self, on_change: OnChange) -> Self {
        self.making.order.on_change = on_change;
        self
    }

    /// Keeps the totals of pivots, stacks and trees as rows, whose cells say that they are
    /// [totals](super::CellKind::Total). Without this, they are left out: who adds up rows would count twice.
    pub fn totals(mut self) -> Self {
        self.making.totals = true;
        self
    }

    /// Leaves out the columns of attribute expressions and attribute dimensions, which stand after all others.
    pub fn without_attributes(mut self) -> Self {
        self.making.order.attributes = false;
        self
    }

    /// Gives a column this type in record batches and files, instead of [the one that is sure](ColumnType::of).
    ///
    /// A title that no column has is an error when reading begins.
    pub fn column_type(mut self, title: impl Into<String>, kind: ColumnType) -> Self {
        self.types.chosen.insert(title.into(), kind);
        self
    }

    /// Puts the text beside each column of numbers in record batches and files, as a column of its own: `Sales` and
    /// `Sales (text)`.
    pub fn text_beside(mut self) -> Self {
        self.types.text_beside = true;
        self
    }

    /// Has a function told how far the reading is, after each page.
    ///
    /// It is called on whatever thread is at work, and should be quick.
    pub fn progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.making.watcher = Some(Arc::new(watcher));
        self
    }

    /// The rows, each read into a `T`: a tuple with a type for each column, a `Vec`, or a [`Row`](super::Row).
    pub fn rows<T: FromRow + Send + 'static>(self) -> Rows<T> {
        Rows::new(self.batches())
    }

    /// The rows as records, by the titles of the columns: anything that serde reads. See
    /// [`Cube::records`](super::Cube::records).
    pub fn records<T: DeserializeOwned + Send + 'static>(self) -> Records<T> {
        Records::new(self.batches())
    }

    /// The columns as far as they are known before reading.
    #[cfg(any(feature = "arrow", feature = "csv"))]
    pub(super) fn columns(&self) -> Vec<Column> {
        let attributes = self.making.order.attributes;
        let all = self.columns.iter().filter(|column| attributes || !matches!(column.kind(), ColumnKind::Attribute(_)));
        all.cloned().collect()
    }

    /// The types, which are those of the columns as they were opened.
    #[cfg(any(feature = "arrow", feature = "csv"))]
    pub(super) fn settled(&self) -> Types {
        Types { opened: self.columns(), ..self.types.clone() }
    }

    /// Batches with what the types need.
    #[cfg(any(feature = "arrow", feature = "csv"))]
    pub(super) fn typed(mut self, batch_rows: usize) -> Batches {
        self.types = self.settled();
        self.making.wants = self.types.wants();
        self.making.batch_rows.get_or_insert(batch_rows);
        self.batches()
    }

    /// The rows in batches, kept by columns: the fastest way to many values without Arrow.
    pub fn batches(self) -> Batches {
        stream::batches(self.source, self.fresh, self.making)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("order", &self.making.order).finish_non_exhaustive()
    }
}
