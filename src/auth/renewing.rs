//! Something that is signed in with and has to be renewed: ahead of its end, once however many ask for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::{Error, Result, trace};

/// How long before its end a thing is renewed, unless set.
pub(crate) const MARGIN: Duration = Duration::from_secs(120);

/// A token or a session, with the one renewal that may be under way.
#[derive(Debug)]
pub(crate) struct Renewing<T> {
    state: Arc<Mutex<State<T>>>,
    margin: Duration,
}

#[derive(Debug)]
struct State<T> {
    held: Option<Held<T>>,
    flight: Option<Flight<T>>,
    /// How many there have been.
    stamp: u64,
}

#[derive(Debug)]
struct Held<T> {
    thing: Stamped<T>,
    /// When it is to be renewed, and when it ends; nothing where nobody knows.
    life: Option<(SystemTime, SystemTime)>,
}

type Flight<T> = Shared<BoxFuture<'static, Result<Stamped<T>, Arc<Error>>>>;

/// What is held, with its number in the row of those that were.
#[derive(Debug)]
pub(crate) struct Stamped<T> {
    pub(crate) value: Arc<T>,
    pub(crate) stamp: u64,
}

impl<T> Clone for Stamped<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), stamp: self.stamp }
    }
}

/// What is made anew: with its end, where that is known.
pub(crate) type Fresh<T> = (T, Option<SystemTime>);

/// The making of it.
pub(crate) type Making<T> = BoxFuture<'static, Result<Fresh<T>>>;

impl<T: Send + Sync + 'static> Renewing<T> {
    pub(crate) fn new(margin: Duration) -> Self {
        let state = State { held: None, flight: None, stamp: 0 };
        Self { state: Arc::new(Mutex::new(state)), margin }
    }

    /// What is held, as long as it is fresh; or else what `make` makes, once for all who ask meanwhile.
    ///
    /// Making goes on where the one who asked for it has gone. Where it fails, all who waited learn of it, and the next
    /// one tries again; where what is held has not ended yet, it serves on.
    pub(crate) async fn get(&self, make: impl FnOnce() -> Making<T>) -> Result<Stamped<T>> {
        let (flight, good) = {
            let mut state = lock(&self.state);
            let now = SystemTime::now();
            if let Some(fresh) = state.held.as_ref().filter(|held| held.life.is_none_or(|(renew, _)| now < renew)) {
                return Ok(fresh.thing.clone());
            }
            let good = state.held.as_ref().filter(|held| held.life.is_none_or(|(_, end)| now < end));
            let good = good.map(|held| held.thing.clone());
            let flight = match &state.flight {
                Some(flight) => flight.clone(),
                None => {
                    let flight = self.begin(make())?;
                    state.flight = Some(flight.clone());
                    flight
                }
            };
            (flight, good)
        };
        match (flight.await, good) {
            (Ok(thing), _) => Ok(thing),
            (Err(error), Some(good)) if error.is_retryable() => {
                trace::http::warn(
                    format_args!("signing in anew failed; what there is has not expired yet"),
                    Some(&error),
                );
                Ok(good)
            }
            (Err(error), _) => Err(error.shared()),
        }
    }

    fn begin(&self, make: Making<T>) -> Result<Flight<T>> {
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| Error::config("qlik is called outside of a tokio runtime"))?;
        let landing = Landing(Arc::clone(&self.state));
        let margin = self.margin;
        let task = runtime.spawn(async move {
            let (value, end) = make.await.map_err(Arc::new)?;
            let mut state = lock(&landing.0);
            state.stamp += 1;
            let thing = Stamped { value: Arc::new(value), stamp: state.stamp };
            let life = end.map(|end| (renewal(SystemTime::now(), end, margin), end));
            state.held = Some(Held { thing: thing.clone(), life });
            drop(state);
            Ok(thing)
        });
        let flight = task.map(|ended| match ended {
            Ok(made) => made,
            Err(_) => Err(Arc::new(Error::auth("it was broken off, for the runtime that it ran on is ending"))),
        });
        Ok(flight.boxed().shared())
    }

    /// What is held, fresh or not.
    pub(crate) fn peek(&self) -> Option<Stamped<T>> {
        lock(&self.state).held.as_ref().map(|held| held.thing.clone())
    }

    /// Drops what is held, if it is still the one with this number.
    pub(crate) fn drop_stamp(&self, stamp: u64) {
        let mut state = lock(&self.state);
        if state.held.as_ref().is_some_and(|held| held.thing.stamp == stamp) {
            state.held = None;
        }
    }

    /// Takes what is held away.
    pub(crate) fn take(&self) -> Option<Stamped<T>> {
        lock(&self.state).held.take().map(|held| held.thing)
    }

    /// Holds this from now on.
    #[cfg_attr(not(feature = "auth-interactive"), allow(dead_code))]
    pub(crate) fn put(&self, (value, end): Fresh<T>) {
        let mut state = lock(&self.state);
        state.stamp += 1;
        let life = end.map(|end| (renewal(SystemTime::now(), end, self.margin), end));
        state.held = Some(Held { thing: Stamped { value: Arc::new(value), stamp: state.stamp }, life });
    }
}

/// When to renew what ends then: the margin ahead, but not before half of its life is over.
fn renewal(now: SystemTime, end: SystemTime, margin: Duration) -> SystemTime {
    let life = end.duration_since(now).unwrap_or_default();
    end.checked_sub(margin.min(life / 2)).unwrap_or(now)
}

/// Ends a renewal, however it ends.
struct Landing<T>(Arc<Mutex<State<T>>>);

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        lock(&self.0).flight = None;
    }
}

/// Nothing panics while the lock is held, so that a poisoned one is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn soon(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::now() + Duration::from_secs(seconds))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn is_made_once_for_all() {
        let (renewing, made) = (Arc::new(Renewing::new(MARGIN)), Arc::new(AtomicUsize::new(0)));
        let tasks = (0..64).map(|_| {
            let (renewing, made) = (Arc::clone(&renewing), Arc::clone(&made));
            tokio::spawn(async move {
                let make = async move {
                    tokio::task::yield_now().await;
                    Ok((made.fetch_add(1, Ordering::SeqCst), soon(3_600)))
                };
                renewing.get(|| make.boxed()).await.unwrap().stamp
            })
        });
        for stamp in futures::future::join_all(tasks).await {
            assert_eq!(stamp.unwrap(), 1);
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn is_renewed_ahead_and_after_a_refusal() {
        let renewing = Renewing::new(Duration::from_secs(120));
        let get = |value, life| renewing.get(move || async move { Ok((value, soon(life))) }.boxed());
        assert_eq!(*get(1, 3_600).await.unwrap().value, 1);
        assert_eq!(*get(2, 3_600).await.unwrap().value, 1);
        renewing.drop_stamp(7);
        assert_eq!(*get(2, 3_600).await.unwrap().value, 1);
        renewing.drop_stamp(1);
        assert_eq!(*get(2, 3_600).await.unwrap().value, 2);
        assert_eq!(renewing.take().unwrap().stamp, 2);
        // It ends at once.
        assert_eq!(*get(3, 0).await.unwrap().value, 3);
        assert_eq!(*get(4, 3_600).await.unwrap().value, 4);
    }

    #[tokio::test]
    async fn a_failure_is_told_and_not_kept() {
        let renewing = Renewing::<u8>::new(MARGIN);
        let failing = || async { Err(Error::auth("no")) }.boxed();
        let (one, two) = futures::join!(renewing.get(failing), renewing.get(failing));
        assert!(one.unwrap_err().is_auth() && two.unwrap_err().is_auth());
        assert_eq!(*renewing.get(|| async { Ok((1, None)) }.boxed()).await.unwrap().value, 1);
    }

    #[tokio::test]
    async fn what_has_not_ended_serves_on_where_the_network_fails() {
        let renewing = Renewing::new(Duration::from_secs(3_600));
        renewing.put((1, soon(3_600)));
        // Past half of its life, before its end.
        lock(&renewing.state).held.as_mut().unwrap().life.as_mut().unwrap().0 = SystemTime::now();
        let broken = || async { Err(Error::timeout("signing in", Duration::ZERO)) }.boxed();
        assert_eq!(*renewing.get(broken).await.unwrap().value, 1);
        let refused = || async { Err(Error::auth("no")) }.boxed();
        assert!(renewing.get(refused).await.is_err());
    }

    #[tokio::test]
    async fn goes_on_without_the_one_who_asked() {
        let renewing = Renewing::new(MARGIN);
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        {
            let make = async move {
                let _ = receive.await;
                Ok((1, None))
            };
            let get = renewing.get(|| make.boxed());
            futures::pin_mut!(get);
            assert!(futures::poll!(get).is_pending());
        }
        send.send(()).unwrap();
        let second = renewing.get(|| async { Ok((2, None)) }.boxed()).await.unwrap();
        assert_eq!(*second.value, 1);
    }

    #[test]
    fn a_margin_leaves_half_of_a_short_life() {
        let now = SystemTime::UNIX_EPOCH;
        let at = |life, margin| {
            let end = now + Duration::from_secs(life);
            renewal(now, end, Duration::from_secs(margin)).duration_since(now).unwrap().as_secs()
        };
        assert_eq!(at(3_600, 120), 3_480);
        assert_eq!(at(100, 120), 50);
        assert_eq!(at(0, 120), 0);
    }
}
