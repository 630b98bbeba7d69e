//! The Engine's schema: classes with their methods, and the types that these pass.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::circles::break_circles;
use super::{deprecation, docs, example, is_deprecated};
use crate::diagnostic::Diagnostic;
use crate::model::{Class, Engine, Field, Kind, Method, MethodParam, Returns, TypeDef, TypeRef, Variant};
use crate::names::{Scope, snake, type_name, variant};
use crate::normalize::resolve;
use crate::source::{Document, pointer_step};

/// Names that an emitted proxy has of its own.
const PROXY_METHODS: &[&str] = &["handle", "new"];
const CALL_METHODS: &[&str] = &["call", "into_future", "timeout"];

/// Lowers the OpenRPC document.
pub fn engine(document: &Document) -> Result<Engine, Vec<Diagnostic>> {
    let root = &document.value;
    let none = Map::new();
    let schemas = root.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&none);
    let mut scope = Scope::default();
    let names = schemas.keys().map(|wire| (wire.clone(), scope.claim(&type_name(wire)))).collect();
    let mut lowering = Lowering {
        document,
        found: Vec::new(),
        names: Names(names),
        types: scope,
        results: Vec::new(),
        classes: BTreeMap::new(),
    };
    let mut types: Vec<TypeDef> = schemas.iter().map(|(wire, schema)| lowering.schema(wire, schema)).collect();
    match root.get("methods").and_then(Value::as_array) {
        Some(methods) => methods.iter().enumerate().for_each(|(index, method)| lowering.method(index, method)),
        None => {
            lowering.complain("", "there are no `methods`", "an OpenRPC document lists its methods under `methods`")
        }
    }
    lowering.returned_classes();
    lowering.references(root, &mut String::new());
    if !lowering.found.is_empty() {
        return Err(lowering.found);
    }
    types.append(&mut lowering.results);
    break_circles(&mut types);
    let words = root.get("x-qlik-classes");
    let classes = lowering.classes.into_iter().map(|(name, methods)| {
        let words = words.and_then(|words| words.get(&name)).and_then(Value::as_str);
        Class {
            docs: words.into_iter().map(str::to_owned).collect(),
            name,
            methods: methods.into_iter().map(|(_, m)| m).collect(),
        }
    });
    let version = root.pointer("/info/version").and_then(Value::as_str).and_then(|version| version.lines().next());
    let version = version.unwrap_or_default().to_owned();
    Ok(Engine { version, classes: classes.collect(), types, errors: errors(root) })
}

struct Lowering<'a> {
    document: &'a Document,
    found: Vec<Diagnostic>,
    /// The names of the schemas, and all names of types.
    names: Names,
    types: Scope,
    /// The records of methods with several out-parameters.
    results: Vec<TypeDef>,
    /// The methods of each class, with their places in the document.
    classes: BTreeMap<String, Vec<(String, Method)>>,
}

/// The Rust name of each schema.
struct Names(BTreeMap<String, String>);

impl Lowering<'_> {
    fn complain(&mut self, pointer: &str, message: impl Into<String>, help: &str) {
        self.found.push(self.document.at(pointer, message, help));
    }

    /// Every reference has to lead somewhere in the document.
    fn references(&mut self, node: &Value, pointer: &mut String) {
        if let Some(reference) = node.get("$ref").and_then(Value::as_str)
            && resolve(&self.document.value, reference).is_none()
        {
            let help = "add what it means to the document, or correct the reference by an overlay in `fixes/`";
            self.complain(pointer, format!("`{reference}` points nowhere"), help);
        }
        let children: Vec<(String, &Value)> = match node {
            Value::Object(members) => members.iter().map(|(key, value)| (pointer_step(key), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
            _ => return,
        };
        for (step, child) in children {
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&step);
            self.references(child, pointer);
            pointer.truncate(length);
        }
    }

    /// A method that gives an object has to name the class of it.
    fn returned_classes(&mut self) {
        let mut wrong = Vec::new();
        for (class, methods) in &self.classes {
            for (pointer, method) in methods {
                if let Returns::Object { class: returned } = &method.returns
                    && !self.classes.contains_key(returned)
                {
                    let message =
                        format!("{class}.{} returns the class `{returned}`, which has no methods", method.wire);
                    wrong.push((format!("{pointer}/x-qlik-class"), message));
                }
            }
        }
        for (pointer, message) in wrong {
            self.complain(
                &pointer,
                message,
                "name one of the classes, by the overlay `shape/engine.yaml` if the file is imported",
            );
        }
    }

    fn schema(&mut self, wire: &str, schema: &Value) -> TypeDef {
        let name = self.names.0.get(wire).cloned().unwrap_or_default();
        let kind = if let Some(constants) = schema.get("oneOf").and_then(Value::as_array) {
            Kind::OpenEnum(variants(constants))
        } else if schema.get("type").is_some_and(|ty| ty == "object") && wire != "JsonObject" {
            Kind::Record(self.names.fields(schema))
        } else if wire == "JsonObject" {
            Kind::Alias(TypeRef::Any)
        } else {
            Kind::Alias(self.names.type_ref(schema))
        };
        TypeDef { name, wire: wire.to_owned(), docs: docs(schema), kind }
    }

    fn method(&mut self, index: usize, method: &Value) {
        let pointer = format!("/methods/{index}");
        let full = method.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some((class, wire)) = full.split_once('.').filter(|(class, wire)| is_name(class) && is_name(wire)) else {
            self.complain(&pointer, format!("the method `{full}` names no class"), "methods are called `Class.Method`");
            return;
        };
        let mut scope = Scope::with(CALL_METHODS);
        let params = method.get("params").and_then(Value::as_array).into_iter().flatten().map(|param| {
            let wire = param.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            MethodParam {
                name: scope.claim(&snake(bare(&wire))),
                ty: param.get("schema").map_or(TypeRef::Any, |schema| self.names.type_ref(schema)),
                required: param.get("required") == Some(&Value::Bool(true)),
                docs: docs(param),
                wire,
            }
        });
        let params = params.collect();
        let returns = self.returns(class, wire, method);
        let methods = self.classes.entry(class.to_owned()).or_default();
        if methods.iter().any(|(_, known)| known.wire == wire) {
            self.complain(&pointer, format!("the method `{full}` is described twice"), "keep one of the two");
            return;
        }
        let mut taken = Scope::with(PROXY_METHODS);
        methods.iter().for_each(|(_, known)| drop(taken.claim(&known.name)));
        let name = taken.claim(&snake(wire));
        let lowered = Method {
            name,
            docs: docs(method),
            deprecated: deprecation(method),
            rights: rights(method),
            example: example(method),
            returned: returned(method),
            stability: method.get("x-qlik-stability").and_then(Value::as_str).map(str::to_owned),
            params,
            returns,
            wire: wire.to_owned(),
        };
        methods.push((pointer, lowered));
    }

    fn returns(&mut self, class: &str, wire: &str, method: &Value) -> Returns {
        if let Some(class) = method.get("x-qlik-class").and_then(Value::as_str) {
            return Returns::Object { class: class.to_owned() };
        }
        let none = Map::new();
        let result = method.pointer("/result/schema");
        let outs = result.and_then(|result| result.get("properties")).and_then(Value::as_object).unwrap_or(&none);
        let mut all = outs.iter();
        match (all.next(), all.next()) {
            (None, _) => Returns::Nothing,
            (Some((out, schema)), None) => Returns::Value { out: out.clone(), ty: self.names.type_ref(schema) },
            _ => {
                let name = self.types.claim(&type_name(&format!("{wire}Result")));
                let words = format!("What `{class}.{wire}` gives.");
                let kind = Kind::Record(result.map(|result| self.names.fields(result)).unwrap_or_default());
                self.results.push(TypeDef { name: name.clone(), wire: name.clone(), docs: vec![words], kind });
                Returns::Values { ty: name }
            }
        }
    }
}

impl Names {
    /// The fields of an object; every member may be absent. Members that only some objects have are listed by the schema as
    /// alternatives of `additionalProperties`: they are fields like the others.
    fn fields(&self, schema: &Value) -> Vec<Field> {
        let listed = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let dynamic = schema.pointer("/additionalProperties/anyOf").and_then(Value::as_array).into_iter().flatten();
        let dynamic = dynamic.filter_map(|entry| {
            let name = entry.get("name").and_then(Value::as_str)?;
            Some((name, entry.get("schema").unwrap_or(entry)))
        });
        let mut scope = Scope::with(&["extra"]);
        let mut fields: Vec<Field> = Vec::new();
        for (wire, member) in listed.map(|(name, member)| (name.as_str(), member)).chain(dynamic) {
            if fields.iter().any(|field| field.wire == wire) {
                continue;
            }
            let name = scope.claim(&snake(bare(wire)));
            fields.push(Field {
                name,
                wire: wire.to_owned(),
                ty: self.type_ref(member).optional(),
                docs: docs(member),
                deprecated: is_deprecated(member),
            });
        }
        fields
    }

    fn type_ref(&self, schema: &Value) -> TypeRef {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let wire = reference.rsplit('/').next().unwrap_or_default();
            return TypeRef::Named(self.0.get(wire).cloned().unwrap_or_else(|| type_name(wire)));
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => TypeRef::Text,
            Some("boolean") => TypeRef::Bool,
            Some("integer") => TypeRef::Int,
            Some("number") => TypeRef::Float,
            Some("array") => {
                TypeRef::List(Box::new(schema.get("items").map_or(TypeRef::Any, |items| self.type_ref(items))))
            }
            _ => TypeRef::Any,
        }
    }
}

/// A name without the `q` that the Engine puts in front of every name.
fn bare(wire: &str) -> &str {
    wire.strip_prefix('q').filter(|rest| !rest.is_empty()).unwrap_or(wire)
}

/// Whether a class or a method can be called that.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The constants of an enum: `title` is what the wire has, `description` the long name that the Engine takes as well.
fn variants(constants: &[Value]) -> Vec<Variant> {
    let mut scope = Scope::with(&["Unrecognized"]);
    let text = |constant: &Value, key: &str| constant.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let lowered = constants.iter().map(|constant| {
        let (wire, long) = (text(constant, "title"), text(constant, "description"));
        let alias = if long == wire { String::new() } else { long };
        let words = constant.get("summary").and_then(Value::as_str);
        let docs = words.into_iter().map(str::to_owned).collect();
        Variant { name: scope.claim(&variant(&wire)), wire, alias, docs }
    });
    lowered.collect()
}

/// What the user may have to be allowed to do with the app.
fn rights(method: &Value) -> Vec<String> {
    let rights = method.get("x-qlik-access-control").and_then(Value::as_array).into_iter().flatten();
    rights.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The words for the one out-parameter of a method.
fn returned(method: &Value) -> Vec<String> {
    let outs = method.pointer("/result/schema/properties").and_then(Value::as_object);
    let mut outs = outs.into_iter().flat_map(|outs| outs.values());
    match (outs.next(), outs.next()) {
        (Some(only), None) => docs(only),
        _ => Vec::new(),
    }
}

fn errors(root: &Value) -> Vec<(String, i64)> {
    let entries = root.pointer("/components/errors").and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, error)| Some((name.clone(), error.get("code")?.as_i64()?))).collect()
}
