//! A calculated hypercube as the engine's JSON: the layout's `qHyperCube`, and pages of cells.

use serde_json::{Map, Value as Json, json};

use super::View;
use super::datum::{Datum, number_json, number_text};
use super::def::{
    AttributeDef, CubeDef, InlineDimension, MeasureDef, Mode, NumberFormat, Page, SortCriteria, own_members,
};
use super::format::{formatted, is_own};
use super::pivot::{pivot_pages, size};
use super::stack::{stack_pages, stack_size, tree_levels};
use super::straight::{Cube, Invalid, Owner, code};
use crate::json::extend;
use crate::model::{Field, Kind, NULL, State, States};

impl InlineDimension {
    /// The definition in use.
    pub(super) fn active(&self) -> &str {
        let active = self.q_field_defs.get(self.q_active_field).or(self.q_field_defs.first());
        active.map_or("", String::as_str)
    }

    pub(super) fn sorting(&self) -> SortCriteria {
        let active = self.q_sort_criterias.get(self.q_active_field).or(self.q_sort_criterias.first());
        active.cloned().unwrap_or_default()
    }

    fn titles(&self) -> Vec<String> {
        let title = |(place, definition): (usize, &String)| {
            let label = self.q_field_labels.get(place).filter(|label| !label.is_empty());
            label.unwrap_or(definition).clone()
        };
        self.q_field_defs.iter().enumerate().map(title).collect()
    }
}

/// The `qHyperCube` of a layout.
pub(crate) fn cube_layout(view: &View<'_>, def: &CubeDef, cube: &Cube) -> Json {
    let mut states = cube.states.iter();
    let dimensions: Vec<Json> = cube
        .dimensions
        .iter()
        .zip(&def.q_dimensions)
        .enumerate()
        .map(|(place, (dimension, def))| match dimension {
            Ok(field) => {
                let mut info = dimension_info(view, *field, &def.q_def, states.next());
                info["qAttrExprInfo"] = attributes_info(cube, Owner::Dimension(place));
                if !def.library.is_empty() {
                    info["qLibraryId"] = json!(def.library);
                }
                info
            }
            Err(error) => json!({ "qFallbackTitle": def.q_def.titles().first(), "qError": invalid(error) }),
        })
        .collect();
    let measures: Vec<Json> = (0..cube.measures.len()).map(|place| measure_info(def, cube, place)).collect();
    let mut total = Vec::new();
    for (place, value) in cube.totals.iter().enumerate().filter(|_| cube.mode == Mode::Straight) {
        let mut cell = measure_cell(value, format_of(def, place));
        cell["qElemNumber"] = json!(-1);
        cell["qState"] = json!("X");
        cell["qIsTotalCell"] = json!(true);
        total.push(cell);
    }
    let mut layout = own_members(&def.other);
    // A stack's pages count nodes of the first level, each with all its cells.
    let too_large = cube.mode != Mode::Stacked && Page::too_many(&def.q_initial_data_fetch);
    let blank = too_large || cube.error.is_some();
    let asked = if blank { &[][..] } else { &def.q_initial_data_fetch };
    let error = match too_large {
        true => Some(Invalid { code: code::PAGES_TOO_LARGE, context: "qInitialDataFetch".to_owned() }),
        false => cube.error.clone(),
    };
    if let Some(error) = error {
        layout.insert("qError".to_owned(), invalid(&error));
        if error.code == code::CONDITION {
            let message = def.q_calc_condition.q_msg.text();
            let value = if message.starts_with('=') { view.value(message).ok() } else { None };
            let message = value.map_or_else(|| message.to_owned(), |value| value.text());
            layout["qError"]["qExtendedMessage"] = json!(message);
            layout.insert("qCalcCondMsg".to_owned(), json!(message));
        }
    }
    let pages = |mode: Mode, pages: fn(&View<'_>, &CubeDef, &Cube, &[Page]) -> Vec<Json>| match cube.mode == mode {
        true => pages(view, def, cube, asked),
        false => Vec::new(),
    };
    let (width, height) = match cube.mode {
        _ if cube.error.is_some() => (cube.dimensions.len() + cube.measures.len(), 0),
        Mode::Straight => (cube.dimensions.len() + cube.measures.len(), cube.rows.len()),
        Mode::Pivot => size(cube),
        Mode::Stacked | Mode::Tree => stack_size(cube),
    };
    let tree = cube.mode == Mode::Tree;
    let mut rest = json!({
        "qSize": { "qcx": width, "qcy": height },
        "qDimensionInfo": dimensions,
        "qMeasureInfo": measures,
        "qEffectiveInterColumnSortOrder": cube.order,
        "qGrandTotalRow": total,
        "qDataPages": pages(Mode::Straight, cube_pages),
        "qPivotDataPages": pages(Mode::Pivot, pivot_pages),
        "qStackedDataPages": pages(Mode::Stacked, stack_pages),
        "qMode": match cube.mode { Mode::Straight => "S", Mode::Pivot => "P", Mode::Stacked => "K", Mode::Tree => "T" },
        "qNoOfLeftDims": if cube.mode == Mode::Straight { json!(-1) } else { json!(cube.grid.left_levels) },
        "qTreeNodesOnDim": if tree { tree_levels(&cube.grid.axes.left) } else { Vec::new() },
        "qColumnOrder": def.q_column_order,
    });
    if tree {
        rest["qTreeDataPages"] = json!([]);
    }
    if def.q_indent_mode {
        rest["qIndentMode"] = json!(true);
    }
    if !matches!(def.q_state_name.as_str(), "" | "$") {
        rest["qStateName"] = json!(def.q_state_name);
    }
    merge(layout, rest)
}

/// The columns of a straight cube in the order in which its pages have them.
fn shown(def: &CubeDef, width: usize) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::new();
    let asked = def.q_column_order.iter().filter_map(|column| usize::try_from(*column).ok());
    for column in asked.filter(|column| *column < width).chain(0..width) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// Pages of a straight cube's cells, cut to the rows and columns that exist.
pub(crate) fn cube_pages(view: &View<'_>, def: &CubeDef, cube: &Cube, pages: &[Page]) -> Vec<Json> {
    let fields: Vec<usize> = cube.dimensions.iter().flatten().copied().collect();
    let order = shown(def, fields.len() + cube.measures.len());
    let page = |page: &Page| {
        let (columns, rows) = page.within(order.len(), cube.rows.len());
        let (height, top) = (rows.len(), rows.start);
        let matrix: Vec<Json> = cube.rows[rows]
            .iter()
            .map(|row| {
                let cell = |column: &usize| {
                    let (mut cell, owner) = match column.checked_sub(fields.len()) {
                        None => {
                            let field = &view.model.fields[fields[*column]];
                            (value_cell(field, row.key[*column], &cube.states[*column]), Owner::Dimension(*column))
                        }
                        Some(measure) => {
                            (measure_cell(&row.values[measure], format_of(def, measure)), Owner::Measure(measure))
                        }
                    };
                    if let Some(attributes) = attributes_json(cube, owner, Some(&row.values)) {
                        cell["qAttrExps"] = attributes;
                    }
                    cell
                };
                order[columns.clone()].iter().map(cell).collect()
            })
            .collect();
        let tails: Vec<Json> = fields.iter().map(|_| json!({ "qUp": 0, "qDown": 0 })).collect();
        json!({
            "qMatrix": matrix,
            "qTails": tails,
            "qArea": { "qLeft": columns.start, "qTop": top, "qWidth": columns.len(), "qHeight": height },
        })
    };
    pages.iter().map(page).collect()
}

/// The `qAttrExps` of a cell, where its column has any.
pub(super) fn attributes_json(cube: &Cube, owner: Owner, values: Option<&Vec<Datum>>) -> Option<Json> {
    let value = |(place, def): (usize, &AttributeDef)| {
        let value = values.and_then(|values| values.get(place)).unwrap_or(&Datum::Null);
        json!({ "qText": formatted(value, def.q_num_format.as_ref()), "qNum": number_json(value.number()) })
    };
    let values: Vec<Json> = cube.attributes_of(owner).map(value).collect();
    (!values.is_empty()).then(|| json!({ "qValues": values }))
}

/// What a layout tells about the attribute expressions of a column.
fn attributes_info(cube: &Cube, owner: Owner) -> Json {
    let info = |(place, def): (usize, &AttributeDef)| {
        let numbers = || cube.rows.iter().filter_map(|row| row.values.get(place)?.number());
        let end = |pick: fn(f64, f64) -> f64| numbers().reduce(pick);
        let text = |end: Option<f64>| end.map_or_else(|| "-".to_owned(), number_text);
        let (least, most) = (end(f64::min), end(f64::max));
        let info = json!({
            "qMin": number_json(least),
            "qMax": number_json(most),
            "qFallbackTitle": def.q_expression,
            "qMinText": text(least),
            "qMaxText": text(most),
            "qNumFormat": number_format(Kind::Text),
            "qIsAutoFormat": true,
        });
        let mut info = merge(own_members(&def.other), info);
        if let Some(error) = cube.fault(place) {
            info["qError"] = invalid(error);
        }
        info
    };
    cube.attributes_of(owner).map(info).collect()
}

pub(super) fn measure_title(measure: &MeasureDef) -> String {
    let title = if measure.q_def.q_label.is_empty() { &measure.q_def.q_def } else { &measure.q_def.q_label };
    title.clone()
}

pub(super) fn format_of(def: &CubeDef, measure: usize) -> Option<&NumberFormat> {
    def.q_measures.get(measure)?.q_def.q_num_format.as_ref()
}

/// A cell of a dimension.
pub(super) fn value_cell(field: &Field, element: u32, states: &States) -> Json {
    match field.values.get(element as usize) {
        Some(value) if element != NULL => json!({
            "qText": value.text,
            "qNum": number_json(Some(value.num)),
            "qElemNumber": element,
            "qState": states.get(element).unwrap_or(State::Option).wire(),
        }),
        _ => null_cell(),
    }
}

fn null_cell() -> Json {
    json!({ "qText": "-", "qNum": "NaN", "qElemNumber": -2, "qState": "L", "qIsNull": true })
}

fn measure_cell(value: &Datum, format: Option<&NumberFormat>) -> Json {
    if value.is_null() {
        return null_cell();
    }
    json!({
        "qText": formatted(value, format),
        "qNum": number_json(value.number()),
        "qElemNumber": 0,
        "qState": "L",
    })
}

/// What a layout tells about a dimension.
pub(super) fn dimension_info(view: &View<'_>, field: usize, def: &InlineDimension, states: Option<&States>) -> Json {
    let about = &view.model.fields[field];
    let possible = |state: &State| matches!(state, State::Locked | State::Selected | State::Option);
    let numbers: Vec<f64> = (about.values.iter().zip(states.into_iter().flat_map(|states| &states.0)))
        .filter(|(value, state)| possible(state) && !value.num.is_nan())
        .map(|(value, _)| value.num)
        .collect();
    let end = |pick: fn(f64, f64) -> f64| number_json(numbers.iter().copied().reduce(pick));
    let glyphs = about.values.iter().map(|value| value.text.chars().count()).max();
    let titles = def.titles();
    let info = json!({
        "qFallbackTitle": titles.get(def.q_active_field).or(titles.first()),
        "qApprMaxGlyphCount": glyphs.unwrap_or(0),
        "qCardinal": about.values.len(),
        "qSortIndicator": def.sorting().indicator(def.q_reverse_sort),
        "qGroupFallbackTitles": titles,
        "qGroupPos": 0,
        "qStateCounts": states.map(state_counts),
        "qTags": about.tags(),
        "qDimensionType": match about.kind { Kind::Text => "D", Kind::Date => "T", _ => "N" },
        "qGrouping": "N",
        "qNumFormat": number_format(about.kind),
        "qIsAutoFormat": true,
        "qGroupFieldDefs": def.q_field_defs,
        "qMin": end(f64::min),
        "qMax": end(f64::max),
        "qAttrExprInfo": [],
        "qAttrDimInfo": [],
        "qCardinalities": { "qCardinal": about.values.len(), "qHypercubeCardinal": 0, "qAllValuesCardinal": -1 },
    });
    merge(own_members(&def.other), info)
}

fn measure_info(def: &CubeDef, cube: &Cube, place: usize) -> Json {
    let measure = &def.q_measures[place];
    let values = || cube.rows.iter().map(|row| &row.values[place]);
    let numbers = || values().filter_map(Datum::number);
    let end = |pick: fn(f64, f64) -> f64| number_json(numbers().reduce(pick).or(Some(0.0)));
    let whole = numbers().all(|number| number.fract() == 0.0);
    let own = measure.q_def.q_num_format.as_ref().filter(|format| is_own(format));
    let format = match own {
        Some(own) => json!(own),
        None => number_format(if whole { Kind::Integer } else { Kind::Real }),
    };
    let glyphs = values().map(|value| formatted(value, own).chars().count()).max();
    let info = json!({
        "qFallbackTitle": measure_title(measure),
        "qApprMaxGlyphCount": glyphs.unwrap_or(0),
        "qCardinal": 0,
        "qSortIndicator": measure.q_sort_by.indicator(measure.q_def.q_reverse_sort),
        "qNumFormat": format,
        "qMin": end(f64::min),
        "qMax": end(f64::max),
        "qIsAutoFormat": own.is_none(),
        "qAttrExprInfo": attributes_info(cube, Owner::Measure(place)),
        "qAttrDimInfo": [],
    });
    let mut info = merge(own_members(&measure.q_def.other), info);
    if !measure.library.is_empty() {
        info["qLibraryId"] = json!(measure.library);
    }
    if let Some(Err(error)) = cube.measures.get(place) {
        info["qError"] = invalid(error);
    }
    info
}

pub(super) fn invalid(error: &Invalid) -> Json {
    json!({ "qErrorCode": error.code, "qContext": error.context })
}

/// The `qStateCounts` of a field.
pub(crate) fn state_counts(states: &States) -> Json {
    json!({
        "qLocked": states.count(State::Locked),
        "qSelected": states.count(State::Selected),
        "qOption": states.count(State::Option),
        "qDeselected": 0,
        "qAlternative": states.count(State::Alternative),
        "qExcluded": states.count(State::Excluded),
        "qSelectedExcluded": states.count(State::SelectedExcluded),
        "qLockedExcluded": states.count(State::LockedExcluded),
    })
}

/// The `qNumFormat` that the engine finds for values of a kind.
fn number_format(kind: Kind) -> Json {
    match kind {
        Kind::Text | Kind::Month => json!({ "qType": "U", "qnDec": 0, "qUseThou": 0 }),
        Kind::Integer => json!({ "qType": "I", "qnDec": 0, "qUseThou": 1, "qFmt": "###0", "qDec": "." }),
        Kind::Real => {
            json!({ "qType": "R", "qnDec": 0, "qUseThou": 0, "qFmt": "##############", "qDec": ".", "qThou": "," })
        }
        Kind::Date => json!({ "qType": "D", "qnDec": 0, "qUseThou": 0, "qFmt": "YYYY-MM-DD" }),
    }
}

/// The client's own members, and the engine's over them.
pub(super) fn merge(own: Map<String, Json>, engine: Json) -> Json {
    let mut both = Json::Object(own);
    extend(&mut both, engine);
    both
}
