//! What is emitted, said plainly: the only thing that lowering makes and that emitting reads.

/// One REST API.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Its file's name, and its feature's: `data-files`.
    pub name: String,
    /// One line about it.
    pub summary: String,
    pub operations: Vec<Operation>,
    pub types: Vec<TypeDef>,
    /// The types that are pages of a list.
    pub pages: Vec<Page>,
}

/// One way to call one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Qlik's name of it: `getItems`.
    pub name: String,
    /// The Rust method: `get_items`.
    pub method: String,
    /// `GET`, …
    pub verb: String,
    pub path: String,
    pub docs: Vec<String>,
    pub tier: Tier,
    pub stability: Option<String>,
    /// Why it should no longer be used, if so.
    pub deprecated: Option<String>,
    /// Rust code that calls it, for the docs.
    pub example: Option<String>,
    /// Required parameters first, in the order of the arguments.
    pub params: Vec<Param>,
    pub body: Body,
    pub answer: Answer,
    /// Whether a redirect is followed rather than being the answer.
    pub follows_redirects: bool,
}

/// Qlik's classes of rate limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    One,
    Two,
    /// A limit of its own, in calls a minute.
    Special(u32),
    Unknown,
}

/// A path, query or header parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub wire: String,
    /// The argument or setter.
    pub name: String,
    pub place: Place,
    pub ty: TypeRef,
    pub required: bool,
    pub docs: Vec<String>,
    pub deprecated: bool,
}

/// Where a parameter goes, and how a list is spelled there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Path,
    /// A path value that may hold slashes.
    PathSlashed,
    Query,
    /// A list as one query value for each item.
    QueryEach,
    /// A list as one query value, joined by the sign.
    QueryJoined(char),
    Header,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    None,
    /// A JSON document; the content type where it is not `application/json`.
    Json {
        ty: TypeRef,
        content_type: Option<String>,
        required: bool,
    },
    /// `application/x-www-form-urlencoded`.
    Form {
        ty: TypeRef,
        required: bool,
    },
    /// Bytes of that type.
    Bytes {
        content_type: String,
        required: bool,
    },
    Multipart {
        parts: Vec<Part>,
    },
}

/// A part of a multipart body.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub wire: String,
    pub name: String,
    pub kind: PartKind,
    pub required: bool,
    pub docs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartKind {
    File,
    Json(TypeRef),
    Text(TypeRef),
}

/// What a successful call gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Nothing,
    Json(TypeRef),
    /// The status and the Location header.
    Located,
    /// A stream of bytes; asked for by that media type.
    Download(String),
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDef {
    pub name: String,
    /// Qlik's name of it, where that differs.
    pub wire: String,
    pub docs: Vec<String>,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Record(Vec<Field>),
    OpenEnum(Vec<Variant>),
    Union { tag: Option<Tag>, types: Vec<(String, TypeRef)> },
    Alias(TypeRef),
}

/// The member that tells a union's types apart, and its values with the index of the type.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    pub member: String,
    pub values: Vec<(String, usize)>,
}

/// A member of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub wire: String,
    pub ty: TypeRef,
    pub docs: Vec<String>,
    pub deprecated: bool,
}

/// A listed value of an open enum.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub name: String,
    pub wire: String,
    /// A second name that reads accept.
    pub alias: String,
    pub docs: Vec<String>,
}

/// A use of a type.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeRef {
    Text,
    Bool,
    Int,
    Float,
    /// Any JSON.
    Any,
    Named(String),
    List(Box<TypeRef>),
    Map(Box<TypeRef>),
    Optional(Box<TypeRef>),
    Boxed(Box<TypeRef>),
}

impl TypeRef {
    /// The type, allowed to be absent.
    pub fn optional(self) -> Self {
        match self {
            TypeRef::Optional(_) => self,
            other => TypeRef::Optional(Box::new(other)),
        }
    }

    /// The type without its permission to be absent.
    pub fn present(&self) -> &Self {
        match self {
            TypeRef::Optional(inner) => inner,
            other => other,
        }
    }

    /// The named types that it mentions.
    pub fn names(&self) -> Option<&str> {
        match self {
            TypeRef::Named(name) => Some(name),
            TypeRef::List(of) | TypeRef::Map(of) | TypeRef::Optional(of) | TypeRef::Boxed(of) => of.names(),
            _ => None,
        }
    }
}

/// A type that is one page of a list: where its items and its next link are.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub ty: String,
    pub item: TypeRef,
    /// The field of the items, and whether it is optional.
    pub items: (String, bool),
    /// The fields that lead to the next page's address, each with whether it is optional.
    pub next: Vec<(String, bool)>,
}

/// The Engine's classes and types.
#[derive(Debug, Clone, PartialEq)]
pub struct Engine {
    pub version: String,
    pub classes: Vec<Class>,
    pub types: Vec<TypeDef>,
    /// Error codes by name.
    pub errors: Vec<(String, i64)>,
}

/// A class of Engine objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    pub name: String,
    pub docs: Vec<String>,
    pub methods: Vec<Method>,
}

/// A method of an Engine class.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// The Engine's name: `GetLayout`.
    pub wire: String,
    pub name: String,
    pub docs: Vec<String>,
    pub deprecated: Option<String>,
    pub stability: Option<String>,
    /// What the user may have to be allowed to do with the app: `reload`, `update`.
    pub rights: Vec<String>,
    /// Rust code that calls it, for the docs.
    pub example: Option<String>,
    pub params: Vec<MethodParam>,
    pub returns: Returns,
    /// What the out-parameter is, in words.
    pub returned: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MethodParam {
    pub wire: String,
    pub name: String,
    pub ty: TypeRef,
    pub required: bool,
    pub docs: Vec<String>,
}

/// What a method gives back.
#[derive(Debug, Clone, PartialEq)]
pub enum Returns {
    Nothing,
    /// One out-parameter, by its wire name.
    Value {
        out: String,
        ty: TypeRef,
    },
    /// Several, as a record named after the method.
    Values {
        ty: String,
    },
    /// An object of that class.
    Object {
        class: String,
    },
}
