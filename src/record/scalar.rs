//! Text, booleans, numbers and free JSON: each takes the other spellings that servers use for it.

use serde_json::Value;

use super::output::Output;
use super::source::{Broken, Kept, Sink, Source, fill};
use super::{Form, Wire};

/// The largest magnitude below which every whole number is exact in an `f64`: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a value that was kept beside its field once more.
pub(super) fn reread<T: Wire>(kept: &Value) -> Option<T> {
    let mut value = T::default();
    match fill(&mut value, kept) {
        Ok(Kept::Nothing | Kept::Spelled(_)) => Some(value),
        Ok(Kept::Other(_)) | Err(_) => None,
    }
}

/// A value on its way into its place.
pub(super) struct Place<'a, T> {
    value: &'a mut T,
    kept: Kept,
}

impl<'a, T> Place<'a, T> {
    /// Reads what comes next into the value.
    pub(super) fn read(value: &'a mut T, from: &mut dyn Source) -> Result<Kept, Broken>
    where
        Self: Sink,
    {
        let mut place = Place { value, kept: Kept::Nothing };
        from.pour(&mut place)?;
        Ok(place.kept)
    }

    pub(super) fn set(&mut self, value: T) {
        *self.value = value;
    }

    /// Sets the value, which was sent in another spelling than it is written.
    pub(super) fn spelled(&mut self, value: T, sent: impl Into<Value>) {
        *self.value = value;
        self.kept = Kept::Spelled(sent.into());
    }

    pub(super) fn other(&mut self, other: impl Into<Value>) {
        self.kept = Kept::Other(other.into());
    }
}

impl Sink for Place<'_, String> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn boolean(&mut self, value: bool) {
        self.spelled(value.to_string(), value);
    }
    fn signed(&mut self, value: i64) {
        self.spelled(value.to_string(), value);
    }
    fn unsigned(&mut self, value: u64) {
        self.spelled(value.to_string(), value);
    }
    fn float(&mut self, value: f64) {
        self.spelled(value.to_string(), value);
    }
    fn text(&mut self, value: &str) {
        self.set(value.to_owned());
    }
    fn owned_text(&mut self, value: String) {
        self.set(value);
    }
}

impl Wire for String {
    type Form = Self;
}

impl Form<Self> for String {
    fn expected() -> &'static str {
        "text"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.text(value);
    }
    fn is_blank(value: &Self) -> bool {
        value.is_empty()
    }
    fn again(kept: &Value) -> Option<Self> {
        reread(kept)
    }
    fn fit(value: &Value) -> Option<usize> {
        value.is_string().then_some(1)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}

impl Sink for Place<'_, bool> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn boolean(&mut self, value: bool) {
        self.set(value);
    }
    fn text(&mut self, value: &str) {
        match value {
            "true" => self.spelled(true, value),
            "false" => self.spelled(false, value),
            _ => self.other(value),
        }
    }
}

impl Wire for bool {
    type Form = Self;
}

impl Form<Self> for bool {
    fn expected() -> &'static str {
        "a boolean"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.boolean(*value);
    }
    fn is_blank(value: &Self) -> bool {
        !value
    }
    fn again(kept: &Value) -> Option<Self> {
        reread(kept)
    }
    fn fit(value: &Value) -> Option<usize> {
        value.is_boolean().then_some(1)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}

impl Sink for Place<'_, i64> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn signed(&mut self, value: i64) {
        self.set(value);
    }
    fn unsigned(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(number) => self.set(number),
            Err(_) => self.other(value),
        }
    }
    fn float(&mut self, value: f64) {
        // The cast is exact under the guard.
        if value.fract() == 0.0 && value.abs() <= EXACT { self.set(value as i64) } else { self.other(value) }
    }
    fn text(&mut self, value: &str) {
        match value.parse() {
            Ok(number) => self.spelled(number, value),
            Err(_) => self.other(value),
        }
    }
}

impl Wire for i64 {
    type Form = Self;
}

impl Form<Self> for i64 {
    fn expected() -> &'static str {
        "an integer of 64 bits"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.signed(*value);
    }
    fn is_blank(value: &Self) -> bool {
        *value == 0
    }
    fn again(kept: &Value) -> Option<Self> {
        reread(kept)
    }
    fn fit(value: &Value) -> Option<usize> {
        value.is_i64().then_some(2)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}

impl Sink for Place<'_, f64> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn signed(&mut self, value: i64) {
        self.set(value as f64);
    }
    fn unsigned(&mut self, value: u64) {
        self.set(value as f64);
    }
    fn float(&mut self, value: f64) {
        self.set(value);
    }
    fn text(&mut self, value: &str) {
        match value {
            "NaN" => self.set(f64::NAN),
            "Infinity" => self.set(f64::INFINITY),
            "-Infinity" => self.set(f64::NEG_INFINITY),
            _ => match value.parse() {
                Ok(number) => self.spelled(number, value),
                Err(_) => self.other(value),
            },
        }
    }
}

impl Wire for f64 {
    type Form = Self;
}

impl Form<Self> for f64 {
    fn expected() -> &'static str {
        "a number"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        match *value {
            // JSON has no such numbers; the Engine spells them as text.
            value if value.is_nan() => to.text("NaN"),
            f64::INFINITY => to.text("Infinity"),
            f64::NEG_INFINITY => to.text("-Infinity"),
            // Whole numbers go without a fraction, as Qlik sends them. Minus zero keeps its sign.
            value if value.fract() == 0.0 && value.abs() < EXACT && (value != 0.0 || value.is_sign_positive()) => {
                to.signed(value as i64)
            }
            value => to.float(value),
        }
    }
    fn is_blank(value: &Self) -> bool {
        *value == 0.0
    }
    fn again(kept: &Value) -> Option<Self> {
        reread(kept)
    }
    fn fit(value: &Value) -> Option<usize> {
        match value {
            Value::Number(_) => Some(1),
            Value::String(text) => matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity").then_some(1),
            _ => None,
        }
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}

impl Wire for Value {
    type Form = Self;
}

impl Form<Self> for Value {
    fn expected() -> &'static str {
        "JSON"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        *value = from.json()?;
        Ok(Kept::Nothing)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.json(value);
    }
    fn is_blank(value: &Self) -> bool {
        value.is_null()
    }
    fn fit(_: &Value) -> Option<usize> {
        Some(0)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Self>()
    }
}
