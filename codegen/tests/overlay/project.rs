//! The project's own overlays, applied to its descriptions and to the official documents.

use std::fs;
use std::path::{Path, PathBuf};

use qlik_codegen::diagnostic::Diagnostic;
use qlik_codegen::overlay::Overlays;
use serde_json::Value;

/// Applies every overlay of the project to the documents that `path` finds; gives what went wrong and all changes.
fn apply_all(path: impl Fn(&str) -> PathBuf) -> (Vec<String>, Vec<String>) {
    let overlays = Overlays::read(&specs().join("overlays")).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let (mut problems, mut changes) = (Vec::new(), Vec::new());
    for name in overlays.documents() {
        let text = fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut value: Value = serde_json::from_str(&text).unwrap();
        match overlays.apply(name, &mut value) {
            Ok(applied) => {
                for action in applied.actions {
                    if action.changes.is_empty() {
                        problems.push(format!("{}:{} changes nothing", action.file, action.line));
                    }
                    changes.extend(action.changes.iter().map(|pointer| format!("{name}#{pointer}")));
                }
            }
            Err(found) => problems.extend(found.iter().map(Diagnostic::to_string)),
        }
    }
    (problems, changes)
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

#[test]
fn the_projects_overlays_apply_to_its_descriptions() {
    let (problems, changes) = apply_all(|name| specs().join(name));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for expected in ["rest/apps.json#/info/description", "engine/qix.json#/x-qlik-classes"] {
        assert!(changes.iter().any(|change| change == expected), "{expected}");
    }
}

/// A user may generate from the documents as Qlik publishes them.
#[test]
fn the_projects_overlays_apply_to_the_official_documents() {
    let Some(shared) = std::env::var_os("QLIK_SHARED").map(PathBuf::from) else {
        return println!("skipped: QLIK_SHARED does not say where the official documents are");
    };
    let upstream = shared.join("upstream");
    let (problems, _) = apply_all(|name| match name {
        "engine/qix.json" => upstream.join("engine/engine-rpc.json"),
        rest => upstream.join(rest),
    });
    // words only fill gaps, and these documents have words of their own
    let kept = |problem: &&String| problem.starts_with("wording/") && problem.ends_with("changes nothing");
    let problems: Vec<_> = problems.iter().filter(|problem| !kept(problem)).cloned().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_api_has_a_line_and_every_class_has_one() {
    let (_, changes) = apply_all(|name| specs().join(name));
    for entry in fs::read_dir(specs().join("rest")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let line = format!("rest/{name}#/info/description");
        assert!(!name.ends_with(".json") || changes.contains(&line), "{line}");
    }
    let overlays = Overlays::read(&specs().join("overlays")).unwrap();
    let mut engine: Value =
        serde_json::from_str(&fs::read_to_string(specs().join("engine/qix.json")).unwrap()).unwrap();
    overlays.apply("engine/qix.json", &mut engine).unwrap();
    let methods = engine["methods"].as_array().unwrap();
    for method in methods {
        let class = method["name"].as_str().unwrap().split('.').next().unwrap();
        assert!(engine["x-qlik-classes"][class].is_string(), "{class}");
        let object = &method["result"]["schema"]["properties"]["qReturn"]["$ref"];
        let returned = &method["x-qlik-class"];
        assert_eq!(object == "#/components/schemas/ObjectInterface", returned.is_string(), "{}", method["name"]);
        assert!(returned.is_null() || engine["x-qlik-classes"][returned.as_str().unwrap()].is_string(), "{returned}");
    }
}
