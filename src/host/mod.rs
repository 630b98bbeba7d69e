//! Hosts: where a client talks to, in every form that people paste.

#[cfg(feature = "contexts")]
pub(crate) mod contexts;
pub(crate) mod environment;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use url::Url;

use crate::{Error, Result};

/// The host that a client talks to: scheme, name and port; for a client-managed server also the prefix of a virtual
/// proxy.
///
/// A host is written as people have it: with or without `https://`, in any case, with the path of the page that it
/// was copied from. `https` is what a name without a scheme means; `http://` has to be written out, and Qlik Cloud
/// does not accept it. On a client-managed server a path that is no page of Qlik's begins with the prefix of a virtual
/// proxy.
///
/// ```
/// use qlik::{Auth, Qlik};
///
/// # fn main() -> qlik::Result<()> {
/// let qlik = Qlik::builder("Your-Tenant.eu.qlikcloud.com/hub/")
///     .auth(Auth::api_key("eyJhbGciOi..."))
///     .build()?;
/// assert_eq!(qlik.host().as_str(), "https://your-tenant.eu.qlikcloud.com");
///
/// let host: qlik::Host = "https://qlik-server.example/py_api/hub".parse()?;
/// assert_eq!((host.name(), host.virtual_proxy()), ("qlik-server.example", Some("py_api")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// Always with the path `/`, and nothing after it.
    base: Url,
    /// The base without the slash.
    origin: Box<str>,
    prefix: Option<Box<str>>,
    deployment: Deployment,
    /// Whether the services behind the proxy are talked to, each on its port.
    services: bool,
}

/// What kind of installation a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deployment {
    /// Qlik Cloud.
    Cloud,
    /// Qlik Sense on servers of one's own, or on the desktop.
    ClientManaged,
}

/// The ports of the services: Repository, Proxy, Engine.
const REPOSITORY: u16 = 4242;
const PROXY: u16 = 4243;
const ENGINE: u16 = 4747;

/// The first segments of paths that people paste and that are no prefix of a virtual proxy.
const PAGES: &[&str] = &[
    "analytics",
    "api",
    "app",
    "appcontent",
    "console",
    "content",
    "dev-hub",
    "extensions",
    "hub",
    "insights",
    "login",
    "logout",
    "qmc",
    "qps",
    "qrs",
    "resources",
    "sense",
    "single",
    "tempcontent",
];

impl Host {
    /// The host of an organization, above its tenants.
    pub const ORGANIZATION: &str = "https://console.qlikcloud.com";

    /// Reads a host as a person wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_matches(['"', '\'', '<', '>']).trim();
        if text.is_empty() {
            return Err(Error::config("the host is empty; give it as https://your-tenant.eu.qlikcloud.com"));
        }
        let written = match text.split_once("://") {
            Some(_) => text.to_owned(),
            None => format!("https://{}", text.trim_start_matches('/')),
        };
        let url = Url::parse(&written).map_err(|error| {
            // What stands before an @ may be a password.
            let shown = text.rsplit('@').next().unwrap_or_default();
            Error::config(format!(
                "the host `{shown}` cannot be read ({error}); give it as https://your-tenant.eu.qlikcloud.com"
            ))
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config("the host holds a user name or a password; give them to Auth instead"));
        }
        let scheme = url.scheme();
        let Some(name) = url.host_str().filter(|name| !name.is_empty()) else {
            return Err(Error::config(format!("the host `{text}` has no name")));
        };
        match scheme {
            "https" => {}
            "http" if !is_cloud(name) => {}
            "http" => {
                return Err(Error::config(format!(
                    "Qlik Cloud is reached over https only; give the host as https://{name}"
                )));
            }
            "ws" | "wss" => {
                return Err(Error::config(format!(
                    "the host is given with {scheme}://; give it with {}://, the Engine's socket follows from it",
                    if scheme == "ws" { "http" } else { "https" }
                )));
            }
            other => {
                return Err(Error::config(format!(
                    "the host starts with {other}://; it has to start with https:// (or, for a server without TLS, http://)"
                )));
            }
        }
        if matches!(name, "qlikcloud.com" | "qlikcloudgov.com" | "www.qlikcloud.com") {
            return Err(Error::config(format!(
                "`{name}` is Qlik Cloud as a whole; give the host of your tenant, as https://your-tenant.eu.{name}"
            )));
        }
        let deployment = if is_cloud(name) { Deployment::Cloud } else { Deployment::ClientManaged };
        let prefix = match deployment {
            Deployment::Cloud => None,
            Deployment::ClientManaged => prefix(&url)?,
        };
        let origin = url.origin().ascii_serialization();
        let base =
            Url::parse(&origin).map_err(|error| Error::config(format!("the host `{text}` cannot be read: {error}")))?;
        Ok(Self { base, origin: origin.into(), prefix, deployment, services: false })
    }

    /// The host with its scheme, and with its port where that is not the scheme's own; no slash at the end, and no
    /// prefix.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// The name alone, as `your-tenant.eu.qlikcloud.com`.
    pub fn name(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// What kind of installation it is: by its name, unless [`QlikBuilder::deployment`](crate::QlikBuilder::deployment)
    /// says otherwise.
    pub fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Whether it is Qlik Cloud.
    pub fn is_cloud(&self) -> bool {
        self.deployment == Deployment::Cloud
    }

    /// The prefix of the virtual proxy of a client-managed server, without slashes.
    pub fn virtual_proxy(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    pub(crate) fn with_deployment(self, deployment: Deployment) -> Self {
        Self { deployment, ..self }
    }

    /// The same host, past its proxy: each service on its port.
    pub(crate) fn with_services(self) -> Self {
        Self { services: true, prefix: None, ..self }
    }

    /// The URL of a path, which may have the prefix already.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        if self.has_ports() {
            let service = path.split('/').nth(1).unwrap_or_default();
            // A host with TLS takes every port.
            let _ = url.set_port(Some(match service {
                "qps" => PROXY,
                "app" => ENGINE,
                _ => REPOSITORY,
            }));
        }
        url.set_path(&self.placed(path));
        url
    }

    /// A path with the prefix in front, which it may have already.
    pub(crate) fn placed<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match &self.prefix {
            Some(prefix) if !begins(path, prefix) => format!("/{prefix}{path}").into(),
            _ => path.into(),
        }
    }

    /// Whether each service has its own port, and not all of them one that was given.
    fn has_ports(&self) -> bool {
        self.services && matches!(self.base.port(), None | Some(REPOSITORY | PROXY | ENGINE))
    }

    /// Whether a URL points to this host: the only place that credentials go to.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        // By hand, for an `Origin` is made of copies, and every request asks.
        let port = match self.has_ports() {
            true => matches!(url.port(), Some(REPOSITORY | PROXY | ENGINE)),
            false => url.port_or_known_default() == self.base.port_or_known_default(),
        };
        port && url.scheme() == self.base.scheme() && url.host_str() == self.base.host_str()
    }

    /// Where sockets are opened: `wss://...`, with the prefix of the virtual proxy, without a slash at the end.
    #[cfg(feature = "engine")]
    pub(crate) fn socket_base(&self) -> String {
        // http becomes ws, https becomes wss.
        let url = self.at("/app");
        let text = format!("ws{}", url.as_str().trim_start_matches("http"));
        text.strip_suffix("/app").unwrap_or(&text).to_owned()
    }

    /// The port that sockets are opened on.
    #[cfg(feature = "engine")]
    pub(crate) fn socket_port(&self) -> u16 {
        self.at("/app").port_or_known_default().unwrap_or(443)
    }
}

impl std::str::FromStr for Host {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The prefix of a virtual proxy at the beginning of a path that was pasted.
fn prefix(url: &Url) -> Result<Option<Box<str>>> {
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    if first.is_empty() || PAGES.iter().any(|page| first.eq_ignore_ascii_case(page)) {
        return Ok(None);
    }
    let plain = first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    match plain {
        true => Ok(Some(first.to_lowercase().into())),
        false => Err(Error::config(format!(
            "`{first}` cannot be the prefix of a virtual proxy; give the host as https://qlik-server.example/prefix"
        ))),
    }
}

/// Whether a path begins with a prefix.
fn begins(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_cloud(name: &str) -> bool {
    ["qlikcloud.com", "qlikcloudgov.com"]
        .iter()
        .any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        match &self.prefix {
            Some(prefix) => write!(f, "/{prefix}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.to_string()).finish()
    }
}
