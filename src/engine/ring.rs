//! The latest of something, for any number of readers, each at a place of their own.

use std::collections::VecDeque;

use futures::stream::{BoxStream, StreamExt};
use tokio::sync::watch;

use crate::trace;

/// How much a session keeps for those who have not read it yet.
const KEPT: usize = 64;

/// The latest items, from which each reader reads at a place of their own.
///
/// A ring rather than a queue for each reader: the socket's task never waits for a reader, a slow reader costs
/// nothing, and one who comes late still finds what came first.
#[derive(Debug)]
pub(super) struct Ring<T>(watch::Sender<Kept<T>>);

#[derive(Debug)]
struct Kept<T> {
    /// The number of the oldest one kept.
    first: u64,
    items: VecDeque<T>,
    ended: bool,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Ring(watch::Sender::new(Kept { first: 0, items: VecDeque::new(), ended: false }))
    }
}

impl<T: Clone + Send + Sync + 'static> Ring<T> {
    /// Adds one; the oldest makes room.
    pub(super) fn push(&self, item: T) {
        self.0.send_modify(|ring| {
            if ring.items.len() == KEPT {
                ring.items.pop_front();
                ring.first += 1;
            }
            ring.items.push_back(item);
        });
    }

    /// There will be no more.
    pub(super) fn end(&self) {
        self.0.send_modify(|ring| ring.ended = true);
    }

    /// Reads from the oldest one kept. Whoever falls too far behind misses the oldest.
    pub(super) fn read(&self) -> BoxStream<'static, T> {
        let place = (self.0.subscribe(), 0_u64);
        let items = futures::stream::unfold(place, |(mut ring, mut next)| async move {
            loop {
                {
                    let ring = ring.borrow_and_update();
                    if next < ring.first {
                        let lost = ring.first - next;
                        trace::engine::warn(format_args!("{lost} messages of a session were read too late"), None);
                        next = ring.first;
                    }
                    let offset = usize::try_from(next - ring.first).unwrap_or(usize::MAX);
                    if let Some(item) = ring.items.get(offset).cloned() {
                        next += 1;
                        break Some((item, next));
                    }
                    if ring.ended {
                        break None;
                    }
                }
                if ring.changed().await.is_err() {
                    break None;
                }
            }
            .map(|(item, next)| (item, (ring, next)))
        });
        items.boxed()
    }
}

/// Wraps a boxed stream in a public type of its own.
macro_rules! stream {
    ($(#[$words:meta])* $name:ident of $item:ty) => {
        $(#[$words])*
        pub struct $name(pub(super) futures::stream::BoxStream<'static, $item>);

        impl futures::Stream for $name {
            type Item = $item;

            fn poll_next(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<$item>> {
                self.0.as_mut().poll_next(cx)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use stream;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_reader_finds_the_first() {
        let ring = Ring::default();
        ring.push(0);
        let reader = ring.read();
        ring.push(1);
        ring.end();
        assert_eq!(reader.collect::<Vec<_>>().await, [0, 1]);
    }

    #[tokio::test]
    async fn a_slow_reader_costs_a_ring_and_no_more() {
        let ring = Ring::default();
        let reader = ring.read();
        (0..KEPT + 3).for_each(|number| ring.push(number));
        ring.end();
        let read: Vec<_> = reader.collect().await;
        assert_eq!((read.len(), read.first()), (KEPT, Some(&3)));
    }
}
