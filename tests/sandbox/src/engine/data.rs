//! The methods of GenericObject that read data, and those that open and close the nodes of pivots.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::methods::{Call, Method, Outcome, done, methods};
use super::rpc::EngineError;
use crate::cube::{
    Cube, CubeDef, List, Mode, Page, TreeOptions, View, cube_pages, list_pages, paths, pivot_pages, stack_pages,
    tree_nodes,
};

type Pages = Vec<Page>;

pub(super) const METHODS: &[Method] = methods! {
    GetHyperCubeData(qPath: String, qPages: Pages) =>
        |call, (path, pages)| cube_data(call, &path, &pages, Mode::Straight, cube_pages),
    GetHyperCubeReducedData(qPath: String, qPages: Pages, qZoomFactor: i64, qReductionMode: String) =>
        |call, (path, pages, zoom, mode)| match zoom <= 0 || matches!(mode.as_str(), "N" | "DATA_REDUCTION_NONE") {
            // Where it may choose how far to reduce, a cube as small as the sandbox's is not reduced at all.
            true => cube_data(call, &path, &pages, Mode::Straight, cube_pages),
            false => Err(EngineError::not_here("reduced data")),
        },
    GetHyperCubePivotData(qPath: String, qPages: Pages) =>
        |call, (path, pages)| cube_data(call, &path, &pages, Mode::Pivot, pivot_pages),
    GetHyperCubeStackData(qPath: String, qPages: Pages; qMaxNbrCells: i64) =>
        |call, (path, pages, _)| cube_data(call, &path, &pages, Mode::Stacked, stack_pages),
    GetHyperCubeTreeData(qPath: String; qNodeOptions: TreeOptions) => |call, (path, options)| {
        let cube = usable(call, &path, Mode::Tree)?;
        let view = call.open()?.view(&cube.0.q_state_name)?;
        Ok(json!({ "qNodes": tree_nodes(&view, &cube.0, &cube.1, &options) }))
    },
    GetListObjectData(qPath: String, qPages: Pages) => |call, (path, pages)| list_data(call, &path, &pages),
    ExpandLeft(qPath: String, qRow: usize, qCol: usize, qAll: bool) =>
        |call, (path, row, column, all)| turn(call, path, true, (row, column), all, true),
    ExpandTop(qPath: String, qRow: usize, qCol: usize, qAll: bool) =>
        |call, (path, row, column, all)| turn(call, path, false, (column, row), all, true),
    CollapseLeft(qPath: String, qRow: usize, qCol: usize, qAll: bool) =>
        |call, (path, row, column, all)| turn(call, path, true, (row, column), all, false),
    CollapseTop(qPath: String, qRow: usize, qCol: usize, qAll: bool) =>
        |call, (path, row, column, all)| turn(call, path, false, (column, row), all, false),
};

/// Refuses pages that make no sense, or that are more than one call may have.
fn check(pages: &[Page], limited: bool) -> Result<(), EngineError> {
    match () {
        () if !Page::valid(pages) => Err(EngineError::parameter("qPages")),
        () if limited && Page::too_many(pages) => Err(EngineError::new(7009, "qPages")),
        () => Ok(()),
    }
}

type Made = fn(&View<'_>, &CubeDef, &Cube, &[Page]) -> Vec<Json>;

fn cube_data(call: &mut Call<'_>, path: &str, pages: &[Page], mode: Mode, made: Made) -> Outcome {
    // A stack's pages count nodes of the first level, not cells.
    check(pages, mode != Mode::Stacked)?;
    let cube = usable(call, path, mode)?;
    let view = call.open()?.view(&cube.0.q_state_name)?;
    Ok(json!({ "qDataPages": made(&view, &cube.0, &cube.1, pages) }))
}

/// The cube at a path, if it is in the mode that the method is for.
fn usable(call: &mut Call<'_>, path: &str, mode: Mode) -> Result<Arc<(CubeDef, Cube)>, EngineError> {
    let id = call.id();
    let cube = call.open()?.cube(&id, path)?;
    match cube.1.mode == mode {
        true => Ok(cube),
        false => Err(EngineError::new(6002, path)),
    }
}

fn list_data(call: &mut Call<'_>, path: &str, pages: &[Page]) -> Outcome {
    check(pages, true)?;
    let id = call.id();
    let open = call.open()?;
    let def = open.list(&id, path)?;
    let view = open.view(&def.q_state_name)?;
    let list = List::calculate(&view, &def)?;
    Ok(json!({ "qDataPages": list_pages(&view, &def, &list, pages) }))
}

/// Opens or closes the node of an axis that leads to a leaf, at a level; or all of them.
fn turn(
    call: &mut Call<'_>,
    path: String,
    left: bool,
    (leaf, level): (usize, usize),
    all: bool,
    open_it: bool,
) -> Outcome {
    let id = call.id();
    let open = call.open()?;
    let cube = open.cube(&id, &path)?;
    if !matches!(cube.1.mode, Mode::Pivot | Mode::Stacked) {
        return Err(EngineError::new(6002, path));
    }
    let axes = &cube.1.grid.axes;
    let key = paths(if left { &axes.left } else { &axes.top }).get(leaf).and_then(|path| path.keys.get(level)).cloned();
    let expansion = open.expansions.entry((id, path)).or_default();
    let axis = if left { &mut expansion.left } else { &mut expansion.top };
    match (all, key, open_it) {
        (true, _, true) => axis.all = true,
        (true, _, false) => *axis = crate::cube::Expansion::default().left,
        (false, Some(key), true) => drop(axis.nodes.insert(key)),
        (false, Some(key), false) => drop(axis.nodes.remove(&key)),
        (false, None, _) => return Err(EngineError::parameter("qRow")),
    }
    open.recalculate();
    call.session.changed(&call.target);
    done()
}
