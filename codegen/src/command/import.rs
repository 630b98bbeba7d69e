//! `qlik-codegen import`: brings official descriptions into `specs/`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use qlik_codegen::diagnostic::Diagnostics;
use qlik_codegen::import::{self, Report, RestImport};

/// What to import.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// OpenAPI 3.0 documents of REST APIs
    Rest(Rest),
    /// The Engine's OpenRPC document
    Engine(Engine),
}

/// The arguments of `import rest`.
#[derive(Debug, Args)]
pub(crate) struct Rest {
    /// Files, folders or zip archives; an API is called as its file
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// List of operation names: tab-separated module, method, path, name
    #[arg(long, value_name = "TSV")]
    names: Option<PathBuf>,
    /// Version that the list of names is of, for the record
    #[arg(long, value_name = "VERSION", requires = "names")]
    names_version: Option<String>,
    /// Day of the documents (YYYY-MM-DD), for the record
    #[arg(long, value_parser = day)]
    date: Option<String>,
    /// Remove the APIs that are not among the inputs
    #[arg(long)]
    prune: bool,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "specs")]
    specs: PathBuf,
}

/// The arguments of `import engine`.
#[derive(Debug, Args)]
pub(crate) struct Engine {
    /// The OpenRPC document
    file: PathBuf,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "specs")]
    specs: PathBuf,
}

/// Imports, and says what was done.
pub(crate) fn run(import: Import) -> Result<(), Diagnostics> {
    match import {
        Import::Rest(rest) => {
            let Rest { inputs, names, names_version, date, prune, specs } = rest;
            let import = RestImport { inputs, names, names_version, date, prune };
            print(&import::rest(&import, &specs)?, &specs);
        }
        Import::Engine(Engine { file, specs }) => print(&import::engine(&file, &specs)?, &specs),
    }
    Ok(())
}

fn print(report: &Report, specs: &Path) {
    for note in report.unknown.iter().chain(&report.off_list) {
        eprintln!("note: {note}");
    }
    for api in &report.left {
        eprintln!("note: {api} was not among the inputs and stays as it is (--prune removes it)");
    }
    let counts = report.counts.iter().map(|(count, noun)| match count {
        1 => format!("1 {}", noun.trim_end_matches('s')),
        _ => format!("{count} {noun}"),
    });
    let counts: Vec<String> = counts.collect();
    println!("imported {}", counts.join(", "));
    let changes = report.changes;
    println!(
        "{}: {} added, {} updated, {} removed, {} unchanged",
        specs.display(),
        changes.added,
        changes.updated,
        changes.removed,
        changes.unchanged
    );
}

fn day(text: &str) -> Result<String, String> {
    let parts: Vec<Option<u16>> = text.split('-').map(|part| part.parse().ok()).collect();
    let is_day = text.len() == 10
        && matches!(parts[..], [Some(_), Some(month), Some(day)] if (1..=12).contains(&month) && (1..=31).contains(&day));
    if is_day { Ok(text.to_owned()) } else { Err("a day is written YYYY-MM-DD".to_owned()) }
}
