//! Recordings: made against the sandbox, replayed when it is gone, and what is said of those that do not fit.
#![cfg(all(feature = "replay", feature = "engine", feature = "core"))]

mod damaged;
mod engine;
mod redacted;
mod rest;

use std::path::{Path, PathBuf};

use qlik::replay::Recorder;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

/// A file that is gone after the test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("qlik-replay-{}-{name}.jsonl", std::process::id())))
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }

    pub(crate) fn replay(&self) -> Qlik {
        Qlik::replay(&self.0).unwrap()
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) fn recording(sandbox: &Sandbox, recorder: Recorder) -> Qlik {
    Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).record(recorder).build().unwrap()
}
