//! A call of every operation with values by name, for tests: no part of the crate, included by whoever defines what a
//! `Row` is and what is `given`.

use std::fmt::Write as _;

use super::{File, Scope, type_tokens};
use crate::model::{Api, Body, Operation, Param, PartKind, Place, TypeRef};
use crate::names::snake;

/// A table of operations, each with a function that calls it: `call: |qlik, given| ...`, where `given.need::<T>(NAME)`
/// is a value that there must be, `given.get::<T>(NAME)` one that there may be (bytes: `need_bytes`, `get_bytes`), and
/// `given.send(call)` sends. Values are named by their place, as `path itemId`, `query limit`, `header If-Match`, `part File`, `body`.
pub fn calls(apis: &[Api]) -> File {
    let mut text = String::from("// generated: a call of every operation, for tests\nstatic ROWS: &[Row] = &[\n");
    for (api, operation) in apis.iter().flat_map(|api| api.operations.iter().map(move |operation| (api, operation))) {
        let Operation { name, verb, path, .. } = operation;
        let (api, name) = (&api.name, name);
        let _ = writeln!(
            text,
            "    Row {{ api: {api:?}, name: {name:?}, verb: {verb:?}, path: {path:?}, call: |qlik, given| {{"
        );
        call(&mut text, &snake(api), operation);
        text.push_str("    } },\n");
    }
    text.push_str("];\n");
    File { path: "operations.rs".to_owned(), text }
}

fn call(text: &mut String, module: &str, operation: &Operation) {
    let values = values(module, operation);
    let demanded: Vec<String> = values.iter().filter(|value| value.required).map(|value| value.taken("need")).collect();
    let optional: Vec<&Value> = values.iter().filter(|value| !value.required).collect();
    let bind = if optional.is_empty() { "let call" } else { "let mut call" };
    let _ = writeln!(text, "        {bind} = qlik.{module}().{}({});", operation.method, demanded.join(", "));
    for value in &optional {
        let Value { key, setter, borrowed, .. } = value;
        let sign = if *borrowed { "&" } else { "" };
        let get = value.of("get");
        let _ = writeln!(
            text,
            "        if let Some(value) = given.{get}({key:?}) {{ call = call.{setter}({sign}value); }}"
        );
    }
    let whole = if optional.is_empty() { "call" } else { "call.call()" };
    let _ = writeln!(text, "        given.send({whole})");
}

/// A value that a call takes, as an argument or by a setter.
struct Value {
    key: String,
    ty: Option<String>,
    setter: String,
    borrowed: bool,
    required: bool,
}

impl Value {
    fn taken(&self, how: &str) -> String {
        let sign = if self.borrowed { "&" } else { "" };
        format!("{sign}given.{}({:?})", self.of(how), self.key)
    }

    /// The function that gives it; bytes are given apart, for they are no type of the description.
    fn of(&self, how: &str) -> String {
        match &self.ty {
            Some(ty) => format!("{how}::<{ty}>"),
            None => format!("{how}_bytes"),
        }
    }
}

/// The values of an operation, in the order of its arguments.
fn values(module: &str, operation: &Operation) -> Vec<Value> {
    let mut values: Vec<Value> = operation.params.iter().map(|param| of_param(module, param)).collect();
    let mut add = |key: String, ty: Option<String>, setter: &str, borrowed, required| {
        values.push(Value { key, ty, setter: setter.to_owned(), borrowed, required });
    };
    match &operation.body {
        Body::None => {}
        Body::Json { ty, required, .. } | Body::Form { ty, required } => {
            add("body".to_owned(), Some(typed(module, ty)), "body", true, *required);
        }
        Body::Bytes { required, .. } => add("body".to_owned(), None, "body", false, *required),
        Body::Multipart { parts } => {
            for part in parts {
                let (ty, borrowed) = match &part.kind {
                    PartKind::File => (None, false),
                    PartKind::Json(ty) => (Some(typed(module, ty)), true),
                    PartKind::Text(ty) => (Some(typed(module, ty)), *ty == TypeRef::Text),
                };
                add(format!("part {}", part.wire), ty, &part.name, borrowed, part.required);
            }
        }
    }
    values
}

fn of_param(module: &str, param: &Param) -> Value {
    let place = match param.place {
        Place::Path | Place::PathSlashed => "path",
        Place::Query | Place::QueryEach | Place::QueryJoined(_) => "query",
        Place::Header => "header",
    };
    Value {
        key: format!("{place} {}", param.wire),
        ty: Some(typed(module, &param.ty)),
        setter: param.name.clone(),
        borrowed: param.ty == TypeRef::Text,
        required: param.required,
    }
}

fn typed(module: &str, ty: &TypeRef) -> String {
    let tokens = type_tokens(ty, Scope::Api).to_string().replace(' ', "");
    tokens.replace("types::", &format!("qlik::rest::{module}::types::"))
}
