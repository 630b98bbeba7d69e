//! Reading hypercubes page by page, from an engine that follows a script.

use crate::scripted::{Peer, Scripted};
use futures::{StreamExt, TryStreamExt};
use qlik::Error;
use qlik::data::{ColumnKind, Cube, Dimension, Measure, Row, Sort};
use qlik::engine::{Doc, Proxy};
use serde_json::{Value, json};

const CUBE: i64 = 2;

fn cell(row: usize, column: usize) -> Value {
    match column {
        0 => json!({"qText": format!("d{row}"), "qNum": "NaN", "qElemNumber": row, "qState": "O"}),
        _ if row % 7 == column => {
            json!({"qText": "-", "qNum": "NaN", "qElemNumber": -2, "qState": "L", "qIsNull": true})
        }
        _ => json!({"qText": format!("{}", row * column), "qNum": row * column, "qElemNumber": 0, "qState": "L"}),
    }
}

fn page(area: &Value) -> Value {
    let side = |name: &str| usize::try_from(area[name].as_u64().expect("a side")).expect("a size");
    let row = |row: usize| (0..side("qWidth")).map(|column| cell(row, side("qLeft") + column)).collect::<Vec<_>>();
    let matrix: Vec<_> = (side("qTop")..side("qTop") + side("qHeight")).map(row).collect();
    json!({"qMatrix": matrix, "qArea": area, "qTails": [], "qIsReduced": false})
}

fn layout(rows: usize, columns: usize, first: usize) -> Value {
    let info = |column: usize| json!({"qFallbackTitle": format!("C{column}"), "qError": {}});
    let first = page(&json!({"qLeft": 0, "qTop": 0, "qWidth": columns, "qHeight": first.min(rows)}));
    json!({"qInfo": {"qId": "x"}, "qInfo": {"qId": "x"}, "qHyperCube": {
        "qSize": {"qcx": columns, "qcy": rows},
        "qDimensionInfo": [info(0)],
        "qMeasureInfo": (1..columns).map(info).collect::<Vec<_>>(),
        "qDataPages": [first], "qMode": "S"}})
}

/// Serves the making of a cube, and tells its properties.
async fn create(peer: &mut Peer) -> Value {
    let made = json!({"qReturn": {"qType": "GenericObject", "qHandle": CUBE, "qGenericId": "cube-id"}});
    peer.serve("CreateSessionObject", made).await["params"]["qProp"].clone()
}

async fn open(server: &Scripted, columns: usize) -> qlik::Result<Cube> {
    let app = server.qlik.session("app").connect().await?.handle(1, "Doc");
    let cube = Doc::new(app).hypercube().dimension("D");
    (1..columns).fold(cube, |cube, column| cube.measure(format!("Sum(M{column})"))).open().await
}

/// A cube of this size: its rows are what the cells say, from as few calls as the limit allows.
async fn reads(rows: usize, columns: usize, first: usize) {
    let server = Scripted::start(move |mut peer: Peer| async move {
        create(&mut peer).await;
        peer.serve("GetLayout", json!({"qLayout": layout(rows, columns, first)})).await;
        let mut served = first.min(rows);
        while served < rows {
            let request = peer.request().await;
            assert_eq!((&request["method"], &request["handle"]), (&json!("GetHyperCubeData"), &json!(CUBE)));
            assert_eq!(request["params"]["qPath"], "/qHyperCubeDef");
            let area = &request["params"]["qPages"][0];
            let height = area["qHeight"].as_u64().unwrap() as usize;
            assert!(height * columns <= 10_000, "{area}");
            assert!(height == 10_000 / columns || served + height == rows, "{area}");
            assert_eq!(area["qTop"], served);
            peer.reply(&request, json!({"qDataPages": [page(area)]})).await;
            served += height;
        }
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let cube = open(&server, columns).await.unwrap();
    assert_eq!(cube.columns().len(), columns);
    assert_eq!(cube.row_count().await.unwrap(), rows as u64);
    let read: Vec<Row> = cube.rows().try_collect().await.unwrap();
    assert_eq!(read.len(), rows);
    for (index, row) in read.iter().enumerate() {
        assert_eq!(row.index(), index as u64);
        for (column, read) in row.cells().iter().enumerate() {
            let cell = cell(index, column);
            assert_eq!((read.text.as_str(), read.num), (cell["qText"].as_str().unwrap(), cell["qNum"].as_f64()));
            assert_eq!(read.is_null, cell["qIsNull"] == true);
        }
    }
    drop(cube);
    server.finish().await;
}

#[tokio::test]
async fn cubes_of_all_sizes() {
    for (rows, columns, first) in
        [(0, 3, 3333), (1, 1, 10_000), (3333, 3, 3333), (3334, 3, 3333), (12_345, 2, 5000), (250, 101, 0), (7, 3000, 3)]
    {
        reads(rows, columns, first).await;
    }
}

#[tokio::test]
async fn rows_become_tuples() {
    let server = Scripted::start(|mut peer: Peer| async move {
        create(&mut peer).await;
        peer.serve("GetLayout", json!({"qLayout": layout(3, 3, 3)})).await;
        peer.serve("GetLayout", json!({"qLayout": layout(3, 3, 3)})).await;
        peer.serve("DestroySessionObject", json!({"qSuccess": true})).await;
        peer.until_closed().await;
    })
    .await;
    let cube = open(&server, 3).await.unwrap();
    let rows: Vec<(String, Option<i64>, Option<f64>)> = cube.rows().try_collect().await.unwrap();
    let text = |text: &str| text.to_owned();
    assert_eq!(rows, [(text("d0"), Some(0), Some(0.0)), (text("d1"), None, Some(2.0)), (text("d2"), Some(2), None)]);
    let error = cube.rows::<(String, f64, f64)>().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("row 1, column 2 (C1)"), "{error}");
    assert_eq!(cube.columns().iter().filter(|column| column.kind() == ColumnKind::Measure).count(), 2);
    cube.close().await.unwrap();
    server.finish().await;
}

#[tokio::test]
async fn the_request_says_what_was_asked_for() {
    let server = Scripted::start(|mut peer: Peer| async move {
        let properties = create(&mut peer).await;
        let cube = &properties["qHyperCubeDef"];
        assert_eq!(
            cube["qDimensions"],
            json!([
                {"qDef": {"qFieldDefs": ["Region"], "qFieldLabels": ["Where"],
                          "qSortCriterias": [{"qSortByAscii": -1}]}, "qNullSuppression": true},
                {"qDef": {"qFieldDefs": ["=Year(Date)"], "qFieldLabels": [""],
                          "qSortCriterias": [{"qSortByNumeric": 1, "qSortByAscii": 1}]}, "qNullSuppression": false},
            ])
        );
        assert_eq!(
            cube["qMeasures"],
            json!([{"qDef": {"qDef": "Sum(Sales)", "qLabel": "Sales"}, "qSortBy": {"qSortByNumeric": -1}}])
        );
        assert_eq!(cube["qInterColumnSortOrder"], json!([2, 0, 1]));
        assert_eq!(cube["qInitialDataFetch"], json!([{"qLeft": 0, "qTop": 0, "qWidth": 3, "qHeight": 10}]));
        assert_eq!((&cube["qSuppressZero"], &cube["qSuppressMissing"]), (&json!(true), &json!(true)));
        peer.serve("GetLayout", json!({"qLayout": layout(0, 3, 0)})).await;
        peer.until_closed().await;
    })
    .await;
    let app = server.qlik.session("app").connect().await.unwrap().handle(1, "Doc");
    let cube = Doc::new(app)
        .hypercube()
        .dimension(Dimension::new("Region").label("Where").sort(Sort::TextDescending).suppress_null())
        .dimension("=Year(Date)")
        .measure(Measure::new("Sum(Sales)").label("Sales").sort(Sort::NumericDescending))
        .sort_columns([2])
        .suppress_zero()
        .suppress_missing()
        .initial_rows(10);
    drop(cube.open().await.unwrap());
    server.finish().await;
}

#[tokio::test]
async fn data_that_changes_under_the_read_is_an_error() {
    let server = Scripted::start(|mut peer: Peer| async move {
        create(&mut peer).await;
        peer.serve("GetLayout", json!({"qLayout": layout(20_000, 1, 10_000)})).await;
        let request = peer.request().await;
        let pages = json!([page(&request["params"]["qPages"][0])]);
        peer.say(json!({"id": request["id"], "result": {"qDataPages": pages}, "change": [CUBE]}).to_string()).await;
        // read again, it is the new state
        peer.serve("GetLayout", json!({"qLayout": layout(2, 1, 10_000)})).await;
        peer.until_closed().await;
    })
    .await;
    let cube = open(&server, 1).await.unwrap();
    let mut rows = cube.rows::<Row>();
    let mut read = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => read += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(read, 10_000);
    assert!(error.is_retryable() && error.to_string().contains("changed"), "{error}");
    assert!(rows.next().await.is_none());
    drop(rows);
    assert_eq!(cube.rows::<(String,)>().count().await, 2);
    drop(cube);
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_calculated_says_so_and_leaves_nothing_behind() {
    let mut measure = layout(0, 2, 0);
    measure["qHyperCube"]["qMeasureInfo"][0]["qError"] = json!({"qErrorCode": 7006, "qContext": "Sum("});
    let mut condition = layout(0, 2, 0);
    condition["qHyperCube"]["qError"] = json!({"qErrorCode": 7005});
    condition["qHyperCube"]["qCalcCondMsg"] = json!("Select a year");
    let mut width = layout(5, 2, 0);
    width["qHyperCube"]["qSize"]["qcx"] = json!(1);
    for (layout, code, parts) in [
        (measure, Some(7006), vec!["column 2", "`C1`", "Sum("]),
        (condition, Some(7005), vec!["Select a year"]),
        (json!({"qInfo": {}}), None, vec!["qHyperCube"]),
        (width, None, vec!["1 columns of 2"]),
    ] {
        let server = Scripted::start(|mut peer: Peer| async move {
            create(&mut peer).await;
            peer.serve("GetLayout", json!({"qLayout": layout})).await;
            let request = peer.serve("DestroySessionObject", json!({"qSuccess": true})).await;
            assert_eq!(request["params"]["qId"], "cube-id");
        })
        .await;
        let error = open(&server, 2).await.unwrap_err();
        assert_eq!(error.engine_code(), code);
        for part in parts {
            assert!(error.to_string().contains(part), "{error}");
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn a_cube_that_makes_no_sense_is_not_asked_for() {
    let server = Scripted::start(|peer: Peer| async move {
        assert_eq!(peer.until_closed().await, Some(1000));
    })
    .await;
    let app = server.qlik.session("app").connect().await.unwrap().handle(1, "Doc");
    let cube = Doc::new(app).hypercube();
    for (cube, part) in [(cube.clone(), "no columns"), (cube.dimension("A").sort_columns([1]), "column 1")] {
        let error = cube.open().await.unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains(part), "{error}");
    }
    server.finish().await;
}
