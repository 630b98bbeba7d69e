//! A pivot as it is: the nodes at its left and its top, and the values where they meet.

use std::sync::Arc;

use futures::future::Either;
use tokio::sync::mpsc;

use super::cell::{Cell, CellKind, CellState};
use super::cube::Cube;
use super::decode::nodes::{self, Node, NodeKind};
use super::decode::scan::Misread;
use super::fetch::{self, Fetched};
use super::layout::Mode;
use super::plan::Piece;
use super::reader::Reader;
use super::wrong;
use crate::error::{Error, Result};

/// A pivot with its headers; made by [`Cube::pivot`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Pivot {
    /// The nodes at the left; their leaves are the rows.
    pub left: Vec<PivotNode>,
    /// The nodes at the top; their leaves are the columns.
    pub top: Vec<PivotNode>,
    /// The values, row by row.
    pub cells: Vec<Vec<Cell>>,
}

/// A header of a pivot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PivotNode {
    /// What it says; of totals, their label.
    pub text: String,
    /// Its number, where it has one.
    pub num: Option<f64>,
    /// The number of the value in its field; of a measure, its place.
    pub elem_number: i32,
    /// What it stands for.
    pub kind: CellKind,
    /// Whether it is the title of a measure instead of a dimension's value.
    pub is_measure: bool,
    /// Whether there is more below it that is not shown.
    pub can_expand: bool,
    /// The nodes below it.
    pub children: Vec<PivotNode>,
}

impl PivotNode {
    fn new(node: &Node<'_>) -> Self {
        let cell = node.cell();
        PivotNode {
            text: cell.text.unescaped().into_owned(),
            num: Some(cell.num).filter(|number| !number.is_nan()),
            elem_number: cell.elem,
            kind: cell.kind,
            is_measure: node.kind == NodeKind::Measure,
            can_expand: node.can_expand,
            children: node.children.iter().map(PivotNode::new).collect(),
        }
    }

    /// How many rows or columns it takes.
    pub fn leaves(&self) -> usize {
        if self.children.is_empty() { 1 } else { self.children.iter().map(PivotNode::leaves).sum() }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.elem_number, self.kind, self.is_measure) == (other.elem_number, other.kind, other.is_measure)
    }
}

impl Cube {
    /// A pivot as it is, with its headers, all in memory; an error where the mode is another.
    ///
    /// As rows, with a column for each dimension, it is read like any other table: [`rows`](Self::rows).
    pub async fn pivot(&self) -> Result<Pivot> {
        self.read().pivot().await
    }
}

impl Pivot {
    /// Adds the page that was asked for as this piece.
    pub(super) fn add(&mut self, piece: Piece, text: &str) -> Result<(), Misread> {
        let page = nodes::pivot(text)?;
        if piece.left == 0 {
            join(&mut self.left, &page.left);
        }
        if piece.top == 0 {
            join(&mut self.top, &page.top);
        }
        let top = usize::try_from(piece.top).unwrap_or(usize::MAX);
        for (row, cells) in page.data.iter().enumerate() {
            if self.cells.len() <= top + row {
                self.cells.resize(top + row + 1, Vec::new());
            }
            self.cells[top + row].extend(cells.iter().map(value));
        }
        Ok(())
    }
}

impl Reader {
    /// A pivot as it is, with its headers; see [`Cube::pivot`]. Rows to begin at and limits do not count.
    pub async fn pivot(self) -> Result<Pivot> {
        let (to, mut from) = mpsc::channel(2);
        let fetch = fetch::fetch(Arc::clone(&self.source), self.making.order.clone(), self.fresh, to);
        let gather = async {
            let mut pivot = Pivot::default();
            while let Some(fetched) = from.recv().await {
                match fetched? {
                    Fetched::Begin { shape, .. } if shape.mode != Mode::Pivot => {
                        let what = "the table is no pivot: read its rows, or have it made with Mode::Pivot";
                        return Err(Error::config(what));
                    }
                    Fetched::Begin { .. } => pivot = Pivot::default(),
                    Fetched::First { .. } => {}
                    Fetched::Page { piece, reply } => {
                        let text = reply.result();
                        pivot.add(piece, text).map_err(|error| wrong::misread(text, error))?;
                    }
                }
            }
            Ok(pivot)
        };
        // what is fetched after a failure is of no use
        let fetch = std::pin::pin!(fetch);
        match futures::future::select(std::pin::pin!(gather), fetch).await {
            Either::Left((pivot, _)) => pivot,
            Either::Right(((), gather)) => gather.await,
        }
    }
}

fn value(node: &Node<'_>) -> Cell {
    let cell = node.value();
    Cell {
        text: cell.text.unescaped().into_owned(),
        num: Some(cell.num).filter(|number| !number.is_nan()),
        elem_number: cell.elem,
        state: CellState::default(),
        is_null: cell.kind == CellKind::Null,
        kind: cell.kind,
    }
}

/// Adds the nodes of the next page; the first of them may go on where the last one before ended.
fn join(all: &mut Vec<PivotNode>, page: &[Node<'_>]) {
    for (place, node) in page.iter().enumerate() {
        let fresh = PivotNode::new(node);
        match all.last_mut() {
            Some(last) if place == 0 && node.up > 0 && last.is_same(&fresh) => join(&mut last.children, &node.children),
            _ => all.push(fresh),
        }
    }
}
