//! Events that Qlik Cloud sends to a webhook: read, and checked to come from it.
//!
//! A server that a webhook points to gets a POST for each event. The [`Event`] is in its body; its header
//! [`SIGNATURE`] proves that it comes from Qlik, where the webhook was made with a secret: [`verify`].
//!
//! ```
//! use qlik::rest::events::{self, Event};
//!
//! # fn react(secret: &str, signature: &str, body: &[u8]) -> qlik::Result<()> {
//! events::verify(secret, body, signature)?;
//! let event = Event::read(body)?;
//! if event.is("com.qlik.v1.app.reload.finished") {
//!     println!("{:?} reloaded: {}", event.top_level_resource_id(), event.data()["status"]);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Which types of events there are is asked of the tenant: `webhooks().get_webhook_event_types()`. What the `data` of
//! each is, no description tells that this crate is made from, so that it is read as JSON, or into a type of the
//! program's own by [`Event::data_as`]. The envelope is that of CloudEvents 1.0, or the older one of Qlik's own, or both in
//! one; all are read alike.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

use crate::{Error, Result};

/// The header with the signature of a request to a webhook.
pub const SIGNATURE: &str = "Qlik-Signature";

/// Checks that the body of a request to a webhook was signed with the webhook's secret: `signature` is the value of the
/// header [`SIGNATURE`], the HMAC-SHA256 of the body in hexadecimal digits.
///
/// The body has to be checked as it came: JSON that was read and written again has another signature. An error
/// [`is_auth`](crate::Error::is_auth); answer such a request with status 401, and do nothing else for it.
pub fn verify(secret: &str, body: &[u8], signature: &str) -> Result<()> {
    let refused = || Error::auth("the signature of the event does not fit its body and the webhook's secret");
    let signature = bytes(signature.trim()).ok_or_else(refused)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| refused())?;
    mac.update(body);
    // It takes the same time wherever they differ.
    mac.verify_slice(&signature).map_err(|_| refused())
}

/// Hexadecimal digits as bytes.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// An event.
#[derive(Clone, PartialEq)]
pub struct Event(Value);

impl Event {
    /// Reads the body of a request to a webhook.
    ///
    /// Only what is no JSON object, or names no type of event, is an error.
    pub fn read(body: &[u8]) -> Result<Self> {
        let wrong = |problem: String| Error::decode("an event", "", problem, body);
        let event = Event(serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?);
        match event.kind() {
            "" => Err(wrong("it names no type of event".to_owned())),
            _ => Ok(event),
        }
    }

    /// A member of the envelope: by its name in CloudEvents, or else by the names that Qlik's older envelope has.
    fn member(&self, name: &str, older: &[&str]) -> Option<&str> {
        let older = older.iter().filter_map(|place| self.0.pointer(place));
        self.0.get(name).into_iter().chain(older).filter_map(Value::as_str).find(|text| !text.is_empty())
    }

    /// The id of the event; the same event may be delivered more than once.
    pub fn id(&self) -> Option<&str> {
        self.member("id", &["/eventId", "/eventID"])
    }

    /// The type of the event, as `com.qlik.v1.app.reload.finished`.
    pub fn kind(&self) -> &str {
        self.member("type", &["/eventType"]).unwrap_or_default()
    }

    /// Whether it is of a type. Qlik renames types by taking the `v1` out; with or without it, it is the same.
    pub fn is(&self, kind: &str) -> bool {
        let parts = |kind: &'_ str| kind.split('.').filter(|part| *part != "v1").map(str::to_owned).collect::<Vec<_>>();
        parts(self.kind()) == parts(kind)
    }

    /// The service that it comes from, as `com.qlik/engine`.
    pub fn source(&self) -> Option<&str> {
        self.member("source", &[])
    }

    /// When it happened, as RFC 3339 writes it.
    pub fn time(&self) -> Option<&str> {
        self.member("time", &["/eventTime"])
    }

    /// The tenant that it is about.
    pub fn tenant_id(&self) -> Option<&str> {
        self.member("tenantid", &["/tenantId", "/extensions/tenantId"])
    }

    /// The user who caused it.
    pub fn user_id(&self) -> Option<&str> {
        self.member("userid", &["/userId", "/extensions/userId"])
    }

    /// The owner of what it is about.
    pub fn owner_id(&self) -> Option<&str> {
        self.member("ownerid", &["/extensions/ownerId"])
    }

    /// The space of what it is about.
    pub fn space_id(&self) -> Option<&str> {
        self.member("spaceid", &["/extensions/spaceId"])
    }

    /// The app or the like that it is about, where it is about a part of one.
    pub fn top_level_resource_id(&self) -> Option<&str> {
        self.member("toplevelresourceid", &["/extensions/topLevelResourceId"])
    }

    /// What is told about it; null where nothing is.
    pub fn data(&self) -> &Value {
        &self.0["data"]
    }

    /// What is told about it, as a type of the program's own.
    pub fn data_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_path_to_error::deserialize(self.data()).map_err(|error| {
            let body = self.data().to_string();
            Error::decode(self.kind(), error.path().to_string(), error.inner().to_string(), body.as_bytes())
        })
    }

    /// The whole of it, as it came.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Event {
    /// Its data is left out: it may be of persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("kind", &self.kind()).field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 4231, test case 2.
    const DIGEST: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn signatures_are_checked() {
        let body = b"what do ya want for nothing?";
        for good in [DIGEST.to_owned(), DIGEST.to_uppercase(), format!(" {DIGEST}\n")] {
            verify("Jefe", body, &good).unwrap();
        }
        for (secret, body, signature) in [
            ("jefe", &body[..], DIGEST),
            ("Jefe", b"what", DIGEST),
            ("Jefe", body, &DIGEST[1..]),
            ("Jefe", body, &DIGEST[2..]),
            ("Jefe", body, ""),
            ("Jefe", body, "größe"),
        ] {
            let error = verify(secret, body, signature).unwrap_err();
            assert!(error.is_auth() && !error.to_string().contains(secret));
        }
    }

    #[test]
    fn both_envelopes_are_read_alike() {
        let new = br#"{"specversion":"1.0.2","id":"1","type":"com.qlik.app.created","source":"com.qlik/engine",
            "time":"2026-01-01T00:00:00Z","tenantid":"t","userid":"u","ownerid":"o","spaceid":"s",
            "toplevelresourceid":"a","data":{"name":"Sales"}}"#;
        let old = br#"{"cloudEventsVersion":"0.1","eventId":"1","eventType":"com.qlik.v1.app.created","source":"com.qlik/engine",
            "eventTime":"2026-01-01T00:00:00Z","extensions":{"tenantId":"t","userId":"u","ownerId":"o","spaceId":"s",
            "topLevelResourceId":"a"},"data":{"name":"Sales"}}"#;
        #[derive(serde::Deserialize, Debug)]
        struct Data {
            name: String,
        }
        for body in [&new[..], old] {
            let event = Event::read(body).unwrap();
            let ids = [event.id(), event.tenant_id(), event.user_id(), event.owner_id(), event.space_id()];
            assert_eq!(ids, [Some("1"), Some("t"), Some("u"), Some("o"), Some("s")]);
            assert_eq!((event.top_level_resource_id(), event.source()), (Some("a"), Some("com.qlik/engine")));
            assert_eq!(event.time(), Some("2026-01-01T00:00:00Z"));
            assert!(event.is("com.qlik.v1.app.created") && event.is("com.qlik.app.created"));
            assert!(!event.is("com.qlik.app.deleted"));
            assert_eq!(event.data_as::<Data>().unwrap().name, "Sales");
            assert!(event.data_as::<Vec<u8>>().unwrap_err().to_string().contains("app.created"));
        }
        for body in [&b"[]"[..], b"{}", b"{", b"{\"type\":1}"] {
            assert!(Event::read(body).is_err());
        }
    }
}
