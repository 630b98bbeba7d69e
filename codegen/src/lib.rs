//! Generates the typed clients of the `qlik` crate from Qlik's own descriptions.
//!
//! The stages run one way, and none looks back: descriptions are read ([`source`]), overlays laid over them
//! ([`overlay`]), brought into one normal form ([`normalize`]), lowered to a model of what will be emitted ([`lower`],
//! [`model`]), emitted as Rust text ([`emit`]) and written ([`write`](mod@write)). [`generate()`] is all of it; the
//! `qlik` crate's build script calls that.

pub mod diagnostic;
#[cfg(feature = "cli")]
pub mod diff;
#[allow(missing_docs)] // a path and a text
pub mod emit;
mod generate;
#[cfg(feature = "cli")]
pub mod import;
#[cfg(feature = "cli")]
pub mod listing;
pub mod lower;
#[allow(missing_docs)] // fields that say what they are
pub mod model;
mod names;
pub mod normalize;
pub mod overlay;
pub mod source;
pub mod write;

pub use generate::{Generated, Input, Loaded, generate};
