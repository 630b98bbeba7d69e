//! Why there is no data, as layouts and replies tell it, in words that say what to do.

use serde_json::Value;

use super::decode::scan::Misread;
use crate::error::{DecodeError, EngineError, Error};

/// The code of a calculation condition that is not fulfilled.
const CONDITION: i64 = 7005;
/// The code of missing access.
const ACCESS: i64 = 5;

/// An error inside a layout.
pub(super) struct LayoutError {
    code: i64,
    details: String,
}

impl LayoutError {
    fn into_error(self, what: &str) -> Error {
        Error::engine(
            EngineError::new(self.code, what).with_parameter(self.details).of_method("GenericObject.GetLayout"),
        )
    }
}

/// The error that a member holds, if it is one.
pub(super) fn engine_error(error: &Value) -> Option<LayoutError> {
    let details: Vec<&str> = ["qContext", "qExtendedMessage"].iter().filter_map(|name| text(error, name)).collect();
    let code = error.get("qErrorCode").and_then(Value::as_i64).unwrap_or(0);
    // engines send an empty error where there is none
    (code != 0 || !details.is_empty()).then(|| LayoutError { code, details: details.join(": ") })
}

/// The error of a column, counted from 1.
pub(super) fn column(place: usize, title: Option<&str>, condition: Option<&str>, error: LayoutError) -> Error {
    let title = title.unwrap_or_default();
    let what = match (error.code, condition) {
        (CONDITION, condition) => {
            let condition = condition.map(|condition| format!(": {condition}")).unwrap_or_default();
            format!(
                "column {place} of the hypercube (`{title}`) is hidden: its calculation condition is not fulfilled{condition}"
            )
        }
        (ACCESS, _) => {
            format!("column {place} of the hypercube (`{title}`) is hidden: there is no access to its field")
        }
        _ => format!(
            "column {place} of the hypercube (`{title}`) has an error: check its expression and the names of its fields"
        ),
    };
    error.into_error(&what)
}

/// The error of a hypercube as a whole.
pub(super) fn cube(condition: Option<&str>, error: LayoutError) -> Error {
    let what = match (error.code, condition.filter(|condition| !condition.is_empty())) {
        (_, Some(condition)) => format!("the hypercube's calculation condition is not fulfilled: {condition}"),
        (CONDITION, None) => "the hypercube's calculation condition is not fulfilled".to_owned(),
        (ACCESS, None) => "there is no access to the data of the hypercube".to_owned(),
        _ => "the engine could not calculate the hypercube: check its expressions and conditions".to_owned(),
    };
    error.into_error(&what)
}

/// The data changed while it was being read.
pub(super) fn changed(method: &str) -> Error {
    let message = "the data changed while its rows were being read: read them again";
    Error::engine(EngineError::new(EngineError::ABORTED, message).of_method(method.to_owned()))
}

/// A reply that does not read.
pub(super) fn misread(json: &str, misread: Misread) -> Error {
    let around = json.get(misread.at.saturating_sub(60)..json.len().min(misread.at + 60)).unwrap_or(json);
    undecodable(&format!("byte {}", misread.at), misread.why, around)
}

pub(super) fn undecodable(place: &str, why: impl Into<String>, json: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new("hypercube data", place, why, json.as_bytes())))
}

/// A member that is a text and says something.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
