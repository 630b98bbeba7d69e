//! From the text of a reply straight into columns: no tree of values, and no text that is not needed.

pub(super) mod flat;
pub(super) mod nodes;
mod number;
pub(super) mod page;
pub(super) mod scan;
