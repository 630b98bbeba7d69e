//! The rows and columns of a cube that is not straight: dimension values as trees, opened as far as asked.

use std::collections::{BTreeSet, HashMap};

use super::View;
use super::datum::Datum;
use super::def::{CubeDef, Mode};
use super::sort::{numbers, turn};
use super::straight::Cube;
use crate::model::NULL;

/// Something of each axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axes<T> {
    pub(crate) left: T,
    pub(crate) top: T,
}

/// The nodes of one axis that a client has opened, by the values that lead to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    pub(crate) all: bool,
    pub(crate) nodes: BTreeSet<Vec<u32>>,
}

pub(crate) type Expansion = Axes<Opened>;

/// A level of an axis: a dimension by place, or the measures side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Dimension(usize),
    Measures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Value,
    Null,
    Total,
    /// Fills the levels below a total.
    Empty,
    Measure,
}

/// A node of an axis.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) dimension: Option<usize>,
    /// Its element, where it has a value.
    pub(crate) element: u32,
    /// The measure that it leads to, where they stand side by side.
    pub(crate) measure: Option<usize>,
    /// The elements from the root to it.
    pub(crate) key: Vec<u32>,
    /// Whether it is open, where it could be the other.
    pub(crate) open: Option<bool>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn leaves(&self) -> usize {
        leaves(&self.children).max(1)
    }
}

pub(crate) fn leaves(nodes: &[Node]) -> usize {
    nodes.iter().map(Node::leaves).sum()
}

type Values = HashMap<Vec<u32>, Vec<Datum>>;

/// Both axes, and the values at every depth that they show.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    pub(crate) axes: Axes<Vec<Node>>,
    /// How many levels of the left axis come before those that a stack puts on top.
    pub(crate) left_levels: usize,
    /// By how many dimensions of each axis.
    values: HashMap<(usize, usize), Values>,
}

impl Grid {
    pub(super) fn build(
        view: &View<'_>,
        def: &CubeDef,
        cube: &Cube,
        ranks: &[Vec<usize>],
        expansion: &Expansion,
    ) -> Self {
        let levels: Vec<Level> = cube
            .order
            .iter()
            .map(|column| usize::try_from(*column).map_or(Level::Measures, Level::Dimension))
            .collect();
        let asked = def.q_no_of_left_dims.and_then(|left| usize::try_from(left).ok());
        // Unless told, all dimensions are on the left, and the measures on top.
        let split = asked.unwrap_or_else(|| levels.iter().take_while(|level| **level != Level::Measures).count());
        let split = split.min(levels.len());
        let (left, top) = if cube.mode == Mode::Pivot { levels.split_at(split) } else { (&levels[..], &[][..]) };
        let places = |levels: &[Level]| -> Vec<usize> {
            let place = |level: &Level| match level {
                Level::Dimension(place) => Some(*place),
                Level::Measures => None,
            };
            levels.iter().filter_map(place).collect()
        };
        let (left_places, top_places) = (places(left), places(top));
        let fields: Vec<usize> = cube.dimensions.iter().flatten().copied().collect();
        let mut grid = Self { left_levels: split, ..Self::default() };
        for on_left in 0..=left_places.len() {
            for on_top in 0..=top_places.len() {
                let by = left_places[..on_left].iter().chain(&top_places[..on_top]).map(|place| fields[*place]);
                let by: Vec<usize> = by.collect();
                let groups = cube.groups(view, &by).unwrap_or_default();
                let values = groups.into_iter().map(|group| (group.key, group.values)).collect();
                grid.values.insert((on_left, on_top), values);
            }
        }
        let rows: Vec<&[u32]> = cube.rows.iter().map(|row| row.key.as_slice()).collect();
        let totals: Vec<bool> = (def.q_dimensions.iter())
            .map(|dimension| dimension.q_other_total_spec.q_total_mode == "TOTAL_EXPR")
            .collect();
        let axis = |levels, opened, of_left| Axis {
            levels,
            ranks,
            totals: &totals,
            above: def.q_show_totals_above || cube.mode != Mode::Pivot,
            fill: cube.mode == Mode::Stacked,
            opened,
            open: def.q_always_fully_expanded || cube.mode == Mode::Tree,
            measures: cube.measures.len(),
            by_value: if of_left { def.q_sortby_y_value } else { 0 },
            grid: &grid,
        };
        let left = axis(left, &expansion.left, true).nodes(0, &rows, &[]);
        let top = axis(top, &expansion.top, false).nodes(0, &rows, &[]);
        grid.axes = Axes { left, top };
        grid
    }

    /// The values where two keys meet.
    pub(crate) fn values(&self, left: &[u32], top: &[u32]) -> Option<&Vec<Datum>> {
        self.values.get(&(left.len(), top.len()))?.get(&[left, top].concat())
    }
}

/// An axis while it is built.
struct Axis<'a> {
    levels: &'a [Level],
    ranks: &'a [Vec<usize>],
    totals: &'a [bool],
    above: bool,
    fill: bool,
    opened: &'a Opened,
    open: bool,
    measures: usize,
    by_value: i64,
    grid: &'a Grid,
}

impl Axis<'_> {
    fn nodes(&self, depth: usize, rows: &[&[u32]], key: &[u32]) -> Vec<Node> {
        match self.levels.get(depth) {
            None => Vec::new(),
            Some(Level::Measures) => self.side_by_side(key, || self.nodes(depth + 1, rows, key)),
            Some(Level::Dimension(place)) => self.of_dimension(*place, depth, rows, key),
        }
    }

    fn side_by_side(&self, key: &[u32], children: impl Fn() -> Vec<Node>) -> Vec<Node> {
        let node = |measure| Node {
            kind: Kind::Measure,
            dimension: None,
            element: NULL,
            measure: Some(measure),
            key: key.to_vec(),
            open: None,
            children: children(),
        };
        (0..self.measures).map(node).collect()
    }

    fn of_dimension(&self, place: usize, depth: usize, rows: &[&[u32]], key: &[u32]) -> Vec<Node> {
        let mut groups: HashMap<u32, Vec<&[u32]>> = HashMap::new();
        for row in rows {
            groups.entry(row[place]).or_default().push(row);
        }
        let mut elements: Vec<u32> = groups.keys().copied().collect();
        elements.sort_by_key(|element| self.ranks[place].get(*element as usize).copied().unwrap_or(usize::MAX));
        if self.by_value != 0 {
            let value = |element: &u32| {
                let values = self.grid.values(&[key, &[*element]].concat(), &[]);
                values.and_then(|values| values.first()?.number()).unwrap_or(f64::NAN)
            };
            elements.sort_by(|a, b| turn(numbers(value(a), value(b)), self.by_value));
        }
        let inner = self.levels[depth + 1..].iter().any(|level| matches!(level, Level::Dimension(_)));
        let mut nodes: Vec<Node> = Vec::new();
        for element in elements {
            let key = [key, &[element]].concat();
            let open = self.open || self.opened.all || self.opened.nodes.contains(&key);
            let children = match open || !inner {
                true => self.nodes(depth + 1, &groups[&element], &key),
                false => self.below(depth + 1, &key, false),
            };
            nodes.push(Node {
                kind: if element == NULL { Kind::Null } else { Kind::Value },
                dimension: Some(place),
                element,
                measure: None,
                open: (inner && !self.open).then_some(open),
                key,
                children,
            });
        }
        if self.totals[place] && !nodes.is_empty() {
            let children = self.below(depth + 1, key, self.fill);
            let total = stand_in(Kind::Total, place, key, children);
            nodes.insert(if self.above { 0 } else { nodes.len() }, total);
        }
        nodes
    }

    /// What stands below a total or a closed node: the measures, and what fills the levels.
    fn below(&self, depth: usize, key: &[u32], fill: bool) -> Vec<Node> {
        match self.levels.get(depth) {
            None => Vec::new(),
            Some(Level::Measures) => self.side_by_side(key, || self.below(depth + 1, key, fill)),
            Some(Level::Dimension(place)) if fill => {
                vec![stand_in(Kind::Empty, *place, key, self.below(depth + 1, key, fill))]
            }
            Some(Level::Dimension(_)) => self.below(depth + 1, key, fill),
        }
    }
}

fn stand_in(kind: Kind, place: usize, key: &[u32], children: Vec<Node>) -> Node {
    Node { kind, dimension: Some(place), element: NULL, measure: None, key: key.to_vec(), open: None, children }
}
