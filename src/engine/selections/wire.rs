//! The calls behind reading and making selections.

use serde_json::Value;

use super::{DEFAULT_STATE, FieldSelection, SelectedValue, Selections};
use crate::engine::actor::To;
use crate::engine::caller::Caller;
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
    let area = |top: u64| Value::from([object! { "qLeft": 0, "qTop": top, "qWidth": 1, "qHeight": ROWS }]);
    let properties = object! {
        "qInfo": object! { "qType": "values" },
        "qListObjectDef": object! {
            "qStateName": state,
            // selected values come first: the pages behind them need not be read
            "qDef": object! { "qFieldDefs": [field], "qSortCriterias": [object! { "qSortByState": 1 }] },
            "qInitialDataFetch": area(0),
        },
    };
    let read = async |object: &To, layout: Value| {
        let list = layout.get("qListObject").unwrap_or(&Value::Null);
        let counts = list.pointer("/qDimensionInfo/qStateCounts").unwrap_or(&Value::Null);
        let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        let wanted = usize::try_from(count("qSelected") + count("qLocked")).unwrap_or(usize::MAX);
        let rows = list.pointer("/qSize/qcy").and_then(Value::as_u64).unwrap_or(0);
        let mut values = Vec::new();
        take_selected(list.get("qDataPages"), &mut values);
        let mut top = ROWS;
        while values.len() < wanted && top < rows {
            let params = object! { "qPath": "/qListObjectDef", "qPages": area(top) };
            let page = caller.call(object, "GetListObjectData", params).await?;
            take_selected(page.get("qDataPages"), &mut values);
            top += ROWS;
        }
        Ok(values)
    };
    caller.made(doc, properties, read).await
}

fn take_selected(pages: Option<&Value>, values: &mut Vec<SelectedValue>) {
    let pages = pages.and_then(Value::as_array).into_iter().flatten();
    let rows = pages.filter_map(|page| page.get("qMatrix")?.as_array()).flatten();
    for cell in rows.filter_map(|row| row.get(0)) {
        let state = cell.get("qState").and_then(Value::as_str).unwrap_or_default();
        if !matches!(state, "S" | "L" | "SELECTED" | "LOCKED") {
            continue;
        }
        match (cell.get("qNum").and_then(Value::as_f64), cell.get("qText").and_then(Value::as_str)) {
            (Some(number), _) => values.push(SelectedValue::Number(number)),
            (None, Some(text)) => values.push(SelectedValue::Text(text.to_owned())),
            (None, None) => {}
        }
    }
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
    let values: Vec<Value> = (selection.values.iter())
        .map(|value| match value {
            SelectedValue::Number(number) => object! { "qIsNumeric": true, "qNumber": *number },
            SelectedValue::Text(text) => object! { "qText": text.as_str(), "qIsNumeric": false },
        })
        .collect();
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
