//! The client: host, credentials and settings, shared by everything that is called through it.

mod builder;

use std::fmt;
use std::sync::Arc;

use crate::Result;
use crate::auth::Auth;
use crate::host::{Host, environment};
use crate::http::Settings;
use crate::http::limiter::Limiter;
use crate::http::notice::Notices;
use crate::http::retry::Budget;
use crate::http::tls::Tls;
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
pub struct Qlik(Arc<Core>);

/// What all the clones of a client share.
pub(crate) struct Core {
    pub(crate) host: Host,
    pub(crate) auth: Auth,
    pub(crate) settings: Settings,
    /// None where the client does not limit itself.
    pub(crate) limiter: Option<Limiter>,
    pub(crate) budget: Budget,
    pub(crate) notices: Notices,
    #[cfg_attr(not(all(feature = "engine", feature = "rustls")), allow(dead_code))] // the Engine's socket uses it, too
    pub(crate) tls: Tls,
    pub(crate) transport: reqwest::Client,
}

impl Qlik {
    /// Starts a client for a host, which may be given in any form that people paste: see [`Host`].
    pub fn builder(host: impl Into<String>) -> QlikBuilder {
        QlikBuilder::new(host.into())
    }

    /// A client for the host in the environment variable `QLIK_HOST`, signed in with the key in `QLIK_API_KEY`.
    pub fn from_env() -> Result<Self> {
        let (host, auth) = environment::read(|name| std::env::var(name).ok())?;
        Self::builder(host.as_str()).auth(auth).build()
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
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0
    }
}

impl fmt::Debug for Qlik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qlik").field("host", &self.0.host).field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
