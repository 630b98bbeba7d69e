//! Data out of an app: hypercubes read as typed rows.
//!
//! A hypercube is a table that the engine calculates: columns of dimensions (fields, or expressions over them) and of
//! measures (aggregations), under the selections of the session. [`Doc::hypercube`] says what is wanted, [`Cube`]
//! is the live object in the session, and [`Cube::rows`] reads it.
//!
//! ```no_run
//! use futures::TryStreamExt;
//!
//! # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
//! let cube = doc.hypercube().dimension("Region").measure("Sum(Sales)").open().await?;
//! let rows: Vec<(String, Option<f64>)> = cube.rows().try_collect().await?;
//! for (region, sales) in rows {
//!     println!("{region}: {sales:?}");
//! }
//! cube.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What a value is
//!
//! Every value in Qlik is dual: a text, and a number where it has one. Rows say by their types which is meant; see
//! [`FromCell`].
//!
//! [`Doc::hypercube`]: crate::engine::Doc::hypercube

mod cell;
mod cube;
mod hypercube;
mod layout;
mod row;

pub use cell::{Cell, CellState};
pub use cube::{Column, ColumnKind, Cube, Rows};
pub use hypercube::{Dimension, HypercubeBuilder, Measure, Sort};
pub use row::{CellError, FromCell, FromRow, Row};
