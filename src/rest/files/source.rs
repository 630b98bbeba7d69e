//! What is uploaded: where it comes from, how long it is, what it is called.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, SeekFrom};

use super::{Listener, Progress};
use crate::rest::Body;
use crate::{Error, Result};

/// A file to upload: a path, bytes, or a reader.
///
/// ```
/// use std::path::Path;
/// use qlik::rest::files::Upload;
///
/// let from_disk = Upload::path("sales.csv").on_progress(|sent| println!("{:?}", sent.fraction()));
/// let at_hand = Upload::bytes("sales.csv", "region,amount\nEMEA,7\n");
/// let short: Upload = Path::new("sales.csv").into();
/// # let _ = (from_disk, at_hand, short);
/// ```
pub struct Upload {
    name: String,
    kind: Kind,
    pub(super) listener: Option<Listener>,
    /// Who keeps the id under which the server has it.
    pub(super) keeper: Option<Keeper>,
    /// The id under which the server has a part of it.
    pub(super) begun: Option<String>,
}

/// Who is told the id of an upload.
pub(super) type Keeper = Arc<dyn Fn(&str) + Send + Sync>;

enum Kind {
    Bytes(Bytes),
    Path(PathBuf),
    Reader(Box<dyn AsyncRead + Send + Unpin>, Option<u64>),
}

impl Upload {
    /// The file at a path. It is opened when the upload starts.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::of(name, Kind::Path(path))
    }

    /// Bytes that are at hand, under a name.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::of(name.into(), Kind::Bytes(bytes.into()))
    }

    /// What a reader gives, under a name; with its length, where that is known.
    ///
    /// A reader is read once, so that a piece of it stays in memory until the server has it. Without a length it goes
    /// up in one request that is not tried again.
    pub fn reader(
        name: impl Into<String>,
        reader: impl AsyncRead + Send + Unpin + 'static,
        length: Option<u64>,
    ) -> Self {
        Self::of(name.into(), Kind::Reader(Box::new(reader), length))
    }

    fn of(name: String, kind: Kind) -> Self {
        Self { name, kind, listener: None, keeper: None, begun: None }
    }

    /// Calls a function with the id under which the server has the upload, once it is begun: for a file that goes up
    /// piece by piece. With that id, another run of the program can [`resume`](Upload::resume) it.
    ///
    /// ```no_run
    /// # #[cfg(feature = "temp-contents")]
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use qlik::rest::files::Upload;
    ///
    /// let mut file = Upload::path("large.qvf").on_begun(|id| drop(std::fs::write("large.upload", id)));
    /// if let Ok(id) = std::fs::read_to_string("large.upload") {
    ///     file = file.resume(id);
    /// }
    /// let id = qlik.temp_contents().upload_file(file).await?;
    /// let _ = std::fs::remove_file("large.upload");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_begun(mut self, keeper: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.keeper = Some(Arc::new(keeper));
        self
    }

    /// Goes on with an upload that was begun before, by its id: from where the server has it, however small the file is.
    /// One that the server has no more, or has with another length, is begun anew.
    ///
    /// It is the same file, or what arrives is none: the server compares nothing but the length.
    pub fn resume(mut self, id: impl Into<String>) -> Self {
        self.begun = Some(id.into()).filter(|id| !id.trim().is_empty());
        self
    }

    /// Gives it another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Calls a function while it is sent, with how much of it has gone.
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The name of the file.
    pub(super) fn file_name(&self) -> &str {
        &self.name
    }

    /// The number of bytes, where it is known. It takes `&mut` because a reader need not be shared between threads.
    pub(super) async fn length(&mut self) -> Result<Option<u64>> {
        Ok(match &self.kind {
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::Path(path) => {
                let facts = tokio::fs::metadata(path).await.map_err(|error| unread(&self.name, error))?;
                Some(facts.len()).filter(|_| facts.is_file())
            }
            Kind::Reader(_, length) => *length,
        })
    }

    /// All of it as the body of one request.
    pub(super) async fn into_body(self) -> Result<Body> {
        let body = match self.kind {
            Kind::Bytes(bytes) => Body::from(bytes),
            Kind::Path(path) => Body::path(path).await?,
            Kind::Reader(reader, length) => Body::reader(reader, length),
        };
        Ok(body.listened(self.listener))
    }

    /// For reading it piece by piece.
    pub(super) async fn into_pieces(self) -> Result<Pieces> {
        let source = match self.kind {
            Kind::Bytes(bytes) => From::Bytes(bytes),
            Kind::Path(path) => From::File(File::open(path).await.map_err(|error| unread(&self.name, error))?),
            Kind::Reader(reader, _) => From::Reader(reader),
        };
        Ok(Pieces { name: self.name, source, start: 0, piece: Bytes::new() })
    }
}

fn unread(name: &str, error: std::io::Error) -> Error {
    Error::transport(format!("reading the file {name}"), error)
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::convert::From<PathBuf> for Upload {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl std::convert::From<&Path> for Upload {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

/// A file that is read piece by piece, and again from where the server has it.
pub(super) struct Pieces {
    name: String,
    source: From,
    /// Where the piece at hand begins.
    start: u64,
    piece: Bytes,
}

enum From {
    Bytes(Bytes),
    File(File),
    Reader(Box<dyn AsyncRead + Send + Unpin>),
}

impl Pieces {
    /// The piece that starts at an offset; empty at the end. A reader can go back no further than its last piece.
    pub(super) async fn at(&mut self, offset: u64, most: usize) -> Result<Bytes> {
        let end = self.start + self.piece.len() as u64;
        if (self.start..end).contains(&offset) {
            let skipped = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
            return Ok(self.piece.slice(skipped.min(self.piece.len())..));
        }
        let unread = |error| unread(&self.name, error);
        let piece = match &mut self.source {
            From::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                bytes.slice(start..start.saturating_add(most).min(bytes.len()))
            }
            From::File(file) => {
                file.seek(SeekFrom::Start(offset)).await.map_err(unread)?;
                read(file, most).await.map_err(unread)?
            }
            From::Reader(reader) if offset >= end => {
                // What was sent in another run is passed over.
                let passed = &mut reader.take(offset - end);
                tokio::io::copy(passed, &mut tokio::io::sink()).await.map_err(unread)?;
                read(reader, most).await.map_err(unread)?
            }
            From::Reader(_) => {
                return Err(Error::transport(
                    format!("sending the file {}", self.name),
                    std::io::Error::other("the server lost a part of it, and its reader cannot go back"),
                ));
            }
        };
        (self.start, self.piece) = (offset, piece.clone());
        Ok(piece)
    }
}

async fn read(reader: &mut (impl AsyncRead + Unpin), most: usize) -> std::io::Result<Bytes> {
    let mut piece = BytesMut::with_capacity(most);
    let mut reader = reader.take(most as u64);
    while reader.read_buf(&mut piece).await? > 0 {}
    Ok(piece.freeze())
}
