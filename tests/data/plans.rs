//! Any size of pages, any split, any number of calls in flight and any mishap give the same table.

use futures::TryStreamExt;
use proptest::prelude::*;
use qlik::data::{OnChange, Row};
use qlik::engine::{Doc, Proxy};
use serde_json::{Value, json};

use crate::modes::Dice;
use crate::scripted::{Peer, Scripted};

const CUBE: i64 = 2;
const ABORTED: i64 = 15;
const TOO_LARGE: i64 = -32604;

/// A table of these sizes, and what goes wrong when it is read.
#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    columns: usize,
    cells: usize,
    split: usize,
    in_flight: usize,
    from: usize,
    limit: Option<u64>,
    /// The engine finds more cells than these too large.
    most: usize,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let sizes = (0..120_usize, 1..9_usize, 1..200_usize, 1..10_usize);
    let ways = (1..12_usize, 0..130_usize, prop::option::of(0..150_u64), 1..100_usize, any::<u64>());
    (sizes, ways).prop_map(|((rows, columns, cells, split), (in_flight, from, limit, most, seed))| Case {
        rows,
        columns,
        cells,
        split,
        in_flight,
        from,
        limit,
        most,
        seed,
    })
}

/// What stands in a place, in a version of the data.
fn cell(row: usize, column: usize, version: usize) -> Value {
    let number = row * 31 + column * 7 + version * 1_000_000;
    match (row + column) % 5 {
        0 => json!({"qText": "-", "qNum": "NaN", "qElemNumber": -2, "qState": "L", "qIsNull": true}),
        1 => json!({"qNum": number, "qText": format!("\"{number}\"\\"), "qState": "X", "qElemNumber": row, "qNew": []}),
        _ => json!({"qText": format!("t{number}"), "qNum": number, "qElemNumber": row, "qState": "O"}),
    }
}

fn page(area: &Value, version: usize) -> Value {
    let side = |name: &str| usize::try_from(area[name].as_u64().expect("a side")).expect("a size");
    let row = |row: usize| (0..side("qWidth")).map(|column| cell(row, side("qLeft") + column, version)).collect();
    let matrix: Vec<Vec<Value>> = (side("qTop")..side("qTop") + side("qHeight")).map(row).collect();
    json!([{"qMatrix": matrix, "qArea": area}])
}

fn layout(rows: usize, columns: usize) -> Value {
    let info = |column: usize| json!({"qFallbackTitle": format!("C{column}")});
    json!({"qLayout": {"qHyperCube": {"qSize": {"qcx": columns, "qcy": rows}, "qMode": "S",
        "qDimensionInfo": [info(0)], "qMeasureInfo": (1..columns).map(info).collect::<Vec<_>>()}}})
}

/// Answers in any order, aborts now and then, and refuses what is too large; the data may change a few times.
async fn mischief(mut peer: Peer, case: Case, mut changes: usize) {
    let mut dice = Dice::new(case.seed);
    let (mut held, mut aborted, mut version, mut given) = (Vec::<Value>::new(), 0, 0, 0);
    loop {
        let wait = std::time::Duration::from_millis(if held.is_empty() { 60_000 } else { 2 });
        let request = match tokio::time::timeout(wait, futures::StreamExt::next(&mut peer.socket)).await {
            Ok(Some(Ok(message))) if message.is_text() => {
                serde_json::from_str::<Value>(message.to_text().expect("text")).expect("JSON")
            }
            Ok(Some(Ok(_))) => continue,
            Ok(_) => return,
            Err(_) => Value::Null,
        };
        let quiet = request.is_null();
        match request["method"].as_str() {
            Some("CreateSessionObject") => {
                let made = json!({"qReturn": {"qType": "GenericObject", "qHandle": CUBE, "qGenericId": "cube-id"}});
                peer.reply(&request, made).await;
            }
            Some("GetLayout") => peer.reply(&request, layout(case.rows, case.columns)).await,
            Some("GetHyperCubeData") => held.push(request),
            Some(_) => peer.reply(&request, json!({})).await,
            None => {}
        }
        let release = held.len() > dice.below(case.in_flight) || quiet;
        if held.is_empty() || !release {
            continue;
        }
        let request = held.swap_remove(dice.below(held.len()));
        let area = &request["params"]["qPages"][0];
        let cells = area["qWidth"].as_u64().unwrap() * area["qHeight"].as_u64().unwrap();
        assert!(cells <= case.cells as u64 && area["qWidth"].as_u64().unwrap() <= case.split as u64);
        if cells > case.most as u64 {
            peer.fail(&request, TOO_LARGE).await;
        } else if aborted < 4 && dice.below(4) == 0 {
            aborted += 1;
            peer.fail(&request, ABORTED).await;
        } else {
            aborted = 0;
            given += 1;
            let mut reply = json!({"id": request["id"], "result": {"qDataPages": page(area, version)}});
            if changes > 0 && given % 3 == 0 {
                changes -= 1;
                version += 1;
                reply["change"] = json!([CUBE]);
            }
            peer.say(reply.to_string()).await;
        }
    }
}

async fn read(case: Case, changes: usize) -> Vec<Row> {
    let of_server = case.clone();
    let server = Scripted::start(move |peer: Peer| mischief(peer, of_server, changes)).await;
    let app = server.qlik.session("app").connect().await.unwrap().handle(1, "Doc");
    let cube = Doc::new(app).hypercube().dimension("D");
    let cube = (1..case.columns).fold(cube, |cube, column| cube.measure(format!("Sum(M{column})")));
    let cube = cube.open().await.unwrap();
    let mut reader = cube.read().page_cells(case.cells).page_columns(case.split).in_flight(case.in_flight);
    reader = reader.from_row(case.from as u64).on_change(OnChange::Restart);
    if let Some(limit) = case.limit {
        reader = reader.limit(limit);
    }
    let mut stream = reader.rows::<Row>();
    let mut rows: Vec<Row> = Vec::new();
    while let Some(row) = stream.try_next().await.unwrap() {
        // what came before a new beginning is void
        if rows.last().is_some_and(|last| last.index() >= row.index()) {
            rows.clear();
        }
        rows.push(row);
    }
    drop((stream, cube));
    server.finish().await;
    rows
}

fn check(case: &Case, rows: &[Row], version: usize) {
    let end = case.limit.map_or(case.rows, |limit| case.rows.min(case.from + limit as usize));
    let expected: Vec<usize> = (case.from.min(end)..end).collect();
    assert_eq!(rows.iter().map(|row| row.index() as usize).collect::<Vec<_>>(), expected);
    for row in rows {
        for (column, read) in row.cells().iter().enumerate() {
            let cell = cell(row.index() as usize, column, version);
            assert_eq!((read.text.as_str(), read.num), (cell["qText"].as_str().unwrap(), cell["qNum"].as_f64()));
            assert_eq!(read.is_null, cell["qIsNull"] == true);
            assert_eq!(i64::from(read.elem_number), cell["qElemNumber"].as_i64().unwrap());
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_plan_gives_the_same_table(case in case()) {
        let rows = runtime().block_on(read(case.clone(), 0));
        check(&case, &rows, 0);
    }
}

#[test]
fn a_reading_that_begins_anew_gives_one_state_of_the_data() {
    for seed in 0..6 {
        let (rows, columns, from) = (90, 4, 0);
        let case = Case {
            rows,
            columns,
            cells: 40,
            split: 3,
            in_flight: 1 + seed as usize,
            from,
            limit: None,
            most: 30,
            seed,
        };
        let rows = runtime().block_on(read(case.clone(), 3));
        check(&case, &rows, 3);
    }
}
