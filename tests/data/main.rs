//! Data out of hypercubes, against sums made from the same files and against recorded pages.
#![cfg(feature = "engine")]

mod hypercube;
mod modes;
mod pages;
mod plans;
mod recorded;
#[path = "../scripted/mod.rs"]
mod scripted;
