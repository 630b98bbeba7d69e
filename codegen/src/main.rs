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
    /// Say whether everything described is generated, named and worded
    Check(command::check::Check),
    /// List every public item that is generated, a line each
    Api(command::api::Api),
    /// Write the generated code for a person to read
    Generate(command::generate::Generate),
    /// Show where something is described, what overlays did to it, and its code
    Explain(command::explain::Explain),
    /// Write progenitor's own clients of the normalized descriptions, as a crate to measure against
    #[command(hide = true)]
    Reference(command::reference::Reference),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(import) => command::import::run(import),
        Command::Diff(diff) => command::diff::run(diff),
        Command::Check(check) => command::check::run(check),
        Command::Api(api) => command::api::run(api),
        Command::Generate(generate) => command::generate::run(generate),
        Command::Explain(explain) => command::explain::run(explain),
        Command::Reference(reference) => command::reference::run(reference),
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
