//! Sessions with a real tenant, recorded into a file and replayed without it: tests of a program that need no network.
//!
//! A [`Recorder`] writes what a client sends and what comes back, over REST and over the Engine's sockets. A client made
//! by [`Qlik::replay`](crate::Qlik::replay) answers from that file, without network and without credentials, and the
//! program does not see a difference.
//!
//! # Testing a program
//!
//! Write the program's work as a function of a client, record it once against a tenant, and keep the file beside the
//! test:
//!
//! ```no_run
//! use futures::TryStreamExt;
//! use qlik::replay::Recorder;
//! use qlik::{Auth, Qlik};
//!
//! /// What is tested.
//! async fn names_of_apps(qlik: &Qlik) -> qlik::Result<Vec<String>> {
//!     # #[cfg(feature = "items")] {
//!     let items = qlik.items().get_items().resource_type("app").stream();
//!     return items.map_ok(|item| item.name).try_collect().await;
//!     # }
//!     # Ok(Vec::new())
//! }
//!
//! /// Run by hand, when the program has come to ask for something else.
//! async fn record() -> qlik::Result<()> {
//!     let qlik = Qlik::builder("https://your-tenant.eu.qlikcloud.com")
//!         .auth(Auth::api_key(std::env::var("QLIK_API_KEY")?))
//!         .record(Recorder::to("tests/apps.jsonl"))
//!         .build()?;
//!     names_of_apps(&qlik).await.map(drop)
//! }
//!
//! /// The test, which needs the file alone.
//! async fn test() -> qlik::Result<()> {
//!     let qlik = Qlik::replay("tests/apps.jsonl")?;
//!     assert!(!names_of_apps(&qlik).await?.is_empty());
//!     Ok(())
//! }
//! ```
//!
//! # What is matched
//!
//! - REST requests by method, path, query (in any order) and body; the Engine's calls by method, handle and parameters;
//!   its sockets by their path, in which the made-up names of session apps count as one.
//! - The order does not matter. Where the same was asked several times, the answers come in their order, and then the
//!   last again.
//! - What was not recorded is an error that names the nearest that was, and where they differ.
//! - What the server sent unasked (notifications, lists of changes, a close) comes at the call that it came with.
//! - A connection that broke without a word is not broken again; the session that came after it is a socket of its own.
//! - Time does not pass as it did: answers come at once. Retries and redirects are not repeated, for what is recorded is
//!   the answer that they led to. A call that got no answer is not recorded.
//!
//! # What is not in the file
//!
//! Credentials never are: what signs a request is added behind the recorder. Secrets in what is sent and answered are
//! replaced by `***` before they reach the disk: members of JSON whose names say so (those that `Debug` of the generated
//! types hides, too: passwords, tokens, keys, connection strings), the same in queries, forms and links, cookies,
//! `csrf` headers, JSON web tokens wherever they stand. [`Recorder::redact_member`] adds names.
//!
//! With [`Recorder::redact_values`] the texts and numbers of cells and fields become placeholders of the same type and
//! length (`EMEA 12.5` becomes `xxxx 11.1`), and so does what is searched for and selected; files become placeholders as
//! a whole. Names of apps, sheets and fields stay, and so do expressions: look at the file before you give it away.
//!
//! # The file
//!
//! JSON, a line for each thing that happened, written when it happened, so that a program that ends badly leaves what
//! it recorded. The first line says what the file is:
//!
//! ```json
//! {"qlik-recording":1,"host":"https://your-tenant.eu.qlikcloud.com","values_redacted":false}
//! ```
//!
//! | Line | Means |
//! |---|---|
//! | `request`, `answer` | a REST request with its answer; a body is `json`, `text`, `base64`, `parts`, or the number of its `bytes` where it was streamed |
//! | `socket`, `opened` | the socket of that number was opened at that path |
//! | `socket`, `call`, `reply` | a call of the Engine, and its reply without the id; no reply where the socket ended first |
//! | `socket`, `push` | a frame that came unasked: `before` the reply to a call, or `after` it |
//! | `socket`, `closed`, `reason` | the server closed the socket |
//!
//! It may be edited by hand. While recording, sessions ask for no deltas, so that every layout is whole; and a download
//! is read into memory before its first piece is given on. Every client that is built with a recorder begins its file
//! anew.

#[cfg(feature = "engine")]
pub(crate) mod engine;
mod file;
#[cfg(feature = "engine")]
pub(crate) mod line;
mod nearest;
mod recording;
mod redact;
mod rest;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use self::file::{Head, Writer};
use self::redact::Redactor;
use crate::rest::Interceptor;
use crate::{Host, Result};

pub use self::recording::Recording;

/// Records what a client sends and gets; [`QlikBuilder::record`](crate::QlikBuilder::record) takes it.
///
/// ```
/// use qlik::replay::Recorder;
///
/// let recorder = Recorder::to("session.jsonl").redact_values(true).redact_member("email");
/// # let _ = recorder;
/// ```
#[derive(Debug, Clone)]
#[must_use = "it is given to QlikBuilder::record"]
pub struct Recorder {
    path: PathBuf,
    redactor: Redactor,
}

impl Recorder {
    /// Into a file, which is made when the client is built. One that is there already is replaced.
    pub fn to(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), redactor: Redactor::default() }
    }

    /// Whether what stands in cells and fields, and in files, becomes placeholders. It stays unless set.
    pub fn redact_values(mut self, redact: bool) -> Self {
        self.redactor.values = redact;
        self
    }

    /// Takes out a member of JSON documents by its name, as `email`, wherever it stands; and pairs of queries and forms
    /// of that name.
    pub fn redact_member(mut self, name: impl Into<String>) -> Self {
        self.redactor.members.insert(name.into());
        self
    }
}

/// What a client does about recordings.
#[derive(Clone, Default)]
pub(crate) enum Tape {
    #[default]
    None,
    /// Wanted, and not begun.
    Wanted(Recorder),
    Recording(Session),
    Replaying(Recording),
}

/// A recording that is being made.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    writer: Arc<Writer>,
    redactor: Redactor,
    #[cfg_attr(not(feature = "engine"), allow(dead_code))] // counts the Engine's sockets
    sockets: Arc<AtomicU32>,
}

impl Tape {
    /// Begins, and gives what stands around REST calls: the innermost, so that what others changed is recorded.
    pub(crate) fn begin(&mut self, host: &Host) -> Result<Option<Arc<dyn Interceptor>>> {
        if let Tape::Wanted(Recorder { path, redactor }) = self {
            let writer = Arc::new(Writer::create(path, &Head::new(host.as_str(), redactor))?);
            *self = Tape::Recording(Session { writer, redactor: redactor.clone(), sockets: Arc::default() });
        }
        Ok(match self {
            Tape::Recording(session) => {
                let (writer, redactor) = (Arc::clone(&session.writer), session.redactor.clone());
                Some(Arc::new(rest::Record { writer, redactor }))
            }
            Tape::Replaying(recording) => Some(Arc::new(rest::Replay(recording.clone()))),
            Tape::None | Tape::Wanted(_) => None,
        })
    }

    /// What writes the sockets of a session of the Engine, where they are recorded.
    #[cfg(feature = "engine")]
    pub(crate) fn listener(&self) -> Option<Arc<engine::Listener>> {
        let Tape::Recording(Session { writer, redactor, sockets }) = self else { return None };
        let listener = engine::Listener::new(Arc::clone(writer), redactor.clone(), Arc::clone(sockets));
        Some(Arc::new(listener))
    }
}
