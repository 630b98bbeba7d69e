//! `explain`: one operation, method or type, with where it is described, what overlays did to it, and its code.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use qlik_codegen::diagnostic::{Diagnostic, Diagnostics};
use qlik_codegen::emit::{self, File};
use qlik_codegen::model::TypeDef;
use qlik_codegen::source::pointer_step;
use qlik_codegen::{Input, Loaded};

/// What `explain` takes.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An operation (`getItems`), an Engine method (`Doc.GetField`) or a type (`HyperCubeDef`)
    name: String,
    /// Look in this API only
    #[arg(long)]
    api: Option<String>,
    /// The folder of descriptions
    #[arg(long, default_value = "specs")]
    specs: PathBuf,
}

/// What a name was found to be.
struct Found {
    /// `operation`, `method` or `type`, with its full name.
    title: String,
    pointer: String,
    /// The emitted code.
    code: String,
}

pub(crate) fn run(explain: Explain) -> Result<(), Diagnostics> {
    let input = Input::new(&explain.specs);
    let overlays = input.overlays()?;
    let mut any = false;
    for name in input.apis()?.iter().filter(|name| explain.api.as_ref().is_none_or(|api| api == *name)) {
        let (api, _) = input.api(name, &overlays)?;
        let mut found: Vec<Found> = Vec::new();
        let files = emit::api(&api, &format!("rest/{name}.json"), &[]);
        for operation in
            api.operations.iter().filter(|operation| operation.name == explain.name || operation.method == explain.name)
        {
            found.push(Found {
                title: format!("operation {name}.{}", operation.name),
                pointer: format!("/paths/{}/{}", pointer_step(&operation.path), operation.verb.to_lowercase()),
                code: block(&files, &format!("pub fn {}(", operation.method)),
            });
        }
        found.extend(types(&api.types, &explain.name, &files, name));
        any |= !found.is_empty();
        if !found.is_empty() {
            let loaded = input.load(&format!("rest/{name}"), &overlays)?;
            found.iter().for_each(|found| print(found, &loaded));
        }
    }
    if explain.api.is_none() {
        let (engine, _) = input.engine(&overlays)?;
        let files = emit::engine(&engine);
        let loaded = input.load("engine/qix", &overlays)?;
        let mut found = types(&engine.types, &explain.name, &files, "engine");
        let methods = loaded.document.value.get("methods").and_then(serde_json::Value::as_array);
        for (index, described) in methods.into_iter().flatten().enumerate() {
            let full = described.get("name").and_then(serde_json::Value::as_str).unwrap_or_default();
            let Some((class, wire)) = full.split_once('.') else { continue };
            if full == explain.name || wire == explain.name {
                let method = engine
                    .classes
                    .iter()
                    .filter(|known| known.name == class)
                    .flat_map(|known| &known.methods)
                    .find(|method| method.wire == wire);
                let of_class: Vec<File> =
                    files.iter().filter(|file| file.text.contains(&format!("pub struct {class}("))).cloned().collect();
                let code =
                    method.map(|method| block(&of_class, &format!("pub fn {}(", method.name))).unwrap_or_default();
                found.push(Found { title: format!("method {full}"), pointer: format!("/methods/{index}"), code });
            }
        }
        any |= !found.is_empty();
        found.iter().for_each(|found| print(found, &loaded));
    }
    if any {
        return Ok(());
    }
    let help = "give an operation (`getItems`), a method (`Doc.GetField`) or a type (`HyperCubeDef`), in Qlik's spelling or ours";
    Err(vec![Diagnostic::of_file(
        explain.specs.display().to_string(),
        format!("nothing is called `{}`", explain.name),
        help,
    )])
}

fn types(types: &[TypeDef], name: &str, files: &[File], api: &str) -> Vec<Found> {
    let named = types.iter().filter(|def| def.name == name || def.wire == name);
    named
        .map(|def| Found {
            title: format!("type {api}.{}", def.wire),
            pointer: format!("/components/schemas/{}", pointer_step(&def.wire)),
            code: ["struct", "enum", "type"]
                .iter()
                .map(|kind| block(files, &format!("pub {kind} {} ", def.name)))
                .collect(),
        })
        .collect()
}

fn print(found: &Found, loaded: &Loaded) {
    let place = loaded.document.at(&found.pointer, "", "");
    let mut text = format!("{}\n  described at {}:{}:{}\n", found.title, place.file, place.line, place.column);
    for action in loaded.applied.actions.iter().filter(|action| action.touches(&found.pointer)) {
        text.push_str(&format!("  changed by {}:{}: {}\n", action.file, action.line, action.reason));
    }
    // A reader that has seen enough (`| head`) is no error.
    let _ = writeln!(std::io::stdout(), "{text}\n{}\n", found.code.trim_end());
}

/// The item that holds the line: from its words to the brace that closes it.
fn block(files: &[File], line: &str) -> String {
    for file in files {
        let lines: Vec<&str> = file.text.lines().collect();
        let Some(at) = lines.iter().position(|text| text.trim_start().starts_with(line)) else { continue };
        let indent = lines[at].len() - lines[at].trim_start().len();
        let is_head = |text: &str| text.trim_start().starts_with("///") || text.trim_start().starts_with("#[");
        let start = (0..at).rev().take_while(|index| is_head(lines[*index])).last().unwrap_or(at);
        let closes = |text: &str| {
            text.len() - text.trim_start().len() == indent && (text.trim_start() == "}" || text.ends_with(';'))
        };
        let end = (at..lines.len()).find(|index| closes(lines[*index])).unwrap_or(at);
        return lines[start..=end].iter().map(|text| format!("{text}\n")).collect();
    }
    String::new()
}
