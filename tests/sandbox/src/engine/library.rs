//! Master dimensions and measures: their own methods, and how they are put in where definitions refer to them.

use serde_json::{Value as Json, json};

use super::methods::{Method, methods};
use super::open::Open;
use crate::cube::{CubeDef, InlineDimension, ListDef, NumberFormat};
use crate::tenant::{Entity, Object};

pub(super) const DIMENSION: &[Method] = methods! {
    GetDimension() => |call, ()| Ok(json!({ "qDim": call.this()?.properties["qDim"] })),
};

pub(super) const MEASURE: &[Method] = methods! {
    GetMeasure() => |call, ()| Ok(json!({ "qMeasure": call.this()?.properties["qMeasure"] })),
};

pub(super) fn dimension_layout(open: &Open, dimension: &Object) -> Json {
    let fields = dimension.properties["qDim"]["qFieldDefs"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let infos = fields.map(|name| match open.model.field(name.trim_start_matches('=').trim_matches(['[', ']'])) {
        Some(field) => {
            let field = &open.model.fields[field];
            let glyphs = field.values.iter().map(|value| value.text.chars().count()).max();
            json!({ "qApprMaxGlyphCount": glyphs, "qCardinal": field.values.len(), "qTags": field.tags() })
        }
        None => json!({ "qTags": [] }),
    });
    json!({ "qDim": dimension.properties["qDim"], "qDimInfos": infos.collect::<Vec<_>>() })
}

/// Puts a master dimension in the place of a definition's own. An id that there is none of stays, and is an error.
fn resolve_dimension(open: &Open, id: &mut String, library: &mut String, def: &mut InlineDimension) {
    let Some(item) = open.entity(Entity::Dimension, id).filter(|_| !id.is_empty()) else { return };
    let dimension = &item.properties["qDim"];
    let texts = |name: &str| -> Vec<String> {
        let texts = dimension[name].as_array().into_iter().flatten();
        texts.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    def.q_field_defs = texts("qFieldDefs");
    def.q_field_labels = texts("qFieldLabels");
    if let (true, Some(title)) = (def.q_field_labels.is_empty(), item.properties["qMetaDef"]["title"].as_str()) {
        def.q_field_labels = vec![title.to_owned()];
    }
    *library = std::mem::take(id);
}

pub(super) fn resolve_list(open: &Open, def: &mut ListDef) {
    resolve_dimension(open, &mut def.q_library_id, &mut def.library, &mut def.q_def);
}

/// Puts master items in the place of what refers to them.
pub(super) fn resolve_cube(open: &Open, def: &mut CubeDef) {
    let measure = |id: &str| open.entity(Entity::Measure, id).filter(|_| !id.is_empty());
    for dimension in &mut def.q_dimensions {
        resolve_dimension(open, &mut dimension.q_library_id, &mut dimension.library, &mut dimension.q_def);
    }
    for to in &mut def.q_measures {
        let Some(item) = measure(&to.q_library_id) else { continue };
        let of = &item.properties["qMeasure"];
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        to.q_def.q_def = text(&of["qDef"]);
        to.q_def.q_label = text(&of["qLabel"]);
        if to.q_def.q_label.is_empty() {
            to.q_def.q_label = text(&item.properties["qMetaDef"]["title"]);
        }
        if to.q_def.q_num_format.is_none() {
            to.q_def.q_num_format = serde_json::from_value::<NumberFormat>(of["qNumFormat"].clone()).ok();
        }
        to.library = std::mem::take(&mut to.q_library_id);
    }
    let dimensions = def.q_dimensions.iter_mut().flat_map(|dimension| &mut dimension.q_attribute_expressions);
    let measures = def.q_measures.iter_mut().flat_map(|measure| &mut measure.q_attribute_expressions);
    for attribute in dimensions.chain(measures) {
        if let Some(item) = measure(&attribute.q_library_id) {
            attribute.q_expression = item.properties["qMeasure"]["qDef"].as_str().unwrap_or_default().to_owned();
            attribute.q_library_id.clear();
        }
    }
}
