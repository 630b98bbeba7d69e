//! The frames of a session, for who wants to see them.

#[cfg(feature = "replay")]
use std::sync::{Arc, OnceLock};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use futures::stream::StreamExt;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::ring::stream;
#[cfg(feature = "replay")]
use crate::replay::engine::{Heard, Listener};

/// How far a reader may fall behind before frames are left out.
const KEPT: usize = 1024;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To the engine.
    Sent,
    /// From the engine.
    Received,
}

/// Something seen on the wire; see [`Session::traffic`](super::Session::traffic).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Traffic {
    /// A frame, as it went.
    Frame {
        /// Which way.
        direction: Direction,
        /// When it was seen.
        at: SystemTime,
        /// The text. It holds data of the app and what calls were given, but no credentials: those go with the
        /// opening of the connection.
        text: FrameText,
    },
    /// The reader was too slow for this many frames.
    Missed(u64),
}

/// The text of a frame; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameText(Utf8Bytes);

impl std::ops::Deref for FrameText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The readers of a session's frames. Without any, showing a frame costs next to nothing.
#[derive(Debug, Default)]
pub(super) struct Taps {
    readers: Mutex<Option<broadcast::Sender<Traffic>>>,
    /// Who records the session; it misses nothing.
    #[cfg(feature = "replay")]
    pub(super) listener: OnceLock<Arc<Listener>>,
}

impl Taps {
    pub(super) fn show(&self, direction: Direction, frame: &Utf8Bytes) {
        #[cfg(feature = "replay")]
        if let Some(listener) = self.listener.get() {
            listener.heard(match direction {
                Direction::Sent => Heard::Sent(frame),
                Direction::Received => Heard::Received(frame),
            });
        }
        let mut tap = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*tap {
            let text = FrameText(frame.clone());
            if sender.send(Traffic::Frame { direction, at: SystemTime::now(), text }).is_err() {
                // the last reader is gone
                *tap = None;
            }
        }
    }

    /// The server closed the socket.
    pub(super) fn closed(&self, code: u16, reason: &str) {
        #[cfg(feature = "replay")]
        if let Some(listener) = self.listener.get() {
            listener.heard(Heard::Closed(code, reason));
        }
        let _ = (code, reason);
    }

    /// There will be no more.
    pub(super) fn end(&self) {
        *self.readers.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Frames from now on.
    pub(super) fn read(&self) -> TrafficStream {
        let mut tap = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = tap.get_or_insert_with(|| broadcast::channel(KEPT).0).subscribe();
        let frames = futures::stream::unfold(receiver, |mut receiver| async move {
            match receiver.recv().await {
                Ok(frame) => Some((frame, receiver)),
                Err(broadcast::error::RecvError::Lagged(missed)) => Some((Traffic::Missed(missed), receiver)),
                Err(broadcast::error::RecvError::Closed) => None,
            }
        });
        TrafficStream(frames.boxed())
    }
}

stream! {
    /// The frames of a session; see [`Session::traffic`](super::Session::traffic).
    TrafficStream of Traffic
}
