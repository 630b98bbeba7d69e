//! What the shapes of Qlik's descriptions come to: a test for each fault class that was found in them.

#[path = "../fixtures/describe.rs"]
mod describe;

mod answers;
mod bodies;
mod components;
mod enums;
mod naming;
mod operations;
mod parameters;
mod records;
mod recursion;
mod unions;
