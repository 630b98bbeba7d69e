//! Reading expressions.

use super::expr::{Aggregate, Expr, Fault, Function, Operator};
use crate::model::Model;

/// Reads an expression, with or without its leading `=`.
pub(crate) fn parse(model: &Model, text: &str) -> Result<Expr, Fault> {
    let mut parser = Parser { model, text, at: 0, inside: false };
    parser.skip_blanks();
    parser.take('=');
    let expression = parser.binary(0, 0)?;
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

/// The operators, those that bind least first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("<=", Operator::LessOrEqual),
        ("<>", Operator::Unequal),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("=", Operator::Equal),
    ],
    &[("&", Operator::Concatenate)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

/// The level of comparisons, above which `not` stands.
const COMPARISONS: usize = 2;

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

    /// Reads what operators from a level on bind together; the higher the level, the tighter they bind.
    fn binary(&mut self, level: usize, depth: usize) -> Result<Expr, Fault> {
        if level == LEVELS.len() {
            return self.factor(depth);
        }
        if level == COMPARISONS && self.word("not") {
            return Ok(Expr::Not(Box::new(self.binary(level, depth + 1)?)));
        }
        let mut left = self.binary(level + 1, depth)?;
        while let Some(operator) = self.operator(LEVELS[level]) {
            let right = self.binary(level + 1, depth)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&mut self, known: &[(&str, Operator)]) -> Option<Operator> {
        for (sign, operator) in known {
            let word = sign.starts_with(char::is_alphabetic);
            if word && self.word(sign) {
                return Some(*operator);
            }
            if !word && self.rest().starts_with(sign) {
                self.at += sign.len();
                self.skip_blanks();
                return Some(*operator);
            }
        }
        None
    }

    /// Takes a word that stands alone.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && !rest[word.len()..].starts_with(in_name);
        if found {
            self.at += word.len();
            self.skip_blanks();
        }
        found
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
            let inner = self.binary(0, depth + 1)?;
            self.expect(')')?;
            return Ok(inner);
        }
        match self.rest().chars().next() {
            Some('\'') => Ok(Expr::Text(self.quoted('\'', '\'')?)),
            Some('[') => self.quoted_field('[', ']'),
            Some('"') => self.quoted_field('"', '"'),
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
        let number = rest[..end].parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| Fault::Syntax("a number expected".to_owned()))?;
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
        if name.eq_ignore_ascii_case("if") {
            return self.condition(depth);
        }
        if name.eq_ignore_ascii_case("null") {
            self.expect(')')?;
            return Ok(Expr::Null);
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
        let of = self.binary(0, depth + 1)?;
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

    /// The arguments of `If`; without a third one, what does not hold is null.
    fn condition(&mut self, depth: usize) -> Result<Expr, Fault> {
        let condition = self.binary(0, depth + 1)?;
        self.expect(',')?;
        let yes = self.binary(0, depth + 1)?;
        let no = if self.take(',') { self.binary(0, depth + 1)? } else { Expr::Null };
        self.expect(')')?;
        Ok(Expr::If(Box::new([condition, yes, no])))
    }
}

fn in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '%' | '#' | '@' | '.')
}

fn has_field(expression: &Expr) -> bool {
    matches!(expression, Expr::Field(_)) || expression.parts().into_iter().any(has_field)
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
        assert!(matches!(fault("1e999"), Fault::Syntax(_)));
        assert!(matches!(fault("1.2.3"), Fault::Syntax(_)));
        assert!(matches!(fault("Median(Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum({<Region={'Nordics'}>} Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(total Sales)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(Sum(Sales))"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(1)"), Fault::Unsupported(_)));
        assert!(matches!(fault("Sum(Sales) like 1"), Fault::Syntax(_)));
        assert!(matches!(fault("If(1)"), Fault::Syntax(_)));
        assert!(matches!(fault("Rank(Sum(Sales))"), Fault::Unsupported(_)));
        assert!(matches!(fault(&"(".repeat(5_000)), Fault::Unsupported(_)));
        let unknown = Fault::UnknownField { name: "Nope".to_owned(), from: 6, count: 4 };
        assert_eq!(fault("1+Sum(Nope )"), unknown);
    }
}
