//! Master dimensions and measures: made, changed, and put in where definitions refer to them.

use serde_json::{Value as Json, json};

use super::create;
use super::layout::meta;
use super::open::Open;
use super::patch::{self, Patch};
use super::rpc::{Call, EngineError, Method, Outcome, nothing};
use super::session::Target;
use crate::cube::{CubeDef, InlineDimension, ListDef, NumberFormat};
use crate::tenant::{Entity, Object};

pub(super) const DIMENSION: &[Method] = &[
    Method::new("GetLayout", &[], dimension_layout),
    Method::new("GetDimension", &[], |call| Ok(json!({ "qDim": this(call)?.properties["qDim"] }))),
    Method::new("GetProperties", &[], get_properties),
    Method::new("SetProperties", &["qProp"], set_properties),
    Method::new("ApplyPatches", &["qPatches"], apply_patches),
    Method::new("GetInfo", &[], |call| Ok(json!({ "qInfo": this(call)?.info() }))),
];

pub(super) const MEASURE: &[Method] = &[
    Method::new("GetLayout", &[], |call| {
        let measure = this(call)?;
        let meta = meta(call.session.doc()?, &measure);
        Ok(json!({ "qLayout": { "qInfo": measure.info(), "qMeasure": measure.properties["qMeasure"], "qMeta": meta } }))
    }),
    Method::new("GetMeasure", &[], |call| Ok(json!({ "qMeasure": this(call)?.properties["qMeasure"] }))),
    Method::new("GetProperties", &[], get_properties),
    Method::new("SetProperties", &["qProp"], set_properties),
    Method::new("ApplyPatches", &["qPatches"], apply_patches),
    Method::new("GetInfo", &[], |call| Ok(json!({ "qInfo": this(call)?.info() }))),
];

/// What the method is called on.
pub(super) fn this(call: &mut Call<'_>) -> Result<Object, EngineError> {
    let Target::Entity(entity, id) = call.target.clone() else { return Err(EngineError::parameter("handle")) };
    call.session.doc()?.entity(entity, &id).ok_or_else(|| EngineError::not_found(id))
}

pub(super) fn get_properties(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "qProp": this(call)?.properties }))
}

pub(super) fn set_properties(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    put(call, properties)
}

pub(super) fn apply_patches(call: &mut Call<'_>) -> Outcome {
    let patches: Vec<Patch> = call.params.get("qPatches")?;
    let after = patch::apply(&this(call)?.properties, &patches)?;
    put(call, after)
}

/// Keeps new properties; what is calculated with them is calculated anew.
fn put(call: &mut Call<'_>, mut properties: Json) -> Outcome {
    let object = this(call)?;
    if !properties.is_object() {
        return Err(EngineError::parameter("qProp"));
    }
    properties["qInfo"] = object.info();
    call.session.doc()?.set_properties(&object.id, properties)?;
    let target = call.target.clone();
    call.session.changed(&target);
    call.session.objects_changed(|properties| Open::shows_data(properties) || lists(properties));
    Ok(json!({}))
}

/// Whether an object lists master items or bookmarks.
fn lists(properties: &Json) -> bool {
    ["qDimensionListDef", "qMeasureListDef", "qBookmarkListDef"].iter().any(|list| properties.get(list).is_some())
}

/// Makes a master item or a bookmark; `saved` is what a bookmark holds.
pub(super) fn create(call: &mut Call<'_>, entity: Entity, saved: Json) -> Outcome {
    let (kind, member) = match entity {
        Entity::Dimension => ("dimension", Some("qDim")),
        Entity::Measure => ("measure", Some("qMeasure")),
        Entity::Bookmark | Entity::Object => ("bookmark", None),
    };
    let mut properties: Json = call.params.get("qProp")?;
    create::check(&properties)?;
    if let Some(member) = member.filter(|member| !properties[*member].is_object()) {
        return Err(EngineError::new(8, member));
    }
    let asked = properties.pointer("/qInfo/qId").and_then(Json::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    let id = asked.unwrap_or_else(|| call.session.ids.uuid());
    let open = call.session.doc()?;
    if open.app(|app| app.objects.get(&id).is_some())? {
        return Err(EngineError::new(3, id));
    }
    properties["qInfo"] = json!({ "qId": id, "qType": kind });
    if properties.get("qMetaDef").is_none() {
        properties["qMetaDef"] = json!({});
    }
    let object = Object { entity, id, parent: None, properties, saved };
    open.app_mut(|app| app.objects.0.push(object.clone()))?;
    open.recalculate();
    let info = object.info();
    let target = Target::Entity(entity, object.id.clone());
    let mut answer = found(call, entity, Some(object));
    answer["qInfo"] = info;
    call.session.changed(&target);
    call.session.objects_changed(lists);
    Ok(answer)
}

/// `GetDimension`, `GetMeasure` and `GetBookmark`.
pub(super) fn get(call: &mut Call<'_>, entity: Entity) -> Outcome {
    let id: String = call.params.get("qId")?;
    let object = call.session.doc()?.entity(entity, &id);
    Ok(found(call, entity, object))
}

fn found(call: &mut Call<'_>, entity: Entity, object: Option<Object>) -> Json {
    let Some(object) = object else { return nothing() };
    let target = Target::Entity(entity, object.id.clone());
    let class = target.class().name();
    let handle = call.session.handle_of(target);
    json!({ "qReturn": { "qType": class, "qHandle": handle, "qGenericType": object.kind(), "qGenericId": object.id } })
}

/// `DestroyDimension`, `DestroyMeasure` and `DestroyBookmark`.
pub(super) fn destroy(call: &mut Call<'_>, entity: Entity) -> Outcome {
    let id: String = call.params.get("qId")?;
    let open = call.session.doc()?;
    let there = open.entity(entity, &id).is_some();
    if there {
        open.app_mut(|app| app.objects.remove(&id))?;
        open.recalculate();
        call.session.close(&Target::Entity(entity, id));
        call.session.objects_changed(|properties| Open::shows_data(properties) || lists(properties));
    }
    Ok(json!({ "qSuccess": there }))
}

fn dimension_layout(call: &mut Call<'_>) -> Outcome {
    let dimension = this(call)?;
    let open = call.session.doc()?;
    let fields = dimension.properties["qDim"]["qFieldDefs"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let infos = fields.map(|name| match open.model.field(name.trim_start_matches('=').trim_matches(['[', ']'])) {
        Some(field) => {
            let field = &open.model.fields[field];
            let glyphs = field.values.iter().map(|value| value.text.chars().count()).max();
            json!({ "qApprMaxGlyphCount": glyphs, "qCardinal": field.values.len(), "qTags": field.tags() })
        }
        None => json!({ "qTags": [] }),
    });
    Ok(json!({ "qLayout": {
        "qInfo": dimension.info(),
        "qMeta": meta(open, &dimension),
        "qDim": dimension.properties["qDim"],
        "qDimInfos": infos.collect::<Vec<_>>(),
    } }))
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
