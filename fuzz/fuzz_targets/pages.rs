//! Whatever a server sends as a layout and as pages of a table is read into rows or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| qlik::data::fuzzing::pages(text));
