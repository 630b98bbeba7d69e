//! Tables as Parquet files.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::arrow;
use super::batch::Batch;
use super::cube::Cube;
use super::file::{self, Format, Written};
use super::reader::Reader;
use super::types::Types;
use crate::error::{Error, Result};

/// How many rows a record batch has on its way to a file.
const BATCH_ROWS: usize = 8_192;
/// How much is gathered before it is written: what that takes bounds the memory, whatever the size of the table.
const GROUP_BYTES: usize = 16 << 20;
const GROUP_ROWS: usize = 1 << 20;

/// How a Parquet file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// Not at all.
    Plain,
    /// Fast, and read by everybody.
    #[default]
    Snappy,
    /// Smaller, and slower to write.
    Zstd,
}

impl Cube {
    /// Writes the rows to a Parquet file, compressed with Snappy; see [`Reader::write_parquet`].
    pub async fn write_parquet(&self, path: impl AsRef<Path>) -> Result<Written> {
        self.read().write_parquet(path, Codec::default()).await
    }
}

impl Reader {
    /// Writes the rows to a Parquet file.
    ///
    /// The file appears under its name once it is whole; until then it has `.partial` behind it. Its memory does not
    /// grow with the table. A table without rows makes a file without rows.
    pub async fn write_parquet(self, path: impl AsRef<Path>, codec: Codec) -> Result<Written> {
        file::write(self, path.as_ref(), BATCH_ROWS, move |types| Parquet { types, codec, writer: None }).await
    }
}

struct Parquet {
    types: Types,
    codec: Codec,
    writer: Option<ArrowWriter<File>>,
}

impl Parquet {
    fn writer(&mut self, file: File, schema: SchemaRef) -> Result<()> {
        let compression = match self.codec {
            Codec::Plain => Compression::UNCOMPRESSED,
            Codec::Snappy => Compression::SNAPPY,
            Codec::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(concat!("qlik ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        self.writer = Some(ArrowWriter::try_new(file, schema, Some(properties)).map_err(refused)?);
        Ok(())
    }
}

impl Format for Parquet {
    fn begin(&mut self, file: File, columns: &[super::Column]) -> Result<()> {
        self.types.check(columns)?;
        let columns = self.types.columns(columns);
        let schema = arrow::schema(columns, &self.types.outputs(columns));
        self.writer(file, schema)
    }

    fn add(&mut self, batch: Batch) -> Result<()> {
        let batch: RecordBatch = arrow::record_batch(batch, &self.types)?;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write(&batch).map_err(refused)?;
        if writer.in_progress_size() > GROUP_BYTES {
            writer.flush().map_err(refused)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(writer) => writer.close().map(drop).map_err(refused),
            None => Ok(()),
        }
    }
}

fn refused(error: ParquetError) -> Error {
    let error = match error {
        ParquetError::External(error) => std::io::Error::other(error),
        error => std::io::Error::other(error),
    };
    Error::transport("writing a Parquet file", error)
}
