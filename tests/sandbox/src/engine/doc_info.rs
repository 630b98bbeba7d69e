//! What an app tells about itself: its layout, properties, tables and fields.

use serde_json::{Value as Json, json};

use super::methods::{Call, Outcome, done, returned};
use super::open::Open;
use super::rpc::EngineError;
use super::session::Target;
use crate::model::{Kind, Model, NULL};
use crate::tenant::PRIVILEGES;

pub(super) fn app_layout(open: &Open) -> Outcome {
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

pub(super) fn app_properties(open: &Open) -> Outcome {
    let properties = open.app(|app| {
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

pub(super) fn set_app_properties(call: &mut Call<'_>, properties: &Json) -> Outcome {
    if !properties.is_object() {
        return Err(EngineError::parameter("qProp"));
    }
    if let Some(title) = properties["qTitle"].as_str() {
        call.open()?.app_mut(|app| title.clone_into(&mut app.name))?;
    }
    call.session.changed(&Target::Doc);
    done()
}

pub(super) fn field_description(model: &Model, name: &str) -> Outcome {
    let place = model.field(name).ok_or_else(|| EngineError::not_found(name))?;
    let field = &model.fields[place];
    returned(json!({
        "qInternalNumber": place,
        "qName": field.name,
        "qSrcTables": model.tables_of(place),
        "qCardinal": field.values.len(),
        "qTotalCount": model.filled(place),
        "qIsNumeric": field.kind != Kind::Text,
        "qTags": field.tags(),
        "qByteSize": field.bytes(),
    }))
}

pub(super) fn tables_and_keys(model: &Model) -> Json {
    let tables: Vec<Json> = (0..model.tables.len()).map(|table| table_record(model, table)).collect();
    let keys = (0..model.fields.len()).filter(|field| model.fields[*field].tables.len() > 1);
    let keys: Vec<Json> = keys
        .map(|field| json!({ "qKeyFields": [model.fields[field].name], "qTables": model.tables_of(field) }))
        .collect();
    json!({ "qtr": tables, "qk": keys })
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
