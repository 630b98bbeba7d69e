//! What is tried again, and when: only what cannot do harm, and never for long.

use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::error::HttpError;
use crate::rest::Method;

/// The longest pause that a server may ask for and get. One that asks for more gets no second request.
const LONGEST: Duration = Duration::from_secs(30);
/// The first pause; each later one is twice as long.
const FIRST: Duration = Duration::from_millis(250);

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

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unsent(error) | Failure::Broken(error) | Failure::Final(error) => error,
            Failure::Answered(error) => error.into(),
        }
    }
}

/// How long to wait before the request is sent again; `None` if it must not be, or if that would not help.
///
/// `done` counts the attempts so far.
pub(crate) fn pause(failure: &Failure, method: Method, done: u32, deadline: Option<Instant>) -> Option<Duration> {
    let (again, asked) = match failure {
        Failure::Unsent(_) => (true, None),
        Failure::Broken(_) => (method.is_idempotent(), None),
        Failure::Answered(error) => {
            let again = match error.status() {
                // Refused before it was looked at.
                429 => true,
                502..=504 => method.is_idempotent(),
                _ => false,
            };
            (again, error.retry_after())
        }
        Failure::Final(_) => (false, None),
    };
    if !again || asked.is_some_and(|asked| asked > LONGEST) {
        return None;
    }
    let pause = match asked {
        // All the clients that were sent away with the same number come back spread over a while.
        Some(asked) => asked + FIRST.mul_f64(fastrand::f64()),
        None => backoff(done),
    };
    // A pause that outlasts the call's own limit would turn a clear failure into a timeout.
    let in_time = deadline.is_none_or(|deadline| Instant::now().checked_add(pause).is_some_and(|end| end < deadline));
    in_time.then_some(pause)
}

/// Doubles with each attempt; a random part keeps clients from returning in step.
fn backoff(done: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << done.saturating_sub(1).min(6));
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
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

    fn again(failure: &Failure, method: Method) -> bool {
        pause(failure, method, 1, None).is_some()
    }

    #[test]
    fn repeats_only_what_does_no_harm() {
        let unsent = Failure::Unsent(Error::config(""));
        let broken = Failure::Broken(Error::config(""));
        let last = Failure::Final(Error::config(""));
        for (failure, get, post) in [
            (&unsent, true, true),
            (&broken, true, false),
            (&last, false, false),
            (&answered(429, None), true, true),
            (&answered(503, None), true, false),
            (&answered(502, None), true, false),
            (&answered(504, None), true, false),
            (&answered(500, None), false, false),
            (&answered(404, None), false, false),
        ] {
            for (method, expected) in [
                (Method::Get, get),
                (Method::Put, get),
                (Method::Delete, get),
                (Method::Post, post),
                (Method::Patch, post),
            ] {
                assert_eq!(again(failure, method), expected, "{method} {failure:?}");
            }
        }
    }

    #[test]
    fn waits_as_asked_but_not_for_long() {
        let waits = |text| pause(&answered(429, Some(text)), Method::Post, 1, None);
        assert!(waits("13").unwrap() >= Duration::from_secs(13));
        assert!(waits("13").unwrap() <= Duration::from_secs(14));
        assert_eq!(waits("31"), None);
    }

    #[test]
    fn does_not_outwait_the_limit_of_the_call() {
        let soon = Instant::now() + Duration::from_secs(2);
        let failure = |text| answered(429, Some(text));
        assert_eq!(pause(&failure("5"), Method::Get, 1, Some(soon)), None);
        assert!(pause(&failure("1"), Method::Get, 1, Some(soon)).is_some());
    }

    #[test]
    fn backs_off() {
        for done in [1, 2, 3, 40, u32::MAX] {
            assert!(backoff(done) >= FIRST / 2);
            assert!(backoff(done) <= FIRST * 64);
        }
        assert!(backoff(4) >= FIRST * 4);
    }
}
