//! The table of kinds of operations in the documentation of `qlik::rest` tells how many there are of each: held to the
//! descriptions.

use std::collections::BTreeMap;

use qlik_codegen::Input;
use qlik_codegen::model::{Answer, Api, Body, Kind, Operation, PartKind, Place, TypeRef};

/// The number in the second column, by the text in the first.
fn told() -> BTreeMap<String, usize> {
    let docs = include_str!("../../src/rest/mod.rs");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = rows.filter_map(|row| row.split_once(" | "));
    cells.filter_map(|(kind, rest)| Some((kind.to_owned(), rest.split(" | ").next()?.trim().parse().ok()?))).collect()
}

fn takes_a_file(operation: &Operation) -> bool {
    match &operation.body {
        Body::Bytes { .. } => true,
        Body::Multipart { parts } => parts.iter().any(|part| part.kind == PartKind::File),
        _ => false,
    }
}

fn takes_a_patch(api: &Api, operation: &Operation) -> bool {
    let Body::Json { ty, .. } = &operation.body else { return false };
    let alias = api.types.iter().find(|def| Some(def.name.as_str()) == ty.names());
    let list = match alias.map(|def| &def.kind) {
        Some(Kind::Alias(ty)) => matches!(ty, TypeRef::List(_)),
        _ => false,
    };
    operation.verb == "PATCH" && (list || matches!(ty, TypeRef::List(_)))
}

#[test]
fn the_documented_kinds_are_those_of_the_descriptions() {
    let input = Input::new(concat!(env!("CARGO_MANIFEST_DIR"), "/specs"));
    let overlays = input.overlays().unwrap();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for name in input.apis().unwrap() {
        let (api, _) = input.api(&name, &overlays).unwrap();
        let document = input.load(&format!("rest/{name}"), &overlays).unwrap().document.value;
        for operation in &api.operations {
            let mut count = |kind, is: bool| *found.entry(kind).or_default() += usize::from(is);
            let paged = match &operation.answer {
                Answer::Json(TypeRef::Named(ty)) => api.pages.iter().any(|page| page.ty == *ty),
                _ => false,
            };
            let answers = &document["paths"][&operation.path][operation.verb.to_lowercase()]["responses"];
            count("all of them", true);
            count("answers with JSON", matches!(operation.answer, Answer::Json(_)));
            count("lists, page by page", paged);
            count("answers with nothing", operation.answer == Answer::Nothing);
            count("makes something at a place", operation.answer == Answer::Located);
            count("gives a file", matches!(operation.answer, Answer::Download(_)));
            count("takes a file", takes_a_file(operation));
            count("changes a part", takes_a_patch(&api, operation));
            count("tells of many items", answers.get("207").is_some());
            count("accepts work that goes on", answers.get("202").is_some());
            let filters = |place: &Place| matches!(place, Place::Query | Place::QueryEach | Place::QueryJoined(_));
            count("filters", operation.params.iter().any(|param| param.wire == "filter" && filters(&param.place)));
            let guarded = |wire: &str| wire.eq_ignore_ascii_case("if-match");
            count("guards against a change by others", operation.params.iter().any(|param| guarded(&param.wire)));
            count("is on its way out", operation.deprecated.is_some());
        }
    }
    let told = told();
    let wrong: Vec<String> = found
        .iter()
        .filter(|(kind, count)| told.get(**kind) != Some(count))
        .map(|(kind, count)| format!("`{kind}` are {count}, and the table says {:?}", told.get(*kind)))
        .collect();
    assert!(wrong.is_empty(), "src/rest/mod.rs:\n{}", wrong.join("\n"));
}
