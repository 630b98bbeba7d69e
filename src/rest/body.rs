//! Bodies of requests: bytes that are at hand, or a stream of them; and files for multipart requests.

use std::fmt;
use std::io;

use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt};

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
pub struct Body(Kind);

enum Kind {
    Bytes(Bytes),
    Stream(BoxStream<'static, io::Result<Bytes>>, Option<u64>),
}

impl Body {
    /// A body that is read from a stream while it is sent.
    ///
    /// Give the length where it is known: some services refuse bodies without one. A body that is streamed is sent
    /// once: the call is not tried again after a failure.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static, length: Option<u64>) -> Self {
        Self(Kind::Stream(stream.boxed(), length))
    }

    /// The number of bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::Stream(_, length) => *length,
        }
    }

    pub(crate) fn is_streamed(&self) -> bool {
        matches!(self.0, Kind::Stream(..))
    }

    /// The same body again, which only bytes can give.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Stream(..) => None,
        }
    }

    /// The bytes or the stream, for sending.
    pub(crate) fn into_parts(self) -> Result<Bytes, BoxStream<'static, io::Result<Bytes>>> {
        match self.0 {
            Kind::Bytes(bytes) => Ok(bytes),
            Kind::Stream(stream, _) => Err(stream),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length()).field("streamed", &self.is_streamed()).finish()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Bytes(bytes))
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
