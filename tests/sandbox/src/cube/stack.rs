//! Pages of a stacked cube and nodes of a tree: one tree of dimension values, with the measures at its leaves.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::View;
use super::datum::{Datum, number_json};
use super::def::{CubeDef, Page};
use super::format::formatted;
use super::grid::{Kind, Node};
use super::layout::{attributes_json, format_of};
use super::pivot::node_json;
use super::straight::{Cube, Owner};
use crate::json::extend;

/// Pages of a stacked cube: of the nodes of the first level, with all below them.
pub(crate) fn stack_pages(view: &View<'_>, def: &CubeDef, cube: &Cube, pages: &[Page]) -> Vec<Json> {
    let nodes = &cube.grid.axes.left;
    let page = |page: &Page| {
        let (across, down) = page.within(cube.dimensions.len().max(1), nodes.len());
        let mut stack =
            Stack { view, def, cube, row: nodes[..down.start].iter().map(|node| rows(cube, node, 1)).sum() };
        let children: Vec<Json> = nodes[down.clone()].iter().map(|node| stack.cell(node, 1)).collect();
        let (most, least) = extremes(&children);
        let root = json!({
            "qElemNo": 0, "qValue": 0, "qType": "R", "qMaxPos": most, "qMinNeg": least,
            "qUp": down.start, "qDown": nodes.len() - down.end, "qRow": 0, "qSubNodes": children,
        });
        json!({
            "qData": [root],
            "qArea": { "qLeft": across.start, "qTop": down.start, "qWidth": across.len(), "qHeight": down.len() },
        })
    };
    pages.iter().map(page).collect()
}

/// How many rows a node takes: the leaves of the left levels.
fn rows(cube: &Cube, node: &Node, depth: usize) -> usize {
    if node.children.is_empty() || depth >= cube.grid.left_levels {
        return 1;
    }
    node.children.iter().map(|child| rows(cube, child, depth + 1)).sum()
}

/// The size of a stacked cube or a tree: its columns and rows.
pub(crate) fn stack_size(cube: &Cube) -> (usize, usize) {
    fn across(cube: &Cube, node: &Node, depth: usize) -> usize {
        let children = node.children.iter();
        if depth >= cube.grid.left_levels {
            return node.leaves();
        }
        children.map(|child| across(cube, child, depth + 1)).max().unwrap_or(1)
    }
    let nodes = &cube.grid.axes.left;
    let width = nodes.iter().map(|node| across(cube, node, 1)).max().unwrap_or(0);
    (width, nodes.iter().map(|node| rows(cube, node, 1)).sum())
}

/// How much the cells add up to, above zero and below. Cells of totals and of filled levels do not count.
fn extremes(cells: &[Json]) -> (Json, Json) {
    let counted = || cells.iter().filter(|cell| !matches!(cell["qType"].as_str(), Some("T" | "E")));
    let sum = |name: &str, of_value: fn(f64, f64) -> f64| -> f64 {
        let part = |cell: &Json| match cell["qType"].as_str() {
            Some("V") => of_value(cell["qValue"].as_f64().unwrap_or(0.0), 0.0),
            _ => cell[name].as_f64().unwrap_or(0.0),
        };
        counted().map(part).sum()
    };
    let unknown = counted().next().is_some()
        && counted().all(|cell| cell["qType"] == "U" && cell["qText"] == "-" && cell["qSubNodes"] == json!([]));
    let most = if unknown { json!("NaN") } else { number_json(Some(sum("qMaxPos", f64::max))) };
    (most, number_json(Some(sum("qMinNeg", f64::min))))
}

/// A stack while its rows are counted.
struct Stack<'a> {
    view: &'a View<'a>,
    def: &'a CubeDef,
    cube: &'a Cube,
    row: usize,
}

impl Stack<'_> {
    fn cell(&mut self, node: &Node, depth: usize) -> Json {
        let row = self.row;
        let children: Vec<Json> = match node.children.is_empty() {
            false => node.children.iter().map(|child| self.cell(child, depth + 1)).collect(),
            true => self.values(node, row),
        };
        if depth == self.cube.grid.left_levels || (node.children.is_empty() && depth < self.cube.grid.left_levels) {
            self.row += 1;
        }
        let (most, least) = extremes(&children);
        let mut cell = node_json(self.view, self.def, self.cube, node);
        let more =
            json!({ "qMaxPos": most, "qMinNeg": least, "qUp": 0, "qDown": 0, "qRow": row, "qSubNodes": children });
        extend(&mut cell, more);
        let owner = node.dimension.filter(|_| matches!(node.kind, Kind::Value | Kind::Total)).map(Owner::Dimension);
        let values = self.cube.grid.values(&node.key, &[]);
        if let Some(attributes) = owner.and_then(|owner| attributes_json(self.cube, owner, values)) {
            cell["qAttrExps"] = attributes;
        }
        cell
    }

    /// The values at a leaf: of the measure that leads there, or of the only one.
    fn values(&self, node: &Node, row: usize) -> Vec<Json> {
        let measure = node.measure.unwrap_or(0);
        let values = self.cube.grid.values(&node.key, &[]);
        if self.cube.measures.is_empty() {
            return Vec::new();
        }
        let value = values.and_then(|values| values.get(measure)).unwrap_or(&Datum::Null);
        let mut cell = json!({
            "qText": formatted(value, format_of(self.def, measure)),
            "qElemNo": 0,
            "qValue": number_json(value.number()),
            "qType": if value.is_null() { "U" } else { "V" },
            "qMaxPos": 0, "qMinNeg": 0, "qUp": 0, "qDown": 0, "qRow": row, "qSubNodes": [],
        });
        if let Some(attributes) = attributes_json(self.cube, Owner::Measure(measure), values) {
            cell["qAttrExps"] = attributes;
        }
        vec![cell]
    }
}

/// Which part of a tree is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct TreeOptions {
    q_tree_nodes: Vec<TreeArea>,
    q_tree_levels: TreeLevels,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TreeArea {
    q_area: Page,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TreeLevels {
    q_depth: Option<i64>,
}

/// The nodes of a tree from its root: those of the first level within the area, and as many levels below as asked.
pub(crate) fn tree_nodes(view: &View<'_>, def: &CubeDef, cube: &Cube, options: &TreeOptions) -> Vec<Json> {
    let nodes = &cube.grid.axes.left;
    let area = options.q_tree_nodes.first().map(|nodes| nodes.q_area);
    let area = area.unwrap_or(Page { q_height: i64::MAX, ..Page::default() });
    let (_, range) = area.within(0, nodes.len());
    let asked = options.q_tree_levels.q_depth.and_then(|depth| usize::try_from(depth).ok());
    let depth = asked.unwrap_or(usize::MAX);
    let mut rows = 0;
    let mut shown = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        let made = tree_node(view, def, cube, node, place, &[], depth, &mut rows);
        if range.contains(&place) && depth > 0 {
            shown.push(made);
        }
    }
    vec![json!({
        "qValue": 0, "qElemNo": -1, "qGroupPos": 0, "qGroupSize": nodes.len(), "qRow": 0, "qType": "R",
        "qValues": [], "qNodes": shown, "qMaxPos": [], "qMinNeg": [], "qState": "L", "qTreePath": [],
    })]
}

#[expect(clippy::too_many_arguments, reason = "the state of a walk down a tree")]
fn tree_node(
    view: &View<'_>,
    def: &CubeDef,
    cube: &Cube,
    node: &Node,
    place: usize,
    path: &[usize],
    depth: usize,
    rows: &mut usize,
) -> Json {
    let row = *rows;
    let way = [path, &[place]].concat();
    let below = |(place, child)| tree_node(view, def, cube, child, place, &way, depth.saturating_sub(1), rows);
    let mut children: Vec<Json> = node.children.iter().enumerate().map(below).collect();
    if node.children.is_empty() {
        *rows += 1;
    }
    let values = cube.grid.values(&node.key, &[]);
    let value = |measure: usize| values.and_then(|values| values.get(measure)).unwrap_or(&Datum::Null);
    let is_leaf = node.children.is_empty();
    let range = if let Some(measure) = node.measure { measure..measure + 1 } else { 0..cube.measures.len() };
    let own: Vec<Json> = range
        .clone()
        .filter(|_| is_leaf)
        .map(|measure| {
            let value = value(measure);
            json!({ "qText": formatted(value, format_of(def, measure)), "qValue": number_json(value.number()) })
        })
        .collect();
    let extreme = |name: &str, pick: fn(f64, f64) -> f64| -> Vec<Json> {
        let sum = |(at, measure): (usize, usize)| match is_leaf {
            true => value(measure).number().map_or(0.0, |number| pick(number, 0.0)),
            false => children.iter().filter_map(|child| child[name][at].as_f64()).sum(),
        };
        range.clone().enumerate().map(|place| number_json(Some(sum(place)))).collect()
    };
    let (most, least) = (extreme("qMaxPos", f64::max), extreme("qMinNeg", f64::min));
    if depth <= 1 {
        children.clear();
    }
    let mut made = node_json(view, def, cube, node);
    let state = node.dimension.and_then(|place| cube.states.get(place)?.get(node.element));
    let more = json!({
        "qGroupPos": place, "qGroupSize": node.children.len(), "qRow": row, "qValues": own, "qNodes": children,
        "qMaxPos": most, "qMinNeg": least, "qState": state.map_or("L", |state| state.wire()), "qTreePath": path,
    });
    extend(&mut made, more);
    if !is_leaf {
        made["qCanExpand"] = json!(true);
    }
    if let Some(attributes) = node.dimension.and_then(|place| attributes_json(cube, Owner::Dimension(place), values)) {
        made["qAttrExps"] = attributes;
    }
    made
}

/// How many nodes a tree has on each level.
pub(crate) fn tree_levels(nodes: &[Node]) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut level: Vec<&Node> = nodes.iter().collect();
    while !level.is_empty() {
        counts.push(level.len());
        level = level.into_iter().flat_map(|node| &node.children).collect();
    }
    counts
}
