//! Optional values, lists, maps and boxes of wire values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::member::Part;
use super::output::Output;
use super::scalar::Place;
use super::source::{Array, Broken, Kept, Object, Sink, Source};
use super::{Form, Wire, kind, offer, to_value};

impl<T: Wire> Wire for Option<T> {
    type Form = Self;
    const OPTIONAL: bool = true;
}

impl<T: Wire> Form<Self> for Option<T> {
    fn expected() -> &'static str {
        T::Form::expected()
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        let kept = T::Form::read(value.insert(T::default()), from)?;
        if let Kept::Other(_) = kept {
            *value = None;
        }
        Ok(kept)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        match value {
            Some(value) => T::Form::write(value, to),
            None => to.null(),
        }
    }
    fn is_blank(value: &Self) -> bool {
        value.is_none()
    }
    fn take(value: &mut Self, other: Value) -> Result<(), Value> {
        *value = None;
        if other.is_null() {
            return Ok(());
        }
        T::Form::take(value.insert(T::default()), other).inspect_err(|_| *value = None)
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
}

impl<T: Wire> Form<Self> for Box<T> {
    fn expected() -> &'static str {
        T::Form::expected()
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        T::Form::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        T::Form::write(value, to);
    }
    fn is_blank(value: &Self) -> bool {
        T::Form::is_blank(value)
    }
    fn take(value: &mut Self, other: Value) -> Result<(), Value> {
        T::Form::take(value, other)
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

impl<T: Wire> Sink for Place<'_, Vec<T>> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn array(&mut self, array: &mut dyn Array) -> Result<(), Broken> {
        let mut items: Vec<T> = Vec::with_capacity(array.at_least().min(4096));
        // The items as they were sent, once one of them is spelled in another way than it is written.
        let mut sent: Option<Vec<Value>> = None;
        loop {
            let last = items.len();
            items.push(T::default());
            let spelled = match array.next(&mut items[last])? {
                Some(Kept::Nothing) => None,
                Some(Kept::Spelled(value)) => Some(value),
                Some(Kept::Other(other)) => match T::Form::take(&mut items[last], other) {
                    Ok(()) => None,
                    // One item of another shape: the list is kept as it came, for a list with a gap would be a lie.
                    Err(other) => {
                        items.pop();
                        let mut values = sent.unwrap_or_else(|| values(&items));
                        values.push(other);
                        values.extend(array.rest()?);
                        self.other(values);
                        return Ok(());
                    }
                },
                None => {
                    items.pop();
                    break;
                }
            };
            if sent.is_none() && spelled.is_some() {
                sent = Some(values(&items[..last]));
            }
            if let Some(sent) = &mut sent {
                sent.push(spelled.unwrap_or_else(|| tree(&items[last])));
            }
        }
        match sent {
            None => self.set(items),
            Some(sent) => self.spelled(items, sent),
        }
        Ok(())
    }
}

fn values<T: Wire>(items: &[T]) -> Vec<Value> {
    items.iter().map(tree).collect()
}

/// The JSON of a value that was read before, which is why it cannot fail to be some.
fn tree<T: Wire>(value: &T) -> Value {
    to_value(value).unwrap_or_default()
}

impl<T: Wire> Wire for Vec<T> {
    type Form = Self;
}

impl<T: Wire> Form<Self> for Vec<T> {
    fn expected() -> &'static str {
        "an array"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.list(value.len(), &mut value.iter().map(|item| item as &Part));
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
        (Self::expected(), kind(other))
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

impl<T: Wire> Sink for Place<'_, BTreeMap<String, T>> {
    fn keep(&mut self, other: Value) {
        self.other(other);
    }
    fn object(&mut self, object: &mut dyn Object) -> Result<(), Broken> {
        let mut entries = BTreeMap::new();
        // What was sent in the place of values that are spelled in another way than they are written.
        let mut spelled = Map::new();
        while let Some(key) = object.name()? {
            let mut value = T::default();
            match T::Form::read(&mut value, object)? {
                Kept::Nothing => {}
                Kept::Spelled(sent) => {
                    spelled.insert(key.clone(), sent);
                }
                Kept::Other(other) => {
                    // As with lists: one value of another shape, and all are kept as they came.
                    if let Err(other) = T::Form::take(&mut value, other) {
                        let mut values = sent(&entries, spelled);
                        values.insert(key, other);
                        values.extend(object.rest()?);
                        self.other(values);
                        return Ok(());
                    }
                }
            }
            entries.insert(key, value);
        }
        if spelled.is_empty() {
            self.set(entries);
        } else {
            let sent = sent(&entries, spelled);
            self.spelled(entries, sent);
        }
        Ok(())
    }
}

/// The entries as they were sent.
fn sent<T: Wire>(entries: &BTreeMap<String, T>, mut spelled: Map<String, Value>) -> Map<String, Value> {
    entries.iter().map(|(key, value)| (key.clone(), spelled.remove(key).unwrap_or_else(|| tree(value)))).collect()
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    type Form = Self;
}

impl<T: Wire> Form<Self> for BTreeMap<String, T> {
    fn expected() -> &'static str {
        "an object"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        Place::read(value, from)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.map(&mut value.iter().map(|(key, value)| (key.as_str(), value as &Part)));
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
        (Self::expected(), kind(other))
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
