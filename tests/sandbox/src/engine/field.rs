//! The methods of Field: selections by text, value and state.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value as Json;

use super::methods::{Call, Method, Outcome, methods, returned};
use super::rpc::EngineError;
use super::select::{self, EXCLUDED, POSSIBLE, toggled};
use crate::cube::like;
use crate::model::{Field, Model, Selections, State, Value};

pub(super) const METHODS: &[Method] = methods! {
    Select(qMatch: String; qSoftLock: bool, qExcludedValuesMode: i64) => |call, (text, ..)| by_text(call, &text, false),
    ToggleSelect(qMatch: String; qSoftLock: bool, qExcludedValuesMode: i64) =>
        |call, (text, ..)| by_text(call, &text, true),
    SelectValues(qFieldValues: Vec<FieldValue>; qToggleMode: bool, qSoftLock: bool) =>
        |call, (wanted, toggle, _)| by_value(call, |value| wanted.iter().any(|wanted| wanted.is(value)), toggle),
    LowLevelSelect(qValues: Vec<u32>, qToggleMode: bool; qSoftLock: bool) =>
        |call, (values, toggle, _)| select(call, values.into_iter().collect(), toggle),
    SelectAll(; qSoftLock: bool) => |call, _| by_state(call, |_| true),
    SelectPossible(; qSoftLock: bool) => |call, _| by_state(call, |state| POSSIBLE.contains(&state)),
    SelectAlternative(; qSoftLock: bool) => |call, _| by_state(call, |state| state == State::Alternative),
    SelectExcluded(; qSoftLock: bool) => |call, _| by_state(call, |state| EXCLUDED.contains(&state)),
    Clear() => |call, ()| select(call, BTreeSet::new(), false),
    ClearAllButThis(; qSoftLock: bool) => |call, _| change(call, |_, selections, field| {
        selections.clear(false, Some(field));
        true
    }),
    Lock() => |call, ()| change(call, |_, selections, field| selections.lock(field, true)),
    Unlock() => |call, ()| change(call, |_, selections, field| selections.lock(field, false)),
    GetCardinal() => |call, ()| {
        let field = field(call)?;
        returned(call.open()?.model.fields[field].values.len())
    },
    GetAndMode() => |_, ()| returned(false),
    GetNxProperties() => |_, ()| Ok(serde_json::json!({ "qProperties": { "qOneAndOnlyOne": false } })),
};

/// The number of the field that the method is called on.
fn field(call: &mut Call<'_>) -> Result<usize, EngineError> {
    let name = call.id();
    let found = call.open()?.model.field(&name);
    found.ok_or_else(|| EngineError::not_found(name))
}

/// Makes a change of the selections, and tells who is concerned when something did change.
fn change(call: &mut Call<'_>, change: impl FnOnce(&Model, &mut Selections, usize) -> bool) -> Outcome {
    let (field, state) = (field(call)?, call.state());
    returned(select::change(call.session, &state, |model, selections| change(model, selections, field))?)
}

fn select(call: &mut Call<'_>, values: BTreeSet<u32>, toggle: bool) -> Outcome {
    change(call, |model, selections, field| {
        let values = if toggle { toggled(selections, field, values) } else { values };
        selections.select(model, field, values)
    })
}

/// A search: a text, or several as `(a|b)`, with `*` and `?` as wildcards.
fn by_text(call: &mut Call<'_>, search: &str, toggle: bool) -> Outcome {
    if search.starts_with(['=', '<', '>']) {
        return Err(EngineError::not_here("searches by expression or by number"));
    }
    let inner = search.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let patterns: Vec<&str> = inner.unwrap_or(search).split(if inner.is_some() { '|' } else { '\0' }).collect();
    let fits = |value: &Value| patterns.iter().any(|p| like(&value.text, p.trim().trim_matches('"')));
    by_value(call, fits, toggle)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FieldValue {
    q_text: String,
    q_is_numeric: bool,
    q_number: Option<Json>,
}

impl FieldValue {
    fn is(&self, value: &Value) -> bool {
        match self.q_is_numeric {
            true => self.q_number.as_ref().and_then(Json::as_f64) == Some(value.num),
            false => self.q_text == value.text,
        }
    }
}

fn by_value(call: &mut Call<'_>, fits: impl Fn(&Value) -> bool, toggle: bool) -> Outcome {
    let field = field(call)?;
    let about: &Field = &call.open()?.model.fields[field];
    let values = (0u32..).zip(&about.values).filter(|(_, value)| fits(value)).map(|(element, _)| element).collect();
    select_some(call, values, toggle)
}

fn by_state(call: &mut Call<'_>, fits: fn(State) -> bool) -> Outcome {
    let (field, state) = (field(call)?, call.state());
    let open = call.open()?;
    let states = open.selected.get(&state)?.states(&open.model, field);
    select_some(call, states.elements(fits).collect(), false)
}

/// Selects what was found; where that is nothing, the selections stay.
fn select_some(call: &mut Call<'_>, values: BTreeSet<u32>, toggle: bool) -> Outcome {
    match values.is_empty() {
        true => returned(false),
        false => select(call, values, toggle),
    }
}
