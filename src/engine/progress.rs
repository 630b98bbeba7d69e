//! How far a call is.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;

use super::actor::To;
use super::message_code::MessageCode;
use super::ring::{Ring, stream};
use super::rpc::InFlight;
use super::shared::Shared;
use super::types::ProgressData;
use crate::json::object;
use crate::{record, trace};

/// How often the engine is asked.
const PERIOD: Duration = Duration::from_millis(250);

/// How far a call is; see [`InFlight::progress`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Messages that have come since the last look; each is told once.
    pub messages: Vec<ProgressMessage>,
    /// What it is about at this moment.
    pub current: Option<ProgressMessage>,
    /// All that the engine says about it.
    pub data: ProgressData,
}

/// A message about the progress of a call, a reload as a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgressMessage {
    /// What it says.
    pub code: MessageCode,
    /// What fills the gaps in it, as the name of a table or a number of lines.
    pub parameters: Vec<String>,
}

impl Progress {
    fn read(data: &Value) -> Self {
        let message = |message: &Value| {
            let parameters = message.get("qMessageParameters").and_then(Value::as_array).into_iter().flatten();
            Some(ProgressMessage {
                code: MessageCode::of(message.get("qMessageCode")?.as_i64()?),
                parameters: parameters.filter_map(Value::as_str).map(str::to_owned).collect(),
            })
        };
        let messages = data.get("qPersistentProgressMessages").and_then(Value::as_array).into_iter().flatten();
        Progress {
            messages: messages.filter_map(message).collect(),
            current: data.get("qTransientProgressMessage").and_then(message),
            data: record::from_value(data.clone()).unwrap_or_default(),
        }
    }
}

impl<T> InFlight<T> {
    /// How far the call is: from now on until its reply is there.
    ///
    /// Reading its messages takes them away at the engine, so this is the one place that asks, however many streams
    /// there are of one call: each gets all of them, those that came before it, too, as far as they are kept.
    pub fn progress(&self) -> ProgressStream {
        let ring = self.progress_cell().get_or_init(|| {
            let ring = Arc::new(Ring::default());
            let id = Arc::clone(self.id_cell());
            tokio::spawn(poll(self.session().weak_shared(), id, Arc::clone(&ring)));
            ring
        });
        ProgressStream(ring.read())
    }
}

/// Asks until the reply is there, and once more for what was said last.
async fn poll(session: Weak<Shared>, id: Arc<std::sync::atomic::AtomicU64>, ring: Arc<Ring<Progress>>) {
    loop {
        let Some(shared) = session.upgrade() else { break };
        let id = id.load(Ordering::Acquire);
        let is_last = !shared.calls.is_waiting(id);
        match shared.ask(To::Number(-1), "GetProgress", &object! { "qRequestId": id }).await {
            Ok(result) => ring.push(Progress::read(result.get("qProgressData").unwrap_or(&Value::Null))),
            Err(error) => {
                trace::engine::debug(format_args!("the progress of request {id} was not read"), Some(&error));
                break;
            }
        }
        if is_last {
            break;
        }
        drop(shared);
        tokio::time::sleep(PERIOD).await;
    }
    ring.end();
}

stream! {
    /// How far a call is; see [`InFlight::progress`].
    ProgressStream of Progress
}
