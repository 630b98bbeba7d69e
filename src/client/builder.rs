//! The settings of a client that is being made.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Core, Qlik};
use crate::auth::Auth;
use crate::host::{Deployment, Host, environment};
use crate::http::connection::Proxy;
use crate::http::intercept::Interceptor;
use crate::http::limiter::RateLimits;
use crate::http::notice::Deprecation;
use crate::http::observe::{Attempt, Observer};
use crate::http::retry::Retry;
use crate::http::tls::{Tls, Trust};
use crate::http::{Settings, headers};
use crate::{Error, Result};

/// The settings of a client that is being made; see [`Qlik::builder`].
#[derive(Clone)]
#[must_use = "a client is made by build()"]
pub struct QlikBuilder {
    host: String,
    auth: Option<Auth>,
    api_version: Option<String>,
    deployment: Option<Deployment>,
    root_files: Vec<PathBuf>,
    settings: Settings,
}

impl QlikBuilder {
    pub(crate) fn new(host: String) -> Self {
        let settings = Settings::default();
        Self { host, auth: None, api_version: None, deployment: None, root_files: Vec::new(), settings }
    }

    /// How to sign in.
    pub fn auth(mut self, auth: impl Into<Auth>) -> Self {
        self.auth = Some(auth.into());
        self
    }

    /// The settings in the environment; see [`Qlik::from_env`].
    pub fn from_env() -> Result<Self> {
        environment::read(|name| std::env::var(name).ok())
    }

    /// The settings of a context of qlik-cli; see [`Qlik::from_context`].
    #[cfg(feature = "contexts")]
    #[cfg_attr(docsrs, doc(cfg(feature = "contexts")))]
    pub fn from_context(name: Option<&str>) -> Result<Self> {
        Self::from_context_file(crate::host::contexts::file()?, name)
    }

    /// The same, with the file that the contexts are in.
    #[cfg(feature = "contexts")]
    #[cfg_attr(docsrs, doc(cfg(feature = "contexts")))]
    pub fn from_context_file(path: impl AsRef<std::path::Path>, name: Option<&str>) -> Result<Self> {
        crate::host::contexts::read(path.as_ref(), name)
    }

    /// What kind of installation the host is, where its name does not tell: a tenant of Qlik Cloud behind a name of one's
    /// own.
    pub fn deployment(mut self, deployment: Deployment) -> Self {
        self.deployment = Some(deployment);
        self
    }

    /// How long a call may take as a whole: signing in, retries, and the body of the answer included. 60 seconds
    /// unless set. Time that a call waits for its turn under the client's own rate limit is not counted.
    ///
    /// For what is streamed, which may rightly take hours, it is the time without any progress: between two chunks of
    /// a body that is sent or of a [`Download`](crate::rest::Download). A call can set its own by
    /// [`Call::timeout`](crate::rest::Call::timeout).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = limit;
        self
    }

    /// How long making a connection may take. 10 seconds unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = limit;
        self
    }

    /// How long nothing may come while an answer is awaited or read. No limit of its own unless set: the one of
    /// [`timeout`](QlikBuilder::timeout) holds.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.settings.read_timeout = Some(limit);
        self
    }

    /// How often a call is tried again after a failure that may pass. Twice unless set; 0 turns it off.
    ///
    /// Tried again are calls that do no harm when they arrive twice (GET, HEAD, OPTIONS, PUT, DELETE), after a broken
    /// connection and the statuses 408, 429, 502, 503 and 504, and those that only read after a 500, too; any other
    /// only where it cannot have arrived: after status 429, and where no connection was made. A body that is streamed
    /// is sent once, unless it comes from a file.
    pub fn retries(self, times: u32) -> Self {
        self.retry(Retry::times(times))
    }

    /// When a call is tried again, with its pauses; see [`retries`](QlikBuilder::retries). A call can set its own by
    /// [`Call::retry`](crate::rest::Call::retry).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = retry;
        self
    }

    /// How many retries the client and its clones have in reserve. 100 unless set.
    ///
    /// Each retry costs one, and each call that ends well gives back a half, so that a service that is down is not
    /// called three times as often as one that is up. What a server asked for by `Retry-After` costs nothing.
    pub fn retry_budget(mut self, retries: u32) -> Self {
        self.settings.retry_budget = retries;
        self
    }

    /// How many calls the client makes at most. Qlik's own limits unless set.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.settings.rate_limits = Some(limits);
        self
    }

    /// Makes calls as fast as they come, and leaves it to the server to refuse them.
    pub fn no_rate_limits(mut self) -> Self {
        self.settings.rate_limits = None;
        self
    }

    /// Adds code of the program's own around every REST call. The first one added is the outermost.
    pub fn interceptor(mut self, interceptor: impl Interceptor) -> Self {
        self.settings.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Calls a function after every attempt of a REST call, for metrics.
    ///
    /// ```
    /// # let builder = qlik::Qlik::builder("https://your-tenant.eu.qlikcloud.com");
    /// let builder = builder.on_attempt(|attempt| {
    ///     println!("{} {:?} {:?}", attempt.path(), attempt.status(), attempt.elapsed());
    /// });
    /// # let _ = builder;
    /// ```
    pub fn on_attempt(mut self, observer: impl Fn(&Attempt<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observer = Some(Observer(Arc::new(observer)));
        self
    }

    /// Calls a function when an answer says that its operation is deprecated: once for each operation.
    ///
    /// A warning is traced in any case.
    pub fn on_deprecation(mut self, listener: impl Fn(&Deprecation) + Send + Sync + 'static) -> Self {
        self.settings.deprecations = Some(Arc::new(listener));
        self
    }

    /// The edition of Qlik's APIs that the program is written for, as `2026-05`. It selects of which deprecations the
    /// server gives notice.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.api_version = Some(version.into());
        self
    }

    /// Sends everything through a proxy, given by its URL. Unless set, the one that the environment (`HTTPS_PROXY` and
    /// the like) or the platform names is used, if any.
    ///
    /// The Engine's sockets do not go through it.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.connection.proxy = Proxy::Url(url.into());
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.settings.connection.proxy = Proxy::None;
        self
    }

    /// Believes further root certificates, given in PEM, beside those of the platform: those of a client-managed
    /// server with certificates of its own, or of a proxy that opens connections.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.connection.roots.push(pem.into());
        self
    }

    /// The same, from a file: `root.pem` of a certificate export, as a rule.
    pub fn root_certificates_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.root_files.push(path.into());
        self
    }

    /// Believes any certificate, of whomever: everything that is sent, secrets included, can then be read by who stands
    /// between. For a test against a server of one's own; [`root_certificates`](QlikBuilder::root_certificates) is the
    /// way to believe a server's own root.
    pub fn danger_accept_invalid_certs(mut self, accept: bool) -> Self {
        self.settings.connection.blindly = accept;
        self
    }

    /// Speaks HTTP/1.1 even with servers that offer HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.settings.connection.http1_only = true;
        self
    }

    /// How many connections are kept while they are idle. No limit unless set.
    pub fn idle_connections(mut self, most: usize) -> Self {
        self.settings.connection.idle_connections = Some(most);
        self
    }

    /// How long a connection is kept while it is idle. 90 seconds unless set.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.settings.connection.idle_timeout = Some(time);
        self
    }

    /// Does not ask for compressed answers, where the time to unpack them is worth more than the network's.
    pub fn no_compression(mut self) -> Self {
        self.settings.connection.uncompressed = true;
        self
    }

    /// The name and version of the program, put before this crate's own in the `User-Agent` header.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.settings.product = Some(product.into());
        self
    }

    /// Records everything that the client sends and gets; see [`replay`](crate::replay).
    #[cfg(feature = "replay")]
    pub fn record(mut self, recorder: crate::replay::Recorder) -> Self {
        self.settings.tape = crate::replay::Tape::Wanted(recorder);
        self
    }

    /// Answers everything from a recording, without network and credentials; see [`replay`](crate::replay).
    #[cfg(feature = "replay")]
    pub fn replay(mut self, recording: crate::replay::Recording) -> Self {
        // What is not sent is not signed; an Auth is still demanded.
        self.auth = Some(Auth::api_key("replayed"));
        self.settings.tape = crate::replay::Tape::Replaying(recording);
        self
    }

    /// Makes the client. Nothing is sent yet: a wrong key shows at the first call.
    pub fn build(mut self) -> Result<Qlik> {
        let mut host = Host::parse(&self.host)?;
        let auth = self.auth.ok_or_else(|| {
            Error::config("the client has no way of signing in; give one by .auth(Auth::api_key(key))")
        })?;
        if let Some(deployment) = self.deployment {
            host = host.with_deployment(deployment);
        }
        if auth.identity().is_some() {
            host = host.with_services();
        }
        if let Some(version) = &self.api_version {
            let value = headers::value(version).filter(|_| is_edition(version));
            self.settings.api_version = Some(value.ok_or_else(|| {
                Error::config(format!("`{}` is no edition of Qlik's APIs; give it as 2026-05", version.escape_debug()))
            })?);
        }
        let mut settings = self.settings;
        #[cfg(feature = "replay")]
        settings.interceptors.extend(settings.tape.begin(&host)?);
        for path in &self.root_files {
            let pem = std::fs::read(path)
                .map_err(|error| Error::config(format!("{} cannot be read: {error}", path.display())))?;
            settings.connection.roots.push(pem);
        }
        let connection = &settings.connection;
        let trust = Trust { roots: &connection.roots, identity: auth.identity(), blindly: connection.blindly };
        let tls = Tls::new(&host, trust)?;
        let transport = settings.transport(&tls)?;
        Core::begin(host, auth, settings, tls, transport).map(Qlik)
    }
}

impl fmt::Debug for QlikBuilder {
    /// The host is shown as it was understood, and not as it was written: that may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QlikBuilder")
            .field("host", &Host::parse(&self.host).ok())
            .field("auth", &self.auth)
            .field("settings", &self.settings)
            .finish()
    }
}

/// Whether a text is a year and a month, as `2026-05`.
fn is_edition(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(year, 4) && digits(month, 2)
}
