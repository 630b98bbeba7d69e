//! Whatever a server sends as deltas is applied or refused, and leaves a document that can be read, written and dropped.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| qlik::engine::fuzzing::deltas(text));
