//! Pivots, stacks and trees as rows: one column for each dimension and each measure.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::nodes::{self, Node, NodeKind};
use super::page::Beside;
use super::scan::{Misread, Raw};
use crate::data::cell::CellKind;
use crate::data::values::{RawCell, Values};

/// A value that outlives its page.
#[derive(Debug, Clone)]
struct Kept {
    text: Box<str>,
    num: f64,
    elem: i32,
    kind: CellKind,
    attributes: Vec<Kept>,
}

impl Kept {
    fn new(cell: &RawCell<'_>, attributes: &[RawCell<'_>]) -> Self {
        Kept {
            text: cell.text.unescaped().into(),
            num: cell.num,
            elem: cell.elem,
            kind: cell.kind,
            attributes: attributes.iter().map(|cell| Kept::new(cell, &[])).collect(),
        }
    }

    fn of(node: &Node<'_>) -> Self {
        Kept::new(&node.cell(), &node.attributes)
    }

    fn value(node: &Node<'_>) -> Self {
        Kept::new(&node.value(), &node.attributes)
    }

    fn nothing(kind: CellKind) -> Self {
        let text = if kind == CellKind::Null { "-" } else { "" };
        Kept {
            text: text.into(),
            num: f64::NAN,
            elem: if kind == CellKind::Null { -2 } else { -4 },
            kind,
            attributes: Vec::new(),
        }
    }

    fn cell(&self) -> RawCell<'_> {
        let text = Raw { text: &self.text, escaped: false };
        RawCell { text, num: self.num, elem: self.elem, state: "O", kind: self.kind }
    }
}

/// What leads to a row or a column.
#[derive(Clone, Default)]
struct Lead {
    nodes: Vec<Arc<Kept>>,
    measure: Option<usize>,
    total: bool,
}

impl Lead {
    fn step(&self, node: &Node<'_>) -> Self {
        let mut lead = self.clone();
        if node.kind == NodeKind::Measure {
            lead.measure = usize::try_from(node.elem).ok();
        } else {
            lead.total |= node.kind == NodeKind::Total;
            lead.nodes.push(Arc::new(Kept::of(node)));
        }
        lead
    }
}

/// A row that still waits for values.
struct Row {
    key: Vec<i32>,
    dimensions: Vec<Option<Arc<Kept>>>,
    measures: Vec<Option<Kept>>,
    missing: usize,
}

/// A row of a pivot that still waits for columns.
#[derive(Default)]
struct Line {
    lead: Lead,
    values: Vec<Option<Kept>>,
    filled: usize,
}

/// Makes rows of what pages show.
pub(crate) struct Flat {
    /// The dimensions of the levels from the outside in, and how many of them stand to the left.
    levels: Arc<[usize]>,
    left_levels: usize,
    dimensions: usize,
    measures: usize,
    totals: bool,
    /// The number of a pivot's columns.
    width: usize,
    tops: Vec<Lead>,
    lines: BTreeMap<u64, Line>,
    next_line: u64,
    rows: VecDeque<Row>,
    /// The places of rows by what leads to them, counted from the first row ever.
    places: HashMap<Vec<i32>, usize>,
    gone: usize,
}

impl Flat {
    pub(crate) fn new(
        (levels, left_levels): (Arc<[usize]>, usize),
        (dimensions, measures): (usize, usize),
        totals: bool,
        width: usize,
    ) -> Self {
        Flat {
            levels,
            left_levels,
            dimensions,
            measures,
            totals,
            width,
            tops: Vec::new(),
            lines: BTreeMap::new(),
            next_line: 0,
            rows: VecDeque::new(),
            places: HashMap::new(),
            gone: 0,
        }
    }

    /// Takes in a page of a pivot, whose place is known.
    pub(crate) fn pivot_page(&mut self, text: &str, (top, left): (u64, usize)) -> Result<(), Misread> {
        let page = nodes::pivot(text)?;
        let (rows, columns) = (leads(&page.left), leads(&page.top));
        let width = self.width.max(1);
        // room for what has come: how many there are to be is no more than what the engine says
        let end = left.saturating_add(columns.len()).min(width);
        if self.tops.len() < end {
            self.tops.resize(end, Lead::default());
        }
        for (place, lead) in columns.iter().enumerate() {
            if let Some(slot) = self.tops.get_mut(left + place) {
                *slot = lead.clone();
            }
        }
        for (place, lead) in rows.into_iter().enumerate() {
            let line = self.lines.entry(top + place as u64).or_default();
            line.lead = lead;
            if line.values.len() < end {
                line.values.resize(end, None);
            }
            let values = page.data.get(place).map(Vec::as_slice).unwrap_or_default();
            for column in 0..columns.len() {
                let value = values.get(column).map_or_else(|| Kept::nothing(CellKind::Null), Kept::value);
                if let Some(slot) = line.values.get_mut(left + column) {
                    line.filled += usize::from(slot.is_none());
                    *slot = Some(value);
                }
            }
        }
        while let Some(line) = self.lines.first_entry()
            && *line.key() == self.next_line
            && line.get().filled == width
        {
            let line = line.remove();
            self.next_line += 1;
            for (column, value) in line.values.into_iter().enumerate() {
                let top = self.tops[column].clone();
                self.add(&line.lead, &top, value);
            }
        }
        Ok(())
    }

    /// Takes in nodes of the first level of a stack or a tree.
    pub(crate) fn nodes(&mut self, text: &str) -> Result<(), Misread> {
        for node in &nodes::roots(text)? {
            self.node(node, &Lead::default());
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>, above: &Lead) {
        // below the last dimension of a stack stand the values
        let is_value = node.children.is_empty()
            && node.kind != NodeKind::Measure
            && above.nodes.len() >= self.levels.len()
            && !self.levels.is_empty();
        if is_value {
            return self.add(above, &Lead::default(), Some(Kept::value(node)));
        }
        let lead = above.step(node);
        for child in &node.children {
            self.node(child, &lead);
        }
        if node.children.is_empty() {
            if node.values.is_empty() {
                self.add(&lead, &Lead::default(), None);
            }
            for (place, value) in node.values.iter().enumerate() {
                let measure = lead.measure.unwrap_or(place);
                let mut value = *value;
                if value.num.is_nan() && matches!(value.text.text, "" | "-") {
                    value.kind = CellKind::Null;
                }
                let lead = Lead { measure: Some(measure), ..lead.clone() };
                self.add(&lead, &Lead::default(), Some(Kept::new(&value, &[])));
            }
        }
    }

    /// Adds a value, or that there is none.
    fn add(&mut self, left: &Lead, top: &Lead, value: Option<Kept>) {
        if (left.total || top.total) && !self.totals {
            return;
        }
        let mut dimensions = vec![None; self.dimensions];
        let split = self.left_levels.min(self.levels.len());
        let (of_left, of_top) = if self.width > 0 { self.levels.split_at(split) } else { (&self.levels[..], &[][..]) };
        for (level, node) in of_left.iter().zip(&left.nodes).chain(of_top.iter().zip(&top.nodes)) {
            if let Some(slot) = dimensions.get_mut(*level) {
                *slot = Some(Arc::clone(node));
            }
        }
        let key: Vec<i32> = dimensions
            .iter()
            .map(|node| node.as_ref().map_or(-4, |node| if node.kind == CellKind::Null { -2 } else { node.elem }))
            .collect();
        let measures = self.measures;
        let place = *self.places.entry(key.clone()).or_insert_with(|| {
            self.rows.push_back(Row { key, dimensions, measures: vec![None; measures], missing: measures });
            self.gone + self.rows.len() - 1
        });
        let Some(row) = place.checked_sub(self.gone).and_then(|place| self.rows.get_mut(place)) else { return };
        let measure = left.measure.or(top.measure).unwrap_or(0);
        if let (Some(value), Some(slot)) = (value, row.measures.get_mut(measure)) {
            row.missing -= usize::from(slot.is_none());
            *slot = Some(value);
        }
    }

    /// Hands over the rows that are complete; at the end, all of them.
    pub(crate) fn take(&mut self, end: bool, beside: &[Beside], out: &mut [Values]) {
        while self.rows.front().is_some_and(|row| end || row.missing == 0) {
            let Some(row) = self.rows.pop_front() else { break };
            self.gone += 1;
            self.places.remove(&row.key);
            // where both axes have dimensions, most of what meets never occurs
            let meets = self.left_levels > 0 && self.left_levels < self.levels.len() && self.width > 0;
            let none = |value: &Option<Kept>| value.as_ref().is_none_or(|value| value.kind != CellKind::Value);
            if meets && !row.measures.is_empty() && row.measures.iter().all(none) {
                continue;
            }
            let empty = Kept::nothing(CellKind::Empty);
            let null = Kept::nothing(CellKind::Null);
            let dimensions = row.dimensions.iter().map(|node| node.as_deref().unwrap_or(&empty));
            let measures = row.measures.iter().map(|value| value.as_ref().unwrap_or(&null));
            for (column, kept) in dimensions.chain(measures).enumerate() {
                if let Some(values) = out.get_mut(column) {
                    values.push(&kept.cell());
                }
                let beside = beside.get(column).copied().unwrap_or_default();
                for place in 0..beside.all() {
                    if let Some(values) = out.get_mut(beside.first + place) {
                        values.push(&kept.attributes.get(place).unwrap_or(&null).cell());
                    }
                }
            }
        }
    }
}

/// What leads to each leaf; where there are no nodes, to the one place that there is.
fn leads(nodes: &[Node<'_>]) -> Vec<Lead> {
    fn below(node: &Node<'_>, above: &Lead, found: &mut Vec<Lead>) {
        let lead = above.step(node);
        if node.children.is_empty() {
            found.push(lead);
        } else {
            node.children.iter().for_each(|child| below(child, &lead, found));
        }
    }
    let mut found = Vec::new();
    nodes.iter().for_each(|node| below(node, &Lead::default(), &mut found));
    if found.is_empty() {
        found.push(Lead::default());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::values::{Want, WantText};

    #[test]
    fn a_measure_without_a_value_is_null() {
        // as newer engines mark it, and as older ones do
        for kind in ["U", "V"] {
            let left = r#"[{"qText":"-","qElemNo":7,"qValue":"NaN","qType":"N"}]"#;
            let data = format!(r#"[[{{"qText":"-","qElemNo":0,"qValue":"NaN","qType":"{kind}"}}]]"#);
            let page = format!(r#"{{"qDataPages":[{{"qLeft":{left},"qTop":[],"qData":{data}}}]}}"#);
            let mut flat = Flat::new((Arc::new([0]), 1), (1, 1), false, 1);
            flat.pivot_page(&page, (0, 0)).unwrap();
            let mut out = vec![Values::new(Want { num: true, elem: false, text: WantText::Each }); 2];
            flat.take(true, &[], &mut out);
            assert_eq!([out[0].kind(0), out[1].kind(0)], [CellKind::Value, CellKind::Null], "{kind}");
        }
    }
}
