//! The REST runtime over real sockets: what is sent, what is read, what is tried again, and where credentials go.

mod answers;
mod around;
mod failures;
mod files;
mod jobs;
mod limits;
mod paging;
mod rates;
mod redirects;
mod requests;
mod retries;
mod secrets;
mod server;
mod shapes;
