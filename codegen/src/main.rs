//! The maintainers' command: brings descriptions in, compares them, shows what becomes of them.

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generates the `qlik` crate's clients from Qlik's descriptions
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring official descriptions into specs/: every fact, no prose
    #[command(subcommand)]
    Import(command::import::Import),
    /// Say what an update of the descriptions adds, removes and breaks
    Diff(command::diff::Diff),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(import) => command::import::run(import),
        Command::Diff(diff) => command::diff::run(diff),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(diagnostics) => {
            for diagnostic in &diagnostics {
                eprintln!("error: {diagnostic}");
            }
            ExitCode::FAILURE
        }
    }
}
