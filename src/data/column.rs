//! The columns of a table: their titles, and what is known of their values.

use serde_json::Value;

use crate::json::object;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    title: String,
    kind: ColumnKind,
    tags: Vec<String>,
    format: NumberFormat,
    has_numbers: bool,
    /// Whether a look at its values has to tell what they are: its least and its greatest number are both zero, which
    /// is also what some say who have none, or there is no number, which is also so of nulls.
    is_doubtful: bool,
    /// Whether its values are known, and all are null.
    is_void: bool,
    /// Whether there is a format that could say more.
    told: bool,
    library_id: Option<String>,
}

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// The values that the rows are grouped by.
    Dimension,
    /// A calculated value.
    Measure,
    /// An attribute expression: calculated beside another column, which is told here by its place.
    Attribute(usize),
}

/// How a column's numbers are written, and with that what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NumberFormat {
    /// What the numbers are.
    pub kind: NumberKind,
    /// The pattern, as `#,##0.00` or `YYYY-MM-DD`.
    pub pattern: String,
    /// Decimals, where the kind has a fixed number of them.
    pub decimals: u32,
    /// Whether the engine found the format by itself.
    pub is_auto: bool,
}

/// What numbers are, as the engine's formats tell (`qType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NumberKind {
    /// `U` and `A`: nothing is known; texts may be anything, as the names of months.
    #[default]
    Unknown,
    /// `I`: whole numbers, or numbers written as such.
    Integer,
    /// `R`: any number.
    Real,
    /// `F`: a fixed number of decimals is written.
    Fixed,
    /// `M`: money.
    Money,
    /// `D`: dates.
    Date,
    /// `T`: times of the day.
    Time,
    /// `TS`: dates with times.
    Timestamp,
    /// `IV`: lengths of time.
    Interval,
}

impl Column {
    pub(super) fn new(title: impl Into<String>, kind: ColumnKind) -> Self {
        Column {
            title: title.into(),
            kind,
            tags: Vec::new(),
            format: NumberFormat::default(),
            has_numbers: true,
            is_doubtful: false,
            is_void: false,
            told: true,
            library_id: None,
        }
    }

    /// What a layout tells of a dimension, a measure or an attribute expression.
    pub(super) fn described(kind: ColumnKind, info: &Value) -> Self {
        let mut column = Self::new(text(info, "qFallbackTitle").unwrap_or_default(), kind);
        column.tags = tags(info);
        column.format = NumberFormat::read(&info["qNumFormat"]);
        column.format.is_auto = info["qIsAutoFormat"] == true;
        // the least and the greatest number are "NaN" where there is none
        column.has_numbers =
            info.get("qMin").is_none_or(|least| *least != "NaN") || info.get("qMax").is_none_or(|most| *most != "NaN");
        let is_flat = ["qMin", "qMax"].iter().all(|end| info[*end].as_f64() == Some(0.0));
        column.is_doubtful = kind != ColumnKind::Dimension && (is_flat || !column.has_numbers);
        column.library_id = text(info, "qLibraryId").map(str::to_owned);
        column
    }

    /// A field of a data-model table.
    pub(super) fn of_field(info: &Value) -> Self {
        let mut column = Self::new(text(info, "qName").unwrap_or_default(), ColumnKind::Dimension);
        column.tags = tags(info);
        column.told = false;
        column
    }

    /// An attribute dimension, whose values are texts.
    pub(super) fn of_attribute_dimension(kind: ColumnKind, info: &Value) -> Self {
        let mut column = Self::described(kind, info);
        (column.has_numbers, column.is_doubtful) = (false, false);
        column
    }

    /// Whether a look at its values has to tell what they are.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Whether its values are known, and all are null, which says nothing of their type.
    pub(super) fn is_void(&self) -> bool {
        self.is_void
    }

    pub(super) fn of_nulls(mut self) -> Self {
        self.is_void = true;
        self
    }

    pub(super) fn without_numbers(mut self) -> Self {
        self.has_numbers = false;
        self
    }

    /// Whether its format is known: that of a data-model table's column is not.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// What stands over it: its label, or what the engine makes of its field or expression.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether it is a dimension or a measure.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// The tags of its field, as `$numeric` or `$date`.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// How its numbers are written.
    pub fn format(&self) -> &NumberFormat {
        &self.format
    }

    /// The id of the master dimension or measure that it shows.
    pub fn library_id(&self) -> Option<&str> {
        self.library_id.as_deref()
    }

    /// Whether any of its values has a number, as far as the layout tells.
    pub fn has_numbers(&self) -> bool {
        self.has_numbers
    }

    /// Whether its field has this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }
}

impl NumberFormat {
    fn read(format: &Value) -> Self {
        let kind = match format["qType"].as_str().unwrap_or_default() {
            "I" | "INTEGER" => NumberKind::Integer,
            "R" | "REAL" => NumberKind::Real,
            "F" | "FIX" => NumberKind::Fixed,
            "M" | "MONEY" => NumberKind::Money,
            "D" | "DATE" => NumberKind::Date,
            "T" | "TIME" => NumberKind::Time,
            "TS" | "TIMESTAMP" => NumberKind::Timestamp,
            "IV" | "INTERVAL" => NumberKind::Interval,
            _ => NumberKind::Unknown,
        };
        NumberFormat {
            kind,
            pattern: text(format, "qFmt").unwrap_or_default().to_owned(),
            decimals: format["qnDec"].as_u64().and_then(|decimals| u32::try_from(decimals).ok()).unwrap_or(0),
            is_auto: false,
        }
    }

    /// As the engine wants it.
    pub(super) fn to_json(&self) -> Value {
        let kind = match self.kind {
            NumberKind::Unknown => "U",
            NumberKind::Integer => "I",
            NumberKind::Real => "R",
            NumberKind::Fixed => "F",
            NumberKind::Money => "M",
            NumberKind::Date => "D",
            NumberKind::Time => "T",
            NumberKind::Timestamp => "TS",
            NumberKind::Interval => "IV",
        };
        object! { "qType": kind, "qFmt": self.pattern.as_str(), "qnDec": self.decimals }
    }

    /// A format of this kind and pattern, as `#,##0.00` or `YYYY-MM-DD`.
    pub fn new(kind: NumberKind, pattern: impl Into<String>) -> Self {
        NumberFormat { kind, pattern: pattern.into(), ..Self::default() }
    }
}

fn tags(info: &Value) -> Vec<String> {
    let tags = info["qTags"].as_array().into_iter().flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A member that is a text and says something.
fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
