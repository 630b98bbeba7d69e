//! What an app tells about itself: its layout, properties, tables and fields.

use serde_json::{Value as Json, json};

use super::rpc::{Call, EngineError, Outcome};
use super::session::Target;
use crate::model::{Kind, Model, NULL};
use crate::tenant::PRIVILEGES;

pub(super) fn app_layout(call: &mut Call<'_>) -> Outcome {
    let open = call.session.doc()?;
    let (no_data, of_session) = (open.no_data, open.is_session_app());
    let states = open.selected.names();
    let has_data = !open.model.tables.is_empty();
    let layout = open.app(|app| {
        let mut layout = json!({
            "qTitle": app.name,
            "qFileName": app.id,
            "qLastReloadTime": app.reloaded,
            "qHasScript": !app.script.is_empty(),
            "qStateNames": states,
            "qMeta": {},
            "qHasData": has_data,
            "qThumbnail": {},
            "qUnsupportedFeatures": [],
            "qUsage": app.usage,
            "encrypted": false,
            "id": app.id,
            "published": false,
            "owner": "auth0|sandbox",
            "ownerId": app.owner_id,
            "createdDate": app.created,
            "modifiedDate": app.modified,
            "spaceId": app.space_id.clone().unwrap_or_default(),
            "description": app.description,
            "hassectionaccess": false,
            "_resourcetype": "app",
            "privileges": PRIVILEGES,
            "qLocaleInfo": {
                "qDecimalSep": ".",
                "qThousandSep": ",",
                "qListSep": ";",
                "qDateFmt": "YYYY-MM-DD",
                "qFirstWeekDay": 0,
                "qCollation": "en-US",
            },
        });
        // As recorded, what is false is left out.
        for (member, value) in [("qIsOpenedWithoutData", no_data), ("qIsSessionApp", of_session)] {
            if value {
                layout[member] = json!(true);
            }
        }
        layout
    })?;
    Ok(json!({ "qLayout": layout }))
}

pub(super) fn app_properties(call: &mut Call<'_>) -> Outcome {
    let properties = call.session.doc()?.app(|app| {
        json!({
            "qTitle": app.name,
            "qLastReloadTime": app.reloaded,
            "qMigrationHash": "",
            "qSavedInProductVersion": "12.2528.0",
            "qThumbnail": {},
            "qHasSectionAccess": false,
            "qUsage": app.usage,
        })
    })?;
    Ok(json!({ "qProp": properties }))
}

pub(super) fn set_app_properties(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    if !properties.is_object() {
        return Err(EngineError::parameter("qProp"));
    }
    if let Some(title) = properties["qTitle"].as_str() {
        call.session.doc()?.app_mut(|app| title.clone_into(&mut app.name))?;
    }
    call.session.changed(&Target::Doc);
    Ok(json!({}))
}

pub(super) fn field_description(call: &mut Call<'_>) -> Outcome {
    let name: String = call.params.get("qFieldName")?;
    let model = &call.session.doc()?.model;
    let place = model.field(&name).ok_or_else(|| EngineError::not_found(name))?;
    let field = &model.fields[place];
    Ok(json!({ "qReturn": {
        "qInternalNumber": place,
        "qName": field.name,
        "qSrcTables": field.tables.iter().map(|table| model.tables[*table].name.as_str()).collect::<Vec<_>>(),
        "qCardinal": field.values.len(),
        "qTotalCount": field.tables.iter().map(|table| filled(model, *table, place)).sum::<usize>(),
        "qIsNumeric": field.kind != Kind::Text,
        "qTags": field.tags(),
        "qByteSize": field.values.iter().map(|value| value.text.len() + 8).sum::<usize>(),
    } }))
}

/// How many rows of a table have a value of a field.
fn filled(model: &Model, table: usize, field: usize) -> usize {
    let column = model.tables[table].column(field).unwrap_or_default();
    column.iter().filter(|element| **element != NULL).count()
}

pub(super) fn tables_and_keys(call: &mut Call<'_>) -> Outcome {
    for name in ["qWindowSize", "qNullSize"] {
        if !call.params.get::<Json>(name)?.is_object() {
            return Err(EngineError::parameter(name));
        }
    }
    call.params.get::<i64>("qCellHeight")?;
    call.params.get::<bool>("qSyntheticMode")?;
    call.params.get::<bool>("qIncludeSysVars")?;
    call.params.or_default::<bool>("qIncludeProfiling")?;
    let model = &call.session.doc()?.model;
    let tables: Vec<Json> = (0..model.tables.len()).map(|table| table_record(model, table)).collect();
    let keys: Vec<Json> = model
        .fields
        .iter()
        .filter(|field| field.tables.len() > 1)
        .map(|field| {
            let tables: Vec<&str> = field.tables.iter().map(|table| model.tables[*table].name.as_str()).collect();
            json!({ "qKeyFields": [field.name], "qTables": tables })
        })
        .collect();
    Ok(json!({ "qtr": tables, "qk": keys }))
}

fn table_record(model: &Model, place: usize) -> Json {
    let table = &model.tables[place];
    let fields: Vec<Json> = table
        .columns
        .iter()
        .map(|(field, column)| {
            let about = &model.fields[*field];
            let mut present: Vec<u32> = column.iter().copied().filter(|element| *element != NULL).collect();
            let filled = present.len();
            present.sort_unstable();
            present.dedup();
            let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
            let key = match (about.tables.len() > 1, present.len() == table.rows) {
                (false, _) => "NOT_KEY",
                (true, true) if present.len() == about.values.len() => "PERFECT_KEY",
                (true, true) => "PRIMARY_KEY",
                (true, false) => "ANY_KEY",
            };
            json!({
                "qName": about.name,
                "qOriginalFields": [],
                "qPresent": true,
                "qHasNull": filled < table.rows,
                "qHasDuplicates": present.len() < filled,
                "qInformationDensity": share(filled, table.rows),
                "qnNonNulls": filled,
                "qnRows": table.rows,
                "qSubsetRatio": share(present.len(), about.values.len()),
                "qnTotalDistinctValues": about.values.len(),
                "qnPresentDistinctValues": present.len(),
                "qKeyType": key,
                "qTags": about.tags(),
                "qDerivedFields": [],
            })
        })
        .collect();
    json!({
        "qName": table.name,
        "qNoOfRows": table.rows,
        "qFields": fields,
        "qPos": { "qx": 0, "qy": place * 100 },
        "qTableTags": [],
        "qProfilingData": {},
    })
}
