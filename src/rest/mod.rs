//! The REST APIs: a typed client for each, and what they have in common.
//!
//! A client comes from a method of [`Qlik`](crate::Qlik) that is named like its API, its operations are its methods,
//! and each gives a [`Call`], which is sent when it is awaited. What a call answers with implements [`Answer`].
//!
//! Every call goes the same way, raw ones ([`Qlik::get`](crate::Qlik::get)) included:
//!
//! - **Time.** A call has a limit as a whole, retries and the body of its answer included; what is streamed has a limit
//!   on how long nothing moves. See [`QlikBuilder::timeout`](crate::QlikBuilder::timeout).
//! - **Rate limits.** Qlik allows so many calls a minute, in tiers. The client and its clones count along, and a call
//!   waits for its turn. See [`RateLimits`].
//! - **Retries.** What failed and does no harm when it arrives twice is sent again a few times, after a pause that the
//!   server may ask for. See [`QlikBuilder::retries`](crate::QlikBuilder::retries).
//! - **Redirects** are followed, five in a row at most. To another host goes nothing but a plain GET: no credentials, no
//!   header but `Accept` and `Range`, no body; and never from `https` to `http`. A request that changes something is
//!   sent again only within the host, and only where the status (307, 308) says so.
//! - **Pages.** [`Call::stream`] reads a list over all its pages, [`Call::pages`] page by page. The links between them are
//!   followed on the client's own host, whatever host they name.
//! - **Errors.** A status that is no success is an [`Error`](crate::Error) with all that the server said.
//! - **Interceptors.** Code of the program's own can stand around every call ([`Interceptor`]), hear of every attempt
//!   ([`QlikBuilder::on_attempt`](crate::QlikBuilder::on_attempt)) and of operations that are deprecated
//!   ([`QlikBuilder::on_deprecation`](crate::QlikBuilder::on_deprecation)).
//! - **Traces.** Each call is a `tracing` span, `qlik.call`, with operation, method, path, status, attempts and trace id.
//!
//! The operations by kind, of those that are described, and how each pages, waits, uploads:
//!
//! | What an operation does | How many | How it is called |
//! |---|---|---|
//! | all of them | 685 | an [`Operation`] knows name, method, path and rate limit; raw calls take any other path |
//! | answers with JSON | 508 | `.await` gives the generated type; raw calls give any type, the program's own by [`Json`] |
//! | lists, page by page | 93 | `.await` gives a page, `.stream()` the items, `.pages()` the pages; `at_most`, `prefetch` |
//! | answers with nothing | 153 | `.await` gives `()`; [`Call::send`] gives status and headers |
//! | makes something at a place | 5 | `.await` gives [`Located`]: the status, the place, the id at its end |
//! | gives a file | 19 | `.await` gives a [`Download`]: `bytes`, `text`, `to_path`, `to_writer`, or a stream; it goes on after a break |
//! | takes a file | 17 | a [`Body`] or [`FilePart`] from bytes, a path, a reader or a stream; `on_progress` |
//! | takes a file of any size | 3 | `apps().import_file`, `data_files().upload_file`, `temp_contents().upload_file`: direct or by pieces, by size; resumed after a break, by another run, too; see [`files`] |
//! | accepts work that goes on | 20 | `.and_wait()` or `.and_wait_there(...)` waits for its end; see [`jobs`] |
//! | tells of many items | 11 | [`bulk::results`] gives what became of each |
//! | changes a part | 52 | a list of changes from before and after, by [`patch::between`] |
//! | filters | 41 | a condition with its values quoted right, by [`filter::member`] |
//! | guards against a change by others | 11 | [`Call::if_match`] with [`Response::etag`] |
//! | is on its way out | 21 | deprecated by Qlik: a warning is traced once, and told by [`QlikBuilder::on_deprecation`](crate::QlikBuilder::on_deprecation) |
//!
//! What answers in pieces, as an assistant does, is read as it comes by `.call().chunks()`. What Qlik sends to a webhook
//! is read and checked by `events` (feature `webhooks`).

mod answer;
mod api;
mod body;
pub mod bulk;
mod call;
mod chunks;
mod download;
#[cfg(feature = "webhooks")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhooks")))]
pub mod events;
pub mod files;
pub mod filter;
pub mod jobs;
mod operation;
mod page;
pub mod patch;
#[cfg(test)]
mod tests;
mod turning;

pub(crate) use files::resume::Again;

#[doc(hidden)]
pub use answer::Reply;
pub use answer::{Answer, Json, Located, Response};
pub use api::Api;
pub use body::{Body, FilePart};
pub use call::{Call, Pending};
pub use chunks::ChunkStream;
pub use download::Download;
pub use operation::{Method, Operation, Tier};
#[doc(hidden)]
pub use page::unlisted_next;
pub use page::{ItemStream, Page, PageStream};

pub use crate::http::intercept::{Incoming, Intercepted, Interceptor, Next, Outgoing};
pub use crate::http::limiter::RateLimits;
pub use crate::http::notice::Deprecation;
pub use crate::http::observe::Attempt;
pub use crate::http::retry::Retry;

include!(concat!(env!("OUT_DIR"), "/rest/mod.rs"));
