//! Selecting values of a field, and reading them.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::actor::To;
use crate::engine::caller::Caller;
use crate::engine::list_object;
use crate::engine::{Doc, Field, Proxy, Reply, RpcMethod, SelectedValue};
use crate::error::Result;
use crate::json::object;

const GET_FIELD: RpcMethod = RpcMethod::new("Doc", "GetField").object();
const SELECT: RpcMethod = RpcMethod::new("Field", "Select").out("qReturn");
const SELECT_VALUES: RpcMethod = RpcMethod::new("Field", "SelectValues").out("qReturn");

/// How many values are read in one call.
const PAGE: u64 = 10_000;

/// Selecting by field.
///
/// To clear, lock, and step through selections there are [`clear_all`](Doc::clear_all), [`lock_all`](Doc::lock_all),
/// [`back`](Doc::back) and [`forward`](Doc::forward), and the methods of [`Field`].
impl Doc {
    /// Selects these values of a field, and no others; says whether all could be selected.
    ///
    /// ```no_run
    /// # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
    /// doc.select_in("Region", ["EMEA", "APAC"]).await?;
    /// doc.select_in("Year", [2025, 2026]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn select_in<V: Into<SelectedValue>>(
        &self,
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<bool> {
        let values = values.into_iter().map(|value| value.into().to_json()).collect();
        self.call_field(field.into(), SELECT_VALUES, "qFieldValues", values).await
    }

    /// Selects the values of a field that a search finds: a text with `*` and `?`, a comparison such as `>100`, or an
    /// expression over the values, such as `=Sum(Sales) > 100`.
    pub async fn select_where(&self, field: impl Into<String>, search: impl Into<String>) -> Result<bool> {
        self.call_field(field.into(), SELECT, "qMatch", search.into().into()).await
    }

    async fn call_field<T: Reply>(&self, field: String, method: RpcMethod, name: &str, value: Value) -> Result<T> {
        let field: Field = self.handle().rpc(GET_FIELD).arg("qFieldName", &field).await?;
        field.handle().rpc(method).arg(name, &value).await
    }

    /// All values of a field in the order of the data model's sorting, selected or not.
    pub async fn field_values(&self, field: impl Into<String>) -> Result<Vec<FieldEntry>> {
        let definition = object! {
            "qDef": object! {
                "qFieldDefs": [field.into()],
                "qSortCriterias": [object! { "qSortByNumeric": 1, "qSortByAscii": 1 }],
            },
        };
        let app = To::Object(Arc::clone(self.handle().object()));
        let mut entries = Vec::new();
        let take = |_: &Value, cells: &mut dyn Iterator<Item = &Value>| {
            entries.extend(cells.map(FieldEntry::read));
            true
        };
        list_object::read(&Caller::User(self.handle().session()), &app, definition, PAGE, take).await?;
        Ok(entries)
    }
}

/// A value of a field; see [`Doc::field_values`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FieldEntry {
    /// What shows.
    pub text: String,
    /// The number behind it, if there is one.
    pub number: Option<f64>,
    /// Its state as the engine says it: `S` selected, `O` optional, `A` alternative, `X` excluded, `L` locked, and
    /// others.
    pub state: String,
}

impl FieldEntry {
    fn read(cell: &Value) -> Self {
        let text = |name: &str| cell.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        FieldEntry { text: text("qText"), number: cell.get("qNum").and_then(Value::as_f64), state: text("qState") }
    }
}
