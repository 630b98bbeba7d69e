//! The Engine's misbehaviour, on command.

use std::time::Duration;

/// Something for the Engine to do wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineFault {
    /// Calls of a method take this long, so that others overtake them.
    Slow {
        /// The method, without its class.
        method: String,
        /// How long.
        by: Duration,
        /// How many calls.
        times: u32,
    },
    /// Calls of a method fail with a code of the engine's.
    Fail {
        /// The method, without its class.
        method: String,
        /// The code, such as 15 for an aborted request.
        code: i64,
        /// How many calls.
        times: u32,
    },
    /// The next reload fails.
    FailReload {
        /// What its log ends with.
        log: String,
    },
    /// The next socket is greeted with this session state.
    Greeting {
        /// Such as `SESSION_ERROR_LIMIT_EXCEEDED`.
        state: String,
    },
    /// Every open socket is closed, now.
    Close {
        /// The close code, such as 4001.
        code: u16,
        /// The reason that goes with it.
        reason: String,
    },
    /// No client that returns finds its session again, as if the time of each were over.
    Forget,
}

/// The faults that are waiting for their call.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<EngineFault>);

impl Faults {
    pub(super) fn add(&mut self, fault: EngineFault) {
        self.0.push(fault);
    }

    /// What the first fault that fits says, which counts as a time that it struck.
    fn take<T>(&mut self, says: impl Fn(&EngineFault) -> Option<T>) -> Option<T> {
        let (place, said) = self.0.iter().enumerate().find_map(|(place, fault)| Some((place, says(fault)?)))?;
        match &mut self.0[place] {
            EngineFault::Slow { times, .. } | EngineFault::Fail { times, .. } if *times > 1 => *times -= 1,
            _ => drop(self.0.remove(place)),
        }
        Some(said)
    }

    /// How long a call of a method is to take.
    pub(super) fn delay(&mut self, name: &str) -> Option<Duration> {
        self.take(|fault| match fault {
            EngineFault::Slow { method, by, .. } if method == name => Some(*by),
            _ => None,
        })
    }

    /// The code that a call of a method is to fail with.
    pub(super) fn code(&mut self, name: &str) -> Option<i64> {
        self.take(|fault| match fault {
            EngineFault::Fail { method, code, .. } if method == name => Some(*code),
            _ => None,
        })
    }

    /// What the log of a reload that is to fail ends with.
    pub(super) fn reload(&mut self) -> Option<String> {
        self.take(|fault| match fault {
            EngineFault::FailReload { log } => Some(log.clone()),
            _ => None,
        })
    }

    pub(super) fn greeting(&mut self) -> Option<String> {
        self.take(|fault| match fault {
            EngineFault::Greeting { state } => Some(state.clone()),
            _ => None,
        })
    }
}
