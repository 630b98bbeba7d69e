//! Objects of a session that are given back before it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::actor::To;
use super::handle::Handle;
use super::object::Object;
use super::proxy::Proxy;
use crate::error::{Error, Result};
use crate::json::object;

/// How a method's object is given back: the method of its parent that removes it.
const REMOVERS: &[(&str, &str)] = &[
    ("CreateSessionObject", "DestroySessionObject"),
    ("CreateSessionVariable", "DestroySessionVariableById"),
    ("CreateChild", "DestroyChild"),
];

impl Handle {
    /// Removes an object of the session: one made by `create_session_object` or `create_session_variable`, or a child
    /// of such an object.
    ///
    /// Objects of a session are calculated with every change until it ends. What the app itself keeps is not
    /// released but removed, by methods such as `destroy_object`; for that this is an error.
    pub async fn release(&self) -> Result<()> {
        let Some(Removal { parent, method, params }) = self.remover() else {
            return Err(Error::config(format!(
                "the {} is no object of the session: only such can be released",
                self.object().words()
            )));
        };
        if self.is_closed() {
            return Ok(());
        }
        let asked = self.session().shared().ask(To::Object(parent), method, &params).await;
        // the engine says so itself as a rule; afterwards nobody shall use it either way
        self.session().shared().changes(&[], &[self.number()], &[]);
        match asked {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    fn remover(&self) -> Option<Removal> {
        let object = self.object();
        let origin = object.identity.get()?.origin.as_ref().filter(|_| object.lives_in_session())?;
        let (_, method) = REMOVERS.iter().find(|(create, _)| *create == origin.method)?;
        Some(Removal { parent: Arc::clone(&origin.parent), method, params: object! { "qId": self.generic_id()? } })
    }
}

/// A call that removes an object from its session.
#[derive(Debug)]
pub(super) struct Removal {
    pub(super) parent: Arc<Object>,
    pub(super) method: &'static str,
    pub(super) params: Value,
}

/// Removals that the engine has not confirmed, by the ids of their requests. Nobody waits for them: should the connection
/// break, and the engine keep the session, they are asked for again.
#[derive(Debug, Default)]
pub(super) struct Removals(Mutex<BTreeMap<u64, Removal>>);

impl Removals {
    pub(super) fn begin(&self, id: u64, removal: Removal) {
        self.open().insert(id, removal);
    }

    pub(super) fn confirm(&self, id: u64) {
        self.open().remove(&id);
    }

    /// Those that are left, in their order.
    pub(super) fn take(&self) -> impl Iterator<Item = Removal> + use<> {
        std::mem::take(&mut *self.open()).into_values()
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Removal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A typed object of a session that is removed from it when its last owner is dropped; made by [`Proxy::scoped`].
///
/// Clones own it together. All methods of the object are there.
#[derive(Clone)]
pub struct Scoped<P: Proxy> {
    object: P,
    owner: Arc<Owner>,
}

struct Owner(Option<Handle>);

impl<P: Proxy> Scoped<P> {
    pub(super) fn new(object: P) -> Result<Self> {
        let handle = object.handle();
        if handle.remover().is_none() {
            let words = handle.object().words();
            return Err(Error::config(format!("the {words} is no object of the session: only such can be released")));
        }
        let owner = Arc::new(Owner(Some(handle.clone())));
        Ok(Scoped { object, owner })
    }

    /// The object, which stays in the session from now on; unless another clone is still there to remove it.
    pub fn keep(self) -> P {
        let Scoped { object, owner } = self;
        if let Some(mut owner) = Arc::into_inner(owner) {
            owner.0 = None;
        }
        object
    }
}

impl<P: Proxy> Deref for Scoped<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.object
    }
}

impl<P: Proxy> fmt::Debug for Scoped<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scoped").field(&self.object).field(&Arc::strong_count(&self.owner)).finish()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let Some(handle) = self.0.take().filter(|handle| !handle.is_closed()) else { return };
        if let Some(removal) = handle.remover() {
            let shared = handle.session().shared();
            shared.remove(removal);
            shared.changes(&[], &[handle.number()], &[]);
        }
    }
}
