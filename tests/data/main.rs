//! Data out of hypercubes, against sums made from the same files and against recorded pages.
#![cfg(feature = "engine")]

#[cfg(all(feature = "csv", feature = "parquet"))]
mod files;
mod hypercube;
mod modes;
mod pages;
mod plans;
mod recorded;
mod recorded_pages;
#[path = "../scripted/mod.rs"]
mod scripted;
mod sources;
