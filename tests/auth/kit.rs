//! What the tests share: a sandbox with TLS, clients of it, and the check that nothing that was printed or logged during a
//! test holds one of its secrets.

use std::fmt::{Debug, Display};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, Once, OnceLock};

use qlik::{Auth, Error, Qlik, QlikBuilder};
use qlik_sandbox::{Builder, Sandbox};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use serde_json::Value;
use tracing_subscriber::fmt::format::FmtSpan;

/// Everything that was logged or printed by all the tests of this run.
static PRINTED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A sandbox, and a folder for what is kept.
pub(crate) struct Kit {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: PathBuf,
    secrets: Mutex<Vec<String>>,
}

impl Kit {
    pub(crate) async fn new() -> Self {
        Self::of(Sandbox::builder()).await
    }

    pub(crate) async fn of(builder: Builder) -> Self {
        listen();
        let sandbox = builder.tls().start().await.unwrap();
        let folder = std::env::temp_dir().join(format!("qlik-auth-{}", fresh()));
        std::fs::create_dir(&folder).unwrap();
        let mut secrets = vec![sandbox.api_key().to_owned(), sandbox.client_secret().to_owned()];
        // A line of the key, as it would look in a dump.
        secrets.extend(sandbox.client_pem().lines().rev().filter(|line| line.len() > 40).take(2).map(str::to_owned));
        Self { sandbox, folder, secrets: Mutex::new(secrets) }
    }

    /// A client that believes the sandbox's root.
    pub(crate) fn client(&self, auth: impl Into<Auth>) -> Qlik {
        self.builder(self.sandbox.host(), auth).build().unwrap()
    }

    /// A client of another URL of the sandbox's.
    pub(crate) fn builder(&self, host: &str, auth: impl Into<Auth>) -> QlikBuilder {
        let builder = Qlik::builder(host).auth(auth).root_certificates(self.sandbox.root_pem()).no_proxy();
        self.print(&builder);
        builder
    }

    /// The settings of the sandbox's own OAuth client.
    pub(crate) fn client_credentials(&self) -> qlik::auth::OAuth {
        Auth::client_credentials(self.sandbox.client_id(), self.sandbox.client_secret())
    }

    /// A text that must not be printed or logged.
    pub(crate) fn secret(&self, text: &str) {
        self.secrets.lock().unwrap().push(text.to_owned());
    }

    /// Prints something as a program would, for the check at the end.
    pub(crate) fn print(&self, thing: &dyn Debug) {
        PRINTED.lock().unwrap().extend_from_slice(format!("{thing:?} {thing:#?}\n").as_bytes());
    }

    /// The error of something that has to fail, printed in both ways.
    pub(crate) fn fails<T>(&self, result: Result<T, Error>) -> Error {
        let Err(error) = result else { panic!("it went well") };
        self.print(&error);
        let shown: &dyn Display = &error;
        PRINTED.lock().unwrap().extend_from_slice(format!("{shown}\n").as_bytes());
        error
    }

    /// How many requests for a path the sandbox has seen.
    pub(crate) fn count(&self, path: &str) -> usize {
        let seen = self.sandbox.seen();
        seen.iter().filter(|seen| seen.target.split('?').next() == Some(path)).count()
    }

    /// A browser: follows no redirect by itself, and knows no way of signing in.
    pub(crate) fn browser(&self) -> reqwest::Client {
        // Whichever test is first installs it for all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.sandbox.root_pem().as_bytes()).unwrap();
        let builder = reqwest::Client::builder().tls_certs_only([root]).no_proxy();
        builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
    }
}

impl Drop for Kit {
    /// The check: nothing printed, logged or kept in a file that others could read holds a secret of this test.
    fn drop(&mut self) {
        let mut secrets = std::mem::take(&mut *self.secrets.lock().unwrap());
        for seen in self.sandbox.seen() {
            for value in &seen.credentials {
                let value =
                    value.split_once(' ').filter(|(scheme, _)| !scheme.contains('=')).map_or(&**value, |(_, v)| v);
                secrets.extend(value.split("; ").map(|pair| pair.split_once('=').map_or(pair, |(_, v)| v).to_owned()));
            }
            let query = seen.target.split_once('?').map_or("", |(_, query)| query);
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let secret = ["accessToken", "qlik-csrf-token", "qlikTicket", "code"];
            secrets.extend(pairs.filter(|(name, _)| secret.contains(name)).map(|(_, value)| value.to_owned()));
        }
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let open: Vec<PathBuf> = files.map(|file| file.path()).filter(|path| !is_private(path)).collect();
        let _ = std::fs::remove_dir_all(&self.folder);
        if std::thread::panicking() {
            return;
        }
        assert_eq!(open, Vec::<PathBuf>::new(), "files that others can read");
        let printed = printed();
        for secret in secrets.iter().filter(|secret| secret.len() > 8) {
            if let Some(place) = printed.find(secret.as_str()) {
                let begin = printed[..place].rfind('\n').map_or(0, |line| line + 1);
                panic!("a secret was printed or logged: {}***", &printed[begin..place]);
            }
        }
    }
}

#[cfg(unix)]
fn is_private(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &std::path::Path) -> bool {
    true
}

/// Keeps all that is logged from now on, at every level; the sandbox, which runs in this process too, left out.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
        // What the layers below say by the older way.
        tracing_log::LogTracer::init().unwrap();
    });
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if std::thread::current().name() != Some("qlik-sandbox") {
            PRINTED.lock().unwrap().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that was logged and printed so far.
pub(crate) fn printed() -> String {
    String::from_utf8_lossy(&PRINTED.lock().unwrap()).into_owned()
}

/// Who one is, by REST.
pub(crate) async fn name(qlik: &Qlik) -> Result<String, Error> {
    let me: Value = qlik.get("/api/v1/users/me").await?;
    Ok(me["name"].as_str().unwrap_or_default().to_owned())
}

/// Opens the Engine, and asks it something.
pub(crate) async fn engine(qlik: &Qlik) -> Result<(), Error> {
    let session = qlik.engine().connect().await?;
    session.global().engine_version().await.map(drop)
}

/// REST and the Engine both work.
pub(crate) async fn works(qlik: &Qlik) {
    assert_ne!(name(qlik).await.unwrap(), "");
    engine(qlik).await.unwrap();
}

/// A text that was never there before.
pub(crate) fn fresh() -> String {
    format!("{:016x}", fastrand::u64(..))
}

/// A private and a public RSA key in PEM, made once per process.
pub(crate) fn rsa() -> &'static (String, String) {
    static KEYS: OnceLock<(String, String)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
        let private = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
        (private, key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap())
    })
}
