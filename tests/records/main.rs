//! Generated types read and write what servers send: recorded payloads, values made from the descriptions, leniency.

#[cfg(feature = "full")]
mod instances;
#[cfg(all(feature = "engine", feature = "spaces", feature = "users", feature = "items"))]
mod leniency;
#[cfg(feature = "engine")]
mod recorded;
#[cfg(feature = "engine")]
mod typed;
