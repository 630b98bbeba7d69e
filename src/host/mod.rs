//! Hosts: where a client talks to, in every form that people paste.

pub(crate) mod environment;

use std::fmt;

use url::Url;

use crate::{Error, Result};

/// The host that a client talks to: scheme, name and port, nothing else.
///
/// A host is written as people have it: with or without `https://`, in any case, with the path of the page that it
/// was copied from. `https` is what a name without a scheme means; `http://` has to be written out, and Qlik Cloud
/// does not accept it.
///
/// ```
/// use qlik::{Auth, Qlik};
///
/// # fn main() -> qlik::Result<()> {
/// let qlik = Qlik::builder("Your-Tenant.eu.qlikcloud.com/hub/")
///     .auth(Auth::api_key("eyJhbGciOi..."))
///     .build()?;
/// assert_eq!(qlik.host().as_str(), "https://your-tenant.eu.qlikcloud.com");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// Always with the path `/`, and nothing after it.
    base: Url,
    /// The base without the slash.
    origin: Box<str>,
}

impl Host {
    /// Reads a host as a person wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_matches(['"', '\'']).trim();
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
        let origin = url.origin().ascii_serialization();
        let base =
            Url::parse(&origin).map_err(|error| Error::config(format!("the host `{text}` cannot be read: {error}")))?;
        Ok(Self { base, origin: origin.into() })
    }

    /// The host with its scheme, and with its port where that is not the scheme's own; no slash at the end.
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

    /// The host as the base of URLs.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Whether a URL points to this host: the only place that credentials go to.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The same host for WebSockets: `wss://...`, without a slash at the end.
    #[cfg(feature = "engine")]
    pub(crate) fn socket_origin(&self) -> String {
        // http becomes ws, https becomes wss.
        format!("ws{}", self.origin.trim_start_matches("http"))
    }
}

fn is_cloud(name: &str) -> bool {
    ["qlikcloud.com", "qlikcloudgov.com"]
        .iter()
        .any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.origin).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_people_paste() {
        for (text, origin) in [
            ("t.eu.qlikcloud.com", "https://t.eu.qlikcloud.com"),
            ("https://t.eu.qlikcloud.com/", "https://t.eu.qlikcloud.com"),
            ("HTTPS://T.EU.QlikCloud.com/hub?x=1#y", "https://t.eu.qlikcloud.com"),
            (" \"t.eu.qlikcloud.com/console/users\"\n", "https://t.eu.qlikcloud.com"),
            ("https://t.eu.qlikcloud.com:443/api/v1/", "https://t.eu.qlikcloud.com"),
            ("//t.eu.qlikcloud.com", "https://t.eu.qlikcloud.com"),
            ("server:4747", "https://server:4747"),
            ("localhost:8080", "https://localhost:8080"),
            ("http://127.0.0.1:4848/", "http://127.0.0.1:4848"),
            ("http://[::1]:80", "http://[::1]"),
            ("[::1]:9", "https://[::1]:9"),
        ] {
            assert_eq!(Host::parse(text).unwrap().as_str(), origin, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_others() {
        for (text, part) in [
            ("", "empty"),
            (" / ", "cannot be read"),
            ("https://", "cannot be read"),
            ("ftp://server", "ftp://"),
            ("wss://t.eu.qlikcloud.com/app/x", "https://"),
            ("http://t.eu.qlikcloud.com", "https only"),
            ("http://qlikcloud.com", "https only"),
            ("https://me:hunter2@server", "Auth"),
            ("https://server:99999", "port"),
            ("me:hunter2@server:99999", "port"),
            ("two words", "cannot be read"),
        ] {
            let error = Host::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(Host::parse("http://notqlikcloud.com").is_ok());
    }

    #[test]
    fn knows_its_own_urls() {
        let host = Host::parse("server:8443").unwrap();
        for (url, own) in [
            ("https://server:8443/x", true),
            ("https://SERVER:8443/", true),
            ("http://server:8443/x", false),
            ("https://server/x", false),
            ("https://server.evil:8443/", false),
            ("https://server:8443@evil/", false),
        ] {
            assert_eq!(host.is_origin_of(&Url::parse(url).unwrap()), own, "{url}");
        }
        #[cfg(feature = "engine")]
        {
            assert_eq!(host.socket_origin(), "wss://server:8443");
            let plain = Host::parse("http://127.0.0.1:1").unwrap();
            assert_eq!(plain.socket_origin(), "ws://127.0.0.1:1");
        }
    }
}
