//! The client: host, credentials and settings, shared by everything that is called through it.

mod builder;
mod signing;

use std::fmt;

use crate::Result;
use crate::auth::{Auth, Channel, Started};
use crate::host::Host;
use crate::http::Settings;
use crate::http::limiter::Limiter;
use crate::http::notice::Notices;
use crate::http::retry::Budget;
use crate::http::tls::Tls;
use crate::opaque::Opaque;
use crate::rest::{Answer, Api, Call, Method};

pub use builder::QlikBuilder;

/// A client for one Qlik tenant or server, signed in as one user.
///
/// It is cheap to clone, and clones share connections and settings. Make one per tenant and user and keep it: it is
/// where the connections live.
///
/// The REST APIs are methods that give typed clients (`qlik.items()`), each behind the feature of its name. Whatever
/// is not among them can be called by its path:
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// let raw: serde_json::Value = qlik.get("/api/v1/brand-new").query("limit", 10).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Qlik(Opaque<Core>);

/// What all the clones of a client share.
pub(crate) struct Core {
    pub(crate) host: Host,
    /// The recipe, for clients of other hosts.
    auth: Auth,
    pub(crate) started: Started,
    pub(crate) channel: Channel,
    pub(crate) settings: Settings,
    /// None where the client does not limit itself.
    pub(crate) limiter: Option<Limiter>,
    pub(crate) budget: Budget,
    pub(crate) notices: Notices,
    #[cfg_attr(not(all(feature = "engine", any(feature = "rustls", feature = "native-tls"))), allow(dead_code))]
    // the Engine's socket uses it, too
    pub(crate) tls: Tls,
    pub(crate) transport: reqwest::Client,
}

impl Core {
    fn begin(host: Host, auth: Auth, settings: Settings, tls: Tls, transport: reqwest::Client) -> Result<Opaque<Self>> {
        let channel = Channel::new(host.clone(), transport.clone(), settings.timeout);
        let started = auth.start(channel.clone())?;
        let limiter = settings.rate_limits.clone().map(Limiter::new);
        let budget = Budget::new(settings.retry_budget);
        let notices = Notices::new(settings.deprecations.clone());
        let core = Core { host, auth, started, channel, settings, limiter, budget, notices, tls, transport };
        Ok(Opaque::new(core))
    }
}

impl Qlik {
    /// Starts a client for a host, which may be given in any form that people paste: see [`Host`].
    pub fn builder(host: impl Into<String>) -> QlikBuilder {
        QlikBuilder::new(host.into())
    }

    /// A client by the settings in the environment.
    ///
    /// | variable | what it gives |
    /// |---|---|
    /// | `QLIK_HOST` | the host; always needed |
    /// | `QLIK_API_KEY` | an API key |
    /// | `QLIK_ACCESS_TOKEN` | an access token |
    /// | `QLIK_CLIENT_ID`, `QLIK_CLIENT_SECRET` | an OAuth client that signs in as itself |
    /// | `QLIK_SUBJECT`, `QLIK_USER_ID` | the user to sign in as by that client |
    /// | `QLIK_SCOPE` | the scopes to ask for, separated by spaces |
    /// | `QLIK_CLIENT_CERT`, `QLIK_CLIENT_KEY` | the files of a client certificate, in PEM |
    /// | `QLIK_USER_DIRECTORY`, `QLIK_USER_ID` | the user that it speaks for |
    /// | `QLIK_ROOT_CERT` | a file of further root certificates, in PEM |
    ///
    /// One way of signing in has to be given, and no two. [`QlikBuilder::from_env`] takes further settings.
    pub fn from_env() -> Result<Self> {
        QlikBuilder::from_env()?.build()
    }

    /// A client by a context of qlik-cli, by its name; without one, by the context in use.
    ///
    /// The contexts are in `.qlik/contexts.yml` in the user's home, or in the folder that `QLIK_CLI_USER_HOME_DIR` names.
    #[cfg(feature = "contexts")]
    #[cfg_attr(docsrs, doc(cfg(feature = "contexts")))]
    pub fn from_context(name: Option<&str>) -> Result<Self> {
        QlikBuilder::from_context(name)?.build()
    }

    /// Starts a client for an organization, above its tenants. It signs in by an OAuth client of the organization.
    pub fn organization() -> QlikBuilder {
        Self::builder(Host::ORGANIZATION)
    }

    /// The same client for another host: with the same settings and over the same pool of connections, signed in there
    /// for itself.
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// for tenant in ["one.eu.qlikcloud.com", "two.us.qlikcloud.com"] {
    ///     let me: serde_json::Value = qlik.at(tenant)?.get("/api/v1/users/me").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A secret that belongs to the one host, as an API key, is then sent to the other, too.
    pub fn at(&self, host: impl AsRef<str>) -> Result<Self> {
        let core = &self.0;
        let mut host = Host::parse(host.as_ref())?;
        if core.auth.identity().is_some() {
            host = host.with_services();
        }
        let (tls, transport) = (core.tls.clone(), core.transport.clone());
        Core::begin(host, core.auth.clone(), core.settings.clone(), tls, transport).map(Self)
    }

    /// A client that answers from a recording, without network and credentials; see [`replay`](crate::replay).
    ///
    /// With settings of its own, it is built by [`QlikBuilder::replay`].
    #[cfg(feature = "replay")]
    pub fn replay(path: impl AsRef<std::path::Path>) -> Result<Self> {
        let recording = crate::replay::Recording::read(path)?;
        Self::builder(recording.host()).replay(recording).build()
    }

    /// The host that the client talks to.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// A `GET` request to a path of the host; a path of a typed client is better called there.
    ///
    /// The path is sent as it is written, with what may not stand in a URL percent-encoded. A value that comes from
    /// elsewhere belongs in a placeholder, where it cannot change the path:
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik, id: String) -> qlik::Result<()> {
    /// let item: serde_json::Value = qlik.get("/api/v1/items/{id}").path("id", id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<T: Answer>(&self, path: impl Into<String>) -> Call<T> {
        self.request(Method::Get, path)
    }

    /// A `POST` request to a path of the host; see [`get`](Qlik::get).
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let space: serde_json::Value = qlik
    ///     .post("/api/v1/spaces")
    ///     .json(&serde_json::json!({ "name": "Sales", "type": "shared" }))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn post<T: Answer>(&self, path: impl Into<String>) -> Call<T> {
        self.request(Method::Post, path)
    }

    /// A `PUT` request to a path of the host; see [`get`](Qlik::get).
    pub fn put<T: Answer>(&self, path: impl Into<String>) -> Call<T> {
        self.request(Method::Put, path)
    }

    /// A `PATCH` request to a path of the host; see [`get`](Qlik::get).
    pub fn patch<T: Answer>(&self, path: impl Into<String>) -> Call<T> {
        self.request(Method::Patch, path)
    }

    /// A `DELETE` request to a path of the host; see [`get`](Qlik::get).
    pub fn delete<T: Answer>(&self, path: impl Into<String>) -> Call<T> {
        self.request(Method::Delete, path)
    }

    /// A request with any method to a path of the host; see [`get`](Qlik::get).
    pub fn request<T: Answer>(&self, method: Method, path: impl Into<String>) -> Call<T> {
        self.api().raw(method, &path.into())
    }

    /// What the typed REST clients are made from.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.0.clone())
    }

    /// What the Engine's session is made from.
    #[cfg(feature = "engine")]
    pub(crate) fn core(&self) -> &Opaque<Core> {
        &self.0
    }
}

impl fmt::Debug for Qlik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qlik").field("host", &self.0.host).field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
