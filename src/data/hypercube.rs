//! What a hypercube shall show.

use serde_json::Value;

use super::cube::Cube;
use super::define::{Dimension, Measure};
use super::layout::Mode;
use super::library;
use super::plan::{MAX_CELLS, Piece};
use crate::Result;
use crate::engine::{Doc, Handle, Proxy};
use crate::json::object;

/// Says what a hypercube shall show, column by column; [`open`](Self::open) makes it. Begins with
/// [`Doc::hypercube`].
///
/// Dimensions come first and measures after them, each in the order in which they are added; so do a row's values.
#[derive(Debug, Clone)]
#[must_use = "a hypercube is made by open()"]
pub struct HypercubeBuilder {
    app: Handle,
    mode: Mode,
    left: Option<usize>,
    dimensions: Vec<Dimension>,
    measures: Vec<Measure>,
    sort_columns: Vec<usize>,
    suppress_zero: bool,
    suppress_missing: bool,
    state: Option<String>,
    condition: Option<(String, String)>,
    initial_rows: Option<usize>,
}

/// Data out of an app.
impl Doc {
    /// Begins a hypercube: a table that the engine calculates from the app's data, to be read as rows.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
    /// let cube = doc.hypercube().dimension("Region").measure("Sum(Sales)").open().await?;
    /// let rows: Vec<(String, Option<f64>)> = cube.rows().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn hypercube(&self) -> HypercubeBuilder {
        HypercubeBuilder::new(self.handle().clone())
    }
}

impl HypercubeBuilder {
    pub(super) fn new(app: Handle) -> Self {
        HypercubeBuilder {
            app,
            mode: Mode::Straight,
            left: None,
            dimensions: Vec::new(),
            measures: Vec::new(),
            sort_columns: Vec::new(),
            suppress_zero: false,
            suppress_missing: false,
            state: None,
            condition: None,
            initial_rows: None,
        }
    }

    /// Adds a dimension: the name of a field, or an expression that starts with `=`; or a [`Dimension`] with more to
    /// say about it.
    pub fn dimension(mut self, dimension: impl Into<Dimension>) -> Self {
        self.dimensions.push(dimension.into());
        self
    }

    /// Adds a measure: an expression with an aggregation, as `Sum(Sales)`; or a [`Measure`] with more to say about it.
    pub fn measure(mut self, measure: impl Into<Measure>) -> Self {
        self.measures.push(measure.into());
        self
    }

    /// How the values are laid out: [`Mode::Straight`] unless told, which is also the fastest to read.
    ///
    /// Pivots, stacks and trees are calculated fully opened.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// How many levels of a pivot stand to the left; the others stand at the top. Several measures are a level, too,
    /// the last one. All dimensions are to the left unless told.
    pub fn left_dimensions(mut self, levels: usize) -> Self {
        self.left = Some(levels);
        self
    }

    /// Which columns the rows are sorted by, the weightiest first; columns are counted from 0, dimensions before
    /// measures. The others follow in their order. How each is sorted is said at the column.
    pub fn sort_columns(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.sort_columns = columns.into_iter().collect();
        self
    }

    /// Leaves out rows whose measures are all zero.
    pub fn suppress_zero(mut self) -> Self {
        self.suppress_zero = true;
        self
    }

    /// Leaves out rows whose measures are all null.
    pub fn suppress_missing(mut self) -> Self {
        self.suppress_missing = true;
        self
    }

    /// Calculates under the selections of an alternate state instead of those of everybody.
    pub fn state(mut self, name: impl Into<String>) -> Self {
        self.state = Some(name.into());
        self
    }

    /// Calculates only if this expression is true, and says so else: [`open`](Self::open) fails with the message.
    pub fn condition(mut self, expression: impl Into<String>, message: impl Into<String>) -> Self {
        self.condition = Some((expression.into(), message.into()));
        self
    }

    /// How many rows come with the layout, which saves a call for small cubes; as many as the engine allows unless
    /// set.
    pub fn initial_rows(mut self, rows: usize) -> Self {
        self.initial_rows = Some(rows);
        self
    }

    /// Makes the hypercube, as an object of the session, and has it calculated.
    ///
    /// An expression that the engine does not understand is an error here, with the column that it stands in.
    pub async fn open(mut self) -> Result<Cube> {
        let columns = self.dimensions.len() + self.measures.len();
        if columns == 0 {
            return Err(crate::Error::config("the hypercube has no columns: add a dimension or a measure"));
        }
        if let Some(column) = self.sort_columns.iter().find(|column| **column >= columns) {
            return Err(crate::Error::config(format!(
                "the hypercube is to be sorted by column {column}, and its {columns} columns are counted from 0"
            )));
        }
        library::resolve(&self.app, &mut self.dimensions, &mut self.measures).await?;
        Cube::create(&self.app, self.properties(columns), "/qHyperCubeDef").await
    }

    /// The object's properties as the engine wants them.
    fn properties(&self, columns: usize) -> Value {
        let mut order: Vec<i64> = self.sort_columns.iter().filter_map(|column| i64::try_from(*column).ok()).collect();
        let sortable = if self.mode == Mode::Straight { columns } else { self.dimensions.len() } as i64;
        order.retain(|column| *column < sortable);
        order.extend((0..sortable).filter(|column| !order.contains(column)).collect::<Vec<_>>());
        let mut cube = object! {
            "qMode": match self.mode {
                Mode::Straight => "S",
                Mode::Pivot => "P",
                Mode::Stacked => "K",
                Mode::Tree => "T",
            },
            "qDimensions": self.dimensions.iter().map(Dimension::properties).collect::<Vec<_>>(),
            "qMeasures": self.measures.iter().map(Measure::properties).collect::<Vec<_>>(),
            "qSuppressZero": self.suppress_zero,
            "qSuppressMissing": self.suppress_missing,
        };
        if self.mode == Mode::Straight {
            let rows = self.initial_rows.unwrap_or(usize::MAX).min(MAX_CELLS / columns);
            let first = Piece { top: 0, height: rows as u64, left: 0, width: columns as u64 };
            cube["qInitialDataFetch"] = first.to_json();
        } else {
            if self.measures.len() > 1 {
                // the measures side by side, below all dimensions
                order.push(-1);
            }
            cube["qAlwaysFullyExpanded"] = true.into();
            cube["qNoOfLeftDims"] = Value::from(self.left.map_or(-1, |left| i64::try_from(left).unwrap_or(i64::MAX)));
        }
        cube["qInterColumnSortOrder"] = order.into();
        if let Some(state) = &self.state {
            cube["qStateName"] = state.as_str().into();
        }
        if let Some((expression, message)) = &self.condition {
            cube["qCalcCondition"] =
                object! { "qCond": object! { "qv": expression.as_str() }, "qMsg": object! { "qv": message.as_str() } };
        }
        object! { "qInfo": object! { "qType": "hypercube" }, "qHyperCubeDef": cube }
    }
}
