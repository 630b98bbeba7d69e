//! `check`: that everything described is generated, named and worded, and that every overlay still fits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use qlik_codegen::diagnostic::{Diagnostic, Diagnostics};
use qlik_codegen::model::{Answer, Api, Engine, TypeRef};
use qlik_codegen::normalize::VERBS;
use qlik_codegen::{Generated, Input, generate};
use serde_json::Value;

use super::words::Words;

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The folder of descriptions
    #[arg(long, default_value = "specs")]
    specs: PathBuf,
    /// The manifest whose features have to name every API
    #[arg(long, default_value = "Cargo.toml")]
    manifest: PathBuf,
    /// The committed listing of public items
    #[arg(long, default_value = "tests/golden/api.txt")]
    golden: PathBuf,
    /// List every node that has no words
    #[arg(long)]
    silent: bool,
}

/// What was found of a kind, and what became of it.
#[derive(Debug, Default)]
struct Count {
    described: usize,
    left_out: Vec<String>,
    unnamed: Vec<String>,
    /// How many answer with a page of a list.
    paged: usize,
    /// Those that take a page's place, but answer with no page.
    unpaged: Vec<String>,
}

/// The parameters that tell which page of a list is wanted.
const CURSORS: &[&str] =
    &["next", "prev", "page", "startingAfter", "endingBefore", "cursor", "offset", "skip", "pageToken", "nextToken"];

pub(crate) fn run(check: Check) -> Result<(), Diagnostics> {
    let input = Input::new(&check.specs);
    let names = input.apis()?;
    let generated = generate(&input, &names, true)?;
    let overlays = input.overlays()?;
    let mut wrong = stray_overlays(&check.specs, overlays.documents());
    wrong.extend(features(&check.manifest, &names));
    wrong.extend(super::api::compare(&generated, &check.golden));

    let mut operations = Count::default();
    let mut words = Vec::new();
    for api in &generated.apis {
        let loaded = input.load(&format!("rest/{}", api.name), &overlays)?;
        count_operations(api, &loaded.document.value, &mut operations);
        words.push((api.name.as_str(), Words::of_rest(&loaded.document.value)));
    }
    let mut methods = Count::default();
    if let Some(engine) = &generated.engine {
        let loaded = input.load("engine/qix", &overlays)?;
        count_methods(engine, &loaded.document.value, &mut methods);
        words.push(("engine", Words::of_engine(&loaded.document.value)));
    }
    wording(&words, check.silent);
    wrong.extend(words.iter().flat_map(|(name, of)| below_floor(name, of)));
    report(&generated, &operations, &methods, overlays.documents().count());
    for missing in operations.left_out.iter().chain(&methods.left_out) {
        wrong.push(Diagnostic::of_file(
            "specs",
            format!("{missing} is described, but not generated"),
            "a pass loses it; see `explain`",
        ));
    }
    for unnamed in operations.unnamed.iter().chain(&methods.unnamed) {
        wrong.push(Diagnostic::of_file("specs", format!("{unnamed} has no name"), "import it with the list of names"));
    }
    for unpaged in &operations.unpaged {
        wrong.push(Diagnostic::of_file(
            "specs",
            format!("{unpaged} takes the place of a page, but its answer is not read as one"),
            "say where its items and its link are, or that it has none, by `x-qlik-paging` in overlays/shape",
        ));
    }
    for api in generated.apis.iter().filter(|api| api.summary.is_empty()) {
        let file = format!("specs/overlays/wording/{}.yaml", api.name);
        wrong.push(Diagnostic::of_file(
            file,
            format!("the API `{}` has no summary", api.name),
            "say in one line what it is for",
        ));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn count_operations(api: &Api, document: &Value, count: &mut Count) {
    let generated: BTreeSet<(&str, &str)> =
        api.operations.iter().map(|operation| (operation.verb.as_str(), operation.path.as_str())).collect();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (verb, operation) in item.as_object().into_iter().flatten().filter(|(key, _)| VERBS.contains(&key.as_str()))
        {
            let shown = format!("{} {path} ({})", verb.to_uppercase(), api.name);
            count.described += 1;
            if !generated.contains(&(verb.to_uppercase().as_str(), path.as_str())) {
                count.left_out.push(shown.clone());
            }
            if operation.get("operationId").and_then(Value::as_str).is_none_or(str::is_empty) {
                count.unnamed.push(shown.clone());
            }
            if is_paged(api, verb, path) {
                count.paged += 1;
            } else if operation.get("x-qlik-paging") != Some(&Value::Bool(false)) && has_cursor(document, operation) {
                count.unpaged.push(shown);
            }
        }
    }
}

/// Whether an operation answers with a page of a list.
fn is_paged(api: &Api, verb: &str, path: &str) -> bool {
    let mut same = api.operations.iter().filter(|of| of.verb.eq_ignore_ascii_case(verb) && of.path == path);
    same.any(|operation| match &operation.answer {
        Answer::Json(TypeRef::Named(name)) => api.pages.iter().any(|page| page.ty == *name),
        _ => false,
    })
}

fn has_cursor(document: &Value, operation: &Value) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let resolved = parameters.map(|parameter| {
        let place = parameter.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix('#'));
        place.and_then(|place| document.pointer(place)).unwrap_or(parameter)
    });
    let mut names = resolved.filter(|parameter| parameter["in"] == "query");
    names.any(|parameter| parameter["name"].as_str().is_some_and(|name| CURSORS.contains(&name)))
}

fn count_methods(engine: &Engine, document: &Value, count: &mut Count) {
    let generated: BTreeSet<String> = engine
        .classes
        .iter()
        .flat_map(|class| class.methods.iter().map(|method| format!("{}.{}", class.name, method.wire)))
        .collect();
    for method in document.get("methods").and_then(Value::as_array).into_iter().flatten() {
        count.described += 1;
        match method.get("name").and_then(Value::as_str) {
            Some(name) if generated.contains(name) => {}
            Some(name) => count.left_out.push(name.to_owned()),
            None => count.unnamed.push("a method".to_owned()),
        }
    }
}

fn report(generated: &Generated, operations: &Count, methods: &Count, overlaid: usize) {
    let left_out = operations.left_out.len() + methods.left_out.len();
    let unnamed = operations.unnamed.len() + methods.unnamed.len();
    println!(
        "{} APIs, {} operations, {} methods, {left_out} left out, {unnamed} unnamed",
        generated.apis.len(),
        operations.described,
        methods.described
    );
    let types: usize = generated.apis.iter().map(|api| api.types.len()).sum();
    let pages: usize = generated.apis.iter().map(|api| api.pages.len()).sum();
    println!(
        "REST: {types} types, {pages} of them pages of a list; {} operations are read page by page",
        operations.paged
    );
    if let Some(engine) = &generated.engine {
        println!("Engine {}: {} types, {} error codes", engine.version, engine.types.len(), engine.errors.len());
    }
    println!("{overlaid} documents with overlays, every action hit");
}

/// Prints how much of each description is worded, and of all of them.
fn wording(words: &[(&str, Words)], silent: bool) {
    let mut all = Words::default();
    for (name, of) in words {
        println!("words of {name}: {of}");
        all.add(of);
        if silent {
            let Words { calls, parameters, schemas, properties } = of;
            let shares = [calls, parameters, schemas, properties];
            shares.iter().flat_map(|share| &share.silent).for_each(|pointer| println!("  without words: {pointer}"));
        }
    }
    println!("words of all: {all}");
}

/// Complaints about a description of which too little is worded.
fn below_floor(name: &str, words: &Words) -> Diagnostics {
    let Words { calls, parameters, schemas, properties } = words;
    let floors = [
        ("calls", calls, 100),
        ("parameters", parameters, 95),
        ("schemas", schemas, 100),
        ("properties", properties, 95),
    ];
    let low = floors.into_iter().filter(|(_, share, floor)| !share.reaches(*floor));
    low.map(|(kind, share, floor)| {
        Diagnostic::of_file(
            format!("specs/overlays/wording/{name}.yaml"),
            format!("words {share} of the {kind}, and has to word {floor} %"),
            "`qlik-codegen check --silent` lists those without words",
        )
    })
    .collect()
}

/// Overlays of documents that do not exist never run, and so are never found to be stale.
fn stray_overlays<'a>(specs: &Path, documents: impl Iterator<Item = &'a str>) -> Diagnostics {
    let stray = documents.filter(|document| !specs.join(document).is_file());
    stray
        .map(|document| {
            Diagnostic::of_file(
                format!("specs/{document}"),
                "has overlays, but does not exist",
                "drop them, or import it",
            )
        })
        .collect()
}

/// Every API has its feature, and `full` reaches it.
fn features(manifest: &Path, apis: &[String]) -> Diagnostics {
    let shown = manifest.display().to_string();
    let text = match std::fs::read_to_string(manifest) {
        Ok(text) => text,
        Err(error) => {
            return vec![Diagnostic::of_file(
                shown,
                format!("cannot be read: {error}"),
                "name the manifest with --manifest",
            )];
        }
    };
    let table: toml::Table = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => return vec![Diagnostic::of_file(shown, error.to_string(), "mend the manifest")],
    };
    let enables = |feature: &str| -> Vec<&str> {
        let list = table.get("features").and_then(|features| features.get(feature)).and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(toml::Value::as_str).collect()
    };
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec!["full"];
    while let Some(feature) = open.pop() {
        if reached.insert(feature) {
            open.extend(enables(feature));
        }
    }
    let missing = apis.iter().filter(|api| !reached.contains(api.as_str()));
    missing
        .map(|api| {
            Diagnostic::of_file(
                &shown,
                format!("the feature `{api}` is missing, or `full` does not reach it"),
                "add it to [features] and to a group",
            )
        })
        .collect()
}
