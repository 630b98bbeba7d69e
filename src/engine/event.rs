//! What happens to a session as a whole.

use super::closed::Closed;
use super::ring::stream;

/// Something that happened to a session as a whole; see [`Session::events`](super::Session::events).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The connection stands.
    Opened,
    /// The connection is gone, and the session may come back: by itself where it resumes automatically, else by
    /// [`Session::resume`](super::Session::resume).
    Suspended(Closed),
    /// A new connection has taken the place of the one that was lost.
    Resumed(Resumed),
    /// The session is over.
    Closed(Closed),
}

/// What a resume brought back; see [`Session::resume`](super::Session::resume).
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Resumed {
    /// Whether the engine had kept the session, selections included.
    pub attached: bool,
    /// Objects that live on. Their data may have changed meanwhile, and their handles have other numbers now.
    pub restored: Vec<ObjectName>,
    /// Objects that could not be had again, and why; they are closed.
    pub lost: Vec<(ObjectName, String)>,
    /// What else could not be done: soft patches, values or selections that the engine refused.
    pub failed: Vec<String>,
    /// Whether selections were made again.
    pub selections: bool,
}

/// An object by its class, type and id.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectName {
    /// Its class, as `GenericObject`.
    pub class: String,
    /// Its own type, as `sheet`.
    pub generic_type: Option<String>,
    /// Its id in the app; of a field, its name is not told by the engine.
    pub generic_id: Option<String>,
}

stream! {
    /// The events of a session; see [`Session::events`](super::Session::events).
    SessionEvents of SessionEvent
}
