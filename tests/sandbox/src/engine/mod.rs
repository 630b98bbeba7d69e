//! The Engine: JSON-RPC on sessions, and the sockets that share them.

mod bookmark;
mod data;
mod delta;
mod doc;
mod doc_info;
mod entity;
mod fault;
mod field;
mod global;
mod hub;
mod layout;
mod library;
mod methods;
mod open;
mod progress;
mod rpc;
mod select;
mod session;
mod socket;
mod state;

#[cfg(test)]
mod app_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;

pub use fault::EngineFault;
pub(crate) use hub::{Hub, is_address};
pub(crate) use socket::{refuse, serve};

/// The Engine's methods that are answered, as `Class.Method`.
pub(crate) fn methods() -> Vec<String> {
    let named = |class: &'static str| methods::of_class(class).map(move |method| format!("{class}.{}", method.name));
    methods::CLASSES.iter().flat_map(|(class, _)| named(class)).collect()
}
