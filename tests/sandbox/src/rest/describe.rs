//! The imported descriptions: which operation a request is for, and what is said about it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value as Json, json};

/// The descriptions with their corrections, by the name of the API.
static DESCRIPTIONS: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/descriptions.rs"));

/// An API's description, read when it is first asked for.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) document: Json,
    pub(crate) operations: Vec<Operation>,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    /// The description of the operation.
    pub(crate) told: Json,
    /// What judges a JSON body.
    pub(super) body: OnceLock<Result<Validator, String>>,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: String,
    pub(crate) required: bool,
    /// The sign between the values of a list, where it is one that is sent as one value.
    pub(crate) separator: Option<char>,
    pub(crate) list: bool,
    pub(crate) schema: Json,
    pub(super) judge: OnceLock<Result<Validator, String>>,
}

/// The names of all APIs.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DESCRIPTIONS.iter().map(|(name, _)| *name)
}

/// An API by its name. Descriptions are read once per process.
pub(crate) fn api(name: &str) -> Option<Arc<Api>> {
    static READ: Mutex<BTreeMap<&str, Arc<Api>>> = Mutex::new(BTreeMap::new());
    let place = DESCRIPTIONS.binary_search_by_key(&name, |(known, _)| known).ok()?;
    let (name, text) = DESCRIPTIONS[place];
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    // The build script wrote them, and a test reads them all.
    let api = read.entry(name).or_insert_with(|| Arc::new(Api::read(serde_json::from_str(text).unwrap_or_default())));
    Some(Arc::clone(api))
}

/// The API that a path belongs to: the longest name that its segments make.
pub(crate) fn api_of(segments: &[String]) -> Option<Arc<Api>> {
    let rest = segments.strip_prefix(&["api".to_owned()]).unwrap_or(segments);
    let rest = rest.strip_prefix(&["v1".to_owned()]).unwrap_or(rest);
    (1..=rest.len().min(5)).rev().find_map(|length| api(&rest[..length].join("-")))
}

impl Api {
    fn read(document: Json) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, told) in item.as_object().into_iter().flatten().filter(|(method, _)| *method != "parameters") {
                let declared = [&item["parameters"], &told["parameters"]];
                let declared = declared.into_iter().filter_map(Json::as_array).flatten();
                operations.push(Operation {
                    id: told["operationId"].as_str().unwrap_or_default().to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: declared.map(|told| Parameter::read(&document, resolved(&document, told))).collect(),
                    told: told.clone(),
                    body: OnceLock::new(),
                });
            }
        }
        Self { document, operations }
    }

    /// The operation of a request, with the values of the path's variables; or whether the path has others.
    pub(crate) fn find(
        &self,
        method: &str,
        segments: &[String],
    ) -> Result<(&Operation, BTreeMap<String, String>), bool> {
        let mut fitting: Vec<_> = self
            .operations
            .iter()
            .filter_map(|operation| Some((operation, variables(&operation.path, segments)?)))
            .collect();
        // What is written out goes before what is variable.
        fitting.sort_by_key(|(_, variables)| variables.len());
        let others = !fitting.is_empty();
        fitting.into_iter().find(|(operation, _)| operation.method == method).ok_or(others)
    }
}

/// The values of a template's variables, if it fits. A last variable that is a path takes all that is left.
fn variables(template: &str, segments: &[String]) -> Option<BTreeMap<String, String>> {
    let parts: Vec<&str> = template.split('/').skip(1).collect();
    let mut found = BTreeMap::new();
    for (place, part) in parts.iter().enumerate() {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            if segments.get(place)? != part {
                return None;
            }
            continue;
        };
        let last = place + 1 == parts.len();
        if last && name.to_lowercase().ends_with("path") && place < segments.len() {
            found.insert(name.to_owned(), segments[place..].join("/"));
            return Some(found);
        }
        found.insert(name.to_owned(), segments.get(place).filter(|value| !value.is_empty())?.clone());
    }
    (parts.len() == segments.len()).then_some(found)
}

impl Parameter {
    fn read(document: &Json, told: &Json) -> Self {
        let schema = &told["schema"];
        let list = resolved(document, schema)["type"] == "array";
        let place = told["in"].as_str().unwrap_or_default();
        let separator = match (told["style"].as_str(), told["explode"].as_bool()) {
            (Some("spaceDelimited"), _) => Some(' '),
            (_, Some(false)) => Some(','),
            _ if place != "query" => Some(','),
            _ => None,
        };
        Self {
            name: told["name"].as_str().unwrap_or_default().to_owned(),
            place: place.to_owned(),
            required: told["required"] == true,
            separator,
            list,
            schema: schema.clone(),
            judge: OnceLock::new(),
        }
    }
}

/// What a reference leads to.
pub(crate) fn resolved<'a>(document: &'a Json, mut node: &'a Json) -> &'a Json {
    for _ in 0..16 {
        let target = node.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#'));
        match target.and_then(|pointer| document.pointer(pointer)) {
            Some(target) => node = target,
            None => break,
        }
    }
    node
}

/// A validator of a schema. In a request, what only an answer has is not demanded.
pub(crate) fn judge(document: &Json, schema: &Json, request: bool) -> Result<Validator, String> {
    let mut told = converted(document, schema, request);
    // Only the components that it leads to, for a description has hundreds.
    let mut open = Vec::new();
    references(&told, &mut open);
    let (mut seen, mut components) = (BTreeSet::new(), Map::new());
    while let Some(name) = open.pop() {
        if seen.insert(name.clone()) {
            let component = document.pointer(&format!("/components/schemas/{name}")).unwrap_or(&Json::Null);
            let component = converted(document, component, request);
            references(&component, &mut open);
            components.insert(name, component);
        }
    }
    told["components"] = json!({ "schemas": components });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7);
    options.build(&told).map_err(|error| error.to_string())
}

fn references(schema: &Json, found: &mut Vec<String>) {
    match schema {
        Json::Object(members) => {
            let target = schema.get("$ref").and_then(Json::as_str);
            let name = target.and_then(|target| target.strip_prefix("#/components/schemas/"));
            found.extend(name.and_then(|name| name.split('/').next()).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The keywords that mean the same in both languages and hold no schema.
const SAME: &str = "type enum required minimum maximum minLength maxLength minItems maxItems uniqueItems pattern \
    minProperties maxProperties multipleOf";

/// OpenAPI's schema as JSON Schema's. A value may fit several of the types that it can be one of, since the
/// descriptions' choices often overlap.
fn converted(document: &Json, schema: &Json, request: bool) -> Json {
    let Some(keywords) = schema.as_object() else { return json!({}) };
    if let Some(reference) = keywords.get("$ref") {
        return json!({ "$ref": reference });
    }
    let again = |schema: &Json| converted(document, schema, request);
    let mut told = Map::new();
    for (key, value) in keywords {
        let value = match (key.as_str(), value) {
            ("properties", Json::Object(members)) => {
                Json::Object(members.iter().map(|(name, member)| (name.clone(), again(member))).collect())
            }
            ("required", Json::Array(names)) => {
                let read_only = |name: &Json| {
                    let member = name.as_str().and_then(|name| keywords.get("properties")?.get(name));
                    member.is_some_and(|member| resolved(document, member)["readOnly"] == true)
                };
                names.iter().filter(|name| name.is_string() && !(request && read_only(name))).cloned().collect()
            }
            ("items", items) => again(items),
            ("additionalProperties", more @ Json::Object(_)) => again(more),
            ("allOf" | "anyOf", Json::Array(branches)) => branches.iter().map(again).collect(),
            ("type", kind) if kind == "file" => "string".into(),
            ("pattern", Json::String(pattern)) => plain(pattern).into(),
            (key, value) if SAME.split(' ').any(|same| same == key) => value.clone(),
            _ => continue,
        };
        told.insert(key.clone(), value);
    }
    if let Some(branches) = keywords.get("oneOf").and_then(Json::as_array) {
        let choice = match constants(branches) {
            Some(values) => json!({ "enum": values }),
            None => json!({ "anyOf": branches.iter().map(again).collect::<Vec<_>>() }),
        };
        let others = told.remove("allOf").and_then(|all| all.as_array().cloned()).unwrap_or_default();
        told.insert("allOf".to_owned(), std::iter::once(choice).chain(others).collect());
    }
    let told = Json::Object(told);
    if keywords.get("nullable") == Some(&Json::Bool(true)) {
        json!({ "anyOf": [told, { "type": "null" }] })
    } else {
        told
    }
}

/// The values of a choice whose branches are nothing but titles.
pub(super) fn constants(branches: &[Json]) -> Option<Vec<&Json>> {
    let constant = |branch: &Json| branch.as_object().is_some_and(|keys| keys.keys().all(|key| is_word(key)));
    branches.iter().all(constant).then(|| branches.iter().filter_map(|branch| branch.get("title")).collect())
}

fn is_word(key: &str) -> bool {
    matches!(key, "title" | "description") || key.starts_with("x-")
}

/// A pattern without the escapes of signs that need none: the validator refuses them.
fn plain(pattern: &str) -> String {
    ["\"", "<", ">", "/", ":"].iter().fold(pattern.to_owned(), |plain, sign| plain.replace(&format!("\\{sign}"), sign))
}
