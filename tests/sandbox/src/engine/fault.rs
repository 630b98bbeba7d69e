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
    /// Sessions that are kept for their client's return are dropped, as if their time were over.
    Forget,
}

/// The faults that are waiting for their call.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<EngineFault>);

impl Faults {
    pub(super) fn add(&mut self, fault: EngineFault) {
        self.0.push(fault);
    }

    fn take(&mut self, fits: impl Fn(&EngineFault) -> bool) -> Option<EngineFault> {
        let place = self.0.iter().position(fits)?;
        match &mut self.0[place] {
            EngineFault::Slow { times, .. } | EngineFault::Fail { times, .. } if *times > 1 => {
                *times -= 1;
                Some(self.0[place].clone())
            }
            _ => Some(self.0.remove(place)),
        }
    }

    /// How long a call of a method is to take.
    pub(super) fn delay(&mut self, name: &str) -> Option<Duration> {
        let slow = |fault: &EngineFault| matches!(fault, EngineFault::Slow { method, .. } if method == name);
        match self.take(slow)? {
            EngineFault::Slow { by, .. } => Some(by),
            _ => None,
        }
    }

    /// The code that a call of a method is to fail with.
    pub(super) fn code(&mut self, name: &str) -> Option<i64> {
        let fail = |fault: &EngineFault| matches!(fault, EngineFault::Fail { method, .. } if method == name);
        match self.take(fail)? {
            EngineFault::Fail { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What the log of a reload that is to fail ends with.
    pub(super) fn reload(&mut self) -> Option<String> {
        match self.take(|fault| matches!(fault, EngineFault::FailReload { .. }))? {
            EngineFault::FailReload { log } => Some(log),
            _ => None,
        }
    }

    pub(super) fn greeting(&mut self) -> Option<String> {
        match self.take(|fault| matches!(fault, EngineFault::Greeting { .. }))? {
            EngineFault::Greeting { state } => Some(state),
            _ => None,
        }
    }
}
