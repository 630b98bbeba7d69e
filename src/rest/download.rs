//! Downloads: answers that are read as they come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use percent_encoding::percent_decode_str;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap};

use super::files::Listener;
use super::files::resume::Source;
use crate::Result;
use crate::http::headers;
use crate::http::reply;

/// An answer that is read as it comes: a stream of bytes, or all of them at once.
///
/// One that breaks off goes on where it stopped, as often as the client tries a call again, if the server gives its
/// length and answers for a range of the same version. What ends before its length is an error in any case.
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// use futures::TryStreamExt;
/// use qlik::rest::Download;
///
/// let mut file: Download = qlik.get("/api/v1/temp-contents/{id}").path("id", "abc").await?;
/// while let Some(chunk) = file.try_next().await? {
///     println!("{} bytes", chunk.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Download {
    status: u16,
    headers: HeaderMap,
    content_length: Option<u64>,
    source: State,
}

/// The source of a download, before it is read and while it is.
enum State {
    Idle(Box<Source>),
    Reading(BoxStream<'static, Result<Bytes>>),
    Ended,
}

impl Download {
    pub(super) fn new(reply: reply::Reply) -> Self {
        let source = Source::new(reply.context, &reply.headers, reply.body, reply.again);
        Self {
            status: reply.status,
            headers: reply.headers,
            content_length: source.total(),
            source: State::Idle(Box::new(source)),
        }
    }

    pub(super) fn listen(&mut self, listener: Listener) {
        if let State::Idle(source) = &mut self.source {
            source.listener = Some(listener);
        }
    }

    /// The status of the answer: 206 where a range was asked for and granted.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The media type, with its parameters.
    pub fn content_type(&self) -> Option<&str> {
        headers::text(&self.headers, CONTENT_TYPE.as_str())
    }

    /// The number of bytes, where the server says it and the answer is not compressed on its way.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// The part of the whole that this is, where a range was asked for.
    pub fn content_range(&self) -> Option<&str> {
        headers::text(&self.headers, CONTENT_RANGE.as_str())
    }

    /// The version of what is downloaded.
    pub fn etag(&self) -> Option<&str> {
        headers::text(&self.headers, ETAG.as_str())
    }

    /// The file's name, where the server gives one; without any folders, so that it is safe to make a file of it.
    pub fn file_name(&self) -> Option<String> {
        // Names need not be ASCII, and some servers send them as they are.
        let value = self.headers.get(CONTENT_DISPOSITION)?;
        file_name(&String::from_utf8_lossy(value.as_bytes()))
    }

    /// Reads it to the end.
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.next().await {
            all.extend_from_slice(&chunk?);
        }
        Ok(all.freeze())
    }

    /// Reads it to the end, as UTF-8; what is not UTF-8 becomes the replacement character.
    pub async fn text(self) -> Result<String> {
        let bytes = self.bytes().await?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.source = match std::mem::replace(&mut self.source, State::Ended) {
                State::Idle(source) => State::Reading(stream(source)),
                State::Reading(mut stream) => {
                    let next = stream.as_mut().poll_next(task);
                    if !matches!(next, Poll::Ready(None)) {
                        self.source = State::Reading(stream);
                    }
                    return next;
                }
                State::Ended => return Poll::Ready(None),
            };
        }
    }
}

/// The pieces of a source. Nothing comes after what broke.
fn stream(source: Box<Source>) -> BoxStream<'static, Result<Bytes>> {
    let pieces = unfold(Some(source), |source| async {
        let mut source = source?;
        let piece = source.next().await?;
        let rest = piece.is_ok().then_some(source);
        Some((piece, rest))
    });
    pieces.boxed()
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.status)
            .field("content_type", &self.content_type())
            .field("content_length", &self.content_length)
            .finish_non_exhaustive()
    }
}

/// The file name in a `Content-Disposition` header: the encoded form before the plain one.
fn file_name(header: &str) -> Option<String> {
    let mut plain = None;
    let mut encoded = None;
    for (name, value) in parameters(header) {
        match name.as_str() {
            "filename" => plain = Some(value),
            // charset'language'value
            "filename*" => {
                encoded = value
                    .splitn(3, '\'')
                    .nth(2)
                    .map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned());
            }
            _ => {}
        }
    }
    let name = encoded.or(plain)?;
    let name = name.rsplit(['/', '\\']).next()?.trim();
    (!matches!(name, "" | "." | "..")).then(|| name.chars().filter(|char| !char.is_control()).collect())
}

/// The parameters of a header such as `attachment; filename="a;b.csv"`.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let mut value = String::new();
        let end = if let Some(quoted) = after.strip_prefix('"') {
            let mut chars = quoted.char_indices();
            loop {
                match chars.next() {
                    Some((_, '\\')) => value.extend(chars.next().map(|(_, char)| char)),
                    Some((at, '"')) => break quoted.get(at + 1..).unwrap_or_default(),
                    Some((_, char)) => value.push(char),
                    None => break "",
                }
            }
        } else {
            let (bare, end) = after.split_once(';').unwrap_or((after, ""));
            value.push_str(bare.trim());
            end
        };
        found.push((name.trim_matches([' ', ';', '\t']).to_ascii_lowercase(), value));
        rest = end.trim_start_matches([';', ' ', '\t']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_file_names() {
        for (header, name) in [
            ("attachment; filename=\"Sales.qvf\"", Some("Sales.qvf")),
            ("attachment;FileName=sales.csv; size=3", Some("sales.csv")),
            ("attachment; filename=\"a;b \\\"c\\\".csv\"; x=y", Some("a;b \"c\".csv")),
            ("attachment; filename=\"x\"; filename*=UTF-8''%C3%A4.csv", Some("ä.csv")),
            ("attachment; filename*=utf-8'en'a%20b.csv; filename=x", Some("a b.csv")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\\\temp\\\\x.csv\"", Some("x.csv")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename*=broken", None),
            ("attachment; filename=", None),
            ("inline", None),
            ("", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{header}");
        }
    }
}
