//! Pages as real engines have sent them, read the whole way: to the numbers that their texts say.

use std::path::PathBuf;

use futures::TryStreamExt;
use qlik::data::{Cell, CellKind, Row};
use qlik::engine::{Doc, Proxy};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scripted::{Peer, Scripted};

/// A recorded payload; `None` where there are none.
fn recorded(name: &str) -> Option<Value> {
    let Some(shared) = std::env::var_os("QLIK_SHARED").map(PathBuf::from) else {
        println!("skipped: QLIK_SHARED does not say where the recorded payloads are");
        return None;
    };
    let folder = shared.join("recorded/engine");
    let entries = std::fs::read_dir(folder).expect("the recorded payloads").map(|entry| entry.expect("an entry"));
    let found = entries.into_iter().find(|entry| entry.file_name().to_string_lossy().starts_with(name));
    let text = std::fs::read_to_string(found.expect(name).path()).expect("a payload");
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// The rows of an object with this layout, whose data calls are answered with this.
async fn rows(layout: Value, data: Value) -> Vec<Row> {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 2, "chart").await;
        peer.serve("GetLayout", json!({ "qLayout": layout })).await;
        while let Some(Ok(message)) = futures::StreamExt::next(&mut peer.socket).await {
            if message.is_text() {
                let request: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
                peer.reply(&request, data.clone()).await;
            }
        }
    })
    .await;
    let app = server.qlik.session("app").connect().await.unwrap().handle(1, "Doc");
    let chart = Doc::new(app).chart("chart").await.unwrap();
    let rows = chart.read().without_attributes().rows().try_collect().await.unwrap();
    drop(chart);
    server.finish().await;
    rows
}

/// A layout with so many dimensions and measures.
fn layout(mode: &str, (columns, rows): (usize, usize), dimensions: usize, measures: usize) -> Value {
    let infos =
        |count: usize| (0..count).map(|place| json!({"qFallbackTitle": format!("C{place}")})).collect::<Vec<_>>();
    json!({"qHyperCube": {"qMode": mode, "qSize": {"qcx": columns, "qcy": rows},
        "qDimensionInfo": infos(dimensions), "qMeasureInfo": infos(measures),
        "qEffectiveInterColumnSortOrder": (0..dimensions).collect::<Vec<_>>(), "qNoOfLeftDims": -1}})
}

/// A number is what its text says, as far as the text says it; how many were compared.
fn numbers_are_their_texts(cells: &[Cell]) -> usize {
    let mut compared = 0;
    for cell in cells {
        let text: String = cell.text.chars().filter(|letter| !matches!(letter, ',' | ' ' | '\u{a0}')).collect();
        if let (Some(number), Ok(said)) = (cell.num, text.parse::<f64>()) {
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let exact = 0.5 * 10_f64.powi(-(decimals as i32)) + number.abs() * 1e-12;
            assert!((number - said).abs() <= exact, "{} is {number}", cell.text);
            compared += 1;
        }
    }
    compared
}

#[tokio::test]
async fn straight_tables() {
    let mut compared = 0;
    for name in ["002_", "055_", "060_", "068_", "074_", "080_", "086_", "094_"] {
        let Some(pages) = recorded(name) else { return };
        let page = &pages[0];
        let matrix: Vec<Vec<Cell>> = Vec::deserialize(&page["qMatrix"]).unwrap();
        let size = (matrix[0].len(), matrix.len());
        let rows = rows(layout("S", size, 1, size.0 - 1), json!({ "qDataPages": [page] })).await;
        assert_eq!(rows.len(), size.1, "{name}");
        for (row, expected) in rows.iter().zip(&matrix) {
            for (read, expected) in row.cells().iter().zip(expected) {
                assert_eq!(
                    (&read.text, read.num, read.elem_number),
                    (&expected.text, expected.num, expected.elem_number)
                );
                assert_eq!(read.state, expected.state);
                let unmarked = expected.text == "-" && expected.num.is_none();
                assert!(read.is_null == expected.is_null || unmarked, "{read:?}");
            }
            compared += numbers_are_their_texts(row.cells());
        }
    }
    assert!(compared > 200, "{compared}");
}

#[tokio::test]
async fn a_pivot_with_its_measures_below_each_other() {
    let Some(layout) = recorded("013_") else { return };
    let page = layout["qHyperCube"]["qPivotDataPages"][0].clone();
    let rows = rows(layout, json!({ "qDataPages": [page] })).await;
    let left = page["qLeft"].as_array().unwrap();
    assert_eq!(rows.len(), left.len());
    for (place, (row, node)) in rows.iter().zip(left).enumerate() {
        let cells = row.cells();
        assert_eq!((cells.len(), Some(cells[0].text.as_str())), (3, node["qText"].as_str()));
        for measure in 0..2 {
            let value = &page["qData"][2 * place + measure][0];
            assert_eq!(
                (cells[1 + measure].num, Some(cells[1 + measure].text.as_str())),
                (value["qNum"].as_f64(), value["qText"].as_str())
            );
        }
        assert_eq!(numbers_are_their_texts(cells), 2);
    }
}

#[tokio::test]
async fn a_pivot_with_its_measures_side_by_side() {
    let Some(pages) = recorded("012_") else { return };
    let mut layout = layout("P", (4, 1), 1, 2);
    layout["qHyperCube"]["qEffectiveInterColumnSortOrder"] = json!([-1, 0]);
    layout["qHyperCube"]["qNoOfLeftDims"] = json!(0);
    let rows = rows(layout, json!({ "qDataPages": [pages[0]] })).await;
    let data = &pages[0]["qData"][0];
    assert_eq!(rows.iter().map(|row| row.cells()[0].text.as_str()).collect::<Vec<_>>(), ["2006", "2007"]);
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row.cells()[1].num, data[place]["qNum"].as_f64());
        assert_eq!(row.cells()[2].num, data[2 + place]["qNum"].as_f64());
        assert_eq!(numbers_are_their_texts(row.cells()), 3);
    }
}

#[tokio::test]
async fn stacks_add_up_to_their_totals() {
    for (name, dimensions) in [("037_", 3), ("040_", 1)] {
        let Some(pages) = recorded(name) else { return };
        let rows = rows(layout("K", (1, 9), dimensions, 1), json!({ "qDataPages": [pages[0]] })).await;
        assert!(!rows.is_empty());
        for node in pages[0]["qData"][0]["qSubNodes"].as_array().unwrap() {
            let of_node = rows.iter().filter(|row| Some(row.cells()[0].text.as_str()) == node["qText"].as_str());
            let sum: f64 = of_node.clone().filter_map(|row| row.cells()[dimensions].num).sum();
            match node["qMaxPos"].as_f64() {
                Some(total) => assert!((sum - total).abs() < 1e-6 * total.abs(), "{name} {}", node["qText"]),
                None => assert!(of_node.clone().all(|row| row.cells()[dimensions].is_null)),
            }
            assert!(of_node.count() > 0);
        }
        assert!(rows.iter().all(|row| row.cells().iter().all(|cell| cell.kind != CellKind::Total)));
        let compared: usize = rows.iter().map(|row| numbers_are_their_texts(row.cells())).sum();
        assert!(compared > 0, "{name}");
    }
}

#[tokio::test]
async fn trees_add_up_to_their_nodes() {
    let Some(nodes) = recorded("042_") else { return };
    let rows = rows(layout("T", (1, 8), 2, 1), json!({ "qNodes": nodes })).await;
    let mut compared = 0;
    for node in nodes[0]["qNodes"].as_array().unwrap() {
        let of_node = rows.iter().filter(|row| Some(row.cells()[0].text.as_str()) == node["qText"].as_str());
        let sum: f64 = of_node.clone().filter_map(|row| row.cells()[2].num).sum();
        assert!((sum - node["qMaxPos"][0].as_f64().unwrap()).abs() < 1e-3, "{}", node["qText"]);
        compared += of_node.map(|row| numbers_are_their_texts(row.cells())).sum::<usize>();
    }
    assert_eq!(compared, 2 * rows.len());
}
