//! A request against the description of its operation.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::describe::{Api, Operation, Parameter, judge, resolved};
use super::{Problem, Request};

/// Query parameters that any request may have: they sign in, or go with that.
const ALWAYS: [&str; 5] = ["accessToken", "qlik-csrf-token", "qlik-web-integration-id", "qlikTicket", "xrfkey"];

/// Refuses a request that does not fit: path, query, headers and body.
pub(super) fn check(
    api: &Api,
    operation: &Operation,
    path: &BTreeMap<String, String>,
    request: &Request,
) -> Result<(), Problem> {
    let known = |name: &str| operation.parameters.iter().any(|known| known.place == "query" && known.name == name);
    if let Some((name, _)) = request.query.iter().find(|(name, _)| !known(name) && !ALWAYS.contains(&name.as_str())) {
        return Err(Problem::parameter(name, "is no parameter of this operation"));
    }
    // What HTTP itself has to say is no parameter, whatever a description says.
    let own = ["authorization", "accept", "content-type", "content-length"];
    for parameter in operation.parameters.iter().filter(|p| !own.contains(&p.name.to_lowercase().as_str())) {
        let name = parameter.name.as_str();
        let sent: Vec<&str> = match parameter.place.as_str() {
            "path" => path.get(name).map(String::as_str).into_iter().collect(),
            "header" => request.header(name).into_iter().collect(),
            _ => request.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect(),
        };
        if sent.is_empty() && parameter.required && parameter.place != "path" {
            return Err(Problem::parameter(name, "is missing"));
        }
        if let (false, Err(why)) = (sent.is_empty(), fits(api, parameter, &sent)) {
            return Err(Problem::parameter(name, &why));
        }
    }
    check_body(api, operation, request)
}

/// Whether the texts that were sent can be read as a value that the parameter's schema takes.
fn fits(api: &Api, parameter: &Parameter, sent: &[&str]) -> Result<(), String> {
    let judge = parameter.judge.get_or_init(|| judge(&api.document, &parameter.schema, true));
    let Ok(judge) = judge else { return Ok(()) };
    let split = |sent: &[&str]| match parameter.separator {
        Some(sign) => sent.iter().flat_map(|text| text.split(sign)).map(str::to_owned).collect::<Vec<_>>(),
        None => sent.iter().map(|text| (*text).to_owned()).collect(),
    };
    let read = |text: &str| match text {
        // Python's words for them, which its clients send.
        "True" => Some(Json::Bool(true)),
        "False" => Some(Json::Bool(false)),
        text => serde_json::from_str::<Json>(text).ok().filter(|value| !value.is_string()),
    };
    let candidates: Vec<Json> = if parameter.list {
        let texts = split(sent);
        let values = texts.iter().map(|text| read(text).unwrap_or_else(|| json!(text))).collect();
        vec![json!(texts), values]
    } else {
        let Some(text) = sent.last() else { return Ok(()) };
        // A plus sign that was not percent-encoded arrives as a blank.
        let plus = text.strip_prefix(' ').map(|rest| json!(format!("+{rest}")));
        std::iter::once(json!(text)).chain(plus).chain(read(text)).collect()
    };
    if candidates.iter().any(|value| judge.is_valid(value)) {
        return Ok(());
    }
    let wrong = candidates.last().and_then(|value| judge.iter_errors(value).next().map(|error| error.to_string()));
    Err(format!("does not fit: {}", wrong.unwrap_or_default()))
}

fn check_body(api: &Api, operation: &Operation, request: &Request) -> Result<(), Problem> {
    let told = resolved(&api.document, &operation.told["requestBody"]);
    let Some(contents) = told["content"].as_object() else { return Ok(()) };
    if request.body.is_empty() {
        return match told["required"] == true {
            true => Err(Problem::pointer("", "the body is missing")),
            false => Ok(()),
        };
    }
    let mime = request.mime();
    let content = contents.get(mime).or_else(|| contents.get("*/*"));
    let Some(content) = content.or_else(|| contents.iter().find(|(known, _)| mime.starts_with(*known)).map(|(_, c)| c))
    else {
        let known: Vec<&str> = contents.keys().map(String::as_str).collect();
        return Err(Problem::new(415, "Unsupported Media Type", &format!("Send the body as {}", known.join(" or "))));
    };
    let schema = resolved(&api.document, &content["schema"]);
    if schema["format"] == "binary" || !(mime.contains("json") || contents.contains_key("*/*")) {
        return check_parts(api, contents.get("multipart/form-data").map(|content| &content["schema"]), request);
    }
    let body: Json = request.json()?;
    let judge = operation.body.get_or_init(|| judge(&api.document, &content["schema"], true));
    let Ok(judge) = judge else { return Ok(()) };
    match judge.iter_errors(&body).next() {
        Some(error) => Err(Problem::pointer(error.instance_path().as_str(), &format!("does not fit: {error}"))),
        None => Ok(()),
    }
}

/// The parts of a multipart body: those that have to be there.
fn check_parts(api: &Api, schema: Option<&Json>, request: &Request) -> Result<(), Problem> {
    let Some(schema) = schema.map(|schema| resolved(&api.document, schema)) else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !request.parts.iter().any(|part| part.name == name) {
            return Err(Problem::pointer(&format!("/{name}"), "is missing: send it as a part"));
        }
    }
    Ok(())
}
