//! The parts of a hypercube's layout and pages that reading needs, and what can be wrong with them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::cell::Cell;
use super::cube::Column;
use crate::engine::{RawReply, Reply};
use crate::error::{DecodeError, EngineError, Error, Result};

/// A hypercube's layout: its size, its columns, and the first page.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) rows: u64,
    pub(super) columns: Vec<Column>,
    pub(super) first_page: Vec<Vec<Cell>>,
}

impl Reply for Layout {
    fn from_reply(reply: RawReply) -> Result<Self> {
        let json = reply.value()?;
        let object = Members::read(json, "qLayout")?;
        let Some(cube) = object.raw("qHyperCube") else {
            return Err(undecodable("qLayout.qHyperCube", "the object has no hypercube", json));
        };
        let cube = Members::read(cube, "qLayout.qHyperCube")?;
        let info = [cube.list("qDimensionInfo")?, cube.list("qMeasureInfo")?];
        check(&object, &cube, &info)?;

        let title = |info: &Value| text(info, "qFallbackTitle").unwrap_or_default().to_owned();
        let [dimensions, measures] = &info;
        let dimensions = dimensions.iter().map(|info| Column::dimension(title(info)));
        let columns: Vec<Column> = dimensions.chain(measures.iter().map(|info| Column::measure(title(info)))).collect();

        let size = cube.value("qSize")?;
        let count = |name: &str| size.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (rows, width) = (count("qcy"), count("qcx"));
        // without rows, an engine may not state the width
        if rows > 0 && usize::try_from(width) != Ok(columns.len()) {
            let why = format!("the engine shows {width} columns of {}", columns.len());
            return Err(undecodable("qLayout.qHyperCube.qSize", &why, json));
        }
        let pages: Vec<Page> = match cube.raw("qDataPages") {
            Some(pages) => read(pages, "qLayout.qHyperCube.qDataPages")?,
            None => Vec::new(),
        };
        // a page that does not start at the top is no first page
        let first = pages.into_iter().next().filter(|page| page.area.top == 0 && page.area.left == 0);
        Ok(Layout { rows, columns, first_page: first.unwrap_or_default().matrix })
    }
}

/// The members of an object, each still to be read; so the page, which is large, is read once and straight into cells.
///
/// A map takes the last of members that come twice, as engines send.
struct Members<'a> {
    place: &'static str,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Members<'a> {
    fn read(json: &'a str, place: &'static str) -> Result<Self> {
        Ok(Members { place, members: read(json, place)? })
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.get(name).map(|raw| raw.get()).filter(|json| *json != "null")
    }

    fn value(&self, name: &str) -> Result<Value> {
        self.raw(name).map_or(Ok(Value::Null), |json| read(json, &format!("{}.{name}", self.place)))
    }

    fn list(&self, name: &str) -> Result<Vec<Value>> {
        self.raw(name).map_or(Ok(Vec::new()), |json| read(json, &format!("{}.{name}", self.place)))
    }
}

/// The pages of a data call.
#[derive(Debug)]
pub(super) struct Pages(pub(super) Vec<Page>);

impl Reply for Pages {
    fn from_reply(reply: RawReply) -> Result<Self> {
        read(reply.value()?, "qDataPages").map(Pages)
    }
}

/// A rectangle of the cube.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Page {
    #[serde(rename = "qMatrix", default)]
    pub(super) matrix: Vec<Vec<Cell>>,
    #[serde(rename = "qArea", default)]
    area: Area,
}

#[derive(Debug, Default, Deserialize)]
struct Area {
    #[serde(rename = "qTop", default)]
    top: i64,
    #[serde(rename = "qLeft", default)]
    left: i64,
}

/// A layout can say that there is no data, and why: for the cube as a whole, or at a column.
fn check(object: &Members<'_>, cube: &Members<'_>, info: &[Vec<Value>; 2]) -> Result<()> {
    // first the columns: they say more precisely what is wrong
    for (index, info) in info.iter().flatten().enumerate() {
        let Some(error) = info.get("qError").and_then(engine_error) else { continue };
        let (column, title) = (index + 1, text(info, "qFallbackTitle").unwrap_or_default());
        return Err(error.into_error(&format!(
            "column {column} of the hypercube (`{title}`) has an error: check its expression and the names of its fields"
        )));
    }
    for part in [object, cube] {
        let Some(error) = engine_error(&part.value("qError")?) else { continue };
        let what = match cube.value("qCalcCondMsg")?.as_str() {
            Some(condition) if !condition.is_empty() => {
                format!("the hypercube's calculation condition is not fulfilled: {condition}")
            }
            _ => "the engine could not calculate the hypercube: check its expressions and conditions".to_owned(),
        };
        return Err(error.into_error(&what));
    }
    Ok(())
}

/// An error inside a layout.
struct LayoutError {
    code: i64,
    details: String,
}

impl LayoutError {
    fn into_error(self, what: &str) -> Error {
        Error::engine(
            EngineError::new(self.code, what).with_parameter(self.details).of_method("GenericObject.GetLayout"),
        )
    }
}

fn engine_error(error: &Value) -> Option<LayoutError> {
    let details: Vec<&str> = ["qContext", "qExtendedMessage"].iter().filter_map(|name| text(error, name)).collect();
    let code = error.get("qErrorCode").and_then(Value::as_i64).unwrap_or(0);
    // engines send an empty error where there is none
    (code != 0 || !details.is_empty()).then(|| LayoutError { code, details: details.join(": ") })
}

/// A member that is a text and says something.
fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn read<'de, T: Deserialize<'de>>(json: &'de str, place: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inside = error.path().to_string();
        let place = if inside == "." { place.to_owned() } else { format!("{place}.{inside}") };
        undecodable(&place, &error.inner().to_string(), json)
    })
}

fn undecodable(place: &str, why: &str, json: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new("hypercube", place, why, json.as_bytes())))
}
