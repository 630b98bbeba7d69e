//! Calls under way, and what `GetProgress` tells of them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

use super::rpc::Request;

/// What a reload goes through: its message code and what the message is about.
pub(super) const PHASES: [(i64, &str); 7] = [
    (20, "Reload"),
    (21, "OrderLines"),
    (21, "Orders"),
    (21, "Customers"),
    (21, "Countries"),
    (21, "Products"),
    (11, "Done"),
];

pub(super) fn is_reload(method: &str) -> bool {
    matches!(method, "DoReload" | "DoReloadEx")
}

/// What is told of a reload.
#[derive(Debug, Default)]
struct Progress {
    step: usize,
    finished: bool,
    /// Messages that nobody has read yet.
    messages: Vec<Json>,
    errors: Vec<Json>,
}

/// The calls of a session that are under way, by socket and id, and the progress of its reloads.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Whether each reloads, and how to cancel it.
    running: BTreeMap<(u64, i64), (bool, Option<oneshot::Sender<()>>)>,
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

    /// A reload has come to one of its phases.
    pub(super) fn phase(&mut self, request: &Request, step: usize) {
        let progress = self.reloads.entry(request.number()).or_default();
        self.current = Some(request.number());
        progress.step = step + 1;
        progress.finished = step + 1 == PHASES.len();
        let (code, about) = PHASES[step];
        progress.messages.push(json!({ "qMessageCode": code, "qMessageParameters": [about] }));
    }

    /// A reload has been carried out: the phases that were not told yet are.
    pub(super) fn reloaded(&mut self, request: i64, failure: Option<&str>) {
        let progress = self.reloads.entry(request).or_default();
        self.current = Some(request);
        let (from, to) = (progress.step, if failure.is_some() { PHASES.len() - 1 } else { PHASES.len() });
        for (code, about) in PHASES.get(from..to).unwrap_or_default() {
            progress.messages.push(json!({ "qMessageCode": code, "qMessageParameters": [about] }));
        }
        progress.step = to;
        progress.finished = true;
        progress.errors = failure
            .map(|log| json!({ "qErrorString": log, "qLineEnd": "\r\n", "qLine": log, "qErrorDataCode": "EDC_ERROR" }))
            .into_iter()
            .collect();
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
            "qTotal": if progress.step > 0 { PHASES.len() } else { 0 },
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
