//! JSON schemas of generated types, told from the same tables that read and write them.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::table::members;
use super::{OpenEnum, Record, Union};

/// The schema of a record: its members, and which of them it demands.
pub(crate) fn table<R: Record + Default>(generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (name, part) in members(&R::default()) {
        properties.insert(name.to_owned(), part.schema(generator).to_value());
        if !part.is_optional() {
            required.push(name.into());
        }
    }
    let mut schema = json_schema!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

/// The schema of an open enum: its listed values as examples of the text it takes.
pub(crate) fn open<E: OpenEnum>(_: &mut SchemaGenerator) -> Schema {
    let values: Vec<&str> = E::LISTED.iter().map(|(wire, ..)| *wire).collect();
    json_schema!({ "type": "string", "enum": values })
}

/// The schema of a union: any of its types.
pub(crate) fn one_of<U: Union>(generator: &mut SchemaGenerator) -> Schema {
    let types: Vec<Schema> = (0..U::COUNT).map(|index| U::schema_at(index, generator)).collect();
    json_schema!({ "anyOf": types })
}

/// The schema of a value that may be null instead.
pub(crate) fn nullable(schema: Schema) -> Schema {
    let null = || Value::from("null");
    let mut schema = schema.to_value();
    match schema.as_object_mut() {
        // What takes anything takes null already.
        Some(keywords) if keywords.is_empty() => {}
        Some(keywords) if !keywords.contains_key("$ref") && !keywords.contains_key("enum") => {
            match keywords.get_mut("type") {
                Some(Value::Array(types)) if types.contains(&null()) => {}
                Some(Value::Array(types)) => types.push(null()),
                Some(ty) => *ty = Value::Array(vec![ty.take(), null()]),
                None => return any_of(schema),
            }
        }
        Some(_) => return any_of(schema),
        None => {}
    }
    schema.try_into().unwrap_or_default()
}

fn any_of(schema: Value) -> Schema {
    json_schema!({ "anyOf": [schema, { "type": "null" }] })
}
