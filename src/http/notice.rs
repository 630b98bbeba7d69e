//! What answers tell about the future of an operation: that it is deprecated, and until when it works.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, LINK};

use super::headers;
use super::reply::Context;
use crate::rest::Operation;
use crate::trace;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// How many operations are remembered. Raw calls have paths with ids in them, of which there is no end.
const REMEMBERED: usize = 1000;

/// A server's notice that an operation is deprecated; see
/// [`QlikBuilder::on_deprecation`](crate::QlikBuilder::on_deprecation).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Deprecation {
    operation: Option<&'static Operation>,
    method: &'static str,
    path: String,
    since: Option<SystemTime>,
    sunset: Option<SystemTime>,
    link: Option<String>,
}

impl Deprecation {
    /// The operation; none for a raw call.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }

    /// The method of the request, as `GET`.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The path of the request, without its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Since when it is deprecated, by the header `Deprecation`.
    pub fn since(&self) -> Option<SystemTime> {
        self.since
    }

    /// From when on it may be gone, by the header `Sunset`.
    pub fn sunset(&self) -> Option<SystemTime> {
        self.sunset
    }

    /// Where to read on, as the header `Link` has it.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }
}

/// Whom to tell.
pub(crate) type Listener = Arc<dyn Fn(&Deprecation) + Send + Sync>;

/// The notices of a client: each operation's once.
#[derive(Default)]
pub(crate) struct Notices {
    listener: Option<Listener>,
    told: Mutex<HashSet<String>>,
}

impl Notices {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self { listener, told: Mutex::default() }
    }

    /// Reads an answer's notice, if it has one.
    pub(super) fn read(&self, context: &Context, answer: &HeaderMap) {
        let (since, sunset) = (headers::text(answer, DEPRECATION), headers::text(answer, SUNSET));
        if since.is_none() && sunset.is_none() {
            return;
        }
        let new = {
            // The lock guards a set, which no panic leaves half written.
            let mut told = self.told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            told.len() < REMEMBERED && told.insert(context.name.clone())
        };
        if !new {
            return;
        }
        let notice = Deprecation {
            operation: context.operation,
            method: context.method.as_str(),
            path: context.path.clone(),
            since: since.and_then(moment),
            sunset: sunset.and_then(moment),
            link: headers::text(answer, LINK.as_str()).map(str::to_owned),
        };
        let (name, end) = (&context.name, sunset.unwrap_or("not told when"));
        let more = notice.link.as_deref().unwrap_or("no link");
        trace::http::warn(format_args!("{name}: Qlik advises against this operation; its end: {end}; {more}"), None);
        if let Some(listener) = &self.listener {
            listener(&notice);
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

/// A moment in either form that is in use: `@` and the second of the epoch, or a date.
fn moment(text: &str) -> Option<SystemTime> {
    match text.trim().strip_prefix('@') {
        Some(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?)),
        None => httpdate::parse_http_date(text.trim()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_moments() {
        assert_eq!(moment("@60"), Some(UNIX_EPOCH + Duration::from_secs(60)));
        assert_eq!(moment("Thu, 01 Jan 1970 00:01:00 GMT"), Some(UNIX_EPOCH + Duration::from_secs(60)));
        for odd in ["true", "", "@", "@-1", "@99999999999999999999999"] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }
}
