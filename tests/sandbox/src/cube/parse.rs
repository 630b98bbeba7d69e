//! Reading expressions.

use winnow::ascii::{Caseless, digit1};
use winnow::combinator::{Infix, Prefix, alt, cut_err, delimited, expression, not, opt, peek, repeat, terminated};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stateful, Stream};
use winnow::token::{one_of, take_while};

use super::expr::{Aggregate, Expr, Fault, Function, Operator};
use crate::model::Model;

/// Reads an expression, with or without its leading `=`.
pub(crate) fn parse(model: &Model, text: &str) -> Result<Expr, Fault> {
    let scope = Scope { model, text, inside: false, depth: 0 };
    let mut input = Stateful { input: LocatingSlice::new(text), state: scope };
    let read = (blanks, opt(sign("=")), whole).parse_next(&mut input);
    let (.., read) = read.map_err(|error| error.into_inner().unwrap_or_else(|_| expected("an expression")))?;
    match *input.input.as_ref() {
        "" => Ok(read),
        rest => Err(Fault::Syntax(format!("garbage after expression: \"{rest}\""))),
    }
}

/// Reads a dimension's definition, which has to be a field: `Region`, `[Region]`, `=Region`.
pub(crate) fn parse_field(model: &Model, text: &str) -> Result<usize, Fault> {
    let text = text.trim();
    if let Some(field) = model.field(text) {
        return Ok(field);
    }
    if let Expr::Aggregate(Aggregate { function: Function::Only, of, .. }) = parse(model, text)?
        && let Expr::Field(field) = *of
    {
        return Ok(field);
    }
    Err(Fault::Unsupported("a calculated dimension".to_owned()))
}

/// How deep parentheses and signs may go: deeper ones are refused rather than risked.
const DEPTH: usize = 64;

/// Where an expression stands.
#[derive(Debug)]
struct Scope<'a> {
    model: &'a Model,
    text: &'a str,
    /// Within the parentheses of an aggregation.
    inside: bool,
    depth: usize,
}

type Input<'a> = Stateful<LocatingSlice<&'a str>, Scope<'a>>;
type Parsed<T> = Result<T, ErrMode<Fault>>;

impl<I: Stream> ParserError<I> for Fault {
    type Inner = Self;

    fn from_input(_: &I) -> Self {
        expected("an expression")
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

fn expected(what: &str) -> Fault {
    Fault::Syntax(format!("{what} expected"))
}

fn refused<T>(what: impl Into<String>) -> Parsed<T> {
    Err(ErrMode::Cut(Fault::Unsupported(what.into())))
}

fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

fn sign<'a>(sign: &'static str) -> impl Parser<Input<'a>, &'a str, ErrMode<Fault>> {
    terminated(sign, blanks)
}

/// A sign that nothing else can stand in the place of.
fn expect(input: &mut Input<'_>, wanted: &'static str) -> Parsed<()> {
    let wrong = |_: ErrMode<Fault>| ErrMode::Cut(expected(&format!("'{wanted}'")));
    sign(wanted).void().parse_next(input).map_err(wrong)
}

/// A word that stands alone.
fn word<'a>(word: &'static str) -> impl Parser<Input<'a>, &'a str, ErrMode<Fault>> {
    terminated(Caseless(word), (not(one_of(in_name)), blanks))
}

fn in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '%' | '#' | '@' | '.')
}

fn whole(input: &mut Input<'_>) -> Parsed<Expr> {
    deeper(input)?;
    let read = expression(operand).prefix(prefix).infix(infix).parse_next(input)?;
    shallower(input, read)
}

/// The first of some operators that stands here; a word has to stand alone.
fn operator<'a>(input: &mut Input<'a>, known: &[&'static str]) -> Parsed<&'static str> {
    for text in known {
        let found = match text.starts_with(char::is_alphabetic) {
            true => opt(word(text)).parse_next(input)?,
            false => opt(sign(text)).parse_next(input)?,
        };
        if found.is_some() {
            return Ok(text);
        }
    }
    Err(ErrMode::Backtrack(expected("an operator")))
}

fn prefix<'a>(input: &mut Input<'a>) -> Parsed<Prefix<Input<'a>, Expr, ErrMode<Fault>>> {
    let operator = operator(input, &["not", "-", "+"])?;
    deeper(input)?;
    Ok(match operator {
        "not" => Prefix(5, |input, of| shallower(input, Expr::Not(Box::new(of)))),
        "-" => Prefix(15, |input, of| shallower(input, Expr::Negative(Box::new(of)))),
        _ => Prefix(15, shallower),
    })
}

/// The operators between two operands; the greater its number, the tighter one binds.
fn infix<'a>(input: &mut Input<'a>) -> Parsed<Infix<Input<'a>, Expr, ErrMode<Fault>>> {
    use Infix::Left;
    let known = ["or", "and", "<=", "<>", ">=", "<", ">", "=", "&", "+", "-", "*", "/"];
    Ok(match operator(input, &known)? {
        "or" => Left(1, |_, left, right| binary(Operator::Or, left, right)),
        "and" => Left(3, |_, left, right| binary(Operator::And, left, right)),
        "<=" => Left(7, |_, left, right| binary(Operator::LessOrEqual, left, right)),
        "<>" => Left(7, |_, left, right| binary(Operator::Unequal, left, right)),
        ">=" => Left(7, |_, left, right| binary(Operator::GreaterOrEqual, left, right)),
        "<" => Left(7, |_, left, right| binary(Operator::Less, left, right)),
        ">" => Left(7, |_, left, right| binary(Operator::Greater, left, right)),
        "=" => Left(7, |_, left, right| binary(Operator::Equal, left, right)),
        "&" => Left(9, |_, left, right| binary(Operator::Concatenate, left, right)),
        "+" => Left(11, |_, left, right| binary(Operator::Add, left, right)),
        "-" => Left(11, |_, left, right| binary(Operator::Subtract, left, right)),
        "*" => Left(13, |_, left, right| binary(Operator::Multiply, left, right)),
        _ => Left(13, |_, left, right| binary(Operator::Divide, left, right)),
    })
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Parsed<Expr> {
    Ok(Expr::Binary(operator, Box::new(left), Box::new(right)))
}

fn shallower(input: &mut Input<'_>, read: Expr) -> Parsed<Expr> {
    input.state.depth -= 1;
    Ok(read)
}

fn deeper(input: &mut Input<'_>) -> Parsed<()> {
    input.state.depth += 1;
    match input.state.depth > DEPTH {
        true => refused("an expression so deep"),
        false => Ok(()),
    }
}

fn operand(input: &mut Input<'_>) -> Parsed<Expr> {
    if opt(sign("(")).parse_next(input)?.is_some() {
        let inner = cut_err(whole).parse_next(input)?;
        expect(input, ")")?;
        return Ok(inner);
    }
    let from = input.current_token_start();
    if let Some(text) = opt(quoted('\'', "'", "''")).parse_next(input)? {
        return Ok(Expr::Text(text));
    }
    if let Some(name) = opt(alt((quoted('[', "]", "]]"), quoted('"', "\"", "\"\"")))).parse_next(input)? {
        return field(input, &name, from);
    }
    alt((number, name)).parse_next(input)
}

/// The text between two marks; the closing one is doubled to stand for itself.
fn quoted<'a>(
    open: char,
    close: &'static str,
    doubled: &'static str,
) -> impl Parser<Input<'a>, String, ErrMode<Fault>> {
    let plain = take_while(1.., move |character| !close.contains(character));
    let text = repeat(0.., alt((doubled.value(close), plain)));
    let end = close.map_err(move |_: ErrMode<Fault>| ErrMode::Cut(expected(&format!("'{close}'"))));
    delimited(open, text, (end, blanks))
}

fn number(input: &mut Input<'_>) -> Parsed<Expr> {
    let digits = take_while(1.., |sign: char| sign.is_ascii_digit() || sign == '.');
    // An exponent, if a whole one follows.
    let power = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1));
    let text = terminated((digits, power).take(), blanks).parse_next(input)?;
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Expr::Number).ok_or_else(|| ErrMode::Cut(expected("a number")))
}

fn field(input: &Input<'_>, name: &str, from: usize) -> Parsed<Expr> {
    let Scope { model, text, inside, .. } = &input.state;
    let Some(field) = model.field(name) else {
        let written = text.get(from..input.current_token_start()).unwrap_or_default().trim_end();
        return Err(ErrMode::Cut(Fault::UnknownField {
            name: name.to_owned(),
            from: text.get(..from).unwrap_or_default().chars().count(),
            count: written.chars().count(),
        }));
    };
    let field = Expr::Field(field);
    Ok(match inside {
        true => field,
        // Outside an aggregation a field means its only possible value.
        false => Expr::Aggregate(Aggregate { function: Function::Only, distinct: false, of: Box::new(field) }),
    })
}

/// A field, or a function with its arguments.
fn name(input: &mut Input<'_>) -> Parsed<Expr> {
    let from = input.current_token_start();
    // What begins with this word is an expression, and no name.
    not(word("not")).parse_next(input)?;
    let name = terminated(take_while(1.., in_name), blanks).parse_next(input)?;
    if opt(sign("(")).parse_next(input)?.is_none() {
        return field(input, name, from);
    }
    let read = match name.to_ascii_lowercase().as_str() {
        "if" => condition(input)?,
        "null" => Expr::Null,
        _ => match Function::named(name) {
            Some(function) => aggregate(input, name, function)?,
            None => return refused(format!("the function {name}")),
        },
    };
    expect(input, ")")?;
    Ok(read)
}

/// The arguments of `If`; without a third one, what does not hold is null.
fn condition(input: &mut Input<'_>) -> Parsed<Expr> {
    let condition = cut_err(whole).parse_next(input)?;
    expect(input, ",")?;
    let yes = cut_err(whole).parse_next(input)?;
    let no = match opt(sign(",")).parse_next(input)? {
        Some(_) => cut_err(whole).parse_next(input)?,
        None => Expr::Null,
    };
    Ok(Expr::If(Box::new([condition, yes, no])))
}

fn aggregate(input: &mut Input<'_>, name: &str, function: Function) -> Parsed<Expr> {
    if input.state.inside {
        return refused("an aggregation inside another");
    }
    // Before something else these are words; before a parenthesis they are names.
    let keyword = |word| (Caseless(word), peek(one_of(|c| !in_name(c) && c != '(' && c != ')')), blanks);
    let distinct = opt(keyword("distinct")).parse_next(input)?.is_some();
    match opt(alt((peek("{").value("set analysis"), keyword("total").value("total")))).parse_next(input)? {
        Some(what) => return refused(what),
        None => input.state.inside = true,
    }
    let of = cut_err(whole).parse_next(input)?;
    input.state.inside = false;
    if input.input.starts_with(',') {
        return refused(format!("{name} of several arguments"));
    }
    if input.input.starts_with(')') && !has_field(&of) {
        return refused(format!("{name} without a field"));
    }
    Ok(Expr::Aggregate(Aggregate { function, distinct, of: Box::new(of) }))
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
        for deep in ["(", "1*(-", "not ", "- +"] {
            assert!(matches!(fault(&deep.repeat(5_000)), Fault::Unsupported(_)), "{deep}");
        }
        let unknown = Fault::UnknownField { name: "Nope".to_owned(), from: 6, count: 4 };
        assert_eq!(fault("1+Sum(Nope )"), unknown);
    }
}
