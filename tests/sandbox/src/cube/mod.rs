//! Hypercubes and list objects: from a definition and the selections to cells.

mod datum;
mod def;
mod eval;
mod expr;
mod format;
mod grid;
mod layout;
mod list;
mod parse;
mod pivot;
mod sort;
mod stack;
mod straight;

#[cfg(test)]
mod brute_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::{Model, Selections};
use expr::Expr;

pub(crate) use datum::{Datum, number_json};
pub(crate) use def::{CubeDef, InlineDimension, ListDef, Mode, NumberFormat, Page};
pub(crate) use expr::Fault;
pub(crate) use grid::Expansion;
pub(crate) use layout::{cube_layout, cube_pages, state_counts};
pub(crate) use list::{List, like, list_layout, list_pages};
pub(crate) use pivot::{paths, pivot_pages};
pub(crate) use stack::{TreeOptions, stack_pages, tree_nodes};
pub(crate) use straight::{Cube, Invalid};

/// How often one variable may lead to another.
const EXPANSIONS: usize = 16;

/// What cells are calculated from: the data, the selections, the rows that these leave, and the variables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    pub(crate) selections: &'a Selections,
    pub(crate) alive: &'a [Vec<bool>],
    /// Definitions by name.
    pub(crate) variables: &'a BTreeMap<String, String>,
}

impl View<'_> {
    /// Reads an expression, with its variables put in.
    pub(crate) fn parse(&self, text: &str) -> Result<Expr, Fault> {
        match text.contains("$(") {
            true => parse::parse(self.model, &self.expand(text, EXPANSIONS)?),
            false => parse::parse(self.model, text),
        }
    }

    /// Puts variables in for each `$(name)`; one that there is none of leaves nothing.
    pub(crate) fn expand(&self, text: &str, deep: usize) -> Result<String, Fault> {
        let Some((before, rest)) = text.split_once("$(") else { return Ok(text.to_owned()) };
        let (name, after) = rest.split_once(')').ok_or_else(|| Fault::Syntax("')' expected".to_owned()))?;
        if name.contains(['=', '(', '$', ',']) {
            return Err(Fault::Unsupported("$-expansion of an expression".to_owned()));
        }
        if deep == 0 {
            return Err(Fault::Unsupported("variables that go round".to_owned()));
        }
        let definition = self.variables.get(name.trim()).map_or("", String::as_str);
        let value = match definition.trim_start().strip_prefix('=') {
            Some(expression) => self.at_once(&self.expand(expression, deep - 1)?)?.text(),
            None => self.expand(definition, deep - 1)?,
        };
        Ok(format!("{before}{value}{}", self.expand(after, deep)?))
    }

    /// The value of an expression without dimensions.
    pub(crate) fn value(&self, text: &str) -> Result<Datum, Fault> {
        self.at_once(&self.expand(text, EXPANSIONS)?)
    }

    fn at_once(&self, text: &str) -> Result<Datum, Fault> {
        let expression = parse::parse(self.model, text)?;
        let groups = eval::evaluate(self.model, self.alive, &[], &[expression]);
        let groups = groups.ok_or_else(|| Fault::Unsupported("tables that nothing links".to_owned()))?;
        let value = groups.into_iter().next().and_then(|group| group.values.into_iter().next());
        Ok(value.unwrap_or(Datum::Null))
    }
}
