//! The columns of a hypercube as a caller wants them: dimensions, measures, and how they are sorted.

use serde_json::Value;

use super::column::NumberFormat;
use crate::json::object;

/// Where a column's definition stands.
#[derive(Debug, Clone)]
pub(super) enum Definition {
    /// A field or an expression.
    Here(String),
    /// A master item, by its id.
    Id(String),
    /// A master item, by its title.
    Title(String),
}

/// A dimension of a hypercube: a field, or an expression over fields, whose values the rows are grouped by.
#[derive(Debug, Clone)]
pub struct Dimension {
    pub(super) definition: Definition,
    label: Option<String>,
    sort: Sort,
    null_suppression: bool,
    total: bool,
    limit: Option<(u32, bool)>,
    format: Option<NumberFormat>,
    condition: Option<String>,
    attributes: Vec<String>,
    attribute_dimensions: Vec<String>,
}

impl Dimension {
    /// The name of a field, or an expression that starts with `=`.
    pub fn new(field: impl Into<String>) -> Self {
        Self::defined(Definition::Here(field.into()))
    }

    /// A master dimension of the app, by its id.
    pub fn library(id: impl Into<String>) -> Self {
        Self::defined(Definition::Id(id.into()))
    }

    /// A master dimension of the app, by its title.
    pub fn titled(title: impl Into<String>) -> Self {
        Self::defined(Definition::Title(title.into()))
    }

    fn defined(definition: Definition) -> Self {
        Dimension {
            definition,
            label: None,
            sort: Sort::default(),
            null_suppression: false,
            total: false,
            limit: None,
            format: None,
            condition: None,
            attributes: Vec::new(),
            attribute_dimensions: Vec::new(),
        }
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

    /// Adds a row with the total over all values of the dimension.
    pub fn total(mut self) -> Self {
        self.total = true;
        self
    }

    /// Shows the so many first values by the first measure, and the others as one row.
    pub fn top(mut self, values: u32) -> Self {
        self.limit = Some((values, false));
        self
    }

    /// Shows the so many first values by the first measure, and leaves out the others.
    pub fn top_only(mut self, values: u32) -> Self {
        self.limit = Some((values, true));
        self
    }

    /// How its numbers are written.
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Shows the column only if this expression is true; else reading is an error that says so.
    pub fn condition(mut self, expression: impl Into<String>) -> Self {
        self.condition = Some(expression.into());
        self
    }

    /// Has an expression calculated for each of its values: a column of its own, after all others.
    pub fn attribute(mut self, expression: impl Into<String>) -> Self {
        self.attributes.push(expression.into());
        self
    }

    /// Adds a field that tells more of each of its values: a column of its own, after all others.
    pub fn attribute_dimension(mut self, field: impl Into<String>) -> Self {
        self.attribute_dimensions.push(field.into());
        self
    }

    pub(super) fn properties(&self) -> Value {
        let mut def = object! {
            "qFieldLabels": [self.label.as_deref().unwrap_or_default()],
            "qSortCriterias": [self.sort.criteria()],
        };
        if let Definition::Here(field) = &self.definition {
            def["qFieldDefs"] = [field.as_str()].into();
        }
        if let Some(format) = &self.format {
            def["qNumberPresentations"] = [format.to_json()].into();
        }
        let mut dimension = object! { "qDef": def, "qNullSuppression": self.null_suppression };
        if let Definition::Id(id) | Definition::Title(id) = &self.definition {
            dimension["qLibraryId"] = id.as_str().into();
        }
        if self.total || self.limit.is_some() {
            let mut spec = object! {};
            if self.total {
                spec["qTotalMode"] = "TOTAL_EXPR".into();
            }
            if let Some((values, only)) = self.limit {
                spec["qOtherMode"] = "OTHER_COUNTED".into();
                spec["qOtherCounted"] = object! { "qv": values.to_string() };
                spec["qOtherSortMode"] = "OTHER_SORT_DESCENDING".into();
                spec["qSuppressOther"] = only.into();
            }
            dimension["qOtherTotalSpec"] = spec;
        }
        if let Some(condition) = &self.condition {
            dimension["qCalcCondition"] = object! { "qCond": object! { "qv": condition.as_str() } };
        }
        if !self.attributes.is_empty() {
            dimension["qAttributeExpressions"] = attributes(&self.attributes);
        }
        if !self.attribute_dimensions.is_empty() {
            let dimensions = self.attribute_dimensions.iter().map(|field| object! { "qDef": field.as_str() });
            dimension["qAttributeDimensions"] = dimensions.collect();
        }
        dimension
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
    pub(super) definition: Definition,
    label: Option<String>,
    sort: Sort,
    format: Option<NumberFormat>,
    condition: Option<String>,
    attributes: Vec<String>,
}

impl Measure {
    /// An expression with an aggregation, as `Sum(Sales)`.
    pub fn new(expression: impl Into<String>) -> Self {
        Self::defined(Definition::Here(expression.into()))
    }

    /// A master measure of the app, by its id.
    pub fn library(id: impl Into<String>) -> Self {
        Self::defined(Definition::Id(id.into()))
    }

    /// A master measure of the app, by its title.
    pub fn titled(title: impl Into<String>) -> Self {
        Self::defined(Definition::Title(title.into()))
    }

    fn defined(definition: Definition) -> Self {
        let (sort, attributes) = (Sort::default(), Vec::new());
        Measure { definition, label: None, sort, format: None, condition: None, attributes }
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

    /// How its numbers are written.
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Shows the column only if this expression is true; else reading is an error that says so.
    pub fn condition(mut self, expression: impl Into<String>) -> Self {
        self.condition = Some(expression.into());
        self
    }

    /// Has a further expression calculated beside each of its values: a column of its own, after all others.
    pub fn attribute(mut self, expression: impl Into<String>) -> Self {
        self.attributes.push(expression.into());
        self
    }

    pub(super) fn properties(&self) -> Value {
        let mut def = object! { "qLabel": self.label.as_deref().unwrap_or_default() };
        if let Definition::Here(expression) = &self.definition {
            def["qDef"] = expression.as_str().into();
        }
        if let Some(format) = &self.format {
            def["qNumFormat"] = format.to_json();
        }
        let mut measure = object! { "qDef": def, "qSortBy": self.sort.criteria() };
        if let Definition::Id(id) | Definition::Title(id) = &self.definition {
            measure["qLibraryId"] = id.as_str().into();
        }
        if let Some(condition) = &self.condition {
            measure["qCalcCondition"] = object! { "qCond": object! { "qv": condition.as_str() } };
        }
        if !self.attributes.is_empty() {
            measure["qAttributeExpressions"] = attributes(&self.attributes);
        }
        measure
    }
}

fn attributes(expressions: &[String]) -> Value {
    expressions.iter().map(|expression| object! { "qExpression": expression.as_str() }).collect()
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
            Sort::Auto => object! { "qSortByNumeric": 1, "qSortByAscii": 1 },
            Sort::NumericAscending => object! { "qSortByNumeric": 1 },
            Sort::NumericDescending => object! { "qSortByNumeric": -1 },
            Sort::TextAscending => object! { "qSortByAscii": 1 },
            Sort::TextDescending => object! { "qSortByAscii": -1 },
            Sort::LoadOrder => object! { "qSortByLoadOrder": 1 },
        }
    }
}
