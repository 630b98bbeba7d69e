//! The Engine: a session over a WebSocket, and typed objects on it.
//!
//! Qlik's engine holds the apps in memory and calculates. A [`Session`] is a connection to one, for one app as a rule
//! ([`Qlik::session`](crate::Qlik::session)). What lives in it is an object with a [`Handle`]: the app, a field, a chart.
//! Methods are called on objects, and may return further ones.
//!
//! - A session is shared freely: any number of tasks call through clones of it, with any number of calls in flight.
//! - A call is sent when it is awaited, given up when its future is dropped, and may have a time limit.
//! - An object's data changes when someone selects or reloads: [`Handle::changed`] tells.
//! - What the server says unasked is in [`Session::notifications`]; why a session ended, in [`Session::closed`].
//! - Whatever has no typed call yet goes by name: [`Session::call`].
//!
//! The methods are described at [qlik.dev](https://qlik.dev/apis/json-rpc/qix/).

mod actor;
mod closed;
mod connect;
mod frame;
mod handle;
mod method;
mod notification;
mod objects;
mod pending;
mod proxy;
mod reply;
mod rpc;
mod session;

pub use closed::{CloseReason, Closed};
pub use connect::SessionBuilder;
pub use handle::{Changes, Handle};
pub use method::RpcMethod;
pub use notification::{Notification, Notifications};
pub use proxy::Proxy;
pub use reply::{RawReply, Reply, object};
pub use rpc::Rpc;
pub use session::{InUse, Session};

include!(concat!(env!("OUT_DIR"), "/engine/mod.rs"));
