//! Bad input: each kind is refused with a pointer to it, and the folder of descriptions stays as it was.

use std::path::PathBuf;

use qlik_codegen::import::RestImport;

use crate::folder::{Folder, api};

/// Imports beside an API that stands already, expects to be refused in these words, and nothing changed.
fn refused(words: &[&str], inputs: impl FnOnce(&Folder) -> Vec<PathBuf>) {
    let folder = Folder::with_one_api();
    let before = folder.snapshot();
    let mut inputs = inputs(&folder);
    inputs.push(folder.file("good/spaces.json", api("/spaces")));
    let errors = folder.import_as(RestImport { inputs, prune: true, ..RestImport::default() }).unwrap_err();
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for word in words {
        assert!(text.iter().any(|error| error.contains(word)), "{word:?} in {text:#?}");
    }
    assert!(errors.iter().all(|error| !error.help.is_empty() && !error.file.is_empty()), "{text:#?}");
    assert_eq!(folder.snapshot(), before);
}

/// The same for one document.
fn document_refused(text: impl AsRef<[u8]>, words: &[&str]) {
    refused(words, |folder| vec![folder.file("bad.json", text)]);
}

#[test]
fn no_json() {
    document_refused("openapi: 3.0.0\n", &["bad.json:1:1 at #: not JSON: "]);
    document_refused("", &["the file is empty"]);
    let whole = api("/a");
    let cut = whole.get(..whole.len() - 30).unwrap_or_default();
    document_refused(cut, &["bad.json:6:", "at #/paths/~1a/get/responses/204", "not JSON: EOF"]);
    document_refused("[[[[".repeat(100), &["not JSON: recursion limit exceeded"]);
}

#[test]
fn wrong_encodings() {
    let utf16: Vec<u8> = api("/a").encode_utf16().flat_map(u16::to_le_bytes).collect();
    document_refused(&utf16, &["bad.json:1:1", "UTF-16", "save it as UTF-8"]);
    document_refused(b"{\"a\": \"\xFF\"}", &["bad.json:1:8", "not UTF-8"]);
}

#[test]
fn a_member_twice() {
    let text = api("/a").replace("\"paths\"", "\"info\": {},\n  \"paths\"");
    document_refused(text, &["bad.json:4:3 at #/info: this object has the member twice"]);
}

#[test]
fn no_openapi_3_0() {
    document_refused("[]", &["bad.json:1:1 at #: not an OpenAPI document: it is a list"]);
    document_refused("{\"a\": 1}", &["not an OpenAPI document: it has no member `openapi`"]);
    document_refused(
        api("/a").replace("3.0.0", "3.1.0"),
        &["bad.json:2:3 at #/openapi: this is OpenAPI 3.1.0; only 3.0"],
    );
    document_refused("{\n \"swagger\": \"2.0\"}", &["bad.json:2:2 at #/swagger: this is Swagger 2.0"]);
    document_refused("{\"openapi\": 3.0}", &["must be a string, this is a number"]);
    document_refused("{\"openrpc\": \"1.0.0\"}", &["OpenRPC", "`import engine`"]);
}

#[test]
fn nodes_of_another_kind() {
    document_refused("{\"openapi\": \"3.0.0\"}", &["must have the member `info`", "must have the member `paths`"]);
    document_refused(
        api("/a").replace("\"responses\"", "\"answers\""),
        &["6:7 at #/paths/~1a/get: an operation must have"],
    );
    let text = api("/a").replace("{\"204\": {\"description\": \"x\"}}", "{\"204\": \"none\"}");
    document_refused(text, &["#/paths/~1a/get/responses/204: a response must be an object, this is a string"]);
    let text = api("/a").replace("\"responses\"", "\"parameters\": {}, \"responses\"");
    document_refused(text, &["#/paths/~1a/get/parameters: a list was expected, this is an object"]);
    let text = api("/a").replace("\"responses\"", "\"parameters\": [{\"name\": \"a\"}], \"responses\"");
    document_refused(text, &["#/paths/~1a/get/parameters/0: a parameter must have the member `in`"]);
}

#[test]
fn references_that_lead_nowhere() {
    for (reference, words) in [
        ("#/components/schemas/Gone", "the reference `#/components/schemas/Gone` points nowhere"),
        ("other.json#/a", "the reference `other.json#/a` leads out of the document"),
    ] {
        let text = api("/a").replace("{\"description\": \"x\"}", &format!("{{\"$ref\": \"{reference}\"}}"));
        document_refused(text, &[words, "bad.json:6:37 at #/paths/~1a/get/responses/204/$ref: "]);
    }
}

#[test]
fn a_discriminator_that_leads_nowhere() {
    let choice =
        r##"{"discriminator": {"propertyName": "k", "mapping": {"a": "Named", "b": "#/components/schemas/Gone"}}}"##;
    let text =
        api("/a").replace("\"paths\"", &format!("\"components\": {{\"schemas\": {{\"A\": {choice}}}}}, \"paths\""));
    document_refused(text, &["at #/components/schemas/A/discriminator/mapping/b: the reference"]);
}

#[test]
fn a_parameter_twice() {
    let parameter = r#"{"name": "a", "in": "query", "schema": {}}"#;
    let text =
        api("/a").replace("\"responses\"", &format!("\"parameters\": [{parameter}, {parameter}], \"responses\""));
    document_refused(text, &["parameters/1: the query parameter `a` stands twice"]);
}

#[test]
fn every_error_of_every_document_is_reported() {
    refused(&["one.json:1:1", "two.json:2:3 at #/openapi"], |folder| {
        vec![folder.file("one.json", "{}"), folder.file("two.json", api("/a").replace("3.0.0", "3.1.0"))]
    });
}

#[test]
fn missing_and_empty() {
    refused(&["gone.json: there is no such file or folder"], |folder| vec![folder.path("gone.json")]);
    refused(&["there is no .json file in it"], |folder| {
        folder.file("empty/README.md", "");
        vec![folder.path("empty")]
    });
    refused(&["there is no .json file in it"], |folder| vec![folder.zip("empty.zip", &[("README.md", "")])]);
}

#[test]
fn two_files_for_one_api() {
    refused(&["a second file for the API `items`; the first is ", "one/items.json"], |folder| {
        vec![folder.file("one/items.json", api("/a")), folder.file("two/items.json", api("/a"))]
    });
    refused(&["a second file for the API `items`"], |folder| {
        vec![folder.zip("nested.zip", &[("a/items.json", &api("/a")), ("b/items.json", &api("/a"))])]
    });
}

#[test]
fn names_that_no_api_can_have() {
    for name in ["Data Files.json", "_x.json", "1st.json", "x-.json"] {
        refused(&["an API cannot be called "], |folder| vec![folder.file(name, api("/a"))]);
    }
}

#[test]
fn broken_archives() {
    refused(&["cut.zip: the archive cannot be read"], |folder| {
        let whole = std::fs::read(folder.zip("whole.zip", &[("a.json", &api("/a"))])).expect("an archive");
        vec![folder.file("cut.zip", whole.get(..whole.len() / 2).unwrap_or_default())]
    });
    refused(&["the archive cannot be read"], |folder| vec![folder.file("no.zip", "no archive")]);
    for name in ["../../a.json", "/a.json", "a/../../a.json", "..\\a.json", "C:\\a.json"] {
        refused(&["an entry that leads out of it", name], |folder| vec![folder.zip("bad.zip", &[(name, &api("/a"))])]);
    }
    refused(&["bad.zip/deep/a.json:1:1 at #: not JSON"], |folder| vec![folder.zip("bad.zip", &[("deep/a.json", "x")])]);
}

#[test]
fn a_list_of_names_with_another_header() {
    let folder = Folder::with_one_api();
    let before = folder.snapshot();
    let inputs = vec![folder.file("a.json", api("/a"))];
    let names = Some(folder.file("names.tsv", "method\tpath\tname\nGET\t/a\tgetA\n"));
    let errors = folder.import_as(RestImport { inputs, names, ..RestImport::default() }).unwrap_err();
    assert!(errors.iter().any(|e| e.to_string().contains("names.tsv:1:1")), "{errors:?}");
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn a_broken_record_of_sources() {
    let folder = Folder::with_one_api();
    std::fs::write(folder.specs().join("SOURCES.toml"), "[rest.items]\nfile = 1\n").expect("a file");
    let before = folder.snapshot();
    let errors = folder.import(&[folder.file("a.json", api("/a"))]).unwrap_err();
    assert!(errors.iter().any(|e| e.to_string().contains("SOURCES.toml:2:8")), "{errors:?}");
    assert_eq!(folder.snapshot(), before);
}

#[test]
fn the_command_prints_errors_and_fails() {
    let folder = Folder::new();
    let bad = folder.file("bad.json", "{\n \"openapi\": \"3.1.0\"}");
    let run = |input: &std::path::Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_qlik-codegen"));
        command
            .args(["import", "rest"])
            .arg(input)
            .arg("--specs")
            .arg(folder.specs())
            .output()
            .expect("the command runs")
    };
    let output = run(&bad);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        text.starts_with("error: ") && text.contains("bad.json:2:2 at #/openapi: ") && text.contains("\n  help: "),
        "{text}"
    );
    assert!(!folder.specs().exists());
    let output = run(&folder.file("items.json", api("/items")));
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("imported 1 document, 1 operation, 0 component schemas\n"), "{text}");
}
