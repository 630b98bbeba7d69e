//! The Engine session over real sockets: calls, objects, changes, events, deltas, and what happens when the line breaks.
#![cfg(feature = "engine")]

mod app;
mod calls;
mod connect;
mod delta;
mod faults;
mod helpers;
mod objects;
mod others;
mod resume;
#[path = "../scripted/mod.rs"]
mod scripted;
mod session;
mod session_end;
mod trace;
