//! Bodies on their way out: whole or in parts, again where that is possible, and watched where they are streamed.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt, TryStreamExt, empty, try_unfold};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, multipart};
use serde_json::Value;

use super::headers;
use super::watch::Progress;
use crate::rest::{Body, Method};

/// The body of a request.
#[derive(Debug)]
pub(crate) enum Payload {
    /// No body at all.
    None,
    /// One body of one type.
    Whole { body: Body, content_type: HeaderValue },
    /// The parts of a multipart form.
    Parts(Vec<Part>),
}

/// A part of a multipart form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Body,
}

impl Payload {
    /// Whether some of it is read from a stream while it is sent.
    pub(crate) fn is_streamed(&self) -> bool {
        match self {
            Payload::None => false,
            Payload::Whole { body, .. } => body.is_streamed(),
            Payload::Parts(parts) => parts.iter().any(|part| part.body.is_streamed()),
        }
    }

    /// The same payload again; `None` where it is streamed.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        Some(match self {
            Payload::None => Payload::None,
            Payload::Whole { body, content_type } => {
                Payload::Whole { body: body.try_clone()?, content_type: content_type.clone() }
            }
            Payload::Parts(parts) => Payload::Parts(parts.iter().map(Part::try_clone).collect::<Option<_>>()?),
        })
    }

    /// Puts it into a request.
    pub(crate) fn attach(self, method: Method, builder: RequestBuilder, progress: &Arc<Progress>) -> RequestBuilder {
        match self {
            // Some proxies refuse a request that should have a body and does not say that it has none.
            Payload::None if matches!(method, Method::Post | Method::Put | Method::Patch) => {
                builder.header(CONTENT_LENGTH, 0)
            }
            Payload::None => builder,
            Payload::Whole { body, content_type } => {
                let length = body.length();
                let streamed = body.is_streamed();
                let mut builder = builder.header(CONTENT_TYPE, content_type);
                // The length of bytes is known to the client below; that of a stream is known to the caller only.
                if let Some(length) = length.filter(|_| streamed) {
                    builder = builder.header(CONTENT_LENGTH, length);
                }
                builder.body(to_wire(body, progress))
            }
            Payload::Parts(parts) => {
                let form = parts.into_iter().fold(multipart::Form::new(), |form, part| {
                    let name = part.name.clone();
                    form.part(name, part.into_wire(progress))
                });
                builder.multipart(form)
            }
        }
    }
}

impl Part {
    fn try_clone(&self) -> Option<Self> {
        Some(Self {
            name: self.name.clone(),
            file_name: self.file_name.clone(),
            content_type: self.content_type.clone(),
            body: self.body.try_clone()?,
        })
    }

    fn into_wire(self, progress: &Arc<Progress>) -> multipart::Part {
        let length = self.body.length();
        let body = to_wire(self.body, progress);
        let mut part = match length {
            Some(length) => multipart::Part::stream_with_length(body, length),
            None => multipart::Part::stream(body),
        };
        if let Some(content_type) = self.content_type {
            part = part.headers(HeaderMap::from_iter([(CONTENT_TYPE, content_type)]));
        }
        match self.file_name {
            Some(file_name) => part.file_name(file_name),
            None => part,
        }
    }
}

fn to_wire(body: Body, progress: &Arc<Progress>) -> reqwest::Body {
    let length = body.length();
    match body.into_parts() {
        Ok(bytes) => bytes.into(),
        Err(stream) => {
            let progress = progress.clone();
            let watched = stream.inspect(move |_| progress.made());
            match length {
                Some(length) => reqwest::Body::wrap_stream(exactly(length, watched.boxed())),
                None => reqwest::Body::wrap_stream(watched),
            }
        }
    }
}

/// Fails where a stream is not as long as it was said to be. The client below would cut one that is too long, and the
/// server would keep what it got.
fn exactly(
    length: u64,
    stream: BoxStream<'static, io::Result<Bytes>>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let wrong = move |how: &str| io::Error::other(format!("the body is {how} than the {length} bytes it should have"));
    try_unfold((stream, 0), move |(mut stream, before)| async move {
        let Some(chunk) = stream.try_next().await? else {
            return if before < length { Err(wrong("shorter")) } else { Ok(None) };
        };
        let now = before + chunk.len() as u64;
        if now >= length {
            // The last chunk waits for the end, for nothing is read once the length is reached.
            let mut rest = now - length;
            while rest == 0
                && let Some(more) = stream.try_next().await?
            {
                rest += more.len() as u64;
            }
            if rest > 0 {
                return Err(wrong("longer"));
            }
            stream = empty().boxed();
        }
        Ok(Some((chunk, (stream, now))))
    })
}

/// A media type as the value of a header, if it can be one.
pub(super) fn media_type(text: &str) -> Option<HeaderValue> {
    let (kind, subtype) = text.split(';').next()?.trim().split_once('/')?;
    headers::value(text).filter(|_| !kind.is_empty() && !subtype.is_empty())
}

/// Writes a JSON object as a form: lists as repeated names, objects as JSON, null as nothing.
pub(super) fn form(value: &Value) -> Result<String, String> {
    let Value::Object(members) = value else {
        return Err("only an object has the names that a form needs".to_owned());
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        for value in values {
            match value {
                Value::Null => {}
                Value::String(text) => {
                    form.append_pair(name, text);
                }
                other => {
                    form.append_pair(name, &other.to_string());
                }
            }
        }
    }
    Ok(form.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_made_of_objects_only() {
        assert_eq!(
            form(&json!({"a": "x y", "b": [1, null, true], "c": {"d": 1}})).unwrap(),
            "a=x+y&b=1&b=true&c=%7B%22d%22%3A1%7D"
        );
        assert!(form(&json!("text")).is_err());
    }

    #[tokio::test]
    async fn streams_are_held_to_their_length() {
        for (length, chunks, result) in [
            (3, &["a", "bc"][..], Ok("abc")),
            (3, &["abc", "", ""], Ok("abc")),
            (0, &[], Ok("")),
            (0, &[""], Ok("")),
            (4, &["abc"], Err("shorter")),
            (1, &[], Err("shorter")),
            (2, &["abc"], Err("longer")),
            (3, &["abc", "", "d"], Err("longer")),
            (0, &["a"], Err("longer")),
        ] {
            let stream = futures::stream::iter(chunks.iter().map(|text| Ok(Bytes::from(*text)))).boxed();
            let read: io::Result<Vec<Bytes>> = exactly(length, stream).try_collect().await;
            match (read, result) {
                (Ok(read), Ok(text)) => assert_eq!(read.concat(), text.as_bytes()),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                (read, _) => panic!("{length} {chunks:?}: {read:?}"),
            }
        }
    }

    #[test]
    fn media_types_have_two_halves() {
        for (text, is) in
            [("text/csv", true), ("a/b; c=d", true), ("", false), ("text", false), ("/", false), ("a/b\n", false)]
        {
            assert_eq!(media_type(text).is_some(), is, "{text}");
        }
    }
}
