//! The whole of `specs/`: nothing is left out, nothing is named twice, and a second run gives the same bytes.

#[path = "fixtures/describe.rs"]
mod describe;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use qlik_codegen::emit::File;
use qlik_codegen::model::{Kind, TypeDef};
use qlik_codegen::normalize::VERBS;
use qlik_codegen::{Generated, Input, generate};
use serde_json::Value;

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")
}

fn run() -> Generated {
    let input = Input::new(specs());
    let generated = input.apis().and_then(|apis| generate(&input, &apis, true));
    match generated {
        Ok(generated) => generated,
        Err(found) => panic!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// Everything, generated once for all tests.
fn everything() -> &'static Generated {
    static EVERYTHING: OnceLock<Generated> = OnceLock::new();
    EVERYTHING.get_or_init(run)
}

/// A description as its file has it, without overlays.
fn description(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(specs().join(name)).unwrap()).unwrap()
}

fn operations(description: &Value) -> impl Iterator<Item = &Value> {
    let paths = description["paths"].as_object().into_iter().flatten();
    let items = paths.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    items.filter(|(key, _)| VERBS.contains(&key.as_str())).map(|(_, operation)| operation)
}

fn file(path: &str) -> &'static File {
    everything().files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"))
}

/// The names behind `pub fn`, `pub struct`, … in a file.
fn declared(text: &str, keyword: &str) -> Vec<String> {
    let start = format!("pub {keyword} ");
    let names = text.lines().filter_map(|line| line.trim_start().strip_prefix(&start));
    names.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

fn twice(names: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| !seen.insert(*name)).collect()
}

#[test]
fn every_operation_has_a_method() {
    let generated = everything();
    assert_eq!(generated.apis.len(), 79);
    let (mut described, mut methods) = (0, 0);
    for api in &generated.apis {
        let description = description(&format!("rest/{}.json", api.name));
        let ids: BTreeSet<&str> =
            operations(&description).filter_map(|operation| operation["operationId"].as_str()).collect();
        let lowered: BTreeSet<&str> = api.operations.iter().map(|operation| operation.name.as_str()).collect();
        assert_eq!(ids, lowered, "{}", api.name);
        assert_eq!(ids.len(), operations(&description).count(), "{}", api.name);
        described += ids.len();

        let client = file(&format!("rest/{}.rs", api.name.replace('-', "_")));
        let emitted: Vec<String> = declared(&client.text, "fn").into_iter().filter(|name| name != "new").collect();
        let expected: Vec<&String> = api.operations.iter().map(|operation| &operation.method).collect();
        assert_eq!(emitted.iter().collect::<Vec<_>>(), expected, "{}", api.name);
        methods += emitted.len();
    }
    // One operation takes JSON or a form of parts, and has a method for each.
    assert_eq!((described, methods), (684, 685));
}

#[test]
fn every_engine_method_has_a_method() {
    let engine = everything().engine.as_ref().unwrap();
    let description = description("engine/qix.json");
    let described: BTreeSet<&str> =
        description["methods"].as_array().unwrap().iter().filter_map(|m| m["name"].as_str()).collect();
    assert_eq!(described.len(), 336);
    let mut emitted = 0;
    for class in &engine.classes {
        for method in &class.methods {
            assert!(described.contains(format!("{}.{}", class.name, method.wire).as_str()));
        }
        let text = &everything()
            .files
            .iter()
            .find(|file| file.text.contains(&format!("pub struct {}(Handle);", class.name)))
            .unwrap()
            .text;
        let names = declared(text, "fn");
        assert!(twice(&names).is_empty(), "{}: {:?}", class.name, twice(&names));
        assert_eq!(names.len(), class.methods.len(), "{}", class.name);
        emitted += names.len();
    }
    assert_eq!((engine.classes.len(), emitted), (9, 336));
}

#[test]
fn every_engine_schema_is_a_type() {
    let engine = everything().engine.as_ref().unwrap();
    let description = description("engine/qix.json");
    let emitted: BTreeSet<&str> = engine.types.iter().map(|def| def.wire.as_str()).collect();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.len(), 333);
    let lacking: Vec<&String> = schemas.keys().filter(|name| !emitted.contains(name.as_str())).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
    for (name, schema) in schemas {
        let Some(members) = schema["properties"].as_object() else { continue };
        let Some(Kind::Record(fields)) = engine.types.iter().find(|def| def.wire == *name).map(|def| &def.kind) else {
            continue;
        };
        let fields: BTreeSet<&str> = fields.iter().map(|field| field.wire.as_str()).collect();
        assert!(members.keys().all(|member| fields.contains(member.as_str())), "{name}: {fields:?}");
    }
}

/// The components that a description's parameters, bodies and successes lead to.
fn reachable(description: &Value) -> BTreeSet<String> {
    let mut open = Vec::new();
    for item in description["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        references(&item["parameters"], &mut open);
    }
    for operation in operations(description) {
        references(&operation["parameters"], &mut open);
        references(&operation["requestBody"], &mut open);
        let responses = operation["responses"].as_object().unwrap();
        let success = responses.keys().any(|status| status.starts_with(['2', '3']));
        let success = |status: &str| if success { status.starts_with('2') } else { status == "default" };
        responses
            .iter()
            .filter(|(status, _)| success(status))
            .for_each(|(_, response)| references(response, &mut open));
    }
    let mut seen = BTreeSet::new();
    while let Some(reference) = open.pop() {
        if seen.insert(reference.clone()) {
            let target = description.pointer(reference.trim_start_matches('#'));
            target.into_iter().for_each(|target| references(target, &mut open));
        }
    }
    // A reference into a component copies what it means; the component around it is not needed for that.
    let names = seen.iter().filter_map(|reference| reference.strip_prefix("#/components/schemas/"));
    names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
}

fn references(node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// What is neither a type nor reached by errors alone is a part of other types: `allOf` and parts of a form take in its
/// members, a JSON patch takes any value, another media type of the same body or answer is not the one that is typed.
/// The golden list names each of these, so that one more is looked at.
#[test]
fn a_component_without_a_type_is_not_needed_or_a_part_of_others() {
    let input = Input::new(specs());
    let overlays = input.overlays().unwrap();
    let (mut components, mut parts) = (0, Vec::new());
    for api in &everything().apis {
        let description = input.load(&format!("rest/{}", api.name), &overlays).unwrap().document.value;
        let emitted: BTreeSet<&str> = api.types.iter().map(|def| def.wire.as_str()).collect();
        let needed = reachable(&description);
        let names = description["components"]["schemas"].as_object().into_iter().flatten().map(|(name, _)| name);
        components += names.clone().count();
        parts.extend(
            names
                .filter(|name| needed.contains(*name) && !emitted.contains(name.as_str()))
                .map(|name| format!("{} {name}", api.name)),
        );
    }
    assert_eq!(components, 1659);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("components-without-a-type", parts.join("\n")));
}

#[test]
fn names_are_identifiers_and_told_apart() {
    let generated = everything();
    let engine = generated.engine.as_ref().unwrap();
    let mut sets: Vec<(&str, &[TypeDef])> =
        generated.apis.iter().map(|api| (api.name.as_str(), &api.types[..])).collect();
    sets.push(("engine", &engine.types));
    for (module, types) in sets {
        let names: Vec<String> = types.iter().map(|def| def.name.clone()).collect();
        assert!(twice(&names).is_empty(), "{module}: {:?}", twice(&names));
        let description =
            description(&if module == "engine" { "engine/qix.json".to_owned() } else { format!("rest/{module}.json") });
        let qliks: BTreeSet<&String> =
            description["components"]["schemas"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
        for def in types {
            // Qlik's own names are kept whatever their length; ours are short.
            let ours = def.wire == def.name && !qliks.contains(&def.wire);
            assert!(!ours || def.name.len() <= 60, "{module}: {} has {} characters", def.name, def.name.len());
            assert!(syn::parse_str::<syn::Ident>(&def.name).is_ok(), "{module}: {}", def.name);
            let inner: Vec<String> = match &def.kind {
                Kind::Record(fields) => fields.iter().map(|field| field.name.clone()).collect(),
                Kind::OpenEnum(variants) => variants.iter().map(|variant| variant.name.clone()).collect(),
                Kind::Union { types, .. } => types.iter().map(|(name, _)| name.clone()).collect(),
                Kind::Alias(_) => Vec::new(),
            };
            assert!(twice(&inner).is_empty(), "{module}::{}: {:?}", def.name, twice(&inner));
            assert!(
                inner.iter().all(|name| syn::parse_str::<syn::Ident>(name).is_ok()),
                "{module}::{}: {inner:?}",
                def.name
            );
        }
    }
}

#[test]
fn every_type_that_is_used_is_declared() {
    let generated = everything();
    for api in &generated.apis {
        let declared: BTreeSet<&str> = api.types.iter().map(|def| def.name.as_str()).collect();
        for def in &api.types {
            let used: Vec<&str> = match &def.kind {
                Kind::Record(fields) => fields.iter().filter_map(|field| field.ty.names()).collect(),
                Kind::Union { types, .. } => types.iter().filter_map(|(_, ty)| ty.names()).collect(),
                Kind::Alias(ty) => ty.names().into_iter().collect(),
                Kind::OpenEnum(_) => Vec::new(),
            };
            assert!(used.iter().all(|name| declared.contains(name)), "{}::{}: {used:?}", api.name, def.name);
        }
    }
}

#[test]
fn every_file_is_rust_and_declares_nothing_twice() {
    for file in &everything().files {
        describe::assert_rust(file);
        let types: Vec<String> =
            ["struct", "enum", "type"].iter().flat_map(|keyword| declared(&file.text, keyword)).collect();
        assert!(twice(&types).is_empty(), "{}: {:?}", file.path, twice(&types));
    }
}

#[test]
fn a_second_run_gives_the_same_bytes() {
    let again: BTreeMap<String, String> = run().files.into_iter().map(|file| (file.path, file.text)).collect();
    assert_eq!(again.len(), everything().files.len());
    for file in &everything().files {
        assert_eq!(Some(&file.text), again.get(&file.path), "{}", file.path);
    }
}

#[test]
fn no_file_knows_where_it_was_made() {
    let home = specs().canonicalize().unwrap();
    let home = home.parent().unwrap().to_string_lossy().into_owned();
    for file in &everything().files {
        assert!(!file.path.starts_with('/') && !file.text.contains(&home), "{}", file.path);
        assert!(!file.text.contains(env!("CARGO_MANIFEST_DIR")), "{}", file.path);
    }
}
