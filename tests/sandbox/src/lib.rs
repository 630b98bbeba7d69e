//! A tenant and an Engine to run and test the `qlik` crate against.
//!
//! This is a test double: it is made to judge a client, not to replace a product. It answers as Qlik Cloud
//! and its Engine were recorded to answer, for the part of them that tests and examples use, over data
//! of its own making. What it does not do it refuses; it never makes up a value.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let sandbox = qlik_sandbox::Sandbox::start().await?;
//! println!("QLIK_HOST={}", sandbox.host());
//! println!("QLIK_API_KEY={}", sandbox.api_key());
//! // ... until `sandbox` is dropped.
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! One port serves both protocols, and both want the API key as a bearer token:
//!
//! * REST under `/api/v1`: users, items, apps and spaces, with state that holds together.
//! * The Engine under `/app/{app}`: JSON-RPC over a WebSocket, with selections, list objects and straight
//!   hypercubes over five linked tables (see `data/README.md`).
//!
//! Each sandbox has a tenant of its own; the data set is read once per process and shared.

mod cube;
mod engine;
mod model;
mod rest;
mod server;
mod tenant;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::serve::ListenerExt;
use tokio::sync::oneshot;

use tenant::Tenant;

/// A sandbox that serves until it is dropped.
///
/// It runs on a thread and a runtime of its own, so that it neither slows nor needs the caller's; dropping it
/// ends both, every connection included, before it returns.
pub struct Sandbox {
    addr: SocketAddr,
    host: String,
    tenant: Arc<Tenant>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When the port or the thread cannot be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Says where to listen before starting.
    #[must_use]
    pub fn builder() -> Builder {
        Builder { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) }
    }

    /// The tenant's URL, such as `http://127.0.0.1:49152`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The key of the tenant's first user; every sandbox has another.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.tenant.api_key
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there was printed there.
            let _ = thread.join();
        }
    }
}

/// How a sandbox is to start.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    listen: SocketAddr,
}

impl Builder {
    /// The address to listen on; port 0 takes a free one.
    pub fn listen(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.listen = addr.into();
        self
    }

    /// Starts it. When this returns, it serves.
    ///
    /// # Errors
    ///
    /// When the address or the thread cannot be had.
    #[expect(clippy::unused_async, reason = "what a later sandbox has to wait for must not change its callers")]
    pub async fn start(self) -> io::Result<Sandbox> {
        let listener = std::net::TcpListener::bind(self.listen)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let tenant = Arc::new(Tenant::seeded());
        let router = server::router(Arc::clone(&tenant));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("qlik-sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                // Small frames go back and forth: waiting to fill a packet would cost each of them 40 ms.
                let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime drops the tasks of all connections.
        })?;
        Ok(Sandbox { host: format!("http://{addr}"), addr, tenant, stop: Some(stop), thread: Some(thread) })
    }
}
