//! Tables as CSV files.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::batch::{Batch, CellRef};
use super::cell::CellKind;
use super::column::Column;
use super::cube::Cube;
use super::file::{self, Format, Written};
use super::reader::Reader;
use super::serial::{self, Date, DateTime};
use super::types::{self, ColumnType, Output, Types};
use crate::error::{DecodeError, Error, Result};

const BATCH_ROWS: usize = 4_096;

impl Cube {
    /// Writes the rows to a CSV file; see [`Reader::write_csv`].
    pub async fn write_csv(&self, path: impl AsRef<Path>) -> Result<Written> {
        self.read().write_csv(path).await
    }
}

impl Reader {
    /// Writes the rows to a CSV file: UTF-8, commas, a line of titles first, quotes where they are needed.
    ///
    /// Values are written as their column's [type](super::ColumnType) says: numbers with a point and all their
    /// digits, days and moments as in ISO 8601, lengths of time in seconds; null is empty. For the texts as the app
    /// shows them there is [`text_beside`](Self::text_beside). The file appears under its name once it is whole.
    pub async fn write_csv(self, path: impl AsRef<Path>) -> Result<Written> {
        let csv = |types| Csv { types, outputs: Vec::new(), line: String::new(), writer: None };
        file::write(self, path.as_ref(), BATCH_ROWS, csv).await
    }
}

struct Csv {
    types: Types,
    outputs: Vec<Output>,
    line: String,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl Format for Csv {
    fn begin(&mut self, file: File, columns: &[Column]) -> Result<()> {
        self.types.check(columns)?;
        self.outputs = self.types.outputs(self.types.columns(columns));
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        writer.write_record(self.outputs.iter().map(|output| &output.name)).map_err(refused)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn add(&mut self, batch: Batch) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for row in batch.rows() {
            for output in &self.outputs {
                let Some(cell) = row.get(output.column) else { continue };
                self.line.clear();
                field(cell, output.kind, &mut self.line).map_err(|why| {
                    let place = format!("row {}, column `{}`", row.index(), output.name);
                    Error::Decode(Box::new(DecodeError::new("hypercube", place, why, b"")))
                })?;
                writer.write_field(&self.line).map_err(refused)?;
            }
            writer.write_record(None::<&[u8]>).map_err(refused)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(mut writer) => writer.flush().map_err(|error| refused(error.into())),
            None => Ok(()),
        }
    }
}

fn field(cell: CellRef<'_>, kind: ColumnType, line: &mut String) -> Result<(), String> {
    use std::fmt::Write;

    if matches!(kind, ColumnType::Text | ColumnType::Dictionary) {
        if !matches!(cell.kind(), CellKind::Null | CellKind::Empty) {
            line.push_str(cell.text());
        }
        return Ok(());
    }
    let (CellKind::Value, Some(number)) = (cell.kind(), cell.num()) else { return Ok(()) };
    let no = |what: &str| format!("{number} is no {what}");
    // writing to a text does not fail
    let _ = match kind {
        ColumnType::Integer if number.fract() != 0.0 => return Err(no("integer")),
        ColumnType::Decimal { precision, scale } => {
            let digits = types::decimal(number, precision, scale).ok_or_else(|| no("number of so many digits"))?;
            let (sign, digits) = (if digits < 0 { "-" } else { "" }, digits.unsigned_abs());
            let point = 10_u128.pow(u32::from(scale));
            match scale {
                0 => write!(line, "{sign}{digits}"),
                _ => write!(line, "{sign}{}.{:0>2$}", digits / point, digits % point, usize::from(scale)),
            }
        }
        ColumnType::Date => write!(line, "{}", Date::from_serial(number).ok_or_else(|| no("date"))?),
        ColumnType::Timestamp => {
            write!(line, "{}", DateTime::from_serial(number).ok_or_else(|| no("date and time"))?)
        }
        ColumnType::Time => {
            let time = DateTime::from_serial(number.rem_euclid(1.0)).ok_or_else(|| no("time"))?;
            line.push_str(time.to_string().split('T').next_back().unwrap_or_default());
            Ok(())
        }
        ColumnType::Interval => {
            let ms = serial::interval(number).ok_or_else(|| no("length of time"))?;
            write!(line, "{}", ms as f64 / 1_000.0)
        }
        _ => write!(line, "{number}"),
    };
    Ok(())
}

fn refused(error: csv::Error) -> Error {
    Error::transport("writing a CSV file", std::io::Error::from(error))
}
