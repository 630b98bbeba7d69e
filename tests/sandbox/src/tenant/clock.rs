//! The time of day: a sandbox's own, which a test can move on, and how Qlik writes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A sandbox's clock: the machine's, and as much further as it was told to go. Tokens, sessions, uploads and reloads
/// live by it.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Moves the clock on, at once.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX / 2), Ordering::Relaxed);
    }

    /// What time it is in the sandbox.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        SystemTime::now() + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(&self) -> u64 {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Now as Qlik writes it, such as `2026-01-31T23:59:58.123Z`.
    pub(crate) fn stamp(&self) -> String {
        written(self.millis())
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        self.millis() / 1_000
    }
}

/// A time in milliseconds since 1970 as Qlik writes it.
pub(crate) fn written(millis: u64) -> String {
    stamp(millis / 1_000, u32::try_from(millis % 1_000).unwrap_or_default())
}

fn stamp(seconds: u64, millis: u32) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Counted from 0000-03-01, so that a leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps() {
        assert_eq!(stamp(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(stamp(1_709_251_199, 7), "2024-02-29T23:59:59.007Z");
        assert_eq!(stamp(1_767_225_600, 0), "2026-01-01T00:00:00.000Z");
    }
}
