//! The contexts of qlik-cli: named hosts with their credentials, in a file of the user's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::auth::Identity;
use crate::host::Deployment;
use crate::{Auth, Error, QlikBuilder, Result};

/// Names the folder in which `.qlik` is, where that is not the user's home.
const HOME: &str = "QLIK_CLI_USER_HOME_DIR";

/// The file, as far as it is known here.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    current_context: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Context>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Context {
    server: Option<String>,
    server_type: Option<String>,
    api_key: Option<String>,
    oauth_client_id: Option<String>,
    oauth_client_secret: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    certificates: Option<PathBuf>,
    #[serde(default)]
    insecure: bool,
}

/// Where the contexts are.
pub(crate) fn file() -> Result<PathBuf> {
    let home = std::env::var_os(HOME).map(PathBuf::from).or_else(std::env::home_dir);
    let home = home.filter(|home| !home.as_os_str().is_empty());
    let home = home.ok_or_else(|| Error::config(format!("the user has no home folder; {HOME} can name another")))?;
    // The variable may name the file's folder itself.
    let direct = home.join("contexts.yml");
    Ok(if direct.is_file() { direct } else { home.join(".qlik").join("contexts.yml") })
}

/// The settings of a context, by its name or the one in use.
pub(crate) fn read(path: &Path, name: Option<&str>) -> Result<QlikBuilder> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map(zeroize::Zeroizing::new).map_err(|error| {
        Error::config(format!(
            "the contexts of qlik-cli cannot be read from {shown} ({error}); `qlik context init` makes one"
        ))
    })?;
    // The text of the error may quote the file, which holds secrets: its place is enough.
    let file: File = serde_yaml_ng::from_str(&text).map_err(|error| {
        let line = error.location().map(|place| format!(", line {}", place.line())).unwrap_or_default();
        Error::config(format!("the contexts in {shown} do not read{line}"))
    })?;
    let name = name.or(file.current_context.as_deref()).filter(|name| !name.is_empty()).ok_or_else(|| {
        Error::config(format!("no context is in use in {shown}; choose one by its name, or by `qlik context use`"))
    })?;
    let Some(context) = file.contexts.get(name) else {
        let known: Vec<_> = file.contexts.keys().map(String::as_str).collect();
        return Err(Error::config(format!("there is no context `{name}` in {shown}; there are: {}", known.join(", "))));
    };
    context.builder().map_err(|error| Error::config(format!("the context `{name}` in {shown}: {error}")))
}

impl Context {
    fn builder(&self) -> Result<QlikBuilder> {
        let server = self.server.clone().ok_or_else(|| Error::config("it names no server"))?;
        // An engine alone is written with the scheme of its socket.
        let server = match server.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            _ => server,
        };
        let kind = self.server_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        let cloud = kind == "cloud" || kind.is_empty() && super::Host::parse(&server)?.is_cloud();
        let mut builder = QlikBuilder::new(server).auth(self.auth(cloud)?).danger_accept_invalid_certs(self.insecure);
        if cloud {
            builder = builder.deployment(Deployment::Cloud);
        }
        if let Some(folder) = &self.certificates {
            builder = builder.root_certificates_file(folder.join("root.pem"));
        }
        Ok(builder)
    }

    fn auth(&self, cloud: bool) -> Result<Auth> {
        let header = |name: &str| {
            let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim())
        };
        if let (Some(id), Some(secret)) = (&self.oauth_client_id, &self.oauth_client_secret) {
            return Ok(Auth::client_credentials(id, secret.as_str()).into());
        }
        if let Some(folder) = &self.certificates {
            let identity = Identity::pem_files(folder.join("client.pem"), folder.join("client_key.pem"))?;
            let user = header("X-Qlik-User").unwrap_or("UserDirectory=INTERNAL; UserId=sa_api");
            let part = |name: &str| {
                let mut parts = user.split(';').filter_map(|part| part.trim().split_once('='));
                let found = parts.find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
            };
            let both = part("UserDirectory").zip(part("UserId"));
            let (directory, id) = both.ok_or_else(|| Error::config("its header X-Qlik-User names no user"))?;
            return Ok(Auth::certificate(identity, directory, id));
        }
        let bearer = header("Authorization").and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        match self.api_key.as_deref().or(bearer) {
            Some(key) if cloud => Ok(Auth::api_key(key)),
            // Elsewhere it is a JWT for a virtual proxy.
            #[cfg(feature = "auth-session")]
            Some(jwt) => Ok(Auth::proxy_jwt(jwt).into()),
            #[cfg(not(feature = "auth-session"))]
            Some(jwt) => Ok(Auth::bearer(jwt)),
            None if self.headers.is_empty() => Ok(Auth::none()),
            None => Err(Error::config("it signs in by headers that are not known here; use Auth::custom")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
current-context: cloud
contexts:
  cloud:
    server: https://t.eu.qlikcloud.com
    server-type: cloud
    headers:
      Authorization: Bearer hunter2
    comment: mine
  robot:
    server: https://t.eu.qlikcloud.com
    oauth-client-id: c
    oauth-client-secret: hunter2
  local:
    server: ws://localhost:9076
    server-type: engine
  windows:
    server: https://qlik-server.example/jwt
    server-type: Windows
    api-key: hunter2
    insecure: true
  odd:
    server: https://qlik-server.example
    headers:
      X-Own: hunter2
  empty: {}
";

    #[test]
    fn reads_contexts_by_name() {
        let path = std::env::temp_dir().join(format!("qlik-contexts-{}.yml", fastrand::u64(..)));
        std::fs::write(&path, TEXT).unwrap();
        for (name, parts) in [
            (None, &["t.eu.qlikcloud.com", "ApiKey"][..]),
            (Some("robot"), &["ClientCredentials", "\"c\""]),
            (Some("local"), &["http://localhost:9076", "Nobody"]),
            (Some("windows"), &["https://qlik-server.example/jwt"]),
        ] {
            let builder = read(&path, name).unwrap();
            let printed = format!("{builder:?}");
            assert!(parts.iter().all(|part| printed.contains(part)) && !printed.contains("hunter2"), "{printed}");
            builder.build().unwrap();
        }
        for (name, part) in [("nobody", "there are: cloud"), ("odd", "Auth::custom"), ("empty", "names no server")] {
            let error = read(&path, Some(name)).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{error}");
        }
        std::fs::write(&path, "contexts: [hunter2").unwrap();
        let error = read(&path, None).unwrap_err().to_string();
        assert!(error.contains("do not read") && !error.contains("hunter2"), "{error}");
        std::fs::remove_file(&path).unwrap();
        assert!(read(&path, None).unwrap_err().to_string().contains("qlik context init"));
    }
}
