//! Answers of operations without state: values made of the schema of the answer, in pages where it is a list.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::describe::{Api, Operation, resolved};
use super::synth::Maker;
use super::{Answer, Outcome, Problem, Request, page};

/// How many entries a list has that is made up.
const ENTRIES: usize = 25;

/// Answers an operation.
pub(super) fn answer(api: &Api, operation: &Operation, path: &BTreeMap<String, String>, request: &Request) -> Outcome {
    let responses = operation.told["responses"].as_object().into_iter().flatten();
    let mut good: Vec<(u16, &Json)> = responses
        .filter_map(|(status, told)| Some((status.parse().ok()?, resolved(&api.document, told))))
        .filter(|(status, _)| (200..400).contains(status))
        .collect();
    good.sort_by_key(|(status, _)| *status);
    let Some((status, told)) = good.first() else { return Ok(Answer::empty(200)) };
    let mut answer = match content(told) {
        Some((mime, Some(schema))) if mime.contains("json") => Answer::ok(body(api, operation, path, request, schema)?),
        Some((mime, None)) if mime.contains("json") => Answer::empty(*status),
        Some((mime, _)) => Answer::file(if mime == "*/*" { "application/octet-stream" } else { mime }, file(mime)),
        None => Answer::empty(*status),
    };
    answer.status = *status;
    for (name, _) in told["headers"].as_object().into_iter().flatten() {
        answer = match name.to_lowercase().as_str() {
            "location" => answer.with("location", format!("{}{}/made", request.origin, request.path)),
            "etag" => answer.with("etag", "\"made\""),
            _ => answer,
        };
    }
    if (300..400).contains(status) && answer.header("location").is_none() {
        answer = answer.with("location", format!("{}/", request.origin));
    }
    if *status == 204 {
        answer.body = None;
    }
    Ok(answer)
}

/// The media type and the schema of an answer; JSON where there is a choice.
fn content(told: &Json) -> Option<(&str, Option<&Json>)> {
    let contents = told["content"].as_object()?;
    let json = contents.iter().find(|(mime, _)| mime.contains("json"));
    json.or_else(|| contents.iter().next()).map(|(mime, content)| (mime.as_str(), content.get("schema")))
}

fn file(mime: &str) -> &'static [u8] {
    match mime {
        "text/csv" => b"id,name\r\n1,sandbox\r\n",
        "application/xml" => b"<?xml version=\"1.0\"?><sandbox/>",
        "application/zip" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => {
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        }
        "image/png" => b"\x89PNG\r\n\x1a\n",
        "text/html" => b"<!doctype html><title>Sandbox</title>",
        _ => b"sandbox",
    }
}

fn body(
    api: &Api,
    operation: &Operation,
    path: &BTreeMap<String, String>,
    request: &Request,
    schema: &Json,
) -> Result<Json, Problem> {
    let here = format!("{} {}", operation.method, request.path);
    let mut maker = Maker::new(&api.document, &format!("{here} {}", String::from_utf8_lossy(&request.body)));
    let merged = maker.merged(schema, 0);
    if merged["type"] == "array" && operation.method == "GET" {
        return Ok((0..ENTRIES).map(|number| entry(api, &merged["items"], &here, number)).collect());
    }
    let mut made = maker.value(&merged, "value", 0);
    match list_of(api, operation, &merged) {
        Some((name, items)) => fill(api, operation, request, &merged, &mut made, (&name, &items))?,
        None => {
            // What was asked for by its id has that id.
            let id = path.values().next_back().filter(|_| operation.path.ends_with('}'));
            if let (Some(id), Some(place)) = (id, made.get_mut("id"))
                && place.is_string()
                && let told = resolved(&api.document, &merged["properties"]["id"])
                && ["pattern", "enum", "oneOf", "minLength", "maxLength"].iter().all(|key| told.get(*key).is_none())
            {
                *place = json!(id);
            }
        }
    }
    Ok(made)
}

fn entry(api: &Api, schema: &Json, here: &str, number: usize) -> Json {
    Maker::new(&api.document, &format!("{here} {number}")).value(schema, "entry", 1)
}

/// The member that holds the entries of a list: `data`, or the one that is an array.
fn list_of(api: &Api, operation: &Operation, merged: &Json) -> Option<(String, Json)> {
    let members = merged["properties"].as_object()?;
    let lists = || operation.parameters.iter().any(|parameter| paging(&parameter.name).is_some());
    if operation.method != "GET" && !lists() {
        return None;
    }
    let arrays = || members.iter().filter(|(_, member)| resolved(&api.document, member)["type"] == "array");
    let found = arrays().find(|(name, _)| *name == "data").or_else(|| {
        let only = (arrays().count() == 1 || lists()) && (members.contains_key("links") || lists());
        arrays().next().filter(|_| only)
    });
    found.map(|(name, member)| (name.clone(), resolved(&api.document, member)["items"].clone()))
}

/// How a parameter says where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paging {
    /// By a cursor that leads on, beside one that leads back.
    Cursor(&'static str),
    /// By how many entries go before.
    Offset,
    /// By the number of the page.
    Number,
}

fn paging(name: &str) -> Option<Paging> {
    Some(match name {
        "next" => Paging::Cursor("prev"),
        "startingAfter" => Paging::Cursor("endingBefore"),
        "cursor" => Paging::Cursor("cursor"),
        "page" => Paging::Cursor("page"),
        "offset" | "skip" => Paging::Offset,
        _ => return None,
    })
}

/// Cuts the entries into pages and says how many there are, in the words of the schema.
fn fill(
    api: &Api,
    operation: &Operation,
    request: &Request,
    merged: &Json,
    made: &mut Json,
    (name, items): (&str, &Json),
) -> Result<(), Problem> {
    let by = operation.parameters.iter().find_map(|parameter| Some((parameter, paging(&parameter.name)?)));
    let by = by.map(|(parameter, paging)| match resolved(&api.document, &parameter.schema)["type"].as_str() {
        Some("integer" | "number") if parameter.name == "page" => (parameter.name.as_str(), Paging::Number),
        _ => (parameter.name.as_str(), paging),
    });
    let sizes = ["limit", "pageSize", "size"];
    let size = operation.parameters.iter().find(|parameter| sizes.contains(&parameter.name.as_str()));
    let default = size.and_then(|size| resolved(&api.document, &size.schema)["default"].as_f64()).unwrap_or(10.0);
    let asked = size.and_then(|size| request.query(&size.name)).and_then(|text| text.parse().ok());
    let size = usize::try_from(asked.unwrap_or(default as i64).max(1)).unwrap_or(1);
    let bad = |name: &str| Problem::parameter(name, "is no place in this list");
    let start = match by {
        None => 0,
        Some((name, paging)) => match (request.query(name), paging) {
            (Some(text), Paging::Cursor(_)) => page::read(text).ok_or_else(|| bad(name))?,
            (Some(text), Paging::Offset) => text.parse().map_err(|_| bad(name))?,
            (Some(text), Paging::Number) => text.parse::<usize>().map_err(|_| bad(name))?.saturating_sub(1) * size,
            (None, Paging::Cursor(back)) => match request.query(back) {
                Some(text) => page::read(text).ok_or_else(|| bad(back))?.saturating_sub(size),
                None => 0,
            },
            (None, _) => 0,
        },
    };
    let size = if by.is_some() { size } else { ENTRIES };
    let end = start.saturating_add(size).min(ENTRIES);
    let here = format!("{} {}", operation.method, request.path);
    let entries: Vec<Json> = (start..end).map(|number| entry(api, items, &here, number)).collect();
    let link = |place: usize, leads_back: bool| -> String {
        let Some((name, paging)) = by else { return request.again(&[]) };
        let (name, other, value) = match paging {
            Paging::Cursor(back) if leads_back && back != name => (back, name, page::write(place)),
            Paging::Cursor(back) => {
                (name, back, page::write(if leads_back { place.saturating_sub(size) } else { place }))
            }
            Paging::Offset => (name, name, (if leads_back { place.saturating_sub(size) } else { place }).to_string()),
            Paging::Number => (name, name, (place / size + usize::from(!leads_back)).max(1).to_string()),
        };
        let mut here = request.clone();
        here.query.retain(|(known, _)| known != other);
        here.again(&[(name, &value)])
    };
    let count = entries.len();
    made[name] = Json::Array(entries);
    let links = Maker::new(&api.document, "").merged(&merged["properties"]["links"], 0);
    if let Some(members) = links["properties"].as_object() {
        for member in members.keys() {
            let href = match member.to_lowercase().as_str() {
                "next" => (end < ENTRIES).then(|| link(end, false)),
                "prev" | "previous" => (start > 0).then(|| link(start, true)),
                "last" => Some(link((ENTRIES - 1) / size * size, false)),
                "first" => Some(link(0, false)),
                _ => Some(request.again(&[])),
            };
            let needed = links["required"].as_array().is_some_and(|names| names.iter().any(|known| known == member));
            let place = &mut made["links"][member];
            match href {
                Some(href) if place.is_string() => *place = json!(href),
                Some(href) => place["href"] = json!(href),
                None if needed && place.is_string() => *place = json!(""),
                None if needed => place["href"] = json!(""),
                None => drop(made["links"].as_object_mut().and_then(|links| links.remove(member))),
            }
        }
    }
    tell(made, &[("currentPageCount", count), ("limit", size), ("offset", start), ("skip", start)]);
    let pages = ENTRIES.div_ceil(size);
    tell(made, &[("total", ENTRIES), ("totalResults", ENTRIES), ("totalCount", ENTRIES), ("count", ENTRIES)]);
    tell(made, &[("pages", pages), ("page", start / size + 1)]);
    for key in ["next", "prev"] {
        if let Some(place) = made.get_mut(key).filter(|place| place.is_string()) {
            let leads = if key == "next" { (end < ENTRIES).then_some(end) } else { (start > 0).then_some(start) };
            *place = json!(leads.map(page::write).unwrap_or_default());
        }
    }
    Ok(())
}

/// Sets the numbers that a list tells of itself, where its schema has them.
fn tell(made: &mut Json, numbers: &[(&str, usize)]) {
    for (name, number) in numbers {
        let places = [made.get(*name).map(|_| ""), made.pointer(&format!("/meta/{name}")).map(|_| "/meta")];
        for place in places.into_iter().flatten() {
            if let Some(value) = made.pointer_mut(&format!("{place}/{name}")).filter(|value| value.is_number()) {
                *value = json!(number);
            }
        }
    }
}
