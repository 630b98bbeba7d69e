//! Generates the typed clients of the `qlik` crate.

pub mod diagnostic;
pub mod overlay;
pub mod source;
