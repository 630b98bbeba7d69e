//! The Engine: JSON-RPC on sessions, and the sockets that share them.

mod app;
mod bookmark;
mod create;
mod data;
mod delta;
mod doc;
mod doc_info;
mod fault;
mod field;
mod global;
mod hub;
mod layout;
mod library;
mod object;
mod open;
mod patch;
mod progress;
mod rpc;
mod select;
mod session;
mod socket;
mod state;
mod tree;
mod variable;

#[cfg(test)]
mod app_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;

pub use fault::EngineFault;
pub(crate) use hub::Hub;
pub(crate) use socket::serve;

use rpc::Class;

/// The Engine's methods that are answered, as `Class.Method`.
pub(crate) fn methods() -> Vec<String> {
    let named = |class: &Class| {
        let name = class.name();
        class.methods().map(move |method| format!("{name}.{}", method.name))
    };
    Class::ALL.iter().flat_map(named).collect()
}
