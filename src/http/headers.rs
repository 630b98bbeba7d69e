//! What the headers of an answer say: trace ids, waiting times, file names.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AsHeaderName, HeaderMap, HeaderValue, RETRY_AFTER};

/// The id under which Qlik's support finds a request.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let named = ["x-b3-traceid", "x-trace-id", "qlik-trace-id"].iter().find_map(|name| text(headers, *name));
    // traceparent: version-trace-span-flags
    let parent = || text(headers, "traceparent")?.split('-').nth(1);
    named.or_else(parent).map(str::to_owned)
}

/// How long the server asks to wait: in seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}

/// A text as the value of a header, if every server reads it alike: visible ASCII and spaces.
pub(crate) fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok().filter(|_| text.is_ascii())
}

/// The same of a text that is always there, without a copy.
pub(crate) fn fixed(text: &'static str) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::from_static(text.as_bytes())).ok().filter(|_| text.is_ascii())
}

/// A header as text; one that is not ASCII counts as absent.
pub(crate) fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn reads_waiting_times() {
        let wait = |value| retry_after(&headers("retry-after", value));
        assert_eq!(wait("13"), Some(Duration::from_secs(13)));
        assert_eq!(wait(" 0 "), Some(Duration::ZERO));
        assert_eq!(wait("Fri, 01 Jan 2021 00:00:00 GMT"), Some(Duration::ZERO));
        assert!(wait("Fri, 01 Jan 2100 00:00:00 GMT").unwrap() > Duration::from_secs(60));
        assert_eq!(wait("-1"), None);
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("99999999999999999999"), None);
    }

    #[test]
    fn reads_trace_ids() {
        assert_eq!(trace_id(&headers("x-b3-traceid", "abc")).as_deref(), Some("abc"));
        let parent = headers("traceparent", "00-4bf92f-00f067-01");
        assert_eq!(trace_id(&parent).as_deref(), Some("4bf92f"));
        assert_eq!(trace_id(&headers("traceparent", "odd")), None);
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
