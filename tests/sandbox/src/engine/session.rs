//! A session: the handles it has given out, the app it has open, and the calls on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::methods::{self, Call, Outcome};
use super::open::Open;
use super::progress::Calls;
use super::rpc::{EngineError, Params, Reply, Request};
use crate::tenant::{Entity, Ids, Tenant};

/// What a handle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Global,
    Doc,
    /// A field, by name and alternate state.
    Field(String, String),
    /// What is kept under an id.
    Kept(Entity, String),
}

impl Target {
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::Doc => "Doc",
            Self::Field(..) => "Field",
            Self::Kept(entity, _) => entity.class(),
        }
    }
}

/// One client's session with the Engine.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) tenant: Arc<Tenant>,
    /// The id of the user whose session it is.
    pub(super) user: String,
    pub(super) open: Option<Open>,
    pub(super) ids: Ids,
    handles: BTreeMap<i64, Target>,
    last: i64,
    changed: BTreeSet<i64>,
    closed: BTreeSet<i64>,
    /// The calls that are under way.
    pub(super) running: Calls,
    /// The socket and the id of the request that is being carried out.
    pub(super) port: u64,
    pub(super) request: i64,
    /// How often the selections have changed.
    pub(super) selection_changes: u64,
}

impl Session {
    pub(crate) fn new(tenant: Arc<Tenant>, user: &str) -> Self {
        let seed = tenant.state().ids.seed();
        Self {
            tenant,
            user: user.to_owned(),
            open: None,
            ids: Ids::new(seed),
            handles: BTreeMap::from([(-1, Target::Global)]),
            last: 0,
            changed: BTreeSet::new(),
            closed: BTreeSet::new(),
            running: Calls::default(),
            port: 0,
            request: 0,
            selection_changes: 0,
        }
    }

    /// The id of the tenant's app that is open, if any.
    pub(crate) fn app_id(&self) -> Option<&str> {
        self.open.as_ref()?.tenant_app()
    }

    /// Carries out a request.
    pub(super) fn call(&mut self, request: &Request) -> Reply {
        self.request = request.number();
        let mut reply = Reply::new(request, self.run(request));
        reply.change = std::mem::take(&mut self.changed);
        reply.close = std::mem::take(&mut self.closed);
        reply
    }

    fn run(&mut self, request: &Request) -> Outcome {
        let handle = request.handle.ok_or_else(|| EngineError::parameter("handle"))?;
        let name = request.method.as_deref().ok_or_else(|| EngineError::parameter("method"))?;
        let target = self.handles.get(&handle).cloned();
        let target = target.ok_or_else(|| EngineError::parameter(format!("Invalid handle {handle}")))?;
        let class = target.class();
        let known = methods::of_class(class).find(|method| method.name.eq_ignore_ascii_case(name));
        let method = known.ok_or_else(|| EngineError::new(-32601, format!("{class}.{name}")))?;
        let params = Params::read(request.params.clone(), method)?;
        (method.run)(&mut Call { session: self, target, params })
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
        self.selection_changes += 1;
        self.changed(&Target::Doc);
        self.objects_changed(Open::shows_data);
    }

    /// Marks as changed the open objects whose properties fit.
    pub(super) fn objects_changed(&mut self, fits: impl Fn(&Json) -> bool) {
        let Some(open) = &self.open else { return };
        for (handle, target) in &self.handles {
            if let Target::Kept(Entity::Object, id) = target
                && open.effective(id).is_ok_and(|properties| fits(&properties))
            {
                self.changed.insert(*handle);
            }
        }
    }
}
