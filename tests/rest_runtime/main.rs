//! The REST runtime over real sockets: what is sent, what is read, what is tried again, and where credentials go.

mod answers;
mod failures;
mod limits;
mod paging;
mod redirects;
mod requests;
mod retries;
mod secrets;
mod server;
