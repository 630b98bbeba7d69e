//! The time that a call may take: as a whole, at work, or without anything moving.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::watch::Progress;

/// A century at most: sums and doubles of it are still times that clocks have.
pub(crate) fn bounded(time: Duration) -> Duration {
    time.min(Duration::from_secs(100 * 365 * 24 * 60 * 60))
}

/// The time that a call may take.
pub(super) struct Clock {
    /// The limit as it was set.
    limit: Duration,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Until then, whatever it is spent on; no end where time itself has none that far.
    Whole(Option<Instant>),
    /// So much at work. Waiting for the client's own rate limit is not work.
    Working(Duration),
    /// Any time, as long as something moves.
    Moving(Arc<Progress>),
}

impl Clock {
    /// A limit that the caller set for this call: on all of it.
    pub(super) fn whole(limit: Duration) -> Self {
        Self { limit, kind: Kind::Whole(Instant::now().checked_add(limit)) }
    }

    /// The client's limit: on the time at work.
    pub(super) fn working(limit: Duration) -> Self {
        Self { limit, kind: Kind::Working(limit) }
    }

    /// The client's limit for what is streamed: on the time without progress.
    pub(super) fn moving(limit: Duration, progress: Arc<Progress>) -> Self {
        Self { limit, kind: Kind::Moving(progress) }
    }

    /// The limit as it was set.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// The time that is left for work; `None` where there is no end to it.
    pub(super) fn left(&self) -> Option<Duration> {
        match &self.kind {
            Kind::Whole(end) => Some((*end)?.saturating_duration_since(Instant::now())),
            Kind::Working(left) => Some(*left),
            Kind::Moving(_) => None,
        }
    }

    /// The time that is left for waiting; `None` where waiting does not count.
    pub(super) fn left_to_wait(&self) -> Option<Duration> {
        match &self.kind {
            Kind::Whole(_) => self.left(),
            Kind::Working(_) | Kind::Moving(_) => None,
        }
    }

    /// Works; `None` if it took too long.
    pub(super) async fn work<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        match &mut self.kind {
            Kind::Whole(None) => Some(work.await),
            Kind::Whole(Some(end)) => timeout_at(*end, work).await.ok(),
            Kind::Working(left) => {
                let begun = Instant::now();
                let result = timeout(*left, work).await.ok();
                *left = left.saturating_sub(begun.elapsed());
                result
            }
            Kind::Moving(progress) => {
                // What came before this attempt is no silence of its own.
                progress.made();
                let progress = progress.clone();
                tokio::select! {
                    result = work => Some(result),
                    () = progress.stalled(self.limit) => None,
                }
            }
        }
    }

    /// Pauses between two attempts, which counts as work.
    pub(super) async fn pause(&mut self, pause: Duration) {
        sleep(pause).await;
        if let Kind::Working(left) = &mut self.kind {
            *left = left.saturating_sub(pause);
        }
    }
}
