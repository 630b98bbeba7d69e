//! The Engine: a session over a WebSocket, and typed objects on it.
//!
//! Qlik's engine holds the apps in memory and calculates. A [`Session`] is a connection to one, for one app as a rule
//! ([`Qlik::session`](crate::Qlik::session)). What lives in it is an object with a [`Handle`]: the app, a field, a chart.
//! Methods are called on objects, and may return further ones.
//!
//! - A session is shared freely: any number of tasks call through clones of it, with any number of calls in flight. A
//!   [`SessionPool`] shares sessions among those who want the same app.
//! - A call is sent when it is awaited, cancelled when its future is dropped, and may have a time limit. What the engine
//!   aborted is asked for again ([`RetryPolicy`]). [`Rpc::send`] gives the call's id and its progress.
//! - An object's data changes when someone selects or reloads: [`Handle::changed`] tells, and `layouts()` of the typed
//!   objects gives the fresh layout. [`Proxy::scoped`] makes an object that is removed when it is dropped.
//! - A session whose connection is lost may come back with all its objects: [`Resume`]. What happens to it is in
//!   [`Session::events`], what the server says unasked in [`Session::notifications`], why it ended in
//!   [`Session::closed`].
//! - Large layouts that change little are sent as differences: [`Delta`].
//! - [`Interceptor`]s see and change calls; [`Session::traffic`] shows the frames; `tracing` spans named `engine_call`
//!   tell method, handle, id, sizes, error code and duration of each call.
//! - Whatever has no typed call yet goes by name: [`Session::call`].
//!
//! The methods are described at [qlik.dev](https://qlik.dev/apis/json-rpc/qix/).

mod actor;
mod builder;
mod caller;
mod changes;
mod closed;
mod connect;
mod delta;
mod event;
mod exchange;
mod frame;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod helpers;
mod interceptor;
mod keepalive;
mod layouts;
mod life;
mod list_object;
mod memory;
mod message_code;
mod method;
mod notification;
mod object;
mod pending;
mod pool;
mod progress;
mod proxy;
mod release;
mod reload;
mod reply;
mod request;
mod restore;
mod resume;
mod retry;
mod ring;
mod rpc;
mod safety;
mod selections;
mod session;
mod shared;
mod skim;
mod traffic;
mod upgrade;

pub use builder::SessionBuilder;
pub use changes::{ChangeList, ChangeLists};
pub use closed::{CloseReason, Closed};
pub use delta::Delta;
pub use event::{ObjectName, Resumed, SessionEvent, SessionEvents};
pub use handle::{Changes, Handle, WeakHandle};
pub use helpers::{FieldEntry, SheetCell, property_patches};
pub use interceptor::{Intercepted, InterceptedCall, InterceptedReply, Interceptor, Next};
pub use keepalive::Keepalive;
pub use layouts::Layouts;
pub use message_code::MessageCode;
pub use method::RpcMethod;
pub use notification::{Notice, Notification, Notifications, ProxyFault, SessionState};
pub use pool::SessionPool;
pub use progress::{Progress, ProgressMessage, ProgressStream};
pub use proxy::Proxy;
pub use release::Scoped;
pub use reload::{Reload, ReloadOutcome, Reloading};
pub use reply::{RawReply, Reply, object};
pub use resume::Resume;
pub use retry::{Attempt, RetryPolicy};
pub use rpc::{InFlight, Pending, Rpc};
pub use safety::Effect;
pub use selections::{FieldSelection, SelectedValue, Selections};
pub use session::{InUse, Session};
pub use traffic::{Direction, FrameText, Traffic, TrafficStream};

include!(concat!(env!("OUT_DIR"), "/engine/mod.rs"));
