//! Bodies of requests: bytes that are at hand, a file, or a stream; and files for multipart requests.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, Stream, StreamExt, TryStreamExt, iter, once, try_unfold};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::files::{Listener, Progress};
use crate::{Error, Result};

/// How much is read at a time.
const CHUNK: usize = 256 * 1024;
/// How much is told of at a time, where bytes at hand are watched on their way.
const STEP: usize = 64 * 1024;

/// The body of a request.
///
/// ```
/// use futures::stream;
/// use qlik::rest::Body;
///
/// let at_hand = Body::from("a,b\n1,2\n");
/// let chunks = stream::iter([Ok(bytes::Bytes::from_static(b"a,b\n")), Ok("1,2\n".into())]);
/// let streamed = Body::stream(chunks, Some(8));
/// # let _ = (at_hand, streamed);
/// ```
pub struct Body {
    kind: Kind,
    listener: Option<Listener>,
}

enum Kind {
    Bytes(Bytes),
    File(PathBuf, u64),
    Stream(BoxStream<'static, io::Result<Bytes>>, Option<u64>),
}

impl Body {
    fn of(kind: Kind) -> Self {
        Self { kind, listener: None }
    }

    /// A body that is read from a stream while it is sent.
    ///
    /// Give the length where it is known: some services refuse bodies without one. A body that is streamed is sent
    /// once: the call is not tried again after a failure.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static, length: Option<u64>) -> Self {
        Self::of(Kind::Stream(stream.boxed(), length))
    }

    /// A body that is read from a reader while it is sent; see [`stream`](Body::stream).
    pub fn reader(reader: impl AsyncRead + Send + 'static, length: Option<u64>) -> Self {
        Self::stream(read(Box::pin(reader)), length)
    }

    /// A file, read while it is sent. It is opened anew for each attempt, so that the call can be tried again.
    pub async fn path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unread = |error| Error::transport(format!("reading the file {}", path.display()), error);
        let facts = tokio::fs::metadata(path).await.map_err(unread)?;
        if facts.is_dir() {
            return Err(Error::config(format!("{} is a folder; a file is sent", path.display())));
        }
        Ok(Self::of(Kind::File(path.to_owned(), facts.len())))
    }

    /// Calls a function while the body is sent, with how much of it has gone. An attempt after a failure begins anew.
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    #[allow(dead_code)] // for the files of some APIs
    pub(super) fn listened(mut self, listener: Option<Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// The number of bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        match &self.kind {
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::File(_, length) => Some(*length),
            Kind::Stream(_, length) => *length,
        }
    }

    pub(crate) fn is_streamed(&self) -> bool {
        self.listener.is_some() || !matches!(self.kind, Kind::Bytes(_))
    }

    /// The bytes, where they are at hand.
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Bytes(bytes) => Some(bytes),
            Kind::File(..) | Kind::Stream(..) => None,
        }
    }

    /// The same body again, which bytes and files can give.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        let kind = match &self.kind {
            Kind::Bytes(bytes) => Kind::Bytes(bytes.clone()),
            Kind::File(path, length) => Kind::File(path.clone(), *length),
            Kind::Stream(..) => return None,
        };
        Some(Self { kind, listener: self.listener.clone() })
    }

    /// The bytes or the stream, for sending.
    pub(crate) fn into_parts(self) -> Result<Bytes, BoxStream<'static, io::Result<Bytes>>> {
        let total = self.length();
        let stream = match (self.kind, &self.listener) {
            (Kind::Bytes(bytes), None) => return Ok(bytes),
            (Kind::Bytes(bytes), Some(_)) => steps(bytes).boxed(),
            (Kind::File(path, _), _) => {
                once(tokio::fs::File::open(path)).map_ok(|file| read(Box::pin(file))).try_flatten().boxed()
            }
            (Kind::Stream(stream, _), _) => stream,
        };
        Err(match self.listener {
            Some(listener) => {
                let mut done = 0;
                let tell = move |chunk: &Bytes| {
                    done += chunk.len() as u64;
                    listener(Progress::new(done, total));
                };
                stream.inspect_ok(tell).boxed()
            }
            None => stream,
        })
    }
}

/// Reads to the end, piece by piece.
fn read(reader: std::pin::Pin<Box<dyn AsyncRead + Send>>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    try_unfold((reader, BytesMut::new()), |(mut reader, mut buffer)| async move {
        buffer.reserve(CHUNK);
        let count = reader.read_buf(&mut buffer).await?;
        Ok((count > 0).then(|| (buffer.split().freeze(), (reader, buffer))))
    })
}

/// Bytes in pieces, without copying them.
fn steps(mut bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    iter(std::iter::from_fn(move || {
        let step = bytes.len().min(STEP);
        (step > 0).then(|| Ok(bytes.split_to(step)))
    }))
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).field("streamed", &self.is_streamed()).finish()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of(Kind::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

/// A file in a multipart request.
///
/// ```
/// use qlik::rest::FilePart;
///
/// let sales = FilePart::new("sales.csv", "region,amount\nEMEA,7\n").content_type("text/csv");
/// # let _ = sales;
/// ```
#[derive(Debug)]
pub struct FilePart {
    pub(crate) file_name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Body,
}

impl FilePart {
    /// A file by its name and what is in it.
    pub fn new(file_name: impl Into<String>, body: impl Into<Body>) -> Self {
        Self { file_name: Some(file_name.into()), content_type: None, body: body.into() }
    }

    /// A file by its path, read while it is sent; see [`Body::path`].
    pub async fn path(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(Self { file_name: name, content_type: None, body: Body::path(path).await? })
    }

    /// The media type of the file; `application/octet-stream` unless set.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }
}

impl<T: Into<Body>> From<T> for FilePart {
    /// A file without a name of its own: the part's name stands in for it.
    fn from(body: T) -> Self {
        Self { file_name: None, content_type: None, body: body.into() }
    }
}
