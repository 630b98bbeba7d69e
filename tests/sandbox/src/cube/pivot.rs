//! Pages of a pivot: two trees of dimension values, and the measures where they meet.

use std::ops::Range;

use serde_json::{Value as Json, json};

use super::View;
use super::datum::{Datum, number_json};
use super::def::{CubeDef, Page};
use super::format::formatted;
use super::grid::{Kind, Node, leaves};
use super::layout::{attributes_json, format_of, measure_title};
use super::straight::{Cube, Owner};
use crate::model::Value;

/// How many columns and rows a cube that is not straight has.
pub(crate) fn size(cube: &Cube) -> (usize, usize) {
    let some = usize::from(!cube.rows.is_empty());
    (leaves(&cube.grid.axes.top).max(some), leaves(&cube.grid.axes.left).max(some))
}

/// What leads to a row or a column: the elements, the measure, and the values of each level's dimension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) key: Vec<u32>,
    measure: Option<usize>,
    /// The nodes from the root, as (dimension, element), where they have values.
    pub(crate) steps: Vec<Option<(usize, u32)>>,
    /// The keys of those nodes.
    pub(crate) keys: Vec<Vec<u32>>,
}

/// The rows or columns of an axis, one for each leaf.
pub(crate) fn paths(nodes: &[Node]) -> Vec<Path> {
    fn below(node: &Node, mut path: Path, found: &mut Vec<Path>) {
        path.key.clone_from(&node.key);
        path.measure = path.measure.or(node.measure);
        let value = matches!(node.kind, Kind::Value).then_some(node.dimension).flatten();
        path.steps.push(value.map(|dimension| (dimension, node.element)));
        path.keys.push(node.key.clone());
        if node.children.is_empty() {
            found.push(path);
            return;
        }
        for child in &node.children {
            below(child, path.clone(), found);
        }
    }
    let mut found = Vec::new();
    nodes.iter().for_each(|node| below(node, Path::default(), &mut found));
    if found.is_empty() {
        found.push(Path::default());
    }
    found
}

/// Pages of a pivot.
pub(crate) fn pivot_pages(view: &View<'_>, def: &CubeDef, cube: &Cube, pages: &[Page]) -> Vec<Json> {
    let (width, height) = size(cube);
    let (rows, columns) = (paths(&cube.grid.axes.left), paths(&cube.grid.axes.top));
    let point = |row: &Path, column: &Path| {
        let measure = row.measure.or(column.measure).unwrap_or(0);
        let values = cube.grid.values(&row.key, &column.key);
        let value = values.and_then(|values| values.get(measure)).unwrap_or(&Datum::Null);
        let mut point = json!({
            "qText": formatted(value, format_of(def, measure)),
            "qNum": number_json(value.number()),
            "qType": if value.is_null() { "U" } else { "V" },
        });
        if let Some(attributes) = attributes_json(cube, Owner::Measure(measure), values) {
            point["qAttrExps"] = attributes;
        }
        point
    };
    let page = |page: &Page| {
        let (across, down) = page.within(width, height);
        let data: Vec<Json> = rows[down.clone()]
            .iter()
            .map(|row| columns[across.clone()].iter().map(|column| point(row, column)).collect())
            .collect();
        let cells = |nodes: &[Node], range: &Range<usize>, of_left| {
            let mut at = 0;
            let mut cells = Vec::new();
            for node in nodes {
                cells.extend(cell(view, def, cube, node, &mut at, range, of_left));
            }
            cells
        };
        json!({
            "qLeft": cells(&cube.grid.axes.left, &down, true),
            "qTop": cells(&cube.grid.axes.top, &across, false),
            "qData": if cube.measures.is_empty() { Vec::new() } else { data },
            "qArea": { "qLeft": across.start, "qTop": down.start, "qWidth": across.len(), "qHeight": down.len() },
        })
    };
    pages.iter().map(page).collect()
}

/// The node's own members of its cell.
pub(super) fn node_json(view: &View<'_>, def: &CubeDef, cube: &Cube, node: &Node) -> Json {
    let field = node.dimension.and_then(|place| cube.dimensions.get(place)?.as_ref().ok());
    let value: Option<&Value> = field.and_then(|field| view.model.fields[*field].values.get(node.element as usize));
    let (element, kind, text) = match node.kind {
        Kind::Value => (i64::from(node.element), "N", value.map(|value| value.text.clone())),
        Kind::Null => (-2, "U", Some("-".to_owned())),
        Kind::Total => {
            let label =
                node.dimension.and_then(|place| def.q_dimensions.get(place)).map(|dimension| &dimension.q_total_label);
            (-1, "T", label.map(|label| label.text().to_owned()).filter(|label| !label.is_empty()))
        }
        Kind::Empty => (-4, "E", None),
        Kind::Measure => {
            let place = node.measure.unwrap_or_default();
            (i64::try_from(place).unwrap_or_default(), "P", def.q_measures.get(place).map(measure_title))
        }
    };
    let mut cell = json!({ "qElemNo": element, "qValue": number_json(value.map(|value| value.num)), "qType": kind });
    if let Some(text) = text {
        cell["qText"] = json!(text);
    }
    match node.open {
        Some(true) => cell["qCanCollapse"] = json!(true),
        Some(false) => cell["qCanExpand"] = json!(true),
        None => {}
    }
    cell
}

/// The cell of a node, as far as it is in the range of leaves; `at` counts them.
fn cell(
    view: &View<'_>,
    def: &CubeDef,
    cube: &Cube,
    node: &Node,
    at: &mut usize,
    range: &Range<usize>,
    of_left: bool,
) -> Option<Json> {
    let (from, to) = (*at, *at + node.leaves());
    if to <= range.start || from >= range.end {
        *at = to;
        return None;
    }
    let mut children = Vec::new();
    for child in &node.children {
        children.extend(cell(view, def, cube, child, at, range, of_left));
    }
    *at = to;
    let mut made = node_json(view, def, cube, node);
    made["qUp"] = json!(range.start.saturating_sub(from));
    made["qDown"] = json!(to.saturating_sub(range.end));
    made["qSubNodes"] = json!(children);
    if let (Some(place), Kind::Value) = (node.dimension, node.kind) {
        let values = if of_left { cube.grid.values(&node.key, &[]) } else { cube.grid.values(&[], &node.key) };
        if let Some(attributes) = attributes_json(cube, Owner::Dimension(place), values) {
            made["qAttrExps"] = attributes;
        }
    }
    Some(made)
}
