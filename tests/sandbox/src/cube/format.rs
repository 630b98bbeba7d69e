//! Numbers written by a measure's own format, such as `#,##0.00` or `0.0%`.

use super::datum::{Datum, number_text};
use super::def::NumberFormat;

/// The text of a measure's cell.
pub(crate) fn formatted(value: &Datum, format: Option<&NumberFormat>) -> String {
    match (value, format) {
        (Datum::Number(number), Some(format)) if is_own(format) => with(*number, format),
        _ => value.text(),
    }
}

/// Whether a format says anything, rather than leaving it to the engine.
pub(crate) fn is_own(format: &NumberFormat) -> bool {
    matches!(format.q_type.as_str(), "I" | "R" | "F" | "M" | "INTEGER" | "REAL" | "FIX" | "MONEY")
}

fn with(number: f64, format: &NumberFormat) -> String {
    let pattern = format.q_fmt.split(';').next().unwrap_or_default();
    let in_pattern = |c: char| matches!(c, '#' | '0' | ',' | '.' | ' ' | '\u{a0}');
    let (Some(from), Some(to)) = (pattern.find(['#', '0']), pattern.rfind(['#', '0'])) else {
        return plain(number, format);
    };
    let (before, core, after) = (&pattern[..from], &pattern[from..=to], &pattern[to + 1..]);
    if !core.chars().all(in_pattern) || core.chars().filter(|c| *c == '#').count() > 12 {
        return plain(number, format);
    }
    let (whole, part) = core.split_once('.').unwrap_or((core, ""));
    let scaled = if after.contains('%') { number * 100.0 } else { number };
    let digits = format!("{:.*}", part.chars().count(), scaled.abs());
    let (integer, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let least = part.chars().filter(|c| *c == '0').count();
    let mut fraction = fraction.to_owned();
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let thousands = if whole.contains([',', ' ', '\u{a0}']) { or(&format.q_thou, ",") } else { "" };
    let point = if fraction.is_empty() { "" } else { or(&format.q_dec, ".") };
    let sign = if number < 0.0 && digits.contains(|c: char| ('1'..='9').contains(&c)) { "-" } else { "" };
    format!("{sign}{before}{}{point}{fraction}{after}", grouped(integer, thousands))
}

/// Without a pattern: the number of decimals counts for fixed ones.
fn plain(number: f64, format: &NumberFormat) -> String {
    match format.q_type.as_str() {
        "F" | "FIX" => format!("{:.*}", usize::try_from(format.qn_dec.clamp(0, 14)).unwrap_or(0), number),
        "I" | "INTEGER" => number_text(number.round()),
        _ => number_text(number),
    }
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

fn grouped(digits: &str, mark: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(mark);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64, kind: &str, pattern: &str) -> String {
        let format =
            NumberFormat { q_type: kind.to_owned(), q_fmt: pattern.to_owned(), qn_dec: 2, ..NumberFormat::default() };
        formatted(&Datum::Number(number), Some(&format))
    }

    #[test]
    fn patterns() {
        assert_eq!(text(1_234_567.891, "F", "#,##0.00"), "1,234,567.89");
        assert_eq!(text(-1_234.5, "M", "$#,##0.00"), "-$1,234.50");
        assert_eq!(text(0.1234, "F", "0.0%"), "12.3%");
        assert_eq!(text(12.5, "F", "###0.##"), "12.5");
        assert_eq!(text(2.71928, "F", ""), "2.72");
        assert_eq!(text(2.71928, "U", "0.0"), "2.71928");
        assert_eq!(text(-0.001, "F", "0.0"), "0.0");
        assert_eq!(text(7.0, "R", "##############"), "7");
    }
}
