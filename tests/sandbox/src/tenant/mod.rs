//! The state of the tenant: users, spaces, apps and the other items, the same for REST and the Engine.

mod app;
pub(crate) mod clock;
mod file;
mod ids;
mod reload;
mod seed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use serde_json::{Value as Json, json};
use tokio::sync::broadcast;

use crate::auth::{Auth, Managed};
use crate::fault::Faults;
use crate::model::Model;
use crate::rest::Kind;

pub(crate) use app::{App, Entity, Object, Objects, PRIVILEGES, Version};
pub use clock::Clock;
pub(crate) use file::{DataFile, Upload};
pub(crate) use ids::Ids;
pub(crate) use reload::Reload;

/// A tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) api_key: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) managed: Managed,
    auth: Mutex<Auth>,
    seen: Mutex<Vec<Seen>>,
    state: Mutex<State>,
    /// Tells the Engine's sockets the id of an app that is gone.
    pub(crate) deleted: broadcast::Sender<String>,
    /// The Engine's sessions.
    pub(crate) engine: crate::engine::Hub,
}

/// What a tenant holds.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ids: Ids,
    clock: Clock,
    pub(crate) tenant_id: String,
    /// The user that the API key belongs to.
    pub(crate) me: String,
    pub(crate) users: Vec<Json>,
    pub(crate) spaces: Vec<Json>,
    /// What is granted in spaces.
    pub(crate) grants: Vec<(Kind, Json)>,
    pub(crate) apps: Vec<App>,
    /// The items that are no apps.
    pub(crate) others: Vec<Json>,
    /// What a reload loads.
    pub(crate) data: Arc<Model>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) files: Vec<DataFile>,
    pub(crate) reloads: Vec<Reload>,
    /// How long a reload is queued, and then runs.
    pub(crate) reload_time: (Duration, Duration),
    /// What the next reload fails with.
    pub(crate) reload_failure: Option<String>,
}

impl Tenant {
    /// A tenant with the sandbox's usual contents and data.
    #[cfg(test)]
    pub(crate) fn seeded() -> Self {
        Self::with(crate::model::sales())
    }

    /// A tenant with the sandbox's usual contents, whose apps are loaded with this data, and an API key of its own.
    pub(crate) fn with(data: Arc<Model>) -> Self {
        let clock = Clock::default();
        Self {
            api_key: format!("sandbox-{}", &crate::auth::secret()[..32]),
            clock: clock.clone(),
            faults: Faults::default(),
            managed: Managed::default(),
            auth: Mutex::default(),
            seen: Mutex::default(),
            state: Mutex::new(seed::state(data, clock)),
            deleted: broadcast::Sender::new(64),
            engine: crate::engine::Hub::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn auth(&self) -> MutexGuard<'_, Auth> {
        self.auth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user whom the API key belongs to.
    pub(crate) fn owner(&self) -> String {
        self.state().me.clone()
    }

    pub(crate) fn note(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes an app out of the tenant; false when there is none of that id.
    pub(crate) fn delete_app(&self, id: &str) -> bool {
        let mut state = self.state();
        let before = state.apps.len();
        state.apps.retain(|app| app.id != id);
        let found = state.apps.len() < before;
        drop(state);
        if found {
            // Nobody listening is no error.
            let _ = self.deleted.send(id.to_owned());
        }
        found
    }
}

/// A request that came in, as a test that judges a client wants to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
    /// The values of `Authorization` and `Cookie` that came with it.
    pub credentials: Vec<String>,
}

impl Seen {
    pub(crate) fn of(parts: &Parts) -> Self {
        let sent = [AUTHORIZATION, COOKIE].into_iter().flat_map(|name| parts.headers.get_all(name));
        Self {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            status: 0,
            credentials: sent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect(),
        }
    }
}

impl State {
    /// What time it is, as Qlik writes it.
    pub(crate) fn stamp(&self) -> String {
        self.clock.stamp()
    }

    /// An app that nobody has put anywhere yet: without data, of the tenant's first user unless told otherwise.
    pub(crate) fn new_app(&mut self, name: &str, owner: Option<&str>) -> App {
        let now = self.stamp();
        let owner = owner.unwrap_or(&self.me);
        App::new(&mut self.ids, name, owner, &self.data, now)
    }

    /// Makes a user; its id.
    pub(crate) fn add_user(&mut self, subject: &str, name: &str, email: &str) -> String {
        let (id, now) = (self.ids.hex24(), self.stamp());
        self.users.push(json!({
            "id": id,
            "tenantId": self.tenant_id,
            "subject": subject,
            "name": if name.is_empty() { subject } else { name },
            "email": email,
            "status": "active",
            "createdAt": now,
            "lastUpdatedAt": now,
            "assignedRoles": [],
            "assignedGroups": [],
        }));
        id
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn app_mut(&mut self, id: &str) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.id == id)
    }

    pub(crate) fn space(&self, id: &str) -> Option<&Json> {
        self.spaces.iter().find(|space| space["id"] == id)
    }
}
