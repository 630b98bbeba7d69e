//! The names of operations: from a list by method and path, else by one rule.
//!
//! The rule, for an operation that is on no list: the verb of the method (GET `get`, POST `create`, PUT `update`, PATCH
//! `patch`, DELETE `delete`, any other the method itself), then the words of the path without a leading `api` and version
//! and without parameters, in camel case. A path that ends in `actions/<verb>` takes that verb instead of the method's.
//! A segment before a parameter is in the singular, and so is the last one, except where GET lists a collection.
//! `GET /api/v1/di-projects/{projectId}` is `getDiProject`, `POST /oauth/token` is `createOauthToken`. Where another
//! operation of the API has that name already, `By` and the words of the parameters follow: `getDiProjectByProjectId`.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics};

const HEADER: &str = "module\tmethod\tpath\tname";

/// A list of operation names, by method (upper case) and path.
#[derive(Debug, Default)]
pub(super) struct NameList(BTreeMap<(String, String), String>);

impl NameList {
    /// Reads a list: tab-separated, with the columns module, method, path and name. Where it names an operation twice
    /// (the TypeScript toolkit has variants such as `…WithQuery`), the shortest name counts, and the others must begin
    /// with it.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
        let header = lines.next().unwrap_or_default();
        let header = header.strip_prefix('\u{FEFF}').unwrap_or(header);
        if header != HEADER {
            return Err(vec![Diagnostic::of_place(
                file,
                (1, 1),
                "the first line is not the header of a list of operation names",
                "the columns are module, method, path and name, with a tab between them",
            )]);
        }
        let mut names: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut errors = Vec::new();
        for (index, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let place = (index + 2, 1);
            let [_, method, path, name] = line.split('\t').collect::<Vec<_>>()[..] else {
                let message = "a line of the list needs four columns";
                errors.push(Diagnostic::of_place(file, place, message, "they are module, method, path and name"));
                continue;
            };
            if !path.starts_with('/') || !is_identifier(name) {
                let message = format!("`{method} {path}` cannot be named `{name}`");
                let help = "a path begins with a slash; a name is a letter, then letters and digits";
                errors.push(Diagnostic::of_place(file, place, message, help));
                continue;
            }
            let known = names.entry((method.to_uppercase(), path.to_owned())).or_insert_with(|| name.to_owned());
            if known.starts_with(name) {
                name.clone_into(known);
            } else if !name.starts_with(known.as_str()) {
                let message = format!("`{method} {path}` has two names: `{known}` and `{name}`");
                let help = "keep one; two are taken for variants only where one begins with the other";
                errors.push(Diagnostic::of_place(file, place, message, help));
            }
        }
        if errors.is_empty() { Ok(Self(names)) } else { Err(errors) }
    }

    /// The listed name of an operation.
    pub(super) fn get(&self, method: &str, path: &str) -> Option<&str> {
        self.0.get(&(method.to_uppercase(), path.to_owned())).map(String::as_str)
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The name by the rule; the longer form of it if `taken` says that the first is.
pub(super) fn by_rule(method: &str, path: &str, taken: impl Fn(&str) -> bool) -> String {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let ends_in_parameter = steps.last().is_some_and(|last| is_parameter(last));
    let parameters = steps.iter().filter(|step| is_parameter(step));
    // each segment, and whether a parameter follows it
    let mut segments: Vec<(&str, bool)> = (steps.iter().enumerate())
        .filter(|(_, step)| !is_parameter(step))
        .map(|(index, step)| (*step, steps.get(index + 1).is_some_and(|next| is_parameter(next))))
        .collect();
    if segments.first().is_some_and(|(first, _)| *first == "api") {
        segments.remove(0);
    }
    if segments.first().is_some_and(|(first, _)| is_version(first)) {
        segments.remove(0);
    }
    let method = method.to_lowercase();
    let mut verb = match method.as_str() {
        "post" => "create",
        "put" => "update",
        other => other,
    };
    if let [.., ("actions", _), (action, _)] = segments[..] {
        verb = action;
        segments.truncate(segments.len() - 2);
    }
    let lists = verb == "get" && !ends_in_parameter;
    let last = segments.len().saturating_sub(1);
    let words = segments.iter().enumerate().flat_map(|(index, (segment, before_parameter))| {
        let one = *before_parameter || index == last && !lists;
        if one { words_of(&singular(segment)) } else { words_of(segment) }
    });
    let mut name: String = words_of(verb).into_iter().chain(words).map(capitalized).collect();
    // an identifier begins with a small letter
    let first = name.chars().next().map_or(0, char::len_utf8);
    name.get_mut(..first).map(str::make_ascii_lowercase);
    if taken(&name) {
        let by: String = parameters.flat_map(|parameter| words_of(parameter)).map(capitalized).collect();
        if !by.is_empty() {
            name = format!("{name}By{by}");
        }
    }
    name
}

fn capitalized(word: String) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn is_parameter(segment: &str) -> bool {
    segment.contains('{')
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

fn words_of(segment: &str) -> Vec<String> {
    let words = segment.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "ches", "shes", "xes"] {
        if let Some(stem) = word.strip_suffix("es").filter(|_| word.ends_with(ending)) {
            return stem.to_owned();
        }
    }
    if ["ss", "us", "is"].iter().any(|ending| word.ends_with(ending)) {
        return word.to_owned();
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule() {
        for (method, path, name) in [
            ("GET", "/api/v1/di-projects/{projectId}", "getDiProject"),
            ("GET", "/api/v1/di-projects", "getDiProjects"),
            ("POST", "/oauth/token", "createOauthToken"),
            ("GET", "/login", "getLogin"),
            ("POST", "/login/jwt-session", "createLoginJwtSession"),
            ("PATCH", "/api/v1/temp-contents/files/{id}", "patchTempContentsFile"),
            ("POST", "/api/analytics/apps/{id}/actions/bulk-restore", "bulkRestoreAnalyticsApp"),
            ("DELETE", "/api/v1/policies/{id}/status", "deletePolicyStatus"),
            ("PUT", "/api/v12/boxes/{id}", "updateBox"),
        ] {
            assert_eq!(by_rule(method, path, |_| false), name, "{method} {path}");
        }
    }

    #[test]
    fn a_name_that_is_taken_goes_on_with_the_parameters() {
        let taken = |name: &str| name == "getDiProject" || name == "getLogin";
        assert_eq!(by_rule("get", "/api/v1/di-projects/{projectId}", taken), "getDiProjectByProjectId");
        assert_eq!(by_rule("get", "/login", taken), "getLogin", "nothing to go on with");
    }

    #[test]
    fn of_two_names_the_shortest_counts() {
        let text = format!("{HEADER}\r\na\tGET\t/x\tgetXWithQuery\r\na\tGET\t/x\tgetX\r\na\tGET\t/x\tgetXWithBody\r\n");
        let list = NameList::parse("n.tsv", &text).unwrap_or_default();
        assert_eq!(list.get("get", "/x"), Some("getX"));
    }

    #[test]
    fn bad_lists_are_pointed_at() {
        for (text, line, words) in [
            ("method\tpath\tname\n", 1, "header"),
            ("module\tmethod\tpath\tname\na\tGET\t/x\n", 2, "four columns"),
            ("module\tmethod\tpath\tname\n\na\tGET\t/x\tget-x\n", 3, "cannot be named"),
            ("module\tmethod\tpath\tname\na\tGET\t/x\tgetX\na\tGET\t/x\treadX\n", 3, "two names"),
        ] {
            let errors = NameList::parse("n.tsv", text).map(|_| ()).unwrap_err();
            assert_eq!(errors.iter().map(|e| e.line).collect::<Vec<_>>(), [line], "{words}");
            assert!(errors.iter().all(|e| e.message.contains(words)), "{errors:?}");
        }
    }
}
