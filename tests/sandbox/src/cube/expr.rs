//! Expressions: aggregations over fields, and arithmetic between them.

use std::cmp::Ordering;

use super::datum::Datum;
use crate::model::Value;

/// A parsed expression whose fields are known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(f64),
    Text(String),
    /// Stands inside an aggregation only.
    Field(usize),
    Negative(Box<Expr>),
    Not(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// A condition, and what holds when it does and when it does not.
    If(Box<[Expr; 3]>),
    Aggregate(Aggregate),
    Null,
}

impl Expr {
    /// The expressions it is made of. What an aggregation is over is no part of the expression around it.
    pub(crate) fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Negative(of) | Self::Not(of) => vec![of],
            Self::Binary(_, left, right) => vec![left, right],
            Self::If(parts) => parts.iter().collect(),
            Self::Number(_) | Self::Text(_) | Self::Field(_) | Self::Aggregate(_) | Self::Null => Vec::new(),
        }
    }

    /// Its value, with those of its fields and aggregations from `leaf`, which is asked for each of them in order.
    pub(crate) fn value(&self, leaf: &mut dyn FnMut(&Expr) -> Datum) -> Datum {
        let parts: Vec<Datum> = self.parts().into_iter().map(|part| part.value(leaf)).collect();
        match (self, parts.as_slice()) {
            (Self::Number(number), _) => Datum::Number(*number),
            (Self::Text(text), _) => Datum::Value(Value { text: text.clone(), num: text.parse().unwrap_or(f64::NAN) }),
            (Self::Field(_) | Self::Aggregate(_), _) => leaf(self),
            (Self::Negative(_), [of]) => of.number().map_or(Datum::Null, |number| Datum::Number(-number)),
            (Self::Not(_), [of]) => Datum::truth(!of.is_true()),
            (Self::Binary(operator, _, _), [left, right]) => operator.apply(left, right),
            (Self::If(_), [condition, yes, no]) => {
                if condition.is_true() {
                    yes.clone()
                } else {
                    no.clone()
                }
            }
            _ => Datum::Null,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    fn apply(self, left: &Datum, right: &Datum) -> Datum {
        match self {
            Self::Or => return Datum::truth(left.is_true() || right.is_true()),
            Self::And => return Datum::truth(left.is_true() && right.is_true()),
            Self::Concatenate => {
                let text = |of: &Datum| if of.is_null() { String::new() } else { of.text() };
                return Datum::Value(Value { text: text(left) + &text(right), num: f64::NAN });
            }
            // What is compared with null, or calculated from it, is null.
            _ if left.is_null() || right.is_null() => return Datum::Null,
            _ => {}
        }
        let numbers = left.number().zip(right.number());
        let order = match numbers {
            Some((left, right)) => left.partial_cmp(&right),
            None => Some(left.text().cmp(&right.text())),
        };
        let Some((left, right)) = numbers.filter(|_| self >= Self::Add) else {
            return match self {
                Self::Equal => Datum::truth(order.is_some_and(Ordering::is_eq)),
                Self::Unequal => Datum::truth(order.is_some_and(Ordering::is_ne)),
                Self::Less => Datum::truth(order.is_some_and(Ordering::is_lt)),
                Self::LessOrEqual => Datum::truth(order.is_some_and(Ordering::is_le)),
                Self::Greater => Datum::truth(order.is_some_and(Ordering::is_gt)),
                Self::GreaterOrEqual => Datum::truth(order.is_some_and(Ordering::is_ge)),
                _ => Datum::Null,
            };
        };
        let number = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            _ => left / right,
        };
        // A division by zero comes to null.
        if number.is_finite() { Datum::Number(number) } else { Datum::Null }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) function: Function,
    pub(crate) distinct: bool,
    pub(crate) of: Box<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Sum,
    Count,
    Avg,
    Min,
    Max,
    Only,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        const ALL: [(&str, Function); 6] = [
            ("sum", Function::Sum),
            ("count", Function::Count),
            ("avg", Function::Avg),
            ("min", Function::Min),
            ("max", Function::Max),
            ("only", Function::Only),
        ];
        let found = ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, function)| *function)
    }
}

/// Why there is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not the language.
    Syntax(String),
    /// The language, but not the part the sandbox speaks.
    Unsupported(String),
    /// A field that the app does not have.
    UnknownField { name: String, from: usize, count: usize },
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "Error in expression: {what}"),
            Self::Unsupported(what) => write!(f, "Not in the sandbox: {what}"),
            Self::UnknownField { name, .. } => write!(f, "Field not found: {name}"),
        }
    }
}
