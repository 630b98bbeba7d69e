//! `generate`: the code of an API, or of all, in a folder for a person to read.

use std::path::PathBuf;

use clap::Args;
use qlik_codegen::diagnostic::{Diagnostic, Diagnostics};
use qlik_codegen::{Input, write};

/// What `generate` takes.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The API, by its file's name; several, or `engine`, may be given. Without one, everything is generated
    #[arg(long = "api", value_name = "NAME")]
    apis: Vec<String>,
    /// Where to write
    #[arg(long)]
    out: PathBuf,
    /// The folder of descriptions
    #[arg(long, default_value = "specs")]
    specs: PathBuf,
}

pub(crate) fn run(generate: Generate) -> Result<(), Diagnostics> {
    let input = Input::new(&generate.specs);
    let known = input.apis()?;
    let all = generate.apis.is_empty();
    let engine = all || generate.apis.iter().any(|name| name == "engine");
    let apis: Vec<String> =
        if all { known.clone() } else { generate.apis.into_iter().filter(|name| name != "engine").collect() };
    if let Some(unknown) = apis.iter().find(|name| !known.contains(name)) {
        let help = format!("it is one of: engine, {}", known.join(", "));
        return Err(vec![Diagnostic::of_file("--api", format!("there is no API `{unknown}`"), help)]);
    }
    let generated = qlik_codegen::generate(&input, &apis, engine)?;
    write::write(&generate.out, &generated.files).map_err(|error| {
        vec![Diagnostic::of_file(
            generate.out.display().to_string(),
            error.to_string(),
            "choose a folder that can be written",
        )]
    })?;
    println!("{} files in {}", generated.files.len(), generate.out.display());
    Ok(())
}
