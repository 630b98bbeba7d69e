//! URLs: paths from templates, queries, and what may stand in either without changing where a request goes.

use std::fmt::{Display, Write};

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::host::Host;

/// All but the characters that RFC 3986 calls unreserved: values are encoded with it.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What may not stand in the path of a URL: paths that a caller wrote are encoded with it. The backslash is among it
/// because URL parsers take it for a slash.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'|');

/// Why a request has no URL.
type Problem = String;

/// A path and its query, as they will be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathAndQuery {
    path: String,
    query: String,
}

impl PathAndQuery {
    /// From a described operation's path: a template, correct in itself.
    pub(crate) fn template(path: &str) -> Self {
        Self { path: path.to_owned(), query: String::new() }
    }

    /// From what a caller wrote: a path, maybe with placeholders and a query, or a whole URL of the same host.
    pub(crate) fn written(text: &str, host: &Host) -> Result<Self, Problem> {
        let text = text.split('#').next().unwrap_or_default();
        let local = match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                // The URL is parsed as it is written: placeholders can stand in its path, not in its host.
                let own = Url::parse(text).is_ok_and(|url| host.is_origin_of(&url) && url.username().is_empty());
                if !own {
                    return Err(format!("the client talks to {host} only; a call cannot go to another host"));
                }
                rest.find(['/', '?']).map_or("", |start| &rest[start..])
            }
            _ => text,
        };
        let (path, query) = local.split_once('?').unwrap_or((local, ""));
        let mut path = utf8_percent_encode(path, PATH).to_string();
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        Ok(Self { path, query: query.to_owned() })
    }

    /// From a URL, of which path and query count.
    pub(crate) fn of(url: &Url) -> Self {
        Self { path: url.path().to_owned(), query: url.query().unwrap_or_default().to_owned() }
    }

    /// The path as it stands.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The query as it stands; empty where there is none.
    pub(crate) fn query(&self) -> &str {
        &self.query
    }

    /// Puts a value into the place of a placeholder, as one segment: a slash in it is encoded.
    pub(crate) fn fill(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let encoded = segment(name, value)?;
        self.replace(name, &encoded)
    }

    /// Puts a value into the place of a placeholder, as a path of its own: its slashes stay.
    pub(crate) fn fill_slashed(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        // A slash at the end names a folder; one anywhere else has to stand between names.
        let (names, end) = match value.strip_suffix('/') {
            Some(names) => (names, "/"),
            None => (value, ""),
        };
        let encoded = names.split('/').map(|part| segment(name, part)).collect::<Result<Vec<_>, _>>()?;
        self.replace(name, &(encoded.join("/") + end))
    }

    fn replace(&mut self, name: &str, encoded: &str) -> Result<(), Problem> {
        let placeholder = format!("{{{name}}}");
        if !self.path.contains(&placeholder) {
            return Err(format!("the path {} has no place for `{name}`; write it as {placeholder}", self.path));
        }
        self.path = self.path.replace(&placeholder, encoded);
        Ok(())
    }

    /// Adds a pair to the query.
    pub(crate) fn add(&mut self, name: &str, value: &dyn Display) {
        self.begin(name);
        self.push(value);
    }

    /// Adds a list to the query as one value, its items joined by a comma, a space or a bar that is not theirs.
    pub(crate) fn add_joined(&mut self, name: &str, values: &[String], separator: char) {
        if values.is_empty() {
            return;
        }
        self.begin(name);
        for (index, value) in values.iter().enumerate() {
            match (index, separator) {
                (0, _) => {}
                // The comma between items stays one; a comma within an item is encoded.
                (_, ',') => self.query.push(','),
                (_, other) => self.push(&other),
            }
            self.push(value);
        }
    }

    fn begin(&mut self, name: &str) {
        if !self.query.is_empty() && !self.query.ends_with('&') {
            self.query.push('&');
        }
        self.push(&name);
        self.query.push('=');
    }

    fn push(&mut self, value: &dyn Display) {
        let text = value.to_string();
        // Writing to a String does not fail.
        let _ = write!(self.query, "{}", utf8_percent_encode(&text, VALUE));
    }

    /// The URL on a host, or why these do not make one that leads where it says.
    pub(crate) fn on(&self, host: &Host) -> Result<Url, Problem> {
        if let Some((_, rest)) = self.path.split_once('{') {
            let name = rest.split('}').next().unwrap_or_default();
            return Err(format!(
                "the path {} has no value for `{name}`; give one by .path(\"{name}\", ...)",
                self.path
            ));
        }
        if self.path.split('/').any(is_dots) {
            return Err(format!("the path {} goes up or stays by `.` or `..`, and would end elsewhere", self.path));
        }
        let mut url = host.at(&self.path);
        url.set_query(Some(self.query.as_str()).filter(|query| !query.is_empty()));
        // Whatever URL parsing may still do to a path: the request goes to what was asked for or nowhere.
        if url.path() != host.placed(&self.path) || !host.is_origin_of(&url) {
            return Err(format!("the path {:?} cannot stand in a URL", self.path));
        }
        Ok(url)
    }
}

/// The link to another page as a URL on the same host: whatever host the link names, its path and query count.
///
/// `None` if the link cannot be read.
pub(crate) fn same_host(link: &str, current: &Url) -> Option<Url> {
    let there = current.join(link.trim()).ok()?;
    if !matches!(there.scheme(), "http" | "https") {
        return None;
    }
    let mut url = current.clone();
    url.set_path(there.path());
    url.set_query(there.query());
    url.set_fragment(None);
    Some(url)
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// One segment of a path, encoded.
fn segment(name: &str, value: &str) -> Result<String, Problem> {
    if value.is_empty() {
        return Err(format!("the value of `{name}` is empty or has an empty part; the path would lead elsewhere"));
    }
    if is_dots(value) {
        return Err(format!("the value of `{name}` is or has the part `{value}`, which no path can carry"));
    }
    Ok(utf8_percent_encode(value, VALUE).to_string())
}

/// Whether URL parsers take a segment for "here" or "up"; they do so for its encoded forms, too.
fn is_dots(segment: &str) -> bool {
    let Some(rest) = after_dot(segment) else { return false };
    rest.is_empty() || after_dot(rest) == Some("")
}

fn after_dot(text: &str) -> Option<&str> {
    [".", "%2e", "%2E"].iter().find_map(|dot| text.strip_prefix(dot))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    fn host() -> Host {
        Host::parse("https://t.eu.qlikcloud.com").unwrap()
    }

    fn decoded(text: &str) -> String {
        percent_decode_str(text).decode_utf8().unwrap().into_owned()
    }

    proptest! {
        #[test]
        fn a_value_stays_one_segment_and_comes_back(value in "\\PC{1,12}|[./%\\\\?#{}:@ ]{1,6}|[\\x00-\\x7f]{1,4}") {
            let mut target = PathAndQuery::template("/api/v1/items/{id}/x");
            match target.fill("id", &value) {
                Err(_) => prop_assert!(matches!(value.as_str(), "" | "." | "..")),
                Ok(()) => {
                    let url = target.on(&host()).unwrap();
                    let segments: Vec<_> = url.path_segments().unwrap().collect();
                    prop_assert_eq!(segments.len(), 5);
                    prop_assert_eq!(decoded(segments[3]), value);
                    prop_assert_eq!(url.query(), None);
                }
            }
        }

        #[test]
        fn a_path_keeps_its_slashes_and_comes_back(parts in prop::collection::vec("[^/]{0,5}", 1..4)) {
            let value = parts.join("/");
            let mut target = PathAndQuery::template("/media/{path}");
            match target.fill_slashed("path", &value) {
                Err(_) => {
                    let bad = |part: &String| matches!(part.as_str(), "" | "." | "..");
                    prop_assert!(parts.iter().any(bad));
                }
                Ok(()) => {
                    let url = target.on(&host()).unwrap();
                    let rest = url.path().strip_prefix("/media/").unwrap();
                    prop_assert_eq!(rest.split('/').map(decoded).collect::<Vec<_>>().join("/"), value);
                }
            }
        }

        #[test]
        fn queries_come_back(pairs in prop::collection::vec(("\\PC{0,6}", ".{0,8}|[\\x00-\\x7f]{0,4}"), 0..4)) {
            let mut target = PathAndQuery::template("/x");
            for (name, value) in &pairs {
                target.add(name, value);
            }
            let url = target.on(&host()).unwrap();
            let read: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(read, pairs);
            prop_assert_eq!(url.path(), "/x");
        }

        #[test]
        fn lists_are_joined_by_separators_that_are_not_theirs(values in prop::collection::vec("\\PC{0,5}", 1..4)) {
            let mut target = PathAndQuery::template("/x");
            target.add_joined("v", &values, ',');
            let url = target.on(&host()).unwrap();
            let list = url.query().unwrap().strip_prefix("v=").unwrap();
            prop_assert_eq!(list.split(',').map(decoded).collect::<Vec<_>>(), values);
        }

        #[test]
        fn whatever_is_written_goes_to_the_path_that_is_written_or_nowhere(text in "\\PC{0,12}|[/.%2eE\\\\?#@:]{0,10}") {
            if let Ok(target) = PathAndQuery::written(&text, &host())
                && let Ok(url) = target.on(&host())
            {
                prop_assert!(host().is_origin_of(&url));
                prop_assert_eq!(url.path(), target.path());
                prop_assert!(url.username().is_empty());
            }
        }

        #[test]
        fn a_link_never_leaves_the_host(link in "\\PC{0,16}|(https?:)?[/\\\\]{0,3}[a-z@:.]{0,8}/[a-z?/.]{0,6}") {
            let current = Url::parse("https://t.eu.qlikcloud.com/api/v1/items?x=1").unwrap();
            if let Some(url) = same_host(&link, &current) {
                prop_assert!(host().is_origin_of(&url));
                prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }

    #[test]
    fn braces_in_a_value_are_no_placeholder() {
        let mut target = PathAndQuery::template("/{a}/{b}");
        target.fill("a", "{b}").unwrap();
        target.fill("b", "x").unwrap();
        assert_eq!(target.path(), "/%7Bb%7D/x");
    }

    #[test]
    fn whole_urls_of_the_host_are_paths_of_it() {
        for (text, path) in [
            ("https://t.eu.qlikcloud.com/api/{id}?x=1", "/api/{id}"),
            ("HTTPS://T.eu.qlikcloud.com:443/api", "/api"),
            ("https://t.eu.qlikcloud.com", "/"),
        ] {
            assert_eq!(PathAndQuery::written(text, &host()).unwrap().path(), path);
        }
        for text in ["http://t.eu.qlikcloud.com/x", "https://evil/x", "https://t.eu.qlikcloud.com@evil/x", "ftp://x/y"]
        {
            assert!(PathAndQuery::written(text, &host()).is_err(), "{text}");
        }
    }

    #[test]
    fn dots_are_found_in_every_form() {
        for dots in [".", "..", "%2e", "%2E", ".%2e", "%2E.", "%2e%2E"] {
            assert!(is_dots(dots), "{dots}");
        }
        for other in ["", "...", "a", ".a", "a.", "%2e%2e%2e", "%2f", "%252e", "..%20", "%2"] {
            assert!(!is_dots(other), "{other}");
        }
    }
}
