//! The REST runtime over real sockets: what is sent, what is read, what is tried again, and where credentials go.

mod answers;
mod around;
mod bulk;
mod failures;
mod files;
mod jobs;
#[cfg(feature = "full")]
mod kinds;
mod limits;
#[cfg(feature = "full")]
mod operations;
mod paging;
mod rates;
mod redirects;
mod requests;
mod retries;
mod sandbox;
mod secrets;
mod server;
mod shapes;
