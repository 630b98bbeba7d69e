//! What the typed objects of the engine have in common.

use std::fmt;

use super::handle::{Changes, Handle};
use super::release::Scoped;
use crate::error::Result;

/// A typed object of the engine, as `Doc` or `GenericObject`: a [`Handle`] that knows its methods.
pub trait Proxy: Clone + fmt::Debug + Sized + Send + Sync + 'static {
    /// The name of the class.
    const CLASS: &'static str;

    /// The typed object of a handle; for objects that were made with raw calls.
    fn new(handle: Handle) -> Self;

    /// The handle behind it.
    fn handle(&self) -> &Handle;

    /// The changes of its data from now on; see [`Handle::changed`].
    fn changed(&self) -> Changes {
        self.handle().changed()
    }

    /// Removes an object of the session; see [`Handle::release`].
    fn release(&self) -> impl Future<Output = Result<()>> + Send {
        self.handle().release()
    }

    /// Makes an object of the session one that is removed when its last owner is dropped; an error where
    /// [`Handle::release`] would be one.
    fn scoped(self) -> Result<Scoped<Self>> {
        Scoped::new(self)
    }
}
