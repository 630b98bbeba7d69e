//! A hypercube in a session, and its rows.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::cell::Cell;
use super::hypercube::MAX_CELLS;
use super::layout::{Layout, Pages};
use super::row::{FromRow, Row};
use crate::engine::{Changes, GenericObject, Handle, Proxy, RpcMethod};
use crate::error::{DecodeError, EngineError, Error, Result};

static CREATE_SESSION_OBJECT: RpcMethod = RpcMethod::new("Doc", "CreateSessionObject").object();
static DESTROY_SESSION_OBJECT: RpcMethod = RpcMethod::new("Doc", "DestroySessionObject").out("qSuccess");
static GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");
static GET_HYPER_CUBE_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetHyperCubeData").out("qDataPages");

/// A hypercube that lives in a session; made by [`HypercubeBuilder::open`](super::HypercubeBuilder::open).
///
/// It follows the session's selections: after a change ([`changed`](Self::changed)), its rows read differently. It
/// stays in the session until [`close`](Self::close), or until the session ends.
#[derive(Debug)]
pub struct Cube {
    app: Handle,
    object: Handle,
    columns: Arc<[Column]>,
    /// The layout that came with the latest look at it; taken by the read that uses its page.
    fresh: Mutex<Option<(u64, Layout)>>,
}

impl Cube {
    pub(super) async fn create(app: Handle, properties: Value) -> Result<Self> {
        let object: Handle = app.rpc(&CREATE_SESSION_OBJECT).arg("qProp", &properties).await?;
        let (changes, layout) = match look(&object).await {
            Ok(look) => look,
            Err(error) => {
                // its error is what matters, not whether the object could be removed
                let _ = destroy(&app, &object).await;
                return Err(error);
            }
        };
        let columns = layout.columns.clone().into();
        Ok(Cube { app, object, columns, fresh: Mutex::new(Some((changes, layout))) })
    }

    /// The hypercube's object in the session, with all the calls of one; they want `/qHyperCubeDef` as the path.
    pub fn object(&self) -> GenericObject {
        GenericObject::new(self.object.clone())
    }

    /// The columns, dimensions first.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of rows, under the selections as they are.
    pub async fn row_count(&self) -> Result<u64> {
        let layout = self.layout().await?;
        let rows = layout.1.rows;
        self.keep(layout);
        Ok(rows)
    }

    /// The changes of the data from now on; see [`Handle::changed`].
    pub fn changed(&self) -> Changes {
        self.object.changed()
    }

    /// The rows under the selections as they are, each read into a `T`: a tuple with a type for each column, a `Vec`,
    /// or a [`Row`].
    ///
    /// Pages are fetched as they are needed. When the data changes before the last one is there, the stream ends with
    /// an error that [`is_retryable`](crate::Error::is_retryable): half of one state and half of another would be a
    /// table that never was. The stream keeps the session open, and does not borrow the cube.
    pub fn rows<T: FromRow + Send + 'static>(&self) -> Rows<T> {
        let reader = Reader {
            object: self.object.clone(),
            columns: Arc::clone(&self.columns),
            state: None,
            fresh: self.take_fresh(),
            page: VecDeque::new(),
            next: 0,
        };
        let rows = futures::stream::try_unfold(reader, |mut reader| async move {
            let row = reader.next_row().await?;
            Ok(row.map(|row| (row, reader)))
        });
        Rows { rows: rows.boxed(), row: PhantomData }
    }

    /// Removes the hypercube from the session.
    ///
    /// A cube that is merely dropped stays there until the session ends, and is calculated with every change.
    pub async fn close(self) -> Result<()> {
        destroy(&self.app, &self.object).await
    }

    /// The layout, read anew unless it is known to be the same still.
    async fn layout(&self) -> Result<(u64, Layout)> {
        match self.take_fresh() {
            Some(fresh) => Ok(fresh),
            None => look(&self.object).await,
        }
    }

    fn take_fresh(&self) -> Option<(u64, Layout)> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).take();
        fresh.filter(|fresh| fresh.0 == self.object.changes())
    }

    fn keep(&self, layout: (u64, Layout)) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(layout);
    }
}

/// Reads the layout, and says at which count of changes it stands.
async fn look(object: &Handle) -> Result<(u64, Layout)> {
    let changes = object.changes();
    let layout = object.rpc(&GET_LAYOUT).await?;
    Ok((changes, layout))
}

async fn destroy(app: &Handle, object: &Handle) -> Result<()> {
    let id = object.generic_id().unwrap_or_default().to_owned();
    app.rpc::<Value>(&DESTROY_SESSION_OBJECT).arg("qId", &id).await.map(drop)
}

/// Reads a cube from the top, page by page.
struct Reader {
    object: Handle,
    columns: Arc<[Column]>,
    /// The count of changes that the read began at, and the number of rows then.
    state: Option<(u64, u64)>,
    fresh: Option<(u64, Layout)>,
    page: VecDeque<Vec<Cell>>,
    next: u64,
}

impl Reader {
    async fn next_row(&mut self) -> Result<Option<Row>> {
        let (changes, rows) = match self.state {
            Some(state) => state,
            None => self.begin().await?,
        };
        if self.page.is_empty() && self.next < rows {
            self.fetch(changes, rows).await?;
        }
        let Some(cells) = self.page.pop_front() else { return Ok(None) };
        let row = Row::new(self.next, Arc::clone(&self.columns), cells);
        self.next += 1;
        Ok(Some(row))
    }

    async fn begin(&mut self) -> Result<(u64, u64)> {
        let (changes, layout) = match self.fresh.take() {
            Some(fresh) => fresh,
            None => look(&self.object).await?,
        };
        // titles may be expressions, and follow the selections
        if layout.columns[..] != self.columns[..] {
            self.columns = layout.columns.into();
        }
        self.page = layout.first_page.into();
        self.state = Some((changes, layout.rows));
        Ok((changes, layout.rows))
    }

    /// Fetches the page that starts at the next row.
    async fn fetch(&mut self, changes: u64, rows: u64) -> Result<()> {
        let width = self.columns.len();
        let height = MAX_CELLS.checked_div(width).unwrap_or(0);
        if height == 0 {
            return Err(Error::config(format!(
                "the hypercube has {width} columns, and the engine gives {MAX_CELLS} cells at a time: ask for fewer"
            )));
        }
        let height = u64::try_from(height).unwrap_or(1).min(rows - self.next);
        let area = json!([{ "qLeft": 0, "qTop": self.next, "qWidth": width, "qHeight": height }]);
        let call = self.object.rpc::<Pages>(&GET_HYPER_CUBE_DATA);
        let pages = call.arg("qPath", &"/qHyperCubeDef".to_owned()).arg("qPages", &area).await?;
        if self.object.changes() != changes {
            let message = "the data changed while its rows were being read: read them again";
            let error = EngineError::new(EngineError::ABORTED, message);
            return Err(Error::engine(error.of_method(GET_HYPER_CUBE_DATA.to_string())));
        }
        self.page = pages.0.into_iter().flat_map(|page| page.matrix).collect();
        if self.page.is_empty() {
            let message = format!("the engine gave no rows from {} on, of {rows}", self.next);
            return Err(Error::Decode(Box::new(DecodeError::new("hypercube data", "", message, b""))));
        }
        Ok(())
    }
}

/// The rows of a cube, as a stream; see [`Cube::rows`].
pub struct Rows<T> {
    rows: BoxStream<'static, Result<Row>>,
    row: PhantomData<fn() -> T>,
}

impl<T: FromRow> Stream for Rows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.rows.try_poll_next_unpin(cx).map(|row| row.map(|row| row.and_then(T::from_row)))
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

/// A column of a cube.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    title: String,
    kind: ColumnKind,
}

impl Column {
    pub(super) fn dimension(title: String) -> Self {
        Column { title, kind: ColumnKind::Dimension }
    }

    pub(super) fn measure(title: String) -> Self {
        Column { title, kind: ColumnKind::Measure }
    }

    /// What stands over it: its label, or what the engine makes of its field or expression.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether it is a dimension or a measure.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }
}

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// The values that the rows are grouped by.
    Dimension,
    /// A calculated value.
    Measure,
}
