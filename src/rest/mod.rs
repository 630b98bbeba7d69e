//! The REST APIs: a typed client for each, and what they have in common.
//!
//! A client comes from a method of [`Qlik`](crate::Qlik) that is named like its API, its operations are its methods,
//! and each gives a [`Call`], which is sent when it is awaited. What a call answers with implements [`Answer`].

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
