//! A request while it is put together: what a call collects before it is sent.

use std::fmt::Display;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, TRANSFER_ENCODING,
    USER_AGENT,
};

use url::Url;

use super::headers;
use super::payload::{self, Part, Payload};
use super::retry::Retry;
use super::url::PathAndQuery;
use crate::host::Host;
use crate::rest::{Body, FilePart, Method, Operation};
use crate::{Error, Result};

/// Headers that follow from the client's settings or from the body, and may not be set beside them.
const OWN_HEADERS: [(HeaderName, &str); 7] = [
    (AUTHORIZATION, "it comes from the client's Auth"),
    (CONNECTION, "it belongs to the connection"),
    (CONTENT_LENGTH, "it follows from the body"),
    (CONTENT_TYPE, "it is given with the body, as by .json_as()"),
    (HOST, "it follows from the client's host"),
    (TRANSFER_ENCODING, "it follows from the body"),
    (USER_AGENT, "it is set by .user_agent() of the client's builder"),
];

/// A request while it is put together. What goes wrong on the way is kept, and comes out when it is sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) method: Method,
    pub(crate) target: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<Retry>,
    problem: Option<Error>,
}

impl Request {
    /// A request of a described operation.
    pub(crate) fn of(operation: &'static Operation) -> Self {
        let mut request = Self::new(operation.method(), PathAndQuery::template(operation.path()));
        request.operation = Some(operation);
        request.accept_described(operation.accepts());
        request
    }

    /// A request to a path that a caller wrote.
    pub(crate) fn raw(method: Method, path: &str, host: &Host) -> Self {
        let (target, problem) = match PathAndQuery::written(path, host) {
            Ok(target) => (target, None),
            Err(problem) => (PathAndQuery::default(), Some(problem)),
        };
        let mut request = Self::new(method, target);
        request.accept_described("application/json, */*;q=0.5");
        if let Some(problem) = problem {
            request.fail(problem);
        }
        request
    }

    fn new(method: Method, target: PathAndQuery) -> Self {
        Self {
            operation: None,
            method,
            target,
            headers: HeaderMap::new(),
            payload: Payload::None,
            timeout: None,
            retry: None,
            problem: None,
        }
    }

    /// What the request is, for errors: `items getItem`, or `GET /api/v1/items`.
    pub(crate) fn name(&self) -> String {
        match self.operation {
            Some(operation) => [operation.api(), operation.name()].join(" "),
            None => [self.method.as_str(), self.target.path()].join(" "),
        }
    }

    /// The same request again; `None` where its body is streamed, or where it cannot be sent at all.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        Some(Self {
            operation: self.operation,
            method: self.method,
            target: self.target.clone(),
            headers: self.headers.clone(),
            payload: self.payload.try_clone()?,
            timeout: self.timeout,
            retry: self.retry.clone(),
            problem: match self.problem {
                Some(_) => return None,
                None => None,
            },
        })
    }

    /// The same request to another place of the same host.
    pub(crate) fn to(mut self, url: &Url) -> Self {
        self.target = PathAndQuery::of(url);
        self
    }

    /// Keeps the first thing that went wrong.
    fn fail(&mut self, problem: impl Display) {
        if self.problem.is_none() {
            let error = match self.operation {
                Some(_) => Error::config(format!("{}: {problem}", self.name())),
                None => Error::config(problem.to_string()),
            };
            self.problem = Some(error);
        }
    }

    /// What went wrong while the request was put together.
    pub(crate) fn take_problem(&mut self) -> Option<Error> {
        self.problem.take()
    }

    pub(crate) fn path(&mut self, name: &str, value: &dyn Display) {
        if let Err(problem) = self.target.fill(name, &value.to_string()) {
            self.fail(problem);
        }
    }

    pub(crate) fn path_slashed(&mut self, name: &str, value: &dyn Display) {
        if let Err(problem) = self.target.fill_slashed(name, &value.to_string()) {
            self.fail(problem);
        }
    }

    pub(crate) fn header(&mut self, name: &str, value: &dyn Display) {
        let Ok(key) = HeaderName::try_from(name) else {
            return self.fail(format_args!("`{name}` cannot be the name of a header"));
        };
        if let Some((_, reason)) = OWN_HEADERS.iter().find(|(own, _)| *own == key) {
            return self.fail(format_args!("the header `{name}` cannot be set: {reason}"));
        }
        // The value stays out of the message: it may be a secret.
        match headers::value(&value.to_string()) {
            Some(value) => {
                self.headers.insert(key, value);
            }
            None => self.fail(format_args!(
                "the value of the header `{name}` holds a character that no header can carry; \
                 only visible ASCII and spaces can"
            )),
        }
    }

    /// The media types of an answer as they are described.
    fn accept_described(&mut self, media_types: &'static str) {
        match headers::fixed(media_types) {
            Some(value) => {
                self.headers.insert(ACCEPT, value);
            }
            None => self.accept(media_types),
        }
    }

    pub(crate) fn accept(&mut self, media_types: &str) {
        self.header(ACCEPT.as_str(), &media_types);
    }

    /// Sets a body that was written as JSON.
    pub(crate) fn json(&mut self, content_type: &str, written: Result<Vec<u8>, serde_json::Error>) {
        match written {
            Ok(json) => self.body(json.into(), content_type),
            Err(error) => self.fail(format_args!("the body cannot be written as JSON: {error}")),
        }
    }

    /// Sets a form from the JSON object that a record was written as.
    pub(crate) fn form(&mut self, written: Result<serde_json::Value, serde_json::Error>) {
        match written.map_err(|error| error.to_string()).and_then(|value| payload::form(&value)) {
            Ok(form) => self.body(form.into(), "application/x-www-form-urlencoded"),
            Err(problem) => {
                self.fail(format_args!("the body cannot be written as a form: {problem}"));
            }
        }
    }

    pub(crate) fn body(&mut self, body: Body, content_type: &str) {
        match payload::media_type(content_type) {
            Some(content_type) => self.payload = Payload::Whole { body, content_type },
            None => self.fail(format_args!("`{}` cannot be a content type", content_type.escape_debug())),
        }
    }

    /// Gives the body another media type.
    pub(crate) fn content_type(&mut self, text: &str) {
        match (&mut self.payload, payload::media_type(text)) {
            (Payload::Whole { content_type, .. }, Some(other)) => *content_type = other,
            (_, None) => self.fail(format_args!("`{}` cannot be a content type", text.escape_debug())),
            (Payload::None | Payload::Parts(_), _) => {
                self.fail("the content type is given after the body, and only to one without parts");
            }
        }
    }

    /// Adds a part to a multipart body that was written as JSON.
    pub(crate) fn part_json(&mut self, name: &str, written: Result<Vec<u8>, serde_json::Error>) {
        match written {
            Ok(json) => self.part(name, None, Some("application/json"), json.into()),
            Err(error) => self.fail(format_args!("the part `{name}` cannot be written as JSON: {error}")),
        }
    }

    /// Adds a file to a multipart body. Servers tell files from texts by the file name, so that each has one.
    pub(crate) fn part_file(&mut self, name: &str, file: FilePart) {
        let file_name = file.file_name.unwrap_or_else(|| name.to_owned());
        if file_name.contains(char::is_control) {
            return self.fail(format_args!("the file of the part `{name}` has a line break or the like in its name"));
        }
        let content_type = file.content_type.as_deref().unwrap_or("application/octet-stream");
        self.part(name, Some(file_name), Some(content_type), file.body);
    }

    /// Adds a part to a multipart body.
    pub(crate) fn part(&mut self, name: &str, file_name: Option<String>, content_type: Option<&str>, body: Body) {
        let content_type = match content_type.map(|text| payload::media_type(text).ok_or(text)).transpose() {
            Ok(content_type) => content_type,
            Err(text) => {
                let text = text.escape_debug();
                return self.fail(format_args!("`{text}` cannot be the content type of the part `{name}`"));
            }
        };
        let part = Part { name: name.to_owned(), file_name, content_type, body };
        match &mut self.payload {
            Payload::Parts(parts) => parts.push(part),
            other => *other = Payload::Parts(vec![part]),
        }
    }
}
