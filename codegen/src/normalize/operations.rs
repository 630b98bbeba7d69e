//! Each operation comes down to one body, one answer and the parameters that a caller gives.

use serde_json::{Map, Value, json};

use super::walk::{each_operation, follow};

/// Header parameters that the pipeline sets itself.
const PIPELINE_HEADERS: &[&str] = &["authorization", "accept", "content-type", "content-length"];

pub(super) fn settle(root: &mut Value) {
    let original = root.clone();
    each_operation(root, |path, _, operation| {
        parameters(path, operation, &original);
        body(operation, &original);
        answer(operation);
    });
}

fn parameters(path: &str, operation: &mut Map<String, Value>, original: &Value) {
    let declared = operation.remove("parameters");
    let declared: Vec<Value> = declared.and_then(|list| list.as_array().cloned()).unwrap_or_default();
    let name_of = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
    let mut settled = Vec::new();
    for name in placeholders(path) {
        let found = declared.iter().find(|parameter| parameter["in"] == "path" && parameter["name"] == name);
        let mut parameter =
            found.cloned().unwrap_or_else(|| json!({ "name": name, "in": "path", "schema": { "type": "string" } }));
        parameter["required"] = true.into();
        settled.push(parameter);
    }
    settled.extend(declared.into_iter().filter(|parameter| match parameter["in"].as_str() {
        Some("query") => true,
        Some("header") => !PIPELINE_HEADERS.contains(&name_of(parameter).to_ascii_lowercase().as_str()),
        _ => false,
    }));
    for parameter in &mut settled {
        list_style(parameter, original);
    }
    operation.insert("parameters".to_owned(), Value::Array(settled));
}

/// How a list is spelled: `each` (one value for each item) or the sign between the items; in `x-qlik-list`.
fn list_style(parameter: &mut Value, original: &Value) {
    let is_list = parameter.get("schema").map(|schema| follow(original, schema)).is_some_and(|s| s["type"] == "array");
    let Some(parameter) = parameter.as_object_mut() else { return };
    let style = parameter.remove("style");
    let explode = parameter.remove("explode").and_then(|explode| explode.as_bool());
    if !is_list {
        return;
    }
    let spelling = match (style.as_ref().and_then(Value::as_str), parameter["in"].as_str()) {
        (Some("spaceDelimited"), _) => " ",
        (Some("pipeDelimited"), _) => "|",
        (_, Some("query")) if explode != Some(false) => "each",
        _ => ",",
    };
    parameter.insert("x-qlik-list".to_owned(), spelling.into());
}

/// The `{names}` of a path template.
pub(crate) fn placeholders(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// One media type is left: JSON where it is offered, with the type that says most; a form of parts may stand beside it.
fn body(operation: &mut Map<String, Value>, original: &Value) {
    let Some(Value::Object(mut body)) = operation.remove("requestBody") else { return };
    let Some(Value::Object(content)) = body.remove("content") else { return };
    let mut content: Map<String, Value> =
        content.into_iter().map(|(ty, media)| (bare(&ty).to_owned(), media)).collect();
    let json =
        ["application/json-patch+json", "application/json", "*/*"].into_iter().find(|ty| content.contains_key(*ty));
    let json = json.map(str::to_owned).or_else(|| content.keys().find(|ty| ty.ends_with("json")).cloned());
    let multipart = content.remove("multipart/form-data");
    let mut kept = Map::new();
    if let Some(ty) = json {
        let media = content.remove(&ty).unwrap_or_default();
        let ty = if ty == "*/*" { "application/json".to_owned() } else { ty };
        let schema = media.get("schema").cloned().unwrap_or_else(|| json!({}));
        kept.insert(ty, json!({ "schema": schema }));
    }
    if let Some(multipart) = multipart {
        let mut schema = multipart.get("schema").map_or_else(|| json!({}), |schema| follow(original, schema).clone());
        for part in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            if follow(original, part).get("x-qlik-file").is_some() {
                *part = follow(original, part).clone();
            }
        }
        // Under a name of its own: its members are parts, not the members of a type.
        kept.insert("multipart/form-data".to_owned(), json!({ "parts": schema }));
    }
    if kept.is_empty() {
        let Some((ty, media)) = content.into_iter().next() else { return };
        let media = if ty == "application/x-www-form-urlencoded" {
            json!({ "schema": media.get("schema").cloned().unwrap_or_else(|| json!({})) })
        } else {
            json!({})
        };
        kept.insert(ty, media);
    }
    body.insert("content".to_owned(), Value::Object(kept));
    operation.insert("requestBody".to_owned(), Value::Object(body));
}

/// What a success gives, in `x-qlik-answer`: `json` (its schema stands under the response 200), `nothing`, `located` or
/// the media type to ask for. Descriptions of errors go: the runtime reads every error alike.
fn answer(operation: &mut Map<String, Value>) {
    let Some(Value::Object(responses)) = operation.remove("responses") else { return };
    let has = |digit: char| responses.keys().any(|status| status.starts_with(digit));
    let counts = |status: &str| match status.chars().next() {
        Some('2') => true,
        // A redirect is the answer only where no success is described.
        Some('3') => !has('2'),
        Some('d') => !has('2') && !has('3'),
        _ => false,
    };
    let (mut schemas, mut media, mut empty, mut located): (Vec<Value>, Vec<String>, bool, bool) = Default::default();
    for (status, response) in responses.iter().filter(|(status, _)| counts(status)) {
        let redirect = status.starts_with('3');
        located |= redirect || response.pointer("/headers/Location").is_some();
        let content = response
            .get("content")
            .and_then(Value::as_object)
            .filter(|_| !redirect && !matches!(status.as_str(), "204" | "205"));
        empty |= content.is_none_or(Map::is_empty);
        for (ty, body) in content.into_iter().flatten() {
            let ty = bare(ty);
            match (is_json(ty), body.get("schema")) {
                (true, Some(schema)) if !schemas.contains(schema) => schemas.push(schema.clone()),
                (true, Some(_)) => {}
                (true, None) => {
                    schemas.push(json!({}));
                    empty = true;
                }
                (false, _) => media.push(ty.to_owned()),
            }
        }
    }
    // A status that promises nothing beside one that promises bytes: a file that may be empty.
    let kind = match (schemas.len(), media.first()) {
        (0, Some(media)) => media.as_str(),
        (0, None) if located => "located",
        (0, None) => "nothing",
        _ => "json",
    };
    operation.insert("x-qlik-answer".to_owned(), kind.into());
    if !has('2') && has('3') {
        operation.insert("x-qlik-redirects".to_owned(), false.into());
    }
    let mut response = json!({ "description": "OK" });
    if kind == "json" {
        let mut schema = if schemas.len() == 1 { schemas.remove(0) } else { json!({ "oneOf": schemas }) };
        if empty && let Some(schema) = schema.as_object_mut() {
            schema.insert("nullable".to_owned(), true.into());
        }
        response["content"] = json!({ "application/json": { "schema": schema } });
    }
    operation.insert("responses".to_owned(), json!({ "200": response }));
}

/// A media type without its parameters: `application/json; charset=utf-8` is JSON.
fn bare(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type).trim()
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}
