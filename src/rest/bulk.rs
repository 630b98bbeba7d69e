//! Answers that tell of many items, each with its own result: status 207 and the like.

use serde_json::Value;

use crate::error::ApiError;
use crate::record::{self, Wire};

/// Members that say which item an entry is about, in the order in which they are looked for.
const NAMES: &[&str] = &["id", "subject", "email", "qri", "resourceId", "name"];

/// What became of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkItem {
    status: Option<u16>,
    failed: bool,
    errors: Vec<ApiError>,
    value: Value,
}

/// What became of each item, from the answer to a call for many.
///
/// Services tell it in several shapes: a list in `data` with an `id`, `subject` or `email`, a `status`, and an error
/// inside or beside; or a list of `errors`, alone or after `data`. All of them are read alike, of generated types and of raw answers.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use qlik::rest::bulk;
/// use serde_json::{Value, json};
///
/// let answer: Value = json!({"data": [{"id": "a", "status": 204}, {"id": "b", "status": 404, "title": "Not found"}]});
/// let items = bulk::results(&answer);
/// assert!(items[0].is_ok());
/// assert_eq!((items[1].name(), items[1].status()), (Some("b"), Some(404)));
/// assert_eq!(items[1].errors()[0].title(), Some("Not found"));
/// # Ok(())
/// # }
/// ```
pub fn results<T: Wire>(answer: &T) -> Vec<BulkItem> {
    let items = |value: &mut Value, name: &str| match value.get_mut(name).map(Value::take) {
        Some(Value::Array(items)) => Some(items),
        _ => None,
    };
    let mut value = record::to_value(answer).unwrap_or_default();
    let list = match (items(&mut value, "data"), items(&mut value, "errors")) {
        (None, None) => match value {
            Value::Array(list) => list,
            _ => Vec::new(),
        },
        // What went well in the one, and what did not in the other.
        (data, errors) => data.into_iter().chain(errors).flatten().collect(),
    };
    list.into_iter().map(BulkItem::of).collect()
}

impl BulkItem {
    fn of(value: Value) -> Self {
        let status = |value: &Value| match value.get("status")? {
            Value::Number(number) => u16::try_from(number.as_u64()?).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let number = status(&value).or_else(|| status(value.get("error")?));
        let word = value.get("status").and_then(Value::as_str).unwrap_or_default();
        let inner = value.get("error").filter(|error| !error.is_null());
        let mut errors = crate::error::errors_in(inner.unwrap_or(&value));
        let failed = match number {
            Some(number) => !(200..400).contains(&number),
            None => {
                inner.is_some() || word == "error" || value.get("valid") == Some(&Value::Bool(false)) || said(&value)
            }
        };
        if !failed {
            // A title goes with successes, too.
            errors.clear();
        }
        Self { status: number, failed, errors, value }
    }

    /// Whether it went well.
    pub fn is_ok(&self) -> bool {
        !self.failed
    }

    /// Which item it is about: its id, the subject of an assignment, the address of an invitation.
    pub fn name(&self) -> Option<&str> {
        NAMES.iter().find_map(|name| self.value.get(name)?.as_str())
    }

    /// The HTTP status of the item, where the service gives one.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What went wrong; empty where it went well.
    pub fn errors(&self) -> &[ApiError] {
        &self.errors
    }

    /// The entry as the service wrote it.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

/// Whether an entry without a status has what only errors have.
fn said(value: &Value) -> bool {
    ["code", "title", "detail", "errorMessage"].iter().any(|name| value.get(name).is_some_and(|said| !said.is_null()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_shape() {
        for (answer, name, status, ok, title) in [
            (json!({"data": [{"id": "a", "status": 200}]}), Some("a"), Some(200), true, None),
            (json!({"data": [{"id": "a", "status": 200, "title": "Done"}]}), Some("a"), Some(200), true, None),
            (
                json!({"data": [{"id": "a", "status": 403, "error": {"code": "X", "title": "No"}}]}),
                Some("a"),
                Some(403),
                false,
                Some("No"),
            ),
            (
                json!({"data": [{"subject": "s", "status": "400", "title": "Bad"}]}),
                Some("s"),
                Some(400),
                false,
                Some("Bad"),
            ),
            (
                json!({"data": [{"email": "e", "status": "error", "title": "Known"}]}),
                Some("e"),
                None,
                false,
                Some("Known"),
            ),
            (json!({"data": [{"email": "e", "status": "ok", "userId": "u"}]}), Some("e"), None, true, None),
            (json!({"errors": [{"code": "X", "title": "Bad"}]}), None, None, false, Some("Bad")),
            (json!({"data": [{"valid": false, "operation": {}}]}), None, None, false, None),
            (json!({"data": [{"valid": true}]}), None, None, true, None),
        ] {
            let items = results(&answer);
            assert_eq!(items.len(), 1, "{answer}");
            let item = &items[0];
            assert_eq!((item.name(), item.status(), item.is_ok()), (name, status, ok), "{answer}");
            assert_eq!(item.errors().first().and_then(ApiError::title), title, "{answer}");
        }
        let both = results(&json!({"data": [{"id": "a", "status": 200}], "errors": [{"code": "X", "title": "Bad"}]}));
        assert_eq!(both.iter().map(BulkItem::is_ok).collect::<Vec<_>>(), [true, false]);
        assert!(results(&json!({"data": [], "errors": []})).is_empty());
        assert!(results(&json!({"data": null})).is_empty() && results(&json!("text")).is_empty());
    }
}
