//! The methods of Global.

use serde_json::{Value as Json, json};

use super::methods::{Call, Method, Outcome, done, methods, returned};
use super::open::Open;
use super::rpc::EngineError;
use super::session::Target;
use crate::tenant::{App, PRIVILEGES, State};

pub(super) const METHODS: &[Method] = methods! {
    EngineVersion() => |_, ()| Ok(json!({ "qVersion": { "qComponentVersion": VERSION } })),
    ProductVersion() => |_, ()| returned(VERSION),
    QvVersion() => |_, ()| returned(VERSION),
    OSName() => |_, ()| returned(std::env::consts::OS),
    OSVersion() => |_, ()| returned("sandbox"),
    IsPersonalMode() => |_, ()| returned(false),
    GetAuthenticatedUser() => |call, ()| {
        returned(format!("UserDirectory=SANDBOX; UserId={}", call.session.user))
    },
    GetProgress(qRequestId: i64) => |call, (id,)| Ok(call.session.running.progress(id)),
    CancelRequest(qRequestId: i64) => |call, (id,)| {
        let port = call.session.port;
        call.session.running.cancel(|key, _| *key == (port, id));
        done()
    },
    CancelReload(; qReason: i64) => |call, _| {
        call.session.running.cancel(|_, reloads| reloads);
        done()
    },
    ConfigureReload(qCancelOnScriptError: bool, qUseErrorData: bool, qInteractOnError: bool) => |_, _| done(),
    GetDocList() => |call, ()| Ok(doc_list(&call.session.tenant.state())),
    OpenDoc(qDocName: String; qUserName: String, qPassword: String, qSerial: String, qNoData: bool) =>
        |call, (id, .., no_data)| open_doc(call, id, no_data),
    GetActiveDoc() => |call, ()| {
        call.open()?;
        doc(call)
    },
    CreateSessionApp() => |call, ()| session_app(call),
    CreateApp(qAppName: String; qLocalizedScriptMainSection: String, qLocale: String) => |call, (name, ..)| {
        if name.trim().is_empty() {
            return Err(EngineError::new(1001, name));
        }
        let mut state = call.session.tenant.state();
        let app = state.new_app(&name, Some(&call.session.user));
        let id = app.id.clone();
        state.apps.push(app);
        Ok(json!({ "qSuccess": true, "qAppId": id }))
    },
    DeleteApp(qAppId: String) => |call, (id,)| match call.session.tenant.delete_app(&id) {
        true => Ok(json!({ "qSuccess": true })),
        false => Err(EngineError::new(1003, id)),
    },
};

/// The version it gives: that of the description it follows.
const VERSION: &str = "12.2528.0";

fn doc_list(state: &State) -> Json {
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
    json!({ "qDocList": state.apps.iter().map(entry).collect::<Vec<Json>>() })
}

fn open_doc(call: &mut Call<'_>, id: String, no_data: bool) -> Outcome {
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
    let mut answer = json!({ "qType": "Doc", "qHandle": handle });
    if let Some(id) = call.session.app_id() {
        answer["qGenericId"] = json!(id);
    }
    returned(answer)
}

fn session_app(call: &mut Call<'_>) -> Outcome {
    if call.session.open.is_some() {
        return Err(EngineError::new(1002, "CreateSessionApp"));
    }
    let mut app = call.session.tenant.state().new_app("", Some(&call.session.user));
    app.id = format!("SessionApp_{}", app.id);
    let id = app.id.clone();
    call.session.open = Some(Open::session_app(app));
    let mut answer = doc(call)?;
    answer["qSessionAppId"] = json!(id);
    call.session.changed(&Target::Doc);
    Ok(answer)
}
