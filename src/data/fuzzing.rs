//! The way in for the fuzz target of pages, built with `--cfg fuzzing`; and for the tests, which run its seeds and what
//! becomes of them by chance.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use super::column::Column;
use super::decode::nodes;
use super::decode::scan::{Misread, Plain, Scan};
use super::fetch::{Fetched, OnChange, Order, rows_of_first};
use super::layout::{Mode, Shape};
use super::pivot::Pivot;
use super::plan::{self, Limits, MAX_CELLS, Piece};
use super::stream::{self, Decoder, Making};
use super::types::ColumnType;
use crate::error::Result;

/// Reads a table: on the first line the layout of an object, or a list of a data-model table's fields; on each of the
/// others the reply that is the next page.
pub fn pages(text: &str) {
    let mut lines = text.lines();
    let layout = lines.next().unwrap_or_default();
    let pages: Vec<&str> = lines.take(50).collect();
    pages.iter().for_each(|page| reads_as_serde_reads(page));
    let is_table = layout.starts_with('[');
    let shape = match serde_json::from_str::<Vec<Value>>(layout) {
        Ok(fields) => Ok(Shape::of_table("table", fields.iter().map(Column::of_field).collect(), 4)),
        Err(_) => Shape::read(layout, "/qHyperCubeDef").or_else(|_| Shape::read(layout, "/qListObjectDef")),
    };
    let Ok(shape) = shape else { return };
    for column in shape.columns.iter() {
        let _ = ColumnType::of(column);
    }
    for (cells, columns) in [(MAX_CELLS, MAX_CELLS), (4, 2)] {
        let _ = table(shape.clone(), is_table, &pages, Limits { cells, columns });
        let _ = pivot(&shape, &pages, Limits { cells, columns });
    }
}

/// Reads pages as rows.
fn table(shape: Shape, is_table: bool, pages: &[&str], mut limits: Limits) -> Result<()> {
    if is_table {
        limits.columns = usize::MAX;
    }
    let order = Order { from: 0, limit: None, limits, in_flight: 1, on_change: OnChange::Fail, attributes: true };
    let wants = Arc::new(stream::want_all);
    let making = Making { order, batch_rows: None, totals: pages.len() % 2 == 1, wants, watcher: None };
    let (mode, rows, width) = (shape.mode, shape.rows, shape.width);
    let first = shape.first.clone();
    let mut decoder = Decoder::new(making, is_table);
    let mut batches = decoder.take(Fetched::Begin { shape, attempt: 0, rows: Some(rows) })?;
    let mut from = 0;
    let covered = first.as_deref().map_or(0, |pages| rows_of_first(pages, width));
    if mode == Mode::Straight && covered > 0 && covered <= rows {
        from = covered;
        batches.extend(decoder.take(Fetched::First { pages: first.unwrap_or_default(), rows: covered })?);
    }
    if matches!(mode, Mode::Straight | Mode::Pivot) {
        for (piece, page) in plan::pieces(from..rows, width.max(1), limits).zip(pages) {
            decoder.page(piece, page)?;
        }
    } else {
        let mut top = 0;
        for page in pages {
            decoder.page(Piece { top, height: 10, left: 0, width: 10 }, page)?;
            top += nodes::count(page, top).map_or(1, |(shown, _)| shown);
        }
    }
    batches.extend(decoder.finish()?);
    for row in batches.iter().flat_map(|batch| batch.rows()) {
        assert_eq!(row.len(), row.columns().len());
        for cell in row.cells() {
            let _ = (cell.text(), cell.num(), cell.state(), cell.kind());
        }
    }
    Ok(())
}

/// Reads pages as a pivot with its headers.
fn pivot(shape: &Shape, pages: &[&str], limits: Limits) -> Result<(), Misread> {
    let mut pivot = Pivot::default();
    for (piece, page) in plan::pieces(0..shape.rows, shape.width.max(1), limits).zip(pages) {
        pivot.add(piece, page)?;
    }
    Ok(())
}

/// What serde reads, the scanner reads, and as the same.
fn reads_as_serde_reads(text: &str) {
    let Ok(expected) = serde_json::from_str::<Value>(text) else { return };
    let mut scan = Scan::new(text);
    let read = tree(&mut scan).unwrap_or_else(|error| panic!("{error:?}"));
    assert!(scan.peek().is_none(), "something is left");
    assert_eq!(read, as_floats(expected));
    let mut scan = Scan::new(text);
    scan.skip().unwrap_or_else(|error| panic!("{error:?}"));
    assert!(scan.peek().is_none(), "not everything is passed over");
}

/// The tree of a text, as the scanner reads it.
fn tree(scan: &mut Scan<'_>) -> Result<Value, Misread> {
    Ok(match scan.peek() {
        Some(b'[') => {
            let mut entries = Vec::new();
            scan.list(|scan| {
                entries.push(tree(scan)?);
                Ok(())
            })?;
            Value::Array(entries)
        }
        Some(b'{') => {
            let mut members = Map::new();
            scan.object(|scan, name| {
                members.insert(name.to_owned(), tree(scan)?);
                Ok(())
            })?;
            Value::Object(members)
        }
        _ => match scan.plain()? {
            Plain::Bool(value) => Value::Bool(value),
            Plain::Number(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
            Plain::Text(text) => Value::String(text.unescaped().into_owned()),
            Plain::Null | Plain::Other => Value::Null,
        },
    })
}

/// With every number as the scanner has it.
fn as_floats(value: Value) -> Value {
    match value {
        Value::Array(entries) => entries.into_iter().map(as_floats).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, as_floats(value))).collect())
        }
        Value::Number(number) => number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/pages");

    /// The seeds; none where the crate was packed without them.
    fn seeds() -> Vec<String> {
        let files = std::fs::read_dir(PAGES).into_iter().flatten().flatten();
        let mut seeds: Vec<_> = files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        seeds.sort();
        seeds.push("{}".to_owned());
        seeds
    }

    #[test]
    fn seeds_do_no_harm() {
        seeds().iter().for_each(|seed| super::pages(seed));
    }

    proptest! {
        #[test]
        fn spoiled_pages_do_no_harm(
            seed in prop::sample::select(seeds()),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, "[{}\\[\\],:\"0-9eE.-]{0,6}"), 1..5),
        ) {
            let mut bytes = seed.into_bytes();
            for (place, gone, piece) in cuts {
                let start = place.index(bytes.len() + 1);
                let end = (start + gone).min(bytes.len());
                bytes.splice(start..end, piece.into_bytes());
            }
            super::pages(&String::from_utf8_lossy(&bytes));
        }
    }
}
