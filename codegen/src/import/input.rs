//! What the import was given: files, folders and archives become documents with the name of their API.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::unreadable;

/// More than any description has; an archive that unpacks to more is not one of descriptions.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A file that was given, or found in a folder or an archive that was.
#[derive(Debug)]
pub(super) struct Input {
    /// As messages show it: the path, for a member of an archive the archive's and the member's.
    pub(super) shown: String,
    /// The file's own name.
    pub(super) file: String,
    /// The name of the archive that it came in.
    pub(super) archive: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Input {
    /// Reads one file.
    pub(super) fn file(path: &Path) -> Result<Self, Diagnostic> {
        let shown = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| unreadable(&shown, &error))?;
        Ok(Self { file: name_of(path), archive: None, shown, bytes })
    }

    /// The name of the API: the file's, in kebab case.
    fn api(&self) -> Result<&str, Diagnostic> {
        let name = self.file.strip_suffix(".json").unwrap_or(&self.file);
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name.ends_with('-')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if is_name {
            return Ok(name);
        }
        Err(Diagnostic::of_file(
            &self.shown,
            format!("an API cannot be called `{name}`, and it is called as its file"),
            "rename the file to lower-case words with hyphens, such as data-files.json",
        ))
    }
}

/// The documents among `paths` by API. Folders and archives are searched for `*.json`, at any depth.
pub(super) fn by_api(paths: &[PathBuf]) -> Result<BTreeMap<String, Input>, Diagnostics> {
    let mut apis: BTreeMap<String, Input> = BTreeMap::new();
    let mut errors = Vec::new();
    for path in paths {
        let found = gather(path).and_then(|inputs| if inputs.is_empty() { Err(nothing_in(path)) } else { Ok(inputs) });
        let inputs = found.unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        });
        for input in inputs {
            match input.api().map(str::to_owned) {
                Err(error) => errors.push(error),
                Ok(api) => match apis.get(&api) {
                    Some(other) => errors.push(Diagnostic::of_file(
                        &input.shown,
                        format!("a second file for the API `{api}`; the first is {}", other.shown),
                        "give one of the two; an API is called as its file, wherever that lies",
                    )),
                    None => {
                        apis.insert(api, input);
                    }
                },
            }
        }
    }
    if errors.is_empty() { Ok(apis) } else { Err(errors) }
}

fn nothing_in(path: &Path) -> Diagnostic {
    Diagnostic::of_file(
        path.display().to_string(),
        "there is no .json file in it",
        "give the folder or archive that the descriptions are in",
    )
}

fn gather(path: &Path) -> Result<Vec<Input>, Diagnostic> {
    if path.is_dir() {
        let mut inputs = Vec::new();
        gather_folder(path, &mut inputs)?;
        return Ok(inputs);
    }
    let input = Input::file(path)?;
    let is_archive = input.bytes.starts_with(b"PK") || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    if is_archive { unpack(&input) } else { Ok(vec![input]) }
}

fn gather_folder(folder: &Path, inputs: &mut Vec<Input>) -> Result<(), Diagnostic> {
    let failed = |error: &std::io::Error| unreadable(&folder.display().to_string(), error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        // the type of the entry itself: a link to a folder could lead round in a circle
        let is_folder = entry.file_type().map_err(|error| failed(&error))?.is_dir();
        entries.push((entry.path(), is_folder));
    }
    entries.sort();
    for (path, is_folder) in entries {
        let name = name_of(&path);
        if name.starts_with('.') {
            continue;
        }
        if is_folder {
            gather_folder(&path, inputs)?;
        } else if name.ends_with(".json") {
            inputs.push(Input::file(&path)?);
        }
    }
    Ok(())
}

fn unpack(archive: &Input) -> Result<Vec<Input>, Diagnostic> {
    let broken = |error: &dyn std::fmt::Display| {
        Diagnostic::of_file(
            &archive.shown,
            format!("the archive cannot be read: {error}"),
            "fetch it again; it may be cut off, or encrypted, or no zip",
        )
    };
    let mut zip = ZipArchive::new(Cursor::new(&archive.bytes)).map_err(|error| broken(&error))?;
    let mut inputs = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        let steps: Vec<&str> = name.split(['/', '\\']).collect();
        if name.starts_with(['/', '\\']) || name.contains(':') || steps.contains(&"..") {
            return Err(Diagnostic::of_file(
                &archive.shown,
                format!("the archive has an entry that leads out of it: `{name}`"),
                "do not trust this archive; get it from Qlik again",
            ));
        }
        let file = steps.last().copied().unwrap_or_default();
        let hidden = steps.iter().any(|step| step.starts_with('.') || *step == "__MACOSX");
        if !entry.is_file() || hidden || !file.ends_with(".json") {
            continue;
        }
        let mut bytes = Vec::new();
        let read = entry.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        if u64::try_from(read).is_ok_and(|read| read > LARGEST) {
            return Err(broken(&format_args!("`{name}` is larger than {} MiB", LARGEST / 1024 / 1024)));
        }
        inputs.push(Input {
            shown: format!("{}/{name}", archive.shown),
            file: file.to_owned(),
            archive: Some(archive.file.clone()),
            bytes,
        });
    }
    inputs.sort_by(|a, b| a.shown.cmp(&b.shown));
    Ok(inputs)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
