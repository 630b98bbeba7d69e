//! Where values are written to: serde's serializers behind one face, so that what writes them is compiled once.

use serde::ser::{Error, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::member::Part;

/// Takes one JSON value.
#[doc(hidden)]
pub trait Output {
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn signed(&mut self, value: i64);
    fn float(&mut self, value: f64);
    fn text(&mut self, value: &str);
    fn json(&mut self, value: &Value);
    fn list(&mut self, length: usize, items: &mut dyn Iterator<Item = &Part>);
    fn map<'a>(&mut self, members: &mut dyn Iterator<Item = (&'a str, &'a Part)>);
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut writer = Writer { serializer: Some(serializer), written: None };
        self.write(&mut writer);
        writer.written.unwrap_or_else(|| Err(S::Error::custom("nothing was written")))
    }
}

/// A serializer until it is used, and then what it says.
struct Writer<S: Serializer> {
    serializer: Option<S>,
    written: Option<Result<S::Ok, S::Error>>,
}

impl<S: Serializer> Writer<S> {
    fn with(&mut self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) {
        if let Some(serializer) = self.serializer.take() {
            self.written = Some(write(serializer));
        }
    }
}

impl<S: Serializer> Output for Writer<S> {
    fn null(&mut self) {
        self.with(S::serialize_unit);
    }
    fn boolean(&mut self, value: bool) {
        self.with(|serializer| serializer.serialize_bool(value));
    }
    fn signed(&mut self, value: i64) {
        self.with(|serializer| serializer.serialize_i64(value));
    }
    fn float(&mut self, value: f64) {
        self.with(|serializer| serializer.serialize_f64(value));
    }
    fn text(&mut self, value: &str) {
        self.with(|serializer| serializer.serialize_str(value));
    }
    fn json(&mut self, value: &Value) {
        self.with(|serializer| value.serialize(serializer));
    }
    fn list(&mut self, length: usize, items: &mut dyn Iterator<Item = &Part>) {
        self.with(|serializer| {
            let mut list = serializer.serialize_seq(Some(length))?;
            for item in items {
                list.serialize_element(item)?;
            }
            list.end()
        });
    }
    fn map<'a>(&mut self, members: &mut dyn Iterator<Item = (&'a str, &'a Part)>) {
        self.with(|serializer| {
            let mut map = serializer.serialize_map(None)?;
            for (name, value) in members {
                map.serialize_entry(name, value)?;
            }
            map.end()
        });
    }
}
