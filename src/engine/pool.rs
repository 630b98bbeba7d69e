//! Sessions that are shared by all who want the same app in the same way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::builder::SessionBuilder;
use super::handle::WeakHandle;
use super::{Doc, Proxy};
use crate::error::Result;

/// Apps that are open, each once: whoever asks for one that somebody uses already shares its session.
///
/// Sessions are told apart by client, app, identity, and whether the app is opened with its data; of other settings,
/// those of who came first count. A session is never shared between clients made by different builders, as these may
/// sign in as different users. Give each end user a client or an identity, or they share their selections. A session is
/// closed when its last user drops it, not by the pool.
///
/// ```no_run
/// # async fn example(qlik: qlik::Qlik, pool: qlik::engine::SessionPool) -> qlik::Result<()> {
/// let doc = pool.open(qlik.session("app-id").identity("user-17")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct SessionPool(Arc<Mutex<HashMap<Key, Slot>>>);

type Slot = Arc<tokio::sync::Mutex<Option<WeakHandle>>>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The client by its address. A session keeps its client, so that as long as there is one to share, the address
    /// stands for no other client.
    client: usize,
    app_id: String,
    identity: Option<String>,
    no_data: bool,
}

impl SessionPool {
    /// An empty pool.
    pub fn new() -> Self {
        SessionPool::default()
    }

    /// The app, by a session that is open already, or by a new one.
    ///
    /// Who asks while it is being opened waits for that; when it fails, the next one tries.
    pub async fn open(&self, builder: SessionBuilder) -> Result<Doc> {
        let slot = self.slot(builder.key());
        let mut open = slot.lock().await;
        let shared = open.as_ref().and_then(WeakHandle::upgrade);
        if let Some(handle) = shared.filter(|handle| !handle.is_closed()) {
            return Ok(Doc::new(handle));
        }
        let doc = builder.open().await?;
        *open = Some(doc.handle().downgrade());
        Ok(doc)
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| in_use(slot));
        slots.len()
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn slot(&self, key: Key) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| in_use(slot));
        Arc::clone(slots.entry(key).or_default())
    }
}

/// Whether somebody uses the session of a slot, or is about to.
fn in_use(slot: &Slot) -> bool {
    if Arc::strong_count(slot) > 1 {
        return true;
    }
    let open = slot.try_lock();
    open.is_ok_and(|open| open.as_ref().and_then(WeakHandle::upgrade).is_some_and(|handle| !handle.is_closed()))
}

impl SessionBuilder {
    fn key(&self) -> Key {
        Key {
            client: self.client(),
            app_id: self.app_id.clone(),
            identity: self.identity.clone(),
            no_data: self.no_data,
        }
    }
}
