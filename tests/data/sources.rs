//! Where data comes from: charts, data-model tables, master items; and what is said where there is none.

use futures::TryStreamExt;
use qlik::Error;
use qlik::data::{Date, Dimension, Measure, Mode, Row};
use qlik::engine::{Doc, Proxy};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::hypercube::open;
use crate::scripted::{Peer, Scripted};

async fn doc(server: &Scripted) -> Doc {
    Doc::new(server.qlik.session("app").connect().await.expect("a session").handle(1, "Doc"))
}

fn info(title: &str) -> Value {
    json!({ "qFallbackTitle": title })
}

#[derive(Debug, Deserialize)]
struct Sales {
    #[serde(rename = "Region")]
    region: Option<String>,
    #[serde(rename = "Sales")]
    amount: Option<f64>,
    /// No column has it.
    #[serde(default)]
    other: Option<String>,
}

#[tokio::test]
async fn a_chart_is_read_with_its_own_titles() {
    let (_sandbox, doc) = open().await;
    let infos = serde_json::to_value(doc.get_all_infos().await.unwrap()).unwrap();
    let infos = infos.as_array().cloned().unwrap_or_else(|| infos["qInfos"].as_array().cloned().unwrap());
    let chart = infos.iter().find(|info| info["qType"] == "barchart").expect("a chart");
    let chart = doc.chart(chart["qId"].as_str().unwrap()).await.unwrap();
    assert_eq!((chart.title(), chart.mode()), ("Sales by region", Mode::Straight));
    let sales: Vec<Sales> = chart.records().try_collect().await.unwrap();
    assert_eq!(sales.len() as u64, chart.row_count().await.unwrap());
    let total = doc.evaluate_ex("Sum(Sales)").await.unwrap().number.unwrap();
    assert!((sales.iter().filter_map(|sales| sales.amount).sum::<f64>() - total).abs() < 1e-6);
    assert!(sales.iter().all(|sales| sales.region.as_deref() != Some("") && sales.other.is_none()));
    assert_eq!(chart.totals().await.unwrap()[0].num.map(f64::round), Some(total.round()));
}

#[tokio::test]
async fn master_items_by_title_and_by_id() {
    let (_sandbox, doc) = open().await;
    let cube = doc.hypercube().dimension(Dimension::titled("Sales region")).measure(Measure::titled("Sales"));
    let by_title: Vec<(Option<String>, Option<f64>)> = cube.open().await.unwrap().rows().try_collect().await.unwrap();
    let cube = doc.hypercube().dimension("Region").measure("Sum(Sales)").open().await.unwrap();
    assert_eq!(by_title, cube.rows::<(Option<String>, Option<f64>)>().try_collect::<Vec<_>>().await.unwrap());
    let error = doc.hypercube().measure(Measure::titled("Nothing")).open().await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("`Nothing`; it has Sales"), "{error}");
}

#[tokio::test]
async fn dates_and_records() {
    let (_sandbox, doc) = open().await;
    let cube = doc.hypercube().dimension("OrderDate").dimension("Month").measure("Sum(Sales)").open().await.unwrap();
    let rows: Vec<(Option<Date>, Option<String>, f64)> = cube.read().limit(500).rows().try_collect().await.unwrap();
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut compared = 0;
    for (date, month, _) in &rows {
        if let (Some(date), Some(month)) = (date, month) {
            assert_eq!(names[usize::from(date.month) - 1], month);
            compared += 1;
        }
    }
    assert!(compared > 400, "{compared}");
    let values: Vec<Value> = cube.read().limit(3).records().try_collect().await.unwrap();
    assert!(values[0]["OrderDate"].is_number() && values[0].as_object().unwrap().len() == 3, "{}", values[0]);
    let error = cube.records::<std::collections::BTreeMap<String, String>>().try_collect::<Vec<_>>().await;
    assert!(error.is_ok(), "every value has a text");
    let error = cube.records::<std::collections::BTreeMap<String, bool>>().try_collect::<Vec<_>>().await;
    assert!(error.is_ok() || error.unwrap_err().to_string().contains("column"));
}

#[tokio::test]
async fn what_is_dropped_leaves_the_session() {
    let (_sandbox, doc) = open().await;
    let objects = |doc: &Doc| doc.handle().session().in_use().objects;
    let before = objects(&doc);
    let cube = doc.hypercube().dimension("OrderID").measure("Sum(Sales)").open().await.unwrap();
    let id = cube.object().unwrap().handle().generic_id().unwrap().to_owned();
    let mut rows = cube.read().page_cells(10).rows::<Row>();
    drop(cube);
    assert!(rows.try_next().await.unwrap().is_some(), "the stream keeps it");
    drop(rows);
    // calls that were in flight go with it
    for _ in 0..200 {
        if doc.get_object(id.clone()).await.is_err() {
            assert_eq!(objects(&doc), before);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the object is still in the session");
}

#[tokio::test]
async fn a_table_of_the_data_model() {
    let tables = json!({"qtr": [
        {"qName": "Other", "qFields": []},
        {"qName": "Orders", "qNoOfRows": 250, "qFields": [
            {"qName": "Id", "qTags": ["$numeric", "$integer"]}, {"qName": "Day", "qTags": ["$numeric", "$date"]},
            {"qName": "Note", "qTags": ["$text"]}]}]});
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve("GetTablesAndKeys", tables.clone()).await;
        let mut served = 0;
        while served < 250 {
            let request = peer.take("GetTableData").await;
            let params = &request["params"];
            assert_eq!((&params["qTableName"], &params["qOffset"]), (&json!("Orders"), &json!(served)));
            let count = params["qRows"].as_u64().unwrap();
            let row = |row: u64| {
                let note = if row.is_multiple_of(3) {
                    json!({})
                } else {
                    json!({"qText": format!("n{row}"), "qIsNumeric": false})
                };
                json!({"qValue": [{"qText": row.to_string(), "qIsNumeric": true, "qNumber": row},
                    {"qText": "a day", "qIsNumeric": true, "qNumber": 45_000 + row}, note]})
            };
            let rows: Vec<Value> = (served..served + count).map(row).collect();
            peer.reply(&request, json!({ "qData": rows })).await;
            served += count;
        }
        // that it is still the same
        peer.serve("GetTablesAndKeys", tables.clone()).await;
        peer.serve("GetTablesAndKeys", tables).await;
        peer.until_closed().await;
    })
    .await;
    let doc = doc(&server).await;
    let table = doc.data_table("Orders").await.unwrap();
    assert!(table.object().is_none());
    let rows: Vec<(i64, Date, Option<String>)> = table.read().page_cells(120).rows().try_collect().await.unwrap();
    assert_eq!(rows.len(), 250);
    for (place, (id, day, note)) in rows.iter().enumerate() {
        assert_eq!((*id as usize, Some(*day)), (place, Date::from_serial(45_000.0 + place as f64)));
        assert_eq!(note.is_none(), place % 3 == 0);
    }
    let error = doc.data_table("Nowhere").await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("Other, Orders"), "{error}");
    drop((table, doc));
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let cube = |more: Value| {
        let mut cube =
            json!({"qSize": {"qcx": 2, "qcy": 3}, "qDimensionInfo": [info("A")], "qMeasureInfo": [info("B")]});
        cube.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "qHyperCube": cube })
    };
    let condition = json!({"qFallbackTitle": "B", "qError": {"qErrorCode": 7005}, "qCalcCondMsg": "Pick a year"});
    let access = json!({"qFallbackTitle": "A", "qError": {"qErrorCode": 5}});
    let nested = json!({"box": {"qHyperCube": {"qSize": {}}}, "qHyperCubeDef": 1});
    for (layout, code, parts) in [
        (
            cube(json!({"qError": {"qErrorCode": 7005}, "qCalcCondMsg": "Too many"})),
            Some(7005),
            vec!["Too many", "not fulfilled"],
        ),
        (cube(json!({"qError": {"qErrorCode": 5}})), Some(5), vec!["no access"]),
        (cube(json!({"qError": {"qErrorCode": 7006, "qContext": "Sum("}})), Some(7006), vec!["Sum("]),
        (cube(json!({"qMeasureInfo": [condition]})), Some(7005), vec!["column 2", "`B`", "hidden", "Pick a year"]),
        (cube(json!({"qDimensionInfo": [access]})), Some(5), vec!["column 1", "no access"]),
        (cube(json!({"qMeasureInfo": []})), None, vec!["2 columns of 1"]),
        (cube(json!({"qMode": "D"})), None, vec!["mode D"]),
        (nested, None, vec!["ask for /box/qHyperCubeDef"]),
    ] {
        let server = Scripted::start(|mut peer: Peer| async move {
            peer.serve_object("GetObject", "GenericObject", 2, "chart").await;
            // once more for a list, where there is no hypercube
            for _ in 0..2 {
                let Some(Ok(message)) = futures::StreamExt::next(&mut peer.socket).await else { return };
                if message.is_text() {
                    let request = serde_json::from_str::<Value>(message.to_text().unwrap()).unwrap();
                    peer.reply(&request, json!({ "qLayout": layout })).await;
                }
            }
        })
        .await;
        let error = doc(&server).await.chart("chart").await.unwrap_err();
        assert_eq!(error.engine_code(), code, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
}

#[tokio::test]
async fn fewer_rows_than_were_due_are_an_error() {
    let layout = json!({"qHyperCube": {"qSize": {"qcx": 1, "qcy": 20}, "qDimensionInfo": [info("A")]}});
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 2, "chart").await;
        peer.serve("GetLayout", json!({ "qLayout": layout })).await;
        let rows = vec![json!([{"qText": "a", "qElemNumber": 1}]); 7];
        peer.serve("GetHyperCubeData", json!({"qDataPages": [{"qMatrix": rows, "qArea": {}}]})).await;
        peer.until_closed().await;
    })
    .await;
    let doc = doc(&server).await;
    let chart = doc.chart("chart").await.unwrap();
    let error = chart.rows::<Row>().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, Error::Decode(_)) && error.to_string().contains("13 more were due"), "{error}");
    drop((chart, doc));
    server.finish().await;
}
