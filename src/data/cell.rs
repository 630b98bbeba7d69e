//! One value of a data page.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// One value: its text, its number where it has one, and where it stands in its field and in the selections.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Cell {
    /// The value as text, in the column's format; `-` for null, as the engine writes it.
    pub text: String,
    /// The value as a number. Dates and times are numbers as well: days since 1899-12-30.
    pub num: Option<f64>,
    /// The value's number in its field, by which it can be selected; negative or 0 where it stands for no value.
    pub elem_number: i32,
    /// Where it stands in the selections.
    pub state: CellState,
    /// Whether it is null.
    pub is_null: bool,
    /// What it stands for: a value, null, a total, or others.
    pub kind: CellKind,
}

/// What a cell stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CellKind {
    /// A value.
    #[default]
    Value,
    /// No value.
    Null,
    /// The total over all values of its dimension.
    Total,
    /// All values of its dimension that are not shown by themselves.
    Other,
    /// Nothing: a place below a node that is not opened, or below a total.
    Empty,
}

/// Where a value stands in the selections: Qlik's green, white and grey.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CellState {
    /// `L`: selected, and locked; the state of measures, too.
    #[default]
    Locked,
    /// `S`: selected.
    Selected,
    /// `O`: possible under the selections.
    Optional,
    /// `D`: deselected.
    Deselected,
    /// `A`: an alternative to what is selected in the same field.
    Alternative,
    /// `X`: excluded by the selections.
    Excluded,
    /// `XS`: selected, yet excluded by selections elsewhere.
    ExcludedSelected,
    /// `XL`: locked, yet excluded by selections elsewhere.
    ExcludedLocked,
    /// A state that this version does not know, as it came.
    Other(String),
}

impl From<&str> for CellState {
    fn from(state: &str) -> Self {
        match state {
            "L" | "LOCKED" => CellState::Locked,
            "S" | "SELECTED" => CellState::Selected,
            "O" | "OPTION" => CellState::Optional,
            "D" | "DESELECTED" => CellState::Deselected,
            "A" | "ALTERNATIVE" => CellState::Alternative,
            "X" | "EXCLUDED" => CellState::Excluded,
            "XS" | "EXCL_SELECTED" => CellState::ExcludedSelected,
            "XL" | "EXCL_LOCKED" => CellState::ExcludedLocked,
            other => CellState::Other(other.to_owned()),
        }
    }
}

impl Cell {
    fn mark(&mut self, kind: CellKind, value: &Scalar) {
        if matches!(value, Scalar::Bool(true)) {
            self.kind = kind;
        }
    }
}

/// Lenient: unknown members, duplicates and odd values cost the value at most, not the page.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cell")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
                let mut cell = Cell::default();
                while let Some(member) = map.next_key::<Member>()? {
                    match member {
                        Member::Text => cell.text = map.next_value::<Scalar>()?.into_text(),
                        Member::Num => cell.num = map.next_value::<Scalar>()?.number(),
                        Member::ElemNumber => cell.elem_number = map.next_value::<Scalar>()?.integer(),
                        Member::State => cell.state = map.next_value::<State>()?.0,
                        Member::IsNull => cell.is_null = matches!(map.next_value()?, Scalar::Bool(true)),
                        Member::IsTotal => cell.mark(CellKind::Total, &map.next_value()?),
                        Member::IsOther => cell.mark(CellKind::Other, &map.next_value()?),
                        Member::IsEmpty => cell.mark(CellKind::Empty, &map.next_value()?),
                        Member::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                if cell.is_null {
                    cell.kind = CellKind::Null;
                }
                Ok(cell)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier)]
enum Member {
    #[serde(rename = "qText")]
    Text,
    #[serde(rename = "qNum")]
    Num,
    #[serde(rename = "qElemNumber")]
    ElemNumber,
    #[serde(rename = "qState")]
    State,
    #[serde(rename = "qIsNull")]
    IsNull,
    #[serde(rename = "qIsTotalCell")]
    IsTotal,
    #[serde(rename = "qIsOtherCell")]
    IsOther,
    #[serde(rename = "qIsEmpty")]
    IsEmpty,
    #[serde(other)]
    Other,
}

/// Any plain value; what is none counts as null.
enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Null => String::new(),
        }
    }

    /// The engine writes `"NaN"` where a value has no number, and infinities by name.
    fn number(&self) -> Option<f64> {
        match self {
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => match text.as_str() {
                "Infinity" | "+Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                text => text.parse().ok().filter(|number: &f64| number.is_finite()),
            },
            Scalar::Bool(_) | Scalar::Null => None,
        }
    }

    /// A fraction is cut, and what is out of range ends at the range's end.
    fn integer(&self) -> i32 {
        self.number().map_or(0, |number| number as i32)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(value))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }
}

/// A state, read without keeping its text.
struct State(CellState);

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(State(match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => CellState::from(text.as_str()),
            _ => CellState::default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Cell {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn reads_what_engines_send() {
        let text = read(r#"{"qText":"Africa","qNum":"NaN","qElemNumber":1,"qState":"O"}"#);
        assert_eq!((text.text.as_str(), text.num, text.elem_number), ("Africa", None, 1));
        assert_eq!(text.state, CellState::Optional);
        let null = read(r#"{"qText":"-","qNum":"NaN","qElemNumber":-2,"qState":"L","qIsNull":true}"#);
        assert!(null.is_null && null.elem_number == -2);
        assert_eq!(read(r#"{"qText":"8","qNum":8,"qAttrExps":{"qValues":[{}]}}"#).num, Some(8.0));
        assert_eq!(read(r#"{"qNum":"-Infinity"}"#).num, Some(f64::NEG_INFINITY));
    }

    #[test]
    fn odd_members_cost_themselves_only() {
        let cell =
            read(r#"{"qText":5,"qText":"x","qNum":{"a":1},"qElemNumber":"3","qState":[1],"qIsNull":0,"n":null}"#);
        assert_eq!(cell, Cell { text: "x".into(), elem_number: 3, ..Cell::default() });
        assert_eq!(read(r#"{"qIsTotalCell":true}"#).kind, CellKind::Total);
        assert_eq!(read(r#"{"qState":"ZZ"}"#).state, CellState::Other("ZZ".into()));
    }
}
