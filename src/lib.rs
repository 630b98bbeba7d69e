//! Typed client for Qlik: the REST APIs of Qlik Cloud, and the Engine.
//!
//! ```no_run
//! use qlik::{Auth, Qlik};
//!
//! # async fn run() -> qlik::Result<()> {
//! let qlik = Qlik::builder("https://your-tenant.eu.qlikcloud.com")
//!     .auth(Auth::api_key(std::env::var("QLIK_API_KEY")?))
//!     .build()?;
//! let me: serde_json::Value = qlik.get("/api/v1/users/me").await?;
//! println!("{}", me["name"]);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
#[cfg(feature = "engine")]
#[cfg_attr(docsrs, doc(cfg(feature = "engine")))]
pub mod data;
#[cfg(feature = "engine")]
#[cfg_attr(docsrs, doc(cfg(feature = "engine")))]
pub mod engine;
mod error;
mod host;
mod http;
#[doc(hidden)]
pub mod record;
pub mod rest;

pub use auth::Auth;
pub use client::{Qlik, QlikBuilder};
pub use error::{
    ApiError, ApiErrorSource, AuthError, ClosedError, ConfigError, DecodeError, EngineError, Error, HttpError, Result,
    TimeoutError, TransportError,
};
pub use host::Host;
