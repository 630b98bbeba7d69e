//! How far a call is.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::{Value, json};

use super::actor::To;
use super::ring::{Ring, stream};
use super::rpc::InFlight;
use super::shared::Shared;
use super::types::ProgressData;
use crate::record;

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

/// What a progress message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageCode {
    /// 0: nothing.
    Empty,
    /// 1: saving has started.
    SavingStarted,
    /// 2: so many bytes are left.
    BytesLeft,
    /// 3: tables are being stored.
    StoringTables,
    /// 4: so many rows of a QVD so far.
    QvdRowsSoFar,
    /// 5: the connection to a source stands.
    Connected,
    /// 6: connecting to a source.
    ConnectingTo,
    /// 7: connecting to a source failed.
    ConnectFailed,
    /// 8: a QVD is read row by row.
    QvdRowish,
    /// 9: a QVD is read column by column.
    QvdColumnar,
    /// 10: an error in the script.
    Error,
    /// 11: done.
    Done,
    /// 12: external data is being loaded.
    LoadExternalData,
    /// 13: an old QVD is being loaded.
    OldQvdLoading,
    /// 14: a QVC is being loaded.
    QvcLoading,
    /// 15: a QVD is buffered.
    QvdBuffered,
    /// 16: a QVC is being prepared.
    QvcPreparing,
    /// 17: a QVC is being appended to.
    QvcAppending,
    /// 18: synthetic keys are being removed.
    RemoveSynthetic,
    /// 19: a linked table is still to be fetched.
    LinkedTableFetching,
    /// 20: a reload.
    Reload,
    /// 21: so many lines were fetched.
    LinesFetched,
    /// A code that this version does not know.
    Other(i64),
}

const CODES: [MessageCode; 22] = [
    MessageCode::Empty,
    MessageCode::SavingStarted,
    MessageCode::BytesLeft,
    MessageCode::StoringTables,
    MessageCode::QvdRowsSoFar,
    MessageCode::Connected,
    MessageCode::ConnectingTo,
    MessageCode::ConnectFailed,
    MessageCode::QvdRowish,
    MessageCode::QvdColumnar,
    MessageCode::Error,
    MessageCode::Done,
    MessageCode::LoadExternalData,
    MessageCode::OldQvdLoading,
    MessageCode::QvcLoading,
    MessageCode::QvdBuffered,
    MessageCode::QvcPreparing,
    MessageCode::QvcAppending,
    MessageCode::RemoveSynthetic,
    MessageCode::LinkedTableFetching,
    MessageCode::Reload,
    MessageCode::LinesFetched,
];

impl MessageCode {
    /// What a code says.
    pub fn of(code: i64) -> Self {
        let known = usize::try_from(code).ok().and_then(|code| CODES.get(code));
        known.copied().unwrap_or(MessageCode::Other(code))
    }
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
        match shared.ask(To::Number(-1), "GetProgress", &json!({ "qRequestId": id })).await {
            Ok(result) => ring.push(Progress::read(result.get("qProgressData").unwrap_or(&Value::Null))),
            Err(error) => {
                tracing::debug!(%error, id, "progress was not read");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read() {
        assert_eq!((MessageCode::of(0), MessageCode::of(21)), (MessageCode::Empty, MessageCode::LinesFetched));
        assert_eq!((MessageCode::of(22), MessageCode::of(-1)), (MessageCode::Other(22), MessageCode::Other(-1)));
    }
}
