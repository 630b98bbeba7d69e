//! Generates the typed clients of the enabled APIs from `specs/`, or from the descriptions in `QLIK_SPECS_DIR`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use qlik_codegen::diagnostic::Diagnostic;
use qlik_codegen::{Input, generate, write};

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=QLIK_SPECS_DIR");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(diagnostics) => {
            for diagnostic in diagnostics {
                // One line each: cargo takes a line for a message.
                for line in diagnostic.to_string().lines() {
                    println!("cargo::error={line}");
                }
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Vec<Diagnostic>> {
    let project = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("specs");
    println!("cargo::rerun-if-changed={}", project.display());
    let input = match std::env::var_os("QLIK_SPECS_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => {
            let shown = Path::new(&dir).display();
            println!("cargo::rerun-if-changed={shown}");
            // A build script runs in its crate's folder, which is not where the user stands.
            if !Path::new(&dir).is_absolute() {
                let help = "QLIK_SPECS_DIR takes the whole path of the folder";
                return Err(vec![Diagnostic::of_file(shown.to_string(), "is not an absolute path", help)]);
            }
            Input::of_user(dir, &project)
        }
        None => Input::new(&project),
    };
    // An API that only the user has can have no feature: bringing its description enables it.
    let ours = Input::new(&project).apis()?;
    let apis: Vec<String> = input.apis()?.into_iter().filter(|api| enabled(api) || !ours.contains(api)).collect();
    let generated = generate(&input, &apis, enabled("engine"))?;
    for warning in &generated.warnings {
        println!("cargo::warning={}", warning.to_string().replace('\n', " "));
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    write::write(&out, &generated.files).map_err(|error| {
        let message = format!("the generated code cannot be written: {error}");
        vec![Diagnostic::of_file(
            out.display().to_string(),
            message,
            "check the space and the permissions of the target folder",
        )]
    })
}

/// Whether the feature of that name is on.
fn enabled(feature: &str) -> bool {
    let variable = format!("CARGO_FEATURE_{}", feature.to_uppercase().replace('-', "_"));
    std::env::var_os(variable).is_some()
}
