//! The methods of Global.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::open::Open;
use super::progress;
use super::rpc::{Call, EngineError, Method, Outcome};
use super::session::Target;
use crate::tenant::{App, PRIVILEGES};

pub(super) const METHODS: &[Method] = &[
    Method::new("EngineVersion", &[], |_| Ok(json!({ "qVersion": { "qComponentVersion": VERSION } }))),
    Method::new("ProductVersion", &[], |_| Ok(json!({ "qReturn": VERSION }))),
    Method::new("QvVersion", &[], |_| Ok(json!({ "qReturn": VERSION }))),
    Method::new("OSName", &[], |_| Ok(json!({ "qReturn": std::env::consts::OS }))),
    Method::new("OSVersion", &[], |_| Ok(json!({ "qReturn": "sandbox" }))),
    Method::new("IsPersonalMode", &[], |_| Ok(json!({ "qReturn": false }))),
    Method::new("GetAuthenticatedUser", &[], user),
    Method::new("GetProgress", &["qRequestId"], progress::progress),
    Method::new("CancelRequest", &["qRequestId"], progress::cancel_request),
    Method::new("CancelReload", &["qReason?"], progress::cancel_reload),
    Method::new("ConfigureReload", &["qCancelOnScriptError", "qUseErrorData", "qInteractOnError"], |call| {
        for name in ["qCancelOnScriptError", "qUseErrorData", "qInteractOnError"] {
            call.params.get::<bool>(name)?;
        }
        Ok(json!({}))
    }),
    Method::new("GetDocList", &[], doc_list),
    Method::new("OpenDoc", &["qDocName", "qUserName?", "qPassword?", "qSerial?", "qNoData?"], open_doc),
    Method::new("GetActiveDoc", &[], |call| {
        call.session.doc()?;
        doc(call)
    }),
    Method::new("CreateSessionApp", &[], session_app),
    Method::new("CreateApp", &["qAppName", "qLocalizedScriptMainSection?", "qLocale?"], create_app),
    Method::new("DeleteApp", &["qAppId"], |call| {
        let id: String = call.params.get("qAppId")?;
        match call.session.tenant.delete_app(&id) {
            true => Ok(json!({ "qSuccess": true })),
            false => Err(EngineError::new(1003, id)),
        }
    }),
];

/// The version it gives: that of the description it follows.
const VERSION: &str = "12.2528.0";

fn user(call: &mut Call<'_>) -> Outcome {
    let id = call.session.tenant.state().me.clone();
    Ok(json!({ "qReturn": format!("UserDirectory=SANDBOX; UserId={id}") }))
}

fn doc_list(call: &mut Call<'_>) -> Outcome {
    let state = call.session.tenant.state();
    let entry = |app: &App| {
        json!({
            "qDocName": app.name,
            "qDocId": app.id,
            "qTitle": app.name,
            "qConnectedUsers": 0,
            "qFileTime": 0,
            "qFileSize": 0,
            "qLastReloadTime": app.reloaded,
            "qReadOnly": false,
            "qMeta": { "description": app.description, "privileges": PRIVILEGES },
            "qThumbnail": {},
            "qHasSectionAccess": false,
            "qIsDirectQueryMode": false,
            "qUsage": app.usage,
        })
    };
    Ok(json!({ "qDocList": state.apps.iter().map(entry).collect::<Vec<Json>>() }))
}

fn open_doc(call: &mut Call<'_>) -> Outcome {
    let id: String = call.params.get("qDocName")?;
    for name in ["qUserName", "qPassword", "qSerial"] {
        call.params.or_default::<String>(name)?;
    }
    let no_data: bool = call.params.or_default("qNoData")?;
    if let Some(open) = &call.session.open {
        let same = open.tenant_app() == Some(id.as_str());
        let code = if same && open.no_data != no_data { 1009 } else { 1002 };
        return Err(EngineError::new(code, id));
    }
    let open = Open::tenant_app_open(&call.session.tenant, &id, no_data);
    call.session.open = Some(open.ok_or_else(|| EngineError::new(1003, id))?);
    let answer = doc(call);
    call.session.changed(&Target::Doc);
    answer
}

/// The open app as an object.
fn doc(call: &mut Call<'_>) -> Outcome {
    let handle = call.session.handle_of(Target::Doc);
    let id = call.session.app_id().map(str::to_owned);
    let mut answer = json!({ "qType": "Doc", "qHandle": handle });
    if let Some(id) = id {
        answer["qGenericId"] = json!(id);
    }
    Ok(json!({ "qReturn": answer }))
}

fn session_app(call: &mut Call<'_>) -> Outcome {
    if call.session.open.is_some() {
        return Err(EngineError::new(1002, "CreateSessionApp"));
    }
    let (me, data) = {
        let state = call.session.tenant.state();
        (state.me.clone(), Arc::clone(&state.data))
    };
    let mut app = App::new(&mut call.session.ids, "", &me, &data);
    app.id = format!("SessionApp_{}", app.id);
    let id = app.id.clone();
    call.session.open = Some(Open::session_app(app));
    let mut answer = doc(call)?;
    answer["qSessionAppId"] = json!(id);
    call.session.changed(&Target::Doc);
    Ok(answer)
}

fn create_app(call: &mut Call<'_>) -> Outcome {
    let name: String = call.params.get("qAppName")?;
    call.params.or_default::<String>("qLocalizedScriptMainSection")?;
    call.params.or_default::<String>("qLocale")?;
    if name.trim().is_empty() {
        return Err(EngineError::new(1001, name));
    }
    let mut state = call.session.tenant.state();
    let (me, data) = (state.me.clone(), Arc::clone(&state.data));
    let app = App::new(&mut state.ids, &name, &me, &data);
    let id = app.id.clone();
    state.apps.push(app);
    Ok(json!({ "qSuccess": true, "qAppId": id }))
}
