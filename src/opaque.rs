//! Shared things that the compiler need not look into.

use std::ops::Deref;
use std::sync::Arc;

#[cfg(feature = "engine")]
pub(crate) use weak::WeakOpaque;

/// An [`Arc`] of something that threads may share, which is proved where it is made.
///
/// Of a plain `Arc`, every future that holds one has to be shown to go from thread to thread, with all that is inside:
/// hundreds of types for a client. In generic functions that is done anew in each.
pub(crate) struct Opaque<T>(Arc<dyn Holds<T>>);

trait Holds<T>: Send + Sync {
    fn held(&self) -> &T;
}

impl<T: Send + Sync> Holds<T> for T {
    fn held(&self) -> &T {
        self
    }
}

impl<T: Send + Sync + 'static> Opaque<T> {
    pub(crate) fn new(held: T) -> Self {
        Self(Arc::new(held))
    }
}

impl<T> Deref for Opaque<T> {
    type Target = T;

    fn deref(&self) -> &T {
        (*self.0).held()
    }
}

impl<T> Clone for Opaque<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(feature = "engine")]
mod weak {
    use std::sync::{Arc, Weak};

    use super::{Holds, Opaque};

    /// An [`Opaque`] that does not keep what it points to.
    pub(crate) struct WeakOpaque<T>(Weak<dyn Holds<T>>);

    impl<T> Clone for WeakOpaque<T> {
        fn clone(&self) -> Self {
            Self(Weak::clone(&self.0))
        }
    }

    impl<T> Opaque<T> {
        pub(crate) fn downgrade(&self) -> WeakOpaque<T> {
            WeakOpaque(Arc::downgrade(&self.0))
        }
    }

    impl<T> WeakOpaque<T> {
        pub(crate) fn upgrade(&self) -> Option<Opaque<T>> {
            self.0.upgrade().map(Opaque)
        }
    }
}
