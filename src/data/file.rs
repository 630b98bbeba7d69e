//! Writing a table to a file: on a thread of its own, whole or not at all.

use std::fs::File;
use std::path::{Path, PathBuf};

use futures::stream::StreamExt;
use tokio::sync::mpsc;

use super::batch::Batch;
use super::column::Column;
use super::reader::Reader;
use super::types::Types;
use crate::error::{Error, Result};

/// What was written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// The file's size in bytes.
    pub bytes: u64,
}

/// A form of files.
pub(super) trait Format: Send + 'static {
    /// Begins a file for these columns, in place of one that was begun before.
    fn begin(&mut self, file: File, columns: &[Column]) -> Result<()>;
    fn add(&mut self, batch: Batch) -> Result<()>;
    fn end(&mut self) -> Result<()>;
}

/// Writes what a reader reads.
pub(super) async fn write<F: Format>(
    reader: Reader,
    path: &Path,
    batch_rows: usize,
    format: impl FnOnce(Types) -> F,
) -> Result<Written> {
    let columns: Vec<Column> = reader.columns();
    reader.types.check(&columns)?;
    let mut format = format(reader.settled());
    // nothing is the sign that all is there
    let (to, mut from) = mpsc::channel::<Option<Batch>>(2);
    let partial = Partial::of(path);
    let whole = path.to_owned();
    let writer = tokio::task::spawn_blocking(move || -> Result<Option<Written>> {
        let failed = |error: std::io::Error| Error::transport(format!("writing {}", whole.display()), error);
        let (mut rows, mut attempt) = (0, None);
        let begin = |format: &mut F, columns: &[Column]| {
            let file = File::create(&partial.0).map_err(failed)?;
            format.begin(file, columns)
        };
        while let Some(batch) = from.blocking_recv() {
            let read = batch.as_ref().map_or(attempt.unwrap_or(0), Batch::attempt);
            // at first, and when the data has changed: what was written is void
            if attempt != Some(read) {
                (attempt, rows) = (Some(read), 0);
                begin(&mut format, batch.as_ref().map_or(&columns, Batch::columns))?;
            }
            match batch {
                Some(batch) => {
                    rows += batch.len() as u64;
                    format.add(batch)?;
                }
                None => {
                    format.end()?;
                    std::fs::rename(&partial.0, &whole).map_err(failed)?;
                    let bytes = std::fs::metadata(&whole).map_err(failed)?.len();
                    return Ok(Some(Written { rows, bytes }));
                }
            }
        }
        Ok(None)
    });
    let read = async {
        let mut batches = reader.typed(batch_rows);
        while let Some(batch) = batches.next().await {
            if to.send(Some(batch?)).await.is_err() {
                // it has failed, and tells why
                return Ok(());
            }
        }
        let _ = to.send(None).await;
        Ok::<(), Error>(())
    };
    let read = read.await;
    drop(to);
    let written = writer.await.map_err(|error| Error::transport("writing a file", std::io::Error::other(error)))?;
    read?;
    written?.ok_or_else(|| Error::transport("writing a file", std::io::Error::other("it was not written to its end")))
}

/// A file that is removed again unless it becomes whole.
struct Partial(PathBuf);

impl Partial {
    fn of(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        Partial(path.with_file_name(name))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // gone already where all went well
        let _ = std::fs::remove_file(&self.0);
    }
}
