//! Which methods may be called again.

/// What a second call of a method can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// It only reads, or opens what is there: calling it twice is calling it once.
    Reads,
    /// It makes something: after an error it has made nothing, but calling it twice makes two.
    Creates,
    /// It changes something.
    Changes,
}

/// Methods that read, though their names do not start like those that do.
const READS: &[&str] = &[
    "AllowCreateApp",
    "BackCount",
    "CheckExpression",
    "CheckNumberOrExpression",
    "CheckScriptSyntax",
    "EngineVersion",
    "Evaluate",
    "EvaluateEx",
    "ExpandExpression",
    "FindMatchingFields",
    "ForwardCount",
    "GuessFileType",
    "OSName",
    "OSVersion",
    "OpenDoc",
    "ProductVersion",
    "QTProduct",
    "QvVersion",
    "SearchAssociations",
    "SearchObjects",
    "SearchResults",
    "SearchSuggest",
    "SearchValues",
];

/// Methods that do more than their names say: reading progress takes its messages away, an interaction is answered.
const NOT_READS: &[&str] = &["GetInteract", "GetProgress"];

impl Effect {
    /// What a method does, by its name.
    pub fn of(method: &str) -> Self {
        if method == "GetOrCreateObject" || method.starts_with("Create") {
            return Effect::Creates;
        }
        let reads = method.starts_with("Get") || method.starts_with("Is") || READS.binary_search(&method).is_ok();
        if reads && !NOT_READS.contains(&method) { Effect::Reads } else { Effect::Changes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_methods_do() {
        assert!(READS.is_sorted());
        for (method, effect) in [
            ("GetLayout", Effect::Reads),
            ("OpenDoc", Effect::Reads),
            ("EvaluateEx", Effect::Reads),
            ("IsDesktopMode", Effect::Reads),
            ("CreateSessionObject", Effect::Creates),
            ("GetOrCreateObject", Effect::Creates),
            ("GetProgress", Effect::Changes),
            ("SelectValues", Effect::Changes),
            ("ExpandLeft", Effect::Changes),
            ("SearchListObjectFor", Effect::Changes),
            ("SomethingNew", Effect::Changes),
        ] {
            assert_eq!(Effect::of(method), effect, "{method}");
        }
    }
}
