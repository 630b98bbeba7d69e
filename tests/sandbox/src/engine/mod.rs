//! The Engine: JSON-RPC on a session, without the socket.

mod create;
mod doc;
mod doc_info;
mod field;
mod global;
mod layout;
mod object;
mod open;
mod patch;
mod rpc;
mod session;
mod variable;

#[cfg(test)]
mod tests;

pub(crate) use session::Session;
