//! A calculated hypercube as the engine's JSON: the layout's `qHyperCube`, and pages of cells.

use serde_json::{Map, Value as Json, json};

use super::View;
use super::datum::{Datum, number_json};
use super::def::{CubeDef, InlineDimension, NumberFormat, Page, SortCriteria, own_members};
use super::format::{formatted, is_own};
use super::straight::{Cube, Invalid, code};
use crate::model::{Counts, Field, Kind, Model, NULL, State, States};

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
        .map(|(dimension, def)| match dimension {
            Ok(field) => dimension_info(view, *field, &def.q_def, states.next()),
            Err(error) => json!({ "qFallbackTitle": def.q_def.titles().first(), "qError": invalid(error) }),
        })
        .collect();
    let measures: Vec<Json> = (0..cube.measures.len()).map(|place| measure_info(def, cube, place)).collect();
    let mut total = Vec::new();
    for (place, value) in cube.totals.iter().enumerate() {
        let mut cell = measure_cell(value, format_of(def, place));
        cell["qElemNumber"] = json!(-1);
        cell["qState"] = json!("X");
        cell["qIsTotalCell"] = json!(true);
        total.push(cell);
    }
    let mut layout = own_members(&def.other);
    let too_large = Page::too_many(&def.q_initial_data_fetch);
    let pages = match too_large || cube.error.is_some() {
        true => Vec::new(),
        false => cube_pages(view.model, def, cube, &def.q_initial_data_fetch),
    };
    let error = match too_large {
        true => Some(Invalid { code: code::PAGES_TOO_LARGE, context: "qInitialDataFetch".to_owned() }),
        false => cube.error.clone(),
    };
    if let Some(error) = error {
        layout.insert("qError".to_owned(), invalid(&error));
    }
    let rest = json!({
        "qSize": { "qcx": cube.dimensions.len() + cube.measures.len(), "qcy": cube.rows.len() },
        "qDimensionInfo": dimensions,
        "qMeasureInfo": measures,
        "qEffectiveInterColumnSortOrder": cube.order,
        "qGrandTotalRow": total,
        "qDataPages": pages,
        "qPivotDataPages": [],
        "qStackedDataPages": [],
        "qMode": "S",
        "qNoOfLeftDims": -1,
        "qTreeNodesOnDim": [],
        "qColumnOrder": def.q_column_order,
    });
    merge(layout, rest)
}

/// Pages of a cube's cells, cut to the rows and columns that exist.
pub(crate) fn cube_pages(model: &Model, def: &CubeDef, cube: &Cube, pages: &[Page]) -> Vec<Json> {
    let fields: Vec<usize> = cube.dimensions.iter().flatten().copied().collect();
    let width = fields.len() + cube.measures.len();
    let page = |page: &Page| {
        let (columns, rows) = page.within(width, cube.rows.len());
        let (height, top) = (rows.len(), rows.start);
        let matrix: Vec<Json> = cube.rows[rows]
            .iter()
            .map(|row| {
                let cell = |column: usize| match column.checked_sub(fields.len()) {
                    None => value_cell(&model.fields[fields[column]], row.key[column], &cube.states[column]),
                    Some(measure) => measure_cell(&row.values[measure], format_of(def, measure)),
                };
                columns.clone().map(cell).collect()
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

fn format_of(def: &CubeDef, measure: usize) -> Option<&NumberFormat> {
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
        "qStateCounts": state_counts(&states.map(States::counts).unwrap_or_default()),
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
    let title = if measure.q_def.q_label.is_empty() { &measure.q_def.q_def } else { &measure.q_def.q_label };
    let info = json!({
        "qFallbackTitle": title,
        "qApprMaxGlyphCount": glyphs.unwrap_or(0),
        "qCardinal": 0,
        "qSortIndicator": measure.q_sort_by.indicator(measure.q_def.q_reverse_sort),
        "qNumFormat": format,
        "qMin": end(f64::min),
        "qMax": end(f64::max),
        "qIsAutoFormat": own.is_none(),
        "qAttrExprInfo": [],
        "qAttrDimInfo": [],
    });
    let mut info = merge(own_members(&measure.q_def.other), info);
    if let Some(Err(error)) = cube.measures.get(place) {
        info["qError"] = invalid(error);
    }
    info
}

pub(super) fn invalid(error: &Invalid) -> Json {
    json!({ "qErrorCode": error.code, "qContext": error.context })
}

/// The `qStateCounts` of a field.
pub(crate) fn state_counts(counts: &Counts) -> Json {
    json!({
        "qLocked": counts.locked,
        "qSelected": counts.selected,
        "qOption": counts.option,
        "qDeselected": 0,
        "qAlternative": counts.alternative,
        "qExcluded": counts.excluded,
        "qSelectedExcluded": counts.selected_excluded,
        "qLockedExcluded": counts.locked_excluded,
    })
}

/// The `qNumFormat` that the engine finds for values of a kind.
pub(crate) fn number_format(kind: Kind) -> Json {
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
pub(super) fn merge(mut own: Map<String, Json>, engine: Json) -> Json {
    if let Json::Object(engine) = engine {
        own.extend(engine);
    }
    Json::Object(own)
}
