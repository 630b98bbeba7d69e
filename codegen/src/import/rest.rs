//! Imports one REST description: checks that it is OpenAPI 3.0, keeps its facts, names its operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::facts::{Facts, facts, kind};
use super::names::{NameList, by_rule};
use super::openapi;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Document, pointer_step};

/// A description, imported.
pub(super) struct Imported {
    pub(super) value: Value,
    pub(super) operations: usize,
    pub(super) schemas: usize,
    /// Operations that are on no list, with the names that they got.
    pub(super) off_list: Diagnostics,
    pub(super) unknown: Diagnostics,
}

/// Imports `document`. With a list, each name comes from it or from the rule; without one, the document's own
/// operationIds stay.
pub(super) fn import(document: &Document, names: Option<&NameList>) -> Result<Imported, Diagnostics> {
    check_version(document).map_err(|error| vec![error])?;
    let Facts { mut value, unknown } = facts(document, &openapi::DOCUMENT)?;
    let off_list = name_operations(document, &mut value, names)?;
    let schemas = value.pointer("/components/schemas").and_then(Value::as_object).map_or(0, Map::len);
    let operations = operations(&mut value).count();
    Ok(Imported { value, operations, schemas, off_list, unknown })
}

fn check_version(document: &Document) -> Result<(), Diagnostic> {
    const HELP: &str = "an OpenAPI 3.0 document in JSON is expected";
    let Some(root) = document.value.as_object() else {
        let message = format!("not an OpenAPI document: it is {}", kind(&document.value));
        return Err(document.at("", message, HELP));
    };
    if root.contains_key("swagger") {
        let help = "convert it to OpenAPI 3.0 first";
        return Err(document.at("/swagger", "this is Swagger 2.0; only OpenAPI 3.0 is read", help));
    }
    if root.contains_key("openrpc") {
        let message = "this is an OpenRPC document; only OpenAPI 3.0 is read here";
        return Err(document.at("/openrpc", message, "use `import engine` for the Engine's description"));
    }
    match root.get("openapi") {
        None => Err(document.at("", "not an OpenAPI document: it has no member `openapi`", HELP)),
        Some(Value::String(version)) if version == "3.0" || version.starts_with("3.0.") => Ok(()),
        Some(Value::String(version)) => Err(document.at(
            "/openapi",
            format!("this is OpenAPI {version}; only 3.0 is read"),
            "get the 3.0 form of the document, or convert it: 3.1 says null and examples in other ways",
        )),
        Some(other) => {
            let message = format!("the version of OpenAPI must be a string, this is {}", kind(other));
            Err(document.at("/openapi", message, HELP))
        }
    }
}

/// Every operation: path, method, members.
fn operations(value: &mut Value) -> impl Iterator<Item = (&String, &String, &mut Map<String, Value>)> {
    let paths = value.get_mut("paths").and_then(Value::as_object_mut);
    let paths = paths.into_iter().flatten().filter_map(|(path, item)| Some((path, item.as_object_mut()?)));
    paths.flat_map(|(path, item)| {
        item.iter_mut().filter_map(move |(method, operation)| {
            let is_operation = openapi::METHODS.contains(&method.as_str());
            operation.as_object_mut().filter(|_| is_operation).map(|operation| (path, method, operation))
        })
    })
}

fn name_operations(
    document: &Document,
    value: &mut Value,
    names: Option<&NameList>,
) -> Result<Diagnostics, Diagnostics> {
    let mut off_list = Vec::new();
    let mut errors = Vec::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let known = |method: &str, path: &str, operation: &Map<String, Value>| match names {
        Some(names) => names.get(method, path).map(str::to_owned),
        None => operation.get("operationId").and_then(Value::as_str).map(str::to_owned),
    };
    // the names that the rule must leave alone, whatever comes first in the document
    let taken: BTreeSet<String> = operations(value).filter_map(|(path, method, it)| known(method, path, it)).collect();
    for (path, method, operation) in operations(value) {
        let pointer = format!("/paths/{}/{method}", pointer_step(path));
        let called = format!("{} {path}", method.to_uppercase());
        let name = known(method, path, operation).unwrap_or_else(|| {
            let name = by_rule(method, path, |name| taken.contains(name) || owners.contains_key(name));
            let message = format!("{called} is on no list of names; it is called `{name}`, by the rule");
            let help = "add it to the list if Qlik has another name for it";
            off_list.push(document.at(&pointer, message, help));
            name
        });
        if let Some(other) = owners.insert(name.clone(), called.clone()) {
            errors.push(document.at(
                &pointer,
                format!("{called} and {other} are both called `{name}`"),
                "give one of them another name, in the list of names",
            ));
        }
        operation.shift_remove("operationId");
        operation.shift_insert(0, "operationId".to_owned(), name.into());
        errors.extend(parameters_twice(document, &pointer, operation));
    }
    if errors.is_empty() { Ok(off_list) } else { Err(errors) }
}

fn parameters_twice(document: &Document, pointer: &str, operation: &Map<String, Value>) -> Diagnostics {
    let parameters = operation.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let key = |parameter: &Value| {
        let reference = parameter.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        let parameter = reference.and_then(|pointer| document.value.pointer(pointer)).unwrap_or(parameter);
        Some((parameter.get("in")?.as_str()?.to_owned(), parameter.get("name")?.as_str()?.to_owned()))
    };
    let keys: Vec<_> = parameters.iter().map(key).collect();
    let twice = keys.iter().enumerate().filter_map(|(index, key)| {
        let (place, name) = key.as_ref()?;
        keys.iter().take(index).any(|earlier| earlier == &Some((place.clone(), name.clone()))).then(|| {
            let message = format!("the {place} parameter `{name}` stands twice in this operation");
            document.at(&format!("{pointer}/parameters/{index}"), message, "keep one of the two")
        })
    });
    twice.collect()
}
