//! Whatever a server sends as a frame is read or refused; a reply in it is read into types, or is an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| qlik::engine::fuzzing::frame(text));
