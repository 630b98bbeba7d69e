//! The guide: how to do what programs do, a page for each subject.
//!
//! | Page | What it tells |
//! |---|---|
//! | [First steps](first_steps) | from an empty folder to your own data |
//! | [Signing in](signing_in) | which way is for which program |
//! | [REST](rest) | calls, lists, errors, limits, files, long jobs |
//! | [The Engine](engine) | sessions, objects, selections, changes, variables; what happens when a connection breaks |
//! | [Hypercubes](hypercubes) | tables out of an app, from the first row to a file |
//! | [Client-managed Qlik Sense](client_managed) | servers of your own: proxies, certificates, tickets |
//! | [Testing](testing) | your program against the sandbox, and against a recording |
//! | [Regenerating](regenerating) | newer descriptions, the day they appear |
//! | [Migrating](migrating) | enigma.js, `@qlik/api` and qlik-sdk for Python, call by call |
//! | [Performance](performance) | what is fast already, and what to set when it is not enough |
//! | [Limits](limits) | what the crate will not do, and the numbers that it keeps to |
//!
//! Every program in it is compiled with the crate's tests, and those that can run do run, against the
//! [sandbox](testing#the-sandbox).

#[doc = include_str!("client_managed.md")]
pub mod client_managed {}
#[doc = include_str!("engine.md")]
pub mod engine {}
#[doc = include_str!("first_steps.md")]
pub mod first_steps {}
#[doc = include_str!("hypercubes.md")]
pub mod hypercubes {}
#[doc = include_str!("limits.md")]
pub mod limits {}
#[doc = include_str!("migrating.md")]
pub mod migrating {}
#[doc = include_str!("performance.md")]
pub mod performance {}
#[doc = include_str!("regenerating.md")]
pub mod regenerating {}
#[doc = include_str!("rest.md")]
pub mod rest {}
#[doc = include_str!("signing_in.md")]
pub mod signing_in {}
#[doc = include_str!("testing.md")]
pub mod testing {}
