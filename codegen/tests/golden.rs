//! What is emitted of a small REST API and of a small Engine, in full: a change of the generated code shows here first.

#[path = "fixtures/describe.rs"]
mod describe;

use std::path::Path;

use qlik_codegen::source::Document;
use qlik_codegen::{emit, lower, normalize};

fn document(name: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    Document::read(&path, &format!("specs/{name}")).unwrap()
}

/// Compares each file with the one of its name in `tests/golden`; `INSTA_UPDATE=always cargo test` takes what is new.
fn assert_golden(folder: &str, files: &[emit::File]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("golden/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for file in files {
            describe::assert_rust(file);
            let name = file.path.strip_suffix(".rs").unwrap_or(&file.path).replace('/', "-");
            insta::assert_snapshot!(name, file.text);
        }
    });
}

#[test]
fn rest() {
    let document = document("notes.json");
    let api = lower::api("notes", &document, &normalize::normalize(&document).unwrap()).unwrap();
    let mut files = emit::api(&api, "rest/notes.json", &[]);
    files.push(emit::index(&[api]));
    assert_golden("rest", &files);
}

#[test]
fn engine() {
    let engine = lower::engine(&document("engine.json")).unwrap();
    assert_golden("engine", &emit::engine(&engine));
}
