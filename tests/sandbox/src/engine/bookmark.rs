//! Bookmarks: selections that are kept under a name.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::methods::{Call, Method, Outcome, methods};
use super::open::Open;
use crate::model::Selections;
use crate::tenant::Object;

pub(super) const METHODS: &[Method] = methods! {
    Apply() => |call, ()| {
        let saved = call.this()?.saved;
        apply(call, &saved)
    },
};

/// What is selected now, by text, as a bookmark keeps it.
pub(super) fn saved(open: &Open) -> Json {
    let states = open.selected.snapshot().into_iter().map(|(name, selections)| {
        let fields = selections.iter().map(|selection| {
            let field = &open.model.fields[selection.field];
            let values = selection.values.iter().filter_map(|element| field.values.get(*element as usize));
            let values: Vec<Json> =
                values.map(|value| json!({ "qText": value.text, "qIsNumeric": !value.num.is_nan() })).collect();
            json!({
                "qDef": { "qName": field.name, "qType": "PRESENT" },
                "qSelectInfo": { "qTextSearch": "", "qRangeLo": "NaN", "qRangeHi": "NaN" },
                "qValues": values,
                "qExcludedValues": [],
                "qLocked": selection.locked,
            })
        });
        json!({ "qStateName": name, "qFieldItems": fields.collect::<Vec<_>>() })
    });
    json!({ "qStateData": states.collect::<Vec<_>>(), "qVariableItems": [], "qPatches": [] })
}

pub(super) fn layout(bookmark: &Object) -> Json {
    let fields = bookmark.saved["qStateData"].as_array().into_iter().flatten();
    let fields = fields.flat_map(|state| state["qFieldItems"].as_array().into_iter().flatten());
    let infos: Vec<Json> = fields
        .map(|field| {
            let count = field["qValues"].as_array().map_or(0, Vec::len);
            json!({ "qFieldName": field["qDef"]["qName"], "qValuesCount": count, "qExcludedValuesCount": 0 })
        })
        .collect();
    json!({ "qBookmark": bookmark.saved, "qFieldInfos": infos })
}

/// Selects what a bookmark has kept, in the states that there still are.
pub(super) fn apply(call: &mut Call<'_>, saved: &Json) -> Outcome {
    let open = call.open()?;
    let before = open.selected.snapshot();
    for state in saved["qStateData"].as_array().into_iter().flatten() {
        let mut selections = Selections::default();
        for item in state["qFieldItems"].as_array().into_iter().flatten() {
            let name = item["qDef"]["qName"].as_str().unwrap_or_default();
            let Some(field) = open.model.field(name) else { continue };
            let texts: Vec<&str> =
                item["qValues"].as_array().into_iter().flatten().filter_map(|value| value["qText"].as_str()).collect();
            let values = (0u32..).zip(&open.model.fields[field].values);
            let values: BTreeSet<u32> =
                values.filter(|(_, value)| texts.contains(&value.text.as_str())).map(|(element, _)| element).collect();
            selections.select(&open.model, field, values);
            if item["qLocked"] == json!(true) {
                selections.lock(field, true);
            }
        }
        open.selected.set(state["qStateName"].as_str().unwrap_or_default(), selections);
    }
    if open.selected.snapshot() != before {
        open.selected.remember(before);
        open.recalculate();
        call.session.selections_changed();
    }
    Ok(json!({ "qSuccess": true }))
}
