//! The JSON schema of a table's rows.

use schemars::{Schema, json_schema};
use serde_json::{Map, Value};

use super::column::Column;
use super::types::ColumnType;
use crate::json::object;

/// An object with a member for each column, by its title.
///
/// What is sure to be a number is one, what is sure to be a text likewise; all may be null.
pub(super) fn record(columns: &[Column]) -> Schema {
    let member = |column: &Column| {
        let kind = match ColumnType::of(column) {
            ColumnType::Text => "string",
            ColumnType::Integer => "integer",
            // texts that have numbers are read as those, where nothing certain is asked for
            ColumnType::Dictionary if column.tags().iter().any(|tag| tag == "$numeric") => "number",
            ColumnType::Dictionary => "string",
            _ => "number",
        };
        let mut schema = object! { "type": [kind, "null"] };
        if !column.format().pattern.is_empty() {
            schema["description"] = Value::from(format!("written as {}", column.format().pattern));
        }
        (column.title().to_owned(), schema)
    };
    let members: Map<String, Value> = columns.iter().map(member).collect();
    let titles: Vec<&str> = columns.iter().map(Column::title).collect();
    json_schema!({ "type": "object", "properties": members, "required": titles })
}
