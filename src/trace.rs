//! Events for `tracing`, beside the spans of calls.
//!
//! A use of its macros costs a compiler as much as some forty lines of code. So each level has one here, and an event is
//! its text and the error that led to it; what is known of the call is in the span around it.

use std::fmt::{Arguments, Display};

/// Functions that tell of events of one area, which is the target that filters go by.
macro_rules! area {
    ($name:ident $target:literal: $($level:ident $constant:ident),*) => {
        pub(crate) mod $name {
            use super::{Arguments, Display};

            $(pub(crate) fn $level(what: Arguments<'_>, error: Option<&dyn Display>) {
                let error = error.map(tracing::field::display);
                tracing::event!(target: $target, tracing::Level::$constant, error, "{what}");
            })*
        }
    };
}

area!(http "qlik::http": debug DEBUG, warn WARN);
#[cfg(feature = "engine")]
area!(engine "qlik::engine": trace TRACE, debug DEBUG, warn WARN);
