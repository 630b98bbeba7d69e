//! What the engine tells about its objects: that their data changed, that they are gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The news of one object; every handle with its number shares it.
///
/// A counter and a flag, not a queue: however many changes come in, there is one latest state, so that whoever looks
/// late sees that something changed, and nobody has to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) changes: u64,
    pub(super) closed: bool,
}

pub(super) type NewsSender = Arc<watch::Sender<News>>;

/// The objects that this side holds handles of, by number.
#[derive(Debug, Default)]
pub(super) struct Objects(Mutex<HashMap<i32, Entry>>);

#[derive(Debug)]
struct Entry {
    news: NewsSender,
    handles: usize,
}

impl Objects {
    fn table(&self) -> MutexGuard<'_, HashMap<i32, Entry>> {
        // no code that could panic runs under this lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one handle more, and gives it the object's news.
    pub(super) fn enter(&self, number: i32) -> NewsSender {
        let mut table = self.table();
        let entry = table
            .entry(number)
            .or_insert_with(|| Entry { news: Arc::new(watch::Sender::new(News::default())), handles: 0 });
        entry.handles += 1;
        Arc::clone(&entry.news)
    }

    /// Counts one handle less.
    pub(super) fn leave(&self, number: i32, news: &NewsSender) {
        let mut table = self.table();
        // after a close, the same number may stand for another object
        if let Some(entry) = table.get_mut(&number).filter(|entry| Arc::ptr_eq(&entry.news, news)) {
            entry.handles = entry.handles.saturating_sub(1);
            if entry.handles == 0 {
                table.remove(&number);
            }
        }
    }

    /// The engine says that these have changed.
    pub(super) fn changed(&self, numbers: &[i32]) {
        let table = self.table();
        for entry in numbers.iter().filter_map(|number| table.get(number)) {
            entry.news.send_modify(|news| news.changes += 1);
        }
    }

    /// The engine says that these are gone.
    pub(super) fn closed(&self, numbers: &[i32]) {
        let mut table = self.table();
        for entry in numbers.iter().filter_map(|number| table.remove(number)) {
            entry.news.send_modify(|news| news.closed = true);
        }
    }

    /// The session has ended: all are gone.
    pub(super) fn end(&self) {
        for (_, entry) in std::mem::take(&mut *self.table()) {
            entry.news.send_modify(|news| news.closed = true);
        }
    }

    /// How many objects this side holds handles of.
    pub(super) fn count(&self) -> usize {
        self.table().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_of_one_number_share_their_news() {
        let objects = Objects::default();
        let (one, two) = (objects.enter(5), objects.enter(5));
        objects.changed(&[5, 5, 6]);
        assert_eq!(*two.borrow(), News { changes: 2, closed: false });
        objects.leave(5, &one);
        assert_eq!(objects.count(), 1);
        objects.leave(5, &two);
        assert_eq!(objects.count(), 0);
    }

    #[test]
    fn a_number_that_is_used_again_is_another_object() {
        let objects = Objects::default();
        let gone = objects.enter(5);
        objects.closed(&[5]);
        let new = objects.enter(5);
        assert!(gone.borrow().closed && !new.borrow().closed);
        objects.leave(5, &gone);
        objects.changed(&[5]);
        assert_eq!(new.borrow().changes, 1);
    }
}
