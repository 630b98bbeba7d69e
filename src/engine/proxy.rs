//! What the typed objects of the engine have in common.

use std::fmt;

use super::handle::Handle;

/// A typed object of the engine, as `Doc` or `GenericObject`: a [`Handle`] that knows its methods.
pub trait Proxy: Clone + fmt::Debug + Sized + Send + Sync + 'static {
    /// The name of the class.
    const CLASS: &'static str;

    /// The typed object of a handle; for objects that were made with raw calls.
    fn new(handle: Handle) -> Self;

    /// The handle behind it.
    fn handle(&self) -> &Handle;
}
