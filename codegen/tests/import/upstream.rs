//! The official documents, where they are at hand: the variable QLIK_SHARED names the folder that has them.

use std::path::PathBuf;

use qlik_codegen::import::RestImport;

use crate::folder::Folder;

#[test]
fn the_official_documents_come_in_whole_and_twice_the_same() {
    let Some(shared) = std::env::var_os("QLIK_SHARED").map(PathBuf::from) else {
        eprintln!("skipped: QLIK_SHARED does not say where the official documents are");
        return;
    };
    let upstream = shared.join("upstream");
    let folder = Folder::new();
    let import = RestImport {
        inputs: vec![upstream.join("rest")],
        names: Some(upstream.join("rest-names/operation-names.tsv")),
        ..RestImport::default()
    };
    let rest = folder.import_as(import.clone()).expect("good documents");
    assert_eq!(rest.counts, [(79, "documents"), (684, "operations"), (1659, "component schemas")]);
    assert_eq!(rest.off_list.len(), 8, "operations that the toolkit does not have: {:#?}", rest.off_list);
    assert!(rest.unknown.is_empty(), "{:#?}", rest.unknown);
    let engine_file = upstream.join("engine/engine-rpc.json");
    let engine = folder.import_engine(&engine_file).expect("a good document");
    assert_eq!(engine.counts, [(336, "methods"), (333, "schemas"), (1281, "properties"), (332, "error codes")]);
    assert!(engine.unknown.is_empty(), "{:#?}", engine.unknown);

    let before = folder.snapshot();
    folder.import_as(import).expect("good documents");
    folder.import_engine(&engine_file).expect("a good document");
    assert_eq!(folder.snapshot(), before, "twice the same");
    folder.import(&[folder.specs().join("rest")]).expect("its own output");
    folder.import_engine(&folder.specs().join("engine/qix.json")).expect("its own output");
    assert_eq!(folder.snapshot(), before, "its own output changes nothing");

    let constants = folder.read("engine/qix.json");
    let schemas = constants["components"]["schemas"].as_object().expect("schemas");
    assert_eq!(
        schemas.values().filter(|schema| schema.get("oneOf").is_some()).count(),
        50,
        "enums with their constants"
    );
}
