//! Keeping a connection alive, and noticing when it is not.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::Host;
use crate::http::bounded;

/// What a session does to keep its connection alive; see
/// [`SessionBuilder::keepalive`](super::SessionBuilder::keepalive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keepalive {
    /// Nothing, apart from what TCP does.
    Off,
    /// A WebSocket ping each time this long has passed. When nothing at all is heard for three of them, the
    /// connection counts as broken.
    ///
    /// Not through the proxy of a client-managed Qlik Sense: it does not pass pings on, and one of them can block the
    /// connection.
    Ping(Duration),
    /// A small call (`EngineVersion`) each time this long has passed. It also keeps the engine from ending an idle
    /// session.
    Call(Duration),
}

impl Keepalive {
    /// What fits the host: a ping every 20 seconds in Qlik Cloud, nothing elsewhere.
    pub fn for_host(host: &Host) -> Self {
        if host.is_cloud() { Keepalive::Ping(Duration::from_secs(20)) } else { Keepalive::Off }
    }

    fn period(self) -> Option<Duration> {
        match self {
            Keepalive::Off => None,
            // an interval of nothing cannot be waited for, nor one without end
            Keepalive::Ping(period) | Keepalive::Call(period) => Some(bounded(period.max(Duration::from_millis(10)))),
        }
    }
}

/// What is due to keep the connection alive.
#[derive(PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    Message,
    Dead,
}

/// The rhythm of one connection.
pub(super) struct Pulse {
    keepalive: Keepalive,
    beats: Option<Pin<Box<Interval>>>,
    /// How many beats have passed in silence.
    silent: u32,
}

impl Pulse {
    pub(super) fn new(keepalive: Keepalive) -> Self {
        Pulse { keepalive, beats: None, silent: 0 }
    }

    /// A connection begins.
    pub(super) fn start(&mut self) {
        self.silent = 0;
        self.beats = self.keepalive.period().map(|period| {
            let mut beats = interval_at(Instant::now() + period, period);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            Box::pin(beats)
        });
    }

    /// Something came in.
    pub(super) fn hear(&mut self) {
        self.silent = 0;
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Beat> {
        let Some(beats) = &mut self.beats else { return Poll::Pending };
        std::task::ready!(beats.poll_tick(cx));
        self.silent += 1;
        Poll::Ready(match self.keepalive {
            Keepalive::Ping(_) if self.silent > 3 => Beat::Dead,
            Keepalive::Ping(_) => Beat::Ping,
            // an engine that is busy may rightly answer late
            _ => Beat::Message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn any_period_is_one_that_can_be_waited_for() {
        for (period, beats) in [(Duration::ZERO, 100), (Duration::from_millis(250), 4), (Duration::MAX, 0)] {
            let mut pulse = Pulse::new(Keepalive::Call(period));
            pulse.start();
            let mut heard = 0;
            let counting = async {
                loop {
                    std::future::poll_fn(|cx| pulse.poll(cx)).await;
                    heard += 1;
                }
            };
            let _ = tokio::time::timeout(Duration::from_millis(1005), counting).await;
            assert_eq!(heard, beats, "{period:?}");
        }
    }
}
