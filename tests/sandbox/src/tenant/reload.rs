//! Reloads of apps, which go their way as the sandbox's clock moves.

use std::time::Duration;

/// A reload that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Reload {
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) user_id: String,
    pub(crate) partial: bool,
    /// Milliseconds since 1970.
    pub(crate) created: u64,
    /// How long it waits, and then runs.
    pub(crate) time: (Duration, Duration),
    /// What its script fails with.
    pub(crate) failure: Option<String>,
    /// When it was cancelled.
    pub(crate) cancelled: Option<u64>,
    /// Whether the app has its data.
    pub(crate) loaded: bool,
}

impl Reload {
    pub(crate) fn begins(&self) -> u64 {
        self.created + millis(self.time.0)
    }

    pub(crate) fn ends(&self) -> u64 {
        self.begins() + millis(self.time.1)
    }

    pub(crate) fn status(&self, now: u64) -> &'static str {
        match (self.cancelled, now) {
            (Some(_), _) => "CANCELED",
            (None, now) if now < self.begins() => "QUEUED",
            (None, now) if now < self.ends() => "RELOADING",
            _ if self.failure.is_some() => "FAILED",
            _ => "SUCCEEDED",
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 4)
}
