//! The client's own rate limit: calls are spread as Qlik's rules demand, before the server has to refuse any.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::{bounded, headers};
use crate::rest::{Operation, Tier};

/// How finely a window is counted. A call leaves its window up to this much late, and never early.
const SLOTS: u32 = 60;

/// How many calls a client makes, whatever its clones and tasks ask for.
///
/// Qlik counts the calls of a user in tiers, over windows of five minutes, and refuses every call of a tier that is used
/// up. A client counts along and makes calls wait for their turn instead. What the server tells (status 429 with
/// `Retry-After`, the `Ratelimit` headers) is believed: it also knows of what other programs use up.
///
/// Raw calls have no tier, and do not wait.
///
/// ```
/// use std::time::Duration;
/// use qlik::{Auth, Qlik, rest::RateLimits};
///
/// # fn build() -> qlik::Result<Qlik> {
/// // Half of what the user may do is left to others.
/// let limits = RateLimits::default().share(0.5).longest_wait(Duration::from_secs(60));
/// Qlik::builder("https://your-tenant.eu.qlikcloud.com").auth(Auth::api_key("...")).rate_limits(limits).build()
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "limits are given to QlikBuilder::rate_limits"]
pub struct RateLimits {
    one: u32,
    two: u32,
    share: f64,
    window: Duration,
    longest_wait: Duration,
}

impl Default for RateLimits {
    /// Qlik's own rules: 1,000 calls a minute for tier one, 100 for tier two, over windows of five minutes; and no call
    /// waits longer than such a window.
    fn default() -> Self {
        let window = Duration::from_secs(300);
        Self { one: 1000, two: 100, share: 1.0, window, longest_wait: window + Duration::from_secs(10) }
    }
}

impl RateLimits {
    /// Calls a minute of tier one.
    pub fn tier_one(mut self, per_minute: u32) -> Self {
        self.one = per_minute;
        self
    }

    /// Calls a minute of tier two.
    pub fn tier_two(mut self, per_minute: u32) -> Self {
        self.two = per_minute;
        self
    }

    /// The part of every limit that this client may use up, from 0 to 1; for a user who runs several programs.
    pub fn share(mut self, share: f64) -> Self {
        self.share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
        self
    }

    /// The time over which calls are counted: five minutes unless set. Shorter windows spread the calls more evenly.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = bounded(window.max(Duration::from_millis(1)));
        self
    }

    /// How long a call waits for its turn at most. One that had to wait longer fails at once, with an error that
    /// [`is_rate_limited`](crate::Error::is_rate_limited).
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// The calls of one window.
    fn per_window(&self, tier: Tier) -> Option<u64> {
        let per_minute = match tier {
            Tier::One => self.one,
            Tier::Two => self.two,
            Tier::Special(limit) => limit,
            Tier::None => return None,
        };
        let calls = f64::from(per_minute) * self.share * self.window.as_secs_f64() / 60.0;
        // A limit that rounds to nothing would never let anything through.
        Some((calls.floor() as u64).max(1))
    }
}

/// The limiter of a client, shared by its clones.
pub(crate) struct Limiter {
    limits: RateLimits,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

/// What is counted together: a tier, or an operation with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    One,
    Two,
    Operation(&'static str, &'static str),
}

/// Why and how long a call has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) time: Duration,
    pub(crate) reason: &'static str,
}

impl Limiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, buckets: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn longest_wait(&self) -> Duration {
        self.limits.longest_wait
    }

    /// Whether calls of an operation are counted.
    pub(crate) fn counts(&self, operation: &Operation) -> bool {
        key(operation).is_some()
    }

    /// Lets a call through and counts it, or says how long to wait before asking again.
    pub(crate) fn admit(&self, operation: &Operation) -> Result<(), Wait> {
        let (Some(key), Some(limit)) = (key(operation), self.limits.per_window(operation.rate_tier())) else {
            return Ok(());
        };
        let mut buckets = self.lock();
        buckets.entry(key).or_default().admit(Instant::now(), limit, self.limits.window)
    }

    /// Takes note of what an answer tells about the limit.
    pub(crate) fn learn(&self, operation: &Operation, status: u16, answer: &HeaderMap) {
        let Some(key) = key(operation) else { return };
        let asked = headers::retry_after(answer).filter(|_| status == 429);
        let number = |name| headers::text(answer, name)?.split([',', ';']).next()?.trim().parse::<u64>().ok();
        let left = number("ratelimit-remaining").zip(number("ratelimit-reset").map(until));
        if asked.is_none() && left.is_none() {
            return;
        }
        let mut buckets = self.lock();
        let bucket = buckets.entry(key).or_default();
        let now = Instant::now();
        if let Some(end) = asked.and_then(|asked| now.checked_add(asked)) {
            bucket.closed = bucket.closed.max(Some(end));
        }
        if let Some((left, reset)) = left
            && let Some(end) = now.checked_add(reset)
        {
            // Answers overtake each other: within a window the lowest number is the newest.
            let known = bucket.told.filter(|told| told.end > now).map_or(left, |told| told.left.min(left));
            bucket.told = Some(Told { left: known, end });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Bucket>> {
        // The lock guards counts, which no panic leaves half written.
        self.buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn key(operation: &Operation) -> Option<Key> {
    match operation.rate_tier() {
        Tier::One => Some(Key::One),
        Tier::Two => Some(Key::Two),
        Tier::Special(_) => Some(Key::Operation(operation.api(), operation.name())),
        Tier::None => None,
    }
}

/// `Ratelimit-Reset` is in seconds from now; some gateways write the second of the epoch.
fn until(reset: u64) -> Duration {
    const LONGEST: u64 = 24 * 60 * 60;
    if reset <= LONGEST {
        return Duration::from_secs(reset);
    }
    let end = UNIX_EPOCH.checked_add(Duration::from_secs(reset));
    end.and_then(|end| end.duration_since(SystemTime::now()).ok())
        .filter(|left| left.as_secs() <= LONGEST)
        .unwrap_or(Duration::ZERO)
}

/// The calls of one key.
#[derive(Default)]
struct Bucket {
    /// The calls of the window, in slots of time.
    slots: VecDeque<(Instant, u64)>,
    /// Until when the server lets nothing through.
    closed: Option<Instant>,
    told: Option<Told>,
}

/// What the server said is left, and until when that holds.
#[derive(Clone, Copy)]
struct Told {
    left: u64,
    end: Instant,
}

impl Bucket {
    fn admit(&mut self, now: Instant, limit: u64, window: Duration) -> Result<(), Wait> {
        let wait = |end: Instant, reason| Wait { time: end.saturating_duration_since(now), reason };
        if let Some(end) = self.closed.filter(|end| *end > now) {
            return Err(wait(end, "the server asked to wait"));
        }
        self.told = self.told.filter(|told| told.end > now);
        if let Some(told) = self.told.filter(|told| told.left == 0) {
            return Err(wait(told.end, "the server says that nothing is left"));
        }
        let slot = window / SLOTS;
        while self.slots.front().is_some_and(|(start, _)| now.saturating_duration_since(*start) >= window + slot) {
            self.slots.pop_front();
        }
        let used: u64 = self.slots.iter().map(|(_, count)| count).sum();
        if used >= limit
            && let Some((oldest, _)) = self.slots.front()
        {
            return Err(wait(*oldest + window + slot, "the calls of this window are used up"));
        }
        match self.slots.back_mut() {
            Some((start, count)) if now.saturating_duration_since(*start) < slot => *count += 1,
            _ => self.slots.push_back((now, 1)),
        }
        if let Some(told) = &mut self.told {
            told.left -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::Method;

    const ONE: Operation = Operation::new("a", "one", Method::Get, "/").tier(Tier::One);
    const TWO: Operation = Operation::new("a", "two", Method::Get, "/").tier(Tier::Two);
    const OWN: Operation = Operation::new("a", "own", Method::Get, "/").tier(Tier::Special(10));

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn counts_by_tier_over_five_minutes() {
        let limiter = Limiter::new(RateLimits::default());
        (0..500).for_each(|_| limiter.admit(&TWO).unwrap());
        let wait = limiter.admit(&TWO).unwrap_err();
        assert_eq!(wait.time, Duration::from_secs(305));
        (0..5000).for_each(|_| limiter.admit(&ONE).unwrap());
        (0..50).for_each(|_| limiter.admit(&OWN).unwrap());
        assert!(limiter.admit(&ONE).is_err() && limiter.admit(&OWN).is_err());
        tokio::time::advance(Duration::from_secs(304)).await;
        assert!(limiter.admit(&TWO).is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        (0..500).for_each(|_| limiter.admit(&TWO).unwrap());
        assert!(limiter.admit(&TWO).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_without_end_is_a_long_one() {
        let limiter = Limiter::new(RateLimits::default().window(Duration::MAX));
        (0..1000).for_each(|_| limiter.admit(&OWN).unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn no_span_of_a_window_has_more_than_the_limit() {
        let limits = RateLimits::default().tier_two(60).window(Duration::from_secs(60));
        let limiter = Limiter::new(limits);
        let mut admitted: Vec<Instant> = Vec::new();
        for _ in 0..2000 {
            if limiter.admit(&TWO).is_ok() {
                admitted.push(Instant::now());
            }
            tokio::time::advance(Duration::from_millis(333)).await;
        }
        assert!(admitted.len() > 500, "{}", admitted.len());
        for (index, start) in admitted.iter().enumerate() {
            let within = admitted[index..].iter().filter(|at| **at - *start < Duration::from_secs(60)).count();
            assert!(within <= 60, "{within}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn believes_the_server() {
        let limiter = Limiter::new(RateLimits::default());
        limiter.learn(&TWO, 429, &headers(&[("retry-after", "13")]));
        assert_eq!(limiter.admit(&TWO).unwrap_err().time, Duration::from_secs(13));
        assert!(limiter.admit(&ONE).is_ok() && limiter.admit(&OWN).is_ok());
        tokio::time::advance(Duration::from_secs(13)).await;
        assert!(limiter.admit(&TWO).is_ok());

        limiter.learn(&ONE, 200, &headers(&[("ratelimit-remaining", "2"), ("ratelimit-reset", "20")]));
        limiter.learn(&ONE, 200, &headers(&[("ratelimit-remaining", "3"), ("ratelimit-reset", "20")]));
        assert!(limiter.admit(&ONE).is_ok() && limiter.admit(&ONE).is_ok());
        assert_eq!(limiter.admit(&ONE).unwrap_err().time, Duration::from_secs(20));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(limiter.admit(&ONE).is_ok());

        // A wait that is no answer to too many calls is not about the limit.
        limiter.learn(&ONE, 503, &headers(&[("retry-after", "13")]));
        limiter.learn(&ONE, 200, &headers(&[("ratelimit-remaining", "odd"), ("ratelimit-reset", "1")]));
        assert!(limiter.admit(&ONE).is_ok());
    }

    #[test]
    fn reads_resets_in_seconds_and_as_times() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(until(30), Duration::from_secs(30));
        assert!(until(now + 30).as_secs().abs_diff(30) <= 1);
        assert_eq!(until(u64::MAX), Duration::ZERO);
    }

    #[test]
    fn shares_leave_something() {
        let limits = RateLimits::default().share(0.5);
        assert_eq!(limits.per_window(Tier::One), Some(2500));
        assert_eq!(limits.share(0.0).per_window(Tier::Special(1)), Some(1));
        assert_eq!(RateLimits::default().per_window(Tier::None), None);
    }
}
