//! Optional values, lists, maps and boxes of wire values.

use std::collections::BTreeMap;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserializer, Serializer};
use serde_json::Value;

use super::sink::{Sink, pour};
use super::{AsSerialize, Form, Got, Seed, Wire, kind, offer, to_value};

impl<T: Wire> Wire for Option<T> {
    type Form = Self;
    const OPTIONAL: bool = true;
    const EXPECTED: &'static str = T::EXPECTED;
}

impl<T: Wire> Form<Self> for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        Ok(T::Form::read(deserializer)?.map(Some))
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => T::Form::write(value, serializer),
            None => serializer.serialize_unit(),
        }
    }
    fn is_blank(value: &Self) -> bool {
        value.is_none()
    }
    fn from_other(other: Value) -> Result<Self, Value> {
        if other.is_null() { Ok(None) } else { T::Form::from_other(other).map(Some) }
    }
    fn again(kept: &Value) -> Option<Self> {
        if kept.is_null() { Some(None) } else { T::Form::again(kept).map(Some) }
    }
    fn misfit(other: &Value, path: &mut String) -> (&'static str, &'static str) {
        T::Form::misfit(other, path)
    }
    fn fit(value: &Value) -> Option<usize> {
        if value.is_null() { Some(0) } else { T::Form::fit(value) }
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        super::schema::nullable(T::Form::schema(generator))
    }
}

impl<T: Wire> Wire for Box<T> {
    type Form = Self;
    const EXPECTED: &'static str = T::EXPECTED;
}

impl<T: Wire> Form<Self> for Box<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        Ok(T::Form::read(deserializer)?.map(Box::new))
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        T::Form::write(value, serializer)
    }
    fn is_blank(value: &Self) -> bool {
        T::Form::is_blank(value)
    }
    fn from_other(other: Value) -> Result<Self, Value> {
        T::Form::from_other(other).map(Box::new)
    }
    fn again(kept: &Value) -> Option<Self> {
        T::Form::again(kept).map(Box::new)
    }
    fn misfit(other: &Value, path: &mut String) -> (&'static str, &'static str) {
        T::Form::misfit(other, path)
    }
    fn fit(value: &Value) -> Option<usize> {
        T::Form::fit(value)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::Form::schema(generator)
    }
}

/// Reads an item onto the end of a list, from where it is not moved: items can be large, and what a seed returns is copied
/// at each step on its way. Returns how the item was spelled, or what stands in its place.
struct Onto<'a, T>(&'a mut Vec<T>);

impl<'de, T: Wire> DeserializeSeed<'de> for Onto<'_, T> {
    type Value = Result<Option<Value>, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let (item, spelled) = match T::Form::read(deserializer)? {
            Got::Value(item) => (item, None),
            Got::Spelled(item, value) => (item, Some(value)),
            Got::Other(other) => match T::Form::from_other(other) {
                Ok(item) => (item, None),
                Err(other) => return Ok(Err(other)),
            },
        };
        self.0.push(item);
        Ok(Ok(spelled))
    }
}

struct List<T>(std::marker::PhantomData<T>);

impl<T: Wire> Sink for List<T> {
    type Out = Vec<T>;

    fn array<'de, A: SeqAccess<'de>>(self, mut array: A) -> Result<Got<Vec<T>>, A::Error> {
        let mut items: Vec<T> = Vec::with_capacity(array.size_hint().unwrap_or(0).min(4096));
        // The items as they were sent, once one of them is spelled in another way than it is written.
        let mut sent: Option<Vec<Value>> = None;
        while let Some(read) = array.next_element_seed(Onto(&mut items))? {
            let spelled = match read {
                Ok(spelled) => spelled,
                // One item of another shape: the list is kept as it came, for a list with a gap would be a lie.
                Err(other) => {
                    let mut values = sent.map_or_else(|| values(&items), Ok)?;
                    values.push(other);
                    while let Some(value) = array.next_element()? {
                        values.push(value);
                    }
                    return Ok(Got::Other(Value::Array(values)));
                }
            };
            if (sent.is_some() || spelled.is_some())
                && let Some((item, before)) = items.split_last()
            {
                let mut values = sent.map_or_else(|| values(before), Ok)?;
                values.push(spelled.map_or_else(|| to_value(item), Ok).map_err(custom)?);
                sent = Some(values);
            }
        }
        Ok(match sent {
            None => Got::Value(items),
            Some(sent) => Got::Spelled(items, Value::Array(sent)),
        })
    }
}

fn values<T: Wire, E: serde::de::Error>(items: &[T]) -> Result<Vec<Value>, E> {
    items.iter().map(to_value).collect::<Result<_, _>>().map_err(custom)
}

fn custom<E: serde::de::Error>(error: serde_json::Error) -> E {
    E::custom(error)
}

impl<T: Wire> Wire for Vec<T> {
    type Form = Self;
    const EXPECTED: &'static str = "an array";
}

impl<T: Wire> Form<Self> for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(List(std::marker::PhantomData), deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(value.len()))?;
        for item in value {
            list.serialize_element(&AsSerialize(item))?;
        }
        list.end()
    }
    fn is_blank(value: &Self) -> bool {
        value.is_empty()
    }
    fn again(kept: &Value) -> Option<Self> {
        kept.as_array()?.iter().map(T::Form::again).collect()
    }
    fn misfit(other: &Value, path: &mut String) -> (&'static str, &'static str) {
        for (index, item) in other.as_array().into_iter().flatten().enumerate() {
            if let Err(item) = offer::<T>(item.clone()) {
                path.push_str(&format!("[{index}]"));
                return T::Form::misfit(&item, path);
            }
        }
        (Self::EXPECTED, kind(other))
    }
    fn fit(value: &Value) -> Option<usize> {
        value.as_array()?.iter().try_fold(1, |best, item| Some(best.max(T::Form::fit(item)? + 1)))
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = T::Form::schema(generator);
        schemars::json_schema!({ "type": "array", "items": items })
    }
}

struct Dictionary<T>(std::marker::PhantomData<T>);

impl<T: Wire> Sink for Dictionary<T> {
    type Out = BTreeMap<String, T>;

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Got<BTreeMap<String, T>>, A::Error> {
        let mut entries = BTreeMap::new();
        // What was sent in the place of values that are spelled in another way than they are written.
        let mut spelled = serde_json::Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let value = match object.next_value_seed(Seed::<T>::new())? {
                Got::Value(value) => value,
                Got::Spelled(value, sent) => {
                    spelled.insert(key.clone(), sent);
                    value
                }
                Got::Other(other) => match T::Form::from_other(other) {
                    Ok(value) => value,
                    // As with lists: one value of another shape, and all are kept as they came.
                    Err(other) => {
                        let mut values = sent(&entries, spelled)?;
                        values.insert(key, other);
                        while let Some((key, value)) = object.next_entry()? {
                            values.insert(key, value);
                        }
                        return Ok(Got::Other(Value::Object(values)));
                    }
                },
            };
            entries.insert(key, value);
        }
        if spelled.is_empty() {
            return Ok(Got::Value(entries));
        }
        let sent = sent(&entries, spelled)?;
        Ok(Got::Spelled(entries, Value::Object(sent)))
    }
}

/// The entries as they were sent.
fn sent<T: Wire, E: serde::de::Error>(
    entries: &BTreeMap<String, T>,
    mut spelled: serde_json::Map<String, Value>,
) -> Result<serde_json::Map<String, Value>, E> {
    let value_of = |(key, value): (&String, &T)| {
        let value = spelled.remove(key).map_or_else(|| to_value(value), Ok)?;
        Ok((key.clone(), value))
    };
    entries.iter().map(value_of).collect::<Result<_, _>>().map_err(custom)
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    type Form = Self;
    const EXPECTED: &'static str = "an object";
}

impl<T: Wire> Form<Self> for BTreeMap<String, T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Got<Self>, D::Error> {
        pour(Dictionary(std::marker::PhantomData), deserializer)
    }
    fn write<S: Serializer>(value: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(value.len()))?;
        for (key, value) in value {
            map.serialize_entry(key, &AsSerialize(value))?;
        }
        map.end()
    }
    fn is_blank(value: &Self) -> bool {
        value.is_empty()
    }
    fn again(kept: &Value) -> Option<Self> {
        kept.as_object()?.iter().map(|(key, value)| Some((key.clone(), T::Form::again(value)?))).collect()
    }
    fn misfit(other: &Value, path: &mut String) -> (&'static str, &'static str) {
        for (key, value) in other.as_object().into_iter().flatten() {
            if let Err(value) = offer::<T>(value.clone()) {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
                return T::Form::misfit(&value, path);
            }
        }
        (Self::EXPECTED, kind(other))
    }
    fn fit(value: &Value) -> Option<usize> {
        value.as_object()?.values().try_fold(0, |best, item| Some(best.max(T::Form::fit(item)?)))
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let values = T::Form::schema(generator);
        schemars::json_schema!({ "type": "object", "additionalProperties": values })
    }
}
