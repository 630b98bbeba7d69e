//! The methods of Doc: what the app keeps, fields, expressions and the script.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::fault::Faults;
use super::methods::{Call, Method, Outcome, done, methods, nothing, returned};
use super::rpc::EngineError;
use super::session::Target;
use super::state::DEFAULT;
use super::{bookmark, doc_info, entity, layout};
use crate::cube::{Fault, number_json};
use crate::tenant::{Entity, Object};

pub(super) const METHODS: &[Method] = methods! {
    GetAppLayout() => |call, ()| doc_info::app_layout(call.open()?),
    GetAppProperties() => |call, ()| doc_info::app_properties(call.open()?),
    SetAppProperties(qProp: Json) => |call, (properties,)| doc_info::set_app_properties(call, &properties),
    GetTablesAndKeys(qWindowSize: Size, qNullSize: Size, qCellHeight: i64, qSyntheticMode: bool, qIncludeSysVars: bool;
        qIncludeProfiling: bool) => |call, _| Ok(doc_info::tables_and_keys(&call.open()?.model)),
    GetFieldDescription(qFieldName: String) => |call, (name,)| doc_info::field_description(&call.open()?.model, &name),
    GetField(qFieldName: String; qStateName: String) => |call, (name, state)| field(call, &name, state),
    GetObjects(qOptions: Options) => |call, (options,)| objects(call, &options),
    GetBookmarks(qOptions: Json) => |call, (options,)| {
        Ok(json!({ "qList": layout::items(call.open()?, Entity::Bookmark, &options)?["qItems"] }))
    },
    GetVariables(qListDef: Json) => |call, (def,)| {
        Ok(json!({ "qList": layout::items(call.open()?, Entity::Variable, &def)?["qItems"] }))
    },
    GetAllInfos() => |call, ()| {
        let open = call.open()?;
        let mut infos: Vec<Json> = open.app(|app| app.objects.0.iter().map(Object::info).collect())?;
        infos.extend(open.objects.0.iter().filter(|object| object.entity == Entity::Object).map(Object::info));
        Ok(json!({ "qInfos": infos }))
    },
    Evaluate(qExpression: String) => |call, (text,)| returned(evaluate(call, &text)?["qText"].clone()),
    EvaluateEx(qExpression: String) => |call, (text,)| Ok(json!({ "qValue": evaluate(call, &text)? })),
    CheckExpression(qExpr: String; qLabels: Vec<String>) => |call, (text, _)| check_expression(call, &text),
    // No call of the sandbox enters the modal state, so there is none to leave.
    AbortModal(qAccept: bool) => |_, _| done(),
    GetScript() => |call, ()| Ok(json!({ "qScript": call.open()?.app(|app| app.script.clone())? })),
    SetScript(qScript: String) => |call, (script,)| {
        call.open()?.app_mut(|app| app.script = script)?;
        call.session.changed(&Target::Doc);
        done()
    },
    DoSave(; qFileName: String) => |call, _| {
        let now = call.session.tenant.clock.stamp();
        call.open()?.app_mut(|app| app.modified = now)?;
        done()
    },
    DoReload(; qMode: i64, qPartial: bool, qDebug: bool) => |call, _| returned(reload(call)?.is_none()),
    DoReloadEx(; qParams: Json) => |call, _| {
        let failure = reload(call)?;
        Ok(json!({ "qResult": {
            "qSuccess": failure.is_none(),
            "qScriptLogFile": failure.map_or("", |_| "reload.log"),
            "qEndedWithMemoryConstraint": false,
        } }))
    },
};

/// The methods that make, find and remove what is kept under an id.
pub(super) const KEPT: &[Method] = methods! {
    CreateObject(qProp: Json) => |call, (new,)| entity::create(call, Entity::Object, new, None, false),
    CreateSessionObject(qProp: Json) => |call, (new,)| entity::create(call, Entity::Object, new, None, true),
    CreateDimension(qProp: Json) => |call, (new,)| entity::create(call, Entity::Dimension, new, None, false),
    CreateMeasure(qProp: Json) => |call, (new,)| entity::create(call, Entity::Measure, new, None, false),
    CreateBookmark(qProp: Json) => |call, (new,)| entity::create(call, Entity::Bookmark, new, None, false),
    CreateVariableEx(qProp: Json) => |call, (new,)| entity::create(call, Entity::Variable, new, None, false),
    CreateSessionVariable(qProp: Json) => |call, (new,)| entity::create(call, Entity::Variable, new, None, true),
    GetOrCreateObject(qProp: Json) => |call, (new,)| entity::get_or_create(call, new),
    GetObject(qId: String) => |call, (id,)| entity::get(call, Entity::Object, &id),
    GetDimension(qId: String) => |call, (id,)| entity::get(call, Entity::Dimension, &id),
    GetMeasure(qId: String) => |call, (id,)| entity::get(call, Entity::Measure, &id),
    GetBookmark(qId: String) => |call, (id,)| entity::get(call, Entity::Bookmark, &id),
    GetVariableById(qId: String) => |call, (id,)| entity::get(call, Entity::Variable, &id),
    GetVariableByName(qName: String) => |call, (name,)| {
        let found = call.open()?.variable(&json!(name));
        Ok(call.found(found))
    },
    CloneObject(qId: String) => |call, (id,)| entity::duplicate(call, Entity::Object, &id),
    CloneDimension(qId: String) => |call, (id,)| entity::duplicate(call, Entity::Dimension, &id),
    CloneMeasure(qId: String) => |call, (id,)| entity::duplicate(call, Entity::Measure, &id),
    CloneBookmark(qId: String) => |call, (id,)| entity::duplicate(call, Entity::Bookmark, &id),
    DestroyObject(qId: String) => |call, (id,)| entity::destroy(call, Entity::Object, &id, false),
    DestroySessionObject(qId: String) => |call, (id,)| entity::destroy(call, Entity::Object, &id, true),
    DestroyDimension(qId: String) => |call, (id,)| entity::destroy(call, Entity::Dimension, &id, false),
    DestroyMeasure(qId: String) => |call, (id,)| entity::destroy(call, Entity::Measure, &id, false),
    DestroyBookmark(qId: String) => |call, (id,)| entity::destroy(call, Entity::Bookmark, &id, false),
    DestroyVariableById(qId: String) => |call, (id,)| entity::destroy(call, Entity::Variable, &id, false),
    DestroySessionVariable(qId: String) => |call, (id,)| entity::destroy(call, Entity::Variable, &id, true),
    ApplyBookmark(qId: String) => |call, (id,)| match call.open()?.entity(Entity::Bookmark, &id) {
        Some(bookmark) => bookmark::apply(call, &bookmark.saved),
        None => Ok(json!({ "qSuccess": false })),
    },
};

/// A size on a screen, which nothing here heeds.
#[derive(Debug, Deserialize)]
struct Size {}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    q_types: Vec<String>,
    q_include_session_objects: bool,
    q_data: Json,
}

fn field(call: &mut Call<'_>, name: &str, state: String) -> Outcome {
    let open = call.open()?;
    open.selected.get(&state)?;
    // A field may be named as in an expression.
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name).to_owned();
    if open.model.field(&bare).is_none() {
        return Ok(nothing());
    }
    let handle = call.session.handle_of(Target::Field(bare.clone(), state));
    returned(json!({ "qType": "Field", "qHandle": handle, "qGenericId": bare }))
}

fn objects(call: &mut Call<'_>, options: &Options) -> Outcome {
    let open = call.open()?;
    let mut objects = open.app(|app| app.objects.0.clone())?;
    if options.q_include_session_objects {
        objects.extend(open.objects.0.iter().cloned());
    }
    objects.retain(|object| match options.q_types.is_empty() {
        true => object.entity == Entity::Object,
        false => options.q_types.iter().any(|kind| kind == object.kind()),
    });
    Ok(json!({ "qList": layout::listed(open, &objects, &options.q_data)["qItems"] }))
}

/// The value of an expression, or the engine's words for what is wrong with it.
fn evaluate(call: &mut Call<'_>, text: &str) -> Outcome {
    let told = |text: String, number: Option<f64>| json!({ "qText": text, "qIsNumeric": number.is_some(), "qNumber": number_json(number) });
    Ok(match call.open()?.view(DEFAULT)?.value(text) {
        Ok(value) => told(value.text(), value.number()),
        Err(Fault::UnknownField { .. }) => told("-".to_owned(), None),
        Err(fault) => told(format!("Error: {fault}"), None),
    })
}

fn check_expression(call: &mut Call<'_>, text: &str) -> Outcome {
    let (message, bad) = match call.open()?.view(DEFAULT)?.parse(text) {
        Ok(_) => (String::new(), Vec::new()),
        Err(Fault::UnknownField { from, count, .. }) => {
            (String::new(), vec![json!({ "qFrom": from, "qCount": count })])
        }
        Err(fault) => (fault.to_string(), Vec::new()),
    };
    Ok(json!({ "qErrorMsg": message, "qBadFieldNames": bad, "qDangerousFieldNames": [] }))
}

/// Loads the data anew. When it was told to fail, the data stays, and the progress tells what the log ends with.
fn reload(call: &mut Call<'_>) -> Result<Option<String>, EngineError> {
    let phases = call.open()?.phases()?;
    let failure = call.session.tenant.engine.faults(Faults::reload);
    let request = call.session.request;
    call.session.running.reloaded(request, &phases, failure.as_deref());
    if failure.is_some() {
        return Ok(failure);
    }
    let now = call.session.tenant.clock.stamp();
    let open = call.open()?;
    let data = open.app_mut(|app| {
        app.reload(&now);
        Arc::clone(&app.data)
    })?;
    if !open.no_data && !Arc::ptr_eq(&open.model, &data) {
        // Element numbers of other data mean nothing here.
        open.selected.reset();
        open.model = data;
    }
    open.recalculate();
    call.session.selections_changed();
    call.session.objects_changed(|properties| properties.get("qFieldListDef").is_some());
    Ok(None)
}
