//! Which type a column has outside Qlik, as far as that is sure.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::column::{Column, ColumnKind, NumberKind};
use super::stream::Wants;
use super::values::{Want, WantText};
use crate::error::{Error, Result};

/// The type of a column's values in record batches, Parquet and CSV files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// Texts, each written out: Arrow's `Utf8`.
    Text,
    /// Texts, each different one kept once in a batch: Arrow's `Dictionary(Int32, Utf8)`.
    Dictionary,
    /// Numbers: `Float64`.
    Float,
    /// Whole numbers: `Int64`. A number that is not whole is an error.
    Integer,
    /// Numbers with a fixed number of decimals: `Decimal128`. More decimals are rounded, halves away from zero; a
    /// number with more digits than the precision is an error.
    Decimal {
        /// How many digits there are in all: 38 at most.
        precision: u8,
        /// How many of them are decimals.
        scale: u8,
    },
    /// Days: `Date32`. A time of the day is cut off.
    Date,
    /// Moments without a time zone: `Timestamp(Millisecond)`, to the nearest millisecond.
    Timestamp,
    /// Times of the day: `Time32(Millisecond)`; whole days are cut off.
    Time,
    /// Lengths of time: `Duration(Millisecond)`, to the nearest millisecond.
    Interval,
}

impl ColumnType {
    /// The type that a column has unless told: see the [module's table](super#types).
    pub fn of(column: &Column) -> Self {
        let by_format = || match column.format().kind {
            NumberKind::Date => Some(ColumnType::Date),
            NumberKind::Timestamp => Some(ColumnType::Timestamp),
            NumberKind::Time => Some(ColumnType::Time),
            NumberKind::Interval => Some(ColumnType::Interval),
            _ => None,
        };
        if column.kind() != ColumnKind::Dimension {
            return match column.has_numbers() || column.is_void() {
                true => by_format().unwrap_or(ColumnType::Float),
                false => ColumnType::Text,
            };
        }
        let texts = if column.is_told() { ColumnType::Dictionary } else { ColumnType::Text };
        let numeric = ["$numeric", "$integer", "$date", "$timestamp"].iter().any(|tag| column.has_tag(tag));
        if !numeric {
            return texts;
        }
        if column.has_tag("$date") {
            return ColumnType::Date;
        }
        if column.has_tag("$timestamp") {
            return ColumnType::Timestamp;
        }
        let number = if column.has_tag("$integer") { ColumnType::Integer } else { ColumnType::Float };
        match column.format().kind {
            // names of months have numbers, and no format
            NumberKind::Unknown if column.is_told() => texts,
            _ => by_format().unwrap_or(number),
        }
    }

    fn want(self) -> Want {
        let text = match self {
            ColumnType::Text => WantText::Each,
            ColumnType::Dictionary => WantText::Interned,
            _ => WantText::No,
        };
        Want { num: text == WantText::No, elem: false, text }
    }
}

/// What a caller says about types.
#[derive(Clone, Default)]
pub(super) struct Types {
    /// The columns as they were when the table was opened. Under other selections, a column may look as if it had
    /// another type; what is read has one all the same.
    pub(super) opened: Vec<Column>,
    pub(super) chosen: BTreeMap<String, ColumnType>,
    pub(super) text_beside: bool,
}

/// A column as it is given away: one of the table's, or the text beside one.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) column: usize,
    pub(super) name: String,
    pub(super) kind: ColumnType,
}

impl Types {
    fn of(&self, column: &Column) -> ColumnType {
        self.chosen.get(column.title()).copied().unwrap_or_else(|| ColumnType::of(column))
    }

    /// The columns that say which types there are: those that were opened, unless it is a table of others by now.
    pub(super) fn columns<'a>(&'a self, now: &'a [Column]) -> &'a [Column] {
        let same = |(one, other): (&Column, &Column)| one.title() == other.title() && one.kind() == other.kind();
        match self.opened.len() == now.len() && self.opened.iter().zip(now).all(same) {
            true => &self.opened,
            false => now,
        }
    }

    /// What is given away, with names that differ.
    pub(super) fn outputs(&self, columns: &[Column]) -> Vec<Output> {
        let mut names: HashSet<String> = HashSet::new();
        let mut unique = |title: &str| {
            let mut name = title.to_owned();
            let mut count = 2;
            while !names.insert(name.clone()) {
                name = format!("{title} ({count})");
                count += 1;
            }
            name
        };
        let mut outputs = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            let kind = self.of(column);
            outputs.push(Output { column: place, name: unique(column.title()), kind });
            if self.text_beside && kind.want().text == WantText::No {
                let name = unique(&format!("{} (text)", column.title()));
                outputs.push(Output { column: place, name, kind: ColumnType::Text });
            }
        }
        outputs
    }

    /// What has to be kept of the columns for that.
    pub(super) fn wants(&self) -> Wants {
        let types = self.clone();
        Arc::new(move |columns| {
            let want = |column: &Column| {
                let mut want = types.of(column).want();
                if types.text_beside && want.text == WantText::No {
                    want.text = WantText::Each;
                }
                want
            };
            types.columns(columns).iter().map(want).collect()
        })
    }

    /// A title that no column has is a mistake.
    pub(super) fn check(&self, columns: &[Column]) -> Result<()> {
        let known = |title: &str| columns.iter().any(|column| column.title() == title);
        if let Some(title) = self.chosen.keys().find(|title| !known(title)) {
            let titles: Vec<&str> = columns.iter().map(Column::title).collect();
            return Err(Error::config(format!("there is no column `{title}`; there are {}", titles.join(", "))));
        }
        for (title, kind) in &self.chosen {
            if let ColumnType::Decimal { precision, scale } = kind
                && (*precision == 0 || *precision > 38 || scale > precision)
            {
                let what = format!("the decimals of column `{title}` cannot be: 38 digits at most, decimals included");
                return Err(Error::config(what));
            }
        }
        Ok(())
    }
}

/// The number of a decimal without its point; `None` where it has more digits.
pub(super) fn decimal(number: f64, precision: u8, scale: u8) -> Option<i128> {
    let scaled = number * 10_f64.powi(i32::from(scale));
    // to a double's exactness, in which 1.005 is a little less than that
    let rounded = scaled.round();
    let most = 10_i128.checked_pow(u32::from(precision))?;
    (rounded.abs() < most as f64).then_some(rounded as i128)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dimension(tags: &[&str], format: &str) -> ColumnType {
        let info = json!({ "qTags": tags, "qNumFormat": { "qType": format }, "qMin": 1, "qMax": 2 });
        ColumnType::of(&Column::described(ColumnKind::Dimension, &info))
    }

    fn measure(format: &str, least: serde_json::Value) -> ColumnType {
        let info = json!({ "qNumFormat": { "qType": format }, "qMin": least, "qMax": least });
        ColumnType::of(&Column::described(ColumnKind::Measure, &info))
    }

    #[test]
    fn types_are_those_that_are_sure() {
        for (tags, format, kind) in [
            (&["$ascii", "$text"][..], "U", ColumnType::Dictionary),
            // engines give texts a format of numbers, too
            (&["$ascii", "$text"], "R", ColumnType::Dictionary),
            (&["$numeric", "$integer"], "I", ColumnType::Integer),
            (&["$numeric", "$integer"], "R", ColumnType::Integer),
            // names of months
            (&["$numeric", "$integer"], "U", ColumnType::Dictionary),
            (&["$numeric"], "M", ColumnType::Float),
            (&["$numeric", "$integer", "$timestamp", "$date"], "D", ColumnType::Date),
            (&["$numeric", "$timestamp"], "TS", ColumnType::Timestamp),
            (&["$numeric"], "T", ColumnType::Time),
            (&["$numeric"], "IV", ColumnType::Interval),
            (&[], "D", ColumnType::Dictionary),
        ] {
            assert_eq!(dimension(tags, format), kind, "{tags:?} {format}");
        }
        for (format, kind) in [
            ("U", ColumnType::Float),
            ("I", ColumnType::Float),
            ("M", ColumnType::Float),
            ("D", ColumnType::Date),
            ("TS", ColumnType::Timestamp),
            ("T", ColumnType::Time),
            ("IV", ColumnType::Interval),
        ] {
            assert_eq!(measure(format, json!(1)), kind, "{format}");
            assert_eq!(measure(format, json!("NaN")), ColumnType::Text, "{format}");
        }
        let field = |tags: &[&str]| ColumnType::of(&Column::of_field(&json!({ "qName": "F", "qTags": tags })));
        assert_eq!(field(&["$numeric", "$integer"]), ColumnType::Integer);
        assert_eq!((field(&["$numeric", "$date"]), field(&["$text"])), (ColumnType::Date, ColumnType::Text));
    }

    #[test]
    fn decimals_are_rounded_and_fit() {
        assert_eq!(decimal(12.345_6, 6, 2), Some(1_235));
        assert_eq!(decimal(-0.5, 3, 0), Some(-1));
        assert_eq!(decimal(9_999.0, 4, 0), Some(9_999));
        assert_eq!(decimal(9_999.5, 4, 0), None);
        assert_eq!(decimal(f64::INFINITY, 38, 2), None);
    }

    #[test]
    fn names_differ() {
        let column = |title: &str| Column::new(title, ColumnKind::Measure);
        let types = Types { text_beside: true, ..Types::default() };
        let outputs = types.outputs(&[column("A"), column("A"), column("A (text)")]);
        let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
        assert_eq!(names, ["A", "A (text)", "A (2)", "A (text) (2)", "A (text) (3)", "A (text) (text)"]);
        assert!(types.check(&[column("A")]).is_ok());
    }
}
