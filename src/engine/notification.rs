//! What a server says unasked.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt};
use serde_json::Value;
use tokio::sync::watch;

/// How many notifications a session keeps for those who have not read them yet.
const KEPT: usize = 64;

/// A message from the engine, or from the proxy in front of it, that answers no call.
///
/// `OnConnected` says whether the session is new; `OnAuthenticationInformation`, `OnSessionTimedOut` and their like
/// come from a client-managed proxy. Every one is passed on as it came, those that this version does not know too.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// Its name, as `OnConnected`.
    pub method: String,
    /// What it says; null when it says no more than its name.
    pub params: Value,
}

/// The latest notifications of a session, each reader at its own place.
///
/// A ring rather than a queue for each reader: the socket's task never waits for a reader, a slow reader costs
/// nothing, and one who comes late still finds what the server said first.
#[derive(Debug)]
pub(super) struct Notices(watch::Sender<Ring>);

#[derive(Debug, Default)]
struct Ring {
    /// The number of the oldest one kept.
    first: u64,
    kept: VecDeque<Notification>,
    ended: bool,
}

impl Default for Notices {
    fn default() -> Self {
        Notices(watch::Sender::new(Ring::default()))
    }
}

impl Notices {
    /// Adds one; the oldest makes room.
    pub(super) fn push(&self, notification: Notification) {
        self.0.send_modify(|ring| {
            if ring.kept.len() == KEPT {
                ring.kept.pop_front();
                ring.first += 1;
            }
            ring.kept.push_back(notification);
        });
    }

    /// There will be no more.
    pub(super) fn end(&self) {
        self.0.send_modify(|ring| ring.ended = true);
    }

    /// Reads from the oldest one kept.
    pub(super) fn read(&self) -> Notifications {
        let place = (self.0.subscribe(), 0_u64);
        let notifications = futures::stream::unfold(place, |(mut ring, mut next)| async move {
            loop {
                {
                    let ring = ring.borrow_and_update();
                    if next < ring.first {
                        tracing::warn!(lost = ring.first - next, "notifications were read too slowly");
                        next = ring.first;
                    }
                    let offset = usize::try_from(next - ring.first).unwrap_or(usize::MAX);
                    if let Some(notification) = ring.kept.get(offset).cloned() {
                        next += 1;
                        break Some((notification, next));
                    }
                    if ring.ended {
                        break None;
                    }
                }
                if ring.changed().await.is_err() {
                    break None;
                }
            }
            .map(|(notification, next)| (notification, (ring, next)))
        });
        Notifications(notifications.boxed())
    }
}

/// The notifications of a session, as a stream: first those that came already, then each as it comes.
///
/// It ends with the session, and does not keep it open. A reader who falls more than 64 behind misses the oldest.
pub struct Notifications(BoxStream<'static, Notification>);

impl Stream for Notifications {
    type Item = Notification;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Notification>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(number: usize) -> Notification {
        Notification { method: format!("On{number}"), params: Value::Null }
    }

    #[tokio::test]
    async fn a_late_reader_finds_the_first() {
        let notices = Notices::default();
        notices.push(notification(0));
        let reader = notices.read();
        notices.push(notification(1));
        notices.end();
        let read: Vec<_> = reader.map(|notification| notification.method).collect().await;
        assert_eq!(read, ["On0", "On1"]);
    }

    #[tokio::test]
    async fn a_slow_reader_costs_a_ring_and_no_more() {
        let notices = Notices::default();
        let reader = notices.read();
        (0..KEPT + 3).for_each(|number| notices.push(notification(number)));
        notices.end();
        let read: Vec<_> = reader.map(|notification| notification.method).collect().await;
        assert_eq!((read.len(), read.first().map(String::as_str)), (KEPT, Some("On3")));
    }
}
