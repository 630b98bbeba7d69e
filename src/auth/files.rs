//! Files that hold secrets: who may read them, and how they are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::random;
use crate::trace;

/// Refuses a file that others than its owner can read or change.
#[cfg(unix)]
pub(super) fn check_private(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match file.metadata()?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} can be read or changed by other users; chmod 600 it", path.display()),
        )),
    }
}

/// Elsewhere the folder of the user protects it.
#[cfg(not(unix))]
pub(super) fn check_private(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a private key. One that others can change is refused; one that others can read is warned of, since secrets are
/// often mounted so.
pub(super) fn read_key(path: &Path) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o022 != 0 {
            let why = format!("{} can be changed by other users; chmod 600 it", path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        if mode & 0o044 != 0 {
            let path = path.display();
            trace::http::warn(format_args!("{path}: a private key that other users can read; chmod 600 it"), None);
        }
    }
    fs::read(path).map(zeroize::Zeroizing::new)
}

/// Writes a file for its owner's eyes: whoever reads it meanwhile sees the old one or the new one, whole.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let random = random::hex::<8>().map_err(io::Error::other)?;
    let mut name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?.to_owned();
    name.push(format!(".{random}.new"));
    let fresh = path.with_file_name(name);
    let written = write(&fresh, content).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        // What cannot be taken away either stays private.
        let _ = fs::remove_file(&fresh);
    }
    written
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
