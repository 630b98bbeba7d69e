//! A place to import from and to.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use qlik_codegen::diagnostic::Diagnostics;
use qlik_codegen::import::{self, Report, RestImport};
use serde_json::Value;

/// A temporary folder with sources in it and a folder of descriptions.
pub(crate) struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder that has an imported API already.
    pub(crate) fn with_one_api() -> Self {
        let folder = Self::new();
        let source = folder.file("first/items.json", api("/items"));
        folder.import(&[source]).expect("a good document");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn specs(&self) -> PathBuf {
        self.path("specs")
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn zip(&self, name: &str, entries: &[(&str, &str)]) -> PathBuf {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (entry, content) in entries {
            zip.start_file(*entry, zip::write::SimpleFileOptions::default()).expect("an entry");
            zip.write_all(content.as_bytes()).expect("its content");
        }
        self.file(name, zip.finish().expect("an archive").into_inner())
    }

    pub(crate) fn import(&self, inputs: &[PathBuf]) -> Result<Report, Diagnostics> {
        self.import_as(RestImport { inputs: inputs.to_vec(), ..RestImport::default() })
    }

    pub(crate) fn import_as(&self, import: RestImport) -> Result<Report, Diagnostics> {
        import::rest(&import, &self.specs())
    }

    pub(crate) fn import_engine(&self, file: &Path) -> Result<Report, Diagnostics> {
        import::engine(file, &self.specs())
    }

    /// What an import made of a file.
    pub(crate) fn read(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.specs().join(name)).expect("an imported file");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Every file below the folder of descriptions, with its bytes; and nothing may be left beside it.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let left = fs::read_dir(self.root.path()).expect("the root");
        let left: Vec<_> = left.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        assert!(!left.iter().any(|name| name.contains("-import-")), "left behind: {left:?}");
        let mut files = BTreeMap::new();
        collect(&self.specs(), &mut files);
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.insert(entry.path(), fs::read(entry.path()).expect("a file"));
        }
    }
}

/// The smallest description: one operation.
pub(crate) fn api(path: &str) -> String {
    format!(
        r#"{{
  "openapi": "3.0.0",
  "info": {{"title": "items", "version": "1"}},
  "paths": {{
    "{path}": {{
      "get": {{"responses": {{"204": {{"description": "x"}}}}}}
    }}
  }}
}}
"#
    )
}
