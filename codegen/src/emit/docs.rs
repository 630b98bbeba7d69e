//! Words as doc attributes: one line each, wrapped, with nothing in them that rustdoc would take for markup by mistake.

use proc_macro2::TokenStream;
use quote::quote;

/// Columns that a wrapped line may have.
const WIDTH: usize = 100;

/// Doc attributes for the lines of a text.
pub(super) fn attributes(lines: &[String]) -> TokenStream {
    let wrapped = lines.iter().flat_map(|line| wrap(&escape(line)));
    let attributes = wrapped.map(|line| {
        let line = if line.is_empty() { line } else { format!(" {line}") };
        quote!(#[doc = #line])
    });
    quote!(#(#attributes)*)
}

/// Doc lines of ours that hold markup on purpose: only wrapped.
pub(super) fn marked(lines: &[String]) -> TokenStream {
    let attributes = lines.iter().flat_map(|line| wrap(line)).map(|line| {
        let line = if line.is_empty() { line } else { format!(" {line}") };
        quote!(#[doc = #line])
    });
    quote!(#(#attributes)*)
}

/// A line without markup, for a comment of a whole file.
pub(super) fn plain(line: &str) -> String {
    escape(line)
}

/// HTML, would-be links and bare addresses become plain text.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut code = false;
    for (index, c) in line.trim().char_indices() {
        let rest = &line.trim()[index..];
        if c == '`' {
            code = !code;
        }
        match c {
            '<' | '[' | ']' | '*' | '_' if !code => {
                out.push('\\');
                out.push(c);
            }
            'h' if !code && (rest.starts_with("https://") || rest.starts_with("http://")) && !out.ends_with('<') => {
                let end =
                    rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '\'')).unwrap_or(rest.len());
                return format!("{out}<{}>{}", &rest[..end], escape(&rest[end..]));
            }
            _ => out.push(c),
        }
    }
    // An unpaired backtick would open a code span that never ends.
    if code { out.replace('`', "'") } else { out }
}

fn wrap(line: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        if !current.is_empty() && current.chars().count() + word.chars().count() >= WIDTH {
            lines.push(std::mem::take(&mut current));
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup_by_mistake() {
        assert_eq!(escape("a <b> [c] `x<y>` _d_"), r"a \<b> \[c\] `x<y>` \_d\_");
        assert_eq!(escape("see https://qlik.dev/x."), "see <https://qlik.dev/x.>");
        assert_eq!(escape("an ` alone"), "an ' alone");
    }

    #[test]
    fn lines_are_wrapped() {
        let lines = wrap(&"word ".repeat(60));
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH));
        assert_eq!(wrap(""), [""]);
    }
}
