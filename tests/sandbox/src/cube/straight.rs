//! A hypercube: rows calculated, suppressed and sorted.

use std::cmp::Ordering;

use super::View;
use super::datum::Datum;
use super::def::{AttributeDef, CubeDef, DimensionDef, MeasureDef, Mode, SortCriteria};
use super::eval::{Group, evaluate};
use super::expr::{Expr, Fault};
use super::grid::{Expansion, Grid};
use super::parse::parse_field;
use super::sort::{numbers, ranks, texts, turn};
use crate::model::{NULL, States};

/// Codes of the engine's errors that a layout can carry.
pub(crate) mod code {
    pub(crate) const NOT_FOUND: i64 = 2;
    pub(crate) const INVALID: i64 = 8;
    pub(crate) const NOT_IMPLEMENTED: i64 = 20;
    pub(crate) const NOT_IN_LIBRARY: i64 = 7001;
    pub(crate) const CONDITION: i64 = 7005;
    pub(crate) const PAGES_TOO_LARGE: i64 = 7009;
}

/// Why a part of a cube, or all of it, has no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) code: i64,
    pub(crate) context: String,
}

impl Invalid {
    pub(super) fn not_here(what: &str) -> Self {
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

/// What an attribute expression goes with: a dimension or a measure, by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Dimension(usize),
    Measure(usize),
}

/// A calculated cube.
#[derive(Debug)]
pub(crate) struct Cube {
    pub(crate) dimensions: Vec<Result<usize, Invalid>>,
    pub(crate) states: Vec<States>,
    pub(crate) measures: Vec<Result<Expr, Invalid>>,
    /// Attribute expressions, whose values come after those of the measures.
    pub(crate) attributes: Vec<(Owner, AttributeDef)>,
    formulas: Vec<Result<Expr, Invalid>>,
    pub(crate) rows: Vec<Group>,
    pub(crate) totals: Vec<Datum>,
    /// The columns in the order in which they sort; -1 stands for the measures side by side.
    pub(crate) order: Vec<i64>,
    pub(crate) mode: Mode,
    /// The rows and columns of a cube that is not straight.
    pub(crate) grid: Grid,
    pub(crate) error: Option<Invalid>,
}

impl Cube {
    /// Calculates a definition in which nothing refers to the library any more.
    pub(crate) fn calculate(view: &View<'_>, def: &CubeDef, expansion: &Expansion) -> Self {
        let in_library = |id: &String| match id.is_empty() {
            true => Ok(()),
            false => Err(Invalid { code: code::NOT_IN_LIBRARY, context: id.clone() }),
        };
        let mode = def.mode().unwrap_or(Mode::Straight);
        let dimension = |dimension: &DimensionDef| {
            in_library(&dimension.q_library_id)?;
            let other = |mode: &str, off: &str| !mode.is_empty() && mode != off;
            let special = &dimension.q_other_total_spec;
            let total = mode == Mode::Straight && other(&special.q_total_mode, "TOTAL_OFF");
            if total || other(&special.q_other_mode, "OTHER_OFF") {
                return Err(Invalid::not_here("qOtherTotalSpec"));
            }
            Ok(parse_field(view.model, dimension.q_def.active())?)
        };
        let measure = |measure: &MeasureDef| {
            in_library(&measure.q_library_id)?;
            Ok(view.parse(&measure.q_def.q_def)?)
        };
        let dimensions: Vec<Result<usize, Invalid>> = def.q_dimensions.iter().map(dimension).collect();
        let measures: Vec<Result<Expr, Invalid>> = def.q_measures.iter().map(measure).collect();
        let of_dimensions = def.q_dimensions.iter().map(|of| &of.q_attribute_expressions).enumerate();
        let of_measures = def.q_measures.iter().map(|of| &of.q_attribute_expressions).enumerate();
        let attributes: Vec<(Owner, AttributeDef)> = of_dimensions
            .map(|(place, list)| (Owner::Dimension(place), list))
            .chain(of_measures.map(|(place, list)| (Owner::Measure(place), list)))
            .flat_map(|(owner, list)| list.iter().map(move |attribute| (owner, attribute.clone())))
            .collect();
        let formulas = measures.iter().cloned().chain(attributes.iter().map(|(_, attribute)| {
            in_library(&attribute.q_library_id)?;
            Ok(view.parse(&attribute.q_expression)?)
        }));
        let mut cube = Self {
            states: dimensions.iter().flatten().map(|field| view.selections.states(view.model, *field)).collect(),
            formulas: formulas.collect(),
            rows: Vec::new(),
            totals: vec![Datum::Null; measures.len()],
            order: effective_order(def, mode),
            error: dimensions.iter().find_map(|dimension| dimension.clone().err()),
            mode,
            grid: Grid::default(),
            attributes,
            dimensions,
            measures,
        };
        if let Some(option) = def.foreign() {
            cube.error = Some(Invalid::not_here(option));
        } else if def.mode().is_none() {
            cube.error = Some(Invalid::not_here(&format!("mode {}", def.q_mode.as_deref().unwrap_or_default())));
        } else if let Some(error) = unfulfilled(view, def) {
            cube.error = Some(error);
        }
        if cube.error.is_none() && cube.dimensions.len() + cube.measures.len() > 0 {
            cube.fill(view, def, expansion);
        }
        cube
    }

    fn fill(&mut self, view: &View<'_>, def: &CubeDef, expansion: &Expansion) {
        let fields: Vec<usize> = self.dimensions.iter().flatten().copied().collect();
        let (Some(mut rows), Some(totals)) = (self.groups(view, &fields), self.groups(view, &[])) else {
            self.error = Some(Invalid::not_here("a cube over tables that nothing links"));
            return;
        };
        let suppress_null: Vec<bool> = def.q_dimensions.iter().map(|dimension| dimension.q_null_suppression).collect();
        rows.retain(|row| !row.key.iter().zip(&suppress_null).any(|(element, off)| *off && *element == NULL));
        let measures = self.measures.len();
        if def.q_suppress_zero && measures > 0 {
            rows.retain(|row| row.values[..measures].iter().any(|value| value.number() != Some(0.0)));
        }
        if def.q_suppress_missing && measures > 0 {
            rows.retain(|row| row.values[..measures].iter().any(|value| !value.is_null()));
        }
        self.totals = totals.into_iter().next().map_or_else(Vec::new, |group| group.values);
        self.totals.truncate(measures);
        let ranks: Vec<Vec<usize>> = (fields.iter().zip(&def.q_dimensions))
            .map(|(field, by)| ranks(view, *field, &by.q_def.sorting(), by.q_def.q_reverse_sort))
            .collect();
        self.sort(def, &ranks, &mut rows);
        self.rows = rows;
        if self.mode != Mode::Straight {
            self.grid = Grid::build(view, def, self, &ranks, expansion);
        }
    }

    /// The values of all expressions by the values of some fields.
    pub(super) fn groups(&self, view: &View<'_>, fields: &[usize]) -> Option<Vec<Group>> {
        let known: Vec<Expr> = self.formulas.iter().flatten().cloned().collect();
        let groups = evaluate(view.model, view.alive, fields, &known)?;
        Some(groups.into_iter().map(|group| self.with_gaps(group)).collect())
    }

    /// Puts a null where there is no expression.
    fn with_gaps(&self, group: Group) -> Group {
        let mut values = group.values.into_iter();
        let value = |formula: &Result<Expr, Invalid>| match formula {
            Ok(_) => values.next().unwrap_or(Datum::Null),
            Err(_) => Datum::Null,
        };
        Group { values: self.formulas.iter().map(value).collect(), key: group.key }
    }

    /// The places among a row's values of what goes with a column.
    pub(super) fn attributes_of(&self, owner: Owner) -> impl Iterator<Item = (usize, &AttributeDef)> {
        let first = self.measures.len();
        let all = self.attributes.iter().enumerate();
        all.filter(move |(_, (of, _))| *of == owner).map(move |(place, (_, def))| (first + place, def))
    }

    /// Why an attribute expression has no values.
    pub(super) fn fault(&self, place: usize) -> Option<&Invalid> {
        self.formulas.get(place)?.as_ref().err()
    }

    fn sort(&self, def: &CubeDef, ranks: &[Vec<usize>], rows: &mut [Group]) {
        let rank = |column: usize, row: &Group| -> usize {
            let element = row.key.get(column).copied().unwrap_or(NULL);
            // Null sorts last.
            ranks[column].get(element as usize).copied().unwrap_or(usize::MAX)
        };
        rows.sort_by(|a, b| {
            let mut order = Ordering::Equal;
            for column in self.order.iter().filter_map(|column| usize::try_from(*column).ok()) {
                order = order.then_with(|| match column.checked_sub(ranks.len()) {
                    None => rank(column, a).cmp(&rank(column, b)),
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

/// What a calculation condition that does not hold makes of a cube.
fn unfulfilled(view: &View<'_>, def: &CubeDef) -> Option<Invalid> {
    for condition in [def.q_calc_condition.q_cond.text(), def.q_calc_cond.text()] {
        if !condition.trim().is_empty() {
            match view.value(condition) {
                Ok(value) if value.is_true() => {}
                Ok(_) => return Some(Invalid { code: code::CONDITION, context: String::new() }),
                Err(fault) => return Some(fault.into()),
            }
        }
    }
    None
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

/// The sort order asked for, and after it the columns that it leaves out. Measures sort the rows of a straight cube
/// only; elsewhere they may stand side by side, as a dimension of their own.
fn effective_order(def: &CubeDef, mode: Mode) -> Vec<i64> {
    let (dimensions, measures) = (def.q_dimensions.len(), def.q_measures.len());
    let (least, columns) = match mode {
        Mode::Straight => (0, dimensions + measures),
        _ => (if measures > 1 { -1 } else { 0 }, dimensions),
    };
    let columns = i64::try_from(columns).unwrap_or(i64::MAX);
    let mut order = Vec::new();
    let asked = def.q_inter_column_sort_order.iter().copied().filter(|column| (least..columns).contains(column));
    for column in asked.chain(0..columns).chain((least < 0).then_some(-1)) {
        if !order.contains(&column) {
            order.push(column);
        }
    }
    order
}
