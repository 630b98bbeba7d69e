//! The last value of a method of an object, and the replies that change it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::patch::{PatchError, apply_all};
use crate::engine::pending::Delivery;

/// The values of a reply by out-parameter, shared with the lane that keeps them.
pub(in crate::engine) type Tree = BTreeMap<String, Arc<Value>>;

/// The lanes of an object, one for each method that was called with deltas.
#[derive(Debug, Default)]
pub(in crate::engine) struct Lanes(Mutex<HashMap<String, Arc<Lane>>>);

impl Lanes {
    /// The lane of a method; `None` when its deltas cannot be trusted any more.
    pub(in crate::engine) fn of(&self, method: &str, saved: &Arc<AtomicU64>) -> Option<Arc<Lane>> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = match lanes.get(method) {
            Some(lane) => lane,
            None => lanes.entry(method.to_owned()).or_insert_with(|| Arc::new(Lane::new(Arc::clone(saved)))),
        };
        (!lane.state().broken).then(|| Arc::clone(lane))
    }

    /// The lanes that there are, to be kept elsewhere; `None` when there are none.
    pub(in crate::engine) fn take(&self) -> Option<Self> {
        let lanes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (!lanes.is_empty()).then(|| Lanes(Mutex::new(lanes)))
    }

    /// Takes over lanes that were kept elsewhere.
    pub(in crate::engine) fn put(&self, lanes: Lanes) {
        let lanes = lanes.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lanes;
    }

    /// Forgets everything: the object is gone, or the engine has forgotten what it had sent.
    pub(in crate::engine) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The deltas of one method of one object, applied in the order in which they come.
#[derive(Debug)]
pub(in crate::engine) struct Lane {
    state: Mutex<State>,
    saved: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct State {
    values: HashMap<String, Arc<Value>>,
    /// Replies that have come and are not applied yet. They are applied where they are awaited, not in the socket's
    /// task, which has other things to do.
    arrived: VecDeque<(u64, Delivery)>,
    /// Values of replies that somebody else's wait has applied.
    done: HashMap<u64, Result<Tree, PatchError>>,
    /// The size of the last reply that held everything.
    whole: usize,
    broken: bool,
}

impl Lane {
    fn new(saved: Arc<AtomicU64>) -> Self {
        Lane { state: Mutex::default(), saved }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A delta has come. One that nobody waits for is applied at once, so that none pile up.
    pub(in crate::engine) fn arrive(&self, id: u64, delivery: Delivery, awaited: bool) {
        let mut state = self.state();
        state.arrived.push_back((id, delivery));
        if !awaited {
            self.catch_up(&mut state, id);
            state.done.remove(&id);
        }
    }

    /// A reply is lost: what comes after it cannot be applied.
    pub(in crate::engine) fn spoil(&self) {
        self.state().broken = true;
    }

    /// Nobody waits for this one any more.
    pub(in crate::engine) fn forget(&self, id: u64) {
        let mut state = self.state();
        self.catch_up(&mut state, id);
        state.done.remove(&id);
    }

    /// The values as they were after this reply.
    pub(in crate::engine) fn take(&self, id: u64) -> Result<Tree, String> {
        let mut state = self.state();
        self.catch_up(&mut state, id);
        let tree = state.done.remove(&id).unwrap_or_else(|| Err(PatchError::new("/", "its reply is gone")));
        tree.map_err(|error| error.to_string())
    }

    /// Applies what has come, up to this reply.
    fn catch_up(&self, state: &mut State, id: u64) {
        if !state.arrived.iter().any(|(arrived, _)| *arrived == id) {
            return;
        }
        while let Some((next, delivery)) = state.arrived.pop_front() {
            let tree = self.apply(state, &delivery);
            state.broken |= tree.is_err();
            state.done.insert(next, tree);
            if next == id {
                return;
            }
        }
    }

    fn apply(&self, state: &mut State, delivery: &Delivery) -> Result<Tree, PatchError> {
        if state.broken {
            return Err(PatchError::new("/", "a former one did not fit"));
        }
        let result = delivery.result.clone().and_then(|place| delivery.frame.get(place)).unwrap_or("{}");
        let result: Map<String, Value> = serde_json::from_str(result).map_err(|error| PatchError::new("/", error))?;
        let size = delivery.frame.len();
        let mut tree = Tree::new();
        let mut whole = false;
        for (name, patches) in result {
            let is_whole = patches.pointer("/0/path").is_some_and(|path| path == "/" || path == "");
            if !is_whole && !state.values.contains_key(&name) {
                // the engine counts a reply as the base that did not come by this lane: one that was not asked for as a
                // delta, or one that was lost
                return Err(PatchError::new("/", "what it changes is not known"));
            }
            whole |= is_whole;
            let value = state.values.entry(name.clone()).or_default();
            // in place, unless a reader of the former value is not done yet
            apply_all(Arc::make_mut(value), patches)?;
            tree.insert(name, Arc::clone(value));
        }
        if whole {
            state.whole = size;
        } else {
            let saved = u64::try_from(state.whole.saturating_sub(size)).unwrap_or(0);
            self.saved.fetch_add(saved, Ordering::Relaxed);
        }
        Ok(tree)
    }
}
