//! What is taken out of a recording before it reaches the disk: secrets always, values when asked.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::record::debug::is_secret;

/// What stands in the place of a secret.
const SECRET: &str = "***";
/// Nesting beyond which JSON is left out as a whole.
const DEEPEST: usize = 128;
/// Members that hold what stands in cells and fields, or is searched for in them.
const VALUES: &[&str] = &[
    "qText",
    "qNum",
    "qNumber",
    "qValue",
    "qString",
    "qMin",
    "qMax",
    "qSum",
    "qRangeLo",
    "qRangeHi",
    "qSelected",
    "qMatch",
    "qTerms",
    "qSearchTerms",
    "qReturn",
    "qTextMacro",
];
/// Members with nothing but such values inside.
const ALL_VALUES: &[&str] = &["qSelectedFieldSelectionInfo", "qExcludedFieldSelectionInfo"];
/// Pairs of a query or a form that are secrets besides those whose names say so.
const SECRET_PAIRS: &[&str] = &["code", "assertion", "qlikticket", "ticket", "xrfkey", "sig", "signature", "key"];
/// Members that hold secrets beside those that no log shows: what connections are made with.
const SECRET_MEMBERS: &[&str] = &["qConnectStatement", "connectStatement"];

/// What is taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Redactor {
    pub(super) values: bool,
    /// Further members of JSON, and names of queries and forms, that are secrets.
    pub(super) members: BTreeSet<String>,
}

/// How a JSON value is copied.
#[derive(Clone, Copy, PartialEq)]
enum How {
    /// As it is, but for the secrets in it.
    Plain,
    /// Scalars become placeholders; what stands in objects is looked at by its own name.
    Value,
    /// Every scalar becomes a placeholder.
    Values,
    /// Nothing of it stays.
    Secret,
}

impl Redactor {
    fn is_secret(&self, name: &str) -> bool {
        is_secret(name) || self.members.contains(name) || SECRET_MEMBERS.contains(&name)
    }

    fn is_secret_pair(&self, name: &str) -> bool {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        self.is_secret(name) || SECRET_PAIRS.contains(&plain.as_str()) || plain.ends_with("signature")
    }

    /// A JSON document without what is to be left out, in one line; `None` if it is no JSON.
    pub(super) fn json(&self, text: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        let mut out = String::with_capacity(text.len());
        self.copy(raw, How::Plain, 0, &mut out);
        Some(out)
    }

    /// A form or a query: `a=1&b=2`.
    pub(super) fn pairs(&self, text: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if self.is_secret_pair(&decoded(name)) => format!("{name}={SECRET}"),
            Some((name, value)) => match decoded(value) {
                plain if tokens(&plain).is_some() => format!("{name}={SECRET}"),
                _ => format!("{name}={value}"),
            },
            None => pair.to_owned(),
        };
        text.split('&').map(pair).collect::<Vec<_>>().join("&")
    }

    /// A text that may be a URL with a query, JSON, or hold tokens.
    pub(super) fn text(&self, text: &str) -> String {
        self.changed(text, 0).unwrap_or_else(|| text.to_owned())
    }

    /// What a body that is no JSON becomes: a file of the tenant.
    pub(super) fn file(&self, text: &str) -> String {
        if self.values { placeholder(text) } else { self.text(text) }
    }

    /// A header of an answer; `None` if it is left out.
    pub(super) fn header(&self, name: &str, value: &str) -> Option<String> {
        const LEFT_OUT: &[&str] = &[
            "set-cookie",
            "cookie",
            "connection",
            "keep-alive",
            "transfer-encoding",
            "content-encoding",
            "content-length",
            "proxy-authenticate",
            "www-authenticate",
        ];
        let kept = !LEFT_OUT.contains(&name) && !self.is_secret(name);
        kept.then(|| self.text(value))
    }

    /// The text without its secrets, where it has any.
    fn changed(&self, text: &str, depth: usize) -> Option<String> {
        if depth < DEEPEST
            && text.starts_with(['{', '['])
            && let Ok(raw) = serde_json::from_str::<&RawValue>(text)
        {
            let mut out = String::new();
            self.copy(raw, How::Plain, depth + 1, &mut out);
            return Some(out).filter(|out| out != text);
        }
        if let Some((place, query)) = text.split_once('?')
            && query.contains('=')
            && !query.contains(char::is_whitespace)
        {
            let (query, fragment) = query.split_once('#').map_or((query, String::new()), |(q, f)| (q, format!("#{f}")));
            let redacted = format!("{place}?{}{fragment}", self.pairs(query));
            return Some(tokens(&redacted).unwrap_or(redacted)).filter(|redacted| redacted != text);
        }
        tokens(text)
    }

    fn copy(&self, raw: &RawValue, how: How, depth: usize, out: &mut String) {
        let text = raw.get();
        match text.as_bytes().first() {
            _ if depth > DEEPEST => out.push_str("null"),
            Some(b'{') => {
                let members =
                    serde_json::from_str::<Members<'_>>(text).map_or_else(|_| Vec::new(), |members| members.0);
                out.push('{');
                for (index, (name, value)) in members.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(&name));
                    out.push(':');
                    self.copy(value, self.below(how, &name), depth + 1, out);
                }
                out.push('}');
            }
            Some(b'[') => {
                out.push('[');
                for (index, item) in
                    serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default().into_iter().enumerate()
                {
                    if index > 0 {
                        out.push(',');
                    }
                    self.copy(item, how, depth + 1, out);
                }
                out.push(']');
            }
            Some(b'"') => self.copy_text(text, how, depth, out),
            Some(b'-' | b'0'..=b'9') => match how {
                How::Plain => out.push_str(text),
                How::Secret => out.push('0'),
                How::Value | How::Values => out.extend(text.chars().map(|c| if c.is_ascii_digit() { '1' } else { c })),
            },
            _ => out.push_str(text),
        }
    }

    fn below(&self, how: How, name: &str) -> How {
        match how {
            How::Secret | How::Values => how,
            _ if self.is_secret(name) => How::Secret,
            _ if self.values && ALL_VALUES.contains(&name) => How::Values,
            _ if self.values && VALUES.contains(&name) => How::Value,
            _ => How::Plain,
        }
    }

    fn copy_text(&self, text: &str, how: How, depth: usize, out: &mut String) {
        let read = || serde_json::from_str::<String>(text).unwrap_or_default();
        match how {
            How::Secret => out.push_str(&quoted(SECRET)),
            How::Value | How::Values => out.push_str(&quoted(&placeholder(&read()))),
            How::Plain => match self.changed(&read(), depth) {
                Some(changed) => out.push_str(&quoted(&changed)),
                None => out.push_str(text),
            },
        }
    }
}

/// A text of the same length and kind that tells nothing: digits become 1, letters x. What stands for a number that
/// JSON cannot write stays.
fn placeholder(text: &str) -> String {
    if matches!(text, "NaN" | "Infinity" | "-Infinity" | "-") {
        return text.to_owned();
    }
    let hide = |c: char| match c {
        c if c.is_ascii_digit() => '1',
        c if c.is_ascii_punctuation() || c.is_whitespace() => c,
        _ => 'x',
    };
    text.chars().map(hide).collect()
}

/// The text with its JSON web tokens and bearer tokens taken out, where it has any.
fn tokens(text: &str) -> Option<String> {
    let bearer = text.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("bearer "));
    if bearer {
        return Some(format!("Bearer {SECRET}"));
    }
    if !text.contains("eyJ") {
        return None;
    }
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while !rest.is_empty() {
        let word = rest.find(|c| !of_token(c)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at(word);
        if head.starts_with("eyJ") && head.matches('.').count() >= 2 {
            out.push_str(SECRET);
            found = true;
        } else {
            out.push_str(head);
        }
        let sign = tail.chars().next();
        out.extend(sign);
        rest = &tail[sign.map_or(0, char::len_utf8)..];
    }
    found.then_some(out)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The members of an object in their order, each with its value as it was written; duplicates stay.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// A JSON value in one spelling, however it was written: members sorted, no blanks.
pub(super) fn canonical(value: &serde_json::Value) -> String {
    let mut out = String::new();
    spell(value, &mut out);
    out
}

fn spell(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in sorted {
                out.push_str(&quoted(name));
                out.push(':');
                spell(value, out);
                out.push(',');
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for item in items {
                spell(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // Writing to a String does not fail.
        other => drop(write!(out, "{other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOi.eyJzdWIi.c2ln-_x";

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let redactor = Redactor { values: false, members: BTreeSet::from(["email".to_owned()]) };
        for (json, left) in [
            (r#"{"name":"a","password":"p","token":7}"#, r#"{"name":"a","password":"***","token":0}"#),
            (
                r#"{"credentials":{"user":"u","n":[1,null,true]}}"#,
                r#"{"credentials":{"user":"***","n":[0,null,true]}}"#,
            ),
            (r#"[{ "email" : "a@b" , "n" : 1.50 , "n" : 2e1 }]"#, r#"[{"email":"***","n":1.50,"n":2e1}]"#),
            (r#"{"href":"https://h/p?a=1&access_token=x#f"}"#, r#"{"href":"https://h/p?a=1&access_token=***#f"}"#),
            (r#"{"text":"why? because a=b"}"#, r#"{"text":"why? because a=b"}"#),
            (r#"{"inner":"{\"secret\":\"x\"}"}"#, r#"{"inner":"{\"secret\":\"***\"}"}"#),
            (r#"{"qText":"EMEA","qNum":12.5}"#, r#"{"qText":"EMEA","qNum":12.5}"#),
        ] {
            assert_eq!(redactor.json(json).unwrap(), left);
        }
        let json = format!(r#"{{"note":"see {TOKEN}, please","odd":"eyJ.x"}}"#);
        assert_eq!(redactor.json(&json).unwrap(), r#"{"note":"see ***, please","odd":"eyJ.x"}"#);
        assert_eq!(
            redactor.pairs("code=1&limit=2&x-sig=a&X-Amz-Signature=b"),
            "code=***&limit=2&x-sig=a&X-Amz-Signature=***"
        );
        assert_eq!(redactor.text(&format!("Bearer {TOKEN}")), "Bearer ***");
        for (name, kept) in [("set-cookie", false), ("qlik-csrf-token", false), ("etag", true), ("location", true)] {
            assert_eq!(redactor.header(name, "v").is_some(), kept, "{name}");
        }
        assert!(redactor.json("{").is_none());
    }

    #[test]
    fn values_keep_type_and_length() {
        let redactor = Redactor { values: true, members: BTreeSet::new() };
        for (json, left) in [
            (
                r#"{"qText":"EMEA 12.5%","qNum":-120.5e3,"qElemNumber":3}"#,
                r#"{"qText":"xxxx 11.1%","qNum":-111.1e1,"qElemNumber":3}"#,
            ),
            (r#"{"qNum":"NaN","qText":"-"}"#, r#"{"qNum":"NaN","qText":"-"}"#),
            (r#"{"qReturn":{"qHandle":1}}"#, r#"{"qReturn":{"qHandle":1}}"#),
            (r#"{"qReturn":"Größe"}"#, r#"{"qReturn":"xxxxx"}"#),
            (
                r#"{"qSelectedFieldSelectionInfo":[{"qName":"EMEA"}]}"#,
                r#"{"qSelectedFieldSelectionInfo":[{"qName":"xxxx"}]}"#,
            ),
            (r#"{"qTerms":["ab","c"]}"#, r#"{"qTerms":["xx","x"]}"#),
        ] {
            assert_eq!(redactor.json(json).unwrap(), left);
        }
        assert_eq!(redactor.file("a;1\nb;22"), "x;1\nx;11");
    }

    #[test]
    fn whatever_is_nested_ends() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(Redactor::default().json(&deep).unwrap().contains("null"));
    }

    #[test]
    fn one_spelling_for_each_value() {
        let (a, b) =
            (serde_json::json!({"a": [1, {"b": null, "c": "x"}], "d": 1.0}), r#"{"d":1.0,"a":[1,{"c":"x","b":null}]}"#);
        assert_eq!(canonical(&a), canonical(&serde_json::from_str(b).unwrap()));
    }
}
