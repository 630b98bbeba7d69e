//! The Engine session over real sockets: calls, objects, changes, events, deltas, and what happens when the line breaks.
#![cfg(feature = "engine")]

mod calls;
mod connect;
mod delta;
mod helpers;
mod objects;
mod resume;
#[path = "../scripted/mod.rs"]
mod scripted;
mod session;
mod session_end;
mod trace;
