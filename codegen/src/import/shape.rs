//! The words in which a grammar says what stands in a node of a description, and what becomes of it.

/// A kind of node: its members in the order in which the import writes them.
#[derive(Debug)]
pub(super) struct Shape {
    /// The node in messages, with its article.
    pub(super) what: &'static str,
    /// The members that the node may have.
    pub(super) members: &'static [(&'static str, Rule)],
    /// Members that a node must have, unless it is a reference.
    pub(super) demands: &'static [&'static str],
    /// What any other member is (a path, a status), besides extensions; such members are written in the order of their
    /// names.
    pub(super) others: Option<&'static Shape>,
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Stays as it is.
    Fact,
    /// Sentences for a reader, or examples: goes.
    Prose,
    /// Meant for some code generator: goes.
    Hint,
    /// A reference to another node of the document: stays, and must point at something.
    Reference,
    /// References by name, or names in their place: they stay, and a reference must point at something.
    References,
    /// A node.
    Node(&'static Shape),
    /// A node, or true or false in its place.
    NodeOrFlag(&'static Shape),
    /// Nodes by name, in the order of the document: it means something there (properties) or is the server's preference
    /// (content types).
    Members(&'static Shape),
    /// Nodes by name, written in the order of the names, so that an upstream that shuffles them changes no line.
    Sorted(&'static Shape),
    /// Nodes in a list.
    List(&'static Shape),
    /// A fact under another name: stays under this one.
    Means(&'static str),
    /// A member that the standard demands and that says nothing: stays as this word.
    Always(&'static str),
    /// A response's description: the reason phrase of its status.
    ReasonPhrase,
    /// A title: a fact in a constant (`x-qlik-const`), prose elsewhere.
    Label,
    /// A description: in a constant the long name, if it is one word; prose elsewhere.
    LongName,
    /// Names for the values of an enum: a fact where the values are numbers, a hint elsewhere.
    ValueNames,
    /// Names with a sentence each: the names stay.
    Names,
    /// Not in the grammar: stays, and is reported.
    Unknown,
}

/// Marks a constant in `oneOf`: beside it, title and description carry values.
pub(super) const CONSTANT: &str = "x-qlik-const";

/// Extensions that only steer some code generator.
const HINTS: &[&str] = &[
    "x-codegen-",
    "x-discriminator-value",
    "x-field-extra-annotation",
    "x-go-",
    "x-ms-",
    "x-oapi-codegen-",
    "x-omitempty",
    "x-size-message",
];

impl Shape {
    /// What becomes of the member `name`.
    pub(super) fn rule(&self, name: &str) -> Rule {
        let listed = self.members.iter().find(|(member, _)| *member == name);
        match (listed, self.others) {
            (Some((_, rule)), _) => *rule,
            (None, Some(other)) if !name.starts_with("x-") => Rule::Node(other),
            _ => extension(name),
        }
    }

    /// Where the member `name` stands among the members of its node: the listed ones first, in their order, then the
    /// rest by name.
    pub(super) fn place<'a>(&self, name: &'a str) -> (usize, &'a str) {
        let index = self.members.iter().position(|(member, _)| *member == name);
        (index.unwrap_or(self.members.len()), name)
    }
}

fn extension(name: &str) -> Rule {
    if name.starts_with("x-qlik-") {
        let prose = name.ends_with("-description") || name == "x-qlik-see-also";
        return if prose { Rule::Prose } else { Rule::Fact };
    }
    if HINTS.iter().any(|hint| name.starts_with(hint)) {
        return Rule::Hint;
    }
    Rule::Unknown
}
