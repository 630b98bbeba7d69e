//! `api`: every public item that is generated, a line each; `check` holds it against the committed listing.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qlik_codegen::diagnostic::{Diagnostic, Diagnostics};
use qlik_codegen::{Generated, Input, generate, listing};

/// What `api` takes.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The folder of descriptions
    #[arg(long, default_value = "specs")]
    specs: PathBuf,
    /// Write the listing here instead of printing it
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(api: Api) -> Result<(), Diagnostics> {
    let input = Input::new(&api.specs);
    let text = of(&generate(&input, &input.apis()?, true)?);
    match api.out {
        // A reader that has seen enough (`| head`) is no error.
        None => drop(std::io::stdout().write_all(text.as_bytes())),
        Some(path) => std::fs::write(&path, text).map_err(|error| {
            vec![Diagnostic::of_file(
                path.display().to_string(),
                error.to_string(),
                "choose a file that can be written",
            )]
        })?,
    }
    Ok(())
}

fn of(generated: &Generated) -> String {
    listing::listing(&generated.apis, generated.engine.as_ref())
}

/// The first line in which the committed listing differs from what is generated.
pub(crate) fn compare(generated: &Generated, golden: &std::path::Path) -> Option<Diagnostic> {
    let shown = golden.display().to_string();
    let help = "read the difference, then write it anew: `qlik-codegen api --out tests/golden/api.txt`";
    let text = match std::fs::read_to_string(golden) {
        Ok(text) => text,
        Err(error) => return Some(Diagnostic::of_file(shown, format!("cannot be read: {error}"), help)),
    };
    let now = of(generated);
    let (mut old, mut new) = (text.lines(), now.lines());
    for line in 1.. {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (old, new) if old == new => {}
            (old, new) => {
                let message =
                    format!("says `{}` where the code has `{}`", old.unwrap_or("nothing"), new.unwrap_or("nothing"));
                return Some(Diagnostic::of_place(shown, (line, 1), message, help));
            }
        }
    }
    None
}
