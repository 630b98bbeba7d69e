//! How operations get their names.

use qlik_codegen::import::RestImport;

use crate::folder::Folder;

const DOCUMENT: &str = r#"{
  "openapi": "3.0.0",
  "info": {"title": "t", "version": "1"},
  "paths": {
    "/api/v1/things/{id}": {"get": {"operationId": "fetch", "responses": {}}},
    "/api/v1/things/{id}/parts": {"get": {"operationId": "parts", "responses": {}}},
    "/oauth/token": {"post": {"responses": {}}}
  }
}"#;

fn names(list: Option<&str>) -> Result<(Vec<String>, usize), Vec<String>> {
    let folder = Folder::new();
    let inputs = vec![folder.file("t.json", DOCUMENT)];
    let names = list.map(|list| folder.file("names.tsv", list));
    let result = folder.import_as(RestImport { inputs, names, ..RestImport::default() });
    let report = result.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let value = folder.read("rest/t.json");
    let paths = value["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|path| path.as_object().expect("a path").values());
    let names = operations.map(|it| it["operationId"].as_str().unwrap_or_default().to_owned()).collect();
    Ok((names, report.off_list.len()))
}

fn owned(names: [&str; 3]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn from_the_list_and_else_by_the_rule() {
    let list = "module\tmethod\tpath\tname\nx\tget\t/api/v1/things/{id}\treadThing\nx\tGET\t/api/v1/gone\tgetGone\n";
    assert_eq!(names(Some(list)), Ok((owned(["readThing", "getThingParts", "createOauthToken"]), 2)));
}

#[test]
fn without_a_list_the_document_s_own_stay() {
    assert_eq!(names(None), Ok((owned(["fetch", "parts", "createOauthToken"]), 1)));
}

#[test]
fn the_rule_leaves_listed_names_alone() {
    let list = "module\tmethod\tpath\tname\nx\tGET\t/api/v1/things/{id}/parts\tgetThing\n";
    assert_eq!(names(Some(list)), Ok((owned(["getThingById", "getThing", "createOauthToken"]), 2)));
}

#[test]
fn two_operations_of_one_name_are_an_error() {
    let list = "module\tmethod\tpath\tname\nx\tGET\t/api/v1/things/{id}/parts\tgetThing\nx\tGET\t/api/v1/things/{id}\tgetThing\n";
    let errors = names(Some(list)).unwrap_err();
    let [error] = &errors[..] else { panic!("one error: {errors:?}") };
    assert!(error.contains("t.json:6:35 at #/paths/~1api~1v1~1things~1{id}~1parts/get: "), "{error}");
    assert!(error.contains("GET /api/v1/things/{id} are both called `getThing`"), "{error}");
}
