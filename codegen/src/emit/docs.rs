//! Words as doc attributes: one line each, wrapped, with nothing in them that rustdoc would take for markup by mistake.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

/// Columns that a wrapped line may have.
const WIDTH: usize = 100;

/// Where the names that words mention in backticks are documented: the paths of types, classes, methods and APIs.
#[derive(Debug, Clone, Default)]
pub(super) struct Links(BTreeMap<String, String>);

impl Links {
    /// Lets a name lead to a path; the first meaning of a name stands. A plain word in backticks is a value far more
    /// often than the item of that name, so it leads nowhere.
    pub(super) fn add(&mut self, name: &str, path: impl Into<String>) {
        if name.chars().all(|c| c.is_ascii_lowercase()) {
            return;
        }
        self.0.entry(name.to_owned()).or_insert_with(|| path.into());
    }
}

/// The doc comment of one item, paragraph by paragraph.
pub(super) struct Doc<'l> {
    links: &'l Links,
    lines: Vec<String>,
}

impl<'l> Doc<'l> {
    pub(super) fn new(links: &'l Links) -> Self {
        Self { links, lines: Vec::new() }
    }

    /// Words as they were written: nothing in them is markup but code in backticks, which leads to what it names.
    pub(super) fn words(mut self, lines: &[String]) -> Self {
        if !lines.is_empty() {
            self.part();
            let lines = lines.iter().flat_map(|line| wrap(&linked(&escape(line), self.links)));
            self.lines.extend(lines);
        }
        self
    }

    /// A paragraph of ours, which may hold markup.
    pub(super) fn marked(mut self, line: &str) -> Self {
        self.part();
        self.lines.extend(wrap(line));
        self
    }

    /// The name on the wire, behind the words. It is there to be compared, and stands in nobody's way.
    pub(super) fn wire(mut self, name: &str) -> Self {
        self.lines.push(format!("(`{name}`)"));
        self
    }

    /// Names with their words, as a list; those without words are left out.
    pub(super) fn list<'a>(mut self, head: &str, entries: impl Iterator<Item = (&'a str, &'a [String])>) -> Self {
        let mut entries = entries.filter(|(_, words)| !words.is_empty()).peekable();
        if entries.peek().is_some() {
            self = self.marked(head);
            self.lines.push(String::new());
            for (name, words) in entries {
                let text = linked(&escape(&words.join(" ")), self.links);
                let mut wrapped = wrap(&format!("`{name}`: {text}")).into_iter();
                self.lines.extend(wrapped.next().map(|first| format!("- {first}")));
                self.lines.extend(wrapped.map(|line| format!("  {line}")));
            }
        }
        self
    }

    /// Code that is compiled with the crate's tests.
    pub(super) fn example(mut self, code: Option<&str>, head: &str) -> Self {
        if let Some(code) = code {
            self.part();
            self.lines.push("```no_run".to_owned());
            self.lines.extend(head.lines().map(str::to_owned));
            self.lines.extend(code.lines().map(str::to_owned));
            self.lines.extend(["# Ok(())".to_owned(), "# }".to_owned(), "```".to_owned()]);
        }
        self
    }

    fn part(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
    }

    pub(super) fn attributes(&self) -> TokenStream {
        let attributes = self.lines.iter().map(|line| {
            let line = if line.is_empty() { String::new() } else { format!(" {line}") };
            quote!(#[doc = #line])
        });
        quote!(#(#attributes)*)
    }
}

/// `#[deprecated]`, where Qlik says so.
pub(super) fn deprecated(note: Option<&str>) -> TokenStream {
    note.map_or_else(TokenStream::new, |note| quote!(#[deprecated(note = #note)]))
}

/// A line without markup, for a comment of a whole file.
pub(super) fn plain(line: &str) -> String {
    escape(line)
}

/// Code that names something documented becomes a link to it.
fn linked(line: &str, links: &Links) -> String {
    let mut out = String::with_capacity(line.len());
    for (index, piece) in line.split('`').enumerate() {
        match (index % 2 == 1).then(|| links.0.get(piece)).flatten() {
            Some(path) => out.push_str(&format!("[`{piece}`]({path})")),
            None if index % 2 == 1 => out.push_str(&format!("`{piece}`")),
            None => out.push_str(piece),
        }
    }
    out
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
    fn names_in_backticks_lead_to_what_they_name() {
        let mut links = Links::default();
        links.add("Item", "crate::rest::items::types::Item");
        assert_eq!(linked("an `Item`, `x`", &links), "an [`Item`](crate::rest::items::types::Item), `x`");
        let words = ["A `x`.".to_owned()];
        let doc = Doc::new(&links).words(&["One.".to_owned()]).list("Of:", [("a", &words[..])].into_iter());
        assert_eq!(doc.lines, ["One.", "", "Of:", "", "- `a`: A `x`."]);
    }

    #[test]
    fn lines_are_wrapped() {
        let lines = wrap(&"word ".repeat(60));
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH));
        assert_eq!(wrap(""), [""]);
    }
}
