//! Writes what was emitted: only files that changed, so that nothing is compiled again without need.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::emit::File;

/// Brings a folder to hold exactly these files.
pub fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    let mut kept = BTreeSet::new();
    for file in files {
        let path = folder.join(&file.path);
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&file.text) {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, &file.text)?;
        }
        kept.insert(path);
    }
    let tops: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| Path::new(&file.path).iter().next()).map(|top| folder.join(top)).collect();
    tops.iter().filter(|top| top.is_dir()).try_for_each(|top| remove_others(top, &kept))
}

/// What an earlier run left, of an API that is no longer wanted.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}
