//! Pages of straight tables and lists: from their text into columns.

use std::ops::Range;

use super::scan::{Misread, Plain, Raw, Scan};
use crate::data::cell::CellKind;
use crate::data::values::{RawCell, Values};

/// What a page says of itself.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: u64,
    pub(crate) top: u64,
    pub(crate) width: u64,
    pub(crate) height: u64,
}

impl Area {
    fn read(scan: &mut Scan<'_>) -> Result<Self, Misread> {
        let mut area = Area::default();
        scan.object(|scan, member| {
            let side = scan.plain()?.number().max(0.0) as u64;
            match member {
                "qLeft" => area.left = side,
                "qTop" => area.top = side,
                "qWidth" => area.width = side,
                "qHeight" => area.height = side,
                _ => {}
            }
            Ok(())
        })?;
        Ok(area)
    }
}

/// The place of the first page in a list, without its values.
pub(crate) fn first_area(pages: &str) -> Option<Area> {
    let mut found = None;
    let read = Scan::new(pages).list(|scan| match found {
        None => {
            let mut area = None;
            scan.object(|scan, member| match member {
                "qArea" => {
                    area = Some(Area::read(scan)?);
                    Ok(())
                }
                _ => scan.skip(),
            })?;
            found = Some(area);
            Ok(())
        }
        Some(_) => scan.skip(),
    });
    read.ok().and(found).flatten()
}

/// Which column takes the values of which place.
pub(crate) struct Into<'a> {
    pub(crate) columns: &'a mut [Values],
    /// The first column of the page.
    pub(crate) left: usize,
    pub(crate) width: usize,
    /// Of each column, where its attributes go.
    pub(crate) attributes: &'a [Beside],
    /// Which columns hold dimensions, whose nulls have numbers of their own.
    pub(crate) dimensions: &'a [bool],
}

/// The columns that hold a column's attributes: first those of its expressions, then those of its dimensions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    pub(crate) first: usize,
    pub(crate) expressions: usize,
    pub(crate) dimensions: usize,
}

impl Beside {
    pub(crate) fn all(self) -> usize {
        self.expressions + self.dimensions
    }
}

/// Reads the first page of a reply, or of a layout's list of pages.
pub(crate) fn reply(text: &str, out: &mut Into<'_>) -> Result<(), Misread> {
    let mut scan = Scan::new(text);
    if scan.peek() != Some(b'{') {
        return scan.fail("a result was due");
    }
    scan.object(|scan, member| match member {
        "qDataPages" => first(scan, out),
        _ => scan.skip(),
    })
}

/// Reads the first page of a list; the others are passed over.
pub(crate) fn first(scan: &mut Scan<'_>, out: &mut Into<'_>) -> Result<(), Misread> {
    let mut found = false;
    scan.list(|scan| {
        if std::mem::replace(&mut found, true) {
            return scan.skip();
        }
        scan.object(|scan, member| match member {
            "qMatrix" => scan.list(|scan| row(scan, out)),
            _ => scan.skip(),
        })
    })
}

/// Reads the rows of a data-model table; nulls are empty, or a dash without a number.
pub(crate) fn table(text: &str, out: &mut Into<'_>) -> Result<(), Misread> {
    Scan::new(text).object(|scan, member| match member {
        "qData" => scan.list(|scan| {
            scan.object(|scan, member| match member {
                "qValue" => row(scan, out),
                _ => scan.skip(),
            })
        }),
        _ => scan.skip(),
    })
}

fn row(scan: &mut Scan<'_>, out: &mut Into<'_>) -> Result<(), Misread> {
    let mut column = out.left;
    let end = out.left + out.width;
    scan.list(|scan| {
        if column >= end {
            return scan.fail("a row has more values than columns were asked for");
        }
        cell(scan, column, out)?;
        column += 1;
        Ok(())
    })?;
    if column < end { scan.fail("a row has fewer values than columns were asked for") } else { Ok(()) }
}

/// Reads a value, and pushes it with its attributes.
#[inline]
fn cell<'a>(scan: &mut Scan<'a>, column: usize, out: &mut Into<'_>) -> Result<(), Misread> {
    let mut cell = RawCell::default();
    let attributes = out.attributes.get(column).copied().unwrap_or_default();
    let done = usual(scan, &mut cell);
    if done != Usual::Whole || attributes.all() > 0 {
        let mut places = Attributes { beside: attributes, rows: 0, columns: out.columns };
        places.rows = places.columns.get(column).map_or(0, Values::len);
        let read = &mut cell;
        let mut member = |scan: &mut Scan<'a>, member: &str| unusual(scan, member, read, &mut places);
        match done {
            Usual::Whole => {}
            Usual::Begun => scan.members(&mut member)?,
            Usual::Not => {
                let start = scan.at();
                scan.object(&mut member)?;
                // of a table's values, the empty ones are null
                if scan.at() - start == 2 {
                    cell.kind = CellKind::Null;
                }
            }
        }
        places.fill();
    }
    finish(&mut cell, out.dimensions.get(column) == Some(&true));
    if let Some(values) = out.columns.get_mut(column) {
        values.push(&cell);
    }
    Ok(())
}

/// Marks a table's value without a number until it is read whole.
const NO_NUMBER: &str = "no number";

/// What a value's marks do not say by themselves.
#[inline]
fn finish(cell: &mut RawCell<'_>, dimension: bool) {
    if cell.state == NO_NUMBER {
        (cell.num, cell.state) = (f64::NAN, "O");
    }
    if cell.kind == CellKind::Value && cell.num.is_nan() && cell.text.text == "-" {
        // of measures, and of the null element; a dimension's value may well be this text
        if !dimension || cell.elem == -2 {
            cell.kind = CellKind::Null;
        }
    }
}

/// Where the attributes of a value go.
struct Attributes<'a> {
    beside: Beside,
    /// How many rows there are before the value's own.
    rows: usize,
    columns: &'a mut [Values],
}

impl Attributes<'_> {
    fn push(&mut self, place: usize, cell: &RawCell<'_>) {
        let values = if place < self.beside.all() { self.columns.get_mut(self.beside.first + place) } else { None };
        // of duplicates the first
        if let Some(values) = values.filter(|values| values.len() == self.rows) {
            values.push(cell);
        }
    }

    /// Attributes that the value does not have are null.
    fn fill(&mut self) {
        let text = Raw { text: "-", escaped: false };
        for place in 0..self.beside.all() {
            self.push(place, &RawCell { kind: CellKind::Null, text, ..RawCell::default() });
        }
    }
}

/// How far a value was read.
#[derive(PartialEq, Eq)]
enum Usual {
    Whole,
    /// Up to further members.
    Begun,
    /// Not at all.
    Not,
}

/// Reads a value whose members stand in the order in which engines send them.
#[inline]
fn usual<'a>(scan: &mut Scan<'a>, cell: &mut RawCell<'a>) -> Usual {
    let mut ahead = *scan;
    let Some(mut read) = usual_members(&mut ahead) else { return Usual::Not };
    let end = if ahead.eat(b"}") {
        Usual::Whole
    } else if ahead.eat(b",\"qIsNull\":true}") {
        read.kind = CellKind::Null;
        Usual::Whole
    } else if ahead.eat(b",") {
        Usual::Begun
    } else {
        return Usual::Not;
    };
    (*scan, *cell) = (ahead, read);
    end
}

#[inline]
fn usual_members<'a>(scan: &mut Scan<'a>) -> Option<RawCell<'a>> {
    if !scan.eat(b"{\"qText\":\"") {
        return None;
    }
    let text = scan.plain_text()?;
    if !scan.eat(b",\"qNum\":") {
        return None;
    }
    let num = match scan.rest().first()? {
        b'"' if scan.eat(b"\"NaN\"") => f64::NAN,
        b'"' => return None,
        _ => scan.number()?,
    };
    if !scan.eat(b",\"qElemNumber\":") {
        return None;
    }
    let elem = scan.integer()?;
    if !scan.eat(b",\"qState\":\"") {
        return None;
    }
    let state = if scan.eat(b"L\"") {
        "L"
    } else if scan.eat(b"O\"") {
        "O"
    } else {
        scan.plain_text()?
    };
    Some(RawCell { text: Raw { text, escaped: false }, num, elem, state, kind: CellKind::Value })
}

/// Reads one member of a value, whatever it is.
fn unusual<'a>(
    scan: &mut Scan<'a>,
    member: &str,
    cell: &mut RawCell<'a>,
    attributes: &mut Attributes<'_>,
) -> Result<(), Misread> {
    match member {
        "qText" => {
            let start = *scan;
            cell.text = text(start, scan)?;
        }
        "qNum" | "qValue" | "qNumber" => cell.num = scan.plain()?.number(),
        "qElemNumber" | "qElemNo" => cell.elem = scan.plain()?.integer(),
        "qState" => {
            if let Plain::Text(state) = scan.plain()? {
                cell.state = short(state.text);
            }
        }
        // of a table's values, which have a number either way
        "qIsNumeric" => {
            if scan.plain()? == Plain::Bool(false) {
                cell.state = NO_NUMBER;
            }
        }
        "qIsNull" => mark(scan, cell, CellKind::Null)?,
        "qIsTotalCell" => mark(scan, cell, CellKind::Total)?,
        "qIsOtherCell" => mark(scan, cell, CellKind::Other)?,
        "qIsEmpty" => mark(scan, cell, CellKind::Empty)?,
        "qAttrExps" => return attribute_values(scan, attributes, 0..attributes.beside.expressions),
        "qAttrDims" => {
            return attribute_values(scan, attributes, attributes.beside.expressions..attributes.beside.all());
        }
        _ => return scan.skip(),
    }
    Ok(())
}

fn mark(scan: &mut Scan<'_>, cell: &mut RawCell<'_>, kind: CellKind) -> Result<(), Misread> {
    if scan.plain()? == Plain::Bool(true) {
        cell.kind = kind;
    }
    Ok(())
}

/// A text; of a number or a word, what stands there.
fn text<'a>(start: Scan<'a>, scan: &mut Scan<'a>) -> Result<Raw<'a>, Misread> {
    Ok(match scan.plain()? {
        Plain::Text(text) => text,
        Plain::Number(_) | Plain::Bool(_) => {
            let length = scan.at() - start.at();
            let text = start.rest().get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
            Raw { text: text.unwrap_or_default(), escaped: false }
        }
        Plain::Null | Plain::Other => Raw::default(),
    })
}

/// The states' long names, as short ones.
fn short(state: &str) -> &str {
    match state {
        "LOCKED" => "L",
        "SELECTED" => "S",
        "OPTION" => "O",
        "DESELECTED" => "D",
        "ALTERNATIVE" => "A",
        "EXCLUDED" => "X",
        "EXCL_SELECTED" => "XS",
        "EXCL_LOCKED" => "XL",
        other => other,
    }
}

fn attribute_values(
    scan: &mut Scan<'_>,
    attributes: &mut Attributes<'_>,
    mut places: Range<usize>,
) -> Result<(), Misread> {
    scan.object(|scan, member| {
        if member != "qValues" {
            return scan.skip();
        }
        scan.list(|scan| {
            let cell = simple_value(scan)?;
            if let Some(place) = places.next() {
                attributes.push(place, &cell);
            }
            Ok(())
        })
    })
}

/// A value of an attribute, or of a tree's node.
pub(crate) fn simple_value<'a>(scan: &mut Scan<'a>) -> Result<RawCell<'a>, Misread> {
    let mut cell = RawCell::default();
    let mut empty = true;
    scan.object(|scan, member| {
        empty = false;
        let none = &mut Attributes { beside: Beside::default(), rows: 0, columns: &mut [] };
        unusual(scan, member, &mut cell, none)
    })?;
    if empty {
        cell.kind = CellKind::Null;
    }
    finish(&mut cell, false);
    Ok(cell)
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
