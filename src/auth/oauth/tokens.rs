//! Tokens: what a token endpoint hands out, and what stores keep.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::auth::Secret;
use crate::auth::channel::Received;
use crate::json::object;
use crate::{Error, Result};

/// An access token, with what came along with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    access: Secret,
    refresh: Option<Secret>,
    expires: Option<SystemTime>,
}

impl Tokens {
    /// An access token alone, good until the server says otherwise.
    pub fn new(access: impl Into<Secret>) -> Self {
        Self { access: access.into(), refresh: None, expires: None }
    }

    /// Says how long the access token lives from now on; it is renewed before that.
    pub fn expires_in(self, life: Duration) -> Self {
        Self { expires: SystemTime::now().checked_add(life), ..self }
    }

    /// Adds the token that renews it.
    pub fn refresh_token(self, token: impl Into<Secret>) -> Self {
        Self { refresh: Some(token.into()), ..self }
    }

    /// The access token.
    pub fn access(&self) -> &Secret {
        &self.access
    }

    /// The token that renews it, where there is one.
    pub fn refresh(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    /// When the access token ends, by this machine's clock, where that is known.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Everything as one text, for a store; [`from_text`](Tokens::from_text) reads it.
    pub fn to_text(&self) -> Secret {
        Secret::new(self.to_value().to_string())
    }

    /// Reads what [`to_text`](Tokens::to_text) wrote; `None` if that is not what it is.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::from_value(&serde_json::from_str(text).ok()?)
    }

    pub(super) fn to_value(&self) -> Value {
        let seconds = self.expires.and_then(|end| end.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
        object! {
            "access_token": self.access.expose(),
            "refresh_token": self.refresh.as_ref().map(Secret::expose),
            "expires": seconds,
        }
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        Some(Self {
            access: value["access_token"].as_str()?.into(),
            refresh: value["refresh_token"].as_str().map(Secret::from),
            expires: value["expires"].as_u64().and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
        })
    }

    /// Reads the answer of a token endpoint. The errors show nothing of it.
    pub(super) fn read(answer: &Received) -> Result<Self> {
        let body = answer.json()?;
        let Some(access) = body["access_token"].as_str().filter(|token| !token.is_empty()) else {
            return Err(Error::decode("signing in", "access_token", "the answer has no token", &[]));
        };
        Ok(Self {
            access: access.into(),
            refresh: body["refresh_token"].as_str().map(Secret::from),
            expires: life(&body, answer.date()).and_then(|life| SystemTime::now().checked_add(life)),
        })
    }
}

impl From<String> for Tokens {
    fn from(access: String) -> Self {
        Self::new(access)
    }
}

impl From<&str> for Tokens {
    fn from(access: &str) -> Self {
        Self::new(access)
    }
}

/// How long a token lives. A moment by the server's clock counts from the server's own time, where the answer tells it:
/// this machine's clock may be minutes off.
fn life(body: &Value, date: Option<SystemTime>) -> Option<Duration> {
    let seconds = &body["expires_in"];
    if let Some(seconds) = seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()) {
        return Some(Duration::from_secs(seconds));
    }
    let end = moment(body["expires_at"].as_str()?)?;
    Some(end.duration_since(date.unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// A moment as ISO 8601 writes it, in UTC or with an offset: `2026-01-31T23:59:58.123Z`.
fn moment(text: &str) -> Option<SystemTime> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "" | "Z" | "z" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            sign * (digits.get(0..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4)?.parse::<i64>().ok()?)
        }
    };
    // Counted from March, so that a leap day is the last of its year.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_moments() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-02-29T23:59:59.007Z", Some(1_709_251_199)),
            ("2026-01-01T00:00:00", Some(1_767_225_600)),
            ("2026-01-01T01:00:00+01:00", Some(1_767_225_600)),
            ("2025-12-31T19:00:00-0500", Some(1_767_225_600)),
            ("2026-13-01T00:00:00Z", None),
            ("tomorrow", None),
            ("", None),
            ("2026-01-01T00:00:0\u{e9}", None),
        ] {
            let read = moment(text).map(|moment| moment.duration_since(UNIX_EPOCH).unwrap().as_secs());
            assert_eq!(read, seconds, "{text}");
        }
    }

    #[test]
    fn a_life_does_not_depend_on_this_clock() {
        let date = moment("2020-01-01T00:00:00Z");
        assert_eq!(life(&json!({ "expires_at": "2020-01-01T06:00:00Z" }), date), Some(Duration::from_secs(21_600)));
        assert_eq!(life(&json!({ "expires_in": "60", "expires_at": "x" }), None), Some(Duration::from_secs(60)));
        assert_eq!(life(&json!({ "expires_at": "2020-01-01T00:00:00Z" }), None), Some(Duration::ZERO));
        assert_eq!(life(&json!({}), None), None);
    }

    #[test]
    fn goes_into_a_store_and_back() {
        let tokens = Tokens::new("hunter2").refresh_token("hunter3").expires_in(Duration::from_secs(60));
        let back = Tokens::from_text(tokens.to_text().expose()).unwrap();
        assert_eq!((back.access(), back.refresh()), (tokens.access(), tokens.refresh()));
        assert!(back.expires() <= tokens.expires() && back.expires().is_some());
        assert!(!format!("{tokens:?}").contains("hunter"));
        assert_eq!(Tokens::from_text("{}"), None);
    }
}
