//! When a session comes back by itself, and what it does to be as it was.

use std::time::Duration;

use super::closed::CloseReason;
use crate::http::bounded;

/// Whether a session comes back by itself after its connection was lost.
///
/// A session that comes back opens its app again (the one without data without data), gets its objects by their ids,
/// makes session objects again with their properties and soft patches, and gets fields and variables. All typed
/// objects stay good. Where the engine has kept the session, which a time to live
/// ([`SessionBuilder::ttl`](super::SessionBuilder::ttl)) asks for, it goes on with that.
///
/// Calls that were on their way are made again where they only read; others fail, and their error says that they may
/// have been carried out. New calls wait until the session is back.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    automatic: bool,
    attempts: u32,
    first: Duration,
    longest: Duration,
    selections: bool,
}

impl Resume {
    /// Only when it is asked to, by [`Session::resume`](super::Session::resume): that is so unless set.
    pub fn by_hand() -> Self {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        Resume { automatic: false, attempts: 10, first, longest, selections: false }
    }

    /// By itself, after a broken connection and after the close codes that ask for it: the server or the engine going
    /// away (1001, 4003), the app moving into another mode (4007), the network failing behind the proxy (4206), and
    /// an engine that is gone (4222).
    pub fn automatic() -> Self {
        Resume { automatic: true, ..Self::by_hand() }
    }

    /// How often it tries before the session is over; 10 times unless set.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long it waits after the first attempt failed, and at most: the waits double. From half a second to half a
    /// minute unless set. Each is shortened by chance, so that many clients do not come back in one moment.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first = bounded(first);
        self.longest = bounded(longest);
        self
    }

    /// Makes the selections again, those of alternate states too, where the engine has not kept them.
    ///
    /// For that the session watches its selections, which costs some calls after each of them.
    pub fn with_selections(mut self) -> Self {
        self.selections = true;
        self
    }

    pub(super) fn keeps_selections(&self) -> bool {
        self.selections
    }

    /// Whether the session comes back by itself after this.
    pub(super) fn covers(&self, reason: &CloseReason) -> bool {
        self.automatic
            && matches!(
                reason,
                CloseReason::Lost
                    | CloseReason::GoingAway
                    | CloseReason::EngineTerminating
                    | CloseReason::AppModeChanged
                    | CloseReason::Network
                    | CloseReason::ReservationMissing
            )
    }

    /// How long to wait before this attempt, counted from 0; `None` when there is none.
    pub(super) fn wait(&self, attempt: u32) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let Some(doublings) = attempt.checked_sub(1) else {
            // at once, but not all clients in the same moment
            return Some(self.first.min(Duration::from_millis(100)).mul_f64(fastrand::f64()));
        };
        let wait = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        Some(wait.mul_f64(0.5 + fastrand::f64() / 2.0))
    }
}

impl Default for Resume {
    fn default() -> Self {
        Self::by_hand()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        let resume = Resume::automatic().backoff(Duration::from_secs(1), Duration::from_secs(4)).attempts(6);
        let waits: Vec<_> = (0..7).map(|attempt| resume.wait(attempt)).collect();
        assert!(waits[0].is_some_and(|wait| wait <= Duration::from_millis(100)));
        for (wait, longest) in waits[1..6].iter().zip([1, 2, 4, 4, 4]) {
            let (wait, longest) = (wait.unwrap(), Duration::from_secs(longest));
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?}");
        }
        assert_eq!(waits[6], None);
        let endless = Resume::automatic().backoff(Duration::MAX, Duration::MAX).attempts(u32::MAX);
        assert!(endless.wait(u32::MAX - 1).is_some_and(|wait| wait <= bounded(Duration::MAX)));
    }

    #[test]
    fn only_some_ends_are_come_back_from() {
        let resume = Resume::automatic();
        assert!(resume.covers(&CloseReason::Lost) && resume.covers(&CloseReason::AppModeChanged));
        for reason in [CloseReason::Normal, CloseReason::AppDeleted, CloseReason::Idle, CloseReason::Suspended] {
            assert!(!resume.covers(&reason));
        }
        assert!(!Resume::by_hand().covers(&CloseReason::Lost));
    }
}
