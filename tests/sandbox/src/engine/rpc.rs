//! JSON-RPC as the Engine speaks it: requests, parameters, replies and errors.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::delta::Deltas;
use super::methods::{Method, Outcome};
use crate::cube::Invalid;

/// The engine's error codes that the sandbox answers with, and their messages.
const ERRORS: [(i64, &str); 19] = [
    (2, "Resource not found"),
    (3, "Resource already exists"),
    (4, "Invalid path"),
    (8, "Invalid parameters"),
    (15, "Request aborted"),
    (20, "Not implemented"),
    (1001, "Invalid app name"),
    (1002, "App already open"),
    (1003, "App not found"),
    (1007, "App invalid"),
    (1009, "App already open in different mode"),
    (6002, "Invalid object state"),
    (7001, "Dimension or measure not in library"),
    (7005, "Calculation condition unfulfilled"),
    (7009, "Calculation pages too large"),
    (-32600, "Invalid JSON request"),
    (-32601, "Method does not exist"),
    (-32602, "Invalid method parameter(s)"),
    (-32700, "JSON parse error"),
];

/// An error of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineError {
    pub(crate) code: i64,
    parameter: String,
}

impl EngineError {
    pub(crate) fn new(code: i64, parameter: impl Into<String>) -> Self {
        Self { code, parameter: parameter.into() }
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::new(2, what)
    }

    /// A parameter that is missing, or has a wrong type or value.
    pub(super) fn parameter(what: impl Into<String>) -> Self {
        Self::new(-32602, what)
    }

    pub(super) fn not_here(what: &str) -> Self {
        Self::new(20, format!("Not in the sandbox: {what}"))
    }

    pub(super) fn body(&self) -> Json {
        let message = ERRORS.iter().find(|(code, _)| *code == self.code).map_or("Unknown error", |(_, text)| text);
        json!({ "code": self.code, "parameter": self.parameter, "message": message })
    }
}

impl From<Invalid> for EngineError {
    fn from(error: Invalid) -> Self {
        Self::new(error.code, error.context)
    }
}

/// A request. Without an id it is carried out and not answered.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Request {
    pub(super) id: Option<Json>,
    pub(super) handle: Option<i64>,
    pub(super) method: Option<String>,
    #[serde(default)]
    pub(super) params: Json,
    delta: Option<bool>,
}

impl Request {
    /// Reads a request, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, Box<Reply>> {
        let refused = |code: i64, id: Json, error: serde_json::Error| {
            let request = Self { id: Some(id), ..Self::default() };
            Box::new(Reply::new(&request, Err(EngineError::new(code, error.to_string()))))
        };
        let document: Json = serde_json::from_str(text).map_err(|error| refused(-32700, Json::Null, error))?;
        Self::deserialize(&document).map_err(|error| refused(-32600, document["id"].clone(), error))
    }

    /// The method, without its class.
    pub(super) fn name(&self) -> &str {
        self.method.as_deref().unwrap_or_default()
    }

    /// The id as a number, which is what the engine's own methods call it by.
    pub(super) fn number(&self) -> i64 {
        self.id.as_ref().and_then(Json::as_i64).unwrap_or(-1)
    }
}

/// What comes of a request.
#[derive(Debug)]
pub(super) struct Reply {
    id: Option<Json>,
    handle: i64,
    method: String,
    delta: bool,
    outcome: Outcome,
    pub(super) change: BTreeSet<i64>,
    pub(super) close: BTreeSet<i64>,
}

impl Reply {
    pub(super) fn new(request: &Request, outcome: Outcome) -> Self {
        Self {
            id: request.id.clone(),
            handle: request.handle.unwrap_or_default(),
            method: request.name().to_owned(),
            delta: request.delta == Some(true),
            outcome,
            change: BTreeSet::new(),
            close: BTreeSet::new(),
        }
    }

    /// The frame, with the result as a difference where the client asked for one; none for a notification.
    pub(super) fn write(&self, deltas: &mut Deltas) -> Option<String> {
        let mut frame = json!({ "jsonrpc": "2.0", "id": self.id.as_ref()? });
        match &self.outcome {
            Ok(result) => {
                let delta = if self.delta { deltas.result(self.handle, &self.method, result) } else { None };
                if delta.is_some() {
                    frame["delta"] = json!(true);
                }
                frame["result"] = delta.unwrap_or_else(|| result.clone());
            }
            Err(error) => frame["error"] = error.body(),
        }
        for (list, handles) in [("change", &self.change), ("close", &self.close)] {
            if !handles.is_empty() {
                frame[list] = json!(handles);
            }
        }
        Some(frame.to_string())
    }
}

/// The parameters of a call, by name.
#[derive(Debug, Default)]
pub(super) struct Params(Map<String, Json>);

impl Params {
    /// Reads them from an object or, in the method's order, from an array.
    pub(super) fn read(sent: Json, method: &Method) -> Result<Self, EngineError> {
        let named = match sent {
            Json::Null => Map::new(),
            Json::Object(named) => named,
            Json::Array(values) if values.len() > method.params.len() => {
                return Err(EngineError::parameter(format!(
                    "{} takes {} parameters",
                    method.name,
                    method.params.len()
                )));
            }
            Json::Array(values) => method.names().map(str::to_owned).zip(values).collect(),
            _ => return Err(EngineError::parameter("params")),
        };
        if let Some(name) = named.keys().find(|name| !method.names().any(|known| known == name.as_str())) {
            return Err(EngineError::parameter(format!("{} has no parameter {name}", method.name)));
        }
        let missing = method.params.iter().find(|name| !name.ends_with('?') && !named.contains_key(**name));
        match missing {
            Some(name) => Err(EngineError::parameter(*name)),
            None => Ok(Self(named)),
        }
    }

    /// A required parameter.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, EngineError> {
        let value = self.0.get(name).cloned().unwrap_or(Json::Null);
        serde_json::from_value(value).map_err(|_| EngineError::parameter(name))
    }

    /// An optional parameter: its type's default when it is left out or null.
    pub(super) fn or_default<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, EngineError> {
        match self.0.get(name) {
            None | Some(Json::Null) => Ok(T::default()),
            Some(_) => self.get(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sent: Json) -> Result<Map<String, Json>, i64> {
        let method = Method { name: "Select", params: &["qMatch", "qSoftLock?"], run: |_| Ok(Json::Null) };
        Params::read(sent, &method).map(|params| params.0).map_err(|error| error.code)
    }

    #[test]
    fn parameters_come_by_place_or_by_name() {
        let both = json!({ "qMatch": "a", "qSoftLock": true });
        assert_eq!(read(json!(["a", true])).map(Json::Object), Ok(both.clone()));
        assert_eq!(read(both.clone()).map(Json::Object), Ok(both));
        assert!(read(json!(["a"])).is_ok());
        assert_eq!(read(json!([])), Err(-32602));
        assert_eq!(read(json!({ "qSoftLock": true })), Err(-32602));
        assert_eq!(read(json!({ "qMatch": "a", "x": 1 })), Err(-32602));
        assert_eq!(read(json!(["a", true, 1])), Err(-32602));
        assert_eq!(read(json!("a")), Err(-32602));
    }

    #[test]
    fn wrong_types_are_named() {
        let params = Params(Map::from_iter([("qMatch".to_owned(), json!(1)), ("qSoftLock".to_owned(), Json::Null)]));
        assert_eq!(params.get::<String>("qMatch"), Err(EngineError::parameter("qMatch")));
        assert_eq!(params.or_default::<bool>("qSoftLock"), Ok(false));
        assert_eq!(params.or_default::<bool>("qOther"), Ok(false));
    }
}
