//! `qlik-codegen diff`: what an update of the descriptions adds, removes and breaks.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qlik_codegen::diagnostic::Diagnostics;
use qlik_codegen::diff;

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Folder of descriptions, or one of them, as it was
    old: PathBuf,
    /// The same as it is now
    new: PathBuf,
}

/// Compares, and prints a changelog.
pub(crate) fn run(Diff { old, new }: Diff) -> Result<(), Diagnostics> {
    let changelog = diff::diff(&old, &new)?.to_string();
    // a reader that has seen enough (`| head`) is no error
    let _ = std::io::stdout().write_all(changelog.as_bytes());
    Ok(())
}
