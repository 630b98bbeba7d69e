//! The definitions of hypercubes and list objects, as far as the sandbox heeds them.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The most cells one call may ask for.
pub(crate) const MOST_CELLS: i64 = 10_000;

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) q_left: i64,
    pub(crate) q_top: i64,
    pub(crate) q_width: i64,
    pub(crate) q_height: i64,
}

impl Page {
    /// Whether all of the pages have sizes that make sense.
    pub(crate) fn valid(pages: &[Self]) -> bool {
        pages.iter().all(|p| p.q_left >= 0 && p.q_top >= 0 && p.q_width >= 0 && p.q_height >= 0)
    }

    /// Whether the pages ask for more cells than a call may have.
    pub(crate) fn too_many(pages: &[Self]) -> bool {
        let cells = pages.iter().map(|page| page.q_width.saturating_mul(page.q_height));
        cells.fold(0_i64, i64::saturating_add) > MOST_CELLS
    }

    /// The columns and rows of this page that exist, as ranges.
    pub(crate) fn within(&self, width: usize, height: usize) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let cut = |from: i64, length: i64, end: usize| {
            let from = usize::try_from(from).unwrap_or(0).min(end);
            from..from.saturating_add(usize::try_from(length).unwrap_or(0)).min(end)
        };
        (cut(self.q_left, self.q_width, width), cut(self.q_top, self.q_height, height))
    }
}

/// A hypercube's definition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CubeDef {
    pub(crate) q_dimensions: Vec<DimensionDef>,
    pub(crate) q_measures: Vec<MeasureDef>,
    pub(crate) q_inter_column_sort_order: Vec<i64>,
    pub(crate) q_suppress_zero: bool,
    pub(crate) q_suppress_missing: bool,
    pub(crate) q_initial_data_fetch: Vec<Page>,
    pub(crate) q_mode: Option<String>,
    pub(crate) q_column_order: Vec<i64>,
    pub(crate) q_state_name: String,
    pub(crate) q_no_of_left_dims: Option<i64>,
    pub(crate) q_always_fully_expanded: bool,
    pub(crate) q_show_totals_above: bool,
    pub(crate) q_indent_mode: bool,
    pub(crate) q_sortby_y_value: i64,
    pub(crate) q_calc_cond: Formula,
    pub(crate) q_calc_condition: CalcCondition,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

/// When a cube is to be calculated, and what to say when it is not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CalcCondition {
    pub(crate) q_cond: Formula,
    pub(crate) q_msg: Formula,
}

/// How a cube lays its values out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Straight,
    Pivot,
    Stacked,
    Tree,
}

impl CubeDef {
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self.q_mode.as_deref() {
            None | Some("" | "S" | "DATA_MODE_STRAIGHT") => Some(Mode::Straight),
            Some("P" | "DATA_MODE_PIVOT") => Some(Mode::Pivot),
            Some("K" | "DATA_MODE_PIVOT_STACK") => Some(Mode::Stacked),
            Some("T" | "DATA_MODE_TREE") => Some(Mode::Tree),
            Some(_) => None,
        }
    }

    /// The first option that would change values and is none of the sandbox's.
    pub(crate) fn foreign(&self) -> Option<&str> {
        const FINE: [&str; 4] = ["qReductionMode", "qPseudoDimPos", "qMaxStackedCells", "qTitle"];
        let reduced = self.other.get("qReductionMode").and_then(Json::as_str).is_some_and(|mode| mode != "N");
        if reduced && self.other["qReductionMode"] != "DATA_REDUCTION_NONE" {
            return Some("qReductionMode");
        }
        let dimensions = self.q_dimensions.iter().map(|dimension| {
            let inline = &dimension.q_def;
            let drilled = inline.other.get("qGrouping").is_some_and(|grouping| *grouping == "H");
            if drilled && inline.q_field_defs.len() > 1 {
                return Some("qGrouping");
            }
            foreign(&dimension.other, &["qIncludeElemValue", "qShowTotal", "qOtherLabel"]).or_else(|| {
                foreign(&inline.other, &["qGrouping", "qNumberPresentations", "qLabelExpression", "qAlias"])
            })
        });
        let measures = self.q_measures.iter().map(|measure| {
            let fine = ["qDescription", "qTags", "qGrouping", "qAggrFunc", "qLabelExpression"];
            foreign(&measure.other, &[]).or_else(|| foreign(&measure.q_def.other, &fine))
        });
        foreign(&self.other, &FINE).or_else(|| dimensions.chain(measures).flatten().next())
    }
}

/// The first option of the engine's that says something and is not known to be harmless.
fn foreign<'a>(options: &'a Map<String, Json>, fine: &[&str]) -> Option<&'a str> {
    let mut asked = options.iter().filter(|(name, value)| name.starts_with('q') && !is_blank(value));
    asked.find(|(name, _)| !fine.contains(&name.as_str())).map(|(name, _)| name.as_str())
}

/// Whether a value says no more than its absence would.
fn is_blank(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(on) => !on,
        Json::Number(number) => matches!(number.as_i64(), Some(0 | -1)),
        Json::String(text) => text.is_empty(),
        Json::Array(values) => values.is_empty(),
        Json::Object(members) => members.values().all(is_blank),
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DimensionDef {
    pub(crate) q_library_id: String,
    /// The master item that the definition was taken from.
    #[serde(skip)]
    pub(crate) library: String,
    pub(crate) q_def: InlineDimension,
    pub(crate) q_null_suppression: bool,
    pub(crate) q_other_total_spec: OtherTotal,
    pub(crate) q_total_label: Formula,
    pub(crate) q_attribute_expressions: Vec<AttributeDef>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

/// An expression that goes with the cells of a column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AttributeDef {
    pub(crate) q_expression: String,
    pub(crate) q_library_id: String,
    pub(crate) q_num_format: Option<NumberFormat>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InlineDimension {
    pub(crate) q_field_defs: Vec<String>,
    pub(crate) q_field_labels: Vec<String>,
    pub(crate) q_sort_criterias: Vec<SortCriteria>,
    pub(crate) q_reverse_sort: bool,
    pub(crate) q_active_field: usize,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OtherTotal {
    pub(crate) q_other_mode: String,
    pub(crate) q_total_mode: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MeasureDef {
    pub(crate) q_library_id: String,
    /// The master item that the definition was taken from.
    #[serde(skip)]
    pub(crate) library: String,
    pub(crate) q_def: InlineMeasure,
    pub(crate) q_sort_by: SortCriteria,
    pub(crate) q_attribute_expressions: Vec<AttributeDef>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InlineMeasure {
    pub(crate) q_label: String,
    pub(crate) q_def: String,
    pub(crate) q_reverse_sort: bool,
    pub(crate) q_num_format: Option<NumberFormat>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

/// How numbers are written.
#[derive(Clone, Debug, Default, Deserialize, serde::Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NumberFormat {
    pub(crate) q_type: String,
    #[serde(rename = "qnDec")]
    pub(crate) qn_dec: i64,
    pub(crate) q_use_thou: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) q_fmt: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) q_dec: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) q_thou: String,
}

/// By what to sort: 1 up, -1 down, 0 not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SortCriteria {
    pub(crate) q_sort_by_state: i64,
    pub(crate) q_sort_by_frequency: i64,
    pub(crate) q_sort_by_numeric: i64,
    pub(crate) q_sort_by_ascii: i64,
    pub(crate) q_sort_by_load_order: i64,
    pub(crate) q_sort_by_expression: i64,
    pub(crate) q_expression: Formula,
}

/// An expression in a definition: its text, alone or as `{"qv": text}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Formula {
    Text(String),
    Wrapped {
        #[serde(default)]
        qv: String,
    },
}

impl Default for Formula {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Formula {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Wrapped { qv: text } => text,
        }
    }
}

/// A list object's definition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListDef {
    pub(crate) q_library_id: String,
    /// The master item that the definition was taken from.
    #[serde(skip)]
    pub(crate) library: String,
    /// What is searched for.
    #[serde(skip)]
    pub(crate) search: Option<String>,
    pub(crate) q_def: InlineDimension,
    pub(crate) q_auto_sort_by_state: AutoSort,
    pub(crate) q_frequency_mode: String,
    pub(crate) q_show_alternatives: bool,
    pub(crate) q_initial_data_fetch: Vec<Page>,
    pub(crate) q_expressions: Vec<Json>,
    pub(crate) q_state_name: String,
    #[serde(flatten)]
    pub(crate) other: Map<String, Json>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AutoSort {
    pub(crate) q_display_number_of_rows: i64,
}

/// The members of a definition that the engine hands on to the layout: those of the client's own.
pub(crate) fn own_members(other: &Map<String, Json>) -> Map<String, Json> {
    let own = other.iter().filter(|(name, _)| !name.starts_with('q'));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_cut_to_what_exists() {
        let page = Page { q_left: 1, q_top: 8, q_width: 5, q_height: 5 };
        assert_eq!(page.within(3, 10), (1..3, 8..10));
        assert_eq!(page.within(0, 0), (0..0, 0..0));
        assert!(!Page::too_many(&[Page { q_width: 10, q_height: 1_000, ..Page::default() }]));
        assert!(Page::too_many(&[
            Page { q_width: 10, q_height: 1_000, ..page },
            Page { q_width: 1, q_height: 1, ..page }
        ]));
        assert!(Page::too_many(&[Page { q_width: i64::MAX, q_height: i64::MAX, ..page }]));
        assert!(!Page::valid(&[Page { q_top: -1, ..page }]));
    }
}
