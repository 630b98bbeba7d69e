//! The operations of an API: arguments, setters, body and answer of each.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::types::type_ref;
use super::{deprecation, docs, example, is_deprecated};
use crate::model::{Answer, Body, Kind, Operation, Param, Part, PartKind, Place, Tier, TypeDef, TypeRef};
use crate::names::{Scope, pascal, snake};
use crate::normalize::VERBS;

/// Names that a call's setters may not take: its own methods.
const CALL_METHODS: &[&str] = &["call", "stream", "pages", "into_future", "body"];

/// Lowers every operation, in the description's order. An operation that takes JSON or a form of parts gets two methods.
pub(super) fn operations(root: &Value, types: &[TypeDef]) -> Vec<Operation> {
    let mut methods = Methods { names: Scope::with(&["api", "new"]), calls: BTreeSet::new() };
    let mut lowered = Vec::new();
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (verb, operation) in item.as_object().into_iter().flatten().filter(|(key, _)| VERBS.contains(&key.as_str()))
        {
            let Some(operation) = operation.as_object() else { continue };
            for (suffix, body) in bodies(verb, operation, types) {
                lowered.push(one(path, verb, operation, body, suffix, &mut methods, types));
            }
        }
    }
    lowered
}

/// The names of an API's methods, of which each may have a type for its call.
struct Methods {
    names: Scope,
    calls: BTreeSet<String>,
}

impl Methods {
    fn claim(&mut self, name: &str) -> String {
        loop {
            let method = self.names.claim(name);
            // `get_item2` and `get_item_2` are two methods, but would be one type.
            if self.calls.insert(pascal(&method)) {
                return method;
            }
        }
    }
}

fn one(
    path: &str,
    verb: &str,
    operation: &Map<String, Value>,
    body: Body,
    suffix: &str,
    methods: &mut Methods,
    types: &[TypeDef],
) -> Operation {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let name = text("operationId").unwrap_or_default();
    let taken: Vec<String> = match &body {
        Body::Multipart { parts } => parts.iter().map(|part| part.name.clone()).collect(),
        _ => Vec::new(),
    };
    let mut scope = Scope::with(CALL_METHODS);
    taken.iter().for_each(|name| drop(scope.claim(name)));
    let declared = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut params: Vec<Param> = declared.map(|parameter| param(path, parameter, &mut scope, types)).collect();
    // A stable sort: path values stand first, in the order of the path.
    params.sort_by_key(|param| !param.required);
    let node = Value::Object(operation.clone());
    Operation {
        name: name.to_owned(),
        method: methods.claim(&format!("{}{suffix}", snake(name))),
        verb: verb.to_uppercase(),
        path: path.to_owned(),
        docs: docs(&node),
        tier: tier(operation.get("x-qlik-tier")),
        stability: text("x-qlik-stability").map(str::to_owned),
        deprecated: deprecation(&node),
        example: example(&node),
        params,
        body,
        answer: answer(operation),
        follows_redirects: operation.get("x-qlik-redirects") != Some(&Value::Bool(false)),
    }
}

/// `{"tier": "special", "limit": 20}`: a class, or a limit of calls a minute of its own.
fn tier(tier: Option<&Value>) -> Tier {
    let class = tier.and_then(|tier| tier.get("tier")).and_then(Value::as_str);
    let limit = tier.and_then(|tier| tier.get("limit")).and_then(Value::as_u64);
    match (class, limit.and_then(|limit| u32::try_from(limit).ok())) {
        (Some("1"), _) => Tier::One,
        (Some("2"), _) => Tier::Two,
        (_, Some(limit)) => Tier::Special(limit),
        _ => Tier::Unknown,
    }
}

fn param(path: &str, parameter: &Value, scope: &mut Scope, types: &[TypeDef]) -> Param {
    let wire = parameter["name"].as_str().unwrap_or_default().to_owned();
    let ty = resolved(type_ref(&parameter["schema"]).present().clone(), types);
    let list = parameter.get("x-qlik-list").and_then(Value::as_str);
    let place = match (parameter["in"].as_str(), list) {
        (Some("path"), _) if keeps_slashes(path, &wire) => Place::PathSlashed,
        (Some("path"), _) => Place::Path,
        (Some("header"), _) => Place::Header,
        (_, Some("each")) => Place::QueryEach,
        (_, Some(sign)) => Place::QueryJoined(sign.chars().next().unwrap_or(',')),
        (_, None) => Place::Query,
    };
    let required = parameter.get("required") == Some(&Value::Bool(true));
    let deprecated = is_deprecated(parameter);
    Param { name: scope.claim(&snake(&wire)), wire, place, ty, required, docs: docs(parameter), deprecated }
}

/// A value at the end of a path that names a file below a folder: `media/files/{path}`, `file/{filepath}`.
fn keeps_slashes(path: &str, name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "path" | "filepath") && path.ends_with(&format!("{{{name}}}"))
}

/// Parameters are texts, numbers or lists of them: another name for one of these is told by what it stands for.
fn resolved(ty: TypeRef, types: &[TypeDef]) -> TypeRef {
    match ty {
        TypeRef::Named(ref name) => match types.iter().find(|def| def.name == *name).map(|def| &def.kind) {
            Some(Kind::Alias(inner)) => resolved(inner.clone(), types),
            Some(Kind::OpenEnum(_)) => ty,
            _ => TypeRef::Text,
        },
        TypeRef::List(item) => TypeRef::List(Box::new(resolved(*item, types))),
        TypeRef::Optional(inner) | TypeRef::Boxed(inner) => resolved(*inner, types),
        TypeRef::Map(_) | TypeRef::Any => TypeRef::Text,
        scalar => scalar,
    }
}

/// The bodies that an operation takes, each with the suffix of its method's name. To put or patch nothing makes no sense,
/// so these bodies are arguments whatever the description says.
fn bodies(verb: &str, operation: &Map<String, Value>, types: &[TypeDef]) -> Vec<(&'static str, Body)> {
    let Some(body) = operation.get("requestBody") else { return vec![("", Body::None)] };
    let required = body.get("required") == Some(&Value::Bool(true)) || matches!(verb, "put" | "patch");
    let content = body.get("content").and_then(Value::as_object);
    let mut found = Vec::new();
    for (media, details) in content.into_iter().flatten() {
        let suffix = if found.is_empty() { "" } else { "_multipart" };
        let ty = || details.get("schema").map_or(TypeRef::Any, |schema| type_ref(schema).present().clone());
        let body = match media.as_str() {
            "multipart/form-data" => Body::Multipart { parts: parts(&details["parts"], types) },
            "application/x-www-form-urlencoded" => Body::Form { ty: ty(), required },
            "application/json" => Body::Json { ty: ty(), content_type: None, required },
            json if json.ends_with("json") => Body::Json { ty: ty(), content_type: Some(json.to_owned()), required },
            other => Body::Bytes { content_type: other.to_owned(), required },
        };
        found.push((suffix, body));
    }
    if found.is_empty() { vec![("", Body::None)] } else { found }
}

/// Whether a value is sent as it is rather than as JSON.
fn is_text(ty: &TypeRef, types: &[TypeDef]) -> bool {
    match ty {
        TypeRef::Text | TypeRef::Bool | TypeRef::Int | TypeRef::Float => true,
        TypeRef::Named(name) => types.iter().find(|def| def.name == *name).is_some_and(|def| match &def.kind {
            Kind::OpenEnum(_) => true,
            Kind::Alias(of) => is_text(of, types),
            Kind::Record(_) | Kind::Union { .. } => false,
        }),
        _ => false,
    }
}

fn parts(schema: &Value, types: &[TypeDef]) -> Vec<Part> {
    let required = schema.get("required").and_then(Value::as_array);
    let mut scope = Scope::with(CALL_METHODS);
    let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut parts: Vec<Part> = members
        .map(|(wire, member)| {
            let kind = match type_ref(member).present() {
                _ if member.get("x-qlik-file").is_some() => PartKind::File,
                ty if is_text(ty, types) => PartKind::Text(ty.clone()),
                ty => PartKind::Json(ty.clone()),
            };
            let required = required.is_some_and(|names| names.iter().any(|name| name == wire.as_str()));
            Part { wire: wire.clone(), name: scope.claim(&snake(wire)), kind, required, docs: docs(member) }
        })
        .collect();
    parts.sort_by_key(|part| !part.required);
    parts
}

fn answer(operation: &Map<String, Value>) -> Answer {
    let schema = || operation.get("responses")?.pointer("/200/content/application~1json/schema");
    match operation.get("x-qlik-answer").and_then(Value::as_str) {
        Some("json") => Answer::Json(schema().map_or(TypeRef::Any, type_ref)),
        Some("located") => Answer::Located,
        Some("nothing") | None => Answer::Nothing,
        Some(media) => Answer::Download(media.to_owned()),
    }
}
