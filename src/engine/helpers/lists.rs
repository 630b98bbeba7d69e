//! What an app holds, as lists: sheets, charts, master items, bookmarks, variables, fields.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::actor::To;
use crate::engine::caller::Caller;
use crate::engine::{Doc, Proxy, types};
use crate::error::{Error, Result};
use crate::json::object;
use crate::record::{self, Wire};

/// Lists of what the app holds.
///
/// Each is read by a session object that is removed again.
impl Doc {
    /// The sheets. Their `data` holds title, description, rank and cells.
    pub async fn sheets(&self) -> Result<Vec<types::NxContainerEntry>> {
        let data = object! {
            "title": "/qMetaDef/title", "description": "/qMetaDef/description", "rank": "/rank", "cells": "/cells",
        };
        self.list("qAppObjectListDef", object! { "qType": "sheet", "qData": data }, "qAppObjectList").await
    }

    /// The charts, by the sheets that they stand on.
    pub async fn charts(&self) -> Result<Vec<SheetCell>> {
        let data = object! { "cells": "/cells" };
        let definition = object! { "qType": "sheet", "qData": data };
        let sheets: Vec<Value> = self.list("qAppObjectListDef", definition, "qAppObjectList").await?;
        let charts = sheets.iter().flat_map(|sheet| {
            let id = sheet.pointer("/qInfo/qId").and_then(Value::as_str).unwrap_or_default();
            let cells = sheet.pointer("/qData/cells").and_then(Value::as_array);
            cells.into_iter().flatten().filter_map(move |cell| SheetCell::read(id, cell))
        });
        Ok(charts.collect())
    }

    /// The master dimensions.
    pub async fn dimensions(&self) -> Result<Vec<types::NxContainerEntry>> {
        self.list("qDimensionListDef", object! { "qType": "dimension", "qData": object! {} }, "qDimensionList").await
    }

    /// The master measures.
    pub async fn measures(&self) -> Result<Vec<types::NxContainerEntry>> {
        self.list("qMeasureListDef", object! { "qType": "measure", "qData": object! {} }, "qMeasureList").await
    }

    /// The bookmarks.
    pub async fn bookmarks(&self) -> Result<Vec<types::NxContainerEntry>> {
        self.list("qBookmarkListDef", object! { "qType": "bookmark", "qData": object! {} }, "qBookmarkList").await
    }

    /// The variables, without those that the engine keeps for itself.
    pub async fn variables(&self) -> Result<Vec<types::NxVariableListItem>> {
        self.list("qVariableListDef", object! { "qType": "variable" }, "qVariableList").await
    }

    /// The fields of the data, without system fields and hidden ones.
    pub async fn fields(&self) -> Result<Vec<types::NxFieldDescription>> {
        self.list("qFieldListDef", object! { "qShowSrcTables": true }, "qFieldList").await
    }

    async fn list<T: Wire>(&self, definition: &str, properties: Value, list: &str) -> Result<Vec<T>> {
        let mut object = object! { "qInfo": object! { "qType": "list" } };
        object[definition] = properties;
        let app = To::Object(Arc::clone(self.handle().object()));
        let caller = Caller::User(self.handle().session());
        let read = async |_: &To, mut layout: Value| {
            let items = layout.get_mut(list).and_then(|list| list.get_mut("qItems")).map(Value::take);
            record::from_value(items.unwrap_or_else(|| Value::Array(Vec::new()))).map_err(|error| {
                Error::decode("GenericObject.GetLayout", format!("{list}.qItems"), error.to_string(), b"")
            })
        };
        caller.made(&app, object, read).await
    }
}

/// A chart on a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SheetCell {
    /// The sheet's id.
    pub sheet: String,
    /// The chart's id, for [`Doc::get_object`].
    pub id: String,
    /// Its type, as `barchart`; empty where the sheet does not say it.
    pub kind: String,
    /// Where it stands in the sheet's grid: column and row, then width and height.
    pub place: Option<[i64; 4]>,
}

impl SheetCell {
    fn read(sheet: &str, cell: &Value) -> Option<Self> {
        let text = |name: &str| cell.get(name).and_then(Value::as_str);
        let number = |name: &str| cell.get(name).and_then(Value::as_i64);
        let place = || Some([number("col")?, number("row")?, number("colspan")?, number("rowspan")?]);
        Some(SheetCell {
            sheet: sheet.to_owned(),
            id: text("name")?.to_owned(),
            kind: text("type").unwrap_or_default().to_owned(),
            place: place(),
        })
    }
}
