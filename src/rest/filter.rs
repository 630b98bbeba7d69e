//! Filters in the language of SCIM (RFC 7644), as the `filter` of many lists takes them, with values quoted right.

use std::fmt::{self, Display, Write};

/// A condition on one member, or several joined.
///
/// ```
/// use qlik::rest::filter::{Filter, member};
///
/// let filter: Filter = member("name").eq("5\" pipes").and(member("status").eq("active").or(member("age").ge(3)));
/// assert_eq!(filter.to_string(), r#"name eq "5\" pipes" and (status eq "active" or age ge 3)"#);
/// ```
///
/// It is displayed as the service reads it, and so is given as any text is: `.filter(&filter.to_string())`.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a filter is given to a call"]
pub struct Filter {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    One,
    And,
    Or,
}

/// Begins a condition on a member, by its name or its path (`name.familyName`).
pub fn member(name: impl Into<String>) -> Member {
    Member(name.into())
}

/// A member that a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a member becomes a condition by eq() and the like"]
pub struct Member(String);

impl Member {
    /// It equals the value.
    pub fn eq(self, value: impl Into<Operand>) -> Filter {
        self.compare("eq", value.into())
    }

    /// It does not equal the value.
    pub fn ne(self, value: impl Into<Operand>) -> Filter {
        self.compare("ne", value.into())
    }

    /// It contains the text.
    pub fn contains(self, text: &str) -> Filter {
        self.compare("co", text.into())
    }

    /// It starts with the text.
    pub fn starts_with(self, text: &str) -> Filter {
        self.compare("sw", text.into())
    }

    /// It ends with the text.
    pub fn ends_with(self, text: &str) -> Filter {
        self.compare("ew", text.into())
    }

    /// It is greater than the value; of times, later.
    pub fn gt(self, value: impl Into<Operand>) -> Filter {
        self.compare("gt", value.into())
    }

    /// It is the value or greater.
    pub fn ge(self, value: impl Into<Operand>) -> Filter {
        self.compare("ge", value.into())
    }

    /// It is less than the value; of times, earlier.
    pub fn lt(self, value: impl Into<Operand>) -> Filter {
        self.compare("lt", value.into())
    }

    /// It is the value or less.
    pub fn le(self, value: impl Into<Operand>) -> Filter {
        self.compare("le", value.into())
    }

    /// It is there, and not empty.
    pub fn is_present(self) -> Filter {
        Filter { text: format!("{} pr", self.0), kind: Kind::One }
    }

    /// It equals one of the values. Without values, nothing fits.
    pub fn is_one_of<V: Into<Operand>>(self, values: impl IntoIterator<Item = V>) -> Filter {
        let name = self.0;
        let mut any = values.into_iter().map(|value| Member(name.clone()).eq(value));
        match any.next() {
            Some(first) => any.fold(first, Filter::or),
            None => Member(name.clone()).is_present().and(Member(name).is_present().not()),
        }
    }

    fn compare(self, operator: &str, value: Operand) -> Filter {
        Filter { text: format!("{} {operator} {value}", self.0), kind: Kind::One }
    }
}

impl Filter {
    /// Both hold.
    pub fn and(self, other: Filter) -> Filter {
        self.join("and", Kind::And, other)
    }

    /// One of the two holds, or both.
    pub fn or(self, other: Filter) -> Filter {
        self.join("or", Kind::Or, other)
    }

    /// It does not hold.
    #[expect(clippy::should_implement_trait, reason = "`!` would read as Rust's, and is not")]
    pub fn not(self) -> Filter {
        Filter { text: format!("not ({})", self.text), kind: Kind::One }
    }

    fn join(self, word: &str, kind: Kind, other: Filter) -> Filter {
        let side = |filter: Filter| match filter.kind {
            Kind::One => filter.text,
            same if same == kind => filter.text,
            _ => format!("({})", filter.text),
        };
        Filter { text: format!("{} {word} {}", side(self), side(other)), kind }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A value in a condition: a text, a number, true or false.
#[derive(Debug, Clone, PartialEq)]
pub struct Operand(String);

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        // Values are those of JSON.
        let mut quoted = String::from('"');
        for char in text.chars() {
            match char {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                // Writing to a String does not fail.
                control if control.is_control() => drop(write!(quoted, "\\u{:04x}", u32::from(control))),
                other => quoted.push(other),
            }
        }
        quoted.push('"');
        Self(quoted)
    }
}

impl From<String> for Operand {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Operand {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

macro_rules! plain {
    ($($ty:ty)*) => {
        $(impl From<$ty> for Operand {
            fn from(value: $ty) -> Self {
                Self(value.to_string())
            }
        })*
    };
}

plain!(bool i32 i64 u32 u64 f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_joins() {
        let a = || member("a").eq(1);
        let b = || member("b").eq(true);
        for (filter, text) in [
            (member("name").eq("a\\b\"c\n"), r#"name eq "a\\b\"c\u000a""#),
            (member("name").eq("ä' and x"), r#"name eq "ä' and x""#),
            (member("n").lt(1.5), "n lt 1.5"),
            (a().and(b()).and(a()), "a eq 1 and b eq true and a eq 1"),
            (a().or(b()).and(a()), "(a eq 1 or b eq true) and a eq 1"),
            (a().and(b()).or(a()), "(a eq 1 and b eq true) or a eq 1"),
            (a().and(b()).not(), "not (a eq 1 and b eq true)"),
            (member("x").is_present().not().or(a()), "not (x pr) or a eq 1"),
            (member("id").is_one_of(["x", "y"]), r#"id eq "x" or id eq "y""#),
            (member("id").is_one_of(Vec::<String>::new()), "id pr and not (id pr)"),
            (member("n").contains("x").and(member("n").starts_with("y")), r#"n co "x" and n sw "y""#),
        ] {
            assert_eq!(filter.to_string(), text);
        }
    }
}
