//! The commands, one file each.

pub(crate) mod api;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod import;
pub(crate) mod reference;
mod words;
