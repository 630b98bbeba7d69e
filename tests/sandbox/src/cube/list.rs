//! List objects: all values of a field with their states.

use serde_json::{Value as Json, json};

use super::View;
use super::def::{ListDef, Page, own_members};
use super::layout::{dimension_info, invalid, merge, value_cell};
use super::parse::parse_field;
use super::sort::{frequencies, ranks};
use super::straight::{Invalid, code};
use crate::model::{State, States};

/// A field's values in the order of the list.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) field: usize,
    pub(crate) order: Vec<u32>,
    states: States,
    frequencies: Option<Vec<f64>>,
}

impl List {
    pub(crate) fn calculate(view: &View<'_>, def: &ListDef) -> Result<Self, Invalid> {
        let not_here =
            |what: &str| Invalid { code: code::NOT_IMPLEMENTED, context: format!("Not in the sandbox: {what}") };
        if !def.q_library_id.is_empty() {
            return Err(Invalid { code: code::NOT_IN_LIBRARY, context: def.q_library_id.clone() });
        }
        if !def.q_expressions.is_empty() {
            return Err(not_here("qExpressions"));
        }
        let field = parse_field(view.model, def.q_def.active())?;
        let states = view.selections.states(view.model, field);
        let mut sorting = def.q_def.sorting();
        if def.q_auto_sort_by_state.q_display_number_of_rows > 0
            && i64::try_from(states.0.len()).is_ok_and(|rows| rows > def.q_auto_sort_by_state.q_display_number_of_rows)
        {
            sorting.q_sort_by_state = 1;
        }
        let ranks = ranks(view, field, &sorting, def.q_def.q_reverse_sort);
        let mut order: Vec<u32> = (0u32..).take(states.0.len()).collect();
        if let Some(search) = &def.search {
            let values = &view.model.fields[field].values;
            order.retain(|element| values.get(*element as usize).is_some_and(|value| finds(search, &value.text)));
        }
        order.sort_by_key(|element| ranks[*element as usize]);
        let frequencies = match def.q_frequency_mode.as_str() {
            "" | "N" | "NX_FREQUENCY_NONE" => None,
            "V" | "NX_FREQUENCY_VALUE" => Some(frequencies(view, field)),
            other => return Err(not_here(&format!("frequency mode {other}"))),
        };
        Ok(Self { field, order, states, frequencies })
    }
}

/// The `qListObject` of a layout.
pub(crate) fn list_layout(view: &View<'_>, def: &ListDef) -> Json {
    let own = own_members(&def.other);
    let list = match List::calculate(view, def) {
        Ok(list) => list,
        Err(error) => {
            let empty = json!({ "qSize": { "qcx": 1, "qcy": 0 }, "qError": invalid(&error), "qExpressions": [], "qDataPages": [] });
            return merge(own, empty);
        }
    };
    let mut layout = json!({
        "qSize": { "qcx": 1, "qcy": list.order.len() },
        "qDimensionInfo": dimension_info(view, list.field, &def.q_def, Some(&list.states)),
        "qExpressions": [],
        "qDataPages": [],
    });
    if view.selections.of(list.field).is_some_and(|selection| selection.locked) {
        layout["qDimensionInfo"]["qLocked"] = json!(true);
    }
    if Page::too_many(&def.q_initial_data_fetch) {
        layout["qError"] = json!({ "qErrorCode": code::PAGES_TOO_LARGE, "qContext": "qInitialDataFetch" });
    } else {
        layout["qDataPages"] = json!(list_pages(view, def, &list, &def.q_initial_data_fetch));
    }
    merge(own, layout)
}

/// Whether a search finds a text: any of its words, with wildcards or anywhere in the text.
fn finds(search: &str, text: &str) -> bool {
    search.split_whitespace().any(|word| match word.contains(['*', '?']) {
        true => like(text, word),
        false => like(text, &format!("*{word}*")),
    })
}

/// Whether a text fits a pattern with `*` and `?`, in any case.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let folded = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (text, pattern) = (folded(text), folded(pattern));
    let (mut at, mut place) = (0, 0);
    // After what follows a star fails, it is tried one character further on.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(place) {
            Some('*') => {
                star = Some((place, at));
                place += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[at] => {
                place += 1;
                at += 1;
            }
            _ => match star {
                Some((star_place, star_at)) => {
                    star = Some((star_place, star_at + 1));
                    place = star_place + 1;
                    at = star_at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[place..].iter().all(|rest| *rest == '*')
}

/// Pages of a list's cells.
pub(crate) fn list_pages(view: &View<'_>, def: &ListDef, list: &List, pages: &[Page]) -> Vec<Json> {
    let field = &view.model.fields[list.field];
    let cell = |element: &u32| {
        let mut cell = value_cell(field, *element, &list.states);
        if !def.q_show_alternatives && list.states.get(*element) == Some(State::Alternative) {
            cell["qState"] = json!(State::Excluded.wire());
        }
        if let Some(frequencies) = &list.frequencies {
            cell["qFrequency"] = json!(frequencies[*element as usize].to_string());
        }
        json!([cell])
    };
    let page = |page: &Page| {
        let (columns, rows) = page.within(1, list.order.len());
        let (height, top) = (rows.len(), rows.start);
        let matrix: Vec<Json> = match columns.is_empty() {
            true => Vec::new(),
            false => list.order[rows].iter().map(cell).collect(),
        };
        json!({
            "qMatrix": matrix,
            "qTails": [{ "qUp": 0, "qDown": 0 }],
            "qArea": { "qLeft": columns.start, "qTop": top, "qWidth": columns.len(), "qHeight": height },
        })
    };
    pages.iter().map(page).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_words() {
        assert!(like("Central Europe", "*EUROPE"));
        assert!(like("Central Europe", "c*e*"));
        assert!(like("Oak Goods", "Oak ?oods"));
        assert!(like("", "*"));
        assert!(!like("Oak", "Oa"));
        assert!(!like("Oak", "?"));
        assert!(!like("aaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*b"));
        assert!(finds("rop nor", "Central Europe"));
        assert!(!finds("rop*", "Central Europe"));
    }
}
