//! From an object's properties to its layout.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::methods::Call;
use super::open::Open;
use super::rpc::EngineError;
use super::state::DEFAULT;
use super::{bookmark, library};
use crate::cube::{Datum, View, cube_layout, list_layout, number_json, state_counts};
use crate::json::extend;
use crate::model::{Kind, Model, Value};
use crate::tenant::{Entity, Object};

/// What the sandbox's user may do with an object.
const PRIVILEGES: [&str; 4] = ["read", "update", "delete", "exportdata"];

/// How many selected values of a field are listed by name.
const NAMED_VALUES: usize = 6;

/// The layout of what a method is called on.
pub(super) fn of_kept(call: &mut Call<'_>) -> Result<Json, EngineError> {
    let object = call.this()?;
    let open = call.open()?;
    let mut layout = json!({ "qInfo": object.info(), "qMeta": meta(open, &object) });
    let more = match object.entity {
        Entity::Object => members(open, &object)?,
        Entity::Dimension => library::dimension_layout(open, &object),
        Entity::Measure => json!({ "qMeasure": object.properties["qMeasure"] }),
        Entity::Bookmark => bookmark::layout(&object),
        Entity::Variable => {
            let value = variable(&open.view(DEFAULT)?, object.definition());
            json!({ "qText": value.text(), "qNum": number_json(value.number()) })
        }
    };
    extend(&mut layout, more);
    Ok(layout)
}

/// What an object's properties make of its layout.
fn members(open: &mut Open, object: &Object) -> Result<Json, EngineError> {
    let properties = open.effective(&object.id)?;
    let mut layout = json!({ "qSelectionInfo": {} });
    for (name, value) in properties.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "qInfo" | "qMetaDef") {
            let (name, value) = member(open, object, "", name, value)?;
            layout[name] = value;
        }
    }
    Ok(layout)
}

/// The value of a variable: calculated when its definition begins with `=`, else as it stands.
fn variable(view: &View<'_>, definition: &str) -> Datum {
    if definition.trim_start().starts_with('=') {
        return view.value(definition).unwrap_or(Datum::Null);
    }
    let num = definition.trim().parse().ok().filter(|number: &f64| number.is_finite());
    Datum::Value(Value { text: definition.to_owned(), num: num.unwrap_or(f64::NAN) })
}

pub(super) fn meta(open: &Open, object: &Object) -> Json {
    let mut meta = object.properties["qMetaDef"].as_object().cloned().unwrap_or_default();
    if open.objects.get(&object.id).is_none() && object.entity != Entity::Variable {
        let stamp = open.app(|app| app.modified.clone()).unwrap_or_default();
        meta.insert("createdDate".to_owned(), json!(stamp));
        meta.insert("modifiedDate".to_owned(), json!(stamp));
        meta.insert("published".to_owned(), json!(false));
    }
    meta.insert("privileges".to_owned(), json!(PRIVILEGES));
    Json::Object(meta)
}

/// A member of the layout: definitions become what they define, all else stays as it is.
fn member(
    open: &mut Open,
    object: &Object,
    path: &str,
    name: &str,
    value: &Json,
) -> Result<(String, Json), EngineError> {
    let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    let made = match name {
        "qHyperCubeDef" => {
            let cube = open.cube(&object.id, &path)?;
            cube_layout(&open.view(&cube.0.q_state_name)?, &cube.0, &cube.1)
        }
        "qListObjectDef" => {
            let def = open.list(&object.id, &path)?;
            list_layout(&open.view(&def.q_state_name)?, &def)
        }
        "qFieldListDef" => field_list(&open.model, value),
        "qAppObjectListDef" => items(open, Entity::Object, value)?,
        "qChildListDef" => listed(open, &open.children(&object.id), &value["qData"]),
        "qSelectionObjectDef" => {
            let state = open.state_of(&object.id, value["qStateName"].as_str().unwrap_or_default())?;
            selections(open, &state)?
        }
        "qVariableListDef" => items(open, Entity::Variable, value)?,
        "qDimensionListDef" => items(open, Entity::Dimension, value)?,
        "qMeasureListDef" => items(open, Entity::Measure, value)?,
        "qBookmarkListDef" => items(open, Entity::Bookmark, value)?,
        _ => return Ok((name.to_owned(), plain(open, object, &path, value)?)),
    };
    Ok((name.trim_end_matches("Def").to_owned(), made))
}

/// A member of the client's own, with the expressions in it calculated.
fn plain(open: &mut Open, object: &Object, path: &str, value: &Json) -> Result<Json, EngineError> {
    match value {
        Json::Object(members) => {
            if let Some(expression) = members.get("qStringExpression") {
                return Ok(json!(calculated(open, object, expression)?.0));
            }
            if let Some(expression) = members.get("qValueExpression") {
                return Ok(calculated(open, object, expression)?.1);
            }
            let mut made = Map::new();
            for (name, value) in members {
                let (name, value) = member(open, object, path, name, value)?;
                made.insert(name, value);
            }
            Ok(Json::Object(made))
        }
        other => Ok(other.clone()),
    }
}

/// The text and the number of an expression that stands alone or under `qExpr`.
fn calculated(open: &Open, object: &Object, expression: &Json) -> Result<(String, Json), EngineError> {
    let text = expression.as_str().or_else(|| expression["qExpr"].as_str()).unwrap_or_default();
    Ok(match open.view(&open.state_of(&object.id, "")?)?.value(text) {
        Ok(value) => (value.text(), number_json(value.number())),
        Err(_) => ("-".to_owned(), json!("NaN")),
    })
}

fn field_list(model: &Arc<Model>, def: &Json) -> Json {
    let item = |place: usize| {
        let field = &model.fields[place];
        let mut item = json!({ "qName": field.name, "qCardinal": field.values.len(), "qTags": field.tags() });
        if def["qShowSrcTables"] == true {
            item["qSrcTables"] = json!(model.tables_of(place));
        }
        item
    };
    json!({ "qItems": (0..model.fields.len()).map(item).collect::<Vec<_>>() })
}

/// All of a kind as a list's definition asks for them.
pub(super) fn items(open: &Open, entity: Entity, def: &Json) -> Result<Json, EngineError> {
    let mut all = open.all(entity, entity == Entity::Variable && def["qShowSession"] == true)?;
    if let (Entity::Object, Some(kind)) = (entity, def["qType"].as_str().filter(|kind| !kind.is_empty())) {
        all.retain(|object| object.kind() == kind);
    }
    Ok(listed(open, &all, &def["qData"]))
}

/// A list of what is kept; `data` names what to pick from each one's properties.
pub(super) fn listed(open: &Open, objects: &[Object], data: &Json) -> Json {
    let items = objects.iter().map(|object| {
        let mut item = json!({
            "qInfo": object.info(),
            "qMeta": meta(open, object),
            "qData": picked(&object.properties, data),
        });
        if object.entity == Entity::Variable {
            item["qName"] = json!(object.name());
            item["qDescription"] = json!(object.properties["qComment"].as_str().unwrap_or_default());
            item["qDefinition"] = json!(object.definition());
        }
        item
    });
    json!({ "qItems": items.collect::<Vec<_>>() })
}

fn picked(properties: &Json, wanted: &Json) -> Json {
    let wanted = wanted.as_object().into_iter().flatten();
    let values = wanted.filter_map(|(name, path)| {
        let value = properties.pointer(path.as_str()?)?;
        Some((name.clone(), value.clone()))
    });
    Json::Object(values.collect())
}

fn selections(open: &Open, state: &str) -> Result<Json, EngineError> {
    let selections = open.selected.get(state)?;
    let items = selections.iter().enumerate().map(|(place, selection)| {
        let field = &open.model.fields[selection.field];
        let texts: Vec<&str> = selection
            .values
            .iter()
            .filter_map(|element| field.values.get(*element as usize))
            .map(|value| value.text.as_str())
            .collect();
        let named = if texts.len() <= NAMED_VALUES { texts.as_slice() } else { &[] };
        let selected = match named.is_empty() {
            true => format!("{} of {}", texts.len(), field.values.len()),
            false => named.join(", "),
        };
        json!({
            "qTotal": field.values.len(),
            "qIsNum": field.kind != Kind::Text,
            "qField": field.name,
            "qReadableName": field.name,
            "qLocked": selection.locked,
            "qSelectedCount": texts.len(),
            "qSelected": selected,
            "qRangeInfo": [],
            "qSortIndex": place,
            "qStateCounts": state_counts(&selections.states(&open.model, selection.field)),
            "qSelectedFieldSelectionInfo": named.iter().map(|text| json!({ "qName": text })).collect::<Vec<_>>(),
            "qNotSelectedFieldSelectionInfo": [],
            "qSelectionThreshold": NAMED_VALUES,
        })
    });
    let (back, forward) = open.selected.steps();
    Ok(json!({
        "qBackCount": back,
        "qForwardCount": forward,
        "qStateName": state,
        "qSelections": items.collect::<Vec<_>>(),
    }))
}
