//! Selections as a value: read from an app, kept, and made again.

mod keeper;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::actor::To;
use super::caller::Caller;
use super::object::Object;
use super::shared::Shared;
use super::{Doc, Proxy};
use crate::error::Result;
use crate::json::object;

pub(super) use keeper::keep;

/// The name of the state that selections are made in unless another one is named.
const DEFAULT_STATE: &str = "$";

/// What is selected in an app, by state and field: read by [`Doc::current_selections`], made again by
/// [`Doc::apply_selections`].
///
/// It can be stored, and applied to another session or another app with the same fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Selections(BTreeMap<String, Vec<FieldSelection>>);

impl Selections {
    /// Nothing selected.
    pub fn new() -> Self {
        Selections::default()
    }

    /// The same with a field selected in the default state.
    pub fn with<V: Into<SelectedValue>>(self, field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.with_state(DEFAULT_STATE, field, values)
    }

    /// The same with a field selected in a state.
    pub fn with_state<V: Into<SelectedValue>>(
        mut self,
        state: impl Into<String>,
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.0.entry(state.into()).or_default().push(FieldSelection { field: field.into(), values, locked: false });
        self
    }

    /// Whether nothing is selected in any state.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// The fields with selections in the default state.
    pub fn fields(&self) -> &[FieldSelection] {
        self.in_state(DEFAULT_STATE)
    }

    /// The fields with selections in a state; `$` names the default one.
    pub fn in_state(&self, state: &str) -> &[FieldSelection] {
        self.0.get(state).map_or(&[], Vec::as_slice)
    }

    /// The states that were read, `$` being the default one.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The selected values of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldSelection {
    /// The field's name.
    pub field: String,
    /// The values.
    pub values: Vec<SelectedValue>,
    /// Whether they are locked.
    #[serde(default)]
    pub locked: bool,
}

/// A selected value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SelectedValue {
    /// By its number; what shows may be another text, a date as a rule.
    Number(f64),
    /// By its text.
    Text(String),
}

impl SelectedValue {
    /// As the engine takes it to select it.
    pub(super) fn to_json(&self) -> Value {
        match self {
            SelectedValue::Number(number) => object! { "qIsNumeric": true, "qNumber": *number },
            SelectedValue::Text(text) => object! { "qText": text.as_str(), "qIsNumeric": false },
        }
    }
}

impl From<f64> for SelectedValue {
    fn from(number: f64) -> Self {
        SelectedValue::Number(number)
    }
}

impl From<i32> for SelectedValue {
    fn from(number: i32) -> Self {
        SelectedValue::Number(number.into())
    }
}

impl From<&str> for SelectedValue {
    fn from(text: &str) -> Self {
        SelectedValue::Text(text.to_owned())
    }
}

impl From<String> for SelectedValue {
    fn from(text: String) -> Self {
        SelectedValue::Text(text)
    }
}

/// Selections as a value.
impl Doc {
    /// What is selected, in every state.
    ///
    /// Values that were selected before they became excluded are not among them.
    pub async fn current_selections(&self) -> Result<Selections> {
        let doc = To::Object(Arc::clone(self.handle().object()));
        wire::read(&Caller::User(self.handle().session()), &doc).await
    }

    /// Makes selections: in each state that they name, what was selected before goes, locked or not.
    pub async fn apply_selections(&self, selections: &Selections) -> Result<()> {
        let doc = To::Object(Arc::clone(self.handle().object()));
        let caller = Caller::User(self.handle().session());
        match wire::apply(&caller, &doc, selections).await.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// The selections that a session keeps for a resume.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<Selections>>);

impl Kept {
    fn set(&self, selections: Selections) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(selections);
    }

    /// The last ones that were kept.
    pub(super) fn get(&self) -> Option<Selections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Selections {
    /// Makes them again on a new connection; what could not be made is said.
    pub(super) async fn make_again(&self, shared: &Shared, doc: &Arc<Object>) -> Vec<String> {
        let errors = wire::apply(&Caller::Session(shared), &To::Object(Arc::clone(doc)), self).await;
        errors.into_iter().map(|error| error.to_string()).collect()
    }
}
