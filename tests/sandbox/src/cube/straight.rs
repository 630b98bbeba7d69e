//! A hypercube in straight mode: rows calculated, suppressed and sorted.

use std::cmp::Ordering;

use super::View;
use super::datum::Datum;
use super::def::{CubeDef, SortCriteria};
use super::eval::{Group, evaluate};
use super::expr::{Expr, Fault, parse, parse_field};
use super::sort::{numbers, ranks, texts, turn};
use crate::model::{NULL, States};

/// Codes of the engine's errors that a layout can carry.
pub(crate) mod code {
    pub(crate) const NOT_FOUND: i64 = 2;
    pub(crate) const INVALID: i64 = 8;
    pub(crate) const NOT_IMPLEMENTED: i64 = 20;
    pub(crate) const NOT_IN_LIBRARY: i64 = 7001;
    pub(crate) const PAGES_TOO_LARGE: i64 = 7009;
}

/// Why a part of a cube, or all of it, has no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) code: i64,
    pub(crate) context: String,
}

impl Invalid {
    fn not_here(what: &str) -> Self {
        Self { code: code::NOT_IMPLEMENTED, context: format!("Not in the sandbox: {what}") }
    }
}

impl From<Fault> for Invalid {
    fn from(fault: Fault) -> Self {
        let code = match fault {
            Fault::Syntax(_) => code::INVALID,
            Fault::Unsupported(_) => code::NOT_IMPLEMENTED,
            Fault::UnknownField { .. } => code::NOT_FOUND,
        };
        Self { code, context: fault.to_string() }
    }
}

/// A calculated cube.
#[derive(Debug)]
pub(crate) struct Cube {
    pub(crate) dimensions: Vec<Result<usize, Invalid>>,
    pub(crate) states: Vec<States>,
    pub(crate) measures: Vec<Result<Expr, Invalid>>,
    pub(crate) rows: Vec<Group>,
    pub(crate) totals: Vec<Datum>,
    /// The columns in the order in which they sort.
    pub(crate) order: Vec<usize>,
    pub(crate) error: Option<Invalid>,
}

impl Cube {
    pub(crate) fn calculate(view: &View<'_>, def: &CubeDef) -> Self {
        let dimensions: Vec<Result<usize, Invalid>> = def
            .q_dimensions
            .iter()
            .map(|dimension| {
                let other = |mode: &str, off: &str| !mode.is_empty() && mode != off;
                if !dimension.q_library_id.is_empty() {
                    return Err(Invalid { code: code::NOT_IN_LIBRARY, context: dimension.q_library_id.clone() });
                }
                if other(&dimension.q_other_total_spec.q_other_mode, "OTHER_OFF")
                    || other(&dimension.q_other_total_spec.q_total_mode, "TOTAL_OFF")
                {
                    return Err(Invalid::not_here("qOtherTotalSpec"));
                }
                if !dimension.q_attribute_expressions.is_empty() || !dimension.q_attribute_dimensions.is_empty() {
                    return Err(Invalid::not_here("attribute expressions"));
                }
                let definition = dimension.q_def.active();
                Ok(parse_field(view.model, definition)?)
            })
            .collect();
        let measures: Vec<Result<Expr, Invalid>> = def
            .q_measures
            .iter()
            .map(|measure| {
                if !measure.q_library_id.is_empty() {
                    return Err(Invalid { code: code::NOT_IN_LIBRARY, context: measure.q_library_id.clone() });
                }
                if !measure.q_attribute_expressions.is_empty() || !measure.q_attribute_dimensions.is_empty() {
                    return Err(Invalid::not_here("attribute expressions"));
                }
                Ok(parse(view.model, &measure.q_def.q_def)?)
            })
            .collect();
        let fields: Vec<usize> = dimensions.iter().flatten().copied().collect();
        let columns = dimensions.len() + measures.len();
        let mut cube = Self {
            states: fields.iter().map(|field| view.selections.states(view.model, *field)).collect(),
            rows: Vec::new(),
            totals: vec![Datum::Null; measures.len()],
            order: effective_order(&def.q_inter_column_sort_order, columns),
            error: dimensions.iter().find_map(|dimension| dimension.clone().err()),
            dimensions,
            measures,
        };
        match def.q_mode.as_deref() {
            None | Some("" | "S" | "DATA_MODE_STRAIGHT") => {}
            Some(mode) => cube.error = Some(Invalid::not_here(&format!("mode {mode}"))),
        }
        if !matches!(def.q_state_name.as_str(), "" | "$") {
            cube.error = Some(Invalid::not_here("alternate states"));
        }
        if cube.error.is_none() && columns > 0 {
            cube.fill(view, def, &fields);
        }
        cube
    }

    fn fill(&mut self, view: &View<'_>, def: &CubeDef, fields: &[usize]) {
        let known: Vec<Expr> = self.measures.iter().flatten().cloned().collect();
        let calculate = |fields: &[usize]| {
            let groups = evaluate(view.model, view.alive, fields, &known)?;
            Some(groups.into_iter().map(|group| self.with_gaps(group)).collect::<Vec<_>>())
        };
        let (Some(mut rows), Some(totals)) = (calculate(fields), calculate(&[])) else {
            self.error = Some(Invalid::not_here("a cube over tables that nothing links"));
            return;
        };
        let suppress_null: Vec<bool> = def.q_dimensions.iter().map(|dimension| dimension.q_null_suppression).collect();
        rows.retain(|row| !row.key.iter().zip(&suppress_null).any(|(element, off)| *off && *element == NULL));
        if def.q_suppress_zero && !self.measures.is_empty() {
            rows.retain(|row| row.values.iter().any(|value| value.number() != Some(0.0)));
        }
        if def.q_suppress_missing && !self.measures.is_empty() {
            rows.retain(|row| row.values.iter().any(|value| !value.is_null()));
        }
        self.totals = totals.into_iter().next().map_or_else(Vec::new, |group| group.values);
        self.sort(view, def, fields, &mut rows);
        self.rows = rows;
    }

    /// Puts a null where a measure has no expression.
    fn with_gaps(&self, group: Group) -> Group {
        let mut values = group.values.into_iter();
        let value = |measure: &Result<Expr, Invalid>| match measure {
            Ok(_) => values.next().unwrap_or(Datum::Null),
            Err(_) => Datum::Null,
        };
        Group { values: self.measures.iter().map(value).collect(), key: group.key }
    }

    fn sort(&self, view: &View<'_>, def: &CubeDef, fields: &[usize], rows: &mut [Group]) {
        let ranks: Vec<Vec<usize>> = fields
            .iter()
            .zip(&def.q_dimensions)
            .map(|(field, dimension)| ranks(view, *field, &dimension.q_def.sorting(), dimension.q_def.q_reverse_sort))
            .collect();
        let rank = |column: usize, row: &Group| -> usize {
            let element = row.key.get(column).copied().unwrap_or(NULL);
            // Null sorts last.
            ranks[column].get(element as usize).copied().unwrap_or(usize::MAX)
        };
        rows.sort_by(|a, b| {
            let mut order = Ordering::Equal;
            for column in &self.order {
                order = order.then_with(|| match column.checked_sub(fields.len()) {
                    None => rank(*column, a).cmp(&rank(*column, b)),
                    Some(measure) => match def.q_measures.get(measure) {
                        Some(by) => {
                            by_measure(&by.q_sort_by, by.q_def.q_reverse_sort, &a.values[measure], &b.values[measure])
                        }
                        None => Ordering::Equal,
                    },
                });
            }
            order
        });
    }
}

fn by_measure(by: &SortCriteria, reverse: bool, a: &Datum, b: &Datum) -> Ordering {
    // A null sorts last whatever the direction.
    if a.is_null() || b.is_null() {
        return a.is_null().cmp(&b.is_null());
    }
    let mut order = Ordering::Equal;
    if by.q_sort_by_numeric != 0 {
        let number = |datum: &Datum| datum.number().unwrap_or(f64::NAN);
        order = turn(numbers(number(a), number(b)), by.q_sort_by_numeric);
    }
    if by.q_sort_by_ascii != 0 {
        order = order.then_with(|| turn(texts(&a.text(), &b.text()), by.q_sort_by_ascii));
    }
    if reverse { order.reverse() } else { order }
}

/// The sort order asked for, and after it the columns that it leaves out.
fn effective_order(asked: &[i64], columns: usize) -> Vec<usize> {
    let mut order = Vec::new();
    let asked = asked.iter().filter_map(|column| usize::try_from(*column).ok());
    for column in asked.filter(|column| *column < columns).chain(0..columns) {
        if !order.contains(&column) {
            order.push(column);
        }
    }
    order
}
