//! A recording that was read: what it holds by what was asked, and how often each was given.

#![cfg_attr(not(feature = "engine"), allow(dead_code))] // half of it is about the Engine's calls

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::file::{self, Answer, Call, Request, Row};
use super::nearest;
use super::redact::{Redactor, canonical};
use crate::{Error, Result};

/// A recording, read and ready to be replayed; see [`QlikBuilder::replay`](crate::QlikBuilder::replay).
///
/// Clones share how far they were replayed.
#[derive(Clone)]
pub struct Recording(Arc<Inner>);

struct Inner {
    /// Its name, for errors.
    shown: String,
    host: String,
    redactor: Redactor,
    rows: Vec<(usize, Row)>,
    /// The rows of each REST request, by what counts as the same.
    requests: HashMap<String, Vec<usize>>,
    sockets: Vec<Socket>,
    /// How often each key was asked for.
    given: Mutex<HashMap<String, usize>>,
}

/// A socket of the Engine.
#[derive(Default)]
struct Socket {
    number: u32,
    path: String,
    /// The rows of each call, by what counts as the same.
    calls: HashMap<String, Vec<usize>>,
    /// The rows of what the server sent or did unasked, by when it was.
    unasked: HashMap<When, Vec<usize>>,
}

/// When something came unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum When {
    Opened,
    /// While this call was on its way.
    Before(u64),
    /// After this call was answered.
    After(u64),
}

impl When {
    fn of(row: &Row) -> Self {
        match (row.before, row.after) {
            (Some(call), _) => When::Before(call),
            (None, Some(call)) => When::After(call),
            (None, None) => When::Opened,
        }
    }
}

impl Recording {
    /// Reads a file that a [`Recorder`](super::Recorder) wrote.
    ///
    /// A file that cannot be read, or a line of it that is none of a recording, is an error that names file and line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (head, rows) = file::read(path)?;
        let shown = path.display().to_string();
        let mut requests: HashMap<String, Vec<usize>> = HashMap::new();
        let mut sockets: Vec<Socket> = Vec::new();
        for (index, (line, row)) in rows.iter().enumerate() {
            if let Some(request) = &row.request {
                requests.entry(key_of(request)).or_default().push(index);
                continue;
            }
            let number = row.socket.unwrap_or_default();
            let known = sockets.iter_mut().find(|socket| socket.number == number);
            let socket = match (&row.opened, known) {
                (None, Some(socket)) => socket,
                (Some(path), None) => {
                    sockets.push(Socket { number, path: path.clone(), ..Socket::default() });
                    continue;
                }
                (Some(_), Some(_)) => {
                    return Err(Error::config(format!("{shown}:{line}: socket {number} is opened a second time")));
                }
                (None, None) => {
                    return Err(Error::config(format!(
                        "{shown}:{line}: socket {number} was not opened before this line"
                    )));
                }
            };
            match &row.call {
                Some(call) => socket.calls.entry(key_of_call(call)).or_default().push(index),
                None => socket.unasked.entry(When::of(row)).or_default().push(index),
            }
        }
        let (host, redactor) = (head.host.clone(), head.redactor());
        let given = Mutex::default();
        Ok(Self(Arc::new(Inner { shown, host, redactor, rows, requests, sockets, given })))
    }

    /// The host that was recorded.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The REST requests and Engine calls that were recorded and not asked for so far, each with its line in the file.
    ///
    /// A test that wants to be sure that a program still does all it did asserts that there are none.
    pub fn unused(&self) -> Vec<String> {
        let given = self.0.given.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = self.0.requests.iter().map(|(key, rows)| (key.clone(), rows));
        let calls = self
            .0
            .sockets
            .iter()
            .enumerate()
            .flat_map(|(index, socket)| socket.calls.iter().map(move |(key, rows)| (of_socket(index, key), rows)));
        let left = requests.chain(calls).flat_map(|(key, rows)| {
            let used = given.get(&key).copied().unwrap_or_default();
            rows.iter().skip(used).copied().collect::<Vec<_>>()
        });
        let mut left: Vec<usize> = left.collect();
        left.sort_unstable();
        left.into_iter().filter_map(|index| self.described(index)).collect()
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }

    /// The answer to a request: of equal ones the next, and then the last again.
    pub(super) fn answer(&self, asked: &Request) -> Result<&Answer> {
        let key = key_of(asked);
        if let Some(answer) = self.next(&key, self.0.requests.get(&key)).and_then(|row| row.answer.as_ref()) {
            return Ok(answer);
        }
        let recorded = self.0.rows.iter().filter_map(|(line, row)| Some((*line, row.request.as_ref()?)));
        let nearest = nearest::request(asked, recorded);
        Err(Error::config(format!(
            "{} {}: no answer to this request is recorded in {}; {}",
            asked.method, asked.path, self.0.shown, nearest
        )))
    }

    /// The number of the socket that is to be opened at a path: of equal ones the next, and then the last again.
    pub(super) fn socket(&self, path: &str) -> Result<usize> {
        let path = path_key(path);
        let mut equal = self.0.sockets.iter().enumerate().filter(|(_, socket)| path_key(&socket.path) == path);
        let count = equal.clone().count();
        let turn = self.turn(&format!("socket {path}")).min(count.saturating_sub(1));
        equal.nth(turn).map(|(index, _)| index).ok_or_else(|| {
            let opened: Vec<&str> = self.0.sockets.iter().map(|socket| socket.path.as_str()).collect();
            Error::config(match nearest::text(&path, &opened) {
                Some(nearest) => format!(
                    "no session at {path} is recorded in {}; the nearest that is recorded is {nearest}",
                    self.0.shown
                ),
                None => format!("no session of the Engine is recorded in {}", self.0.shown),
            })
        })
    }

    /// The row of a call: of equal ones the next, and then the last again. With whether it is asked for the first time.
    pub(super) fn call(&self, socket: usize, call: &Call) -> Option<(&Row, bool)> {
        let key = key_of_call(call);
        let rows = self.0.sockets.get(socket)?.calls.get(&key)?;
        let key = of_socket(socket, &key);
        let turn = self.turn(&key);
        let (_, row) = self.0.rows.get(*rows.get(turn).or(rows.last())?)?;
        Some((row, turn < rows.len()))
    }

    /// What to say of a call that is not recorded.
    pub(super) fn missing(&self, socket: usize, call: &Call) -> String {
        let number = self.0.sockets.get(socket).map(|socket| socket.number);
        let calls = self.0.rows.iter().filter(|(_, row)| row.socket == number);
        let recorded = calls.filter_map(|(line, row)| Some((*line, row.call.as_ref()?)));
        format!(
            "no reply to {} of handle {} is recorded in {}; {}",
            call.method,
            call.handle,
            self.0.shown,
            nearest::call(call, recorded)
        )
    }

    /// What came unasked at a moment, in its order.
    pub(super) fn unasked(&self, socket: usize, when: When) -> impl Iterator<Item = &Row> {
        let rows = self.0.sockets.get(socket).and_then(|socket| socket.unasked.get(&when));
        rows.into_iter().flatten().filter_map(|index| self.0.rows.get(*index)).map(|(_, row)| row)
    }

    fn next(&self, key: &str, rows: Option<&Vec<usize>>) -> Option<&Row> {
        let rows = rows?;
        let index = rows.get(self.turn(key)).or(rows.last())?;
        self.0.rows.get(*index).map(|(_, row)| row)
    }

    /// How often a key was asked for before.
    fn turn(&self, key: &str) -> usize {
        let mut given = self.0.given.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = given.entry(key.to_owned()).or_default();
        *turns += 1;
        *turns - 1
    }

    fn described(&self, index: usize) -> Option<String> {
        let (line, row) = self.0.rows.get(index)?;
        let shown = &self.0.shown;
        match (&row.request, &row.call) {
            (Some(request), _) => Some(format!("{shown}:{line}: {} {}", request.method, request.path)),
            (None, Some(call)) => Some(format!("{shown}:{line}: {} of handle {}", call.method, call.handle)),
            (None, None) => None,
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("file", &self.0.shown)
            .field("host", &self.0.host)
            .field("lines", &self.0.rows.len())
            .finish_non_exhaustive()
    }
}

/// What counts as the same REST request: method, path, query in any order, body.
fn key_of(request: &Request) -> String {
    let mut pairs: Vec<&str> = request.query.split('&').collect();
    pairs.sort_unstable();
    let body = request.body.as_ref().map(|body| canonical(&body.value())).unwrap_or_default();
    format!("{} {}?{} {body}", request.method, request.path, pairs.join("&"))
}

/// What counts as the same call: handle, method and parameters; without those that are ids of requests.
fn key_of_call(call: &Call) -> String {
    let params = match call.method.as_str() {
        "CancelRequest" | "GetProgress" => Value::Null,
        _ => serde_json::from_str(call.params.get()).unwrap_or_default(),
    };
    // Nothing said is an empty list of parameters.
    let params = match params {
        Value::Array(list) if list.is_empty() => Value::Null,
        Value::Object(members) if members.is_empty() => Value::Null,
        params => params,
    };
    format!("{} {} {}", call.handle, call.method, canonical(&params))
}

fn of_socket(index: usize, key: &str) -> String {
    format!("socket {index}: {key}")
}

/// The names that are made up for session apps count as one.
fn path_key(path: &str) -> String {
    match path.split_once("/SessionApp_") {
        Some((head, tail)) => {
            let rest = tail.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{head}/SessionApp_*{rest}")
        }
        None => path.to_owned(),
    }
}
