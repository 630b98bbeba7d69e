//! Which overlay files a folder holds, and which document each of them extends.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::unreadable;

/// What an overlay is for; also the order in which overlays are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Mistakes of the official description, corrected.
    Fixes,
    /// Our choices where the description leaves one.
    Shape,
    /// Our summaries and descriptions; official ones win.
    Wording,
}

impl Layer {
    const ALL: [Self; 3] = [Self::Fixes, Self::Shape, Self::Wording];

    /// The name of the layer's folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Fixes => "fixes",
            Self::Shape => "shape",
            Self::Wording => "wording",
        }
    }
}

/// One overlay file; its text is read when its document is.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) layer: Layer,
    /// Relative to the overlays' folder: `fixes/apps.yaml`.
    pub(super) name: String,
    /// The path as messages show it.
    pub(super) shown: String,
    pub(super) path: PathBuf,
    /// The document it extends, as its name says: `rest/apps.json`.
    pub(super) document: String,
}

/// Lists the overlays below `dir` in the order in which they are applied.
pub(super) fn list(dir: &Path) -> Result<Vec<File>, Diagnostics> {
    let mut files = Vec::new();
    let mut wrong = Diagnostics::new();
    for (name, path) in entries(dir).map_err(|diagnostic| vec![diagnostic])? {
        if path.is_dir() {
            match Layer::ALL.into_iter().find(|layer| layer.folder() == name) {
                Some(layer) => list_layer(layer, &path, &mut files, &mut wrong),
                None => wrong.push(stray(&path, "no overlay is read from this folder")),
            }
        } else if is_yaml(&name) {
            wrong.push(stray(&path, "an overlay outside of the three folders is not read"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    files.sort_by(|a, b| (a.layer, &a.name).cmp(&(b.layer, &b.name)));
    Ok(files)
}

fn list_layer(layer: Layer, dir: &Path, files: &mut Vec<File>, wrong: &mut Diagnostics) {
    let found = match entries(dir) {
        Ok(found) => found,
        Err(diagnostic) => return wrong.push(diagnostic),
    };
    for (name, path) in found {
        let stem = name.strip_suffix(".yaml").filter(|_| path.is_file());
        match stem {
            Some(stem) => files.push(File {
                layer,
                name: format!("{}/{name}", layer.folder()),
                shown: path.display().to_string(),
                document: document_of(stem),
                path,
            }),
            None => wrong.push(Diagnostic::of_file(
                path.display().to_string(),
                "an overlay is a file named API.yaml",
                "rename or remove it",
            )),
        }
    }
}

/// `apps` and `apps.events` extend `rest/apps.json`, `engine` extends the Engine's description.
fn document_of(stem: &str) -> String {
    match stem.split('.').next().unwrap_or(stem) {
        "engine" => "engine/qix.json".to_owned(),
        api => format!("rest/{api}.json"),
    }
}

/// What a folder holds, by name, without hidden files.
fn entries(dir: &Path) -> Result<Vec<(String, PathBuf)>, Diagnostic> {
    let unreadable = |error: std::io::Error| unreadable(&dir.display().to_string(), &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn stray(path: &Path, message: &str) -> Diagnostic {
    let help = "overlays are in fixes/, shape/ or wording/, one file for each API";
    Diagnostic::of_file(path.display().to_string(), message, help)
}
