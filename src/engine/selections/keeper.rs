//! Keeps a session's selections, for a resume to make them again.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;

use super::wire;
use crate::engine::actor::To;
use crate::engine::caller::Caller;
use crate::engine::shared::{Phase, Shared};
use crate::error::{Error, Result};
use crate::json::object;
use crate::trace;

/// How long changes may follow each other before the selections are read.
const QUIET: Duration = Duration::from_millis(50);

/// Follows the changes of a session, and keeps its selections; ends with the session, and does not keep it open.
pub(in crate::engine) async fn keep(shared: Weak<Shared>) {
    let Some(mut changes) = shared.upgrade().map(|shared| shared.followers.follow()) else { return };
    let mut keeper = Keeper::default();
    loop {
        match shared.upgrade() {
            Some(shared) => {
                if let Err(error) = keeper.look(&shared).await {
                    // most likely the connection is gone: what was kept is what counts
                    trace::engine::debug(format_args!("selections were not read"), Some(&error));
                    keeper = Keeper::default();
                }
            }
            None => return,
        }
        if changes.next().await.is_none() {
            return;
        }
        tokio::time::sleep(QUIET).await;
    }
}

/// The objects that show the selections of each state, and what they showed last.
#[derive(Default)]
struct Keeper {
    watchers: Vec<(To, Value)>,
    /// The connection that they were made on; on another one their numbers mean something else.
    epoch: u32,
}

impl Keeper {
    async fn look(&mut self, shared: &Arc<Shared>) -> Result<()> {
        let Some(doc) = shared.objects.doc() else { return Ok(()) };
        let (caller, doc) = (Caller::Session(shared), To::Object(doc));
        let is_open = || matches!(&*shared.phase.borrow(), Phase::Open);
        let epoch = shared.objects.epoch();
        if epoch != self.epoch {
            self.watchers.clear();
            self.epoch = epoch;
        }
        if !is_open() {
            return Ok(());
        }
        if self.watchers.is_empty() {
            for state in wire::states(&caller, &doc).await? {
                let made = caller.call(&doc, "CreateSessionObject", object! { "qProp": wire::watcher(&state) }).await?;
                let number = made.pointer("/qReturn/qHandle").and_then(Value::as_i64);
                let number = number.and_then(|number| i32::try_from(number).ok());
                let number = number.ok_or_else(|| Error::not_found("CreateSessionObject", "an empty handle"))?;
                self.watchers.push((To::Number(number), Value::Null));
            }
        }
        let mut moved = false;
        for (watcher, last) in &mut self.watchers {
            let layout = caller.call(watcher, "GetLayout", object! {}).await?;
            let now = layout.pointer("/qLayout/qSelectionObject").cloned().unwrap_or_default();
            moved |= now != *last;
            *last = now;
        }
        if moved {
            let selections = wire::read(&caller, &doc).await?;
            // those of a session that was lost meanwhile are not what the user had selected
            if is_open() && shared.objects.epoch() == epoch {
                shared.selections.set(selections);
            }
        }
        Ok(())
    }
}
