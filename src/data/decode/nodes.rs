//! The nodes of pivots, stacks and trees, as they stand in a page.

use super::page::simple_value;
use super::scan::{Misread, Plain, Raw, Scan};
use crate::data::cell::CellKind;
use crate::data::values::RawCell;

/// Deeper than any hypercube has dimensions.
const DEPTH: usize = 200;

/// A node.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) text: Raw<'a>,
    pub(crate) num: f64,
    pub(crate) elem: i32,
    pub(crate) kind: NodeKind,
    pub(crate) children: Vec<Node<'a>>,
    /// The values of a tree's node.
    pub(crate) values: Vec<RawCell<'a>>,
    pub(crate) attributes: Vec<RawCell<'a>>,
    /// How much of it stands before the page.
    pub(crate) up: u64,
    pub(crate) can_expand: bool,
}

/// What a node stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// A value of a dimension (`N`, `G`), or a measure's (`V`).
    Value,
    Null,
    Total,
    Other,
    Empty,
    /// A measure, where several stand side by side.
    Measure,
    Root,
}

impl NodeKind {
    fn of(name: &str) -> Self {
        match name {
            "U" | "NX_DIM_CELL_NULL" => NodeKind::Null,
            "T" | "A" | "NX_DIM_CELL_TOTAL" | "NX_DIM_CELL_AGGR" => NodeKind::Total,
            "O" | "NX_DIM_CELL_OTHER" => NodeKind::Other,
            "E" | "NX_DIM_CELL_EMPTY" => NodeKind::Empty,
            "P" | "NX_DIM_CELL_PSEUDO" => NodeKind::Measure,
            "R" | "NX_DIM_CELL_ROOT" => NodeKind::Root,
            _ => NodeKind::Value,
        }
    }

    pub(crate) fn cell(self) -> CellKind {
        match self {
            NodeKind::Null => CellKind::Null,
            NodeKind::Total => CellKind::Total,
            NodeKind::Other => CellKind::Other,
            NodeKind::Empty => CellKind::Empty,
            NodeKind::Value | NodeKind::Measure | NodeKind::Root => CellKind::Value,
        }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn cell(&self) -> RawCell<'a> {
        let text = match self.kind {
            NodeKind::Null if self.text.text.is_empty() => Raw { text: "-", escaped: false },
            _ => self.text,
        };
        RawCell { text, num: self.num, elem: self.elem, state: "O", kind: self.kind.cell() }
    }

    /// A measure's value, of which older engines do not say that it is null.
    pub(crate) fn value(&self) -> RawCell<'a> {
        let mut cell = self.cell();
        if cell.kind == CellKind::Value && cell.num.is_nan() && cell.text.text == "-" {
            cell.kind = CellKind::Null;
        }
        cell
    }

    fn read(scan: &mut Scan<'a>, depth: usize) -> Result<Self, Misread> {
        let mut node = Node {
            text: Raw::default(),
            num: f64::NAN,
            elem: 0,
            kind: NodeKind::Value,
            children: Vec::new(),
            values: Vec::new(),
            attributes: Vec::new(),
            up: 0,
            can_expand: false,
        };
        if depth > DEPTH {
            return scan.fail("the nodes are too deep");
        }
        scan.object(|scan, member| {
            match member {
                "qText" => {
                    if let Plain::Text(text) = scan.plain()? {
                        node.text = text;
                    }
                }
                "qValue" | "qNum" => node.num = scan.plain()?.number(),
                "qElemNo" => node.elem = scan.plain()?.integer(),
                "qType" => {
                    if let Plain::Text(kind) = scan.plain()? {
                        node.kind = NodeKind::of(kind.text);
                    }
                }
                "qUp" => node.up = scan.plain()?.number().max(0.0) as u64,
                "qCanExpand" => node.can_expand = scan.plain()? == Plain::Bool(true),
                "qSubNodes" | "qNodes" => node.children = list(scan, depth + 1)?,
                "qValues" => node.values = values(scan)?,
                "qAttrExps" | "qAttrDims" => node.attributes.extend(attributes(scan)?),
                _ => return scan.skip(),
            }
            Ok(())
        })?;
        Ok(node)
    }
}

fn list<'a>(scan: &mut Scan<'a>, depth: usize) -> Result<Vec<Node<'a>>, Misread> {
    let mut nodes = Vec::new();
    scan.list(|scan| {
        nodes.push(Node::read(scan, depth)?);
        Ok(())
    })?;
    Ok(nodes)
}

fn values<'a>(scan: &mut Scan<'a>) -> Result<Vec<RawCell<'a>>, Misread> {
    let mut values = Vec::new();
    scan.list(|scan| {
        values.push(simple_value(scan)?);
        Ok(())
    })?;
    Ok(values)
}

fn attributes<'a>(scan: &mut Scan<'a>) -> Result<Vec<RawCell<'a>>, Misread> {
    let mut found = Vec::new();
    scan.object(|scan, member| match member {
        "qValues" => {
            found = values(scan)?;
            Ok(())
        }
        _ => scan.skip(),
    })?;
    Ok(found)
}

/// A page of a pivot.
#[derive(Default)]
pub(crate) struct PivotPage<'a> {
    pub(crate) left: Vec<Node<'a>>,
    pub(crate) top: Vec<Node<'a>>,
    /// Row by row, each value with its attributes.
    pub(crate) data: Vec<Vec<Node<'a>>>,
}

/// Reads the first page of a pivot's reply.
pub(crate) fn pivot(text: &str) -> Result<PivotPage<'_>, Misread> {
    let mut page = None;
    Scan::new(text).object(|scan, member| match member {
        "qDataPages" => scan.list(|scan| {
            let mut read = PivotPage::default();
            scan.object(|scan, member| {
                match member {
                    "qLeft" => read.left = list(scan, 0)?,
                    "qTop" => read.top = list(scan, 0)?,
                    "qData" => scan.list(|scan| {
                        read.data.push(list(scan, DEPTH)?);
                        Ok(())
                    })?,
                    _ => return scan.skip(),
                }
                Ok(())
            })?;
            page.get_or_insert(read);
            Ok(())
        }),
        _ => scan.skip(),
    })?;
    Ok(page.unwrap_or_default())
}

/// Reads the nodes of the first level from the reply of a stack or a tree.
pub(crate) fn roots(text: &str) -> Result<Vec<Node<'_>>, Misread> {
    let mut nodes = Vec::new();
    Scan::new(text).object(|scan, member| match member {
        "qDataPages" => scan.list(|scan| {
            scan.object(|scan, member| match member {
                "qData" => {
                    nodes.extend(list(scan, 0)?);
                    Ok(())
                }
                _ => scan.skip(),
            })
        }),
        "qNodes" => {
            nodes.extend(list(scan, 0)?);
            Ok(())
        }
        _ => scan.skip(),
    })?;
    let first = |node: Node<'_>| node.kind == NodeKind::Root;
    if nodes.first().cloned().is_some_and(first) {
        return Ok(nodes.into_iter().flat_map(|root| root.children).collect());
    }
    Ok(nodes)
}

/// How many nodes of the first level a reply from `top` on has, and how many are behind them, where it says so.
pub(crate) fn count(text: &str, top: u64) -> Result<(u64, Option<u64>), Misread> {
    let (mut shown, mut behind) = (0, None);
    let mut root = |scan: &mut Scan<'_>| {
        scan.object(|scan, member| {
            match member {
                "qSubNodes" | "qNodes" => scan.list(|scan| {
                    shown += 1;
                    scan.skip()
                })?,
                "qDown" => behind = Some(scan.plain()?.number().max(0.0) as u64),
                "qGroupSize" => behind = Some(scan.plain()?.number().max(0.0) as u64),
                _ => return scan.skip(),
            }
            Ok(())
        })
    };
    let mut tree = false;
    Scan::new(text).object(|scan, member| match member {
        "qDataPages" => scan.list(|scan| {
            scan.object(|scan, member| match member {
                "qData" => scan.list(&mut root),
                _ => scan.skip(),
            })
        }),
        "qNodes" => {
            tree = true;
            scan.list(&mut root)
        }
        _ => scan.skip(),
    })?;
    // a tree's root tells how many nodes there are in all
    Ok((shown, if tree { behind.map(|all| all.saturating_sub(top + shown)) } else { behind }))
}
