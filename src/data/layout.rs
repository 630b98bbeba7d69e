//! What an object's layout says of its data: the columns, the size, the first page; and what can be wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::cell::{Cell, CellKind};
use super::column::{Column, ColumnKind};
use super::decode::page::{self, Beside, Into};
use super::decode::scan::Scan;
use super::values::{Values, Want, WantText};
use super::wrong::{self, engine_error, text};
use crate::error::{DecodeError, Error, Result};

/// How a hypercube lays out its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// `S`: a table of rows and columns. Lists of a field's values and the tables of the data model are read as such.
    Straight,
    /// `P`: a pivot, with dimensions to the left and at the top.
    Pivot,
    /// `K`: a stacked pivot, as bar charts and treemaps have it.
    Stacked,
    /// `T`: a tree.
    Tree,
}

/// What is to be read.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) mode: Mode,
    pub(super) columns: Arc<[Column]>,
    /// How many of the columns are dimensions and measures; attributes follow them.
    pub(super) main: usize,
    pub(super) beside: Arc<[Beside]>,
    /// Which of the main columns are dimensions.
    pub(super) dimensions: Arc<[bool]>,
    /// Rows and columns of its pages.
    pub(super) rows: u64,
    pub(super) width: u64,
    /// The list of pages that came with the layout, as JSON.
    pub(super) first: Option<Arc<str>>,
    /// Of a pivot: the dimensions of the levels, and how many of them stand to the left.
    pub(super) levels: Arc<[usize]>,
    pub(super) left_levels: usize,
    pub(super) title: String,
    /// The row of grand totals.
    pub(super) totals: Arc<[Cell]>,
}

impl Shape {
    /// Reads a layout; `path` is where the definition stands in the object's properties, as `/qHyperCubeDef`.
    pub(super) fn read(json: &str, path: &str) -> Result<Self> {
        let object = Members::read(json, "qLayout".to_owned())?;
        let cube = object.at(path.strip_suffix("Def").unwrap_or(path))?;
        let Some(cube) = cube else {
            let place = path.strip_suffix("Def").unwrap_or(path).replace('/', ".");
            return Err(undecodable(&format!("qLayout{place}"), &missing(json, path), json));
        };
        let mut dimensions = cube.list("qDimensionInfo")?;
        if path.ends_with("qListObjectDef") {
            dimensions.truncate(1);
        }
        let measures = cube.list("qMeasureInfo")?;
        check(&object, &cube, [&dimensions, &measures])?;

        let mode = match cube.value("qMode")?.as_str().unwrap_or("S") {
            "P" | "DATA_MODE_PIVOT" => Mode::Pivot,
            "K" | "DATA_MODE_PIVOT_STACK" => Mode::Stacked,
            "T" | "DATA_MODE_TREE" => Mode::Tree,
            "S" | "DATA_MODE_STRAIGHT" => Mode::Straight,
            other => {
                let why = format!("hypercubes of mode {other} cannot be read: only S, P, K and T can");
                return Err(Error::config(why));
            }
        };
        let size = cube.value("qSize")?;
        let count = |name: &str| size.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (rows, width) = (count("qcy"), count("qcx"));
        let mut infos: Vec<(ColumnKind, &Value)> = Vec::new();
        infos.extend(dimensions.iter().map(|info| (ColumnKind::Dimension, info)));
        infos.extend(measures.iter().map(|info| (ColumnKind::Measure, info)));
        if mode == Mode::Straight {
            infos = shown(infos, &cube.value("qColumnOrder")?);
            // without rows, an engine may not state the width
            if rows > 0 && usize::try_from(width) != Ok(infos.len()) {
                let why = format!(
                    "the engine shows {width} columns of {}: one is hidden, by a condition of its own as a rule",
                    infos.len()
                );
                return Err(undecodable("qLayout.qHyperCube.qSize", &why, json));
            }
        }
        let first = cube.raw("qDataPages").filter(|_| mode == Mode::Straight).map(Arc::from);
        let (levels, left_levels) = levels(dimensions.len(), measures.len(), &cube)?;
        let title = [cube.value("qTitle")?, object.value("title")?];
        let title = title.iter().filter_map(Value::as_str).find(|title| !title.is_empty());
        let mut shape = Self::of_columns(mode, &infos);
        (shape.rows, shape.width, shape.first) = (rows, width, first);
        (shape.levels, shape.left_levels, shape.title) = (levels, left_levels, title.unwrap_or_default().to_owned());
        shape.look_at_first();
        if let Some(totals) = cube.raw("qGrandTotalRow") {
            shape.totals = read::<Vec<Cell>>(totals, "qLayout.qHyperCube.qGrandTotalRow")?.into();
        }
        Ok(shape)
    }

    fn of_columns(mode: Mode, infos: &[(ColumnKind, &Value)]) -> Self {
        let mut columns: Vec<Column> = infos.iter().map(|(kind, info)| Column::described(*kind, info)).collect();
        let main = columns.len();
        let mut beside = Vec::new();
        for (place, (_, info)) in infos.iter().enumerate() {
            let list = |name: &str| info[name].as_array().map(Vec::as_slice).unwrap_or_default();
            let (expressions, dimensions) = (list("qAttrExprInfo"), list("qAttrDimInfo"));
            beside.push(Beside { first: columns.len(), expressions: expressions.len(), dimensions: dimensions.len() });
            let kind = ColumnKind::Attribute(place);
            columns.extend(expressions.iter().map(|info| Column::described(kind, info)));
            columns.extend(dimensions.iter().map(|info| Column::of_attribute_dimension(kind, info)));
        }
        let dimensions = infos.iter().map(|(kind, _)| *kind == ColumnKind::Dimension).collect();
        Self::plain(mode, columns, main, beside, dimensions)
    }

    /// Finds the columns without numbers, and those of nulls alone, by the first page, where the layout does not tell.
    fn look_at_first(&mut self) {
        let Some(pages) = self.first.clone().filter(|_| self.columns.iter().any(Column::is_doubtful)) else { return };
        let want = Want { num: true, elem: false, text: WantText::No };
        let mut columns = vec![Values::new(want); self.columns.len()];
        let (attributes, dimensions) = (&self.beside[..], &self.dimensions[..]);
        let mut into = Into { columns: &mut columns, left: 0, width: self.main, attributes, dimensions };
        if page::first(&mut Scan::new(&pages), &mut into).is_err() {
            // who reads it will say what is wrong
            return;
        }
        let texts_only = |values: &Values| {
            values.nums.iter().all(|number| number.is_nan()) && values.kinds.contains(&CellKind::Value)
        };
        let nulls_only = |values: &Values| values.len() as u64 == self.rows && !values.kinds.contains(&CellKind::Value);
        let column = |(column, values): (&Column, &Values)| match column.is_doubtful() {
            true if texts_only(values) => column.clone().without_numbers(),
            true if nulls_only(values) => column.clone().of_nulls(),
            _ => column.clone(),
        };
        self.columns = self.columns.iter().zip(&columns).map(column).collect();
    }

    fn plain(mode: Mode, columns: Vec<Column>, main: usize, beside: Vec<Beside>, dimensions: Arc<[bool]>) -> Self {
        Shape {
            mode,
            columns: columns.into(),
            main,
            beside: beside.into(),
            dimensions,
            rows: 0,
            width: main as u64,
            first: None,
            levels: Arc::new([]),
            left_levels: 0,
            title: String::new(),
            totals: Arc::new([]),
        }
    }

    /// A table of the data model.
    pub(super) fn of_table(title: &str, columns: Vec<Column>, rows: u64) -> Self {
        let width = columns.len();
        let mut shape = Self::plain(Mode::Straight, columns, width, vec![Beside::default(); width], Arc::new([]));
        (shape.rows, shape.title) = (rows, title.to_owned());
        shape
    }

    /// The same without the columns of attributes.
    pub(super) fn without_attributes(mut self) -> Self {
        self.columns = self.columns[..self.main].into();
        self.beside = vec![Beside::default(); self.main].into();
        self
    }
}

/// The columns in the order in which pages have them.
fn shown<T: Copy>(columns: Vec<T>, order: &Value) -> Vec<T> {
    let order = order.as_array().into_iter().flatten().filter_map(Value::as_u64);
    let order: Vec<usize> = order.filter_map(|place| usize::try_from(place).ok()).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.iter().copied().eq(0..columns.len()) {
        return order.iter().map(|place| columns[*place]).collect();
    }
    columns
}

/// The dimensions of a pivot's levels from the outside in, and how many of them stand to the left.
fn levels(dimensions: usize, measures: usize, cube: &Members<'_>) -> Result<(Arc<[usize]>, usize)> {
    let order = cube.value("qEffectiveInterColumnSortOrder")?;
    let order = order.as_array().into_iter().flatten().filter_map(Value::as_i64);
    let mut order: Vec<i64> = order.filter(|place| *place < dimensions as i64).collect();
    order.extend((0..dimensions as i64).filter(|place| !order.contains(place)).collect::<Vec<_>>());
    // where the measures stand; it counts as a level if there are several
    order.retain(|place| *place >= 0 || measures > 1);
    let left = cube.value("qNoOfLeftDims")?.as_i64().and_then(|left| usize::try_from(left).ok());
    let left = left.unwrap_or(order.len()).min(order.len());
    let left_levels = order[..left].iter().filter(|place| **place >= 0).count();
    Ok((order.into_iter().filter_map(|place| usize::try_from(place).ok()).collect(), left_levels))
}

/// The members of an object, each still to be read; so the page, which is large, is read once and straight into cells.
///
/// A map takes the last of members that come twice, as engines send.
struct Members<'a> {
    place: String,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Members<'a> {
    fn read(json: &'a str, place: String) -> Result<Self> {
        Ok(Members { members: read(json, &place)?, place })
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.get(name).map(|raw| raw.get()).filter(|json| *json != "null")
    }

    fn value(&self, name: &str) -> Result<Value> {
        self.raw(name).map_or(Ok(Value::Null), |json| read(json, &format!("{}.{name}", self.place)))
    }

    /// A list; a single object counts as a list of one.
    fn list(&self, name: &str) -> Result<Vec<Value>> {
        Ok(match self.value(name)? {
            Value::Array(entries) => entries,
            Value::Null => Vec::new(),
            single => vec![single],
        })
    }

    /// The object at a path, as `/box/qHyperCube`; lists are entered by number.
    fn at(&self, path: &str) -> Result<Option<Members<'a>>> {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        let Some(mut json) = names.next().and_then(|name| self.raw(name)) else { return Ok(None) };
        for name in names {
            let found = match name.parse::<usize>() {
                Ok(place) if json.starts_with('[') => {
                    read::<Vec<&RawValue>>(json, path)?.get(place).map(|raw| raw.get())
                }
                _ => Members::read(json, path.to_owned())?.raw(name),
            };
            let Some(found) = found else { return Ok(None) };
            json = found;
        }
        let place = format!("qLayout{}", path.replace('/', "."));
        if json.starts_with('{') { Members::read(json, place).map(Some) } else { Ok(None) }
    }
}

/// Says where in a layout there is data, if not where it was looked for.
fn missing(json: &str, path: &str) -> String {
    fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if matches!(name.as_str(), "qHyperCube" | "qListObject") && value.is_object() {
                        found.push(format!("{at}/{name}Def"));
                    } else {
                        paths(value, &format!("{at}/{name}"), found);
                    }
                }
            }
            Value::Array(entries) => {
                entries.iter().enumerate().for_each(|(place, entry)| paths(entry, &format!("{at}/{place}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    paths(&serde_json::from_str(json).unwrap_or_default(), "", &mut found);
    let what = if path.ends_with("qListObjectDef") { "list" } else { "hypercube" };
    match found.is_empty() {
        true => format!("the object has no {what}"),
        false => format!("the object has no {what} at {path}: ask for {}", found.join(" or ")),
    }
}

/// A layout can say that there is no data, and why: for the cube as a whole, or at a column.
fn check(object: &Members<'_>, cube: &Members<'_>, info: [&[Value]; 2]) -> Result<()> {
    // first the columns: they say more precisely what is wrong
    for (index, info) in info.into_iter().flatten().enumerate() {
        let Some(error) = info.get("qError").and_then(engine_error) else { continue };
        return Err(wrong::column(index + 1, text(info, "qFallbackTitle"), text(info, "qCalcCondMsg"), error));
    }
    for part in [object, cube] {
        let Some(error) = engine_error(&part.value("qError")?) else { continue };
        return Err(wrong::cube(cube.value("qCalcCondMsg")?.as_str(), error));
    }
    Ok(())
}

fn read<'de, T: Deserialize<'de>>(json: &'de str, place: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inside = error.path().to_string();
        let place = if inside == "." { place.to_owned() } else { format!("{place}.{inside}") };
        undecodable(&place, &error.inner().to_string(), json)
    })
}

pub(super) fn undecodable(place: &str, why: &str, json: &str) -> Error {
    Error::Decode(Box::new(DecodeError::new("hypercube", place, why, json.as_bytes())))
}
