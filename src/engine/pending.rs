//! The calls that wait for their reply.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::closed::Closed;
use super::delta::Lane;

/// A reply as the socket's task hands it over: the frame, and where in it the answer stands.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) frame: Utf8Bytes,
    pub(super) result: Option<Range<usize>>,
    pub(super) error: Option<Range<usize>>,
    pub(super) delta: bool,
    /// The connection that it came by: handles in it mean nothing on a later one.
    pub(super) epoch: u32,
}

/// Why a call gets no reply.
#[derive(Debug, Clone)]
pub(super) enum NoReply {
    /// The connection has ended.
    Lost {
        closed: Closed,
        /// Whether the call had been handed to the socket.
        may_have_run: bool,
        /// Whether the session comes back by itself.
        returns: bool,
    },
    /// The object was closed before the request left.
    ObjectGone,
    /// A reply came, and could not be read.
    Unreadable(String),
}

type Answer = Result<Delivery, NoReply>;

/// The waiting calls of a session by their request id.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    last_id: u64,
    waiting: HashMap<u64, Entry>,
    /// Why no call is taken in; `None` when calls are.
    shut: Option<Closed>,
}

#[derive(Debug)]
struct Entry {
    /// `None` once the caller has given up, where the reply is needed all the same.
    caller: Option<oneshot::Sender<Answer>>,
    sent: bool,
    lane: Option<Arc<Lane>>,
}

impl Calls {
    fn table(&self) -> MutexGuard<'_, Table> {
        // no code that could panic runs under this lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next id and a place to wait in; the reason when no call is taken in.
    pub(super) fn enter(self: &Arc<Self>, lane: Option<Arc<Lane>>) -> Result<Waiting, Closed> {
        let (sender, receiver) = oneshot::channel();
        let mut table = self.table();
        if let Some(closed) = &table.shut {
            return Err(closed.clone());
        }
        table.last_id += 1;
        let id = table.last_id;
        table.waiting.insert(id, Entry { caller: Some(sender), sent: false, lane: lane.clone() });
        Ok(Waiting { calls: Arc::clone(self), id, receiver, lane, answered: false })
    }

    /// An id for a request whose reply nobody waits for.
    pub(super) fn id(&self) -> u64 {
        let mut table = self.table();
        table.last_id += 1;
        table.last_id
    }

    /// The request is about to leave; `false` when nobody waits for it any more, and it shall not.
    pub(super) fn depart(&self, id: u64) -> bool {
        let mut table = self.table();
        table.waiting.get_mut(&id).map(|entry| entry.sent = true).is_some()
    }

    /// Hands a reply to whoever waits for it; `false` when nobody does (any more).
    pub(super) fn answer(&self, id: u64, delivery: Delivery) -> bool {
        let Some(entry) = self.table().waiting.remove(&id) else { return false };
        let awaited = entry.caller.as_ref().is_some_and(|caller| !caller.is_closed());
        if let Some(lane) = entry.lane.filter(|_| delivery.delta) {
            lane.arrive(id, delivery.clone(), awaited);
        }
        entry.caller.is_some_and(|caller| caller.send(Ok(delivery)).is_ok())
    }

    /// Tells a caller that no reply will come.
    pub(super) fn refuse(&self, id: u64, why: NoReply) {
        let entry = self.table().waiting.remove(&id);
        if let Some(caller) = entry.and_then(|entry| entry.caller) {
            let _ = caller.send(Err(why));
        }
    }

    /// A reply came that could not be read: who waits for it is told.
    pub(super) fn spoil(&self, id: u64, why: &impl std::fmt::Display) {
        let Some(entry) = self.table().waiting.remove(&id) else { return };
        if let Some(lane) = entry.lane {
            // what was in it is the base of the next delta
            lane.spoil();
        }
        if let Some(caller) = entry.caller {
            let _ = caller.send(Err(NoReply::Unreadable(why.to_string())));
        }
    }

    /// The connection has ended. Where the session comes back by itself, what was not sent yet waits for that; where
    /// it does not, all waiting ends, and no call is taken in.
    pub(super) fn interrupt(&self, closed: &Closed, returns: bool) {
        let interrupted: Vec<Entry> = {
            let mut table = self.table();
            if !returns {
                table.shut = Some(closed.clone());
            }
            let gone = table.waiting.extract_if(|_, entry| entry.sent || !returns);
            gone.map(|(_, entry)| entry).collect()
        };
        for entry in interrupted {
            if let Some(caller) = entry.caller {
                let lost = NoReply::Lost { closed: closed.clone(), may_have_run: entry.sent, returns };
                let _ = caller.send(Err(lost));
            }
        }
    }

    /// Calls are taken in again.
    pub(super) fn reopen(&self) {
        self.table().shut = None;
    }

    /// How many calls wait.
    pub(super) fn count(&self) -> usize {
        self.table().waiting.values().filter(|entry| entry.caller.is_some()).count()
    }

    /// Whether the call of this id waits.
    pub(super) fn is_waiting(&self, id: u64) -> bool {
        self.table().waiting.contains_key(&id)
    }
}

/// A call's place in the table; given up when dropped.
pub(super) struct Waiting {
    calls: Arc<Calls>,
    id: u64,
    receiver: oneshot::Receiver<Answer>,
    lane: Option<Arc<Lane>>,
    answered: bool,
}

impl Waiting {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The reply, or why there is none.
    pub(super) async fn reply(&mut self) -> Answer {
        let answer = (&mut self.receiver).await;
        self.answered = true;
        answer.unwrap_or(Err(NoReply::ObjectGone))
    }

    /// Gives the call up; `true` when it has been sent and not been answered, so that the engine still works on it.
    pub(super) fn give_up(&mut self) -> bool {
        if self.answered {
            return false;
        }
        self.answered = true;
        let mut table = self.calls.table();
        let Some(entry) = table.waiting.get_mut(&self.id) else {
            drop(table);
            // its reply has come in this moment
            if let Some(lane) = &self.lane {
                lane.forget(self.id);
            }
            return false;
        };
        let sent = entry.sent;
        if sent && entry.lane.is_some() {
            // what the engine sends is what its next delta is made against
            entry.caller = None;
        } else {
            table.waiting.remove(&self.id);
        }
        sent
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::closed::CloseReason;

    fn delivery() -> Delivery {
        Delivery { frame: Utf8Bytes::from_static("{}"), result: None, error: None, delta: false, epoch: 0 }
    }

    #[test]
    fn a_dropped_call_leaves_nothing_behind() {
        let calls = Arc::new(Calls::default());
        let mut waiting = calls.enter(None).unwrap();
        assert_eq!((waiting.id(), calls.count()), (1, 1));
        assert!(!waiting.give_up(), "it was not sent");
        drop(waiting);
        assert_eq!(calls.count(), 0);
        assert!(!calls.answer(1, delivery()) && !calls.depart(1));
        let mut sent = calls.enter(None).unwrap();
        assert!(calls.depart(2) && sent.give_up());
    }

    #[tokio::test]
    async fn the_end_tells_who_was_sent() {
        let calls = Arc::new(Calls::default());
        let (mut sent, mut unsent) = (calls.enter(None).unwrap(), calls.enter(None).unwrap());
        calls.depart(1);
        let closed = Closed::new(CloseReason::Lost, "");
        calls.interrupt(&closed, true);
        assert!(matches!(sent.reply().await, Err(NoReply::Lost { may_have_run: true, returns: true, .. })));
        assert_eq!(calls.count(), 1, "what was not sent waits on");
        calls.interrupt(&closed, false);
        assert!(matches!(unsent.reply().await, Err(NoReply::Lost { may_have_run: false, returns: false, .. })));
        assert!(calls.enter(None).is_err());
        calls.reopen();
        assert!(calls.enter(None).is_ok());
    }
}
