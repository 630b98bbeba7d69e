//! The one way that every REST request goes: sign, send, follow, retry, read.

#[cfg(feature = "rustls")]
mod blind;
mod clock;
pub(crate) mod connection;
pub(crate) mod headers;
pub(crate) mod intercept;
pub(crate) mod limiter;
pub(crate) mod notice;
pub(crate) mod observe;
pub(crate) mod payload;
pub(crate) mod pipeline;
pub(crate) mod redirect;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod settings;
pub(crate) mod tls;
pub(crate) mod url;
mod watch;

pub(crate) use clock::bounded;
pub(crate) use headers::{retry_after, trace_id};
pub(crate) use settings::Settings;
