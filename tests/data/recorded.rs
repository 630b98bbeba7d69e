//! Cells as real engines have sent them: their numbers and nulls read as they are written.

use std::path::PathBuf;

use qlik::data::{Cell, CellState};
use serde::Deserialize;
use serde_json::Value;

/// Every cell in a document, wherever it stands.
fn cells(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            if ["qText", "qNum", "qElemNumber"].iter().all(|name| members.contains_key(*name)) {
                found.push(value.clone());
            }
            members.values().for_each(|member| cells(member, found));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| cells(entry, found)),
        _ => {}
    }
}

#[test]
fn recorded_cells_read_as_they_are_written() {
    let Some(shared) = std::env::var_os("QLIK_SHARED").map(PathBuf::from) else {
        println!("skipped: QLIK_SHARED does not say where the recorded payloads are");
        return;
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shared.join("recorded/engine")).expect("the recorded payloads") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).expect("a payload");
            cells(&serde_json::from_str(&text).expect("JSON"), &mut found);
        }
    }
    assert!(found.len() > 1000, "{} cells", found.len());
    for json in &found {
        let cell = Cell::deserialize(json).expect("a cell");
        assert_eq!(Some(cell.text.as_str()), json["qText"].as_str());
        assert_eq!(cell.num, json["qNum"].as_f64(), "{json}");
        assert_eq!(Some(i64::from(cell.elem_number)), json["qElemNumber"].as_i64());
        assert_eq!(cell.is_null, json["qIsNull"] == true);
        assert!(!matches!(cell.state, CellState::Other(_)), "{json}");
    }
}
