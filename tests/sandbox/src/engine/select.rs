//! The methods of GenericObject that select, and how a change of selections is carried out.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::open::Open;
use super::rpc::{Call, EngineError, Method, Outcome};
use super::session::{Session, Target};
use crate::cube::{List, Mode, paths};
use crate::model::{Model, Selections, State};

pub(super) const METHODS: &[Method] = &[
    Method::new(
        "SelectHyperCubeCells",
        &["qPath", "qRowIndices", "qColIndices", "qSoftLock?", "qDeselectOnlyOneSelected?"],
        select_cells,
    ),
    Method::new("SelectHyperCubeValues", &["qPath", "qDimNo", "qValues", "qToggleMode"], |call| {
        let dimension: usize = call.params.get("qDimNo")?;
        select_values(call, dimension)
    }),
    Method::new(
        "SelectPivotCells",
        &["qPath", "qSelections", "qSoftLock?", "qDeselectOnlyOneSelected?"],
        select_pivot_cells,
    ),
    Method::new("SelectListObjectValues", &["qPath", "qValues", "qToggleMode", "qSoftLock?"], |call| {
        call.params.or_default::<bool>("qSoftLock")?;
        select_values(call, 0)
    }),
    Method::new("SelectListObjectAll", &["qPath", "qSoftLock?"], |call| by_state(call, |_| true)),
    Method::new("SelectListObjectPossible", &["qPath", "qSoftLock?"], |call| {
        by_state(call, |state| matches!(state, State::Option | State::Selected))
    }),
    Method::new("SelectListObjectAlternative", &["qPath", "qSoftLock?"], |call| {
        by_state(call, |state| state == State::Alternative)
    }),
    Method::new("SelectListObjectExcluded", &["qPath", "qSoftLock?"], |call| {
        by_state(call, |state| matches!(state, State::Alternative | State::Excluded))
    }),
    Method::new("ClearSelections", &["qPath", "qColIndices?"], clear_selections),
    Method::new("Lock", &["qPath", "qColIndices?"], |call| lock(call, true)),
    Method::new("Unlock", &["qPath", "qColIndices?"], |call| lock(call, false)),
    Method::new("SearchListObjectFor", &["qPath", "qMatch"], search),
    Method::new("AcceptListObjectSearch", &["qPath", "qToggleMode", "qSoftLock?"], accept_search),
    Method::new("AbortListObjectSearch", &["qPath"], |call| end_search(call).map(|_| json!({}))),
    Method::new("BeginSelections", &["qPaths"], |call| call.params.get::<Vec<String>>("qPaths").map(|_| json!({}))),
    Method::new("EndSelections", &["qAccept"], |call| call.params.get::<bool>("qAccept").map(|_| json!({}))),
];

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

/// The values that are in a selection or among `values`, and not in both.
pub(super) fn toggled(selections: &Selections, field: usize, values: BTreeSet<u32>) -> BTreeSet<u32> {
    match selections.of(field) {
        Some(selection) => &selection.values ^ &values,
        None => values,
    }
}

/// The state of the cube or list at a path, and the field of each of its dimensions.
fn fields(open: &mut Open, id: &str, path: &str) -> Result<(String, Vec<usize>), EngineError> {
    if path.ends_with("/qListObjectDef") {
        let def = open.list(id, path)?;
        let list = List::calculate(&open.view(&def.q_state_name)?, &def);
        let list = list.map_err(|error| EngineError::new(error.code, error.context))?;
        return Ok((def.q_state_name, vec![list.field]));
    }
    let cube = open.cube(id, path)?;
    match &cube.1.error {
        Some(error) => Err(EngineError::new(error.code, error.context.clone())),
        None => Ok((cube.0.q_state_name.clone(), cube.1.dimensions.iter().flatten().copied().collect())),
    }
}

/// Selects values of several fields, all or nothing; the same single value again deselects it when told to.
fn select(call: &mut Call<'_>, state: &str, wanted: Vec<(usize, BTreeSet<u32>)>) -> Outcome {
    call.params.or_default::<bool>("qSoftLock")?;
    let deselect: bool = call.params.or_default("qDeselectOnlyOneSelected")?;
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

fn select_cells(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let rows: Vec<usize> = call.params.get("qRowIndices")?;
    let columns: Vec<usize> = call.params.get("qColIndices")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let (state, fields) = fields(open, &id, &path)?;
    let cube = open.cube(&id, &path)?;
    // No rows or no columns named means all of them.
    let rows = if rows.is_empty() { (0..cube.1.rows.len()).collect() } else { rows };
    let columns = if columns.is_empty() { (0..fields.len()).collect() } else { columns };
    let mut wanted: Vec<(usize, BTreeSet<u32>)> = Vec::new();
    for column in columns {
        // A column of a measure has nothing to select.
        let Some(field) = fields.get(column) else { continue };
        let known = &open.model.fields[*field].values;
        let element = |row: &usize| cube.1.rows.get(*row)?.key.get(column).copied();
        let elements = rows.iter().filter_map(element).filter(|element| (*element as usize) < known.len());
        wanted.push((*field, elements.collect()));
    }
    select(call, &state, wanted)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PivotCell {
    q_type: String,
    q_col: usize,
    q_row: usize,
}

fn select_pivot_cells(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let cells: Vec<PivotCell> = call.params.get("qSelections")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let (state, fields) = fields(open, &id, &path)?;
    let cube = open.cube(&id, &path)?;
    if cube.1.mode != Mode::Pivot {
        return Err(EngineError::new(6002, path));
    }
    let (rows, columns) = (paths(&cube.1.grid.axes.left), paths(&cube.1.grid.axes.top));
    let mut wanted: Vec<(usize, BTreeSet<u32>)> = Vec::new();
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
    select(call, &state, wanted)
}

fn select_values(call: &mut Call<'_>, dimension: usize) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let elements: Vec<i64> = call.params.get("qValues")?;
    let toggle: bool = call.params.get("qToggleMode")?;
    let id = call.id().to_owned();
    let (state, fields) = fields(call.session.doc()?, &id, &path)?;
    let field = *fields.get(dimension).ok_or_else(|| EngineError::parameter("qDimNo"))?;
    let values: Option<BTreeSet<u32>> = elements.iter().map(|element| u32::try_from(*element).ok()).collect();
    let success = change(call.session, &state, |model, selections| match values {
        Some(values) => {
            let values = if toggle { toggled(selections, field, values) } else { values };
            selections.select(model, field, values)
        }
        None => false,
    })?;
    Ok(json!({ "qSuccess": success }))
}

/// The values of a list that it shows and that are in one of some states.
fn by_state(call: &mut Call<'_>, fits: fn(State) -> bool) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let def = open.list(&id, &path)?;
    let view = open.view(&def.q_state_name)?;
    let list = List::calculate(&view, &def).map_err(|error| EngineError::new(error.code, error.context))?;
    let states = view.selections.states(view.model, list.field);
    let values = list.order.iter().copied().filter(|element| states.get(*element).is_some_and(fits)).collect();
    select(call, &def.q_state_name, vec![(list.field, values)])
}

/// The columns that a method names, or all.
fn columns(call: &Call<'_>, fields: Vec<usize>) -> Result<Vec<usize>, EngineError> {
    let columns: Vec<usize> = call.params.or_default("qColIndices")?;
    let named = fields.into_iter().enumerate().filter(|(column, _)| columns.is_empty() || columns.contains(column));
    Ok(named.map(|(_, field)| field).collect())
}

fn clear_selections(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let id = call.id().to_owned();
    let (state, fields) = fields(call.session.doc()?, &id, &path)?;
    let fields = columns(call, fields)?;
    change(call.session, &state, |model, selections| {
        for field in fields {
            // A locked field stays as it is.
            selections.select(model, field, BTreeSet::new());
        }
        true
    })?;
    Ok(json!({}))
}

fn lock(call: &mut Call<'_>, locked: bool) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let id = call.id().to_owned();
    let (state, fields) = fields(call.session.doc()?, &id, &path)?;
    let fields = columns(call, fields)?;
    change(call.session, &state, |_, selections| {
        for field in fields {
            // A field without a selection has nothing to lock.
            selections.lock(field, locked);
        }
        true
    })?;
    Ok(json!({}))
}

/// Narrows a list to what a search finds; nothing is selected yet.
fn search(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let text: String = call.params.get("qMatch")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    open.list(&id, &path)?;
    open.searches.insert((id.clone(), path.clone()), text);
    let def = open.list(&id, &path)?;
    let list = List::calculate(&open.view(&def.q_state_name)?, &def);
    let found = list.is_ok_and(|list| !list.order.is_empty());
    call.session.changed(&Target::Object(id));
    Ok(json!({ "qSuccess": found }))
}

/// Ends a search; the field and the values that it found.
fn end_search(call: &mut Call<'_>) -> Result<Option<(String, usize, BTreeSet<u32>)>, EngineError> {
    let path: String = call.params.get("qPath")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let def = open.list(&id, &path)?;
    let list = List::calculate(&open.view(&def.q_state_name)?, &def);
    let searched = open.searches.remove(&(id.clone(), path)).is_some();
    call.session.changed(&Target::Object(id));
    let found = list.ok().filter(|_| searched);
    Ok(found.map(|list| (def.q_state_name, list.field, list.order.into_iter().collect())))
}

fn accept_search(call: &mut Call<'_>) -> Outcome {
    let toggle: bool = call.params.get("qToggleMode")?;
    call.params.or_default::<bool>("qSoftLock")?;
    if let Some((state, field, values)) = end_search(call)? {
        change(call.session, &state, |model, selections| {
            let values = if toggle { toggled(selections, field, values) } else { values };
            selections.select(model, field, values)
        })?;
    }
    Ok(json!({}))
}
