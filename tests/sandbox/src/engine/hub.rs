//! All sessions of the Engine: which socket belongs to which, and how long one waits for its client's return.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::sync::{mpsc, watch};

use super::fault::{EngineFault, Faults};
use super::session::Session;
use crate::tenant::Tenant;

/// What makes two sockets share a session: the user, the app in the URL, and the identity after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    user: String,
    app: String,
    identity: String,
}

impl Key {
    /// Reads `/app/{app}`, with `/identity/{name}` and `/ttl/{seconds}` after it.
    pub(super) fn read(user: &str, path: &str) -> Option<(Self, Duration)> {
        let mut segments = path.strip_prefix("/app/")?.split('/');
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let app = decoded(segments.next().filter(|app| !app.is_empty())?);
        let mut key = Self { user: user.to_owned(), app, identity: String::new() };
        let mut ttl = Duration::ZERO;
        while let Some(name) = segments.next() {
            match (name, segments.next()?) {
                ("identity", identity) if !identity.is_empty() => key.identity = decoded(identity),
                ("ttl", seconds) => ttl = Duration::from_secs(seconds.parse::<u32>().ok()?.into()),
                _ => return None,
            }
        }
        Some((key, ttl))
    }
}

/// Whether a path is the Engine's.
pub(crate) fn is_address(path: &str) -> bool {
    Key::read("", path).is_some()
}

/// What a socket has to do that its own client did not ask for.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Tell of changed and closed handles.
    Push { change: BTreeSet<i64>, close: BTreeSet<i64> },
    /// Close, with a code and a reason.
    Close(u16, String),
}

/// A session and the sockets that share it.
#[derive(Debug)]
pub(super) struct Shared {
    session: Mutex<Session>,
    /// Counts the changes of selections: what is being calculated stops when it moves.
    pub(super) selections: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Entry {
    shared: Arc<Shared>,
    sockets: BTreeMap<u64, mpsc::UnboundedSender<Event>>,
    ttl: Duration,
    /// When the last socket went, by the sandbox's clock in milliseconds.
    left: Option<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<Key, Entry>,
    last: u64,
    faults: Faults,
}

/// The Engine's sessions and its faults.
#[derive(Debug, Default)]
pub(crate) struct Hub(Mutex<Inner>);

impl Hub {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the Engine do something wrong.
    pub(crate) fn fault(&self, fault: EngineFault) {
        let mut inner = self.inner();
        match fault {
            // those with a client go on until it leaves, which it may be about to
            EngineFault::Forget => inner.entries.clear(),
            EngineFault::Close { code, reason } => {
                for socket in inner.entries.values().flat_map(|entry| entry.sockets.values()) {
                    // A socket that is gone needs no closing.
                    let _ = socket.send(Event::Close(code, reason.clone()));
                }
            }
            other => inner.faults.add(other),
        }
    }

    /// Looks at the faults that are waiting.
    pub(super) fn faults<R>(&self, look: impl FnOnce(&mut Faults) -> R) -> R {
        look(&mut self.inner().faults)
    }

    /// Gives a new socket its place in a session; with it, what to greet it with.
    pub(super) fn attach(tenant: &Arc<Tenant>, key: Key, ttl: Duration) -> (Seat, String) {
        let (sender, events) = mpsc::unbounded_channel();
        let fresh = Session::new(Arc::clone(tenant), &key.user);
        let mut inner = tenant.engine.inner();
        let now = tenant.clock.millis();
        let over =
            |entry: &Entry| entry.left.is_some_and(|left| Duration::from_millis(now.saturating_sub(left)) >= entry.ttl);
        inner.entries.retain(|_, entry| !over(entry));
        inner.last += 1;
        let number = inner.last;
        let attached = inner.entries.contains_key(&key);
        let entry = inner.entries.entry(key.clone()).or_insert_with(|| Entry {
            shared: Arc::new(Shared { session: Mutex::new(fresh), selections: watch::Sender::new(0) }),
            sockets: BTreeMap::new(),
            ttl,
            left: None,
        });
        entry.sockets.insert(number, sender);
        entry.ttl = ttl;
        entry.left = None;
        let shared = Arc::clone(&entry.shared);
        let usual = if attached { "SESSION_ATTACHED" } else { "SESSION_CREATED" };
        let greeting = inner.faults.greeting().unwrap_or_else(|| usual.to_owned());
        drop(inner);
        (Seat { tenant: Arc::clone(tenant), key, number, shared, events }, greeting)
    }
}

/// A socket's place in a session, left when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) tenant: Arc<Tenant>,
    key: Key,
    pub(super) number: u64,
    pub(super) shared: Arc<Shared>,
    pub(super) events: mpsc::UnboundedReceiver<Event>,
}

impl Seat {
    /// Tells the other sockets of the session what one of them has changed.
    pub(super) fn tell_others(&self, change: &BTreeSet<i64>, close: &BTreeSet<i64>) {
        let inner = self.tenant.engine.inner();
        let others = inner.entries.get(&self.key).into_iter().flat_map(|entry| &entry.sockets);
        for (_, socket) in others.filter(|(number, _)| **number != self.number) {
            // A socket that is gone has nothing to hear.
            let _ = socket.send(Event::Push { change: change.clone(), close: close.clone() });
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.tenant.engine.inner();
        let Some(entry) = inner.entries.get_mut(&self.key) else { return };
        entry.sockets.remove(&self.number);
        if entry.sockets.is_empty() {
            entry.left = Some(self.tenant.clock.millis());
            if entry.ttl.is_zero() {
                inner.entries.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_the_url() {
        let read = |path: &str| Key::read("u", path).map(|(key, ttl)| (key.app, key.identity, ttl.as_secs()));
        assert_eq!(read("/app/a%20b"), Some(("a b".to_owned(), String::new(), 0)));
        assert_eq!(read("/app/a/identity/me/ttl/60"), Some(("a".to_owned(), "me".to_owned(), 60)));
        for path in ["/app/", "/app/a/ttl/soon", "/app/a/identity", "/app/a/identity/", "/app/a/x/y", "/api"] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    /// Sessions hold the tenant and wait for their clients in it, which must not keep it once its sandbox is gone.
    #[tokio::test]
    async fn a_dropped_sandbox_keeps_no_session() {
        let sandbox = crate::Sandbox::start().await.expect("a sandbox");
        let tenant = Arc::downgrade(&sandbox.tenant);
        let (key, ttl) = Key::read("a", "/app/x/identity/i/ttl/3600").expect("a path");
        drop(Hub::attach(&sandbox.tenant, key, ttl));
        drop(sandbox);
        assert_eq!(tenant.strong_count(), 0);
    }

    #[test]
    fn a_session_waits_for_its_client() {
        let tenant = Arc::new(Tenant::seeded());
        let attach = |user: &str, path: &str| {
            let (key, ttl) = Key::read(user, path).expect("a path");
            Hub::attach(&tenant, key, ttl)
        };
        let (first, greeting) = attach("a", "/app/x/identity/i/ttl/60");
        assert_eq!(greeting, "SESSION_CREATED");
        let (second, greeting) = attach("a", "/app/x/identity/i/ttl/60");
        assert_eq!(greeting, "SESSION_ATTACHED");
        assert!(Arc::ptr_eq(&first.shared, &second.shared));
        assert_eq!(attach("b", "/app/x/identity/i").1, "SESSION_CREATED");
        assert_eq!(attach("a", "/app/x/identity/j").1, "SESSION_CREATED");
        drop((first, second));
        let (third, greeting) = attach("a", "/app/x/identity/i/ttl/60");
        assert_eq!(greeting, "SESSION_ATTACHED");
        drop(third);
        tenant.clock.advance(Duration::from_secs(59));
        let (fourth, greeting) = attach("a", "/app/x/identity/i/ttl/60");
        assert_eq!(greeting, "SESSION_ATTACHED");
        drop(fourth);
        tenant.clock.advance(Duration::from_secs(61));
        let (fifth, greeting) = attach("a", "/app/x/identity/i/ttl/60");
        assert_eq!(greeting, "SESSION_CREATED");
        drop(fifth);
        tenant.engine.fault(EngineFault::Forget);
        assert_eq!(attach("a", "/app/x/identity/i/ttl/0").1, "SESSION_CREATED");
        assert_eq!(attach("a", "/app/x/identity/i/ttl/0").1, "SESSION_CREATED");
    }
}
