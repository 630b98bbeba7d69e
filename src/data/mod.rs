//! Data out of an app: tables, charts and hypercubes as typed rows, record batches and files.
//!
//! What is read is a [`Cube`]: a table that lives in a session, under the session's selections.
//!
//! | what | begins with |
//! |---|---|
//! | a hypercube of your own: columns of dimensions and measures | [`Doc::hypercube`] |
//! | a chart, table or list that the app has, by its id | [`Doc::chart`], [`Doc::chart_at`] |
//! | the values of a field, with their states | [`Doc::field_list`] |
//! | a table of the data model, as it was loaded | [`Doc::data_table`] |
//!
//! And it is read into
//!
//! | what | with |
//! |---|---|
//! | tuples of the types that you name | [`Cube::rows`], [`FromRow`] |
//! | your own structs, by the titles of the columns | [`Cube::records`] |
//! | whatever there is: text, number, element, state | [`Cube::rows`] of [`Row`] |
//! | columns of values, without Arrow | [`Cube::batches`] |
//! | record batches of Arrow 59, which DataFusion 55 takes as they are (feature `arrow`) | `Cube::record_batches` |
//! | a Parquet file (feature `parquet`), a CSV file (feature `csv`) | `Cube::write_parquet`, `Cube::write_csv` |
//! | a pivot with its headers | [`Cube::pivot`] |
//!
//! ```no_run
//! use futures::TryStreamExt;
//! use qlik::data::{Dimension, Measure, Sort};
//!
//! # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
//! let cube = doc
//!     .hypercube()
//!     .dimension(Dimension::new("Region").suppress_null())
//!     .measure(Measure::new("Sum(Sales)").label("Sales").sort(Sort::NumericDescending))
//!     .sort_columns([1])
//!     .open()
//!     .await?;
//! let rows: Vec<(String, Option<f64>)> = cube.rows().try_collect().await?;
//! for (region, sales) in rows {
//!     println!("{region}: {sales:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it is read
//!
//! The engine gives 10,000 cells at a time. [`Cube::read`] says how the pages are fetched: how many calls are in flight
//! ([`Reader::in_flight`]), from which row on ([`Reader::from_row`]), what happens when the data changes meanwhile
//! ([`OnChange`]), whom to tell how far it is ([`Reader::progress`]). Rows come in their order. Pages that the engine
//! aborts are asked for again, as the session's [`RetryPolicy`](crate::engine::RetryPolicy) says; pages that it finds
//! too large are halved. The memory does not grow with the table. Dropping a stream ends its calls; with the last of
//! them and the cube, the object goes that was made for it in the session.
//!
//! ```no_run
//! # #[cfg(feature = "parquet")]
//! # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
//! use qlik::data::{Codec, ColumnType, OnChange};
//!
//! let chart = doc.chart("JRMeP").await?;
//! let written = chart
//!     .read()
//!     .in_flight(32)
//!     .on_change(OnChange::Restart)
//!     .column_type("Amount", ColumnType::Decimal { precision: 18, scale: 2 })
//!     .progress(|progress| println!("{:?} %", progress.share().map(|share| share * 100.0)))
//!     .write_parquet("chart.parquet", Codec::Zstd)
//!     .await?;
//! println!("{} rows, {} bytes", written.rows, written.bytes);
//! # Ok(())
//! # }
//! ```
//!
//! # What a value is
//!
//! Every value in Qlik is dual: a text, and a number where it has one. The text follows the column's format; the number
//! is exact.
//!
//! | in Qlik | text | number | [`CellKind`] |
//! |---|---|---|---|
//! | a text | the text | none (`"NaN"` on the wire) | `Value` |
//! | a number, money | as formatted | the number | `Value` |
//! | a date, a timestamp, a time | as formatted | days since 1899-12-30, the time of the day as the fraction: [`Date`], [`DateTime`] | `Value` |
//! | an interval | as formatted | days | `Value` |
//! | true, false | `-1`, `0` or as formatted | -1, 0 | `Value` |
//! | an infinite number | as the engine writes it | infinity | `Value` |
//! | null; a measure that has no value | `-` | none | `Null` |
//! | the text `-` in a field | `-` | none | `Value` |
//! | a total | its label | none, or the total in a measure's column | `Total` |
//! | all that is not among the first ones | its label | none, or the sum in a measure's column | `Other` |
//! | a level of a pivot that is not opened | empty | none | `Empty` |
//!
//! A measure without a number whose text is `-` counts as null, since older engines do not mark nulls. What the
//! selections exclude or lock shows in [`CellState`]; only lists have excluded values.
//!
//! Attribute expressions and attribute dimensions are columns of their own, after all others; each tells which column
//! it belongs to ([`ColumnKind::Attribute`]). [`Reader::without_attributes`] leaves them out.
//!
//! # Pivots, stacks and trees
//!
//! A hypercube may lay its values out in other ways ([`Mode`]), and charts do. As rows, all of them read alike: a column
//! for each dimension in the order of the definition, and one for each measure, whether the measures stand side by
//! side, below or above each other.
//!
//! - Totals are left out, unless [`Reader::totals`] keeps them. Where a level is not opened, its column is empty.
//! - Where a pivot has dimensions on both sides, a combination in which every measure is null is no row: most of them
//!   never occur in the data.
//! - Rows come in the order of the left side, and within it of the top.
//!
//! # Types
//!
//! Record batches and files need a type for each column before the first value is there. [`ColumnType::of`] takes the
//! one that is sure by the field's tags and the format:
//!
//! | column | type | Arrow |
//! |---|---|---|
//! | dimension with the tag `$date`, or numeric with a date's format | days | `Date32` |
//! | dimension with the tag `$timestamp`, or numeric with such a format | moments | `Timestamp(Millisecond)` |
//! | numeric dimension with the format of times, intervals | | `Time32(Millisecond)`, `Duration(Millisecond)` |
//! | dimension with the tag `$integer` and a number's format | whole numbers | `Int64` |
//! | dimension with the tag `$numeric` and a number's format | numbers | `Float64` |
//! | any other dimension, as names of months | texts | `Dictionary(Int32, Utf8)` |
//! | measure or attribute with the format of dates, timestamps, times, intervals | | as above |
//! | any other measure or attribute, money too | numbers | `Float64` |
//! | measure or attribute of texts alone | texts | `Utf8` |
//! | numeric field of a data-model table | | `Int64` or `Float64`, dates as above |
//! | other field of a data-model table | texts | `Utf8` |
//!
//! The table's columns when it is opened decide; it is read with the same types under whatever selections.
//!
//! Nulls are null. So are, in a column of numbers, totals, others, and values that have no number: [`Reader::text_beside`]
//! puts the texts beside. [`Reader::column_type`] chooses another type, as `Decimal` for money.
//!
//! # When there is no data
//!
//! An expression that the engine does not understand, a calculation condition that is not fulfilled (with its message),
//! a hidden column, missing access: each is an error when the cube is opened or read, and names the column.
//!
//! [`Doc::hypercube`]: crate::engine::Doc::hypercube
//! [`Doc::chart`]: crate::engine::Doc::chart
//! [`Doc::chart_at`]: crate::engine::Doc::chart_at
//! [`Doc::field_list`]: crate::engine::Doc::field_list
//! [`Doc::data_table`]: crate::engine::Doc::data_table

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
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod hypercube;
mod layout;
mod library;
#[cfg(feature = "parquet")]
mod parquet;
mod pivot;
mod plan;
mod reader;
mod record;
mod row;
mod rows;
#[cfg(feature = "schemars")]
mod schema;
mod serial;
mod source;
mod stream;
#[cfg_attr(not(any(feature = "arrow", feature = "csv")), allow(dead_code, reason = "files and batches use it"))]
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
pub use pivot::{Pivot, PivotNode};
pub use reader::Reader;
pub use record::Records;
pub use row::{CellError, FromCell, FromRow, Row};
pub use rows::Rows;
pub use serial::{Date, DateTime};
pub use stream::{Batches, Progress};
pub use types::ColumnType;
