//! What a call can answer with: JSON, nothing, a place, a download; and the answer with its headers.

use std::fmt;

use reqwest::header::{ETAG, HeaderMap, LOCATION};

use super::Download;
use crate::http::headers;
use crate::http::reply::{self, Content};
use crate::record::{self, Wire};
use crate::{Error, Result};

/// What a call can answer with.
///
/// - Every generated type, [`serde_json::Value`], texts, numbers, lists and maps of them: the JSON of the answer. An
///   answer without a body is `None` to an `Option`, `null` to a `Value`, and an error to anything else.
/// - [`Json`]: the same, read into a type of the program's own.
/// - `()`: whatever the answer says, it is not read.
/// - [`Download`]: the bytes of the answer as they come.
/// - [`Located`]: the place that the answer names.
pub trait Answer: Sized + Send + 'static {
    /// Whether the body is left to be read by the caller.
    #[doc(hidden)]
    const STREAMED: bool = false;

    /// Makes it from the answer of a server.
    #[doc(hidden)]
    fn read(reply: Reply) -> Result<Self>;
}

/// The answer of a server, before it is read.
#[doc(hidden)]
#[derive(Debug)]
pub struct Reply(pub(crate) reply::Reply);

impl<T: Wire> Answer for T {
    fn read(Reply(reply): Reply) -> Result<Self> {
        let Content::Whole(body) = &reply.body else {
            return Err(unread(&reply));
        };
        let empty = body.iter().all(u8::is_ascii_whitespace);
        let json: &[u8] = if empty { b"null" } else { body };
        record::from_slice(json).map_err(|error| {
            let mut message = error.message().to_owned();
            match reply.media_type() {
                _ if empty => message.push_str(", for the answer has no body"),
                // A sign-in page with status 200, for one.
                Some(other) if !is_json(other) => {
                    message.push_str(&format!(" (the answer is {other})"));
                }
                _ => {}
            }
            Error::decode(reply.context.name.as_str(), error.path(), message, body)
        })
    }
}

/// An answer read into a type of the program's own, by `serde`: its strictness is that type's.
///
/// See [`Call::json_of`](super::Call::json_of) for the way there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: serde::de::DeserializeOwned + Send + 'static> Answer for Json<T> {
    fn read(Reply(reply): Reply) -> Result<Self> {
        let Content::Whole(body) = &reply.body else {
            return Err(unread(&reply));
        };
        let json: &[u8] = if body.iter().all(u8::is_ascii_whitespace) { b"null" } else { body };
        let wrong = |path: String, problem: String| Error::decode(reply.context.name.as_str(), path, problem, body);
        // The place of an error is looked for once there is one: keeping track of it takes longer than the reading.
        let problem = match serde_json::from_slice(json) {
            Ok(value) => return Ok(Self(value)),
            Err(error) => error,
        };
        let mut reader = serde_json::Deserializer::from_slice(json);
        Err(match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(error) => wrong(error.path().to_string(), error.inner().to_string()),
            Ok(_) => wrong(String::new(), problem.to_string()),
        })
    }
}

impl Answer for () {
    fn read(_: Reply) -> Result<Self> {
        Ok(())
    }
}

impl Answer for Download {
    const STREAMED: bool = true;

    fn read(Reply(reply): Reply) -> Result<Self> {
        Ok(Download::new(reply))
    }
}

impl Answer for Located {
    fn read(Reply(reply): Reply) -> Result<Self> {
        Ok(Self { status: reply.status, location: headers::text(&reply.headers, LOCATION.as_str()).map(str::to_owned) })
    }
}

/// An answer that was fetched in another way than its type wants; [`Call::send`](super::Call::send) rules it out.
fn unread(reply: &reply::Reply) -> Error {
    Error::decode(reply.context.name.as_str(), "", "the body was not read", &[])
}

fn is_json(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

/// An answer that names a place: of what was made, or of where its result will be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Located {
    status: u16,
    location: Option<String>,
}

impl Located {
    /// The status of the answer: 201 for what was made, 202 for what was accepted, 3xx for a redirect.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The place, as the server wrote it: a path, or a whole URL.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The last segment of the place, which is the id of what is there.
    pub fn id(&self) -> Option<&str> {
        let place = self.location()?;
        let path = place.split(['?', '#']).next()?;
        let id = path.trim_end_matches('/').rsplit('/').next()?;
        // A whole URL without a path ends in a host's name.
        let host = path.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/') == id);
        (!id.is_empty() && !host).then_some(id)
    }
}

/// An answer with its status and headers; [`Call::send`](super::Call::send) returns it.
#[derive(Clone)]
pub struct Response<T> {
    status: u16,
    headers: HeaderMap,
    value: T,
}

impl<T> Response<T> {
    pub(super) fn new(status: u16, headers: HeaderMap, value: T) -> Self {
        Self { status, headers, value }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header by its name, in any case; the first, where it is there several times.
    pub fn header(&self, name: &str) -> Option<&str> {
        headers::text(&self.headers, name)
    }

    /// All the headers whose values are text.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// The place that the answer names.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// The version of what was read, for an `If-Match` header.
    pub fn etag(&self) -> Option<&str> {
        self.header(ETAG.as_str())
    }

    /// The id under which Qlik's support finds the request.
    pub fn trace_id(&self) -> Option<String> {
        headers::trace_id(&self.headers)
    }

    /// What the call answered with.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What the call answered with, for keeping.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    /// Headers are left out: some set cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("value", &self.value).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_id_in_a_place() {
        for (location, id) in [
            ("/api/v1/items/abc", Some("abc")),
            ("/v1/temp-contents/abc", Some("abc")),
            ("https://t.eu.qlikcloud.com/api/v1/reports/abc/?x=/y#z", Some("abc")),
            ("abc", Some("abc")),
            ("https://t.eu.qlikcloud.com/", None),
            ("https://t.eu.qlikcloud.com", None),
            ("/", None),
            ("", None),
        ] {
            let located = Located { status: 201, location: Some(location.to_owned()) };
            assert_eq!(located.id(), id, "{location}");
        }
    }
}
