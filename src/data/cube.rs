//! A table in a session: what it shows, and the ways to read it.

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cell::Cell;
use super::column::Column;
use super::layout::{Mode, Shape};
use super::reader::Reader;
use super::record::Records;
use super::row::FromRow;
use super::rows::Rows;
use super::source::{Owned, Source, session_object};
use super::stream::Batches;
use crate::engine::{Changes, Doc, GenericObject, Handle, Proxy, RpcMethod};
use crate::error::{Error, Result};
use crate::json::object;

const GET_OBJECT: RpcMethod = RpcMethod::new("Doc", "GetObject").object();

/// A table that lives in a session: a hypercube ([`Doc::hypercube`]), a chart of the app ([`Doc::chart`]), the values
/// of a field ([`Doc::field_list`]) or a table of the data model ([`Doc::data_table`]).
///
/// It follows the session's selections: after a change ([`changed`](Self::changed)), its rows read differently. An
/// object that was made for it goes when the cube and the streams of its rows are dropped, or with
/// [`close`](Self::close).
#[derive(Debug)]
pub struct Cube {
    source: Arc<Source>,
    columns: Arc<[Column]>,
    mode: Mode,
    title: String,
    /// The layout that came with the latest look at it; taken by the read that uses its page.
    fresh: Mutex<Option<(u64, Shape)>>,
}

impl Doc {
    /// A chart, table or list of the app by its id: its own columns, titles and formats, in whatever mode it is.
    ///
    /// Charts that keep their data elsewhere than in `/qHyperCubeDef` are an error that says where:
    /// [`chart_at`](Self::chart_at). Nodes of a pivot that nobody opened have no rows of their own: what is read is
    /// what the chart shows.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    ///
    /// # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
    /// let chart = doc.chart("JRMeP").await?;
    /// println!("{}: {} columns", chart.title(), chart.columns().len());
    /// let rows: Vec<qlik::data::Row> = chart.rows().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn chart(&self, id: &str) -> Result<Cube> {
        let object: Handle = self.handle().rpc(GET_OBJECT).arg("qId", &id.to_owned()).await?;
        let cube = Source::Object { object: Owned::Theirs(GenericObject::new(object.clone())), path: CUBE.to_owned() };
        let list = Source::Object { object: Owned::Theirs(GenericObject::new(object)), path: LIST.to_owned() };
        match Cube::open(cube).await {
            // lists have no hypercube
            Err(error @ Error::Decode(_)) => Cube::open(list).await.map_err(|_| error),
            cube => cube,
        }
    }

    /// A chart of the app whose data stands at a path of its properties, as `/box/qHyperCubeDef`.
    pub async fn chart_at(&self, id: &str, path: &str) -> Result<Cube> {
        let object: Handle = self.handle().rpc(GET_OBJECT).arg("qId", &id.to_owned()).await?;
        let object = Owned::Theirs(GenericObject::new(object));
        Cube::open(Source::Object { object, path: path.to_owned() }).await
    }

    /// The values of a field, or of an expression that starts with `=`, one a row, with their states: those that the
    /// selections exclude come, too.
    ///
    /// They are sorted by number and alphabet.
    pub async fn field_list(&self, field: &str) -> Result<Cube> {
        let properties = object! {
            "qInfo": object! { "qType": "list" },
            "qListObjectDef": object! {
                "qDef": object! {
                    "qFieldDefs": [field],
                    "qSortCriterias": [object! { "qSortByNumeric": 1, "qSortByAscii": 1 }],
                },
                "qShowAlternatives": true,
            },
        };
        Cube::create(self.handle(), properties, LIST).await
    }

    /// A whole table of the data model, as it was loaded, whatever is selected.
    ///
    /// Its cells have no elements or states. Null and the text `-` are the same in them: the engine tells no more. A
    /// reload under the reading shows only where it changes the number of rows.
    pub async fn data_table(&self, name: &str) -> Result<Cube> {
        Cube::open(Source::Table { doc: self.handle().clone(), name: name.to_owned() }).await
    }
}

const CUBE: &str = "/qHyperCubeDef";
const LIST: &str = "/qListObjectDef";

impl Cube {
    pub(super) async fn create(app: &Handle, properties: Value, path: &str) -> Result<Self> {
        let object = session_object(app, &properties).await?;
        Self::open(Source::Object { object: Owned::Ours(object), path: path.to_owned() }).await
    }

    async fn open(source: Source) -> Result<Self> {
        let look = source.look().await?;
        let shape = &look.1;
        let (columns, mode, title) = (Arc::clone(&shape.columns), shape.mode, shape.title.clone());
        Ok(Cube { source: Arc::new(source), columns, mode, title, fresh: Mutex::new(Some(look)) })
    }

    /// The object in the session, with all the calls of one; they want [`path`](Self::path).
    ///
    /// Of a table of the data model, there is none.
    pub fn object(&self) -> Option<GenericObject> {
        (!self.source.is_table()).then(|| GenericObject::new(self.source.handle().clone()))
    }

    /// Where its definition stands in the object's properties, as `/qHyperCubeDef`.
    pub fn path(&self) -> Option<&str> {
        match &*self.source {
            Source::Object { path, .. } => Some(path),
            Source::Table { .. } => None,
        }
    }

    /// The columns: dimensions first as a rule, then measures, then attributes of either.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How it lays out its values.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What stands over it; empty where nothing does.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The number of rows, under the selections as they are. Of pivots, stacks and trees that is the number of rows
    /// that are shown, each of which may become several when they are read.
    pub async fn row_count(&self) -> Result<u64> {
        let look = self.look().await?;
        let rows = look.1.rows;
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        Ok(rows)
    }

    /// The grand totals: for each measure the value over all rows, as the table's own total row has it. Of tables
    /// without measures, there are none.
    pub async fn totals(&self) -> Result<Vec<Cell>> {
        let look = self.look().await?;
        let totals = look.1.totals.to_vec();
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        Ok(totals)
    }

    /// The JSON schema of a record as [`records`](Self::records) reads it into a map: what a column may be, and which
    /// ones there are.
    #[cfg(feature = "schemars")]
    #[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
    pub fn record_schema(&self) -> schemars::Schema {
        super::schema::record(&self.columns)
    }

    /// The changes of the data from now on; see [`Handle::changed`].
    pub fn changed(&self) -> Changes {
        self.source.handle().changed()
    }

    /// Says how the table is read: from which row, how many pages at once, into what.
    pub fn read(&self) -> Reader {
        Reader::new(Arc::clone(&self.source), Arc::clone(&self.columns), self.take_fresh())
    }

    /// The rows under the selections as they are, each read into a `T`: a tuple with a type for each column, a `Vec`,
    /// or a [`Row`](super::Row).
    ///
    /// Pages are fetched as they are needed, some ahead. When the data changes before the last one is there, the
    /// stream ends with an error that [`is_retryable`](crate::Error::is_retryable): half of one state and half of
    /// another would be a table that never was. The stream keeps the session open, and does not borrow the cube.
    pub fn rows<T: FromRow + Send + 'static>(&self) -> Rows<T> {
        self.read().rows()
    }

    /// The rows as records: any type that serde reads, by the titles of the columns.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Sales {
    ///     #[serde(rename = "Region")]
    ///     region: String,
    ///     #[serde(rename = "Sum(Sales)")]
    ///     total: Option<f64>,
    /// }
    ///
    /// # async fn example(cube: qlik::data::Cube) -> qlik::Result<()> {
    /// let sales: Vec<Sales> = cube.records().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn records<T: DeserializeOwned + Send + 'static>(&self) -> Records<T> {
        self.read().records()
    }

    /// The rows in batches, kept by columns.
    pub fn batches(&self) -> Batches {
        self.read().batches()
    }

    /// Removes what was made for it from the session, and tells whether that worked; dropping it does the same
    /// without a word.
    ///
    /// Streams of its rows end with an error.
    pub async fn close(self) -> Result<()> {
        match &*self.source {
            Source::Object { object: Owned::Ours(object), .. } => object.handle().release().await,
            _ => Ok(()),
        }
    }

    async fn look(&self) -> Result<(u64, Shape)> {
        match self.take_fresh() {
            Some(fresh) => Ok(fresh),
            None => self.source.look().await,
        }
    }

    fn take_fresh(&self) -> Option<(u64, Shape)> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).take();
        fresh.filter(|fresh| fresh.0 == self.source.changes())
    }
}
