//! Brings official descriptions into `specs/`: every fact, no prose, the same bytes for the same input.
//!
//! An import reads and checks everything before it writes anything; bad input leaves the folder as it was.
//!
//! Order: members of a node are written in the order of its grammar (their order says nothing, so a shuffled upstream
//! must not show in a diff), paths, statuses, components and headers by name; properties, content types and lists keep
//! the order of the source, where it says something.

mod engine;
mod facts;
mod input;
mod names;
mod openapi;
mod openrpc;
mod reason;
mod reference;
mod rest;
mod shape;
mod sources;
mod write;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use self::input::Input;
use self::names::NameList;
use self::sources::{Source, Sources};
pub use self::write::Changes;
use self::write::Plan;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Document, unreadable};

/// What to import of REST, and how.
#[derive(Clone, Debug, Default)]
pub struct RestImport {
    /// Files, folders and zip archives of OpenAPI 3.0 documents; an API is called as its file.
    pub inputs: Vec<PathBuf>,
    /// The list of operation names, tab-separated: module, method, path, name.
    pub names: Option<PathBuf>,
    /// The version that the list of names is of.
    pub names_version: Option<String>,
    /// The day of the documents, for the record.
    pub date: Option<String>,
    /// Whether to remove APIs that the inputs do not have.
    pub prune: bool,
}

/// What an import did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// What was imported, a count and its noun each.
    pub counts: Vec<(usize, &'static str)>,
    /// What happened to the files.
    pub changes: Changes,
    /// Operations that are on no list, and the names they got.
    pub off_list: Diagnostics,
    /// Members that the grammar does not know.
    pub unknown: Diagnostics,
    /// APIs that stand in `specs/` and were not among the inputs.
    pub left: Vec<String>,
}

/// Imports descriptions of REST APIs into the folder `specs`.
pub fn rest(import: &RestImport, specs: &Path) -> Result<Report, Diagnostics> {
    let mut sources = Sources::read(specs).map_err(one)?;
    let list = import.names.as_deref().map(|path| read_names(path, import, &mut sources)).transpose()?;
    let mut report = Report::default();
    let mut plan = Plan::new();
    let mut errors = Vec::new();
    let (mut operations, mut schemas) = (0, 0);
    let apis = input::by_api(&import.inputs)?;
    for (api, input) in &apis {
        let document = Document::from_bytes(&input.shown, &input.bytes).map_err(one);
        match document.and_then(|document| rest::import(&document, list.as_ref())) {
            Err(more) => errors.extend(more),
            Ok(imported) => {
                let bytes = to_bytes(&imported.value, &input.shown)?;
                let version = imported.value.pointer("/info/version").and_then(Value::as_str);
                let version = version.filter(|version| !version.is_empty());
                let before = sources.rest.get(api);
                let source = Source::of(input, &bytes, import.date.as_deref(), version, before);
                sources.rest.insert(api.clone(), source);
                plan.insert(rest_file(api), Some(bytes));
                operations += imported.operations;
                schemas += imported.schemas;
                report.off_list.extend(imported.off_list);
                report.unknown.extend(imported.unknown);
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for api in standing(specs)?.into_iter().filter(|api| !apis.contains_key(api)) {
        if import.prune {
            sources.rest.remove(&api);
            plan.insert(rest_file(&api), None);
        } else {
            report.left.push(api);
        }
    }
    report.counts = vec![(apis.len(), "documents"), (operations, "operations"), (schemas, "component schemas")];
    write(specs, plan, &sources, report)
}

/// Imports the Engine's description into the folder `specs`.
pub fn engine(file: &Path, specs: &Path) -> Result<Report, Diagnostics> {
    let mut sources = Sources::read(specs).map_err(one)?;
    let input = Input::file(file).map_err(one)?;
    let document = Document::from_bytes(&input.shown, &input.bytes).map_err(one)?;
    let imported = engine::import(&document)?;
    let bytes = to_bytes(&imported.value, &input.shown)?;
    let before = sources.engine.get(ENGINE);
    let source = Source::of(&input, &bytes, None, Some(&imported.version), before);
    sources.engine.insert(ENGINE.to_owned(), source);
    let plan = Plan::from([(Path::new("engine").join(format!("{ENGINE}.json")), Some(bytes))]);
    let report = Report {
        counts: vec![
            (imported.methods, "methods"),
            (imported.schemas, "schemas"),
            (imported.properties, "properties"),
            (imported.errors, "error codes"),
        ],
        unknown: imported.unknown,
        ..Report::default()
    };
    write(specs, plan, &sources, report)
}

/// The name of the Engine's file.
const ENGINE: &str = "qix";

fn one(error: Diagnostic) -> Diagnostics {
    vec![error]
}

fn rest_file(api: &str) -> PathBuf {
    Path::new("rest").join(format!("{api}.json"))
}

fn read_names(path: &Path, import: &RestImport, sources: &mut Sources) -> Result<NameList, Diagnostics> {
    let input = Input::file(path).map_err(one)?;
    let text = std::str::from_utf8(&input.bytes)
        .map_err(|_| one(Diagnostic::of_file(&input.shown, "the list of names is not UTF-8", "save it as UTF-8")))?;
    let list = NameList::parse(&input.shown, text)?;
    let version = import.names_version.as_deref();
    sources.names = Some(Source::of(&input, &[], None, version, sources.names.as_ref()));
    Ok(list)
}

/// The APIs that the folder has.
fn standing(specs: &Path) -> Result<Vec<String>, Diagnostics> {
    let folder = specs.join("rest");
    let failed = |error: std::io::Error| one(unreadable(&folder.display().to_string(), &error));
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut apis = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        apis.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
    }
    apis.sort();
    Ok(apis)
}

fn write(specs: &Path, mut plan: Plan, sources: &Sources, mut report: Report) -> Result<Report, Diagnostics> {
    plan.insert(sources::FILE.into(), Some(sources.to_text().map_err(one)?.into_bytes()));
    report.changes = write::apply(specs, plan).map_err(one)?;
    Ok(report)
}

/// JSON with an indent of one space: a third smaller than with two, and as easy to compare.
fn to_bytes(value: &Value, shown: &str) -> Result<Vec<u8>, Diagnostics> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b" "));
    value
        .serialize(&mut serializer)
        .map_err(|error| one(Diagnostic::of_file(shown, format!("cannot be written as JSON: {error}"), "")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
