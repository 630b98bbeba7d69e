//! Data out of an app: hypercubes read as typed rows.

#[cfg(feature = "arrow")]
mod arrow;
mod batch;
mod cell;
mod column;
#[cfg(feature = "csv")]
mod csv;
mod cube;
mod decode;
mod define;
mod fetch;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod file;
mod hypercube;
mod layout;
mod library;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod reader;
mod record;
mod row;
mod rows;
mod serial;
mod source;
mod stream;
mod types;
mod values;
mod wrong;

#[cfg(feature = "arrow")]
#[cfg_attr(docsrs, doc(cfg(feature = "arrow")))]
pub use arrow::RecordBatches;
pub use batch::{Batch, CellRef, RowRef};
pub use cell::{Cell, CellKind, CellState};
pub use column::{Column, ColumnKind, NumberFormat, NumberKind};
pub use cube::Cube;
pub use define::{Dimension, Measure, Sort};
pub use fetch::OnChange;
#[cfg(any(feature = "csv", feature = "parquet"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "csv", feature = "parquet"))))]
pub use file::Written;
pub use hypercube::HypercubeBuilder;
pub use layout::Mode;
#[cfg(feature = "parquet")]
#[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
pub use parquet::Codec;
pub use reader::Reader;
pub use record::Records;
pub use row::{CellError, FromCell, FromRow, Row};
pub use rows::Rows;
pub use serial::{Date, DateTime};
pub use stream::{Batches, Progress};
pub use types::ColumnType;
