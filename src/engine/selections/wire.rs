//! The calls behind reading and making selections.

use serde_json::Value;

use super::{DEFAULT_STATE, FieldSelection, SelectedValue, Selections};
use crate::engine::actor::To;
use crate::engine::caller::Caller;
use crate::engine::list_object;
use crate::error::{Error, Result};
use crate::json::object;

/// How many rows of a list object are read in one call.
const ROWS: u64 = 5_000;

/// The states of an app, the default one first.
pub(super) async fn states(caller: &Caller<'_>, doc: &To) -> Result<Vec<String>> {
    let layout = caller.call(doc, "GetAppLayout", object! {}).await?;
    let names = layout.pointer("/qLayout/qStateNames").and_then(Value::as_array);
    let alternate = names.into_iter().flatten().filter_map(Value::as_str).filter(|name| *name != DEFAULT_STATE);
    Ok(std::iter::once(DEFAULT_STATE).chain(alternate).map(str::to_owned).collect())
}

/// The properties of an object that shows the selections of a state.
pub(super) fn watcher(state: &str) -> Value {
    object! { "qInfo": object! { "qType": "selections" }, "qSelectionObjectDef": object! { "qStateName": state } }
}

/// Reads what is selected, in every state.
pub(super) async fn read(caller: &Caller<'_>, doc: &To) -> Result<Selections> {
    let mut selections = Selections::default();
    for state in states(caller, doc).await? {
        let overview = caller.made(doc, watcher(&state), async |_, layout| Ok(layout)).await?;
        let mut fields = Vec::new();
        for item in overview.pointer("/qSelectionObject/qSelections").and_then(Value::as_array).into_iter().flatten() {
            let Some(field) = item.get("qField").and_then(Value::as_str) else { continue };
            let values = field_values(caller, doc, &state, field).await?;
            let locked = item.get("qLocked").and_then(Value::as_bool).unwrap_or(false);
            fields.push(FieldSelection { field: field.to_owned(), values, locked });
        }
        selections.0.insert(state, fields);
    }
    Ok(selections)
}

/// The selected values of one field.
async fn field_values(caller: &Caller<'_>, doc: &To, state: &str, field: &str) -> Result<Vec<SelectedValue>> {
    let definition = object! {
        "qStateName": state,
        // selected values come first: the pages behind them need not be read
        "qDef": object! { "qFieldDefs": [field], "qSortCriterias": [object! { "qSortByState": 1 }] },
    };
    let mut values = Vec::new();
    let take = |list: &Value, cells: &mut dyn Iterator<Item = &Value>| {
        values.extend(cells.filter_map(selected));
        let counts = list.pointer("/qDimensionInfo/qStateCounts").unwrap_or(&Value::Null);
        let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        values.len() < usize::try_from(count("qSelected") + count("qLocked")).unwrap_or(usize::MAX)
    };
    list_object::read(caller, doc, definition, ROWS, take).await?;
    Ok(values)
}

/// The value of a cell, if it is selected.
fn selected(cell: &Value) -> Option<SelectedValue> {
    let text = |name: &str| cell.get(name).and_then(Value::as_str);
    if !matches!(text("qState").unwrap_or_default(), "S" | "L" | "SELECTED" | "LOCKED") {
        return None;
    }
    let number = cell.get("qNum").and_then(Value::as_f64).map(SelectedValue::Number);
    number.or_else(|| text("qText").map(|text| SelectedValue::Text(text.to_owned())))
}

/// Makes selections; what could not be made is returned, the rest is made all the same.
pub(super) async fn apply(caller: &Caller<'_>, doc: &To, selections: &Selections) -> Vec<Error> {
    let mut errors = Vec::new();
    for (state, fields) in &selections.0 {
        let cleared = caller.call(doc, "ClearAll", object! { "qLockedAlso": true, "qStateName": state.as_str() }).await;
        if let Err(error) = cleared {
            errors.push(error);
            continue;
        }
        for selection in fields {
            errors.extend(apply_field(caller, doc, state, selection).await.err());
        }
    }
    errors
}

async fn apply_field(caller: &Caller<'_>, doc: &To, state: &str, selection: &FieldSelection) -> Result<()> {
    let params = object! { "qFieldName": selection.field.as_str(), "qStateName": state };
    let field = caller.object(doc, "GetField", params).await?;
    let values: Vec<Value> = selection.values.iter().map(SelectedValue::to_json).collect();
    let params = object! { "qFieldValues": values, "qToggleMode": false, "qSoftLock": false };
    let done = caller.call(&field, "SelectValues", params).await?;
    if done.get("qReturn").and_then(Value::as_bool) == Some(false) && !selection.values.is_empty() {
        let message = format!("none of its values could be selected in the field `{}`", selection.field);
        return Err(Error::not_found("SelectValues", message));
    }
    if selection.locked {
        caller.call(&field, "Lock", object! {}).await?;
    }
    Ok(())
}
