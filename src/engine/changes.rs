//! All changes of a session, as lists of handles.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::stream::StreamExt;
use tokio::sync::Notify;

use super::ring::stream;

/// What has changed since the last look: the numbers of handles ([`Handle::number`](super::Handle::number)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeList {
    /// Objects whose data has changed.
    pub changed: BTreeSet<i32>,
    /// Objects that are gone.
    pub closed: BTreeSet<i32>,
    /// Objects that the engine does not follow for now.
    pub suspended: BTreeSet<i32>,
}

impl ChangeList {
    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.closed.is_empty() && self.suspended.is_empty()
    }
}

/// Those who follow the changes of a session.
///
/// Each has a list of its own, which grows to the number of handles at most: nobody waits for a slow reader.
#[derive(Debug, Default)]
pub(super) struct Followers(Mutex<Vec<Weak<Follower>>>);

#[derive(Default)]
struct Follower {
    pending: Mutex<(ChangeList, bool)>,
    news: Notify,
}

impl Followers {
    fn each(&self, mut tell: impl FnMut(&mut (ChangeList, bool))) {
        let mut followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|follower| match follower.upgrade() {
            Some(follower) => {
                tell(&mut follower.pending.lock().unwrap_or_else(PoisonError::into_inner));
                follower.news.notify_one();
                true
            }
            None => false,
        });
    }

    pub(super) fn tell(&self, changed: &[i32], closed: &[i32], suspended: &[i32]) {
        self.each(|(list, _)| {
            list.changed.extend(changed);
            list.closed.extend(closed);
            list.suspended.extend(suspended);
            list.changed.retain(|number| !closed.contains(number));
        });
    }

    pub(super) fn end(&self) {
        self.each(|(_, ended)| *ended = true);
    }

    pub(super) fn follow(&self) -> ChangeLists {
        let follower = Arc::new(Follower::default());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&follower));
        let lists = futures::stream::unfold(follower, |follower| async move {
            loop {
                {
                    let mut pending = follower.pending.lock().unwrap_or_else(PoisonError::into_inner);
                    if !pending.0.is_empty() {
                        let list = std::mem::take(&mut pending.0);
                        drop(pending);
                        return Some((list, follower));
                    }
                    if pending.1 {
                        return None;
                    }
                }
                follower.news.notified().await;
            }
        });
        ChangeLists(lists.boxed())
    }
}

stream! {
    /// The changes of a whole session; see [`Session::changes`](super::Session::changes).
    ChangeLists of ChangeList
}
