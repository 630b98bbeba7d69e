//! What an expression comes to: a number, a value of a field, or null; and how it is written.

use serde_json::{Value as Json, json};

use crate::model::Value;

/// A result of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    Null,
    Number(f64),
    Value(Value),
}

impl Datum {
    /// The number of it, if it has one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Number(number) => Some(*number),
            Self::Value(value) => Some(value.num).filter(|number| !number.is_nan()),
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Null => "-".to_owned(),
            Self::Number(number) => number_text(*number),
            Self::Value(value) => value.text.clone(),
        }
    }

    /// What holds is -1, what does not is 0.
    pub(crate) fn truth(holds: bool) -> Self {
        Self::Number(if holds { -1.0 } else { 0.0 })
    }

    pub(crate) fn is_true(&self) -> bool {
        self.number().is_some_and(|number| number != 0.0)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// A number as JSON, or the text that the engine sends where there is none.
pub(crate) fn number_json(number: Option<f64>) -> Json {
    match number.filter(|number| number.is_finite()) {
        // Whole numbers without a fraction part, as the engine writes them.
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(number as i64),
        Some(number) => json!(number),
        None => json!("NaN"),
    }
}

/// A number with the 14 significant digits that the engine shows without a format.
pub(crate) fn number_text(number: f64) -> String {
    let rounded: f64 = format!("{number:.13e}").parse().unwrap_or(number);
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if (1e-5..1e15).contains(&rounded.abs()) {
        return rounded.to_string();
    }
    let scientific = format!("{rounded:e}");
    match scientific.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
        _ => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_recorded() {
        assert_eq!(number_text(49_609.477_290_000_36), "49609.47729");
        assert_eq!(number_text(51.152_843_901_421_875), "51.152843901422");
        assert_eq!(number_text(545.784_429_999_999_7), "545.78443");
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(8.0), "8");
        assert_eq!(number_text(1.5e20), "1.5e+20");
        assert_eq!(number_text(2e-7), "2e-7");
        assert_eq!(number_json(Some(79.0)), json!(79));
        assert_eq!(number_json(Some(0.5)), json!(0.5));
        assert_eq!(number_json(None), json!("NaN"));
    }
}
