//! Writes the import's files into the folder of descriptions: all of them or none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// What an import wants the folder to hold: by path below it, the new bytes, or `None` for a file to remove.
pub(super) type Plan = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What happened to the files of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Files that were not there.
    pub added: usize,
    /// Files whose bytes changed.
    pub updated: usize,
    /// Files that were removed.
    pub removed: usize,
    /// Files that already were as they should be; they are not touched.
    pub unchanged: usize,
}

/// Brings the folder `root` to the plan. The new files are written into a folder beside it first and then renamed into
/// place; if anything fails, what was renamed is renamed back.
pub(super) fn apply(root: &Path, mut plan: Plan) -> Result<Changes, Diagnostic> {
    let mut changes = Changes::default();
    plan.retain(|path, new| {
        let old = fs::read(root.join(path)).ok();
        let count = match (&old, &*new) {
            (Some(old), Some(new)) if old == new => &mut changes.unchanged,
            (None, None) => &mut changes.unchanged,
            (Some(_), Some(_)) => &mut changes.updated,
            (None, Some(_)) => &mut changes.added,
            (Some(_), None) => &mut changes.removed,
        };
        *count += 1;
        old != *new
    });
    if plan.is_empty() {
        return Ok(changes);
    }
    let stage = stage_of(root);
    let done = stage_and_move(root, &stage, &plan);
    // nothing of worth is in it any more, whether it went well or not
    let cleaned = fs::remove_dir_all(&stage);
    done.and(cleaned).map(|()| changes).map_err(|error| {
        Diagnostic::of_file(
            root.display().to_string(),
            format!("cannot be written: {error}"),
            "check permissions and free space there and in the folder above",
        )
    })
}

fn stage_of(root: &Path) -> PathBuf {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    let name = format!(".{name}-import-{}", std::process::id());
    match root.parent() {
        Some(parent) => parent.join(name),
        None => root.join(name),
    }
}

fn stage_and_move(root: &Path, stage: &Path, plan: &Plan) -> io::Result<()> {
    for (path, new) in plan {
        if let Some(new) = new {
            let staged = stage.join("new").join(path);
            create_parent(&staged)?;
            fs::write(staged, new)?;
        }
    }
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    let result = plan.iter().try_for_each(|(path, new)| {
        let target = root.join(path);
        let old = stage.join("old").join(path);
        create_parent(&old)?;
        if target.is_dir() {
            return Err(io::Error::other(format!("{} is a folder", target.display())));
        }
        if target.exists() {
            fs::rename(&target, &old)?;
            moved.push((target.clone(), old));
        }
        if new.is_some() {
            create_parent(&target)?;
            let staged = stage.join("new").join(path);
            fs::rename(&staged, &target)?;
            moved.push((staged, target));
        }
        Ok(())
    });
    if result.is_err() {
        for (from, to) in moved.iter().rev() {
            // the first failure is the one to report; the others are attempts to undo it
            let _ = fs::rename(to, from);
        }
    }
    result
}

fn create_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_in_the_middle_leaves_everything_as_it_was() -> io::Result<()> {
        let temp = tempfile::tempdir()?;
        let root = temp.path().join("specs");
        fs::create_dir_all(root.join("z/is-a-folder"))?;
        fs::write(root.join("a"), "old")?;
        let plan = Plan::from([
            ("a".into(), Some(b"new".to_vec())),
            ("b".into(), Some(b"new".to_vec())),
            // a file cannot be put below a file: this one fails, after two went well
            ("a2".into(), Some(b"new".to_vec())),
            ("b/c".into(), Some(b"new".to_vec())),
        ]);
        assert!(apply(&root, plan).is_err());
        assert_eq!(fs::read_to_string(root.join("a"))?, "old");
        assert!(!root.join("a2").exists() && !root.join("b").exists());
        assert_eq!(fs::read_dir(temp.path())?.count(), 1, "nothing else is left");
        Ok(())
    }
}
