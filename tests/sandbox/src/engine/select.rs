//! The methods that select, in cubes, lists and whole states, and how a change of selections is carried out.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::methods::{Call, Method, Outcome, done, methods, returned};
use super::open::Open;
use super::rpc::EngineError;
use super::session::{Session, Target};
use crate::cube::{List, ListDef, Mode, paths};
use crate::model::{Model, Selections, State};

/// The states of what can be had without giving up anything.
pub(super) const POSSIBLE: [State; 2] = [State::Option, State::Selected];
/// The states of what cannot.
pub(super) const EXCLUDED: [State; 2] = [State::Alternative, State::Excluded];

pub(super) const METHODS: &[Method] = methods! {
    SelectHyperCubeCells(qPath: String, qRowIndices: Vec<usize>, qColIndices: Vec<usize>;
        qSoftLock: bool, qDeselectOnlyOneSelected: bool) =>
        |call, (path, rows, columns, _, deselect)| select_cells(call, &path, rows, columns, deselect),
    SelectHyperCubeValues(qPath: String, qDimNo: usize, qValues: Vec<i64>, qToggleMode: bool) =>
        |call, (path, dimension, values, toggle)| select_values(call, &path, dimension, &values, toggle),
    SelectPivotCells(qPath: String, qSelections: Vec<PivotCell>; qSoftLock: bool, qDeselectOnlyOneSelected: bool) =>
        |call, (path, cells, _, deselect)| select_pivot_cells(call, &path, &cells, deselect),
    SelectListObjectValues(qPath: String, qValues: Vec<i64>, qToggleMode: bool; qSoftLock: bool) =>
        |call, (path, values, toggle, _)| select_values(call, &path, 0, &values, toggle),
    SelectListObjectAll(qPath: String; qSoftLock: bool) => |call, (path, _)| by_state(call, &path, |_| true),
    SelectListObjectPossible(qPath: String; qSoftLock: bool) =>
        |call, (path, _)| by_state(call, &path, |state| POSSIBLE.contains(&state)),
    SelectListObjectAlternative(qPath: String; qSoftLock: bool) =>
        |call, (path, _)| by_state(call, &path, |state| state == State::Alternative),
    SelectListObjectExcluded(qPath: String; qSoftLock: bool) =>
        |call, (path, _)| by_state(call, &path, |state| EXCLUDED.contains(&state)),
    ClearSelections(qPath: String; qColIndices: Vec<usize>) => |call, (path, columns)| {
        // A locked field stays as it is.
        each(call, &path, &columns, |model, selections, field| selections.select(model, field, BTreeSet::new()))
    },
    // A field without a selection has nothing to lock.
    Lock(qPath: String; qColIndices: Vec<usize>) =>
        |call, (path, columns)| each(call, &path, &columns, |_, selections, field| selections.lock(field, true)),
    Unlock(qPath: String; qColIndices: Vec<usize>) =>
        |call, (path, columns)| each(call, &path, &columns, |_, selections, field| selections.lock(field, false)),
    SearchListObjectFor(qPath: String, qMatch: String) => |call, (path, text)| search(call, path, text),
    AcceptListObjectSearch(qPath: String, qToggleMode: bool; qSoftLock: bool) => |call, (path, toggle, _)| {
        if let Some((state, field, values)) = end_search(call, path)? {
            change_values(call.session, &state, field, values, toggle)?;
        }
        done()
    },
    AbortListObjectSearch(qPath: String) => |call, (path,)| end_search(call, path).map(|_| json!({})),
    BeginSelections(qPaths: Vec<String>) => |_, _| done(),
    EndSelections(qAccept: bool) => |_, _| done(),
};

/// The methods of Doc that have to do with selections and alternate states.
pub(super) const DOC: &[Method] = methods! {
    ClearAll(; qLockedAlso: bool, qStateName: String) =>
        |call, (locked_too, state)| whole(call, &state, |selections| selections.clear(locked_too, None)),
    LockAll(; qStateName: String) => |call, (state,)| whole(call, &state, |selections| selections.lock_all(true)),
    UnlockAll(; qStateName: String) => |call, (state,)| whole(call, &state, |selections| selections.lock_all(false)),
    Back() => |call, ()| step(call, true),
    Forward() => |call, ()| step(call, false),
    BackCount() => |call, ()| returned(call.open()?.selected.steps().0),
    ForwardCount() => |call, ()| returned(call.open()?.selected.steps().1),
    ClearUndoBuffer() => |call, ()| {
        call.open()?.selected.forget();
        done()
    },
    AddAlternateState(qStateName: String) => |call, (name,)| {
        call.open()?.selected.add(&name)?;
        states_changed(call)
    },
    RemoveAlternateState(qStateName: String) => |call, (name,)| {
        call.open()?.selected.remove(&name)?;
        states_changed(call)
    },
};

/// Makes a change of a state's selections and, when something did change, tells who is concerned.
pub(super) fn change(
    session: &mut Session,
    state: &str,
    change: impl FnOnce(&Model, &mut Selections) -> bool,
) -> Result<bool, EngineError> {
    let open = session.doc()?;
    let mut selections = open.selected.get(state)?.clone();
    let success = change(&open.model, &mut selections);
    if success && selections != *open.selected.get(state)? {
        let before = open.selected.snapshot();
        open.selected.set(state, selections);
        open.selected.remember(before);
        open.recalculate();
        session.selections_changed();
    }
    Ok(success)
}

fn change_values(
    session: &mut Session,
    state: &str,
    field: usize,
    values: BTreeSet<u32>,
    toggle: bool,
) -> Result<bool, EngineError> {
    change(session, state, |model, selections| {
        let values = if toggle { toggled(selections, field, values) } else { values };
        selections.select(model, field, values)
    })
}

/// The values that are in a selection or among `values`, and not in both.
pub(super) fn toggled(selections: &Selections, field: usize, values: BTreeSet<u32>) -> BTreeSet<u32> {
    match selections.of(field) {
        Some(selection) => &selection.values ^ &values,
        None => values,
    }
}

fn whole(call: &mut Call<'_>, state: &str, all: impl FnOnce(&mut Selections)) -> Outcome {
    change(call.session, state, |_, selections| {
        all(selections);
        true
    })?;
    done()
}

fn step(call: &mut Call<'_>, back: bool) -> Outcome {
    let open = call.open()?;
    if open.selected.step(back) {
        open.recalculate();
        call.session.selections_changed();
    }
    done()
}

fn states_changed(call: &mut Call<'_>) -> Outcome {
    call.open()?.recalculate();
    call.session.changed(&Target::Doc);
    call.session.selections_changed();
    done()
}

/// The list at a path, calculated.
fn list(open: &Open, id: &str, path: &str) -> Result<(ListDef, List), EngineError> {
    let def = open.list(id, path)?;
    let list = List::calculate(&open.view(&def.q_state_name)?, &def)?;
    Ok((def, list))
}

/// The state of the cube or list at a path, and the field of each of its dimensions.
fn fields(call: &mut Call<'_>, path: &str) -> Result<(String, Vec<usize>), EngineError> {
    let id = call.id();
    let open = call.open()?;
    if path.ends_with("/qListObjectDef") {
        let (def, list) = list(open, &id, path)?;
        return Ok((def.q_state_name, vec![list.field]));
    }
    let cube = open.cube(&id, path)?;
    match &cube.1.error {
        Some(error) => Err(error.clone().into()),
        None => Ok((cube.0.q_state_name.clone(), cube.1.dimensions.iter().flatten().copied().collect())),
    }
}

type Wanted = Vec<(usize, BTreeSet<u32>)>;

/// Selects values of several fields, all or nothing; the same single value again deselects it when told to.
fn select(call: &mut Call<'_>, state: &str, wanted: Wanted, deselect: bool) -> Outcome {
    if wanted.is_empty() || wanted.iter().any(|(_, values)| values.is_empty()) {
        return Ok(json!({ "qSuccess": false }));
    }
    let success = change(call.session, state, |model, selections| {
        wanted.into_iter().all(|(field, mut values)| {
            let same = selections.of(field).is_some_and(|selection| selection.values == values);
            if deselect && same && values.len() == 1 {
                values.clear();
            }
            selections.select(model, field, values)
        })
    })?;
    Ok(json!({ "qSuccess": success }))
}

/// Cells of a straight cube. No rows or no columns named means all of them.
fn select_cells(call: &mut Call<'_>, path: &str, rows: Vec<usize>, columns: Vec<usize>, deselect: bool) -> Outcome {
    let (state, fields) = fields(call, path)?;
    let id = call.id();
    let open = call.open()?;
    let cube = open.cube(&id, path)?;
    let rows = if rows.is_empty() { (0..cube.1.rows.len()).collect() } else { rows };
    let columns = if columns.is_empty() { (0..fields.len()).collect() } else { columns };
    let mut wanted = Wanted::new();
    for column in columns {
        // A column of a measure has nothing to select.
        let Some(field) = fields.get(column) else { continue };
        let known = &open.model.fields[*field].values;
        let element = |row: &usize| cube.1.rows.get(*row)?.key.get(column).copied();
        let elements = rows.iter().filter_map(element).filter(|element| (*element as usize) < known.len());
        wanted.push((*field, elements.collect()));
    }
    select(call, &state, wanted, deselect)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PivotCell {
    q_type: String,
    q_col: usize,
    q_row: usize,
}

fn select_pivot_cells(call: &mut Call<'_>, path: &str, cells: &[PivotCell], deselect: bool) -> Outcome {
    let (state, fields) = fields(call, path)?;
    let id = call.id();
    let cube = call.open()?.cube(&id, path)?;
    if cube.1.mode != Mode::Pivot {
        return Err(EngineError::new(6002, path));
    }
    let (rows, columns) = (paths(&cube.1.grid.axes.left), paths(&cube.1.grid.axes.top));
    let mut wanted = Wanted::new();
    for cell in cells {
        let (row, column) = (rows.get(cell.q_row), columns.get(cell.q_col));
        let steps: Vec<(usize, u32)> = match cell.q_type.as_str() {
            "L" => row.and_then(|row| *row.steps.get(cell.q_col)?).into_iter().collect(),
            "T" => column.and_then(|column| *column.steps.get(cell.q_row)?).into_iter().collect(),
            "D" => row.into_iter().chain(column).flat_map(|path| path.steps.iter().copied().flatten()).collect(),
            _ => return Err(EngineError::parameter("qSelections")),
        };
        for (dimension, element) in steps {
            let field = *fields.get(dimension).ok_or_else(|| EngineError::parameter("qSelections"))?;
            match wanted.iter_mut().find(|(known, _)| *known == field) {
                Some((_, values)) => drop(values.insert(element)),
                None => wanted.push((field, BTreeSet::from([element]))),
            }
        }
    }
    select(call, &state, wanted, deselect)
}

fn select_values(call: &mut Call<'_>, path: &str, dimension: usize, elements: &[i64], toggle: bool) -> Outcome {
    let (state, fields) = fields(call, path)?;
    let field = *fields.get(dimension).ok_or_else(|| EngineError::parameter("qDimNo"))?;
    let values: Option<BTreeSet<u32>> = elements.iter().map(|element| u32::try_from(*element).ok()).collect();
    let success = match values {
        Some(values) => change_values(call.session, &state, field, values, toggle)?,
        None => false,
    };
    Ok(json!({ "qSuccess": success }))
}

/// The values of a list that it shows and that are in one of some states.
fn by_state(call: &mut Call<'_>, path: &str, fits: fn(State) -> bool) -> Outcome {
    let id = call.id();
    let open = call.open()?;
    let (def, list) = list(open, &id, path)?;
    let states = open.selected.get(&def.q_state_name)?.states(&open.model, list.field);
    let values = list.order.iter().copied().filter(|element| states.get(*element).is_some_and(fits)).collect();
    select(call, &def.q_state_name, vec![(list.field, values)], false)
}

/// Changes the fields of the columns named, or of all.
fn each(
    call: &mut Call<'_>,
    path: &str,
    columns: &[usize],
    one: fn(&Model, &mut Selections, usize) -> bool,
) -> Outcome {
    let (state, fields) = fields(call, path)?;
    change(call.session, &state, |model, selections| {
        for (column, field) in fields.into_iter().enumerate() {
            if columns.is_empty() || columns.contains(&column) {
                one(model, selections, field);
            }
        }
        true
    })?;
    done()
}

/// Narrows a list to what a search finds; nothing is selected yet.
fn search(call: &mut Call<'_>, path: String, text: String) -> Outcome {
    let id = call.id();
    let open = call.open()?;
    open.list(&id, &path)?;
    open.searches.insert((id.clone(), path.clone()), text);
    let found = list(open, &id, &path).is_ok_and(|(_, list)| !list.order.is_empty());
    call.session.changed(&call.target);
    Ok(json!({ "qSuccess": found }))
}

/// Ends a search: the state, the field and the values that it found.
fn end_search(call: &mut Call<'_>, path: String) -> Result<Option<(String, usize, BTreeSet<u32>)>, EngineError> {
    let id = call.id();
    let open = call.open()?;
    open.list(&id, &path)?;
    let list = list(open, &id, &path);
    let searched = open.searches.remove(&(id, path)).is_some();
    call.session.changed(&call.target);
    let found = list.ok().filter(|_| searched);
    Ok(found.map(|(def, list)| (def.q_state_name, list.field, list.order.into_iter().collect())))
}
