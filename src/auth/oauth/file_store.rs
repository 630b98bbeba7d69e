//! Tokens in a file that only its owner reads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::store::{TokenKey, TokenStore};
use super::tokens::Tokens;
use crate::auth::files;

/// Keeps tokens in one file, for its owner's eyes only (mode 0600), which is replaced as a whole.
///
/// A file that others can read or change is refused. The folder has to be there. Each program has a file of its own:
/// of two that change one at the same moment, the later one wins. The file's text is JSON and not
/// encrypted: where that does not do, the operating system's keyring is a [`TokenStore`] of one's own.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    /// One change at a time within this process.
    changes: Mutex<()>,
}

impl FileStore {
    /// In this file; it is made when there is something to keep.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), changes: Mutex::new(()) }
    }

    fn read(&self) -> io::Result<Map<String, Value>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(error) => return Err(error),
        };
        files::check_private(&file, &self.path)?;
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        serde_json::from_str(&text).map_err(|error| {
            let why = format!("{} is not a file of tokens (line {})", self.path.display(), error.line());
            io::Error::new(io::ErrorKind::InvalidData, why)
        })
    }

    fn change(&self, change: impl FnOnce(&mut Map<String, Value>)) -> io::Result<()> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        change(&mut all);
        if all.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        files::replace(&self.path, Zeroizing::new(Value::Object(all).to_string()).as_bytes())
    }
}

impl TokenStore for FileStore {
    fn load(&self, key: &TokenKey) -> io::Result<Option<Tokens>> {
        Ok(self.read()?.get(&key.to_string()).and_then(Tokens::from_value))
    }

    fn save(&self, key: &TokenKey, tokens: &Tokens) -> io::Result<()> {
        self.change(|all| {
            all.insert(key.to_string(), tokens.to_value());
        })
    }

    fn remove(&self, key: &TokenKey) -> io::Result<()> {
        self.change(|all| {
            all.remove(&key.to_string());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subject: &str) -> TokenKey {
        TokenKey { host: "https://t".into(), client: "c".into(), scope: "s".into(), subject: subject.into() }
    }

    #[test]
    fn keeps_each_key_apart_in_a_private_file() {
        let folder = std::env::temp_dir().join(format!("qlik-tokens-{}", crate::auth::random::hex::<8>().unwrap()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("tokens.json");
        let store = FileStore::new(&path);
        assert_eq!(store.load(&key("a")).unwrap(), None);
        store.remove(&key("a")).unwrap();
        store.save(&key("a"), &Tokens::new("one")).unwrap();
        store.save(&key("b"), &Tokens::new("two").refresh_token("r")).unwrap();
        let again = FileStore::new(&path);
        assert_eq!(again.load(&key("a")).unwrap(), Some(Tokens::new("one")));
        assert_eq!(again.load(&key("b")).unwrap(), Some(Tokens::new("two").refresh_token("r")));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            let error = again.load(&key("a")).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        store.remove(&key("a")).unwrap();
        store.remove(&key("b")).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left behind");
        fs::write(&path, "no").unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        assert!(store.save(&key("a"), &Tokens::new("x")).is_err(), "another's file is not overwritten");
        fs::remove_dir_all(&folder).unwrap();
    }
}
