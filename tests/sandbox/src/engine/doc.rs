//! The methods of Doc: objects, fields, expressions, selections and the script.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::rpc::{Call, EngineError, Method, Outcome, nothing};
use super::session::Target;
use super::{create, doc_info, layout, object, variable};
use crate::cube::{Fault, number_json, parse};
use crate::model::Selections;
use crate::tenant::{Object, clock};

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
    Method::new("DestroySessionVariable", &["qId"], variable::destroy),
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
    Method::new("ClearAll", &["qLockedAlso?", "qStateName?"], |call| {
        let locked_too: bool = call.params.or_default("qLockedAlso")?;
        change(call, |selections| selections.clear(locked_too, None))
    }),
    Method::new("LockAll", &["qStateName?"], |call| change(call, |selections| selections.lock_all(true))),
    Method::new("UnlockAll", &["qStateName?"], |call| change(call, |selections| selections.lock_all(false))),
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
        reload(call)?;
        Ok(json!({ "qReturn": true }))
    }),
    Method::new("DoReloadEx", &["qParams?"], |call| {
        call.params.or_default::<Json>("qParams")?;
        reload(call)?;
        Ok(json!({ "qResult": { "qSuccess": true, "qScriptLogFile": "", "qEndedWithMemoryConstraint": false } }))
    }),
];

fn field(call: &mut Call<'_>) -> Outcome {
    let name: String = call.params.get("qFieldName")?;
    no_state(call)?;
    // A field may be named as in an expression.
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name).to_owned();
    if call.session.doc()?.model.field(&bare).is_none() {
        return Ok(nothing());
    }
    let handle = call.session.handle_of(Target::Field(bare.clone()));
    Ok(json!({ "qReturn": { "qType": "Field", "qHandle": handle, "qGenericId": bare } }))
}

/// There is one state only.
fn no_state(call: &Call<'_>) -> Result<(), EngineError> {
    match call.params.or_default::<String>("qStateName")?.as_str() {
        "" | "$" => Ok(()),
        _ => Err(EngineError::not_here("alternate states")),
    }
}

fn change(call: &mut Call<'_>, change: impl FnOnce(&mut Selections)) -> Outcome {
    no_state(call)?;
    object::change_selections(call.session, |open| {
        change(&mut open.selections);
        true
    })?;
    Ok(json!({}))
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
    Ok(match call.session.doc()?.view().value(&text) {
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
    let (message, bad) = match parse(&call.session.doc()?.model, &text) {
        Ok(_) => (String::new(), Vec::new()),
        Err(Fault::UnknownField { from, count, .. }) => {
            (String::new(), vec![json!({ "qFrom": from, "qCount": count })])
        }
        Err(fault) => (fault.to_string(), Vec::new()),
    };
    Ok(json!({ "qErrorMsg": message, "qBadFieldNames": bad, "qDangerousFieldNames": [] }))
}

fn reload(call: &mut Call<'_>) -> Result<(), EngineError> {
    let open = call.session.doc()?;
    let data = open.app_mut(|app| {
        app.reload();
        Arc::clone(&app.data)
    })?;
    if !open.no_data && !Arc::ptr_eq(&open.model, &data) {
        // Element numbers of other data mean nothing here.
        open.selections = Selections::default();
        open.model = data;
    }
    open.recalculate();
    call.session.selections_changed();
    call.session.objects_changed(|properties| properties.get("qFieldListDef").is_some());
    Ok(())
}
