//! The file of a recording: a line of JSON for each thing that happened, after one that says what the file is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::redact::Redactor;
use crate::{Error, Result};

/// The version of the format.
const VERSION: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// Of the format.
    #[serde(rename = "qlik-recording")]
    version: u32,
    pub(super) host: String,
    pub(super) values_redacted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members_redacted: Vec<String>,
}

impl Head {
    pub(super) fn new(host: &str, redactor: &Redactor) -> Self {
        let members_redacted = redactor.members.iter().cloned().collect();
        Self { version: VERSION, host: host.to_owned(), values_redacted: redactor.values, members_redacted }
    }

    pub(super) fn redactor(&self) -> Redactor {
        Redactor { values: self.values_redacted, members: self.members_redacted.iter().cloned().collect() }
    }
}

/// A line: a REST request with its answer, or something that happened on a socket of the Engine.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<Request>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
    /// Counts the sockets, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) socket: Option<u32>,
    /// The path that the socket was opened at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opened: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<Call>,
    /// The reply without its id; none where the socket ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<Box<RawValue>>,
    /// A frame that is no reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push: Option<Box<RawValue>>,
    /// The close code, where the server closed the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) closed: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Of a push or a close: the call that was on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<u64>,
    /// Of a push or a close: the call that had been answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<u64>,
}

/// A REST request.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) query: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Body>,
}

/// A REST answer.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Body>,
}

/// A body, in the most readable of the ways in which it can be told.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) json: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base64: Option<String>,
    /// The number of bytes, where they are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<Vec<Part>>,
}

/// A JSON `null` is a body, too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// A part of a multipart body.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    pub(super) body: Body,
}

/// A call of the Engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) handle: i64,
    pub(super) method: String,
    pub(super) params: Box<RawValue>,
}

impl Body {
    /// As JSON, for comparing; `null` for what cannot be.
    pub(super) fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    file: Mutex<File>,
    shown: String,
}

impl Writer {
    /// Makes the file anew, with its first line.
    pub(super) fn create(path: &Path, head: &Head) -> Result<Self> {
        let shown = path.display().to_string();
        let failed = |error| Error::transport(format!("writing the recording {shown}"), error);
        let writer = Self { file: Mutex::new(File::create(path).map_err(failed)?), shown: shown.clone() };
        writer.line(head)?;
        Ok(writer)
    }

    /// Adds a line. It is in the file when this returns, so that a program that dies leaves what it recorded.
    pub(super) fn line(&self, row: &impl Serialize) -> Result<()> {
        let failed = |error: io::Error| Error::transport(format!("writing the recording {}", self.shown), error);
        let mut line = serde_json::to_vec(row).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line).map_err(failed)
    }
}

/// Reads a file: its first line, and the others with their numbers.
pub(super) fn read(path: &Path) -> Result<(Head, Vec<(usize, Row)>)> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::config(format!("the recording {shown} cannot be read: {error}")))?;
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, first) = lines.next().unwrap_or((1, ""));
    let head: Head = serde_json::from_str(first).map_err(|error| {
        Error::config(format!("{shown}:1: the file does not begin as a recording does: {}", wrong(&error)))
    })?;
    if head.version != VERSION {
        return Err(Error::config(format!(
            "{shown}:1: the recording is of version {}, and this crate reads version {VERSION}; record it again",
            head.version
        )));
    }
    let rows = lines.filter(|(_, line)| !line.trim().is_empty()).map(|(number, line)| {
        let row: Row = serde_json::from_str(line)
            .map_err(|error| Error::config(format!("{shown}:{number}:{}: {}", error.column(), wrong(&error))))?;
        match row.problem() {
            None => Ok((number, row)),
            Some(problem) => Err(Error::config(format!("{shown}:{number}: {problem}"))),
        }
    });
    Ok((head, rows.collect::<Result<_>>()?))
}

/// What is wrong, without the place within the line: the line is told with its number in the file.
fn wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl Row {
    /// Why it is none that a recording has.
    fn problem(&self) -> Option<&'static str> {
        let of_socket = [self.opened.is_some(), self.call.is_some(), self.push.is_some(), self.closed.is_some()];
        match (&self.request, &self.answer, self.socket) {
            (Some(_), Some(_), None) => {
                of_socket.contains(&true).then_some("a request stands with what is of a socket")
            }
            (Some(_), None, _) => Some("a request has no answer"),
            (None, Some(_), _) => Some("an answer has no request"),
            (Some(_), Some(_), Some(_)) => Some("a request is of no socket"),
            (None, None, None) => Some("the line has neither a request nor a socket"),
            (None, None, Some(_)) => {
                let kinds = of_socket.iter().filter(|is| **is).count();
                (kinds != 1).then_some("a line of a socket is one of `opened`, `call`, `push` and `closed`")
            }
        }
    }
}
