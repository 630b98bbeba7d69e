//! Where data comes from: an object of the session or of the app, and the calls that read it.

use serde_json::Value;

use super::column::Column;
use super::layout::{Mode, Shape};
use super::plan::Piece;
use crate::engine::{GenericObject, Handle, Proxy, RawReply, RpcMethod, Scoped};
use crate::error::{Error, Result};
use crate::json::object;

pub(super) const CREATE_SESSION_OBJECT: RpcMethod = RpcMethod::new("Doc", "CreateSessionObject").object();
pub(super) const GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");
const GET_HYPER_CUBE_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetHyperCubeData");
const GET_PIVOT_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetHyperCubePivotData");
const GET_STACK_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetHyperCubeStackData");
const GET_TREE_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetHyperCubeTreeData");
const GET_LIST_DATA: RpcMethod = RpcMethod::new("GenericObject", "GetListObjectData");
const GET_TABLES: RpcMethod = RpcMethod::new("Doc", "GetTablesAndKeys").out("qtr");
const GET_TABLE_DATA: RpcMethod = RpcMethod::new("Doc", "GetTableData");

/// What data is read of.
#[derive(Debug)]
pub(super) enum Source {
    /// A hypercube or a list in an object.
    Object { object: Owned, path: String },
    /// A table of the data model.
    Table { doc: Handle, name: String },
}

/// An object, which goes with its last owner if it was made for the reading.
#[derive(Debug)]
pub(super) enum Owned {
    Ours(Scoped<GenericObject>),
    Theirs(GenericObject),
}

impl Source {
    pub(super) fn handle(&self) -> &Handle {
        match self {
            Source::Object { object: Owned::Ours(object), .. } => object.handle(),
            Source::Object { object: Owned::Theirs(object), .. } => object.handle(),
            Source::Table { doc, .. } => doc,
        }
    }

    /// How many changes there have been: equal numbers, same data.
    pub(super) fn changes(&self) -> u64 {
        match self {
            Source::Object { .. } => self.handle().changes(),
            // tables do not follow selections
            Source::Table { .. } => 0,
        }
    }

    /// Looks at what there is, and says at which count of changes.
    pub(super) async fn look(&self) -> Result<(u64, Shape)> {
        let changes = self.changes();
        let shape = match self {
            Source::Object { path, .. } => {
                let layout: RawReply = self.handle().rpc(GET_LAYOUT).await?;
                Shape::read(layout.value()?, path)?
            }
            Source::Table { doc, name } => table(doc, name).await?,
        };
        Ok((changes, shape))
    }

    /// Reads a page.
    pub(super) async fn page(&self, mode: Mode, piece: Piece) -> Result<RawReply> {
        let (path, method) = match self {
            Source::Object { path, .. } => (path, self.method(mode)),
            Source::Table { doc, name } => {
                let number = |side: u64| i64::try_from(side).unwrap_or(i64::MAX);
                let call = doc.rpc(GET_TABLE_DATA).arg("qOffset", &number(piece.top));
                let call = call.arg("qRows", &number(piece.height));
                return call.arg("qSyntheticMode", &false).arg("qTableName", name).delta(false).await;
            }
        };
        let call = self.handle().rpc(method).arg("qPath", path).delta(false);
        match mode {
            Mode::Tree => {
                let area = object! { "qLeft": 0, "qTop": piece.top, "qWidth": 1, "qHeight": piece.height };
                let options = object! {
                    "qTreeNodes": [object! { "qArea": area }],
                    "qTreeLevels": object! { "qLeft": 0, "qDepth": -1 },
                };
                call.arg("qNodeOptions", &options).await
            }
            _ => call.arg("qPages", &piece.to_json()).await,
        }
    }

    /// The method that reads pages.
    pub(super) fn method(&self, mode: Mode) -> RpcMethod {
        match self {
            Source::Table { .. } => GET_TABLE_DATA,
            Source::Object { path, .. } if path.ends_with("qListObjectDef") => GET_LIST_DATA,
            Source::Object { .. } => match mode {
                Mode::Straight => GET_HYPER_CUBE_DATA,
                Mode::Pivot => GET_PIVOT_DATA,
                Mode::Stacked => GET_STACK_DATA,
                Mode::Tree => GET_TREE_DATA,
            },
        }
    }

    /// Whether rows are those of a data-model table, which come in another form.
    pub(super) fn is_table(&self) -> bool {
        matches!(self, Source::Table { .. })
    }
}

/// A session object of these properties, which leaves the engine when it is dropped.
pub(super) async fn session_object(app: &Handle, properties: &Value) -> Result<Scoped<GenericObject>> {
    let object: Handle = app.rpc(CREATE_SESSION_OBJECT).arg("qProp", properties).await?;
    GenericObject::new(object).scoped()
}

async fn table(doc: &Handle, name: &str) -> Result<Shape> {
    let none = object! { "qcx": 0, "qcy": 0 };
    let call = doc.rpc::<Value>(GET_TABLES).arg("qWindowSize", &none).arg("qNullSize", &none);
    let call = call.arg("qCellHeight", &0).arg("qSyntheticMode", &false).arg("qIncludeSysVars", &false);
    let tables = call.delta(false).await?;
    let tables = tables.as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(table) = tables.iter().find(|table| table["qName"] == *name) else {
        let names: Vec<&str> = tables.iter().filter_map(|table| table["qName"].as_str()).collect();
        let what = format!("the app has no table `{name}`; it has {}", names.join(", "));
        return Err(Error::not_found(GET_TABLES.to_string(), what));
    };
    let fields = table["qFields"].as_array().into_iter().flatten();
    let columns: Vec<Column> = fields.map(Column::of_field).collect();
    Ok(Shape::of_table(name, columns, table["qNoOfRows"].as_u64().unwrap_or(0)))
}
