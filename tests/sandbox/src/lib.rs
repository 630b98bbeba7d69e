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
//! One port serves all of it:
//!
//! * REST under `/api/v1`: users, items, apps, spaces, data files, temporary contents and reloads, with state that
//!   holds together; every other operation is checked against its description and answered with a made-up value.
//! * Signing in: the API key, OAuth under `/oauth`, JWT sessions under `/login`; behind a virtual proxy and on a second
//!   port, for client certificates, as a client-managed server has it.
//! * The Engine under `/app/{app}`: JSON-RPC over a WebSocket, over five linked tables (see `data/README.md`).
//!
//! A test holds its clock ([`Sandbox::clock`]), can have it misbehave ([`Sandbox::faults`]), and sees what came in
//! ([`Sandbox::seen`]). Each sandbox has a tenant of its own; the data set is read once per process and shared.

mod auth;
mod builder;
mod cube;
mod engine;
mod fault;
mod json;
mod model;
mod pem;
mod rest;
mod server;
mod socket;
mod tenant;
mod wire;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use tenant::Tenant;

pub use auth::OAuthClient;
pub use builder::Builder;
pub use engine::EngineFault;
pub use fault::{Fault, Faults, Harm, NoFault};
pub use tenant::{Clock, Seen};

/// The REST operations of the descriptions, as method, path, name, and whether the sandbox keeps state for it.
#[must_use]
pub fn operations() -> Vec<(String, String, String, bool)> {
    rest::operations()
}

/// The Engine's methods that are answered, as `Class.Method`.
#[must_use]
pub fn methods() -> Vec<String> {
    engine::methods()
}

/// A sandbox that serves until it is dropped.
///
/// It runs on a thread and a runtime of its own, so that it neither slows nor needs the caller's; dropping it
/// ends both, every connection included, before it returns.
pub struct Sandbox {
    addr: SocketAddr,
    host: String,
    service_host: String,
    root_pem: String,
    client_pem: String,
    client_secret: String,
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

    /// Says how to start before starting.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The tenant's URL, such as `http://127.0.0.1:49152`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of the port that wants a client certificate, which stands for a client-managed server's 4242, 4243 and
    /// 4747; empty without TLS.
    #[must_use]
    pub fn service_host(&self) -> &str {
        &self.service_host
    }

    /// The key of the tenant's first user; every sandbox has another.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.tenant.api_key
    }

    /// The id of the OAuth client that every sandbox has: confidential, for every grant.
    #[must_use]
    pub fn client_id(&self) -> &str {
        builder::CLIENT_ID
    }

    /// The secret of that client.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The certificate that signed all others, in PEM; empty without TLS.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// A client certificate and its key, in PEM; empty without TLS.
    #[must_use]
    pub fn client_pem(&self) -> &str {
        &self.client_pem
    }

    /// The clock by which tokens, sessions, uploads and reloads live.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.tenant.clock
    }

    /// What is to go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.tenant.faults
    }

    /// Has the Engine do something wrong.
    pub fn engine_fault(&self, fault: EngineFault) {
        self.tenant.engine.fault(fault);
    }

    /// The requests so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.tenant.seen()
    }

    /// Makes an OAuth client known.
    pub fn add_client(&self, client: OAuthClient) {
        self.tenant.auth().clients.insert(client.id.clone(), client);
    }

    /// Approves a client that registered itself, as an administrator does.
    pub fn approve_client(&self, id: &str) {
        if let Some(client) = self.tenant.auth().clients.get_mut(id) {
            client.approved = true;
        }
    }

    /// Whether `/oauth/authorize` approves at once, instead of showing a page with a link to follow.
    pub fn approve(&self, at_once: bool) {
        self.tenant.auth().approve = at_once;
    }

    /// Takes back every token and session.
    pub fn revoke_all(&self) {
        self.tenant.auth().revoke_all();
    }

    /// Gives every session another token against requests of other sites: those that clients have are stale then.
    pub fn spoil_csrf(&self) {
        self.tenant.auth().spoil_csrf();
    }

    /// Lets the next reload that is asked for over REST fail.
    pub fn fail_reload(&self, why: &str) {
        self.tenant.state().reload_failure = Some(why.to_owned());
    }

    /// How long a reload is queued, and then runs, by the sandbox's clock. At first both are zero.
    pub fn reload_time(&self, queued: Duration, running: Duration) {
        self.tenant.state().reload_time = (queued, running);
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
        // Sessions that wait for their client's return hold the tenant, which holds them.
        self.tenant.engine.fault(EngineFault::Forget);
    }
}
