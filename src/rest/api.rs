//! The part of a client that the typed REST clients are made from.

use std::fmt;

use super::{Answer, Call, Method, Operation};
use crate::client::Core;
use crate::http::request::Request;
use crate::opaque::Opaque;

/// The part of a client that the typed REST clients are made from: a cheap clone of it.
#[derive(Clone)]
pub struct Api(pub(super) Opaque<Core>);

impl Api {
    pub(crate) fn new(core: Opaque<Core>) -> Self {
        Self(core)
    }

    /// Starts a call of a described operation; for generated code.
    #[doc(hidden)]
    pub fn call<T: Answer>(&self, operation: &'static Operation) -> Call<T> {
        Call::new(self.clone(), Request::of(operation))
    }

    /// Starts a call of a path that is not described.
    pub(crate) fn raw<T: Answer>(&self, method: Method, path: &str) -> Call<T> {
        Call::new(self.clone(), Request::raw(method, path, &self.0.host))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Api").field(&self.0.host).finish()
    }
}
