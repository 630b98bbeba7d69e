//! The grammar of OpenAPI 3.0: what stands where, and which of it are facts.

use super::shape::Rule::{
    Fact, Label, List, LongName, Means, Members, Names, Node, NodeOrFlag, Prose, ReasonPhrase, Reference, References,
    Sorted, ValueNames,
};
use super::shape::{Rule, Shape};

const fn shape(
    what: &'static str,
    members: &'static [(&'static str, Rule)],
    demands: &'static [&'static str],
) -> Shape {
    Shape { what, members, demands, others: None }
}

const fn map(what: &'static str, others: &'static Shape) -> Shape {
    Shape { what, members: &[], demands: &[], others: Some(others) }
}

pub(super) static DOCUMENT: Shape = shape(
    "an OpenAPI document",
    &[
        ("openapi", Fact),
        ("info", Node(&INFO)),
        ("servers", List(&SERVER)),
        ("security", Fact),
        ("tags", List(&TAG)),
        ("paths", Node(&PATHS)),
        ("components", Node(&COMPONENTS)),
        ("externalDocs", Prose),
    ],
    &["openapi", "info", "paths"],
);

pub(super) static INFO: Shape = shape(
    "the document's info",
    &[
        ("title", Fact),
        ("version", Fact),
        ("description", Prose),
        ("termsOfService", Prose),
        ("contact", Prose),
        ("license", Prose),
    ],
    &["title", "version"],
);

static SERVER: Shape =
    shape("a server", &[("url", Fact), ("variables", Sorted(&SERVER_VARIABLE)), ("description", Prose)], &["url"]);

static SERVER_VARIABLE: Shape =
    shape("a server variable", &[("enum", Fact), ("default", Fact), ("description", Prose)], &["default"]);

static TAG: Shape = shape("a tag", &[("name", Fact), ("description", Prose), ("externalDocs", Prose)], &["name"]);

static PATHS: Shape = map("the map of paths", &PATH);

static PATH: Shape = shape(
    "a path",
    &[
        ("$ref", Reference),
        ("summary", Prose),
        ("description", Prose),
        ("servers", List(&SERVER)),
        ("parameters", List(&PARAMETER)),
        ("get", Node(&OPERATION)),
        ("put", Node(&OPERATION)),
        ("post", Node(&OPERATION)),
        ("delete", Node(&OPERATION)),
        ("options", Node(&OPERATION)),
        ("head", Node(&OPERATION)),
        ("patch", Node(&OPERATION)),
        ("trace", Node(&OPERATION)),
    ],
    &[],
);

/// The members of a path that are operations.
pub(super) const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

static OPERATION: Shape = shape(
    "an operation",
    &[
        ("operationId", Fact),
        ("tags", Fact),
        ("summary", Prose),
        ("description", Prose),
        ("externalDocs", Prose),
        ("deprecated", Fact),
        ("parameters", List(&PARAMETER)),
        ("requestBody", Node(&REQUEST_BODY)),
        ("responses", Node(&RESPONSES)),
        ("callbacks", Sorted(&CALLBACK)),
        ("security", Fact),
        ("servers", List(&SERVER)),
    ],
    &["responses"],
);

static PARAMETER: Shape = shape(
    "a parameter",
    &[
        ("$ref", Reference),
        ("name", Fact),
        ("in", Fact),
        ("description", Prose),
        ("required", Fact),
        ("deprecated", Fact),
        ("allowEmptyValue", Fact),
        ("style", Fact),
        ("explode", Fact),
        ("allowReserved", Fact),
        ("schema", Node(&SCHEMA)),
        ("content", Members(&MEDIA)),
        ("example", Prose),
        ("examples", Prose),
    ],
    &["name", "in"],
);

static HEADER: Shape = shape(
    "a header",
    &[
        ("$ref", Reference),
        ("description", Prose),
        ("required", Fact),
        ("deprecated", Fact),
        ("allowEmptyValue", Fact),
        ("style", Fact),
        ("explode", Fact),
        ("schema", Node(&SCHEMA)),
        ("content", Members(&MEDIA)),
        ("example", Prose),
        ("examples", Prose),
    ],
    &[],
);

static REQUEST_BODY: Shape = shape(
    "a request body",
    &[("$ref", Reference), ("description", Prose), ("required", Fact), ("content", Members(&MEDIA))],
    &["content"],
);

static MEDIA: Shape = shape(
    "a media type",
    &[("schema", Node(&SCHEMA)), ("encoding", Members(&ENCODING)), ("example", Prose), ("examples", Prose)],
    &[],
);

static ENCODING: Shape = shape(
    "an encoding",
    &[("contentType", Fact), ("headers", Sorted(&HEADER)), ("style", Fact), ("explode", Fact), ("allowReserved", Fact)],
    &[],
);

static RESPONSES: Shape = map("the map of responses", &RESPONSE);

static RESPONSE: Shape = shape(
    "a response",
    &[
        ("$ref", Reference),
        ("description", ReasonPhrase),
        ("headers", Sorted(&HEADER)),
        ("content", Members(&MEDIA)),
        ("links", Sorted(&LINK)),
    ],
    &[],
);

static LINK: Shape = shape(
    "a link",
    &[
        ("$ref", Reference),
        ("operationRef", Fact),
        ("operationId", Fact),
        ("parameters", Fact),
        ("requestBody", Fact),
        ("description", Prose),
        ("server", Node(&SERVER)),
    ],
    &[],
);

static CALLBACK: Shape = map("a callback", &PATH);

static COMPONENTS: Shape = shape(
    "the components",
    &[
        ("securitySchemes", Sorted(&SECURITY_SCHEME)),
        ("parameters", Sorted(&PARAMETER)),
        ("requestBodies", Sorted(&REQUEST_BODY)),
        ("responses", Sorted(&RESPONSE)),
        ("headers", Sorted(&HEADER)),
        ("links", Sorted(&LINK)),
        ("callbacks", Sorted(&CALLBACK)),
        ("schemas", Sorted(&SCHEMA)),
        ("examples", Prose),
    ],
    &[],
);

static SECURITY_SCHEME: Shape = shape(
    "a security scheme",
    &[
        ("$ref", Reference),
        ("type", Fact),
        ("description", Prose),
        ("name", Fact),
        ("in", Fact),
        ("scheme", Fact),
        ("bearerFormat", Fact),
        ("flows", Sorted(&OAUTH_FLOW)),
        ("openIdConnectUrl", Fact),
    ],
    &["type"],
);

static OAUTH_FLOW: Shape = shape(
    "an OAuth flow",
    &[("authorizationUrl", Fact), ("tokenUrl", Fact), ("refreshUrl", Fact), ("scopes", Names)],
    &["scopes"],
);

static SCHEMA: Shape = shape(
    "a schema",
    &[
        ("$ref", Reference),
        ("title", Label),
        ("description", LongName),
        ("type", Fact),
        ("format", Fact),
        ("nullable", Fact),
        ("x-nullable", Means("nullable")),
        ("enum", Fact),
        ("x-enum-varnames", ValueNames),
        ("default", Fact),
        ("minimum", Fact),
        ("exclusiveMinimum", Fact),
        ("maximum", Fact),
        ("exclusiveMaximum", Fact),
        ("multipleOf", Fact),
        ("minLength", Fact),
        ("maxLength", Fact),
        ("pattern", Fact),
        ("minItems", Fact),
        ("maxItems", Fact),
        ("uniqueItems", Fact),
        ("minProperties", Fact),
        ("maxProperties", Fact),
        ("required", Fact),
        ("readOnly", Fact),
        ("writeOnly", Fact),
        ("deprecated", Fact),
        ("discriminator", Node(&DISCRIMINATOR)),
        ("allOf", List(&SCHEMA)),
        ("oneOf", List(&SCHEMA)),
        ("anyOf", List(&SCHEMA)),
        ("not", Node(&SCHEMA)),
        ("items", Node(&SCHEMA)),
        ("properties", Members(&SCHEMA)),
        ("additionalProperties", NodeOrFlag(&SCHEMA)),
        ("xml", Fact),
        ("example", Prose),
        ("externalDocs", Prose),
    ],
    &[],
);

static DISCRIMINATOR: Shape =
    shape("a discriminator", &[("propertyName", Fact), ("mapping", References)], &["propertyName"]);
