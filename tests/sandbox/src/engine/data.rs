//! The methods of GenericObject that read data, and those that open and close the nodes of pivots.

use serde_json::{Value as Json, json};

use super::open::Open;
use super::rpc::{Call, EngineError, Method, Outcome};
use super::session::Target;
use crate::cube::{
    Cube, CubeDef, List, Mode, Page, TreeOptions, View, cube_pages, list_pages, paths, pivot_pages, stack_pages,
    tree_nodes,
};

pub(super) const METHODS: &[Method] = &[
    Method::new("GetHyperCubeData", &["qPath", "qPages"], |call| cube_data(call, Mode::Straight, cube_pages)),
    Method::new("GetHyperCubePivotData", &["qPath", "qPages"], |call| cube_data(call, Mode::Pivot, pivot_pages)),
    Method::new("GetHyperCubeStackData", &["qPath", "qPages", "qMaxNbrCells?"], |call| {
        call.params.or_default::<i64>("qMaxNbrCells")?;
        cube_data(call, Mode::Stacked, stack_pages)
    }),
    Method::new("GetHyperCubeTreeData", &["qPath", "qNodeOptions?"], tree_data),
    Method::new("GetListObjectData", &["qPath", "qPages"], list_data),
    Method::new("ExpandLeft", &["qPath", "qRow", "qCol", "qAll"], |call| turn(call, true, true)),
    Method::new("ExpandTop", &["qPath", "qRow", "qCol", "qAll"], |call| turn(call, false, true)),
    Method::new("CollapseLeft", &["qPath", "qRow", "qCol", "qAll"], |call| turn(call, true, false)),
    Method::new("CollapseTop", &["qPath", "qRow", "qCol", "qAll"], |call| turn(call, false, false)),
];

/// The pages asked for, within what one call may have.
fn pages(call: &Call<'_>, limited: bool) -> Result<Vec<Page>, EngineError> {
    let pages: Vec<Page> = call.params.get("qPages")?;
    if !Page::valid(&pages) {
        return Err(EngineError::parameter("qPages"));
    }
    match limited && Page::too_many(&pages) {
        true => Err(EngineError::new(7009, "qPages")),
        false => Ok(pages),
    }
}

type Pages = fn(&View<'_>, &CubeDef, &Cube, &[Page]) -> Vec<Json>;

fn cube_data(call: &mut Call<'_>, mode: Mode, made: Pages) -> Outcome {
    let path: String = call.params.get("qPath")?;
    // A stack's pages count nodes of the first level, not cells.
    let pages = pages(call, mode != Mode::Stacked)?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let cube = usable(open, &id, &path, mode)?;
    let view = open.view(&cube.0.q_state_name)?;
    Ok(json!({ "qDataPages": made(&view, &cube.0, &cube.1, &pages) }))
}

/// The cube at a path, if it is in the mode that the method is for.
fn usable(open: &mut Open, id: &str, path: &str, mode: Mode) -> Result<std::sync::Arc<(CubeDef, Cube)>, EngineError> {
    let cube = open.cube(id, path)?;
    match cube.1.mode == mode {
        true => Ok(cube),
        false => Err(EngineError::new(6002, path)),
    }
}

fn tree_data(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let options: TreeOptions = call.params.or_default("qNodeOptions")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let cube = usable(open, &id, &path, Mode::Tree)?;
    let view = open.view(&cube.0.q_state_name)?;
    Ok(json!({ "qNodes": tree_nodes(&view, &cube.0, &cube.1, &options) }))
}

fn list_data(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let pages = pages(call, true)?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let def = open.list(&id, &path)?;
    let view = open.view(&def.q_state_name)?;
    let list = List::calculate(&view, &def).map_err(|error| EngineError::new(error.code, error.context))?;
    Ok(json!({ "qDataPages": list_pages(&view, &def, &list, &pages) }))
}

/// Opens or closes the node of an axis at a row and a column, or all of them.
fn turn(call: &mut Call<'_>, left: bool, open_it: bool) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let (row, column): (usize, usize) = (call.params.get("qRow")?, call.params.get("qCol")?);
    let all: bool = call.params.get("qAll")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let cube = open.cube(&id, &path)?;
    if !matches!(cube.1.mode, Mode::Pivot | Mode::Stacked) {
        return Err(EngineError::new(6002, path));
    }
    let axes = &cube.1.grid.axes;
    let (nodes, leaf, level) = if left { (&axes.left, row, column) } else { (&axes.top, column, row) };
    let key = paths(nodes).get(leaf).and_then(|path| path.keys.get(level)).cloned();
    let expansion = open.expansions.entry((id.clone(), path)).or_default();
    let axis = if left { &mut expansion.left } else { &mut expansion.top };
    match (all, key, open_it) {
        (true, _, true) => axis.all = true,
        (true, _, false) => *axis = crate::cube::Expansion::default().left,
        (false, Some(key), true) => drop(axis.nodes.insert(key)),
        (false, Some(key), false) => drop(axis.nodes.remove(&key)),
        (false, None, _) => return Err(EngineError::parameter("qRow")),
    }
    open.recalculate();
    call.session.changed(&Target::Object(id));
    Ok(json!({}))
}
