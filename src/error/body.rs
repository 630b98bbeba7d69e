//! The lenient reading of error bodies: every shape that Qlik's services use, and none of them required.

use serde_json::{Map, Value};

use super::http::{ApiError, ApiErrorSource};

/// What an error body says.
#[derive(Default)]
pub(super) struct ErrorBody {
    pub(super) errors: Vec<ApiError>,
    pub(super) trace_id: Option<String>,
}

/// Reads the body of a failure. Nothing is an error here: what is not understood is left out.
pub(super) fn read(body: &[u8]) -> ErrorBody {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return ErrorBody::default();
    };
    let trace_id = document
        .get("traceId")
        .or_else(|| document.pointer("/meta/traceId"))
        .or_else(|| document.pointer("/errors/0/traceId"))
        .or_else(|| document.pointer("/errors/0/meta/traceId"))
        .and_then(text);
    ErrorBody { errors: listed(&document), trace_id }
}

/// The errors that a document is or has.
pub(super) fn listed(document: &Value) -> Vec<ApiError> {
    let mut errors = Vec::new();
    collect(document, &mut errors);
    errors.retain(|error| !error.is_empty());
    errors
}

/// The start of a body that lists no errors, on one line: an HTML page's title, or plain text.
pub(super) fn glance(body: &[u8], limit: usize) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = html_title(&text).unwrap_or(&text);
    let mut words = String::new();
    for word in text.split_whitespace() {
        if words.chars().count() + word.chars().count() > limit {
            words.push_str(" ...");
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    (!words.is_empty()).then_some(words)
}

fn html_title(text: &str) -> Option<&str> {
    // ASCII lower case keeps the byte positions.
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    text.get(start..end).filter(|title| !title.trim().is_empty())
}

/// Takes the errors out of a document, of one of its lists, or of a single error.
fn collect(document: &Value, errors: &mut Vec<ApiError>) {
    match document {
        Value::Array(list) => list.iter().for_each(|item| collect_one(item, errors)),
        Value::Object(object) => {
            match object.get("errors") {
                Some(Value::Array(list)) => list.iter().for_each(|item| collect_one(item, errors)),
                Some(Value::Object(map)) => match one(map) {
                    error if error.is_empty() => {
                        map.values().for_each(|item| collect_one(item, errors));
                    }
                    error => errors.push(error),
                },
                Some(other) => collect_one(other, errors),
                None => {}
            }
            if errors.iter().all(ApiError::is_empty) {
                errors.push(one(object));
            }
        }
        other => collect_one(other, errors),
    }
}

fn collect_one(item: &Value, errors: &mut Vec<ApiError>) {
    match item {
        Value::Object(object) => errors.push(one(object)),
        other => errors.push(ApiError { title: text(other), ..ApiError::default() }),
    }
}

/// One error, from whichever members it has.
fn one(object: &Map<String, Value>) -> ApiError {
    let first = |names: &[&str]| names.iter().find_map(|name| object.get(*name).and_then(text));
    // OAuth 2.0 says `error` and `error_description`; other services nest an object there.
    if let Some(Value::Object(nested)) = object.get("error") {
        return one(nested);
    }
    let code = first(&["code", "errorCode", "error_code", "statusCode"]);
    let mut title = first(&["title", "error", "message"]);
    let detail = first(&["detail", "error_description", "error_detail", "issue", "message", "description", "reason"])
        .filter(|detail| Some(detail) != title.as_ref());
    if title.is_none() {
        title = first(&["result", "context"]);
    }
    ApiError {
        code,
        title,
        detail,
        status: ["status", "statusCode"].iter().find_map(|name| object.get(*name).and_then(number)),
        source: object.get("source").and_then(source),
        meta: object
            .get("meta")
            .filter(|meta| !meta.is_null() && !meta.as_object().is_some_and(Map::is_empty))
            .cloned(),
    }
}

fn source(value: &Value) -> Option<ApiErrorSource> {
    let source = ApiErrorSource {
        pointer: value.get("pointer").and_then(text),
        parameter: value.get("parameter").and_then(text),
    };
    (source != ApiErrorSource::default()).then_some(source)
}

/// A scalar as text; services disagree on whether codes are strings or numbers.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u16> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().map(|number| number as u64))
            .and_then(|number| number.try_into().ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(body: &str) -> ApiError {
        let mut errors = read(body.as_bytes()).errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.remove(0)
    }

    fn said(body: &str) -> String {
        first(body).to_string()
    }

    #[test]
    fn reads_the_common_shape() {
        let body = read(
            br#"{"errors":[{"code":"A-1","title":"T","detail":"D","status":"404","meta":{"x":1},
                "source":{"pointer":"/name"}},{"code":7,"title":"U","status":404.0}],"traceId":"abc"}"#,
        );
        assert_eq!(body.trace_id.as_deref(), Some("abc"));
        assert_eq!(body.errors[0].to_string(), "T: D [A-1] at /name");
        assert_eq!(body.errors[0].status(), Some(404));
        assert_eq!(body.errors[1].code(), Some("7"));
        assert_eq!(body.errors[1].status(), Some(404));
    }

    #[test]
    fn reads_the_other_shapes() {
        assert_eq!(said(r#"{"code":"S-1","detail":"D","title":"T"}"#), "T: D [S-1]");
        assert_eq!(said(r#"{"meta":{},"source":{},"status":400,"title":"T","traceId":"t"}"#), "T");
        assert_eq!(said(r#"{"code":11,"message":"M"}"#), "M [11]");
        assert_eq!(said(r#"{"error":"E","errors":null,"message":"M"}"#), "E: M");
        assert_eq!(said(r#"{"errors":[{"message":"M"}]}"#), "M");
        assert_eq!(said(r#"{"errors":[{"code":"C","title":"T"}],"statusCode":400}"#), "T [C]");
        assert_eq!(said(r#"{"errors":[{"code":"C","errorId":"e","issue":"I","title":"T"}]}"#), "T: I [C]");
        assert_eq!(said(r#"{"errors":[{"code":"C","context":"X","inner":null,"result":"R","title":"T"}]}"#), "T [C]");
        assert_eq!(said(r#"{"hasErrors":true,"errors":[{"code":"C","detail":"D"}]}"#), "D [C]");
        assert_eq!(said(r#"{"error":"invalid_client","error_description":"no"}"#), "invalid_client: no");
        assert_eq!(said(r#"{"error":{"code":3,"message":"M"}}"#), "M [3]");
        assert_eq!(said(r#"{"errors":{"code":"C","title":"T"}}"#), "T [C]");
        assert_eq!(said(r#"{"errors":["one"]}"#), "one");
        assert_eq!(said(r#"["one"]"#), "one");
        assert_eq!(said(r#""one""#), "one");
    }

    #[test]
    fn bodies_that_list_nothing_are_no_errors() {
        for body in ["", "null", "{}", "[]", "{\"errors\":[]}", "{\"errors\":[{}]}", "<html>", "12 34"] {
            assert!(read(body.as_bytes()).errors.is_empty(), "{body}");
        }
    }

    #[test]
    fn glances_at_other_bodies() {
        let html = b"<!DOCTYPE html><HTML><Title a=b>\n 502 Bad  Gateway</TITLE><body>...</body>";
        assert_eq!(glance(html, 100).as_deref(), Some("502 Bad Gateway"));
        assert_eq!(glance(b" plain\ntext ", 100).as_deref(), Some("plain text"));
        assert_eq!(glance(b"aaa bbb ccc", 7).as_deref(), Some("aaa bbb ..."));
        assert_eq!(glance(b" \n", 10), None);
        assert_eq!(glance(b"<title>never closed", 40).as_deref(), Some("<title>never closed"));
    }
}
