//! The types of an API: records, enums, unions and other names.

use serde_json::{Map, Value};

use super::circles::break_circles;
use super::docs;
use super::space::TypeSpace;
use crate::diagnostic::Diagnostic;
use crate::model::{Kind, Tag, TypeDef, TypeRef, Variant};
use crate::names::{Scope, pascal, variant};
use crate::normalize::{is_type, resolve};
use crate::source::Document;

/// Lowers every component.
pub(super) fn types(document: &Document, root: &Value) -> Result<Vec<TypeDef>, Vec<Diagnostic>> {
    let none = Map::new();
    let schemas = root.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&none);
    let space = TypeSpace::read(document, schemas).map_err(|diagnostic| vec![*diagnostic])?;
    let mut defs: Vec<TypeDef> = Vec::new();
    for (name, schema) in schemas {
        let kind = if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            Kind::OpenEnum(variants(values, schema.get("x-qlik-values")))
        } else if let Some(branches) = schema.get("oneOf").and_then(Value::as_array) {
            union(root, schema, branches)
        } else if schema.get("properties").is_some() {
            Kind::Record(space.record(document, name, schema).map_err(|diagnostic| vec![*diagnostic])?)
        } else {
            Kind::Alias(type_ref(schema))
        };
        let wire = schema.get("x-qlik-name").and_then(Value::as_str).unwrap_or(name).to_owned();
        defs.push(TypeDef { name: name.clone(), wire, docs: docs(schema), kind });
    }
    break_circles(&mut defs);
    Ok(defs)
}

/// The type that a schema in normal form means, where no struct is involved: progenitor decides the rest.
pub(super) fn type_ref(schema: &Value) -> TypeRef {
    let ty = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => TypeRef::Named(reference.rsplit('/').next().unwrap_or_default().to_owned()),
        None => match schema.get("type").and_then(Value::as_str) {
            Some("string") => TypeRef::Text,
            Some("boolean") => TypeRef::Bool,
            Some("integer") => TypeRef::Int,
            Some("number") => TypeRef::Float,
            Some("array") => TypeRef::List(Box::new(type_ref(&schema["items"]))),
            Some("object") => TypeRef::Map(Box::new(type_ref(&schema["additionalProperties"]))),
            _ => TypeRef::Any,
        },
    };
    if schema.get("nullable") == Some(&Value::Bool(true)) { ty.optional() } else { ty }
}

/// The values of an enum; `words` has what some of them mean.
fn variants(values: &[Value], words: Option<&Value>) -> Vec<Variant> {
    let mut scope = Scope::with(&["Unrecognized"]);
    let texts = values.iter().filter_map(Value::as_str);
    let lowered = texts.map(|wire| {
        let meaning = words.and_then(|words| words.get(wire)).and_then(Value::as_str);
        Variant {
            name: scope.claim(&variant(wire)),
            wire: wire.to_owned(),
            alias: String::new(),
            docs: meaning.into_iter().map(str::to_owned).collect(),
        }
    });
    lowered.collect()
}

fn union(root: &Value, schema: &Value, branches: &[Value]) -> Kind {
    let mut scope = Scope::with(&["Unrecognized"]);
    let (mut types, mut known): (Vec<(String, TypeRef)>, Vec<TypeRef>) = Default::default();
    for branch in branches {
        let ty = type_ref(branch).present().clone();
        let meant = meaning(root, &ty, 0);
        if !known.contains(&meant) {
            known.push(meant);
            types.push((scope.claim(&variant_of(&ty)), ty));
        }
    }
    Kind::Union { tag: tag(root, schema, &types), types }
}

/// The type past other names for it: a union offers each type once.
fn meaning(root: &Value, ty: &TypeRef, depth: usize) -> TypeRef {
    match ty {
        TypeRef::Named(name) => match resolve(root, &format!("#/components/schemas/{name}")) {
            Some(schema) if !is_type(schema) && depth < 64 => meaning(root, type_ref(schema).present(), depth + 1),
            _ => ty.clone(),
        },
        TypeRef::List(of) => TypeRef::List(Box::new(meaning(root, of, depth + 1))),
        TypeRef::Map(of) => TypeRef::Map(Box::new(meaning(root, of, depth + 1))),
        TypeRef::Optional(of) | TypeRef::Boxed(of) => meaning(root, of, depth + 1),
        scalar => scalar.clone(),
    }
}

fn variant_of(ty: &TypeRef) -> String {
    match ty {
        TypeRef::Text => "Text".to_owned(),
        TypeRef::Bool => "Boolean".to_owned(),
        TypeRef::Int => "Integer".to_owned(),
        TypeRef::Float => "Number".to_owned(),
        TypeRef::Any => "Any".to_owned(),
        TypeRef::Named(name) => pascal(name),
        TypeRef::List(of) => format!("{}List", variant_of(of)),
        TypeRef::Map(of) => format!("{}Map", variant_of(of)),
        TypeRef::Optional(of) | TypeRef::Boxed(of) => variant_of(of),
    }
}

/// A discriminator: its mapping, or else the values that each type lists for that member.
fn tag(root: &Value, schema: &Value, types: &[(String, TypeRef)]) -> Option<Tag> {
    let discriminator = schema.get("discriminator")?;
    let member = discriminator.get("propertyName")?.as_str()?.to_owned();
    let index_of = |target: &str| types.iter().position(|(_, ty)| ty.names() == Some(target));
    let mut values = Vec::new();
    for (value, target) in discriminator.get("mapping").and_then(Value::as_object).into_iter().flatten() {
        let target = target.as_str().and_then(|target| target.rsplit('/').next());
        values.extend(target.and_then(index_of).map(|index| (value.clone(), index)));
    }
    if values.is_empty() {
        for (index, (_, ty)) in types.iter().enumerate() {
            let Some(record) = ty.names().and_then(|name| resolve(root, &format!("#/components/schemas/{name}")))
            else {
                continue;
            };
            let Some(mut listed) = record.get("properties").and_then(|members| members.get(&member)) else { continue };
            if let Some(target) =
                listed.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(root, reference))
            {
                listed = target;
            }
            let listed = listed.get("enum").and_then(Value::as_array).into_iter().flatten();
            values.extend(listed.filter_map(Value::as_str).map(|value| (value.to_owned(), index)));
        }
    }
    // A value that two types list tells nothing.
    let all = values.clone();
    values.retain(|(value, index)| all.iter().all(|(other, at)| other != value || at == index));
    values.dedup();
    Some(Tag { member, values })
}
