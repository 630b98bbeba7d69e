//! Tables as record batches and files: the types that are sure, and the same values as the rows.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::ColumnOrder;
use qlik::data::{Codec, ColumnType, Cube, Measure, NumberFormat, NumberKind, Progress, Row};
use qlik::engine::{Doc, Proxy};
use serde_json::{Value, json};

use crate::hypercube::open;
use crate::scripted::{Peer, Scripted};

async fn cube(doc: &Doc) -> Cube {
    let cube = doc.hypercube().dimension("OrderDate").dimension("Month").dimension("Year").dimension("Product");
    cube.measure("Sum(Sales)").measure(Measure::new("Only(Channel)").label("Channel")).open().await.unwrap()
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Every value of a batch is that of its row.
fn assert_same(batch: &RecordBatch, rows: &[Row]) {
    assert_eq!(batch.num_rows(), rows.len());
    let days = batch.column(0).as_primitive::<Date32Type>();
    let text = |column: usize, row: usize| -> Option<String> {
        let array = batch.column(column);
        if array.is_null(row) {
            return None;
        }
        match array.as_dictionary_opt::<Int32Type>() {
            Some(array) => {
                let key = array.keys().value(row);
                Some(array.values().as_string::<i32>().value(usize::try_from(key).unwrap()).to_owned())
            }
            None => Some(array.as_string::<i32>().value(row).to_owned()),
        }
    };
    for (place, row) in rows.iter().enumerate() {
        let cells = row.cells();
        let day = days.is_valid(place).then(|| f64::from(days.value(place)) + 25_569.0);
        assert_eq!(day, cells[0].num);
        for column in [1, 3, 5] {
            assert_eq!(text(column, place), (!cells[column].is_null).then(|| cells[column].text.clone()), "{place}");
        }
        let year = batch.column(2).as_primitive::<Int64Type>();
        assert_eq!(year.is_valid(place).then(|| year.value(place) as f64), cells[2].num);
        let sales = batch.column(4).as_primitive::<Float64Type>();
        assert_eq!(sales.is_valid(place).then(|| sales.value(place)), cells[4].num);
    }
}

#[tokio::test]
async fn batches_have_the_types_that_are_sure() {
    let (_sandbox, doc) = open().await;
    let cube = cube(&doc).await;
    let texts = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let kinds: Vec<DataType> = cube.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let (date, real) = (DataType::Date32, DataType::Float64);
    assert_eq!(kinds, [date, texts.clone(), DataType::Int64, texts, real, DataType::Utf8]);
    assert_eq!(cube.schema().field(0).metadata().get("qlik.format").map(|pattern| &**pattern), Some("YYYY-MM-DD"));

    let rows: Vec<Row> = cube.rows().try_collect().await.unwrap();
    let batches: Vec<RecordBatch> = cube.read().batch_rows(1_000).record_batches().try_collect().await.unwrap();
    assert!(batches.len() > 2 && batches.iter().rev().skip(1).all(|batch| batch.num_rows() >= 1_000));
    let mut from = 0;
    for batch in &batches {
        assert_eq!(batch.schema(), cube.schema());
        assert_same(batch, &rows[from..from + batch.num_rows()]);
        from += batch.num_rows();
    }
    assert_eq!(from, rows.len());
}

#[tokio::test]
async fn types_are_chosen_and_texts_put_beside() {
    let (_sandbox, doc) = open().await;
    let real = NumberFormat::new(NumberKind::Real, "0.0");
    let cube = doc.hypercube().dimension("Year").measure("Sum(Sales)");
    let cube = cube.measure(Measure::new("Max(OrderDate)").format(real)).open().await.unwrap();
    let money = ColumnType::Decimal { precision: 18, scale: 2 };
    let reader = cube.read().column_type("Sum(Sales)", money).text_beside();
    let reader = reader.column_type("Max(OrderDate)", ColumnType::Timestamp);
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.record_batches().try_collect().await.unwrap();
    let rows: Vec<Row> = cube.rows().try_collect().await.unwrap();
    let batch = &batches[0];
    assert_eq!(batch.schema(), schema);
    let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names[..4], ["Year", "Year (text)", "Sum(Sales)", "Sum(Sales) (text)"]);
    assert_eq!(batch.column(4).data_type(), &DataType::Timestamp(TimeUnit::Millisecond, None));
    let last = batch.column(4).as_primitive::<TimestampMillisecondType>();
    let day = |row: usize| last.is_valid(row).then(|| last.value(row) as f64 / 86_400_000.0 + 25_569.0);
    assert!(rows.iter().enumerate().all(|(place, row)| day(place) == row.cells()[2].num));
    let sums = batch.column(2).as_primitive::<Decimal128Type>();
    for (place, row) in rows.iter().enumerate() {
        let cell = &row.cells()[1];
        assert_eq!(sums.is_valid(place).then(|| sums.value(place) as f64), cell.num.map(|sum| (sum * 100.0).round()));
        assert_eq!(batch.column(3).as_string::<i32>().value(place), cell.text);
    }
    let reader = cube.read().column_type("Sum(Sales)", ColumnType::Integer);
    let error = reader.record_batches().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("Sum(Sales)") && error.to_string().contains("no integer"), "{error}");
    let reader = cube.read().column_type("Nothing", ColumnType::Text);
    let error = reader.record_batches().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("no column `Nothing`"), "{error}");
}

#[tokio::test]
async fn parquet_files_hold_the_rows() {
    let (_sandbox, doc) = open().await;
    let cube = cube(&doc).await;
    let rows: Vec<Row> = cube.rows().try_collect().await.unwrap();
    for (codec, name) in [(Codec::Snappy, "snappy"), (Codec::Zstd, "zstd"), (Codec::Plain, "plain")] {
        let path = file(&format!("{name}.parquet"));
        let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let to = Arc::clone(&seen);
        let reader = cube.read().progress(move |progress| to.lock().unwrap().push(progress));
        let written = reader.write_parquet(&path, codec).await.unwrap();
        assert_eq!((written.rows, written.bytes), (rows.len() as u64, std::fs::metadata(&path).unwrap().len()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
        // readers refuse files with an order that they do not know
        let orders = reader.metadata().file_metadata().column_orders().unwrap();
        assert!(orders.iter().all(|order| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_))), "{orders:?}");
        let mut from = 0;
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            assert_same(&batch, &rows[from..from + batch.num_rows()]);
            from += batch.num_rows();
        }
        assert_eq!(from, rows.len());
        assert!(!path.with_file_name(format!("{name}.parquet.partial")).exists());
        let seen = seen.lock().unwrap();
        assert!(
            seen.len() > 2
                && seen.windows(2).all(|pair| pair[0].rows <= pair[1].rows && pair[0].bytes <= pair[1].bytes)
        );
        assert_eq!(seen.last().unwrap().share(), Some(1.0));
    }
}

#[tokio::test]
async fn a_failed_file_is_not_there() {
    let (_sandbox, doc) = open().await;
    let cube = doc.hypercube().dimension("Year").measure("Sum(Sales)").open().await.unwrap();
    let path = file("failed.parquet");
    let _ = std::fs::remove_file(&path);
    let reader = cube.read().column_type("Sum(Sales)", ColumnType::Integer);
    assert!(reader.write_parquet(&path, Codec::Snappy).await.is_err());
    let reader = cube.read().column_type("Sum(Sales)", ColumnType::Integer);
    assert!(reader.write_csv(file("failed.csv")).await.is_err());
    for name in ["failed.parquet", "failed.parquet.partial", "failed.csv", "failed.csv.partial"] {
        assert!(!file(name).exists(), "{name}");
    }
    let error = cube.write_csv(file("no-such-folder/a.csv")).await.unwrap_err();
    assert!(error.to_string().contains("no-such-folder"), "{error}");
}

#[tokio::test]
async fn csv_files_hold_the_rows() {
    let (_sandbox, doc) = open().await;
    let cube = cube(&doc).await;
    let path = file("table.csv");
    let rows: Vec<Row> = cube.rows().try_collect().await.unwrap();
    assert_eq!(cube.write_csv(&path).await.unwrap().rows, rows.len() as u64);
    let mut reader = csv::Reader::from_path(&path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>()[..2], ["OrderDate", "Month"]);
    let mut read = 0;
    for (record, row) in reader.records().zip(&rows) {
        let record = record.unwrap();
        let cells = row.cells();
        for (place, cell) in cells.iter().enumerate() {
            let expected = if cell.is_null { String::new() } else { cell.text.clone() };
            match place {
                2 => assert_eq!(record[place].parse::<f64>().ok(), cell.num),
                4 => assert_eq!(record[place].parse::<f64>().ok(), cell.num),
                // the format of the app's dates is ISO's
                _ => assert_eq!(record[place], expected),
            }
        }
        read += 1;
    }
    assert_eq!(read, rows.len());
}

#[tokio::test]
async fn a_table_without_rows_is_a_file_without_rows() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 2, "chart").await;
        let info = |title: &str| json!([{ "qFallbackTitle": title }]);
        let cube = json!({"qSize": {"qcx": 0, "qcy": 0}, "qDimensionInfo": info("A"), "qMeasureInfo": info("B")});
        peer.serve("GetLayout", json!({"qLayout": {"qHyperCube": cube}})).await;
        peer.serve("GetLayout", json!({"qLayout": {"qHyperCube": cube}})).await;
        peer.until_closed().await;
    })
    .await;
    let doc = Doc::new(server.qlik.session("app").connect().await.unwrap().handle(1, "Doc"));
    let chart = doc.chart("chart").await.unwrap();
    let (parquet, csv) = (file("empty.parquet"), file("empty.csv"));
    assert_eq!(chart.write_parquet(&parquet).await.unwrap().rows, 0);
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&parquet).unwrap()).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
    assert_eq!(chart.write_csv(&csv).await.unwrap().rows, 0);
    assert_eq!(std::fs::read_to_string(&csv).unwrap(), "A,B\n");
    drop((chart, doc));
    server.finish().await;
}

#[tokio::test]
async fn types_stay_those_of_the_opening() {
    let server = Scripted::start(|mut peer: Peer| async move {
        peer.serve_object("GetObject", "GenericObject", 2, "chart").await;
        let layout = |one: Value, other: Value| {
            let cell = |number: &Value| match number.as_f64() {
                Some(_) => json!({"qText": "two", "qNum": number, "qElemNumber": 0, "qState": "L"}),
                None => json!({"qText": "-", "qNum": number, "qElemNumber": 0, "qState": "L", "qIsNull": true}),
            };
            let matrix = [[json!({"qText": "a", "qElemNumber": 0}), cell(&one), cell(&other)]];
            let area = json!({"qLeft": 0, "qTop": 0, "qWidth": 3, "qHeight": 1});
            let measures = [("B", one), ("C", other)].map(|(title, number)| {
                json!({"qFallbackTitle": title, "qMin": number, "qMax": number, "qNumFormat": {"qType": "R"}})
            });
            json!({"qLayout": {"qHyperCube": {"qSize": {"qcx": 3, "qcy": 1}, "qMeasureInfo": measures,
                "qDimensionInfo": [{"qFallbackTitle": "A"}], "qDataPages": [{"qArea": area, "qMatrix": matrix}]}}})
        };
        // a measure that has numbers at first, and one that has none: each reads as before when it is the other way round
        peer.serve("GetLayout", layout(json!(2), json!("NaN"))).await;
        peer.serve("GetLayout", layout(json!("NaN"), json!(2))).await;
        peer.until_closed().await;
    })
    .await;
    let doc = Doc::new(server.qlik.session("app").connect().await.unwrap().handle(1, "Doc"));
    let chart = doc.chart("chart").await.unwrap();
    let kinds: Vec<DataType> = chart.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(kinds[1..], [DataType::Float64, DataType::Float64]);
    for numbers in [[Some(2.0), None], [None, Some(2.0)]] {
        let batches: Vec<RecordBatch> = chart.record_batches().try_collect().await.unwrap();
        assert_eq!(batches[0].schema(), chart.schema());
        let read = [1, 2].map(|column| batches[0].column(column).as_primitive::<Float64Type>().iter().next().unwrap());
        assert_eq!(read, numbers);
    }
    drop((chart, doc));
    server.finish().await;
}
