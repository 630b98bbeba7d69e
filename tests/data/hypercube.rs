//! Hypercubes of the sandbox's data set, against sums made here from the same files.

use std::collections::BTreeMap;
use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use qlik::data::{Dimension, Measure, Row, Sort};
use qlik::engine::{Doc, Proxy};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

/// A client of a new sandbox, and its app with the data set.
pub(crate) async fn open() -> (Sandbox, Doc) {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build().expect("a client");
    let items: Value = qlik.get("/api/v1/items").query("resourceType", "app").query("limit", 100).await.expect("apps");
    let apps = items["data"].as_array().expect("a list");
    let sales = apps.iter().find(|app| app["name"] == "Outdoor Sales").expect("the app with the data set");
    let doc = qlik.open_app(sales["resourceId"].as_str().expect("its id")).await.expect("it opens");
    (sandbox, doc)
}

/// The rows of one of the data set's tables, by the names of their columns. None of its values holds a comma.
fn table(name: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/data").join(name).with_extension("csv");
    let text = std::fs::read_to_string(path).expect("a table");
    let mut lines = text.lines().map(|line| line.split(','));
    let names: Vec<_> = lines.next().expect("a header").collect();
    lines.map(|line| names.iter().map(|name| (*name).to_owned()).zip(line.map(str::to_owned)).collect()).collect()
}

/// Sums of `Sales` by what `key` says of each order line, with its order.
fn sales_by<K: Ord>(
    key: impl Fn(&BTreeMap<String, String>, &BTreeMap<String, String>) -> Option<K>,
) -> BTreeMap<K, f64> {
    let orders: BTreeMap<_, _> = table("Orders").into_iter().map(|order| (order["OrderID"].clone(), order)).collect();
    let mut sums = BTreeMap::new();
    for line in table("OrderLines") {
        if let Some(key) = key(&line, &orders[&line["OrderID"]]) {
            *sums.entry(key).or_default() += line["Sales"].parse::<f64>().expect("a number");
        }
    }
    sums
}

fn assert_same<K: Ord + std::fmt::Debug>(read: impl IntoIterator<Item = (K, f64)>, expected: BTreeMap<K, f64>) {
    let read: BTreeMap<K, f64> = read.into_iter().collect();
    assert!(read.keys().eq(expected.keys()), "{:?}\n{:?}", read.keys(), expected.keys());
    for (key, sum) in &expected {
        assert!((read[key] - sum).abs() < 1e-6, "{key:?}: {} and {sum}", read[key]);
    }
}

#[tokio::test]
async fn rows_follow_the_selections() {
    let (_sandbox, doc) = open().await;
    let cube = doc.hypercube().dimension("Channel").measure("Sum(Sales)").open().await.unwrap();
    assert_eq!(cube.columns().len(), 2);
    assert_eq!(cube.columns()[0].title(), "Channel");
    let mut changes = cube.changed();

    let all: Vec<(String, f64)> = cube.rows().try_collect().await.unwrap();
    assert_same(all, sales_by(|_, order| Some(order["Channel"].clone())));

    let year = doc.get_field("Year").await.unwrap();
    assert!(year.select("2023").await.unwrap());
    assert_eq!(changes.next().await, Some(()));
    let selected: Vec<(String, f64)> = cube.rows().try_collect().await.unwrap();
    let in_2023 = sales_by(|_, order| (order["Year"] == "2023").then(|| order["Channel"].clone()));
    assert_same(selected, in_2023);

    doc.clear_all().await.unwrap();
    let again: Vec<(String, f64)> = cube.rows().try_collect().await.unwrap();
    assert_same(again, sales_by(|_, order| Some(order["Channel"].clone())));
    cube.close().await.unwrap();
}

#[tokio::test]
async fn many_pages_are_one_table() {
    let (_sandbox, doc) = open().await;
    let cube = doc
        .hypercube()
        .dimension("OrderID")
        .dimension("ProductID")
        .measure("Sum(Sales)")
        .measure("Count(LineNo)")
        .measure("Max(Quantity)")
        .open()
        .await
        .unwrap();
    let expected = sales_by(|line, _| Some((line["OrderID"].clone(), line["ProductID"].clone())));
    // 2,000 rows a page
    assert!(expected.len() > 5_000);

    let rows: Vec<Row> = cube.rows().try_collect().await.unwrap();
    assert!(rows.iter().enumerate().all(|(index, row)| row.index() == index as u64));
    // products that were never sold stand without an order
    let sold = rows.iter().map(Row::cells).filter(|cells| !cells[0].is_null && !cells[1].is_null);
    let read = sold.map(|cells| ((cells[0].text.clone(), cells[1].text.clone()), cells[2].num.unwrap()));
    assert_same(read, expected);
    assert_eq!(cube.row_count().await.unwrap(), rows.len() as u64);

    let raw = cube.object().unwrap().get_layout().await.unwrap();
    assert_eq!(serde_json::to_value(&raw).unwrap()["qHyperCube"]["qSize"]["qcy"], rows.len());
}

#[tokio::test]
async fn sorted_as_asked() {
    let (_sandbox, doc) = open().await;
    let cube = doc
        .hypercube()
        .dimension(Dimension::new("Category").label("What"))
        .measure(Measure::new("Sum(Sales)").label("How much").sort(Sort::NumericDescending))
        .sort_columns([1])
        .open()
        .await
        .unwrap();
    let titles: Vec<_> = cube.columns().iter().map(|column| column.title().to_owned()).collect();
    assert_eq!(titles, ["What", "How much"]);
    let sums: Vec<f64> = cube.rows().map_ok(|(_, sum): (String, f64)| sum).try_collect().await.unwrap();
    assert!(sums.len() > 2 && sums.is_sorted_by(|one, next| one >= next), "{sums:?}");
}

#[tokio::test]
async fn several_readers_at_once() {
    let (_sandbox, doc) = open().await;
    let cube = doc.hypercube().dimension("OrderID").dimension("ProductID").measure("Sum(Sales)").open().await.unwrap();
    let read = || async { cube.rows::<Row>().count().await };
    let (one, two, three) = tokio::join!(read(), read(), read());
    assert!(one > 5_000 && one == two && two == three);
}

#[tokio::test]
async fn a_wrong_expression_says_where() {
    let (_sandbox, doc) = open().await;
    for (cube, parts) in [
        (doc.hypercube().dimension("Region").measure("Sum(Sales"), ["column 2", "GetLayout"]),
        (doc.hypercube().dimension("Nowhere").measure("Sum(Sales)"), ["column 1", "Nowhere"]),
    ] {
        let error = cube.open().await.unwrap_err();
        assert!(error.engine_code().is_some(), "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    // the session goes on
    assert!(doc.evaluate_ex("Sum(Sales)").await.unwrap().number.is_some());
    assert_eq!(doc.handle().session().in_use().calls, 0);
}
