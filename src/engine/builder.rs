//! The settings of a session that is being opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::connect::Dialler;
use super::delta::Delta;
use super::interceptor::Interceptor;
use super::keepalive::Keepalive;
use super::resume::Resume;
use super::retry::RetryPolicy;
use super::session::{Session, Settings};
use super::{Doc, Proxy, error_codes, selections};
use crate::Qlik;
use crate::client::Core;
use crate::error::{Error, Result};
use crate::json::object;
use crate::opaque::Opaque;

/// The largest message taken in: layouts of megabytes are normal, and a wide hypercube page is larger still.
const MAX_MESSAGE: usize = 256 << 20;
/// How many calls are in flight at once.
const IN_FLIGHT: usize = 256;

/// What stands in a path segment, or in the value of a query, as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The Engine, over a WebSocket.
impl Qlik {
    /// Opens an app: connects to the engine that serves it, and has it loaded.
    ///
    /// The session stays open as long as the app, or anything made from it, is alive. With an identity or a time limit
    /// of its own, it begins with [`session`](Self::session).
    ///
    /// ```no_run
    /// # async fn example(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let doc = qlik.open_app("app-id").await?;
    /// let layout = doc.get_app_layout().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_app(&self, app_id: impl Into<String>) -> Result<Doc> {
        self.session(app_id).open().await
    }

    /// Begins a session for an app, with settings of its own: [`open`](SessionBuilder::open) connects and opens the
    /// app, [`connect`](SessionBuilder::connect) only connects.
    ///
    /// ```no_run
    /// # async fn example(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let session = qlik.session("app-id").identity("nightly-export").connect().await?;
    /// let version = session.global().engine_version().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn session(&self, app_id: impl Into<String>) -> SessionBuilder {
        SessionBuilder::new(self.core().clone(), app_id.into(), false)
    }

    /// Begins a session without an app: for what `Global` does, such as listing apps.
    pub fn engine(&self) -> SessionBuilder {
        self.session("engineData")
    }

    /// Begins a session with an app of its own, empty, which ends with it: for scripts and calculations that leave
    /// nothing behind.
    pub fn session_app(&self) -> SessionBuilder {
        let id = format!("SessionApp_{:016x}", fastrand::u64(..));
        SessionBuilder::new(self.core().clone(), id, true)
    }
}

/// The settings of a session that is being opened; see [`Qlik::session`].
///
/// Messages travel as they are: compression (`permessage-deflate`) is not offered to the server, since the WebSocket
/// library underneath has none. Where the size of layouts matters, [`delta`](Self::delta) saves more than that would.
#[derive(Clone)]
#[must_use = "a session is opened by connect()"]
pub struct SessionBuilder {
    core: Opaque<Core>,
    pub(super) app_id: String,
    session_app: bool,
    pub(super) identity: Option<String>,
    ttl: Option<Duration>,
    pub(super) no_data: bool,
    reload_uri: Option<String>,
    workload_type: Option<String>,
    headers: Vec<(String, String)>,
    max_message: usize,
    settings: Settings,
}

impl SessionBuilder {
    fn new(core: Opaque<Core>, app_id: String, session_app: bool) -> Self {
        let settings = Settings {
            timeout: None,
            in_flight: IN_FLIGHT,
            retry: RetryPolicy::default(),
            abort_modal: None,
            delta: Delta::off(),
            resume: Resume::default(),
            keepalive: Keepalive::for_host(&core.host),
            interceptors: Vec::new(),
        };
        SessionBuilder {
            core,
            app_id,
            session_app,
            identity: None,
            ttl: None,
            no_data: false,
            reload_uri: None,
            workload_type: None,
            headers: Vec::new(),
            max_message: MAX_MESSAGE,
            settings,
        }
    }

    /// Sets this session apart from others of the same user and app.
    ///
    /// The engine shares one session, selections included, among the connections with the same user, app and
    /// identity; an identity of its own keeps a program's selections from a person's.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// How long the engine keeps the session after the connection has gone, in whole seconds.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Opens the app without its data: much faster, for its script, its objects and its properties.
    pub fn no_data(mut self) -> Self {
        self.no_data = true;
        self
    }

    /// The page to send a person to when the session has to be begun anew.
    pub fn reload_uri(mut self, uri: impl Into<String>) -> Self {
        self.reload_uri = Some(uri.into());
        self
    }

    /// What the session is for, where the server places sessions by that.
    pub fn workload_type(mut self, workload_type: impl Into<String>) -> Self {
        self.workload_type = Some(workload_type.into());
        self
    }

    /// Adds a header to the request that opens the connection.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The largest message taken in, in bytes; 256 MiB unless set. A larger one ends the connection.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// What is done to keep the connection alive; by the host unless set: see [`Keepalive::for_host`].
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.settings.keepalive = keepalive;
        self
    }

    /// How long each call waits for its reply at most. Without it there is no limit: opening a large app or reloading
    /// it may rightly take long. It counts for the calls of a resume, too, which is tried again after one of them.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// How many calls are in flight at once, 256 unless set; further ones wait for their turn.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        self.settings.in_flight = calls.max(1);
        self
    }

    /// Which calls are made again after an error of the engine; those that were aborted unless set.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Ends a modal state when a call fails for it (error 6003), and makes the call again: accepting what was begun
    /// there, or not. Without this, such calls fail.
    pub fn abort_modal(mut self, accept: bool) -> Self {
        self.settings.abort_modal = Some(accept);
        self
    }

    /// Which calls ask for deltas; none unless set.
    pub fn delta(mut self, delta: Delta) -> Self {
        self.settings.delta = delta;
        self
    }

    /// Whether the session comes back by itself when its connection is lost; only by hand unless set.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.settings.resume = resume;
        self
    }

    /// Adds an interceptor; the first one added is outermost.
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.settings.interceptors.push(Arc::new(interceptor));
        self
    }

    // Connecting and opening are boxed: they are long ways, and would be part of every future that goes them.

    /// Connects.
    pub async fn connect(self) -> Result<Session> {
        Box::pin(self.connect_now()).await
    }

    #[cfg_attr(not(feature = "replay"), allow(unused_mut))]
    async fn connect_now(mut self) -> Result<Session> {
        let url = self.url()?;
        // a layout that is told as a difference is read at its own place in the order only
        #[cfg(feature = "replay")]
        if !matches!(self.core.settings.tape, crate::replay::Tape::None) {
            self.settings.delta = Delta::off();
        }
        #[cfg(feature = "replay")]
        let listener = self.core.settings.tape.listener();
        let dialler = Arc::new(Dialler {
            core: self.core,
            url,
            headers: self.headers,
            max_message: self.max_message,
            #[cfg(feature = "replay")]
            listener: listener.clone(),
        });
        let socket = Arc::clone(&dialler).dial().await?;
        let connector = Arc::new(move || Arc::clone(&dialler).dial());
        Ok(Session::start(
            socket,
            self.settings,
            connector,
            #[cfg(feature = "replay")]
            listener,
        ))
    }

    /// Connects, and opens the app.
    ///
    /// Where the engine has kept a session with the app open, this goes on with it; unless the one is with data and
    /// the other without, which is an error.
    pub async fn open(self) -> Result<Doc> {
        Box::pin(self.open_now()).await
    }

    async fn open_now(self) -> Result<Doc> {
        let (app_id, no_data, session_app) = (self.app_id.clone(), self.no_data, self.session_app);
        let keeps_selections = self.settings.resume.keeps_selections();
        let session = self.connect_now().await?;
        let doc = match session_app {
            true => open_session_app(&session).await?,
            false => open_app(&session, app_id, no_data).await?,
        };
        if keeps_selections {
            tokio::spawn(selections::keep(session.weak_shared()));
        }
        Ok(doc)
    }

    /// What tells the client apart from others, as long as it lives.
    pub(super) fn client(&self) -> usize {
        &raw const *self.core as usize
    }

    /// `wss://host/app/{id}/identity/{identity}/ttl/{seconds}`.
    fn url(&self) -> Result<String> {
        let mut url = format!("{}/app/{}", self.core.host.socket_base(), segment("app id", &self.app_id)?);
        if let Some(identity) = &self.identity {
            url += "/identity/";
            url += &segment("identity", identity)?;
        }
        if let Some(ttl) = self.ttl {
            url += "/ttl/";
            url += &ttl.as_secs().to_string();
        }
        let mut separator = '?';
        for (name, value) in [("reloadUri", &self.reload_uri), ("workloadType", &self.workload_type)] {
            if let Some(value) = value {
                url.push(separator);
                url += name;
                url.push('=');
                url.extend(utf8_percent_encode(value, SEGMENT));
                separator = '&';
            }
        }
        Ok(url)
    }
}

async fn open_app(session: &Session, app_id: String, no_data: bool) -> Result<Doc> {
    let global = session.global();
    let mut call = global.open_doc(app_id.as_str());
    let mut opening = object! { "qDocName": app_id };
    if no_data {
        call = call.no_data(true);
        opening["qNoData"] = true.into();
    }
    match call.await {
        Err(error) if error.engine_code() == Some(error_codes::APP_ALREADY_OPEN) => {}
        opened => return opened,
    }
    session.remember_opening(opening);
    let doc = global.get_active_doc().await?;
    // an app that was opened without its data by somebody else would look empty
    let layout = doc.handle().call("GetAppLayout", object! {}).await?;
    let without = layout.pointer("/qLayout/qIsOpenedWithoutData").and_then(Value::as_bool);
    if without.is_some_and(|without| without != no_data) {
        let how = |without: bool| if without { "without its data" } else { "with its data" };
        return Err(Error::config(format!(
            "the app is open in this session {}, and was to be opened {}: give the session an identity of its own",
            how(!no_data),
            how(no_data)
        )));
    }
    Ok(doc)
}

/// Some servers make the app with the session, others when they are asked to.
async fn open_session_app(session: &Session) -> Result<Doc> {
    match session.global().get_active_doc().await {
        Ok(doc) => Ok(doc),
        Err(Error::Engine(_)) => session.global().create_session_app().await,
        Err(error) => Err(error),
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("host", &self.core.host)
            .field("app_id", &self.app_id)
            .field("identity", &self.identity)
            .field("ttl", &self.ttl)
            .field("no_data", &self.no_data)
            .field("call_timeout", &self.settings.timeout)
            .field("resume", &self.settings.resume)
            .finish_non_exhaustive()
    }
}

/// A value as one segment of a path.
fn segment(what: &str, value: &str) -> Result<String> {
    match value {
        "" => Err(Error::config(format!("the {what} is empty"))),
        "." | ".." => Err(Error::config(format!("the {what} cannot be `{value}`"))),
        value => Ok(utf8_percent_encode(value, SEGMENT).to_string()),
    }
}
