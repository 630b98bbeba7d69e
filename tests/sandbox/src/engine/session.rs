//! A session: the handles it has given out, the app it has open, and the calls on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::open::Open;
use super::rpc::{Call, Class, EngineError, Outcome, Params, Request};
use crate::tenant::{Ids, Tenant};

/// What a handle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Global,
    Doc,
    /// A generic object, by id.
    Object(String),
    /// A field, by name.
    Field(String),
    /// A variable, by id.
    Variable(String),
}

impl Target {
    fn class(&self) -> Class {
        match self {
            Self::Global => Class::Global,
            Self::Doc => Class::Doc,
            Self::Object(_) => Class::GenericObject,
            Self::Field(_) => Class::Field,
            Self::Variable(_) => Class::GenericVariable,
        }
    }
}

/// One client's session with the Engine.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) tenant: Arc<Tenant>,
    pub(super) open: Option<Open>,
    pub(super) ids: Ids,
    handles: BTreeMap<i64, Target>,
    last: i64,
    changed: BTreeSet<i64>,
    closed: BTreeSet<i64>,
}

impl Session {
    pub(crate) fn new(tenant: Arc<Tenant>) -> Self {
        let seed = tenant.state().ids.seed();
        Self {
            tenant,
            open: None,
            ids: Ids::new(seed),
            handles: BTreeMap::from([(-1, Target::Global)]),
            last: 0,
            changed: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    /// What the Engine sends when the socket opens.
    pub(crate) fn greeting() -> String {
        json!({ "jsonrpc": "2.0", "method": "OnConnected", "params": { "qSessionState": "SESSION_CREATED" } })
            .to_string()
    }

    /// The id of the tenant's app that is open, if any.
    pub(crate) fn app_id(&self) -> Option<&str> {
        self.open.as_ref()?.tenant_app()
    }

    /// Carries out a request; the reply, unless it is a notification.
    pub(crate) fn answer(&mut self, text: &str) -> Option<String> {
        let request: Request = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                let error = EngineError::new(-32700, error.to_string());
                return Some(json!({ "jsonrpc": "2.0", "id": null, "error": error.body() }).to_string());
            }
        };
        let id = request.id.clone();
        let mut reply = match self.run(request) {
            Ok(result) => json!({ "jsonrpc": "2.0", "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "error": error.body() }),
        };
        for (list, handles) in [("change", &mut self.changed), ("close", &mut self.closed)] {
            let handles = std::mem::take(handles);
            if !handles.is_empty() {
                reply[list] = json!(handles);
            }
        }
        reply["id"] = id?;
        Some(reply.to_string())
    }

    fn run(&mut self, request: Request) -> Outcome {
        let handle = request.handle.ok_or_else(|| EngineError::parameter("handle"))?;
        let name = request.method.ok_or_else(|| EngineError::parameter("method"))?;
        let target = self.handles.get(&handle).cloned();
        let target = target.ok_or_else(|| EngineError::parameter(format!("Invalid handle {handle}")))?;
        let known = target.class().methods().iter().find(|method| method.name.eq_ignore_ascii_case(&name));
        let method = known.ok_or_else(|| EngineError::new(-32601, name))?;
        let params = Params::read(request.params, method)?;
        (method.run)(&mut Call { session: self, handle, target, params })
    }

    /// The app that is open.
    pub(super) fn doc(&mut self) -> Result<&mut Open, EngineError> {
        self.open.as_mut().ok_or_else(|| EngineError::new(1007, "No active document"))
    }

    /// The handle of something, given out once and the same again later.
    pub(super) fn handle_of(&mut self, target: Target) -> i64 {
        let known = self.handles.iter().find(|(_, known)| **known == target);
        if let Some((handle, _)) = known {
            return *handle;
        }
        self.last += 1;
        self.handles.insert(self.last, target);
        self.last
    }

    /// Marks as changed what there is a handle of.
    pub(super) fn changed(&mut self, target: &Target) {
        let found = self.handles.iter().find(|(_, known)| *known == target).map(|(handle, _)| *handle);
        self.changed.extend(found);
    }

    /// Takes back the handle of something that is gone.
    pub(super) fn close(&mut self, target: &Target) {
        let found = self.handles.iter().find(|(_, known)| *known == target).map(|(handle, _)| *handle);
        if let Some(handle) = found {
            self.handles.remove(&handle);
            self.changed.remove(&handle);
            self.closed.insert(handle);
        }
    }

    /// Marks as changed the app and every open object that shows data.
    pub(super) fn selections_changed(&mut self) {
        self.changed(&Target::Doc);
        self.objects_changed(Open::shows_data);
    }

    /// Marks as changed the open objects whose properties fit.
    pub(super) fn objects_changed(&mut self, fits: fn(&Json) -> bool) {
        let Some(open) = &self.open else { return };
        let objects: Vec<(i64, String)> = (self.handles.iter())
            .filter_map(|(handle, target)| match target {
                Target::Object(id) => Some((*handle, id.clone())),
                _ => None,
            })
            .collect();
        let fitting =
            objects.into_iter().filter(|(_, id)| open.effective(id).is_ok_and(|properties| fits(&properties)));
        let handles: Vec<i64> = fitting.map(|(handle, _)| handle).collect();
        self.changed.extend(handles);
    }
}
