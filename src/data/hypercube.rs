//! What a hypercube shall show.

use serde_json::{Value, json};

use super::cube::Cube;
use crate::Result;
use crate::engine::{Doc, Handle, Proxy};

/// The engine gives at most this many cells in one answer.
pub(super) const MAX_CELLS: usize = 10_000;

/// Says what a hypercube shall show, column by column; [`open`](Self::open) makes it. Begins with
/// [`Doc::hypercube`].
///
/// Dimensions come first and measures after them, each in the order in which they are added; so do a row's values.
#[derive(Debug, Clone)]
#[must_use = "a hypercube is made by open()"]
pub struct HypercubeBuilder {
    app: Handle,
    dimensions: Vec<Dimension>,
    measures: Vec<Measure>,
    sort_columns: Vec<usize>,
    suppress_zero: bool,
    suppress_missing: bool,
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
            dimensions: Vec::new(),
            measures: Vec::new(),
            sort_columns: Vec::new(),
            suppress_zero: false,
            suppress_missing: false,
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

    /// How many rows come with the layout, which saves a call for small cubes; as many as the engine allows unless
    /// set.
    pub fn initial_rows(mut self, rows: usize) -> Self {
        self.initial_rows = Some(rows);
        self
    }

    /// Makes the hypercube, as an object of the session, and has it calculated.
    ///
    /// An expression that the engine does not understand is an error here, with the column that it stands in.
    pub async fn open(self) -> Result<Cube> {
        let columns = self.dimensions.len() + self.measures.len();
        if columns == 0 {
            return Err(crate::Error::config("the hypercube has no columns: add a dimension or a measure"));
        }
        if let Some(column) = self.sort_columns.iter().find(|column| **column >= columns) {
            return Err(crate::Error::config(format!(
                "the hypercube is to be sorted by column {column}, and its {columns} columns are counted from 0"
            )));
        }
        Cube::create(self.app.clone(), self.properties(columns)).await
    }

    /// The object's properties as the engine wants them.
    fn properties(&self, columns: usize) -> Value {
        let mut order = self.sort_columns.clone();
        order.extend((0..columns).filter(|column| !self.sort_columns.contains(column)));
        let rows = self.initial_rows.unwrap_or(usize::MAX).min(MAX_CELLS / columns);
        json!({
            "qInfo": { "qType": "hypercube" },
            "qHyperCubeDef": {
                "qMode": "S",
                "qDimensions": self.dimensions.iter().map(Dimension::properties).collect::<Vec<_>>(),
                "qMeasures": self.measures.iter().map(Measure::properties).collect::<Vec<_>>(),
                "qInterColumnSortOrder": order,
                "qSuppressZero": self.suppress_zero,
                "qSuppressMissing": self.suppress_missing,
                "qInitialDataFetch": [{ "qLeft": 0, "qTop": 0, "qWidth": columns, "qHeight": rows }],
            },
        })
    }
}

/// A dimension of a hypercube: a field, or an expression over fields, whose values the rows are grouped by.
#[derive(Debug, Clone)]
pub struct Dimension {
    field: String,
    label: Option<String>,
    sort: Sort,
    null_suppression: bool,
}

impl Dimension {
    /// The name of a field, or an expression that starts with `=`.
    pub fn new(field: impl Into<String>) -> Self {
        Dimension { field: field.into(), label: None, sort: Sort::default(), null_suppression: false }
    }

    /// The column's title; else the engine takes the field's name or the expression.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// How the column is sorted.
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    /// Leaves out rows in which the dimension is null.
    pub fn suppress_null(mut self) -> Self {
        self.null_suppression = true;
        self
    }

    fn properties(&self) -> Value {
        json!({
            "qDef": {
                "qFieldDefs": [self.field],
                "qFieldLabels": [self.label.as_deref().unwrap_or_default()],
                "qSortCriterias": [self.sort.criteria()],
            },
            "qNullSuppression": self.null_suppression,
        })
    }
}

impl<T: Into<String>> From<T> for Dimension {
    fn from(field: T) -> Self {
        Dimension::new(field)
    }
}

/// A measure of a hypercube: an expression that is calculated for each row.
#[derive(Debug, Clone)]
pub struct Measure {
    expression: String,
    label: Option<String>,
    sort: Sort,
}

impl Measure {
    /// An expression with an aggregation, as `Sum(Sales)`.
    pub fn new(expression: impl Into<String>) -> Self {
        Measure { expression: expression.into(), label: None, sort: Sort::default() }
    }

    /// The column's title; else the engine takes the expression.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// How the column is sorted.
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = sort;
        self
    }

    fn properties(&self) -> Value {
        json!({
            "qDef": { "qDef": self.expression, "qLabel": self.label.as_deref().unwrap_or_default() },
            "qSortBy": self.sort.criteria(),
        })
    }
}

impl<T: Into<String>> From<T> for Measure {
    fn from(expression: T) -> Self {
        Measure::new(expression)
    }
}

/// How a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Sort {
    /// As the engine would: numbers first by size, then texts by the alphabet.
    #[default]
    Auto,
    /// By number, the smallest first.
    NumericAscending,
    /// By number, the largest first.
    NumericDescending,
    /// By the alphabet.
    TextAscending,
    /// By the alphabet, backwards.
    TextDescending,
    /// In the order in which the values were loaded.
    LoadOrder,
}

impl Sort {
    fn criteria(self) -> Value {
        match self {
            Sort::Auto => json!({ "qSortByNumeric": 1, "qSortByAscii": 1 }),
            Sort::NumericAscending => json!({ "qSortByNumeric": 1 }),
            Sort::NumericDescending => json!({ "qSortByNumeric": -1 }),
            Sort::TextAscending => json!({ "qSortByAscii": 1 }),
            Sort::TextDescending => json!({ "qSortByAscii": -1 }),
            Sort::LoadOrder => json!({ "qSortByLoadOrder": 1 }),
        }
    }
}
