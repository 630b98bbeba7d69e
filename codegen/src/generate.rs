//! The whole way from a folder of descriptions to files of Rust.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::emit::{self, File};
use crate::model::{Api, Engine};
use crate::overlay::{Applied, Overlays};
use crate::source::Document;
use crate::{lower, normalize};

/// What to generate from.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where descriptions are, the first that has one counting; each with the name that messages show.
    folders: Vec<(PathBuf, String)>,
    overlays: PathBuf,
    /// Whether an overlay that no longer fits is an error rather than a warning.
    strict: bool,
}

impl Input {
    /// The project's own descriptions: a folder with `rest/`, `engine/` and `overlays/`.
    pub fn new(specs: impl Into<PathBuf>) -> Self {
        let specs = specs.into();
        Input { overlays: specs.join("overlays"), folders: vec![(specs, "specs".to_owned())], strict: true }
    }

    /// A user's descriptions, before the project's: what the user has none of is the project's. Overlays of their own
    /// are strict; the project's are applied as far as they still fit.
    pub fn of_user(specs: impl Into<PathBuf>, project: &Path) -> Self {
        let specs: PathBuf = specs.into();
        let own = specs.join("overlays");
        let strict = own.is_dir();
        let overlays = if strict { own } else { project.join("overlays") };
        let shown = specs.display().to_string();
        Input { folders: vec![(specs, shown), (project.to_owned(), "specs".to_owned())], overlays, strict }
    }

    /// The names of the REST descriptions, sorted.
    pub fn apis(&self) -> Result<Vec<String>, Diagnostics> {
        let mut names = BTreeSet::new();
        for (folder, shown) in &self.folders {
            let entries = match std::fs::read_dir(folder.join("rest")) {
                Ok(entries) => entries,
                // A user may bring the Engine alone; but not a folder that is not there.
                Err(_) if folder.is_dir() && self.folders.len() > 1 => continue,
                Err(error) => {
                    let message = format!("cannot be read: {error}");
                    let help = "the folder of descriptions holds a folder `rest`";
                    return Err(vec![Diagnostic::of_file(format!("{shown}/rest"), message, help)]);
                }
            };
            let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            names.extend(files.filter_map(|file| Some(file.strip_suffix(".json")?.to_owned())));
        }
        Ok(names.into_iter().collect())
    }

    /// Reads a description and lays the overlays over it.
    pub fn load(&self, name: &str, overlays: &Overlays) -> Result<Loaded, Diagnostics> {
        let file = format!("{name}.json");
        let found = self.folders.iter().find(|(folder, _)| folder.join(&file).is_file());
        let Some((folder, shown)) = found.or(self.folders.first()) else { return Err(Diagnostics::new()) };
        let mut document =
            Document::read(&folder.join(&file), &format!("{shown}/{file}")).map_err(|error| vec![error])?;
        match overlays.apply(&file, &mut document.value) {
            Ok(applied) => Ok(Loaded { document, applied, warnings: Vec::new() }),
            Err(stale) if self.strict => Err(stale),
            // What no longer fits was not applied; the rest was, and the description is the newer word.
            Err(stale) => Ok(Loaded { document, applied: Applied::default(), warnings: stale }),
        }
    }

    /// Lists the overlays.
    pub fn overlays(&self) -> Result<Overlays, Diagnostics> {
        if self.overlays.is_dir() { Overlays::read(&self.overlays) } else { Ok(Overlays::default()) }
    }

    /// A REST API, lowered.
    pub fn api(&self, name: &str, overlays: &Overlays) -> Result<(Api, Diagnostics), Diagnostics> {
        let loaded = self.load(&format!("rest/{name}"), overlays)?;
        let normalized = normalize::normalize(&loaded.document)?;
        Ok((lower::api(name, &loaded.document, &normalized)?, loaded.warnings))
    }

    /// The Engine, lowered.
    pub fn engine(&self, overlays: &Overlays) -> Result<(Engine, Diagnostics), Diagnostics> {
        let loaded = self.load("engine/qix", overlays)?;
        Ok((lower::engine(&loaded.document)?, loaded.warnings))
    }
}

/// A description with its overlays.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The description as changed.
    pub document: Document,
    /// What changed it.
    pub applied: Applied,
    /// Overlays that no longer fit, where that is no error.
    pub warnings: Diagnostics,
}

/// What was generated.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// The files, by path.
    pub files: Vec<File>,
    /// The lowered APIs.
    pub apis: Vec<Api>,
    /// The lowered Engine.
    pub engine: Option<Engine>,
    /// What should be looked at, but stops nothing.
    pub warnings: Diagnostics,
}

/// A unit of work: APIs do not depend on each other.
enum Unit {
    Api(Box<Api>),
    Engine(Box<Engine>),
}

type Outcome = Result<(Unit, Vec<File>, Diagnostics), Diagnostics>;

/// Generates the APIs of those names, and the Engine if asked for. All complaints are collected before it gives up.
pub fn generate(input: &Input, apis: &[String], engine: bool) -> Result<Generated, Diagnostics> {
    let overlays = input.overlays()?;
    let mut names: Vec<Option<&String>> = apis.iter().map(Some).collect();
    names.extend(engine.then_some(None));
    // Each thread takes the next unit; the results are put in order afterwards.
    let next = Mutex::new(names.iter().copied().enumerate());
    let outcomes: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(names.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, name)) = take(&next) {
                    let outcome = one(input, &overlays, name, apis);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push((index, outcome));
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(index, _)| *index);
    gather(outcomes.into_iter().map(|(_, outcome)| outcome))
}

fn take<T>(units: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    units.lock().ok()?.next()
}

fn one(input: &Input, overlays: &Overlays, name: Option<&String>, apis: &[String]) -> Outcome {
    match name {
        Some(name) => {
            let (api, warnings) = input.api(name, overlays)?;
            let files = emit::api(&api, &format!("rest/{name}.json"), apis);
            Ok((Unit::Api(Box::new(api)), files, warnings))
        }
        None => {
            let (engine, warnings) = input.engine(overlays)?;
            let files = emit::engine(&engine);
            Ok((Unit::Engine(Box::new(engine)), files, warnings))
        }
    }
}

fn gather(outcomes: impl Iterator<Item = Outcome>) -> Result<Generated, Diagnostics> {
    let mut generated = Generated::default();
    let mut wrong = Diagnostics::new();
    for outcome in outcomes {
        match outcome {
            Ok((unit, files, warnings)) => {
                generated.files.extend(files);
                generated.warnings.extend(warnings);
                match unit {
                    Unit::Api(api) => generated.apis.push(*api),
                    Unit::Engine(engine) => generated.engine = Some(*engine),
                }
            }
            Err(diagnostics) => wrong.extend(diagnostics),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    generated.files.push(emit::index(&generated.apis));
    generated.files.push(emit::table(&generated.apis, generated.engine.as_ref()));
    generated.files.push(emit::calls(&generated.apis));
    Ok(generated)
}
