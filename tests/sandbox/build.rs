//! Lays the corrections over the imported REST descriptions and compiles the result in, so that the sandbox needs no file
//! when it runs.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use qlik_codegen::overlay::Overlays;
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let specs = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../specs");
    println!("cargo::rerun-if-changed={}", specs.join("rest").display());
    println!("cargo::rerun-if-changed={}", specs.join("overlays").display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let told = |all: Vec<_>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let overlays = Overlays::read(&specs.join("overlays")).map_err(told)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(specs.join("rest"))?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort_by_key(|file| file.file_stem().map(ToOwned::to_owned));
    let mut list = "[\n".to_owned();
    for file in files {
        let api = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a description without a name")?;
        let mut document: Value = serde_json::from_slice(&fs::read(&file)?)?;
        overlays.apply(&format!("rest/{api}.json"), &mut document).map_err(told)?;
        let to = out.join(format!("{api}.json"));
        fs::write(&to, serde_json::to_string(&document)?)?;
        writeln!(list, "    ({api:?}, include_str!({to:?})),")?;
    }
    list.push(']');
    fs::write(out.join("descriptions.rs"), list)?;
    Ok(())
}
