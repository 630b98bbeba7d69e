//! `specs/SOURCES.toml`: for each file of the import, what it was made from.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::input::Input;
use crate::diagnostic::Diagnostic;
use crate::source::unreadable;

/// The file's place in the folder of descriptions.
pub(super) const FILE: &str = "SOURCES.toml";

const HEADER: &str = "\
# What the files of this folder were made from. Written by `qlik-codegen import`, not by hand; README.md says how.
# sha256 is that of the source's bytes; date and version are upstream's.

";

/// The record of all sources.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sources {
    /// The list of operation names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) names: Option<Source>,
    /// engine/NAME.json
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) engine: BTreeMap<String, Source>,
    /// rest/NAME.json
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rest: BTreeMap<String, Source>,
}

/// What one file was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) archive: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) sha256: String,
}

impl Sources {
    /// The record in the folder; an empty one where there is none yet.
    pub(super) fn read(specs: &Path) -> Result<Self, Diagnostic> {
        let path = specs.join(FILE);
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(|error| unreadable(&shown, &error))?,
        };
        toml::from_str(&text).map_err(|error| {
            let before = text.get(..error.span().unwrap_or_default().start).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            Diagnostic::of_place(
                &shown,
                (before.matches('\n').count() + 1, column),
                format!("not a record of sources: {}", error.message()),
                "restore the file from version control, or delete it and import everything again",
            )
        })
    }

    pub(super) fn to_text(&self) -> Result<String, Diagnostic> {
        let text = toml::to_string(self).map_err(|error| {
            Diagnostic::of_file(FILE, format!("cannot be written: {error}"), "check the names of the source files")
        })?;
        Ok(format!("{HEADER}{text}"))
    }
}

impl Source {
    /// The record of a source whose facts are `written`. `before` is the record that stands: it stays where the source
    /// is what the import itself wrote, and lends its date and version where the same bytes come again without them.
    pub(super) fn of(
        input: &Input,
        written: &[u8],
        date: Option<&str>,
        version: Option<&str>,
        before: Option<&Self>,
    ) -> Self {
        if let Some(before) = before.filter(|_| input.bytes == written) {
            return before.clone();
        }
        let sha256: String = Sha256::digest(&input.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let same = before.filter(|before| before.sha256 == sha256);
        let or_before =
            |new: Option<&str>, old: Option<&Option<String>>| new.map(str::to_owned).or_else(|| old.cloned().flatten());
        Self {
            file: input.file.clone(),
            archive: input.archive.clone(),
            date: or_before(date, same.map(|same| &same.date)),
            version: or_before(version, same.map(|same| &same.version)),
            sha256,
        }
    }
}
