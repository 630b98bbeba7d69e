//! The descriptions of responses: OpenAPI demands one, and the reason phrase of the status is the one we can give.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The statuses under which each shared response is answered.
pub(super) struct Reasons(BTreeMap<String, BTreeSet<String>>);

impl Reasons {
    pub(super) fn of(document: &Value) -> Self {
        let mut statuses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let paths = document.get("paths").and_then(Value::as_object);
        let operations = paths.into_iter().flat_map(|paths| paths.values()).filter_map(Value::as_object);
        for operation in operations.flat_map(|path| path.values()) {
            let responses = operation.get("responses").and_then(Value::as_object);
            for (status, response) in responses.into_iter().flatten() {
                let shared = response.get("$ref").and_then(Value::as_str);
                if let Some(name) = shared.and_then(|shared| shared.strip_prefix("#/components/responses/")) {
                    statuses.entry(name.to_owned()).or_default().insert(status.clone());
                }
            }
        }
        Self(statuses)
    }

    /// The description of the response at `pointer`. A shared response that is answered under several statuses, or
    /// under none, is described by its name.
    pub(super) fn phrase(&self, pointer: &str) -> String {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        if !pointer.starts_with("/components/responses/") {
            return of_status(name);
        }
        let mut statuses = self.0.get(name).into_iter().flatten();
        match (statuses.next(), statuses.next()) {
            (Some(status), None) => of_status(status),
            _ => name.to_owned(),
        }
    }
}

/// The reason phrase of a status as the IANA registers it; of `default` and of a range, a word of the same kind.
fn of_status(status: &str) -> String {
    let phrase = match status {
        "default" => "Default",
        "100" => "Continue",
        "101" => "Switching Protocols",
        "200" => "OK",
        "201" => "Created",
        "202" => "Accepted",
        "203" => "Non-Authoritative Information",
        "204" => "No Content",
        "205" => "Reset Content",
        "206" => "Partial Content",
        "207" => "Multi-Status",
        "300" => "Multiple Choices",
        "301" => "Moved Permanently",
        "302" => "Found",
        "303" => "See Other",
        "304" => "Not Modified",
        "307" => "Temporary Redirect",
        "308" => "Permanent Redirect",
        "400" => "Bad Request",
        "401" => "Unauthorized",
        "402" => "Payment Required",
        "403" => "Forbidden",
        "404" => "Not Found",
        "405" => "Method Not Allowed",
        "406" => "Not Acceptable",
        "407" => "Proxy Authentication Required",
        "408" => "Request Timeout",
        "409" => "Conflict",
        "410" => "Gone",
        "411" => "Length Required",
        "412" => "Precondition Failed",
        "413" => "Content Too Large",
        "414" => "URI Too Long",
        "415" => "Unsupported Media Type",
        "416" => "Range Not Satisfiable",
        "417" => "Expectation Failed",
        "421" => "Misdirected Request",
        "422" => "Unprocessable Content",
        "423" => "Locked",
        "424" => "Failed Dependency",
        "425" => "Too Early",
        "426" => "Upgrade Required",
        "428" => "Precondition Required",
        "429" => "Too Many Requests",
        "431" => "Request Header Fields Too Large",
        "451" => "Unavailable For Legal Reasons",
        "500" => "Internal Server Error",
        "501" => "Not Implemented",
        "502" => "Bad Gateway",
        "503" => "Service Unavailable",
        "504" => "Gateway Timeout",
        "505" => "HTTP Version Not Supported",
        "507" => "Insufficient Storage",
        "508" => "Loop Detected",
        "511" => "Network Authentication Required",
        "1XX" => "Informational",
        "2XX" => "Success",
        "3XX" => "Redirection",
        "4XX" => "Client Error",
        "5XX" => "Server Error",
        other => return format!("Status {other}"),
    };
    phrase.to_owned()
}
