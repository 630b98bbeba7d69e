//! The grammar of the Engine's OpenRPC document: what stands where, and which of it are facts.

use super::openapi::INFO;
use super::shape::Rule::{Always, Fact, Label, List, LongName, Members, Node, NodeOrFlag, Prose, Reference, Sorted};
use super::shape::{Rule, Shape};

const fn shape(
    what: &'static str,
    members: &'static [(&'static str, Rule)],
    demands: &'static [&'static str],
) -> Shape {
    Shape { what, members, demands, others: None }
}

pub(super) static DOCUMENT: Shape = shape(
    "an OpenRPC document",
    &[
        ("openrpc", Fact),
        ("info", Node(&INFO)),
        ("servers", Prose),
        ("methods", List(&METHOD)),
        ("components", Node(&COMPONENTS)),
        ("externalDocs", Prose),
    ],
    &["openrpc", "info", "methods"],
);

static METHOD: Shape = shape(
    "a method",
    &[
        ("name", Fact),
        ("tags", Prose),
        ("summary", Prose),
        ("description", Prose),
        ("externalDocs", Prose),
        ("deprecated", Fact),
        ("paramStructure", Fact),
        ("params", List(&PARAMETER)),
        ("result", Node(&RESULT)),
        ("errors", List(&ERROR)),
        ("examples", Prose),
    ],
    &["name", "params"],
);

static PARAMETER: Shape = shape(
    "a parameter",
    &[
        ("$ref", Reference),
        ("name", Fact),
        ("summary", Prose),
        ("description", Prose),
        ("required", Fact),
        ("deprecated", Fact),
        ("schema", Node(&SCHEMA)),
    ],
    &["name", "schema"],
);

// OpenRPC demands a name of a result; the one that is published repeats the method's name in a phrase.
static RESULT: Shape = shape(
    "a result",
    &[
        ("$ref", Reference),
        ("name", Always("result")),
        ("summary", Prose),
        ("description", Prose),
        ("required", Fact),
        ("schema", Node(&SCHEMA)),
    ],
    &["schema"],
);

// The message of an error comes from the server with the error.
static ERROR: Shape = shape(
    "an error",
    &[("$ref", Reference), ("code", Fact), ("message", Prose), ("data", Fact), ("oneOf", List(&ERROR))],
    &[],
);

static COMPONENTS: Shape = shape(
    "the components",
    &[
        ("contentDescriptors", Sorted(&PARAMETER)),
        ("schemas", Sorted(&SCHEMA)),
        ("errors", Sorted(&ERROR)),
        ("examples", Prose),
    ],
    &[],
);

// `name` and `schema` are not JSON Schema: the alternatives of GenericObjectLayout's and GenericObjectProperties'
// additional properties say with them which member each is.
static SCHEMA: Shape = shape(
    "a schema",
    &[
        ("$ref", Reference),
        ("name", Fact),
        ("title", Label),
        ("description", LongName),
        ("type", Fact),
        ("format", Fact),
        ("contentEncoding", Fact),
        ("enum", Fact),
        ("default", Fact),
        ("required", Fact),
        ("deprecated", Fact),
        ("allOf", List(&SCHEMA)),
        ("oneOf", List(&SCHEMA)),
        ("anyOf", List(&SCHEMA)),
        ("items", Node(&SCHEMA)),
        ("properties", Members(&SCHEMA)),
        ("additionalProperties", NodeOrFlag(&SCHEMA)),
        ("schema", Node(&SCHEMA)),
        ("example", Prose),
        ("examples", Prose),
    ],
    &[],
);
