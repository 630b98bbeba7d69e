//! Calls under way, and what `GetProgress` tells of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::rpc::Request;
use crate::model::Model;

/// What a reload goes through: for each phase its message's code and what the message is about.
pub(super) type Phases = Arc<[(i64, String)]>;

/// The phases of a reload that loads some tables.
pub(super) fn phases(source: &Model) -> Phases {
    let tables = source.tables.iter().map(|table| (21, table.name.clone()));
    [(20, "Reload".to_owned())].into_iter().chain(tables).chain([(11, "Done".to_owned())]).collect()
}

pub(super) fn is_reload(method: &str) -> bool {
    matches!(method, "DoReload" | "DoReloadEx")
}

/// Whether a call reloads, and how to cancel it.
type Running = (bool, Option<oneshot::Sender<()>>);

/// What is told of a reload.
#[derive(Debug, Default)]
struct Progress {
    step: usize,
    total: usize,
    finished: bool,
    /// Messages that nobody has read yet.
    messages: Vec<Json>,
    errors: Vec<Json>,
}

/// The calls of a session that are under way, by socket and id, and the progress of its reloads.
#[derive(Debug, Default)]
pub(super) struct Calls {
    running: BTreeMap<(u64, i64), Running>,
    reloads: BTreeMap<i64, Progress>,
    /// The reload that a request for "the current one" means.
    current: Option<i64>,
}

impl Calls {
    pub(super) fn begin(&mut self, port: u64, request: &Request, reloads: bool, cancel: oneshot::Sender<()>) {
        self.running.insert((port, request.number()), (reloads, Some(cancel)));
    }

    pub(super) fn end(&mut self, port: u64, request: &Request) {
        self.running.remove(&(port, request.number()));
        if let Some(progress) = self.reloads.get_mut(&request.number()) {
            progress.finished = true;
        }
    }

    /// A reload has come to one of its phases, and is past those before.
    pub(super) fn phase(&mut self, request: i64, phases: &Phases, step: usize) {
        let progress = self.reloads.entry(request).or_default();
        self.current = Some(request);
        for (code, about) in phases.get(progress.step..=step).unwrap_or_default() {
            progress.messages.push(json!({ "qMessageCode": code, "qMessageParameters": [about] }));
        }
        progress.step = step + 1;
        progress.total = phases.len();
        progress.finished = progress.step == progress.total;
    }

    /// A reload has been carried out: the phases that were not told yet are. One that failed does not come to the last.
    pub(super) fn reloaded(&mut self, request: i64, phases: &Phases, failure: Option<&str>) {
        self.phase(request, phases, phases.len() - 1 - usize::from(failure.is_some()));
        if let (Some(progress), Some(log)) = (self.reloads.get_mut(&request), failure) {
            progress.finished = true;
            progress.errors =
                vec![json!({ "qErrorString": log, "qLineEnd": "\r\n", "qLine": log, "qErrorDataCode": "EDC_ERROR" })];
        }
    }

    /// Cancels calls: each answers that it was aborted.
    pub(super) fn cancel(&mut self, fits: impl Fn(&(u64, i64), bool) -> bool) {
        for (key, (reloads, cancel)) in &mut self.running {
            if let Some(cancel) = cancel.take_if(|_| fits(key, *reloads)) {
                // A call that has just ended cannot be cancelled any more.
                let _ = cancel.send(());
            }
        }
    }

    /// Messages are told once, to whoever asks first. What is unknown counts as finished.
    pub(super) fn progress(&mut self, asked: i64) -> Json {
        let id = if asked > 0 { Some(asked) } else { self.current };
        let mut none = Progress { finished: true, ..Progress::default() };
        let progress = id.and_then(|id| self.reloads.get_mut(&id)).unwrap_or(&mut none);
        let messages = std::mem::take(&mut progress.messages);
        let texts: Vec<&str> = messages.iter().filter_map(|m| m["qMessageParameters"][0].as_str()).collect();
        json!({ "qProgressData": {
            "qStarted": progress.step > 0,
            "qFinished": progress.finished,
            "qCompleted": progress.step,
            "qTotal": progress.total,
            "qKB": 0,
            "qMillisecs": 0,
            "qUserInteractionWanted": false,
            "qPersistentProgress": texts.join("\r\n"),
            "qTransientProgress": "",
            "qErrorData": std::mem::take(&mut progress.errors),
            "qPersistentProgressMessages": messages,
        } })
    }
}
