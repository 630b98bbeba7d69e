//! Rust names for Qlik's names: one spelling rule for every identifier that is emitted.

use std::collections::BTreeSet;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// Rust's keywords, and those reserved for it; a name that is one gets an underscore behind it.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Type names that the emitted modules use for themselves.
const TAKEN_TYPES: &[&str] = &[
    "BTreeMap",
    "Box",
    "Clone",
    "Debug",
    "Default",
    "Deserialize",
    "Extra",
    "From",
    "Option",
    "PartialEq",
    "Result",
    "Self",
    "Serialize",
    "String",
    "Value",
    "Vec",
];

/// A field, argument or method name.
pub(crate) fn snake(name: &str) -> String {
    let name = words(name).to_snake_case();
    let name = if name.is_empty() { "empty".to_owned() } else { name };
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else if KEYWORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// A type or variant name.
pub(crate) fn pascal(name: &str) -> String {
    let name = words(name).to_upper_camel_case();
    if name.is_empty() {
        "Empty".to_owned()
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else if name == "Self" {
        "Self_".to_owned()
    } else {
        name
    }
}

/// The name of a type of its own, away from the names that the emitted code uses.
pub(crate) fn type_name(name: &str) -> String {
    let name = pascal(name);
    if TAKEN_TYPES.contains(&name.as_str()) { format!("{name}Type") } else { name }
}

/// The name of a static.
pub(crate) fn shouty(name: &str) -> String {
    words(name).to_shouty_snake_case()
}

/// The variant of an enum's value: signs that tell values apart become words.
pub(crate) fn variant(value: &str) -> String {
    let name = match value {
        "" => "Empty".to_owned(),
        ">" => "Gt".to_owned(),
        ">=" => "Ge".to_owned(),
        "<" => "Lt".to_owned(),
        "<=" => "Le".to_owned(),
        "=" | "==" => "Eq".to_owned(),
        "!=" | "<>" => "Ne".to_owned(),
        "*" => "Any".to_owned(),
        _ => match value.strip_prefix(['+', '-']) {
            Some(rest) => format!("{}{}", pascal(rest), if value.starts_with('+') { "Asc" } else { "Desc" }),
            None => pascal(value),
        },
    };
    // The variant that keeps what is not listed.
    if name == "Unrecognized" { "Unrecognized_".to_owned() } else { name }
}

/// Keeps names apart within one scope: the second `limit` becomes `limit_2`, the second `Href` `Href2`.
#[derive(Debug, Default)]
pub(crate) struct Scope(BTreeSet<String>);

impl Scope {
    /// A scope in which some names are spoken for.
    pub(crate) fn with(taken: &[&str]) -> Self {
        Scope(taken.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The name itself if it is free, else with the first free number.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        if self.0.insert(name.to_owned()) {
            return name.to_owned();
        }
        let joint = if name.starts_with(char::is_uppercase) { "" } else { "_" };
        let mut number = 2;
        loop {
            let numbered = format!("{name}{joint}{number}");
            if self.0.insert(numbered.clone()) {
                return numbered;
            }
            number += 1;
        }
    }
}

/// Replaces what cannot stand in an identifier by a word break.
fn words(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        for (from, to) in [
            ("tenantId", "tenant_id"),
            ("type", "type_"),
            ("$schema", "schema"),
            ("507f", "_507f"),
            ("", "empty"),
            ("environment.name", "environment_name"),
            ("QDI", "qdi"),
        ] {
            assert_eq!(snake(from), to);
        }
    }

    #[test]
    fn variants_of_signs_differ() {
        for (from, to) in
            [("+name", "NameAsc"), ("-name", "NameDesc"), ("name", "Name"), (">=", "Ge"), ("", "Empty"), ("1d", "_1d")]
        {
            assert_eq!(variant(from), to);
        }
    }

    #[test]
    fn a_scope_numbers_what_clashes() {
        let mut scope = Scope::with(&["call"]);
        assert_eq!(scope.claim("call"), "call_2");
        assert_eq!(scope.claim("Href"), "Href");
        assert_eq!(scope.claim("Href"), "Href2");
    }
}
