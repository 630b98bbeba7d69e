//! The REST APIs: a typed client for each, and what they have in common.
//!
//! A client comes from a method of [`Qlik`](crate::Qlik) that is named like its API, its operations are its methods,
//! and each gives a [`Call`], which is sent when it is awaited. What a call answers with implements [`Answer`].
//!
//! Every call goes the same way, raw ones ([`Qlik::get`](crate::Qlik::get)) included:
//!
//! - **Time.** A call has a limit as a whole, retries and the body of its answer included; what is streamed has a limit
//!   on how long nothing moves. See [`QlikBuilder::timeout`](crate::QlikBuilder::timeout).
//! - **Retries.** What failed and does no harm when it arrives twice is sent again a few times, after a pause that the
//!   server may ask for. See [`QlikBuilder::retries`](crate::QlikBuilder::retries).
//! - **Redirects** are followed, five in a row at most. To another host goes nothing but a plain GET: no credentials, no
//!   header but `Accept` and `Range`, no body; and never from `https` to `http`. A request that changes something is
//!   sent again only within the host, and only where the status (307, 308) says so.
//! - **Pages.** [`Call::stream`] reads a list over all its pages. The links between them are followed on the client's
//!   own host, whatever host they name.
//! - **Errors.** A status that is no success is an [`Error`](crate::Error) with all that the server said.
//! - **Traces.** Each call is a `tracing` span, `qlik.call`, with operation, method, path, status and attempts.

mod answer;
mod api;
mod body;
mod call;
mod download;
mod operation;
mod page;
#[cfg(test)]
mod tests;

#[doc(hidden)]
pub use answer::Reply;
pub use answer::{Answer, Located, Response};
pub use api::Api;
pub use body::{Body, FilePart};
pub use call::{Call, Pending};
pub use download::Download;
pub use operation::{Method, Operation, Tier};
pub use page::{ItemStream, Page};

include!(concat!(env!("OUT_DIR"), "/rest/mod.rs"));
