//! Every way of signing in, over TLS, against the sandbox: what each does, survives and is refused for; and that no secret
//! is printed, logged, kept in clear where it should not be, or sent elsewhere.
#![cfg(all(feature = "engine", feature = "rustls", feature = "auth", feature = "items"))]

mod certificates;
mod interactive;
mod keys;
mod kit;
mod own;
mod proxies;
mod safety;
#[path = "../rest/server.rs"]
#[allow(dead_code, reason = "each binary uses its part")]
mod server;
mod sessions;
mod settings;
mod sockets;
mod tokens;
