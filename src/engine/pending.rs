//! The calls that wait for their reply.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A reply as the socket's task hands it over: the frame, and where in it the answer stands.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) frame: Utf8Bytes,
    pub(super) result: Option<Range<usize>>,
    pub(super) error: Option<Range<usize>>,
}

/// Why a call gets no reply.
#[derive(Debug)]
pub(super) struct Unsent;

type Answer = Result<Delivery, Unsent>;

/// The waiting calls of a session by their request id.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    last_id: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    ended: bool,
}

impl Calls {
    fn table(&self) -> MutexGuard<'_, Table> {
        // no code that could panic runs under this lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next id and a place to wait in; `None` when the session has ended.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Waiting> {
        let (sender, receiver) = oneshot::channel();
        let mut table = self.table();
        if table.ended {
            return None;
        }
        table.last_id += 1;
        let id = table.last_id;
        table.waiting.insert(id, sender);
        Some(Waiting { calls: Arc::clone(self), id, receiver })
    }

    /// Hands a reply to whoever waits for it; `false` when nobody does (any more).
    pub(super) fn answer(&self, id: u64, delivery: Delivery) -> bool {
        let waiting = self.table().waiting.remove(&id);
        waiting.is_some_and(|waiting| waiting.send(Ok(delivery)).is_ok())
    }

    /// Ends all waiting, and all to come; `unsent` are those that never left.
    pub(super) fn end(&self, unsent: &[u64]) {
        let mut waiting = {
            let mut table = self.table();
            table.ended = true;
            std::mem::take(&mut table.waiting)
        };
        for id in unsent {
            if let Some(waiting) = waiting.remove(id) {
                let _ = waiting.send(Err(Unsent));
            }
        }
    }

    /// How many calls wait.
    pub(super) fn count(&self) -> usize {
        self.table().waiting.len()
    }
}

/// A call's place in the table; given up when dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    calls: Arc<Calls>,
    id: u64,
    receiver: oneshot::Receiver<Answer>,
}

impl Waiting {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The reply; or, when the session ended first, whether the call may have run.
    pub(super) async fn reply(&mut self) -> Result<Delivery, MayHaveRun> {
        match (&mut self.receiver).await {
            Ok(Ok(delivery)) => Ok(delivery),
            Ok(Err(Unsent)) => Err(MayHaveRun(false)),
            Err(_) => Err(MayHaveRun(true)),
        }
    }
}

/// Whether a call without a reply may have been carried out all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MayHaveRun(pub(super) bool);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.calls.table().waiting.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery { frame: Utf8Bytes::from_static("{}"), result: None, error: None }
    }

    #[test]
    fn a_dropped_call_leaves_nothing_behind() {
        let calls = Arc::new(Calls::default());
        let waiting = calls.enter().unwrap();
        assert_eq!((waiting.id(), calls.count()), (1, 1));
        drop(waiting);
        assert_eq!(calls.count(), 0);
        assert!(!calls.answer(1, delivery()));
    }

    #[tokio::test]
    async fn the_end_tells_who_was_sent() {
        let calls = Arc::new(Calls::default());
        let (mut sent, mut unsent) = (calls.enter().unwrap(), calls.enter().unwrap());
        calls.end(&[2]);
        assert_eq!(sent.reply().await.unwrap_err(), MayHaveRun(true));
        assert_eq!(unsent.reply().await.unwrap_err(), MayHaveRun(false));
        assert!(calls.enter().is_none());
    }
}
