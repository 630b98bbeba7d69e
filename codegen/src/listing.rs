//! Every public item that is generated, a line each: what a reviewer reads of an update, and what semver counts.

use std::fmt::Write as _;

use crate::model::{Answer, Api, Body, Class, Engine, Kind, Operation, PartKind, Returns, TypeDef, TypeRef};
use crate::names::{pascal, snake};

/// The listing of what was generated, APIs first, in the order of their names.
pub fn listing(apis: &[Api], engine: Option<&Engine>) -> String {
    let mut out = String::new();
    for api in apis {
        let module = format!("rest::{}", snake(&api.name));
        for operation in &api.operations {
            let _ = writeln!(out, "{module}::{}::{}", pascal(&api.name), operation_line(api, operation));
        }
        types(&mut out, &format!("{module}::types"), &api.types);
    }
    if let Some(engine) = engine {
        for class in &engine.classes {
            methods(&mut out, class);
        }
        types(&mut out, "engine::types", &engine.types);
        for (name, code) in &engine.errors {
            let _ = writeln!(out, "engine::error_codes {name} = {code}");
        }
    }
    out
}

fn operation_line(api: &Api, operation: &Operation) -> String {
    let mut required: Vec<String> = Vec::new();
    let mut optional: Vec<String> = Vec::new();
    for param in &operation.params {
        let list = if param.required { &mut required } else { &mut optional };
        list.push(format!("{}: {}", param.name, spelled(&param.ty)));
    }
    let mut body = |text: String, demanded: bool| if demanded { required.push(text) } else { optional.push(text) };
    match &operation.body {
        Body::None => {}
        Body::Json { ty, required, .. } | Body::Form { ty, required } => {
            body(format!("body: {}", spelled(ty)), *required)
        }
        Body::Bytes { required, .. } => body("body: bytes".to_owned(), *required),
        Body::Multipart { parts } => {
            for part in parts {
                let ty = match &part.kind {
                    PartKind::File => "file".to_owned(),
                    PartKind::Json(ty) | PartKind::Text(ty) => spelled(ty),
                };
                body(format!("{}: {ty}", part.name), part.required);
            }
        }
    }
    let answer = match &operation.answer {
        Answer::Nothing => "()".to_owned(),
        Answer::Json(ty) => spelled(ty),
        Answer::Located => "Located".to_owned(),
        Answer::Download(_) => "Download".to_owned(),
    };
    let pages = match &operation.answer {
        Answer::Json(TypeRef::Named(name)) if api.pages.iter().any(|page| page.ty == *name) => " pages",
        _ => "",
    };
    format!("{}({}){} -> {answer}{pages}", operation.method, required.join(", "), options(&optional))
}

fn options(optional: &[String]) -> String {
    if optional.is_empty() { String::new() } else { format!(" [{}]", optional.join(", ")) }
}

fn methods(out: &mut String, class: &Class) {
    for method in &class.methods {
        let (required, optional): (Vec<_>, Vec<_>) = method.params.iter().partition(|param| param.required);
        let list = |params: &[&crate::model::MethodParam]| -> Vec<String> {
            params.iter().map(|param| format!("{}: {}", param.name, spelled(&param.ty))).collect()
        };
        let returns = match &method.returns {
            Returns::Nothing => "()".to_owned(),
            Returns::Value { ty, .. } => spelled(ty),
            Returns::Values { ty } => ty.clone(),
            Returns::Object { class } => class.clone(),
        };
        let _ = writeln!(
            out,
            "engine::{}::{}({}){} -> {returns}",
            class.name,
            method.name,
            list(&required).join(", "),
            options(&list(&optional))
        );
    }
}

fn types(out: &mut String, module: &str, types: &[TypeDef]) {
    for def in types {
        let name = format!("{module}::{}", def.name);
        let _ = match &def.kind {
            Kind::Alias(target) => writeln!(out, "{name} = {}", spelled(target)),
            Kind::Record(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|field| format!("{}: {}", field.name, spelled(&field.ty))).collect();
                writeln!(out, "{name} {{{}}}", fields.join(", "))
            }
            Kind::OpenEnum(variants) => {
                let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
                writeln!(out, "{name} enum {}", names.join(" | "))
            }
            Kind::Union { types, .. } => {
                let types: Vec<String> = types.iter().map(|(name, ty)| format!("{name}({})", spelled(ty))).collect();
                writeln!(out, "{name} union {}", types.join(" | "))
            }
        };
    }
}

fn spelled(ty: &TypeRef) -> String {
    match ty {
        TypeRef::Text => "String".to_owned(),
        TypeRef::Bool => "bool".to_owned(),
        TypeRef::Int => "i64".to_owned(),
        TypeRef::Float => "f64".to_owned(),
        TypeRef::Any => "Value".to_owned(),
        TypeRef::Named(name) => name.clone(),
        TypeRef::List(item) => format!("[{}]", spelled(item)),
        TypeRef::Map(value) => format!("{{{}}}", spelled(value)),
        TypeRef::Optional(inner) => format!("{}?", spelled(inner)),
        TypeRef::Boxed(inner) => spelled(inner),
    }
}
