//! Where tokens are kept between two runs of a program, and by what name.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::tokens::Tokens;

/// What tokens are for: nobody gets another's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenKey {
    pub(super) host: String,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) subject: String,
}

impl TokenKey {
    /// The host that gave them, as `https://your-tenant.eu.qlikcloud.com`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The id of the OAuth client.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The scopes that were asked for.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The user that they speak for, as the program calls that one; empty where there is but one.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for TokenKey {
    /// One line with all four, for stores that want one name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | {} | {}", self.host, self.client, self.scope, self.subject)
    }
}

/// Where tokens are kept. [`MemoryStore`] and [`FileStore`](super::FileStore) are two; the keyring of the operating
/// system is a page of code around [`Tokens::to_text`].
///
/// Its methods are called on threads where they may block. An error of theirs is logged, and does not keep anybody from
/// signing in.
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// The tokens of this key, if there are any.
    fn load(&self, key: &TokenKey) -> io::Result<Option<Tokens>>;

    /// Keeps tokens, in the place of those that were there.
    fn save(&self, key: &TokenKey, tokens: &Tokens) -> io::Result<()>;

    /// Forgets the tokens of this key.
    fn remove(&self, key: &TokenKey) -> io::Result<()>;
}

/// Keeps tokens as long as the program runs: for several clients that sign in as the same user.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<TokenKey, Tokens>>);

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryStore {
    fn load(&self, key: &TokenKey) -> io::Result<Option<Tokens>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn save(&self, key: &TokenKey, tokens: &Tokens) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), tokens.clone());
        Ok(())
    }

    fn remove(&self, key: &TokenKey) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        Ok(())
    }
}
