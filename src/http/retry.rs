//! What is tried again, and when: only what cannot do harm, and never for long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::bounded;
use crate::Error;
use crate::error::HttpError;
use crate::rest::Method;

/// When a call is tried again.
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// use std::time::Duration;
/// use qlik::rest::Retry;
///
/// // A job at night has time; and this service takes the same order twice without doing it twice.
/// let patient = Retry::times(8).longest_pause(Duration::from_secs(120)).even_if_not_idempotent();
/// let answer: serde_json::Value = qlik.post("/api/v1/brand-new").retry(patient).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "it is given to QlikBuilder::retry or Call::retry"]
pub struct Retry {
    times: u32,
    first: Duration,
    longest: Duration,
    always: bool,
}

impl Default for Retry {
    /// Twice, after about a quarter and half a second; up to half a minute where the server asks for it.
    fn default() -> Self {
        Self { times: 2, first: Duration::from_millis(250), longest: Duration::from_secs(30), always: false }
    }
}

impl Retry {
    /// So many times after the first attempt.
    pub fn times(times: u32) -> Self {
        Self { times, ..Self::default() }
    }

    /// Never.
    pub fn never() -> Self {
        Self::times(0)
    }

    /// The pause before the second attempt; each later one is twice as long. A part of it is random, so that clients
    /// that failed together do not return together.
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first = bounded(pause);
        self
    }

    /// The longest pause. A server that asks for a longer one by `Retry-After` gets no second attempt.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest = bounded(pause);
        self
    }

    /// Also tries again what would do harm if it arrived twice in general, and does not in this case: POST and PATCH.
    pub fn even_if_not_idempotent(mut self) -> Self {
        self.always = true;
        self
    }

    /// Whether there is another attempt after so many.
    pub(crate) fn has_more_after(&self, done: u32) -> bool {
        done <= self.times
    }

    /// Whether a failure may pass and its request may be sent again.
    pub(super) fn applies(&self, failure: &Failure, method: Method) -> bool {
        let twice = self.always || method.is_idempotent();
        match failure {
            Failure::Unsent(_) => true,
            Failure::Broken(_) => twice,
            Failure::Answered(error) => match error.status() {
                // Refused before it was looked at.
                429 => true,
                // The server gave up on it, maybe half way through.
                500 => self.always || method.is_safe(),
                408 | 502..=504 => twice,
                _ => false,
            },
            Failure::Final(_) => false,
        }
    }

    /// How long to wait before the next attempt: `None` if that is too long, for this rule or for the call (`left`).
    pub(super) fn pause(&self, failure: &Failure, done: u32, left: Option<Duration>) -> Option<Duration> {
        let pause = match failure.asked() {
            Some(asked) if asked > self.longest => return None,
            // All the clients that were sent away with the same number come back spread over a while.
            Some(asked) => asked + self.first.mul_f64(fastrand::f64()),
            None => self.backoff(done),
        };
        // A pause that outlasts the call's own limit would turn a clear failure into a timeout.
        left.is_none_or(|left| pause < left).then_some(pause)
    }

    /// A moment, so that those who waited for the same thing do not start in the same instant.
    pub(super) fn moment(&self) -> Duration {
        self.first.mul_f64(fastrand::f64() / 5.0)
    }

    /// Doubles with each attempt; a random part keeps clients from returning in step.
    pub(crate) fn backoff(&self, done: u32) -> Duration {
        let full = self.first.saturating_mul(1 << done.saturating_sub(1).min(6)).min(self.longest);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Why a request failed, by what may have become of it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent: no connection was made.
    Unsent(Error),
    /// The request may have arrived; no answer did.
    Broken(Error),
    /// The server answered.
    Answered(HttpError),
    /// Trying again cannot help.
    Final(Error),
}

impl Failure {
    /// How long the server asks to wait.
    pub(super) fn asked(&self) -> Option<Duration> {
        match self {
            Failure::Answered(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Whether the server refused the call because there were too many.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Failure::Answered(error) if error.status() == 429)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsent(error) | Failure::Broken(error) | Failure::Final(error) => error,
            Failure::Answered(error) => error.into(),
        }
    }
}

/// What a client may spend on retries, shared by its clones: when a whole service is down, trying everything three times
/// makes it worse. Each retry costs one; each call that ends well gives back a half.
pub(crate) struct Budget {
    /// In halves.
    left: AtomicU64,
    most: u64,
}

impl Budget {
    pub(crate) fn new(retries: u32) -> Self {
        let most = u64::from(retries) * 2;
        Self { left: AtomicU64::new(most), most }
    }

    /// Takes one retry, if there is one.
    pub(super) fn spend(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(2)).is_ok()
    }

    /// Gives back a half.
    pub(super) fn earn(&self) {
        // Read first: on the happy path, where nothing is spent, clones do not contend for the number.
        if self.left.load(Ordering::Relaxed) < self.most {
            let more = |left: u64| (left < self.most).then_some(left + 1);
            let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, RETRY_AFTER};

    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Failure {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
        }
        Failure::Answered(HttpError::new(status, "GET", "/", &headers, Bytes::new()))
    }

    #[test]
    fn a_pause_without_end_is_a_long_one() {
        let retry = Retry::times(u32::MAX).first_pause(Duration::MAX).longest_pause(Duration::MAX);
        let century = bounded(Duration::MAX);
        for failure in [Failure::Broken(Error::config("")), answered(429, Some("3000000000"))] {
            assert!(retry.pause(&failure, u32::MAX, None).is_some_and(|pause| pause <= century * 2), "{failure:?}");
        }
        assert!(retry.moment() <= century);
    }

    #[test]
    fn repeats_only_what_does_no_harm() {
        let unsent = Failure::Unsent(Error::config(""));
        let broken = Failure::Broken(Error::config(""));
        let last = Failure::Final(Error::config(""));
        for (failure, get, put, post) in [
            (&unsent, true, true, true),
            (&broken, true, true, false),
            (&last, false, false, false),
            (&answered(429, None), true, true, true),
            (&answered(503, None), true, true, false),
            (&answered(502, None), true, true, false),
            (&answered(504, None), true, true, false),
            (&answered(408, None), true, true, false),
            (&answered(500, None), true, false, false),
            (&answered(501, None), false, false, false),
            (&answered(404, None), false, false, false),
        ] {
            for (method, expected) in [
                (Method::Get, get),
                (Method::Head, get),
                (Method::Put, put),
                (Method::Delete, put),
                (Method::Post, post),
                (Method::Patch, post),
            ] {
                assert_eq!(Retry::default().applies(failure, method), expected, "{method} {failure:?}");
            }
            let always = Retry::default().even_if_not_idempotent();
            assert_eq!(always.applies(failure, Method::Post), get, "{failure:?}");
        }
    }

    #[test]
    fn waits_as_asked_but_not_for_long() {
        let waits = |text| Retry::default().pause(&answered(429, Some(text)), 1, None);
        assert!(waits("13").unwrap() >= Duration::from_secs(13));
        assert!(waits("13").unwrap() <= Duration::from_secs(14));
        assert_eq!(waits("31"), None);
        let patient = Retry::default().longest_pause(Duration::from_secs(60));
        assert!(patient.pause(&answered(429, Some("31")), 1, None).is_some());
    }

    #[test]
    fn does_not_outwait_the_limit_of_the_call() {
        let left = Some(Duration::from_secs(2));
        let pause = |text| Retry::default().pause(&answered(429, Some(text)), 1, left);
        assert_eq!(pause("5"), None);
        assert!(pause("1").is_some());
    }

    #[test]
    fn backs_off() {
        let retry = Retry::default();
        for done in [1, 2, 3, 40, u32::MAX] {
            assert!(retry.backoff(done) >= retry.first / 2);
            assert!(retry.backoff(done) <= retry.longest);
        }
        assert!(retry.backoff(4) >= retry.first * 4);
    }

    #[test]
    fn a_budget_is_spent_and_earned() {
        let budget = Budget::new(2);
        assert!(budget.spend() && budget.spend() && !budget.spend());
        budget.earn();
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend());
        (0..100).for_each(|_| budget.earn());
        assert!(budget.spend() && budget.spend() && !budget.spend());
        assert!(!Budget::new(0).spend());
    }
}
