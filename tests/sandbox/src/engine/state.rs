//! The selections of an app: by alternate state, with those before and after.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::rpc::EngineError;
use crate::model::{Model, Selections};

/// The state that is always there.
pub(super) const DEFAULT: &str = "$";

/// The selections of one state, and the rows that they leave.
#[derive(Clone, Debug, Default)]
struct State {
    selections: Selections,
    alive: OnceLock<Vec<Vec<bool>>>,
}

/// The selections of every state at one time.
type Snapshot = BTreeMap<String, Selections>;

/// The selections of all states.
#[derive(Debug)]
pub(super) struct Selected {
    states: BTreeMap<String, State>,
    back: Vec<Snapshot>,
    forward: Vec<Snapshot>,
}

impl Default for Selected {
    fn default() -> Self {
        let states = BTreeMap::from([(DEFAULT.to_owned(), State::default())]);
        Self { states, back: Vec::new(), forward: Vec::new() }
    }
}

fn named(state: &str) -> &str {
    if state.is_empty() { DEFAULT } else { state }
}

impl Selected {
    fn state(&self, name: &str) -> Result<&State, EngineError> {
        self.states.get(named(name)).ok_or_else(|| EngineError::not_found(name))
    }

    /// The selections of a state and the rows that they leave.
    pub(super) fn of(&self, model: &Model, name: &str) -> Result<(&Selections, &[Vec<bool>]), EngineError> {
        let state = self.state(name)?;
        Ok((&state.selections, state.alive.get_or_init(|| state.selections.alive(model))))
    }

    pub(super) fn get(&self, name: &str) -> Result<&Selections, EngineError> {
        self.state(name).map(|state| &state.selections)
    }

    /// Puts selections in the place of a state's.
    pub(super) fn set(&mut self, name: &str, selections: Selections) {
        if let Some(state) = self.states.get_mut(named(name)) {
            *state = State { selections, alive: OnceLock::new() };
        }
    }

    /// The states but for the default one.
    pub(super) fn names(&self) -> Vec<String> {
        self.states.keys().filter(|name| *name != DEFAULT).cloned().collect()
    }

    pub(super) fn add(&mut self, name: &str) -> Result<(), EngineError> {
        if self.states.contains_key(named(name)) {
            return Err(EngineError::new(3, name));
        }
        self.states.insert(name.to_owned(), State::default());
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), EngineError> {
        match named(name) == DEFAULT || self.states.remove(name).is_none() {
            true => Err(EngineError::not_found(name)),
            false => Ok(()),
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.states.iter().map(|(name, state)| (name.clone(), state.selections.clone())).collect()
    }

    fn restore(&mut self, snapshot: &Snapshot) {
        for (name, selections) in snapshot {
            self.set(name, selections.clone());
        }
    }

    /// Notes what was selected before a change.
    pub(super) fn remember(&mut self, before: Snapshot) {
        self.back.push(before);
        self.forward.clear();
    }

    /// How many steps there are back and forward.
    pub(super) fn steps(&self) -> (usize, usize) {
        (self.back.len(), self.forward.len())
    }

    /// Goes a step back or forward; false when there is none.
    pub(super) fn step(&mut self, back: bool) -> bool {
        let now = self.snapshot();
        let (from, to) = if back { (&mut self.back, &mut self.forward) } else { (&mut self.forward, &mut self.back) };
        let Some(snapshot) = from.pop() else { return false };
        to.push(now);
        self.restore(&snapshot);
        true
    }

    /// Forgets every selection: their element numbers mean nothing in other data.
    pub(super) fn reset(&mut self) {
        self.states.values_mut().for_each(|state| *state = State::default());
        self.forget();
    }

    pub(super) fn forget(&mut self) {
        self.back.clear();
        self.forward.clear();
    }
}
