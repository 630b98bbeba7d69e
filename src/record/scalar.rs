//! Text, booleans, numbers and free JSON: each takes the other spellings that servers use for it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::sink::{Sink, pour};
use super::{Form, Got, Wire};

/// The largest magnitude below which every whole number is exact in an `f64`: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a value that was kept beside its field once more.
pub(super) fn reread<T: Wire>(kept: &Value) -> Option<T> {
    match T::Form::read(kept.clone()) {
        Ok(Got::Value(value) | Got::Spelled(value, _)) => Some(value),
        Ok(Got::Other(_)) | Err(_) => None,
    }
}

struct Text;

impl Sink for Text {
    type Out = String;

    fn boolean(self, value: bool) -> Got<String> {
        Got::Spelled(value.to_string(), value.into())
    }
    fn signed(self, value: i64) -> Got<String> {
        Got::Spelled(value.to_string(), value.into())
    }
    fn unsigned(self, value: u64) -> Got<String> {
        Got::Spelled(value.to_string(), value.into())
    }
    fn float(self, value: f64) -> Got<String> {
        Got::Spelled(value.to_string(), value.into())
    }
    fn text(self, value: &str) -> Got<String> {
        Got::Value(value.to_owned())
    }
    fn owned_text(self, value: String) -> Got<String> {
        Got::Value(value)
    }
}

impl Wire for String {
    type Form = Self;
    const EXPECTED: &'static str = "text";
}

impl Form<Self> for String {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(Text, deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value)
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

struct Boolean;

impl Sink for Boolean {
    type Out = bool;

    fn boolean(self, value: bool) -> Got<bool> {
        Got::Value(value)
    }
    fn text(self, value: &str) -> Got<bool> {
        match value {
            "true" => Got::Spelled(true, value.into()),
            "false" => Got::Spelled(false, value.into()),
            _ => Got::Other(value.into()),
        }
    }
}

impl Wire for bool {
    type Form = Self;
    const EXPECTED: &'static str = "a boolean";
}

impl Form<Self> for bool {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(Boolean, deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*value)
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

struct Integer;

impl Sink for Integer {
    type Out = i64;

    fn signed(self, value: i64) -> Got<i64> {
        Got::Value(value)
    }
    fn unsigned(self, value: u64) -> Got<i64> {
        i64::try_from(value).map_or_else(|_| Got::Other(value.into()), Got::Value)
    }
    fn float(self, value: f64) -> Got<i64> {
        // The cast is exact under the guard.
        if value.fract() == 0.0 && value.abs() <= EXACT { Got::Value(value as i64) } else { Got::Other(value.into()) }
    }
    fn text(self, value: &str) -> Got<i64> {
        value.parse().map_or_else(|_| Got::Other(value.into()), |number| Got::Spelled(number, value.into()))
    }
}

impl Wire for i64 {
    type Form = Self;
    const EXPECTED: &'static str = "an integer of 64 bits";
}

impl Form<Self> for i64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(Integer, deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*value)
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

struct Float;

impl Sink for Float {
    type Out = f64;

    fn signed(self, value: i64) -> Got<f64> {
        Got::Value(value as f64)
    }
    fn unsigned(self, value: u64) -> Got<f64> {
        Got::Value(value as f64)
    }
    fn float(self, value: f64) -> Got<f64> {
        Got::Value(value)
    }
    fn text(self, value: &str) -> Got<f64> {
        match value {
            "NaN" => Got::Value(f64::NAN),
            "Infinity" => Got::Value(f64::INFINITY),
            "-Infinity" => Got::Value(f64::NEG_INFINITY),
            _ => value.parse().map_or_else(|_| Got::Other(value.into()), |number| Got::Spelled(number, value.into())),
        }
    }
}

impl Wire for f64 {
    type Form = Self;
    const EXPECTED: &'static str = "a number";
}

impl Form<Self> for f64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(Float, deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        match *value {
            // JSON has no such numbers; the Engine spells them as text.
            value if value.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            // Whole numbers go without a fraction, as Qlik sends them. Minus zero keeps its sign.
            value if value.fract() == 0.0 && value.abs() < EXACT && (value != 0.0 || value.is_sign_positive()) => {
                serializer.serialize_i64(value as i64)
            }
            value => serializer.serialize_f64(value),
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
    const EXPECTED: &'static str = "JSON";
}

impl Form<Self> for Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        Value::deserialize(deserializer).map(Got::Value)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
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
