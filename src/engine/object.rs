//! The objects that this side holds handles of: one each, however many handles there are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;

use super::delta::Lanes;
use super::memory::Memory;

/// What the engine has told of an object.
///
/// A counter and a flag, not a queue: however many changes come in, there is one latest state, so that whoever looks
/// late sees that something changed, and nobody has to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) changes: u64,
    pub(super) closed: bool,
}

/// What an object is, by the reply that it came with.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) class: String,
    pub(super) generic_type: Option<String>,
    pub(super) generic_id: Option<String>,
    pub(super) origin: Option<Origin>,
}

/// The call that an object came from: how to get it again.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) parent: Arc<Object>,
    pub(super) method: &'static str,
    /// The parameters as JSON.
    pub(super) params: Arc<str>,
}

/// A live object of the engine; every handle of it shares this.
#[derive(Debug)]
pub(super) struct Object {
    number: AtomicI32,
    pub(super) identity: OnceLock<Identity>,
    pub(super) news: watch::Sender<News>,
    pub(super) lanes: Lanes,
    pub(super) memory: Memory,
}

impl Object {
    fn new(number: i32, lanes: Lanes) -> Self {
        Object {
            number: AtomicI32::new(number),
            identity: OnceLock::new(),
            news: watch::Sender::new(News::default()),
            lanes,
            memory: Memory::default(),
        }
    }

    /// The number that stands for it on the connection as it is now.
    pub(super) fn number(&self) -> i32 {
        self.number.load(Ordering::Acquire)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.news.borrow().closed
    }

    pub(super) fn change(&self) {
        self.news.send_modify(|news| news.changes += 1);
    }

    pub(super) fn close(&self) {
        self.lanes.clear();
        self.news.send_modify(|news| news.closed = true);
    }

    /// What it is, in words for an error.
    pub(super) fn words(&self) -> String {
        let identity = self.identity.get();
        let class = identity.map_or("object", |identity| identity.class.as_str());
        match identity.and_then(|identity| identity.generic_id.as_deref()) {
            Some(id) => format!("{class} `{id}`"),
            None => format!("{class} with handle {}", self.number()),
        }
    }
}

/// The objects that this side holds handles of, by number.
#[derive(Debug, Default)]
pub(super) struct Objects(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    live: HashMap<i32, Entry>,
    /// The deltas of objects whose last handle is gone: the engine goes on comparing with what it sent, and gives the
    /// same number to who gets the object again. Until it closes the object, its values are kept here.
    resting: HashMap<i32, Lanes>,
    /// The connection that the numbers belong to.
    epoch: u32,
}

#[derive(Debug)]
struct Entry {
    object: Arc<Object>,
    handles: usize,
}

impl Objects {
    fn table(&self) -> MutexGuard<'_, Table> {
        // no code that could panic runs under this lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one handle more of the object with this number.
    ///
    /// A number that came by a former connection means nothing any more: such an object is closed from the start.
    pub(super) fn enter(&self, number: i32, epoch: Option<u32>) -> Arc<Object> {
        let mut table = self.table();
        if epoch.is_some_and(|epoch| epoch != table.epoch) {
            let object = Object::new(number, Lanes::default());
            object.close();
            return Arc::new(object);
        }
        let Table { live, resting, .. } = &mut *table;
        let entry = live.entry(number).or_insert_with(|| {
            let lanes = resting.remove(&number).unwrap_or_default();
            Entry { object: Arc::new(Object::new(number, lanes)), handles: 0 }
        });
        entry.handles += 1;
        Arc::clone(&entry.object)
    }

    /// Counts one handle more of an object that is known.
    pub(super) fn enter_again(&self, object: &Arc<Object>) {
        if object.is_closed() {
            return;
        }
        let mut table = self.table();
        let Table { live, resting, .. } = &mut *table;
        let number = object.number();
        let entry = live.entry(number).or_insert_with(|| {
            if let Some(lanes) = resting.remove(&number) {
                object.lanes.put(lanes);
            }
            Entry { object: Arc::clone(object), handles: 0 }
        });
        if Arc::ptr_eq(&entry.object, object) {
            entry.handles += 1;
        }
    }

    /// Counts one handle less.
    pub(super) fn leave(&self, object: &Arc<Object>) {
        let mut table = self.table();
        let number = object.number();
        // after a close, the same number may stand for another object
        if let Some(entry) = table.live.get_mut(&number).filter(|entry| Arc::ptr_eq(&entry.object, object)) {
            entry.handles = entry.handles.saturating_sub(1);
            if entry.handles == 0 {
                table.live.remove(&number);
                if let Some(lanes) = object.lanes.take() {
                    table.resting.insert(number, lanes);
                }
            }
        }
    }

    /// The object of this number, if this side holds a handle of it.
    pub(super) fn find(&self, number: i32) -> Option<Arc<Object>> {
        self.table().live.get(&number).map(|entry| Arc::clone(&entry.object))
    }

    /// All of them, in the order of their numbers.
    pub(super) fn all(&self) -> Vec<Arc<Object>> {
        let mut all: Vec<_> = self.table().live.values().map(|entry| Arc::clone(&entry.object)).collect();
        all.sort_by_key(|object| object.number());
        all
    }

    /// The app that is open, as far as this side holds it.
    pub(super) fn doc(&self) -> Option<Arc<Object>> {
        let is_doc = |object: &Arc<Object>| object.identity.get().is_some_and(|identity| identity.class == "Doc");
        self.all().into_iter().find(is_doc)
    }

    /// The object that the app knows by this id, if this side holds a handle of it.
    pub(super) fn by_id(&self, class: &str, id: &str) -> Option<Arc<Object>> {
        let table = self.table();
        let is_meant = |object: &Arc<Object>| {
            let identity = object.identity.get();
            identity.is_some_and(|identity| identity.class == class && identity.generic_id.as_deref() == Some(id))
        };
        table.live.values().map(|entry| &entry.object).find(|object| is_meant(object)).map(Arc::clone)
    }

    /// The connection that numbers belong to.
    pub(super) fn epoch(&self) -> u32 {
        self.table().epoch
    }

    /// The engine says that these have changed.
    pub(super) fn changed(&self, numbers: &[i32]) {
        let table = self.table();
        for entry in numbers.iter().filter_map(|number| table.live.get(number)) {
            entry.object.change();
        }
    }

    /// The engine says that these are gone.
    pub(super) fn closed(&self, numbers: &[i32]) {
        let mut table = self.table();
        for number in numbers {
            table.resting.remove(number);
            if let Some(entry) = table.live.remove(number) {
                entry.object.close();
            }
        }
    }

    /// The session has ended: all are gone.
    pub(super) fn end(&self) {
        let mut table = self.table();
        table.resting.clear();
        for (_, entry) in std::mem::take(&mut table.live) {
            entry.object.close();
        }
    }

    /// A new connection begins: numbers of the former one mean nothing any more, and neither do its deltas.
    pub(super) fn begin_epoch(&self) -> u32 {
        let mut table = self.table();
        table.epoch += 1;
        table.resting.clear();
        for entry in table.live.values() {
            entry.object.lanes.clear();
        }
        table.epoch
    }

    /// Gives the objects their numbers on the new connection; those that got none are closed.
    pub(super) fn renumber(&self, numbers: &[(Arc<Object>, i32)]) {
        let mut table = self.table();
        for (object, number) in numbers {
            object.number.store(*number, Ordering::Release);
            // those that nobody holds but what they gave are not among the live ones
            object.lanes.clear();
        }
        for (_, entry) in std::mem::take(&mut table.live) {
            if numbers.iter().any(|(object, _)| Arc::ptr_eq(object, &entry.object)) {
                let number = entry.object.number();
                entry.object.change();
                table.live.insert(number, entry);
            } else {
                entry.object.close();
            }
        }
    }

    /// How many objects this side holds handles of.
    pub(super) fn count(&self) -> usize {
        self.table().live.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_of_one_number_share_their_object() {
        let objects = Objects::default();
        let (one, two) = (objects.enter(5, None), objects.enter(5, Some(0)));
        assert!(Arc::ptr_eq(&one, &two));
        objects.changed(&[5, 5, 6]);
        assert_eq!(*two.news.borrow(), News { changes: 2, closed: false });
        objects.leave(&one);
        assert_eq!(objects.count(), 1);
        objects.leave(&two);
        assert_eq!(objects.count(), 0);
    }

    #[test]
    fn a_number_that_is_used_again_is_another_object() {
        let objects = Objects::default();
        let gone = objects.enter(5, None);
        objects.closed(&[5]);
        let new = objects.enter(5, None);
        assert!(gone.is_closed() && !new.is_closed());
        objects.leave(&gone);
        objects.changed(&[5]);
        assert_eq!(new.news.borrow().changes, 1);
    }

    #[test]
    fn a_new_connection_has_new_numbers() {
        let objects = Objects::default();
        let (kept, lost) = (objects.enter(5, None), objects.enter(6, None));
        let epoch = objects.begin_epoch();
        assert!(objects.enter(7, Some(epoch - 1)).is_closed(), "a reply that came by the old one");
        objects.renumber(&[(Arc::clone(&kept), 6)]);
        assert_eq!((kept.number(), kept.is_closed(), kept.news.borrow().changes), (6, false, 1));
        assert!(lost.is_closed());
        objects.leave(&lost);
        objects.changed(&[6, 5]);
        assert_eq!(kept.news.borrow().changes, 2);
        objects.leave(&kept);
        assert_eq!(objects.count(), 0);
    }
}
