//! Tables of random data in all modes, against sums made here from the same rows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures::TryStreamExt;
use qlik::data::{CellKind, Dimension, HypercubeBuilder, Measure, Mode, Row};
use qlik::engine::{Doc, Proxy};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::Value;

/// Random numbers that are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// A row of the data; an empty text is null.
#[derive(Debug, Clone)]
struct Fact {
    by: [String; 3],
    amount: Option<f64>,
}

const NAMES: [&str; 3] = ["Letter", "Level", "Group"];

fn facts(dice: &mut Dice, count: usize) -> Vec<Fact> {
    let fact = |_| {
        let letter = dice.pick(&["a", "b\"q\"", "c\\d", "ä ö", "e, f", "{g}", "[h]"]).to_owned();
        let level = (dice.below(12) as i64 - 3).to_string();
        let group = dice.pick(&["x", "y", "-y-", "z z", ""]).to_owned();
        let amount = (dice.below(9) > 0).then(|| (dice.below(2_000_000) as f64 - 500_000.0) / 128.0);
        Fact { by: [letter, level, group], amount }
    };
    (0..count).map(fact).collect()
}

/// A sandbox with these rows, and an app with them.
async fn open(facts: &[Fact], folder: &str) -> (Sandbox, Doc) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |fact: &Fact| {
        let by: Vec<String> = fact.by.iter().map(|text| quoted(text)).collect();
        format!("{},{}\n", by.join(","), fact.amount.map(|amount| amount.to_string()).unwrap_or_default())
    };
    let text = format!("{},Amount\n{}", NAMES.join(","), facts.iter().map(line).collect::<String>());
    std::fs::write(folder.join("Facts.csv"), text).expect("a file");
    let sandbox = Sandbox::builder().data(&folder).start().await.expect("a sandbox");
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build().expect("a client");
    let items: Value = qlik.get("/api/v1/items").query("resourceType", "app").query("limit", 100).await.expect("apps");
    let apps = items["data"].as_array().expect("a list");
    let app = apps.iter().find(|app| app["name"] == "Outdoor Sales").expect("the app with data");
    let doc = qlik.open_app(app["resourceId"].as_str().expect("its id")).await.expect("it opens");
    (sandbox, doc)
}

/// Sums and counts of the amounts by some fields, of rows whose first field is among the selected.
fn expected(facts: &[Fact], by: &[usize], selected: &[&str]) -> BTreeMap<Vec<Option<String>>, (f64, f64)> {
    let mut sums: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| selected.is_empty() || selected.contains(&fact.by[0].as_str())) {
        let key = by.iter().map(|field| Some(fact.by[*field].clone()).filter(|text| !text.is_empty())).collect();
        let sum = sums.entry(key).or_default();
        sum.0 += fact.amount.unwrap_or(0.0);
        sum.1 += f64::from(u8::from(fact.amount.is_some()));
    }
    sums
}

/// The same from rows that were read.
fn found(rows: &[Row], dimensions: usize) -> BTreeMap<Vec<Option<String>>, (f64, f64)> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let (by, values) = row.cells().split_at(dimensions);
        let key = by.iter().map(|cell| (cell.kind == CellKind::Value).then(|| cell.text.clone())).collect();
        let values = (values[0].num.unwrap_or(0.0), values[1].num.unwrap_or(0.0));
        assert_eq!(sums.insert(key, values), None, "each combination stands once");
    }
    sums
}

fn cube(doc: &Doc, by: &[usize]) -> HypercubeBuilder {
    let cube = by.iter().fold(doc.hypercube(), |cube, field| cube.dimension(NAMES[*field]));
    cube.measure("Sum(Amount)").measure("Count(Amount)")
}

fn assert_same(
    found: &BTreeMap<Vec<Option<String>>, (f64, f64)>,
    expected: &BTreeMap<Vec<Option<String>>, (f64, f64)>,
    what: &str,
) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    for (key, (sum, count)) in expected {
        assert!((found[key].0 - sum).abs() < 1e-6 && found[key].1 == *count, "{what}: {key:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_in_all_modes_equal_the_sums_of_their_rows() {
    let mut dice = Dice::new(7);
    for data in 0..3 {
        let facts = facts(&mut dice, 150 + 200 * data);
        let (_sandbox, doc) = open(&facts, &format!("modes-{data}")).await;
        for round in 0..4 {
            let selected: &[&str] = [&[][..], &["a", "ä ö"], &["b\"q\""], &["c\\d", "{g}", "e, f"]][round];
            doc.clear_all().await.unwrap();
            let field = doc.get_field(NAMES[0]).await.unwrap();
            if !selected.is_empty() {
                let texts = selected.iter().map(|text| serde_json::json!({"qText": text})).collect::<Vec<_>>();
                let call = field.handle().call("SelectValues", serde_json::json!({"qFieldValues": texts}));
                assert_eq!(call.await.unwrap()["qReturn"], true);
            }
            let by: &[usize] = [&[0, 1, 2][..], &[2, 0], &[1, 2], &[1]][dice.below(4)];
            let expected = expected(&facts, by, selected);
            for mode in [Mode::Straight, Mode::Pivot, Mode::Stacked, Mode::Tree] {
                let mut builder = cube(&doc, by).mode(mode);
                if mode != Mode::Straight {
                    builder = builder.left_dimensions(dice.below(by.len() + 2));
                }
                let cube = builder.open().await.unwrap();
                assert_eq!(cube.mode(), mode);
                for _ in 0..3 {
                    let reader = cube.read().page_cells(1 + dice.below(300)).page_columns(1 + dice.below(7));
                    let reader = reader.in_flight(1 + dice.below(9));
                    let rows: Vec<Row> = reader.rows().try_collect().await.unwrap();
                    assert!(rows.iter().enumerate().all(|(index, row)| row.index() == index as u64));
                    assert_same(&found(&rows, by.len()), &expected, &format!("{data} {round} {mode:?} {by:?}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn pivots_are_the_same_as_rows_and_as_they_are() {
    let facts = facts(&mut Dice::new(11), 300);
    let (_sandbox, doc) = open(&facts, "pivot").await;
    let cube = cube(&doc, &[0, 2]).mode(Mode::Pivot).left_dimensions(1).open().await.unwrap();
    let pivot = cube.pivot().await.unwrap();
    assert_eq!(cube.read().page_cells(7).page_columns(3).pivot().await.unwrap(), pivot, "joined from small pages");
    let rows = pivot.left.len();
    let columns: usize = pivot.top.iter().map(qlik::data::PivotNode::leaves).sum();
    assert_eq!(pivot.cells.len(), rows);
    assert!(pivot.cells.iter().all(|cells| cells.len() == columns));
    let mut sums = BTreeMap::new();
    for (left, cells) in pivot.left.iter().zip(&pivot.cells) {
        let mut cells = cells.iter();
        for top in &pivot.top {
            let values: Vec<_> = top.children.iter().map(|_| cells.next().unwrap()).collect();
            assert!(top.children.iter().all(|measure| measure.is_measure));
            let key = [left, top].map(|node| (node.kind == CellKind::Value).then(|| node.text.clone()));
            if !values.iter().all(|cell| cell.is_null) {
                sums.insert(key.to_vec(), (values[0].num.unwrap_or(0.0), values[1].num.unwrap_or(0.0)));
            }
        }
    }
    assert_same(&sums, &expected(&facts, &[0, 2], &[]), "as it is");
    let straight = doc.hypercube().dimension("Letter").measure("Sum(Amount)").open().await.unwrap();
    let error = straight.pivot().await.unwrap_err();
    assert!(error.to_string().contains("no pivot"), "{error}");
}

#[tokio::test]
async fn attributes_stand_beside() {
    let facts = facts(&mut Dice::new(13), 200);
    let (_sandbox, doc) = open(&facts, "attributes").await;
    for mode in [Mode::Straight, Mode::Pivot] {
        let cube = doc.hypercube().mode(mode);
        let cube = cube.dimension(Dimension::new("Letter").attribute("Count(Amount)"));
        let cube = cube.measure(Measure::new("Sum(Amount)").attribute("Max(Amount)")).open().await.unwrap();
        assert_eq!(cube.columns().len(), 4);
        let rows: Vec<(String, f64, f64, Option<f64>)> = cube.rows().try_collect().await.unwrap();
        let expected = expected(&facts, &[0], &[]);
        assert_eq!(rows.len(), expected.len());
        for (letter, sum, count, most) in rows {
            let (expected_sum, expected_count) = expected[&vec![Some(letter.clone())]];
            assert!((sum - expected_sum).abs() < 1e-6 && count == expected_count);
            let amounts = facts.iter().filter(|fact| fact.by[0] == letter).filter_map(|fact| fact.amount);
            if mode == Mode::Straight {
                assert_eq!(most, amounts.reduce(f64::max));
            }
        }
        let plain: Vec<(String, f64)> = cube.read().without_attributes().rows().try_collect().await.unwrap();
        assert_eq!(plain.len(), expected.len());
    }
}

#[tokio::test]
async fn fields_lists_and_charts() {
    let facts = facts(&mut Dice::new(17), 120);
    let (_sandbox, doc) = open(&facts, "lists").await;
    let list = doc.field_list("Letter").await.unwrap();
    let values: Vec<(String,)> = list.rows().try_collect().await.unwrap();
    let mut letters: Vec<&str> = facts.iter().map(|fact| fact.by[0].as_str()).collect();
    letters.sort_unstable();
    letters.dedup();
    let mut read: Vec<&str> = values.iter().map(|(letter,)| letter.as_str()).collect();
    read.sort_unstable();
    assert_eq!(read, letters);
    doc.get_field("Letter").await.unwrap().select("a").await.unwrap();
    let rows: Vec<Row> = list.rows().try_collect().await.unwrap();
    let selected = rows.iter().filter(|row| row.cells()[0].state == qlik::data::CellState::Selected);
    assert_eq!(selected.map(|row| row.cells()[0].text.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(rows.len(), letters.len(), "the others are there, too");
    let error = doc.chart("nowhere").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}
