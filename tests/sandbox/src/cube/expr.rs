//! Expressions: aggregations over fields, and arithmetic between them.

use crate::model::Model;

/// A parsed expression whose fields are known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(f64),
    Text(String),
    /// Stands inside an aggregation only.
    Field(usize),
    Negative(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Aggregate(Aggregate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
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
    fn named(name: &str) -> Option<Self> {
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

/// Reads an expression, with or without its leading `=`.
pub(crate) fn parse(model: &Model, text: &str) -> Result<Expr, Fault> {
    let mut parser = Parser { model, text, at: 0, inside: false };
    parser.skip_blanks();
    parser.take('=');
    let expression = parser.sum(0)?;
    match parser.rest().is_empty() {
        true => Ok(expression),
        false => Err(Fault::Syntax(format!("garbage after expression: \"{}\"", parser.rest()))),
    }
}

/// Reads a dimension's definition, which has to be a field: `Region`, `[Region]`, `=Region`.
pub(crate) fn parse_field(model: &Model, text: &str) -> Result<usize, Fault> {
    let text = text.trim();
    if let Some(field) = model.field(text) {
        return Ok(field);
    }
    match parse(model, text)? {
        Expr::Aggregate(Aggregate { function: Function::Only, of, .. }) => match *of {
            Expr::Field(field) => Ok(field),
            _ => Err(Fault::Unsupported("a calculated dimension".to_owned())),
        },
        _ => Err(Fault::Unsupported("a calculated dimension".to_owned())),
    }
}

/// How deep parentheses may go: deeper ones are refused rather than risked.
const DEPTH: usize = 64;

struct Parser<'a> {
    model: &'a Model,
    text: &'a str,
    at: usize,
    /// Within the parentheses of an aggregation.
    inside: bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
            self.skip_blanks();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), Fault> {
        match self.take(wanted) {
            true => Ok(()),
            false => Err(Fault::Syntax(format!("'{wanted}' expected"))),
        }
    }

    fn sum(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut left = self.product(depth)?;
        loop {
            let operator = match self.rest().chars().next() {
                Some('+') => Operator::Add,
                Some('-') => Operator::Subtract,
                Some('&' | '=' | '<' | '>') => return Err(self.unsupported_operator()),
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product(depth)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn product(&mut self, depth: usize) -> Result<Expr, Fault> {
        let mut left = self.factor(depth)?;
        loop {
            let operator = match self.rest().chars().next() {
                Some('*') => Operator::Multiply,
                Some('/') => Operator::Divide,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.factor(depth)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    fn factor(&mut self, depth: usize) -> Result<Expr, Fault> {
        self.skip_blanks();
        if depth > DEPTH {
            return Err(Fault::Unsupported("an expression so deep".to_owned()));
        }
        if self.take('-') {
            return Ok(Expr::Negative(Box::new(self.factor(depth + 1)?)));
        }
        if self.take('+') {
            return self.factor(depth + 1);
        }
        if self.take('(') {
            let inner = self.sum(depth + 1)?;
            self.expect(')')?;
            return Ok(inner);
        }
        match self.rest().chars().next() {
            Some('\'') => Ok(Expr::Text(self.quoted('\'', '\'')?)),
            Some('[') => self.quoted_field('[', ']'),
            Some('"') => self.quoted_field('"', '"'),
            Some('$') if self.rest().starts_with("$(") => Err(Fault::Unsupported("$-expansion".to_owned())),
            Some(first) if first.is_ascii_digit() || first == '.' => self.number(),
            Some(first) if in_name(first) => self.name(depth),
            _ => Err(Fault::Syntax("an expression expected".to_owned())),
        }
    }

    /// The text between two marks; the closing one is doubled to stand for itself.
    fn quoted(&mut self, open: char, close: char) -> Result<String, Fault> {
        let body = self.rest().get(open.len_utf8()..).unwrap_or_default();
        let mut text = String::new();
        let mut characters = body.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character != close {
                text.push(character);
            } else if characters.peek().is_some_and(|(_, next)| *next == close) {
                characters.next();
                text.push(close);
            } else {
                self.at += open.len_utf8() + at + close.len_utf8();
                self.skip_blanks();
                return Ok(text);
            }
        }
        Err(Fault::Syntax(format!("'{close}' expected")))
    }

    fn quoted_field(&mut self, open: char, close: char) -> Result<Expr, Fault> {
        let from = self.at;
        let name = self.quoted(open, close)?;
        self.field(&name, from)
    }

    fn field(&self, name: &str, from: usize) -> Result<Expr, Fault> {
        let Some(field) = self.model.field(name) else {
            let written = self.text.get(from..self.at).unwrap_or_default().trim_end();
            return Err(Fault::UnknownField {
                name: name.to_owned(),
                from: self.text.get(..from).unwrap_or_default().chars().count(),
                count: written.chars().count(),
            });
        };
        Ok(match self.inside {
            true => Expr::Field(field),
            // Outside an aggregation a field means its only possible value.
            false => Expr::Aggregate(Aggregate {
                function: Function::Only,
                distinct: false,
                of: Box::new(Expr::Field(field)),
            }),
        })
    }

    fn number(&mut self) -> Result<Expr, Fault> {
        let rest = self.rest();
        let mut end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        // An exponent, if a whole one follows.
        if let Some(power) = rest[end..].strip_prefix(['e', 'E']) {
            let signed = power.strip_prefix(['+', '-']).unwrap_or(power);
            let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
            if digits > 0 {
                end += 1 + power.len() - signed.len() + digits;
            }
        }
        let number = rest[..end].parse().map_err(|_| Fault::Syntax("a number expected".to_owned()))?;
        self.at += end;
        self.skip_blanks();
        Ok(Expr::Number(number))
    }

    fn name(&mut self, depth: usize) -> Result<Expr, Fault> {
        let from = self.at;
        let rest = self.rest();
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        self.at += end;
        self.skip_blanks();
        if !self.take('(') {
            return self.field(name, from);
        }
        let Some(function) = Function::named(name) else {
            return Err(Fault::Unsupported(format!("the function {name}")));
        };
        if self.inside {
            return Err(Fault::Unsupported("an aggregation inside another".to_owned()));
        }
        if self.rest().starts_with('{') {
            return Err(Fault::Unsupported("set analysis".to_owned()));
        }
        self.inside = true;
        let distinct = self.keyword("distinct");
        if self.keyword("total") {
            return Err(Fault::Unsupported("total".to_owned()));
        }
        let of = self.sum(depth + 1)?;
        self.inside = false;
        if self.rest().starts_with(',') {
            return Err(Fault::Unsupported(format!("{name} of several arguments")));
        }
        self.expect(')')?;
        if !has_field(&of) {
            return Err(Fault::Unsupported(format!("{name} without a field")));
        }
        Ok(Expr::Aggregate(Aggregate { function, distinct, of: Box::new(of) }))
    }

    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest[word.len()..].starts_with(|c: char| !in_name(c) && c != '(' && c != ')');
        if found {
            self.at += word.len();
            self.skip_blanks();
        }
        found
    }

    fn unsupported_operator(&self) -> Fault {
        let operator: String = self.rest().chars().take(1).collect();
        Fault::Unsupported(format!("the operator {operator}"))
    }
}

fn in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '%' | '#' | '@' | '.')
}

fn has_field(expression: &Expr) -> bool {
    match expression {
        Expr::Field(_) => true,
        Expr::Number(_) | Expr::Text(_) => false,
        Expr::Negative(inner) => has_field(inner),
        Expr::Binary(_, left, right) => has_field(left) || has_field(right),
        Expr::Aggregate(aggregate) => has_field(&aggregate.of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sales;

    fn fault(text: &str) -> Fault {
        parse(&sales(), text).expect_err(text)
    }

    #[test]
    fn precedence_and_names() {
        let model = sales();
        let sum = |name: &str| {
            Box::new(Expr::Aggregate(Aggregate {
                function: Function::Sum,
                distinct: false,
                of: Box::new(Expr::Field(model.field(name).expect("a field"))),
            }))
        };
        let product = Expr::Binary(Operator::Multiply, sum("Sales"), Box::new(Expr::Number(200.0)));
        let expected = Expr::Binary(Operator::Add, Box::new(Expr::Number(1.0)), Box::new(product));
        assert_eq!(parse(&model, "= 1 + sum( [Sales] ) * 2e2 "), Ok(expected.clone()));
        assert_eq!(parse(&model, "1+SUM(\"Sales\")*(200)"), Ok(expected));
        assert_eq!(parse_field(&model, "=[Region]"), Ok(model.field("Region").expect("a field")));
        assert!(parse_field(&model, "=Sum(Sales)").is_err());
    }

    #[test]
    fn what_is_wrong_is_told_from_what_is_not_spoken() {
        assert!(matches!(fault("Sum(Sales"), Fault::Syntax(_)));
        assert!(matches!(fault("Sum(Sales) x"), Fault::Syntax(_)));
        assert!(matches!(fault(""), Fault::Syntax(_)));
        assert!(matches!(fault("'open"), Fault::Syntax(_)));
        assert!(matches!(fault("Median(Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum({<Region={'Nordics'}>} Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(total Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(Sum(Sales))"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(1)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(Sales) > 1"), Fault::Unsupported(_)));
        assert!(matches!(fault(&"(".repeat(5_000)), Fault::Unsupported(_)));
        let unknown = Fault::UnknownField { name: "Nope".to_owned(), from: 6, count: 4 };
        assert_eq!(fault("1+Sum(Nope )"), unknown);
    }
}
