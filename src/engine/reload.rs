//! Reloading an app, with its progress and its outcome.

use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde_json::{Map, Value};

use super::progress::ProgressStream;
use super::rpc::{InFlight, Rpc};
use super::{Doc, Proxy, RpcMethod};
use crate::error::Result;

const DO_RELOAD_EX: RpcMethod = RpcMethod::new("Doc", "DoReloadEx").out("qResult");
const DO_SAVE: RpcMethod = RpcMethod::new("Doc", "DoSave");

/// Reloads.
impl Doc {
    /// Begins a reload: awaiting it runs the app's script to its end, [`start`](Reload::start) gives the progress, too.
    ///
    /// ```no_run
    /// # async fn example(doc: qlik::engine::Doc) -> qlik::Result<()> {
    /// use futures::StreamExt;
    ///
    /// let reload = doc.reload().save().start().await?;
    /// let mut progress = reload.progress();
    /// tokio::spawn(async move {
    ///     while let Some(progress) = progress.next().await {
    ///         println!("{:?}", progress.messages);
    ///     }
    /// });
    /// let outcome = reload.await?;
    /// assert!(outcome.success, "see {:?}", outcome.log_file);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reload(&self) -> Reload {
        Reload { doc: self.clone(), params: Map::new(), save: false }
    }

    /// Saves the app: its data, its objects, its script.
    pub fn save(&self) -> Rpc<()> {
        self.handle().rpc(DO_SAVE)
    }
}

/// A reload that is being begun; see [`Doc::reload`].
#[derive(Debug, Clone)]
#[must_use = "a reload begins when it is awaited"]
pub struct Reload {
    doc: Doc,
    params: Map<String, Value>,
    save: bool,
}

impl Reload {
    /// Only what the script marks as part of a partial reload.
    pub fn partial(self) -> Self {
        self.with("qPartial", true.into())
    }

    /// Only this many rows of each statement that loads, to see whether the script runs.
    pub fn row_limit(self, rows: i64) -> Self {
        self.with("qRowLimit", rows.into())
    }

    /// Stops at breakpoints, and lets errors be looked at.
    pub fn debug(self) -> Self {
        self.with("qDebug", true.into())
    }

    /// Does not write the files that the script stores.
    pub fn skip_store(self) -> Self {
        self.with("qSkipStore", true.into())
    }

    /// Saves the app when the reload has succeeded.
    pub fn save(mut self) -> Self {
        self.save = true;
        self
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.params.insert(name.to_owned(), value);
        self
    }

    /// Sends it, and returns as soon as it is on its way. Dropping what this returns cancels the reload.
    pub async fn start(self) -> Result<Reloading> {
        let call = self.doc.handle().rpc::<Value>(DO_RELOAD_EX);
        let call = match self.params.is_empty() {
            true => call,
            false => call.arg("qParams", &Value::Object(self.params)),
        };
        Ok(Reloading { call: call.send().await?, doc: self.doc, save: self.save, saving: None })
    }
}

impl IntoFuture for Reload {
    type Output = Result<ReloadOutcome>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<ReloadOutcome>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.start().await?.await })
    }
}

/// A reload that is on its way; awaiting it gives its outcome. See [`Reload::start`].
#[must_use = "dropping a reload cancels it"]
pub struct Reloading {
    call: InFlight<Value>,
    doc: Doc,
    save: bool,
    saving: Option<Saving>,
}

/// The outcome, and the saving that it waits for.
type Saving = Pin<Box<dyn Future<Output = Result<ReloadOutcome>> + Send>>;

impl Reloading {
    /// How far it is.
    pub fn progress(&self) -> ProgressStream {
        self.call.progress()
    }

    /// The id of its request.
    pub fn id(&self) -> u64 {
        self.call.id()
    }
}

impl Future for Reloading {
    type Output = Result<ReloadOutcome>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(saving) = &mut self.saving {
            return saving.as_mut().poll(cx);
        }
        let result = std::task::ready!(Pin::new(&mut self.call).poll(cx))?;
        let outcome = ReloadOutcome::read(&result);
        if !(self.save && outcome.success) {
            return Poll::Ready(Ok(outcome));
        }
        let doc = self.doc.clone();
        let saving = self.saving.insert(Box::pin(async move { doc.save().await.map(|()| outcome) }));
        saving.as_mut().poll(cx)
    }
}

impl std::fmt::Debug for Reloading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloading").field("call", &self.call).finish_non_exhaustive()
    }
}

/// How a reload ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReloadOutcome {
    /// Whether the script ran to its end.
    pub success: bool,
    /// The script's log, by its name on the server.
    pub log_file: Option<String>,
    /// Whether memory ran short.
    pub ended_with_memory_constraint: bool,
    /// What the engine says about the failure, as it says it; null when there was none.
    pub failure: Value,
}

impl ReloadOutcome {
    fn read(result: &Value) -> Self {
        let flag = |name: &str| result.get(name).and_then(Value::as_bool).unwrap_or(false);
        let log_file = result.get("qScriptLogFile").and_then(Value::as_str);
        ReloadOutcome {
            success: flag("qSuccess"),
            log_file: log_file.filter(|name| !name.is_empty()).map(str::to_owned),
            ended_with_memory_constraint: flag("qEndedWithMemoryConstraint"),
            failure: result.get("qFailureData").cloned().unwrap_or_default(),
        }
    }
}
