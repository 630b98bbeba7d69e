//! How a sandbox is to start.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::Sandbox;
use crate::auth::{self, Issuer, Key, Managed, OAuthClient};
use crate::fault::Fault;
use crate::model;
use crate::pem::Certificates;
use crate::server::{self, Server};
use crate::tenant::Tenant;
use crate::wire::{Door, Peer, Port};

/// The OAuth client that every sandbox has.
pub(crate) const CLIENT_ID: &str = "sandbox-client";

/// How a sandbox is to start.
#[derive(Clone, Default)]
#[must_use]
pub struct Builder {
    listen: Option<SocketAddr>,
    listen_services: Option<SocketAddr>,
    tls: bool,
    name: Option<String>,
    api_key: Option<String>,
    managed: Managed,
    clients: Vec<OAuthClient>,
    issuers: Vec<(String, String, String)>,
    web_integrations: Vec<String>,
    faults: Vec<Fault>,
    data: Option<PathBuf>,
    redirect_uris: Vec<String>,
    approve: bool,
    registration: bool,
    verbose: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("listen", &self.listen).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Builder {
    /// The address to listen on; port 0 takes a free one.
    pub fn listen(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.listen = Some(addr.into());
        self
    }

    /// The address of the port that wants a client certificate, which there is with TLS.
    pub fn listen_services(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.listen_services = Some(addr.into());
        self
    }

    /// Speaks TLS, with certificates of a root of its own, and opens a second port that wants a client certificate.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// The name in its URL and on its certificate, instead of the address.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The API key, where it is to survive a restart.
    pub fn api_key(mut self, key: &str) -> Self {
        self.api_key = Some(key.to_owned());
        self
    }

    /// Serves a client-managed server's virtual proxy under a prefix.
    pub fn virtual_proxy(mut self, prefix: &str) -> Self {
        self.managed.proxies.push(prefix.trim_matches('/').to_owned());
        self
    }

    /// The header in which the virtual proxies are told the user; `header_user` unless said otherwise.
    pub fn user_header(mut self, name: &str) -> Self {
        name.clone_into(&mut self.managed.header);
        self
    }

    /// An origin from which the virtual proxies let a browser open a socket.
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.managed.origins.push(origin.to_owned());
        self
    }

    /// Makes an OAuth client known.
    pub fn client(mut self, client: OAuthClient) -> Self {
        self.clients.push(client);
        self
    }

    /// A place that authorizations of the sandbox's own OAuth client may be sent to.
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// Trusts an issuer of JWTs with which users sign in: its name, the id of its key, and the public key in PEM.
    pub fn issuer(mut self, name: &str, kid: &str, pem: &str) -> Self {
        self.issuers.push((name.to_owned(), kid.to_owned(), pem.to_owned()));
        self
    }

    /// Makes a web integration known.
    pub fn web_integration(mut self, id: &str) -> Self {
        self.web_integrations.push(id.to_owned());
        self
    }

    /// Lets `/oauth/authorize` approve at once.
    pub fn approve(mut self) -> Self {
        self.approve = true;
        self
    }

    /// Lets OAuth clients register themselves.
    pub fn registration(mut self) -> Self {
        self.registration = true;
        self
    }

    /// Something that is to go wrong.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Loads the apps with the CSV files of a folder instead of the sandbox's own data: a table for each, with its
    /// columns' names in the first line and `,`, `;` or tabs between them. Columns of the same name link their tables.
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// Tells every request and reply on the standard error.
    pub fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }

    /// Starts it. When this returns, it serves.
    ///
    /// # Errors
    ///
    /// When the address or the thread cannot be had, when a key or a file of the data does not read.
    #[expect(clippy::unused_async, reason = "what a later sandbox has to wait for must not change its callers")]
    pub async fn start(self) -> io::Result<Sandbox> {
        let (listener, addr) = bind(self.listen)?;
        let scheme = if self.tls { "https" } else { "http" };
        let host = |addr: SocketAddr| match (&self.name, addr.port()) {
            (Some(name), 443) if self.tls => format!("https://{name}"),
            (Some(name), port) => format!("{scheme}://{name}:{port}"),
            (None, _) => format!("{scheme}://{addr}"),
        };
        let mut doors = vec![(listener, Port::Main, None)];
        let mut sandbox = Sandbox {
            addr,
            host: host(addr),
            service_host: String::new(),
            root_pem: String::new(),
            client_pem: String::new(),
            client_secret: auth::secret(),
            tenant: self.tenant()?,
            stop: None,
            thread: None,
        };
        let own = OAuthClient::confidential(CLIENT_ID, &sandbox.client_secret);
        sandbox.add_client(self.redirect_uris.iter().fold(own, |client, uri| client.redirect_uri(uri)));
        if self.tls {
            let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
            names.extend(self.name.clone());
            let certificates = Certificates::new(names)?;
            doors[0].2 = Some(certificates.acceptor(false)?);
            let (listener, addr) = bind(self.listen_services)?;
            doors.push((listener, Port::Certificates, Some(certificates.acceptor(true)?)));
            sandbox.service_host = host(addr);
            sandbox.root_pem = certificates.root_pem;
            sandbox.client_pem = certificates.client_pem;
        }
        let server = Server { tenant: Arc::clone(&sandbox.tenant), scheme, verbose: self.verbose };
        let router = server::router(server);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("qlik-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                for (listener, port, tls) in doors {
                    open(listener, port, tls, router.clone());
                }
                // An error means that the other end was dropped.
                let _ = stopped.await;
            });
            // Dropping the runtime drops the tasks of all connections.
        })?;
        sandbox.stop = Some(stop);
        sandbox.thread = Some(thread);
        Ok(sandbox)
    }

    fn tenant(&self) -> io::Result<Arc<Tenant>> {
        let data = match &self.data {
            Some(folder) => model::folder(folder)?,
            None => model::sales(),
        };
        let mut tenant = Tenant::with(data);
        tenant.managed = self.managed.clone();
        if tenant.managed.header.is_empty() {
            "header_user".clone_into(&mut tenant.managed.header);
        }
        if let Some(key) = &self.api_key {
            tenant.api_key.clone_from(key);
        }
        self.faults.iter().for_each(|fault| tenant.faults.add(fault.clone()));
        let mut auth = tenant.auth();
        auth.approve = self.approve;
        auth.registration = self.registration;
        auth.web_integrations.clone_from(&self.web_integrations);
        auth.clients = self.clients.iter().map(|client| (client.id.clone(), client.clone())).collect();
        for (name, kid, pem) in &self.issuers {
            let key = Key::from_pem(kid, pem).map_err(io::Error::other)?;
            auth.issuers.push(Issuer { name: name.clone(), key });
        }
        drop(auth);
        Ok(Arc::new(tenant))
    }
}

/// Listens, unless told where, on a free port of the loopback interface.
fn bind(addr: Option<SocketAddr>) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(addr.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into()))?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

fn open(listener: std::net::TcpListener, port: Port, tls: Option<TlsAcceptor>, router: Router) {
    // The listener was made a moment ago and works; what could fail is the runtime's being shut down.
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let door = Door::open(listener, port, tls);
    tokio::spawn(async move {
        // It serves until the runtime is dropped.
        let _ = axum::serve(door, router.into_make_service_with_connect_info::<Peer>()).await;
    });
}
