//! Tables as Arrow record batches.

mod array;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use futures::Stream;
use futures::stream::{BoxStream, StreamExt};

use super::batch::Batch;
use super::column::{Column, ColumnKind};
use super::cube::Cube;
use super::reader::Reader;
use super::types::{ColumnType, Output, Types};
use crate::error::Result;

/// How many rows a record batch has at least unless told.
const BATCH_ROWS: usize = 8_192;

impl Cube {
    /// The rows as Arrow record batches of 8,192 rows and a little more; for other sizes and types, see
    /// [`read`](Self::read).
    ///
    /// They are those of Arrow 59, which DataFusion 55 has as well: it takes them as they are.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(cube: qlik::data::Cube) -> qlik::Result<()> {
    /// let mut batches = cube.record_batches();
    /// while let Some(batch) = batches.try_next().await? {
    ///     println!("{} rows of {:?}", batch.num_rows(), batch.schema());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_batches(&self) -> RecordBatches {
        self.read().record_batches()
    }

    /// The schema that record batches have unless told otherwise.
    pub fn schema(&self) -> SchemaRef {
        schema(self.columns(), &Types::default().outputs(self.columns()))
    }
}

impl Reader {
    /// The schema that record batches have, with the types that were chosen.
    pub fn schema(&self) -> SchemaRef {
        let columns = self.columns();
        schema(&columns, &self.types.outputs(&columns))
    }

    /// The rows as Arrow record batches; see [`Cube::record_batches`].
    ///
    /// With [`OnChange::Restart`](super::OnChange::Restart), a batch without rows says that all before it is void.
    pub fn record_batches(self) -> RecordBatches {
        let types = self.settled();
        let batches = self.typed(BATCH_ROWS);
        let convert = move |batch: Result<Batch>| batch.and_then(|batch| record_batch(batch, &types));
        RecordBatches(batches.map(convert).boxed())
    }
}

/// Arrow record batches, as a stream; see [`Cube::record_batches`].
pub struct RecordBatches(BoxStream<'static, Result<RecordBatch>>);

impl Stream for RecordBatches {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<RecordBatch>>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for RecordBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatches").finish_non_exhaustive()
    }
}

/// A batch in Arrow's form.
pub(super) fn record_batch(mut batch: Batch, types: &Types) -> Result<RecordBatch> {
    types.check(&batch.columns)?;
    let columns = types.columns(&batch.columns);
    let outputs = types.outputs(columns);
    let schema = schema(columns, &outputs);
    // texts beside come after what they stand beside, which takes the numbers
    let arrays = outputs.iter().map(|output| array::array(&mut batch, output)).collect::<Result<Vec<_>>>()?;
    RecordBatch::try_new(schema, arrays).map_err(|error| array::refused(&error))
}

/// The schema of some columns. Each field tells in its metadata what Qlik says of it.
pub(super) fn schema(columns: &[Column], outputs: &[Output]) -> SchemaRef {
    let field = |output: &Output| {
        let column = &columns[output.column];
        let kind = match column.kind() {
            ColumnKind::Dimension => "dimension",
            ColumnKind::Measure => "measure",
            ColumnKind::Attribute(_) => "attribute",
        };
        let mut metadata = vec![("qlik.kind".to_owned(), kind.to_owned())];
        if !column.tags().is_empty() {
            metadata.push(("qlik.tags".to_owned(), column.tags().join(" ")));
        }
        if !column.format().pattern.is_empty() {
            metadata.push(("qlik.format".to_owned(), column.format().pattern.clone()));
        }
        Field::new(&output.name, data_type(output.kind), true)
            .with_metadata(metadata.into_iter().collect::<HashMap<_, _>>())
    };
    Arc::new(Schema::new(outputs.iter().map(field).collect::<Vec<_>>()))
}

fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Dictionary => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ColumnType::Float => DataType::Float64,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
        ColumnType::Time => DataType::Time32(TimeUnit::Millisecond),
        ColumnType::Interval => DataType::Duration(TimeUnit::Millisecond),
    }
}
