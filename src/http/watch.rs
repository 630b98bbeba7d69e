//! Time limits for what may rightly take long: not how long it lasts, but how long nothing moves.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When a body that is streamed moved last.
#[derive(Debug)]
pub(crate) struct Progress(Mutex<Instant>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// Something moved.
    pub(crate) fn made(&self) {
        *self.lock() = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        // The lock guards a plain value, which no panic leaves half written.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Returns when nothing has moved for as long as `limit`.
    pub(crate) async fn stalled(&self, limit: Duration) {
        loop {
            let last = self.last();
            match last.checked_add(limit) {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
            if self.last() == last {
                return;
            }
        }
    }
}
