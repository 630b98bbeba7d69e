//! From an object's properties to its layout.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::create::children;
use super::open::Open;
use super::rpc::EngineError;
use crate::cube::{cube_layout, list_layout, number_json, state_counts};
use crate::model::{Kind, Model};
use crate::tenant::{Entity, Object, clock};

/// What the sandbox's user may do with an object.
const PRIVILEGES: [&str; 4] = ["read", "update", "delete", "exportdata"];

/// How many selected values of a field are listed by name.
const NAMED_VALUES: usize = 6;

/// The layout of an object.
pub(super) fn layout(open: &mut Open, id: &str) -> Result<Json, EngineError> {
    let object = open.object(id).ok_or_else(|| EngineError::not_found(id))?;
    let properties = open.effective(id)?;
    let mut layout = json!({ "qInfo": object.info(), "qMeta": meta(open, &object), "qSelectionInfo": {} });
    let Json::Object(members) = properties else { return Ok(layout) };
    for (name, value) in &members {
        if !matches!(name.as_str(), "qInfo" | "qMetaDef") {
            let (name, value) = member(open, &object, "", name, value)?;
            layout[name] = value;
        }
    }
    Ok(layout)
}

pub(super) fn meta(open: &Open, object: &Object) -> Json {
    let mut meta = object.properties["qMetaDef"].as_object().cloned().unwrap_or_default();
    if open.objects.get(&object.id).is_none() {
        let stamp = open.app(|app| app.modified.clone()).unwrap_or_else(|_| clock::now());
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
        "qAppObjectListDef" => app_objects(open, value)?,
        "qChildListDef" => listed(&children(open, &object.id), value, |object| meta(open, object)),
        "qSelectionObjectDef" => {
            let state = open.state_of(&object.id, value["qStateName"].as_str().unwrap_or_default())?;
            selections(open, &state)?
        }
        "qVariableListDef" => variables(open, value)?,
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
    let tables = def["qShowSrcTables"] == json!(true);
    let item = |field: &crate::model::Field| {
        let mut item = json!({ "qName": field.name, "qCardinal": field.values.len(), "qTags": field.tags() });
        if tables {
            item["qSrcTables"] = field.tables.iter().map(|table| json!(model.tables[*table].name)).collect();
        }
        item
    };
    json!({ "qItems": model.fields.iter().map(item).collect::<Vec<_>>() })
}

fn app_objects(open: &Open, def: &Json) -> Result<Json, EngineError> {
    let wanted = def["qType"].as_str().unwrap_or_default();
    let stored: Vec<Object> =
        open.app(|app| app.objects.0.iter().filter(|object| object.entity == Entity::Object).cloned().collect())?;
    let of_type: Vec<Object> =
        stored.into_iter().filter(|object| wanted.is_empty() || object.kind() == wanted).collect();
    Ok(listed(&of_type, def, |object| meta(open, object)))
}

/// The master items of a kind, or the bookmarks.
pub(super) fn items(open: &Open, entity: Entity, def: &Json) -> Result<Json, EngineError> {
    let of_entity: Vec<Object> =
        open.app(|app| app.objects.0.iter().filter(|object| object.entity == entity).cloned().collect())?;
    Ok(listed(&of_entity, def, |object| meta(open, object)))
}

/// Objects as a list shows them; `qData` names what to pick from each one's properties.
pub(super) fn listed(objects: &[Object], def: &Json, meta: impl Fn(&Object) -> Json) -> Json {
    let items = objects.iter().map(|object| {
        json!({
            "qInfo": object.info(),
            "qMeta": meta(object),
            "qData": picked(&object.properties, &def["qData"]),
        })
    });
    json!({ "qItems": items.collect::<Vec<_>>() })
}

/// The objects of an app as `GetObjects` lists them.
pub(super) fn entries(open: &Open, objects: &[Object], data: &Json) -> Json {
    listed(objects, &json!({ "qData": data }), |object| meta(open, object))["qItems"].take()
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
            "qStateCounts": state_counts(&selections.states(&open.model, selection.field).counts()),
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

pub(super) fn variables(open: &Open, def: &Json) -> Result<Json, EngineError> {
    let mut variables = open.app(|app| app.variables.clone())?;
    if def["qShowSession"] == json!(true) {
        variables.extend(open.variables.iter().cloned());
    }
    let item = |variable: &crate::tenant::Variable| {
        json!({
            "qName": variable.name(),
            "qDescription": variable.properties["qComment"].as_str().unwrap_or_default(),
            "qDefinition": variable.definition(),
            "qMeta": { "privileges": PRIVILEGES },
            "qInfo": variable.properties["qInfo"],
            "qData": picked(&variable.properties, &def["qData"]),
        })
    };
    Ok(json!({ "qItems": variables.iter().map(item).collect::<Vec<_>>() }))
}
