//! The types of an API: progenitor reads the normalized schemas, and its type space says what each member is.
//!
//! Enums and unions are told to progenitor as types that exist already: its own are closed, and fail on a new value.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor::{GenerationSettings, Generator, TypeImpl};
use serde_json::{Map, Value, json};

use super::docs;
use crate::diagnostic::Diagnostic;
use crate::model::{Field, Kind, Tag, TypeDef, TypeRef, Variant};
use crate::names::{Scope, pascal, snake, variant};
use crate::normalize::resolve;
use crate::source::Document;

/// Lowers every component.
pub(super) fn types(document: &Document, root: &Value) -> Result<Vec<TypeDef>, Vec<Diagnostic>> {
    let none = Map::new();
    let schemas = root.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&none);
    let space = TypeSpace::read(document, schemas).map_err(|diagnostic| vec![*diagnostic])?;
    let mut defs: Vec<TypeDef> = Vec::new();
    for (name, schema) in schemas {
        let kind = if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            Kind::OpenEnum(variants(values))
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

pub(super) fn variants(values: &[Value]) -> Vec<Variant> {
    let mut scope = Scope::with(&["Unrecognized"]);
    let texts = values.iter().filter_map(Value::as_str);
    texts
        .map(|wire| Variant { name: scope.claim(&variant(wire)), wire: wire.to_owned(), alias: String::new() })
        .collect()
}

fn union(root: &Value, schema: &Value, branches: &[Value]) -> Kind {
    let mut scope = Scope::with(&["Unrecognized"]);
    let mut types: Vec<(String, TypeRef)> = Vec::new();
    for branch in branches {
        let ty = type_ref(branch).present().clone();
        if !types.iter().any(|(_, known)| *known == ty) {
            types.push((scope.claim(&variant_of(&ty)), ty));
        }
    }
    Kind::Union { tag: tag(root, schema, &types), types }
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

/// progenitor's view of the schemas, by type name.
struct TypeSpace {
    records: BTreeMap<String, Vec<TypeRef>>,
}

impl TypeSpace {
    fn read(document: &Document, schemas: &Map<String, Value>) -> Result<Self, Box<Diagnostic>> {
        let fail = |message: String| {
            let help = "see which schema is meant with `qlik-codegen explain`, and mend it by an overlay in `fixes/`";
            Box::new(document.at("/components/schemas", message, help))
        };
        let components: Map<String, Value> =
            schemas.iter().map(|(name, schema)| (name.clone(), for_progenitor(schema))).collect();
        let openapi: openapiv3::OpenAPI = serde_json::from_value(json!({
            "openapi": "3.0.3",
            "info": { "title": "types", "version": "0" },
            "paths": {},
            "components": { "schemas": components },
        }))
        .map_err(|error| fail(format!("a schema is not what OpenAPI 3.0 allows: {error}")))?;

        let mut settings = GenerationSettings::default();
        for (name, _) in schemas.iter().filter(|(_, schema)| schema.get("enum").or(schema.get("oneOf")).is_some()) {
            settings.with_replacement(name, name, [TypeImpl::Default].into_iter());
        }
        let mut generator = Generator::new(&settings);
        // progenitor panics on some documents; a build script should point at the file instead.
        let generated = catch_unwind(AssertUnwindSafe(|| generator.generate_tokens(&openapi).map(drop)));
        match generated {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(fail(format!("progenitor cannot make types of it: {error}"))),
            Err(_) => return Err(fail("progenitor gave up on it".to_owned())),
        }
        let space = generator.get_type_space();
        let mut records = BTreeMap::new();
        for ty in space.iter_types() {
            if let typify::TypeDetails::Struct(details) = ty.details() {
                let members = details.properties_info().map(|member| lowered(space, &member.type_id)).collect();
                records.insert(ty.name(), members);
            }
        }
        Ok(TypeSpace { records })
    }

    /// The fields of a record; progenitor lists them in the order of their wire names.
    fn record(&self, document: &Document, name: &str, schema: &Value) -> Result<Vec<Field>, Box<Diagnostic>> {
        let none = Map::new();
        let members = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let mut sorted: Vec<&String> = members.keys().collect();
        sorted.sort();
        let types = self.records.get(name).filter(|types| types.len() == sorted.len()).ok_or_else(|| {
            let message = format!("progenitor made no record of the schema `{name}`");
            Box::new(document.at(&format!("/components/schemas/{name}"), message, "see `qlik-codegen explain`"))
        })?;
        let types: BTreeMap<&String, &TypeRef> = sorted.into_iter().zip(types).collect();
        let required = schema.get("required").and_then(Value::as_array);
        let mut scope = Scope::with(&["extra"]);
        Ok(members
            .iter()
            .map(|(wire, member)| {
                let ty = types[wire].present().clone();
                let demanded = required.is_some_and(|names| names.iter().any(|name| name == wire.as_str()));
                // A record that holds itself has an end only if the inner one may be absent.
                let optional = !demanded || matches!(ty, TypeRef::Boxed(_));
                let ty = if optional { ty.optional() } else { ty };
                Field { name: scope.claim(&snake(wire)), wire: wire.clone(), ty, docs: docs(member) }
            })
            .collect())
    }
}

/// A component as progenitor is to see it: enums and unions are opaque, words and our own members are gone.
fn for_progenitor(schema: &Value) -> Value {
    if schema.get("enum").or(schema.get("oneOf")).is_some() {
        return json!({ "type": "string" });
    }
    let mut schema = schema.clone();
    strip(&mut schema);
    schema
}

fn strip(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    if let Some(reference) = keywords.get("$ref").cloned() {
        let nullable = keywords.get("nullable").cloned();
        keywords.clear();
        match nullable {
            // Only what is not a reference may be nullable.
            Some(nullable) => keywords
                .extend([("allOf".to_owned(), json!([{ "$ref": reference }])), ("nullable".to_owned(), nullable)]),
            None => keywords.extend([("$ref".to_owned(), reference)]),
        }
        return;
    }
    keywords.retain(|key, _| !key.starts_with("x-") && key != "description");
    for (key, value) in keywords {
        match (key.as_str(), value) {
            ("properties", Value::Object(members)) => members.values_mut().for_each(strip),
            ("items" | "additionalProperties", inner) => strip(inner),
            _ => {}
        }
    }
}

/// progenitor's type in our terms.
fn lowered(space: &typify::TypeSpace, id: &typify::TypeId) -> TypeRef {
    use typify::TypeDetails;
    let Ok(ty) = space.get_type(id) else { return TypeRef::Any };
    match ty.details() {
        TypeDetails::Enum(_) | TypeDetails::Struct(_) | TypeDetails::Newtype(_) => TypeRef::Named(ty.name()),
        TypeDetails::Option(inner) => lowered(space, &inner).optional(),
        TypeDetails::Vec(item) | TypeDetails::Set(item) | TypeDetails::Array(item, _) => {
            TypeRef::List(Box::new(lowered(space, &item)))
        }
        TypeDetails::Map(_, value) => TypeRef::Map(Box::new(lowered(space, &value))),
        TypeDetails::Box(inner) => match lowered(space, &inner) {
            TypeRef::Optional(inner) => TypeRef::Boxed(inner).optional(),
            inner => TypeRef::Boxed(Box::new(inner)),
        },
        TypeDetails::String => TypeRef::Text,
        TypeDetails::Builtin("bool") => TypeRef::Bool,
        TypeDetails::Builtin("f64" | "f32") => TypeRef::Float,
        TypeDetails::Builtin(name) if name.contains("serde_json") => match name {
            name if name.contains("Map") => TypeRef::Map(Box::new(TypeRef::Any)),
            _ => TypeRef::Any,
        },
        TypeDetails::Builtin(name) if name.starts_with(['i', 'u']) && name[1..].parse::<u8>().is_ok() => TypeRef::Int,
        TypeDetails::Builtin(name) => TypeRef::Named(name.rsplit("::").next().unwrap_or(name).to_owned()),
        TypeDetails::Tuple(_) | TypeDetails::Unit => TypeRef::Any,
    }
}
