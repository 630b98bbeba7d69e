//! The overlay engine on small documents: what each rule does, and where each complaint points.

#[path = "overlay/project.rs"]
mod project;

use std::fs;

use qlik_codegen::diagnostic::Diagnostic;
use qlik_codegen::overlay::{Applied, Overlays};
use serde_json::{Value, json};

const HEAD: &str = "overlay: 1.0.0\ninfo: {title: Test, version: 1.0.0}\nextends: rest/a.json\nactions:\n";

/// A folder of overlays: `(path, text)` pairs, paths relative to it.
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn run(files: &[(&str, String)], document: Value) -> Result<(Value, Applied), Vec<Diagnostic>> {
    let dir = folder(files);
    let overlays = Overlays::read(dir.path())?;
    let mut value = document;
    let applied = overlays.apply("rest/a.json", &mut value)?;
    Ok((value, applied))
}

/// Applies actions as `fixes/a.yaml` to a document.
fn fix(actions: &str, document: Value) -> Result<(Value, Applied), Vec<Diagnostic>> {
    run(&[("fixes/a.yaml", format!("{HEAD}{actions}"))], document)
}

fn word(actions: &str, document: Value) -> Result<(Value, Applied), Vec<Diagnostic>> {
    run(&[("wording/a.yaml", format!("{HEAD}{actions}"))], document)
}

fn fixed(actions: &str, document: Value) -> Value {
    fix(actions, document).unwrap().0
}

/// The only complaint, as `LINE:COLUMN MESSAGE`.
fn complaint<T>(result: Result<T, Vec<Diagnostic>>) -> String {
    let found = result.err().expect("there should be a complaint");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(!found[0].help.is_empty(), "{found:#?}");
    format!("{}:{} {}", found[0].line, found[0].column, found[0].message)
}

#[track_caller]
fn says(complaint: &str, start: &str, part: &str) {
    assert!(complaint.starts_with(start) && complaint.contains(part), "{complaint}");
}

#[test]
fn objects_merge_member_by_member() {
    let actions = "- {target: $.x, description: d, update: {b: {d: 2}, e: [1], f: {g: true}}}\n";
    let value = fixed(actions, json!({"x": {"a": 0, "b": {"c": 1}}, "y": 1}));
    assert_eq!(value, json!({"x": {"a": 0, "b": {"c": 1, "d": 2}, "e": [1], "f": {"g": true}}, "y": 1}));
}

#[test]
fn scalars_are_replaced() {
    let actions = "- {target: $.x, description: d, update: {a: '1', b: null, c: true}}\n";
    assert_eq!(fixed(actions, json!({"x": {"a": 1, "b": 2}})), json!({"x": {"a": "1", "b": null, "c": true}}));
}

#[test]
fn arrays_are_appended_to() {
    let member = "- {target: $, description: d, update: {required: [b, c]}}\n";
    assert_eq!(fixed(member, json!({"required": ["a", "b"]})), json!({"required": ["a", "b", "c"]}));
    let target = "- {target: $.parameters, description: d, update: {name: x}}\n";
    assert_eq!(
        fixed(target, json!({"parameters": [{"name": "y"}]})),
        json!({"parameters": [{"name": "y"}, {"name": "x"}]})
    );
    let list = "- {target: $.enum, description: d, update: [b, c]}\n";
    assert_eq!(fixed(list, json!({"enum": ["a"]})), json!({"enum": ["a", "b", "c"]}));
}

#[test]
fn what_holds_members_is_not_replaced_by_accident() {
    let problem =
        complaint(fix("- target: $\n  description: d\n  update:\n    a:\n      b: 1\n", json!({"a": {"b": []}})));
    says(&problem, "9:7 ", "/a/b would replace an array by a number");
    let problem = complaint(fix("- target: $.a\n  description: d\n  update: {b: 1}\n", json!({"a": 1})));
    says(&problem, "7:3 ", "/a is a number and has no members");
    let problem = complaint(fix("- target: $.a\n  description: d\n  update: 1\n", json!({"a": {}})));
    says(&problem, "7:3 ", "an object is updated by an object");
}

#[test]
fn remove_takes_out_every_hit() {
    let document = json!({"x": {"t": 1, "deep": {"t": {"t": 2}}}, "list": ["a", "b", "a", "c"], "z": 0});
    assert_eq!(
        fixed("- {target: $..t, description: d, remove: true}\n", document.clone()),
        json!({"x": {"deep": {}}, "list": ["a", "b", "a", "c"], "z": 0})
    );
    let list = fixed("- {target: \"$.list[?@ == 'a']\", description: d, remove: true}\n", document.clone());
    assert_eq!(list["list"], json!(["b", "c"]));
    let order: Vec<String> = fixed("- {target: $.x, description: d, remove: true}\n", document)
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(order, ["list", "z"]);
    let root = complaint(fix("- {target: $, description: d, remove: true}\n", json!({})));
    says(&root, "5:", "the root cannot be removed");
}

#[test]
fn targets_filter() {
    let document = json!({"parameters": [{"in": "query", "name": "id"}, {"in": "path", "name": "id"}, {"in": "query", "name": "n"}]});
    let actions =
        "- {target: \"$.parameters[?@.name == 'id' && @.in == 'query']\", description: d, update: {required: true}}\n";
    let (value, applied) = fix(actions, document).unwrap();
    assert_eq!(value.pointer("/parameters/0/required"), Some(&json!(true)));
    assert_eq!(value.pointer("/parameters/1/required"), None);
    assert_eq!(applied.actions[0].hits, ["/parameters/0"]);
    assert_eq!(applied.actions[0].changes, ["/parameters/0/required"]);
}

#[test]
fn an_update_reaches_every_hit_once() {
    let actions = "- {target: \"$['a','a','b/c']\", description: why, update: {l: [{}]}}\n";
    let (value, applied) = fix(actions, json!({"a": {"l": []}, "b/c": {}})).unwrap();
    assert_eq!(value, json!({"a": {"l": [{}]}, "b/c": {"l": [{}]}}));
    let action = &applied.actions[0];
    assert_eq!((action.file.as_str(), action.line, action.index), ("fixes/a.yaml", 5, 0));
    assert_eq!((action.target.as_str(), action.reason.as_str()), ("$['a','a','b/c']", "why"));
    assert_eq!(action.hits, ["/a", "/b~1c"]);
    assert_eq!(action.changes, ["/a/l", "/b~1c/l"]);
    for (pointer, touched) in [("/a", true), ("/a/l", true), ("/a/l/0", true), ("/a/li", false), ("/b", false)] {
        assert_eq!(action.touches(pointer), touched, "{pointer}");
    }
}

#[test]
fn an_action_that_hits_nothing_names_itself() {
    let actions =
        "- {target: $.a, description: d, update: {x: 1}}\n\n- description: d\n  target: $.gone\n  remove: true\n";
    let problem = complaint(fix(actions, json!({"a": {}})));
    says(&problem, "8:3 action 2 ($.gone) on rest/a.json", "hits nothing");
}

#[test]
fn all_complaints_come_at_once() {
    let actions = "- {target: $.b, description: d, remove: true}\n- {target: $.c, description: d, remove: true}\n";
    let problems = fix(actions, json!({"a": {}})).unwrap_err();
    assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(problems[1].pointer, "/actions/1");
    assert!(problems[1].file.ends_with("a.yaml"));
    let malformed = "- {target: $.b}\n- {target: '$.[', description: d, remove: true}\n";
    assert_eq!(fix(malformed, json!({})).unwrap_err().len(), 3);
}

#[test]
fn an_old_value_that_stands_lets_the_action_pass() {
    let was = |was: &str, document| {
        fix(&format!("- {{target: $.x, description: d, x-qlik-was: {was}, update: {{n: 1}}}}\n"), document).is_ok()
    };
    assert!(was("{type: string, gone: null}", json!({"x": {"type": "string", "format": "date"}})));
    assert!(was("{a: {b: [1, 2]}}", json!({"x": {"a": {"b": [1, 2], "c": 3}}})));
    let removed = "- {target: '$.x[0]', description: d, x-qlik-was: 'a, b', remove: true}\n";
    assert_eq!(fixed(removed, json!({"x": ["a, b"]})), json!({"x": []}));
}

#[test]
fn an_old_value_that_no_longer_stands_stops_the_build() {
    let stale = |was: &str| {
        let actions = format!("- target: $.x\n  description: d\n  x-qlik-was:\n    {was}\n  update: {{n: 1}}\n");
        let document = json!({"x": {"type": "string", "a": {"b": [1, 2]}}});
        let problems = fix(&actions, document).unwrap_err();
        assert!(problems[0].help.contains("drop it"), "{problems:#?}");
        complaint::<()>(Err(problems))
    };
    says(&stale("type: integer"), "8:5 action 1 ($.x)", "#/x/type is now \"string\"");
    says(&stale("a: null"), "8:5 ", "#/x/a is now {\"b\":[1,2]}");
    says(&stale("a: {b: [1]}"), "8:5 ", "#/x/a/b is now [1,2]");
    says(&stale("c: 1"), "8:5 ", "#/x/c is now nothing");
    says(&stale("[1]"), "7:3 ", "#/x is now {\"type\"");
}

#[test]
fn an_action_is_well_formed() {
    let form = |actions: &str| complaint(fix(actions, json!({"a": {}})));
    says(&form("- target: $.a\n  update: {}\n"), "5:1 action 1: ", "gives no reason");
    says(&form("- target: $.a\n  description: ' '\n  update: {}\n"), "6:3 ", "gives no reason");
    says(&form("- description: d\n  update: {}\n"), "5:1 ", "has no target");
    says(&form("- description: d\n  target: $.a[\n  update: {}\n"), "6:3 ", "`$.a[` is not a JSONPath");
    says(&form("- target: $.a\n  description: d\n"), "5:1 ", "does nothing");
    says(&form("- target: $.a\n  description: d\n  remove: false\n"), "5:1 ", "does nothing");
    says(&form("- target: $.a\n  description: d\n  remove: yes\n  update: {}\n"), "7:3 ", "neither true nor false");
    says(&form("- target: $.a\n  description: d\n  remove: true\n  update: {}\n"), "7:3 ", "both updates and removes");
    says(&form("- target: $.a\n  description: d\n  updates: {}\n  update: {}\n"), "7:3 ", "no `updates`");
    says(&form("- target: $.a\n  description: d\n  x-qlik-is: 1\n  update: {}\n"), "7:3 ", "no `x-qlik-is`");
    says(&form("- 7\n"), "5:1 ", "an action is an object");
    assert!(fix("- {target: $.a, description: d, update: {}, x-other: 1}\n", json!({"a": {}})).is_ok());
}

#[test]
fn an_overlay_is_well_formed() {
    let form = |text: &str| complaint(run(&[("fixes/a.yaml", text.to_owned())], json!({"a": {}})));
    let action = "actions: [{target: $.a, description: d, update: {}}]\n";
    let info = "info: {title: T, version: '1'}\n";
    says(&form(&format!("overlay: 2.0.0\n{info}extends: rest/a.json\n{action}")), "1:1 ", "\"2.0.0\"");
    says(
        &form(&format!("{info}extends: rest/a.json\n{action}")),
        "1:1 ",
        "version of the Overlay Specification is missing",
    );
    says(
        &form(&format!("overlay: 1.0.0\ninfo: {{title: T}}\nextends: rest/a.json\n{action}")),
        "2:1 ",
        "`info.version`",
    );
    says(
        &form(&format!("overlay: 1.0.0\n{info}extends: rest/b.json\n{action}")),
        "3:1 ",
        "file's name says \"rest/a.json\"",
    );
    says(&form(&format!("overlay: 1.0.0\n{info}{action}")), "1:1 ", "`extends` is missing");
    says(&form(&format!("overlay: 1.0.0\n{info}extends: rest/a.json\nactions: []\n")), "4:1 ", "at least one action");
    says(&form(&format!("overlay: 1.0.0\n{info}extends: rest/a.json\naction: []\n{action}")), "4:1 ", "no `action`");
    says(&form("- 1\n"), "1:1 ", "an overlay is an object");
}

#[test]
fn broken_yaml_points_at_its_line() {
    let form = |text: &str| complaint(run(&[("fixes/a.yaml", text.to_owned())], json!({})));
    says(&form("overlay: 1.0.0\ninfo: {title: [}\n"), "2:", "not a YAML overlay");
    says(&form("overlay: 1.0.0\nactions:\n  - update:\n      a: 1\n      a: 2\n"), "", "\"a\" stands here twice");
    says(&form(""), "1:1 ", "an overlay is an object");
}

#[test]
fn a_file_that_no_document_would_use_is_an_error() {
    for name in ["fix/a.yaml", "a.yaml", "fixes/a.yml", "fixes/notes.md", "fixes/deeper/a.yaml"] {
        let dir = folder(&[(name, String::new())]);
        assert!(Overlays::read(dir.path()).is_err_and(|found| found.len() == 1), "{name}");
    }
    let dir = folder(&[("README.md", String::new()), ("fixes/.keep", String::new())]);
    assert!(Overlays::read(dir.path()).is_ok_and(|overlays| overlays.documents().count() == 0));
    assert!(Overlays::read(&dir.path().join("gone")).is_err());
}

#[test]
fn the_file_name_says_which_document_it_extends() {
    let dir = folder(&[
        ("fixes/engine.yaml", String::new()),
        ("wording/a.yaml", String::new()),
        ("wording/engine.doc.yaml", String::new()),
        ("shape/data-files.yaml", String::new()),
    ]);
    let overlays = Overlays::read(dir.path()).unwrap();
    assert_eq!(overlays.documents().collect::<Vec<_>>(), ["engine/qix.json", "rest/a.json", "rest/data-files.json"]);
    // the others are not even parsed
    assert!(overlays.apply("rest/b.json", &mut json!({})).is_ok_and(|applied| applied.actions.is_empty()));
}

#[test]
fn layers_and_files_are_applied_in_one_order() {
    let step = |name: &str| format!("{HEAD}- {{target: $.steps, description: d, update: {name}}}\n");
    let files = [
        ("shape/a.yaml", step("three")),
        ("fixes/a.z.yaml", step("two")),
        ("wording/a.yaml", format!("{HEAD}- {{target: $, description: d, update: {{description: last}}}}\n")),
        ("fixes/a.yaml", step("one")),
    ];
    for _ in 0..3 {
        let (value, applied) = run(&files, json!({"steps": []})).unwrap();
        assert_eq!(value, json!({"steps": ["one", "two", "three"], "description": "last"}));
        let order: Vec<&str> = applied.actions.iter().map(|action| action.file.as_str()).collect();
        assert_eq!(order, ["fixes/a.yaml", "fixes/a.z.yaml", "shape/a.yaml", "wording/a.yaml"]);
    }
}

#[test]
fn wording_fills_only_what_has_no_words() {
    let actions =
        "- {target: $.op, description: d, update: {summary: ours, description: ours, x-qlik-classes: {Doc: ours}}}\n";
    let (value, applied) = word(actions, json!({"op": {"summary": "official", "description": ""}})).unwrap();
    assert_eq!(value, json!({"op": {"summary": "official", "description": "ours", "x-qlik-classes": {"Doc": "ours"}}}));
    assert_eq!(applied.actions[0].changes, ["/op/description", "/op/x-qlik-classes"]);
    let (_, applied) =
        word("- {target: $, description: d, update: {summary: ours}}\n", json!({"summary": "official"})).unwrap();
    assert!(applied.actions[0].changes.is_empty());
}

#[test]
fn wording_reaches_list_entries_by_name() {
    let actions = "- target: $\n  description: d\n  update:\n    parameters:\n      limit:\n        description: ours\n      sort:\n        description: ours\n    oneOf:\n      S: {description: straight}\n";
    let document = json!({"parameters": [{"name": "sort", "description": "official"}, {"name": "limit"}], "oneOf": [{"title": "S"}]});
    let (value, applied) = word(actions, document).unwrap();
    assert_eq!(value.pointer("/parameters/1/description"), Some(&json!("ours")));
    assert_eq!(value.pointer("/parameters/0/description"), Some(&json!("official")));
    assert_eq!(value.pointer("/oneOf/0/description"), Some(&json!("straight")));
    assert_eq!(applied.actions[0].changes, ["/parameters/1/description", "/oneOf/0/description"]);
    let problem = complaint(word(actions, json!({"parameters": [{"name": "limit"}], "oneOf": [{"title": "S"}]})));
    says(&problem, "11:7 ", "no entry of /parameters has the name or title \"sort\"");
}

#[test]
fn wording_of_what_is_not_there_is_an_error() {
    let actions =
        "- target: $\n  description: d\n  update:\n    paths:\n      /a:\n        get:\n          summary: ours\n";
    let problem = complaint(word(actions, json!({"paths": {"/a": {"put": {}}}})));
    says(&problem, "10:9 ", "hits nothing: there is no /paths/~1a/get");
}

#[test]
fn wording_changes_no_fact() {
    for update in ["{type: string}", "{type: {}}", "{required: [a]}", "{properties: {description: {type: string}}}"] {
        let actions = format!("- {{target: $, description: d, update: {update}}}\n");
        let document = json!({"type": "object", "properties": {"description": {}}});
        says(&complaint(word(&actions, document)), "5:", "is not wording");
    }
    says(
        &complaint(word("- {target: $.a, description: d, remove: true}\n", json!({"a": 1}))),
        "5:",
        "wording removes nothing",
    );
    // a property that is named like words is described as any other
    let actions = "- {target: $.properties, description: d, update: {description: {description: ours}}}\n";
    let (value, _) = word(actions, json!({"properties": {"description": {}}})).unwrap();
    assert_eq!(value, json!({"properties": {"description": {"description": "ours"}}}));
}
