//! What progenitor's type space says of each member: it reads the normalized schemas, and we read the types it made.
//!
//! Enums and unions are told to it as types that exist already: its own are closed, and fail on a new value.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor::{GenerationSettings, Generator, TypeImpl};
use serde_json::{Map, Value, json};

use super::{docs, is_deprecated};
use crate::diagnostic::Diagnostic;
use crate::model::{Field, TypeRef};
use crate::names::{Scope, snake};
use crate::normalize::{component_of, reference_to};
use crate::source::Document;

/// progenitor's view of the schemas, by type name.
pub(super) struct TypeSpace {
    records: BTreeMap<String, Vec<TypeRef>>,
}

impl TypeSpace {
    pub(super) fn read(document: &Document, schemas: &Map<String, Value>) -> Result<Self, Box<Diagnostic>> {
        let fail = |message: String| {
            let help = "see which schema is meant with `qlik-codegen explain`, and mend it by an overlay in `fixes/`";
            Box::new(document.at("/components/schemas", message, help))
        };
        let names = Names(schemas.keys().collect());
        let components: Map<String, Value> = schemas
            .values()
            .enumerate()
            .map(|(index, schema)| (Names::stand_in(index), for_progenitor(schema, &names)))
            .collect();
        let openapi: openapiv3::OpenAPI = serde_json::from_value(json!({
            "openapi": "3.0.3",
            "info": { "title": "types", "version": "0" },
            "paths": {},
            "components": { "schemas": components },
        }))
        .map_err(|error| fail(format!("a schema is not what OpenAPI 3.0 allows: {error}")))?;

        let mut settings = GenerationSettings::default();
        for (index, _) in schemas.values().enumerate().filter(|(_, schema)| is_choice(schema)) {
            let name = Names::stand_in(index);
            settings.with_replacement(&name, &name, [TypeImpl::Default].into_iter());
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
                let members = details.properties_info().map(|member| lowered(space, &names, &member.type_id)).collect();
                records.insert(names.meant(&ty.name()), members);
            }
        }
        Ok(TypeSpace { records })
    }

    /// The fields of a record; progenitor lists them in the order of their stand-ins, which is the description's.
    pub(super) fn record(
        &self,
        document: &Document,
        name: &str,
        schema: &Value,
    ) -> Result<Vec<Field>, Box<Diagnostic>> {
        let none = Map::new();
        let members = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let types = self.records.get(name).filter(|types| types.len() == members.len()).ok_or_else(|| {
            let message = format!("progenitor made no record of the schema `{name}`");
            Box::new(document.at(&format!("/components/schemas/{name}"), message, "see `qlik-codegen explain`"))
        })?;
        let required = schema.get("required").and_then(Value::as_array);
        let mut scope = Scope::with(&["extra"]);
        Ok(members
            .iter()
            .zip(types)
            .map(|((wire, member), ty)| {
                let ty = ty.present().clone();
                let demanded = required.is_some_and(|names| names.iter().any(|name| name == wire.as_str()));
                // A record that holds itself has an end only if the inner one may be absent.
                let optional = !demanded || matches!(ty, TypeRef::Boxed(_));
                let ty = if optional { ty.optional() } else { ty };
                let deprecated = is_deprecated(member);
                Field { name: scope.claim(&snake(wire)), wire: wire.clone(), ty, docs: docs(member), deprecated }
            })
            .collect())
    }
}

/// Plain names that progenitor finds nothing to change in, and what they stand for.
struct Names<'a>(Vec<&'a String>);

impl Names<'_> {
    fn stand_in(index: usize) -> String {
        format!("T{index}")
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|known| *known == name)
    }

    fn meant(&self, stand_in: &str) -> String {
        let index = stand_in.strip_prefix('T').and_then(|index| index.parse::<usize>().ok());
        index.and_then(|index| self.0.get(index)).map_or_else(|| stand_in.to_owned(), |name| (*name).clone())
    }
}

/// A component as progenitor is to see it: enums and unions are opaque, words and our own members are gone.
fn for_progenitor(schema: &Value, names: &Names) -> Value {
    if is_choice(schema) {
        return json!({ "type": "string" });
    }
    let mut schema = schema.clone();
    strip(&mut schema, names);
    number_members(&mut schema);
    schema
}

/// progenitor sorts members by the Rust names it makes of them: numbers in place of names keep the description's order.
fn number_members(schema: &mut Value) {
    let number = |index: usize| format!("m{index:06}");
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    let old = std::mem::take(members);
    let numbers: BTreeMap<String, String> =
        old.keys().enumerate().map(|(index, name)| (name.clone(), number(index))).collect();
    members.extend(old.into_iter().enumerate().map(|(index, (_, member))| (number(index), member)));
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        for name in required {
            if let Some(number) = name.as_str().and_then(|name| numbers.get(name)) {
                *name = number.as_str().into();
            }
        }
    }
}

fn is_choice(schema: &Value) -> bool {
    schema.get("enum").is_some() || schema.get("oneOf").is_some()
}

fn strip(schema: &mut Value, names: &Names) {
    let target =
        component_of(schema).and_then(|name| names.index(name)).map(|index| reference_to(&Names::stand_in(index)));
    let Some(keywords) = schema.as_object_mut() else { return };
    if let Some(reference) = target.and_then(|mut target| target.get_mut("$ref").map(Value::take)) {
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
            ("properties", Value::Object(members)) => members.values_mut().for_each(|member| strip(member, names)),
            ("items" | "additionalProperties", inner) => strip(inner, names),
            _ => {}
        }
    }
}

/// progenitor's type in our terms.
fn lowered(space: &typify::TypeSpace, names: &Names, id: &typify::TypeId) -> TypeRef {
    use typify::TypeDetails;
    let Ok(ty) = space.get_type(id) else { return TypeRef::Any };
    match ty.details() {
        TypeDetails::Enum(_) | TypeDetails::Struct(_) | TypeDetails::Newtype(_) => {
            TypeRef::Named(names.meant(&ty.name()))
        }
        TypeDetails::Option(inner) => lowered(space, names, &inner).optional(),
        TypeDetails::Vec(item) | TypeDetails::Set(item) | TypeDetails::Array(item, _) => {
            TypeRef::List(Box::new(lowered(space, names, &item)))
        }
        TypeDetails::Map(_, value) => TypeRef::Map(Box::new(lowered(space, names, &value))),
        TypeDetails::Box(inner) => match lowered(space, names, &inner) {
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
        TypeDetails::Builtin(name) => TypeRef::Named(names.meant(name.rsplit("::").next().unwrap_or(name))),
        TypeDetails::Tuple(_) | TypeDetails::Unit => TypeRef::Any,
    }
}
