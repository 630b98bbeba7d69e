//! JSON objects that are written down in code.

use serde_json::Value;

/// A JSON object: `object! { "qType": kind, "qData": object! {} }`.
///
/// `serde_json::json!` takes its text apart token by token, which would be one hundredth of this crate's compile time.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::members([$(($name, ::serde_json::Value::from($value))),*])
    };
}
pub(crate) use object;

pub(crate) fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().collect()
}
