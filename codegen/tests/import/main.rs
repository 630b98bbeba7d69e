//! The import: what it keeps, what it drops, what it refuses.
#![cfg(feature = "cli")]

mod bad_input;
mod engine;
mod folder;
mod names;
mod rest;
mod upstream;
