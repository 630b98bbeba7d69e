//! The values of one call, made of the schemas of its parameters and its body.

use serde_json::{Value, json};

use super::generator::{Generator, Mode};
use super::shape::{Shape, target};
use super::{Given, Row};

/// A JSON body of which nothing is said.
static ANYTHING: Value = Value::Bool(true);

/// A parameter of an operation, as it is described.
pub(super) struct Parameter<'d> {
    pub(super) place: &'d str,
    pub(super) name: &'d str,
    pub(super) required: bool,
    pub(super) schema: &'d Value,
    /// What a list is joined by; none where each of its items is a pair.
    pub(super) sign: Option<char>,
}

pub(super) fn operation<'d>(root: &'d Value, row: &Row) -> &'d Value {
    &root["paths"][row.path][row.verb.to_lowercase()]
}

pub(super) fn follow<'d>(root: &'d Value, mut node: &'d Value) -> &'d Value {
    while let Some(next) = target(root, node) {
        node = next;
    }
    node
}

pub(super) fn parameters<'d>(root: &'d Value, row: &Row) -> Vec<Parameter<'d>> {
    let lists = [&root["paths"][row.path]["parameters"], &operation(root, row)["parameters"]];
    let all = lists.into_iter().filter_map(Value::as_array).flatten().map(|node| follow(root, node));
    all.map(|told| {
        let explode = told.get("explode").and_then(Value::as_bool);
        let sign = match told["style"].as_str() {
            Some("spaceDelimited") if explode != Some(true) => Some(' '),
            Some("pipeDelimited") if explode != Some(true) => Some('|'),
            _ if explode == Some(false) || told["in"] != "query" => Some(','),
            _ => None,
        };
        let content = || told.pointer("/content/application~1json/schema");
        Parameter {
            place: told["in"].as_str().unwrap_or_default(),
            name: told["name"].as_str().unwrap_or_default(),
            required: told["required"] == true,
            schema: told.get("schema").or_else(content).unwrap_or(&ANYTHING),
            sign,
        }
    })
    .collect()
}

/// The bodies that an operation takes, by media type.
pub(super) fn bodies<'d>(root: &'d Value, row: &Row) -> Vec<(&'d str, &'d Value)> {
    let content = follow(root, &operation(root, row)["requestBody"]).get("content").and_then(Value::as_object);
    let schema = |body: &'d Value| follow(root, body.get("schema").unwrap_or(&ANYTHING));
    content.into_iter().flatten().map(|(media, body)| (media.as_str(), schema(body))).collect()
}

/// Makes the values.
pub(super) fn given<'d>(root: &'d Value, row: &Row, generator: &mut Generator<'d>, mode: Mode) -> Given {
    let mut given = Given::default();
    for Parameter { place, name, required, schema, .. } in parameters(root, row) {
        if !required && mode == Mode::Required {
            continue;
        }
        // The longest text that a schema takes is longer than the head of a request.
        let mode = if mode == Mode::Highest { Mode::Full } else { mode };
        let value = fit(place, generator.one(schema, mode));
        // A list without items is not sent, and a null cannot be.
        let nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !nothing {
            given.0.insert(format!("{place} {name}"), value);
        } else if required {
            let value = fit(place, generator.one(schema, Mode::Full));
            given.0.insert(format!("{place} {name}"), value);
        }
    }
    // A call may demand a body where the description does not: without one, it would change nothing.
    for (media, schema) in bodies(root, row) {
        body(root, &mut given, generator, mode, media, schema);
    }
    given
}

fn body<'d>(
    root: &'d Value,
    given: &mut Given,
    generator: &mut Generator<'d>,
    mode: Mode,
    media: &str,
    schema: &'d Value,
) {
    if media == "multipart/form-data" {
        let shape = Shape::of(root, schema);
        for (name, member) in &shape.members {
            // A body without any part is none.
            if mode != Mode::Required || shape.required.contains(name) || shape.required.is_empty() {
                let member = follow(root, member);
                let value = match member["format"] == "binary" || member["type"] == "file" {
                    true => json!("a,b\n1,2\n"),
                    false => generator.one(member, if mode == Mode::Random { Mode::Full } else { mode }),
                };
                given.0.insert(format!("part {name}"), value);
            }
        }
        return;
    }
    let binary =
        schema["format"] == "binary" || !(media.contains("json") || media.contains("urlencoded") || media == "*/*");
    let value = match binary {
        true => json!("octets"),
        false => generator.one(schema, mode),
    };
    // Where a patch is offered beside, the patch is what the method takes.
    if media.contains("patch") || !given.0.contains_key("body") {
        given.0.insert("body".to_owned(), value);
    }
}

/// A value that its place can carry: a path takes no empty segment, a header only what is visible.
fn fit(place: &str, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let fits = match place {
        "path" => !text.is_empty() && !text.contains('/') && text != "." && text != "..",
        "header" => !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()),
        _ => true,
    };
    if fits { value } else { json!("x-1") }
}
