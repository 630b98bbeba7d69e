//! Deltas: replies that say what has changed since the last one, instead of all of it again.
//!
//! A request asks for one by `delta: true`; a reply is one only if it says so. What the engine compares with is what
//! it sent last for the same method of the same object, whatever became of that reply on this side: so every delta is
//! applied, in the order in which they came, those of calls that were given up too.

mod lane;
mod patch;

use std::collections::BTreeSet;

pub(super) use lane::{Lane, Lanes, Tree};

#[cfg(test)]
mod tests;

/// Which calls ask for deltas; see [`SessionBuilder::delta`](super::SessionBuilder::delta).
///
/// A delta saves the network and the engine much where a large layout changes little. The last value of each such method
/// of an object is kept in memory for it, until the engine closes the object: also when its last handle is dropped, since
/// who gets the object again gets deltas against that value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta(BTreeSet<String>);

impl Delta {
    /// No call does: that is so unless set.
    pub fn off() -> Self {
        Delta::default()
    }

    /// Layouts and properties: what Qlik's documentation names deltas for.
    pub fn layouts() -> Self {
        Delta::methods(["GetLayout", "GetProperties", "GetEffectiveProperties", "GetAppLayout", "GetAppProperties"])
    }

    /// These methods, by their names on the wire.
    ///
    /// Methods that return an object of the engine, or whether they succeeded, answer in full all the same.
    pub fn methods<M: Into<String>>(methods: impl IntoIterator<Item = M>) -> Self {
        Delta(methods.into_iter().map(Into::into).collect())
    }

    pub(super) fn includes(&self, method: &str) -> bool {
        self.0.contains(method)
    }
}
