//! The methods of Doc: objects, fields, expressions and the script.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::fault::Faults;
use super::rpc::{Call, EngineError, Method, Outcome, nothing};
use super::session::Target;
use super::state::DEFAULT;
use super::{create, doc_info, layout, variable};
use crate::cube::{Fault, number_json};
use crate::tenant::{Entity, Object, clock};

pub(super) const METHODS: &[Method] = &[
    Method::new("GetAppLayout", &[], doc_info::app_layout),
    Method::new("GetAppProperties", &[], doc_info::app_properties),
    Method::new("SetAppProperties", &["qProp"], doc_info::set_app_properties),
    Method::new(
        "GetTablesAndKeys",
        &["qWindowSize", "qNullSize", "qCellHeight", "qSyntheticMode", "qIncludeSysVars", "qIncludeProfiling?"],
        doc_info::tables_and_keys,
    ),
    Method::new("GetFieldDescription", &["qFieldName"], doc_info::field_description),
    Method::new("GetField", &["qFieldName", "qStateName?"], field),
    Method::new("CreateSessionObject", &["qProp"], create::session_object),
    Method::new("CreateObject", &["qProp"], create::object),
    Method::new("GetOrCreateObject", &["qProp"], create::get_or_create),
    Method::new("GetObject", &["qId"], |call| {
        let id: String = call.params.get("qId")?;
        let object = call.session.doc()?.object(&id);
        Ok(create::found(call.session, object))
    }),
    Method::new("DestroySessionObject", &["qId"], |call| create::destroy(call, true)),
    Method::new("DestroyObject", &["qId"], |call| create::destroy(call, false)),
    Method::new("GetObjects", &["qOptions"], objects),
    Method::new("GetAllInfos", &[], all_infos),
    Method::new("CreateSessionVariable", &["qProp"], |call| variable::create(call, true)),
    Method::new("CreateVariableEx", &["qProp"], |call| variable::create(call, false)),
    Method::new("DestroySessionVariable", &["qId"], |call| variable::destroy(call, true)),
    Method::new("DestroyVariableById", &["qId"], |call| variable::destroy(call, false)),
    Method::new("GetVariables", &["qListDef"], |call| {
        let def: Json = call.params.get("qListDef")?;
        Ok(json!({ "qList": layout::variables(call.session.doc()?, &def)?["qItems"] }))
    }),
    Method::new("GetVariableById", &["qId"], |call| {
        let id: String = call.params.get("qId")?;
        let found = call.session.doc()?.variable(|variable| variable.id == id);
        Ok(variable::found(call, found.map(|variable| variable.id)))
    }),
    Method::new("GetVariableByName", &["qName"], |call| {
        let name: String = call.params.get("qName")?;
        let found = call.session.doc()?.variable(|variable| variable.name() == name);
        Ok(variable::found(call, found.map(|variable| variable.id)))
    }),
    Method::new("Evaluate", &["qExpression"], |call| Ok(json!({ "qReturn": evaluate(call)?["qText"] }))),
    Method::new("EvaluateEx", &["qExpression"], |call| Ok(json!({ "qValue": evaluate(call)? }))),
    Method::new("CheckExpression", &["qExpr", "qLabels?"], check_expression),
    Method::new("AbortModal", &["qAccept"], |call| {
        // No call of the sandbox enters the modal state, so there is none to leave.
        call.params.get::<bool>("qAccept").map(|_| json!({}))
    }),
    Method::new("GetScript", &[], |call| Ok(json!({ "qScript": call.session.doc()?.app(|app| app.script.clone())? }))),
    Method::new("SetScript", &["qScript"], |call| {
        let script: String = call.params.get("qScript")?;
        call.session.doc()?.app_mut(|app| app.script = script)?;
        call.session.changed(&Target::Doc);
        Ok(json!({}))
    }),
    Method::new("DoSave", &["qFileName?"], |call| {
        call.params.or_default::<String>("qFileName")?;
        call.session.doc()?.app_mut(|app| app.modified = clock::now())?;
        Ok(json!({}))
    }),
    Method::new("DoReload", &["qMode?", "qPartial?", "qDebug?"], |call| {
        call.params.or_default::<i64>("qMode")?;
        call.params.or_default::<bool>("qPartial")?;
        call.params.or_default::<bool>("qDebug")?;
        let failure = reload(call)?;
        Ok(json!({ "qReturn": failure.is_none() }))
    }),
    Method::new("DoReloadEx", &["qParams?"], |call| {
        call.params.or_default::<Json>("qParams")?;
        let failure = reload(call)?;
        Ok(json!({ "qResult": {
            "qSuccess": failure.is_none(),
            "qScriptLogFile": failure.map_or("", |_| "reload.log"),
            "qEndedWithMemoryConstraint": false,
        } }))
    }),
];

fn field(call: &mut Call<'_>) -> Outcome {
    let name: String = call.params.get("qFieldName")?;
    let state: String = call.params.or_default("qStateName")?;
    call.session.doc()?.selected.get(&state)?;
    // A field may be named as in an expression.
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name).to_owned();
    if call.session.doc()?.model.field(&bare).is_none() {
        return Ok(nothing());
    }
    let handle = call.session.handle_of(Target::Field(bare.clone(), state));
    Ok(json!({ "qReturn": { "qType": "Field", "qHandle": handle, "qGenericId": bare } }))
}

fn objects(call: &mut Call<'_>) -> Outcome {
    #[derive(Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    #[derive(Default)]
    struct Options {
        q_types: Vec<String>,
        q_include_session_objects: bool,
        q_data: Json,
    }
    let options: Options = call.params.get("qOptions")?;
    let open = call.session.doc()?;
    let mut objects: Vec<Object> = open.app(|app| app.objects.0.clone())?;
    if options.q_types.is_empty() {
        objects.retain(|object| object.entity == Entity::Object);
    }
    if options.q_include_session_objects {
        objects.extend(open.objects.0.iter().cloned());
    }
    objects.retain(|object| options.q_types.is_empty() || options.q_types.iter().any(|kind| kind == object.kind()));
    Ok(json!({ "qList": layout::entries(open, &objects, &options.q_data) }))
}

fn all_infos(call: &mut Call<'_>) -> Outcome {
    let open = call.session.doc()?;
    let mut infos: Vec<Json> = open.app(|app| {
        let variables = app.variables.iter().map(|variable| variable.properties["qInfo"].clone());
        app.objects.0.iter().map(Object::info).chain(variables).collect()
    })?;
    infos.extend(open.objects.0.iter().map(Object::info));
    Ok(json!({ "qInfos": infos }))
}

/// The value of an expression, or the engine's words for what is wrong with it.
fn evaluate(call: &mut Call<'_>) -> Outcome {
    let text: String = call.params.get("qExpression")?;
    Ok(match call.session.doc()?.view(DEFAULT)?.value(&text) {
        Ok(value) => json!({
            "qText": value.text(),
            "qIsNumeric": value.number().is_some(),
            "qNumber": number_json(value.number()),
        }),
        Err(Fault::UnknownField { .. }) => json!({ "qText": "-", "qIsNumeric": false, "qNumber": "NaN" }),
        Err(fault) => json!({ "qText": format!("Error: {fault}"), "qIsNumeric": false, "qNumber": "NaN" }),
    })
}

fn check_expression(call: &mut Call<'_>) -> Outcome {
    let text: String = call.params.get("qExpr")?;
    call.params.or_default::<Vec<String>>("qLabels")?;
    let (message, bad) = match call.session.doc()?.view(DEFAULT)?.parse(&text) {
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
    call.session.doc()?;
    let failure = call.session.tenant.engine.faults(Faults::reload);
    let request = call.session.request;
    call.session.running.reloaded(request, failure.as_deref());
    if failure.is_some() {
        return Ok(failure);
    }
    let open = call.session.doc()?;
    let data = open.app_mut(|app| {
        app.reload();
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
