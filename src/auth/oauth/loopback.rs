//! A native program's end of an authorization: a port of this machine that the browser comes back to.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::source::Source;
use crate::auth::Secret;
use crate::{Error, Result};

/// How long a browser may take to send the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest head of a request that is read.
const LONGEST: usize = 16 << 10;

impl Source {
    /// Listens where the browser comes back to, has it opened, and finishes with what it brings. `open` is given the URL.
    pub(crate) async fn authorize_by(
        self: &Arc<Self>,
        limit: Duration,
        open: impl FnOnce(&str) -> std::io::Result<()>,
    ) -> Result<()> {
        let asked = self.authorization(None)?;
        let place = Place::of(self.redirect_uri()?)?;
        let listener = place.listen().await?;
        open(asked.url())
            .map_err(|error| Error::auth(format!("the browser cannot be opened ({error}); open the URL by hand")))?;
        let mut page = match tokio::time::timeout(limit, place.returned(&listener, asked.state())).await {
            Ok(page) => page?,
            Err(_) => return Err(Error::timeout("signing in: waiting for a person to agree", limit)),
        };
        let done = self.authorize(&asked, page.target.expose()).await;
        // The person is told how it went; where that fails, there is nobody to tell.
        let _ = page.show(done.is_ok()).await;
        done
    }
}

/// Where the browser comes back to.
struct Place {
    port: u16,
    name: String,
    path: String,
}

impl Place {
    fn of(redirect_uri: &str) -> Result<Self> {
        let wrong = || {
            Error::config(
                "the redirect URL of a native program has to lead to this machine, as http://127.0.0.1:8123/callback, \
                 and to be registered so with the OAuth client",
            )
        };
        let url = Url::parse(redirect_uri).map_err(|_| wrong())?;
        let name = url.host_str().unwrap_or_default();
        let here = matches!(name, "127.0.0.1" | "localhost" | "[::1]") && url.scheme() == "http";
        let port = url.port_or_known_default().filter(|_| here).ok_or_else(wrong)?;
        Ok(Self { port, name: name.trim_matches(['[', ']']).to_owned(), path: url.path().to_owned() })
    }

    async fn listen(&self) -> Result<TcpListener> {
        TcpListener::bind((self.name.as_str(), self.port)).await.map_err(|error| {
            Error::transport(format!("listening on port {} for the browser to come back", self.port), error)
        })
    }

    /// The request by which the browser comes back. Others are sent away: browsers ask for icons, and whoever is on this
    /// machine can ask for anything.
    async fn returned(&self, listener: &TcpListener, state: &Secret) -> Result<Page> {
        loop {
            let (stream, _) = listener
                .accept()
                .await
                .map_err(|error| Error::transport("waiting for the browser to come back", error))?;
            let Ok(Some(mut page)) = tokio::time::timeout(PATIENCE, Page::read(stream)).await else { continue };
            let target = page.target.expose();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            if path == self.path && pairs.any(|(name, value)| name == "state" && value == state.expose()) {
                return Ok(page);
            }
            let _ = page.answer("404 Not Found", "Nothing is here.").await;
        }
    }
}

/// A request of a browser, to be answered by a page.
struct Page {
    stream: TcpStream,
    /// Path and query.
    target: Secret,
}

impl Page {
    async fn read(mut stream: TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            if head.len() > LONGEST || stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let head = Secret::new(String::from_utf8(head).ok()?);
        let target = head.expose().strip_prefix("GET ")?.split(' ').next()?.into();
        Some(Self { stream, target })
    }

    async fn show(&mut self, well: bool) -> std::io::Result<()> {
        match well {
            true => self.answer("200 OK", "You are signed in. You can close this page.").await,
            false => self.answer("400 Bad Request", "Signing in failed. The program tells why.").await,
        }
    }

    async fn answer(&mut self, status: &str, text: &str) -> std::io::Result<()> {
        let body = format!("<!doctype html><meta charset=utf-8><title>Qlik</title><p>{text}</p>");
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
            body.len()
        );
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.write_all(body.as_bytes()).await?;
        self.stream.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_to_this_machine_only() {
        for (uri, good) in [
            ("http://127.0.0.1:8123/callback", true),
            ("http://localhost:8123", true),
            ("http://[::1]:8123/", true),
            ("https://127.0.0.1:8123/", false),
            ("http://app.example:8123/callback", false),
            ("http://0.0.0.0:8123/", false),
            ("myapp://callback", false),
        ] {
            assert_eq!(Place::of(uri).is_ok(), good, "{uri}");
        }
    }
}
