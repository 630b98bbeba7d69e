//! The methods of Field: selections by text and value.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::rpc::{Call, EngineError, Method, Outcome};
use super::select::{self, toggled};
use crate::cube::like;
use crate::model::{Field, Model, Selections, State};

pub(super) const METHODS: &[Method] = &[
    Method::new("Select", &["qMatch", "qSoftLock?", "qExcludedValuesMode?"], |call| by_text(call, false)),
    Method::new("ToggleSelect", &["qMatch", "qSoftLock?", "qExcludedValuesMode?"], |call| by_text(call, true)),
    Method::new("SelectValues", &["qFieldValues", "qToggleMode?", "qSoftLock?"], by_value),
    Method::new("SelectAll", &["qSoftLock?"], |call| by_state(call, |_| true)),
    Method::new("SelectPossible", &["qSoftLock?"], |call| {
        by_state(call, |state| matches!(state, State::Option | State::Selected))
    }),
    Method::new("SelectAlternative", &["qSoftLock?"], |call| by_state(call, |state| state == State::Alternative)),
    Method::new("SelectExcluded", &["qSoftLock?"], |call| {
        by_state(call, |state| matches!(state, State::Alternative | State::Excluded))
    }),
    Method::new("Clear", &[], |call| select(call, BTreeSet::new(), false)),
    Method::new("ClearAllButThis", &["qSoftLock?"], |call| {
        let field = field(call)?;
        change(call, |_, selections| {
            selections.clear(false, Some(field));
            true
        })
    }),
    Method::new("Lock", &[], |call| lock(call, true)),
    Method::new("Unlock", &[], |call| lock(call, false)),
    Method::new("GetCardinal", &[], |call| {
        let field = field(call)?;
        Ok(json!({ "qReturn": call.session.doc()?.model.fields[field].values.len() }))
    }),
    Method::new("LowLevelSelect", &["qValues", "qToggleMode", "qSoftLock?"], |call| {
        let values: Vec<u32> = call.params.get("qValues")?;
        let toggle: bool = call.params.get("qToggleMode")?;
        call.params.or_default::<bool>("qSoftLock")?;
        select(call, values.into_iter().collect(), toggle)
    }),
    Method::new("GetAndMode", &[], |_| Ok(json!({ "qReturn": false }))),
    Method::new("GetNxProperties", &[], |_| Ok(json!({ "qProperties": { "qOneAndOnlyOne": false } }))),
];

/// The number of the field that the method is called on.
fn field(call: &mut Call<'_>) -> Result<usize, EngineError> {
    let name = call.id().to_owned();
    let found = call.session.doc()?.model.field(&name);
    found.ok_or_else(|| EngineError::not_found(name))
}

/// Makes a change of the selections, and tells who is concerned when something did change.
fn change(call: &mut Call<'_>, change: impl FnOnce(&Model, &mut Selections) -> bool) -> Outcome {
    let state = call.state();
    Ok(json!({ "qReturn": select::change(call.session, &state, change)? }))
}

fn select(call: &mut Call<'_>, values: BTreeSet<u32>, toggle: bool) -> Outcome {
    let field = field(call)?;
    change(call, |model, selections| {
        let values = if toggle { toggled(selections, field, values) } else { values };
        selections.select(model, field, values)
    })
}

fn by_text(call: &mut Call<'_>, toggle: bool) -> Outcome {
    let text: String = call.params.get("qMatch")?;
    call.params.or_default::<bool>("qSoftLock")?;
    call.params.or_default::<i64>("qExcludedValuesMode")?;
    if text.starts_with(['=', '<', '>']) {
        return Err(EngineError::not_here("searches by expression or by number"));
    }
    let field = field(call)?;
    let values = matching(&call.session.doc()?.model.fields[field], &text);
    if values.is_empty() {
        return Ok(json!({ "qReturn": false }));
    }
    select(call, values, toggle)
}

/// The values that a search finds: a text, or several as `(a|b)`, with `*` and `?` as wildcards.
fn matching(field: &Field, search: &str) -> BTreeSet<u32> {
    let inner = search.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let patterns: Vec<&str> = inner.unwrap_or(search).split(if inner.is_some() { '|' } else { '\0' }).collect();
    let fits = |text: &str| patterns.iter().any(|pattern| like(text, pattern.trim().trim_matches('"')));
    (0u32..).zip(&field.values).filter(|(_, value)| fits(&value.text)).map(|(element, _)| element).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldValue {
    #[serde(default)]
    q_text: String,
    #[serde(default)]
    q_is_numeric: bool,
    #[serde(default)]
    q_number: Option<serde_json::Value>,
}

fn by_value(call: &mut Call<'_>) -> Outcome {
    let wanted: Vec<FieldValue> = call.params.get("qFieldValues")?;
    let toggle: bool = call.params.or_default("qToggleMode")?;
    call.params.or_default::<bool>("qSoftLock")?;
    let field = field(call)?;
    let about = &call.session.doc()?.model.fields[field];
    let fits = |value: &crate::model::Value| {
        wanted.iter().any(|wanted| match wanted.q_is_numeric {
            true => wanted.q_number.as_ref().and_then(serde_json::Value::as_f64) == Some(value.num),
            false => wanted.q_text == value.text,
        })
    };
    let values: BTreeSet<u32> = (0u32..).zip(&about.values).filter(|(_, value)| fits(value)).map(|(e, _)| e).collect();
    if values.is_empty() {
        return Ok(json!({ "qReturn": false }));
    }
    select(call, values, toggle)
}

fn by_state(call: &mut Call<'_>, fits: fn(State) -> bool) -> Outcome {
    call.params.or_default::<bool>("qSoftLock")?;
    let (field, state) = (field(call)?, call.state());
    let open = call.session.doc()?;
    let states = open.selected.get(&state)?.states(&open.model, field);
    let values: BTreeSet<u32> = (0u32..).zip(&states.0).filter(|(_, state)| fits(**state)).map(|(e, _)| e).collect();
    if values.is_empty() {
        return Ok(json!({ "qReturn": false }));
    }
    select(call, values, false)
}

fn lock(call: &mut Call<'_>, locked: bool) -> Outcome {
    let field = field(call)?;
    change(call, |_, selections| selections.lock(field, locked))
}
