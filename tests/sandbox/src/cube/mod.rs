//! Hypercubes and list objects: from a definition and the selections to cells.

mod datum;
mod def;
mod eval;
mod expr;
mod format;
mod layout;
mod list;
mod sort;
mod straight;

#[cfg(test)]
mod tests;

use crate::model::{Model, Selections};

pub(crate) use datum::{Datum, number_json};
pub(crate) use def::{CubeDef, ListDef, Page};
pub(crate) use expr::{Fault, parse};
pub(crate) use layout::{cube_layout, cube_pages, number_format, state_counts};
pub(crate) use list::{List, list_layout, list_pages};
pub(crate) use straight::Cube;

/// What cells are calculated from: the data, the selections, and the rows that these leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    pub(crate) selections: &'a Selections,
    pub(crate) alive: &'a [Vec<bool>],
}

impl View<'_> {
    /// The value of an expression without dimensions.
    pub(crate) fn value(&self, text: &str) -> Result<Datum, Fault> {
        let expression = parse(self.model, text)?;
        let groups = eval::evaluate(self.model, self.alive, &[], &[expression]);
        let groups = groups.ok_or_else(|| Fault::Unsupported("tables that nothing links".to_owned()))?;
        let value = groups.into_iter().next().and_then(|group| group.values.into_iter().next());
        Ok(value.unwrap_or(Datum::Null))
    }
}
