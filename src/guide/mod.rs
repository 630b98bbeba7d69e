//! The guide: how to do what programs do, page by page. Its programs are compiled with the tests.

#[doc = include_str!("client_managed.md")]
pub mod client_managed {}

#[doc = include_str!("signing_in.md")]
pub mod signing_in {}
