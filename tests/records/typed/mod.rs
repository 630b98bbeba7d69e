//! Every generated type by its place in a description, with what a test can do to it: `mod typed;` in a test.

use qlik::record::{self, ReadError, Wire};
use serde_json::Value;

/// A generated type at one of its places.
pub(crate) struct Row {
    /// `rest/items`, `engine/qix`
    pub(crate) document: &'static str,
    /// `schema`, `GET /api/v1/items`, `Doc.GetField`
    pub(crate) place: &'static str,
    /// The schema's name; `body`, `part NAME`, `answer`; `in NAME`, `out NAME`, `result`.
    pub(crate) part: &'static str,
    pub(crate) round_trip: fn(&str) -> Result<Read, ReadError>,
    #[cfg(feature = "schemars")]
    #[allow(dead_code)] // not every test looks at the schemas
    pub(crate) schema: fn() -> Value,
}

/// What came of a read.
pub(crate) struct Read {
    /// The value as it is written.
    pub(crate) written: String,
    /// The value as `Debug` prints it.
    #[allow(dead_code)] // not every test looks at it
    pub(crate) shown: String,
}

fn round_trip<T: Wire>(json: &str) -> Result<Read, ReadError> {
    let value: T = record::from_str(json)?;
    let written = record::to_vec(&value).expect("a generated type is always JSON");
    let written = String::from_utf8(written).expect("JSON is UTF-8");
    Ok(Read { written, shown: format!("{value:?}") })
}

#[cfg(feature = "schemars")]
fn schema<T: Wire>() -> Value {
    let mut generator = schemars::generate::SchemaSettings::draft07().into_generator();
    let mut root = record::schema_of::<T>(&mut generator).to_value();
    let definitions = Value::Object(generator.take_definitions(true));
    match root.as_object_mut() {
        Some(keywords) => drop(keywords.insert("definitions".to_owned(), definitions)),
        None => return root,
    }
    root
}

impl Row {
    const fn of<T: Wire>(document: &'static str, place: &'static str, part: &'static str) -> Row {
        Row {
            document,
            place,
            part,
            round_trip: round_trip::<T>,
            #[cfg(feature = "schemars")]
            schema: schema::<T>,
        }
    }

    /// Reads and writes a value, which must come out the same.
    pub(crate) fn keeps(&self, json: &str) -> Result<Read, String> {
        let read = (self.round_trip)(json).map_err(|error| format!("is not read: {error}"))?;
        match difference(&parsed(json)?, &parsed(&read.written)?) {
            None => Ok(read),
            Some(difference) => Err(format!("does not come back: {difference}")),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.document, self.place, self.part)
    }
}

macro_rules! each_type {
    ($($document:literal $($module:ident)::+ [ $($place:literal $part:literal $ty:ty;)* ])*) => {
        /// Every type that the enabled features generate.
        pub(crate) fn rows() -> Vec<&'static Row> {
            let mut all: Vec<&'static Row> = Vec::new();
            $({
                #[allow(unused_imports)]
                use $($module)::+::*;
                static ROWS: &[crate::typed::Row] = &[$(crate::typed::Row::of::<$ty>($document, $place, $part)),*];
                all.extend(ROWS);
            })*
            all
        }
    };
}
include!(concat!(env!("OUT_DIR"), "/types.rs"));

pub(crate) fn parsed(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// The first place where two values differ. Numbers are compared as numbers: 1.0 is 1.
pub(crate) fn difference(before: &Value, after: &Value) -> Option<String> {
    compare(before, after, false)
}

/// The first place where a value has lost something; it may have more than before.
#[allow(dead_code)] // not every test asks
pub(crate) fn loss(before: &Value, after: &Value) -> Option<String> {
    compare(before, after, true)
}

fn compare(before: &Value, after: &Value, more: bool) -> Option<String> {
    use Value::{Array, Number, Object};
    let inside = |step: &str, found: String| format!("/{step}{found}");
    match (before, after) {
        (Number(a), Number(b)) if a.is_f64() || b.is_f64() => {
            (a.as_f64() != b.as_f64()).then(|| format!(": {a} became {b}"))
        }
        (Array(a), Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(index, (a, b))| Some(inside(&index.to_string(), compare(a, b, more)?)))
        }
        (Object(a), Object(b)) => {
            let lost = a.iter().find_map(|(name, value)| match b.get(name) {
                Some(after) => Some(inside(name, compare(value, after, more)?)),
                None => Some(inside(name, ": lost".to_owned())),
            });
            let made_up = || b.keys().find(|name| !more && !a.contains_key(*name));
            lost.or_else(|| Some(inside(made_up()?, ": made up".to_owned())))
        }
        (a, b) => (a != b).then(|| format!(": {a} became {b}")),
    }
}
