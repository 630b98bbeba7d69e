//! Typed client for Qlik: the REST APIs of Qlik Cloud, and the Engine that holds the apps.
//!
//! Everything here is generated from Qlik's own descriptions while your crate builds, and joined to a small runtime:
//! one client, one way to sign in, one error.
//!
//! ```no_run
//! use futures::TryStreamExt;
//! use qlik::{Auth, Qlik};
//!
//! # #[cfg(all(feature = "engine", feature = "core"))]
//! # async fn run() -> qlik::Result<()> {
//! let qlik = Qlik::builder("https://your-tenant.eu.qlikcloud.com")
//!     .auth(Auth::api_key(std::env::var("QLIK_API_KEY")?))
//!     .build()?;
//!
//! // REST: required values are arguments, optional ones setters; awaiting the call sends it.
//! let me = qlik.users().get_my_user().await?;
//! let mut apps = qlik.items().get_items().resource_type("app").limit(100).stream();
//! while let Some(item) = apps.try_next().await? {
//!     println!("{}: {}", me.name, item.name);
//! }
//!
//! // Engine: typed objects over a WebSocket.
//! let doc = qlik.open_app("app-id").await?;
//! let total = doc.evaluate_ex("Sum(Sales)").await?;
//! doc.get_field("Region").await?.select("EMEA").await?;
//!
//! // Data: a hypercube as typed rows.
//! let cube = doc.hypercube().dimension("Region").measure("Sum(Sales)").open().await?;
//! let rows: Vec<(String, Option<f64>)> = cube.rows().try_collect().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! - [`guide`] tells how, from the [first steps](guide::first_steps) to [migrating](guide::migrating):
//!   [`guide::signing_in`] has a table of which way is for which program.
//! - [`Qlik`] is the client: cheap to clone, shared by any number of tasks. It has a method for each REST API
//!   (`qlik.data_files()`), raw calls ([`Qlik::get`]) and the way into the Engine (`qlik.open_app(id)`).
//! - [`rest`] holds the APIs. Each is a module with its operations, their calls and their types, under Qlik's names:
//!   search this documentation for `getAppInfo` or `ReloadRequest`.
//! - `engine` holds the Engine's classes, `Doc`, `GenericObject` and the others, their calls and their types; a search
//!   for `GetHyperCubeData` or `qHyperCubeDef` finds them.
//! - `data` reads hypercubes as rows.
//! - `replay` (a feature) records a session with a tenant, and replays it without one.
//! - [`Auth`] has every way of signing in; [`auth`] has what belongs to them, and the trait for one of your own.
//! - [`Error`] is the one error, and says of itself whether trying again helps.
//!
//! # What types promise
//!
//! Reads forgive: an unknown member, an unknown value of an enum, a `null`, a number sent as text never fail one. What
//! fits no field is kept in the record's `extra` and written back. Writes are exact: what is `Some` is sent, an empty
//! list, `false` and `0` included, and what is `None` is not. Records are made with `..Default::default()`, since
//! Qlik adds members:
//!
//! ```
//! # #[cfg(feature = "spaces")] {
//! use qlik::rest::spaces::types::SpaceCreate;
//!
//! let space = SpaceCreate { name: "Sales".into(), type_: "shared".into(), ..Default::default() };
//! # assert_eq!(space.name, "Sales");
//! # }
//! ```
//!
//! # Features
//!
//! `default` is `engine`, `core` (the APIs apps, data-files, items, reloads, spaces, users) and `rustls`. Every API is a
//! feature of its own, named as its file in `specs/rest`; `ai`, `analytics`, `automation`, `data`, `governance`,
//! `identity` and `tenant` are groups of them, and `full` is everything. `schemars` gives every generated type a JSON
//! schema. What is not enabled is neither generated nor compiled.
//!
//! `auth` is every way of signing in that needs more than the default: `auth-interactive` (people who agree in a browser),
//! `auth-jwt` (tokens signed with a key), `auth-session` (sessions in cookies, and so the virtual proxies of
//! client-managed servers), `auth-pfx` (certificates in PFX files) and `contexts` (those of qlik-cli).
//!
//! # Newer descriptions
//!
//! With `QLIK_SPECS_DIR` set to a folder of your own (`rest/*.json`, `engine/qix.json`) while building, the clients are
//! generated from that.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
mod client;
#[cfg(feature = "engine")]
#[cfg_attr(docsrs, doc(cfg(feature = "engine")))]
pub mod data;
#[cfg(feature = "engine")]
#[cfg_attr(docsrs, doc(cfg(feature = "engine")))]
pub mod engine;
mod error;
// The pages are there to be read: a build of the crate has no use for them.
#[cfg(all(doc, feature = "engine", feature = "core"))]
pub mod guide;
mod host;
mod http;
mod json;
mod opaque;
#[doc(hidden)]
pub mod record;
#[cfg(feature = "replay")]
#[cfg_attr(docsrs, doc(cfg(feature = "replay")))]
pub mod replay;
pub mod rest;
mod trace;

pub use auth::Auth;
pub use client::{Qlik, QlikBuilder};
pub use error::{
    ApiError, ApiErrorSource, AuthError, ClosedError, ConfigError, DecodeError, EngineError, Error, HttpError,
    JobError, RateLimitError, Result, TimeoutError, TransportError,
};
pub use host::{Deployment, Host};
pub use record::Extra;

/// The README's programs, compiled as doctests.
#[cfg(all(doctest, feature = "engine", feature = "core"))]
#[doc = include_str!("../README.md")]
struct Readme;
