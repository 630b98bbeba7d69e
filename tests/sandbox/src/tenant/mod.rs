//! The state of the tenant: users, spaces, apps and the other items, the same for REST and the Engine.

mod app;
pub(crate) mod clock;
mod ids;
mod seed;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;
use tokio::sync::broadcast;

pub(crate) use app::{App, Item, Object, Objects, PRIVILEGES, Variable};
pub(crate) use ids::Ids;

/// A tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) api_key: String,
    state: Mutex<State>,
    /// Tells the Engine's sockets the id of an app that is gone.
    pub(crate) deleted: broadcast::Sender<String>,
}

/// What a tenant holds.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ids: Ids,
    pub(crate) tenant_id: String,
    /// The user that the API key belongs to.
    pub(crate) me: String,
    pub(crate) users: Vec<Json>,
    pub(crate) spaces: Vec<Json>,
    pub(crate) assignments: Vec<Json>,
    pub(crate) apps: Vec<App>,
    /// The items that are no apps.
    pub(crate) others: Vec<Item>,
}

impl Tenant {
    /// A tenant with the sandbox's usual contents and an API key of its own.
    pub(crate) fn seeded() -> Self {
        let random = |salt: u8| RandomState::new().hash_one(salt);
        Self {
            api_key: format!("sandbox-{:016x}{:016x}", random(1), random(2)),
            state: Mutex::new(seed::state()),
            deleted: broadcast::Sender::new(64),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

impl State {
    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn app_mut(&mut self, id: &str) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.id == id)
    }

    pub(crate) fn space(&self, id: &str) -> Option<&Json> {
        self.spaces.iter().find(|space| space["id"] == id)
    }

    /// Every item of the catalog, the oldest first.
    pub(crate) fn items(&self) -> Vec<Item> {
        let apps = self.apps.iter().map(App::item);
        let mut items: Vec<Item> = apps.chain(self.others.iter().cloned()).collect();
        items.sort_by(|a, b| a.created.cmp(&b.created));
        items
    }
}
