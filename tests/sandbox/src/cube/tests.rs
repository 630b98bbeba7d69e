//! Cubes against sums over the joined rows, and their JSON against what engines were recorded to send.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::*;
use crate::model::{NULL, brute, sales};

fn view<'a>(model: &'a Model, selections: &'a Selections, alive: &'a [Vec<bool>]) -> View<'a> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    View { model, selections, alive, variables: &NONE }
}

fn cube(model: &Model, selections: &Selections, def: Json) -> (CubeDef, Cube) {
    let def: CubeDef = serde_json::from_value(def).expect("a definition");
    let alive = selections.alive(model);
    let cube = Cube::calculate(&view(model, selections, &alive), &def, &Expansion::default());
    (def, cube)
}

fn dimensions(names: &[&str]) -> Vec<Json> {
    names.iter().map(|name| json!({ "qDef": { "qFieldDefs": [name] } })).collect()
}

fn measures(texts: &[&str]) -> Vec<Json> {
    texts.iter().map(|text| json!({ "qDef": { "qDef": text } })).collect()
}

fn layout(model: &Model, selections: &Selections, def: Json) -> Json {
    let (def, cube) = cube(model, selections, def);
    let alive = selections.alive(model);
    cube_layout(&view(model, selections, &alive), &def, &cube)
}

/// The five aggregations of the rows of the table that has `field`, by dimension values, the slow way.
fn expected(
    model: &Model,
    selections: &Selections,
    by: &[usize],
    field: usize,
) -> BTreeMap<Vec<u32>, [Option<f64>; 6]> {
    let rows = brute::joined(model);
    let table = model.fields[field].tables[0];
    let mut seen: BTreeMap<Vec<u32>, BTreeMap<usize, u32>> = BTreeMap::new();
    for row in brute::fitting(model, &rows, selections, None) {
        let key: Vec<u32> = by.iter().map(|field| brute::element(model, row, *field)).collect();
        let group = seen.entry(key).or_default();
        if let Some(number) = row[table] {
            group.insert(number, brute::element(model, row, field));
        }
    }
    let summary = |rows: BTreeMap<usize, u32>| {
        let values: Vec<f64> =
            rows.values().filter(|v| **v != NULL).map(|v| model.fields[field].values[*v as usize].num).collect();
        let distinct: BTreeSet<u32> = rows.values().copied().filter(|v| *v != NULL).collect();
        let sum: f64 = values.iter().sum();
        let mean = (!values.is_empty()).then(|| sum / values.len() as f64);
        let (least, most) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
        [Some(sum), Some(values.len() as f64), mean, least, most, Some(distinct.len() as f64)]
    };
    seen.into_iter().map(|(key, rows)| (key, summary(rows))).collect()
}

#[test]
fn values_equal_those_summed_over_the_joined_rows() {
    let model = sales();
    let mut dice = brute::Dice::new(11);
    let names = ["Region", "Category", "Segment", "Customer", "Year", "Product", "OrderDate", "Channel"];
    for round in 0..16 {
        let mut selections = Selections::default();
        for _ in 0..dice.below(3) {
            let field = dice.below(model.fields.len());
            let value = u32::try_from(dice.below(model.fields[field].values.len())).expect("small");
            selections.select(&model, field, BTreeSet::from([value]));
        }
        // Dimensions of two branches meet in the fact table, which the measure brings in.
        let by: Vec<&str> = (0..1 + dice.below(2)).map(|_| names[dice.below(names.len())]).collect();
        let field = ["Sales", "Quantity", "LineNo"][dice.below(3)];
        let texts: Vec<String> = ["Sum", "Count", "Avg", "Min", "Max", "Count(distinct"]
            .iter()
            .map(|name| if name.contains('(') { format!("{name} {field})") } else { format!("{name}({field})") })
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let def = json!({ "qDimensions": dimensions(&by), "qMeasures": measures(&texts) });
        let (_, cube) = cube(&model, &selections, def);
        assert_eq!(cube.error, None);
        let by: Vec<usize> = by.iter().map(|name| model.field(name).expect("a field")).collect();
        let mut expected = expected(&model, &selections, &by, model.field(field).expect("a field"));
        // Rows that exist only because of a table the cube does not touch are no rows of the cube.
        expected.retain(|key, values| key.iter().any(|e| *e != NULL) || values[1] != Some(0.0));
        let found: BTreeMap<Vec<u32>, Vec<Option<f64>>> =
            cube.rows.iter().map(|row| (row.key.clone(), row.values.iter().map(Datum::number).collect())).collect();
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "{round} {by:?} {selections:?}"
        );
        for (key, values) in &expected {
            for (found, expected) in found[key].iter().zip(values) {
                let near = match (found, expected) {
                    (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                    (a, b) => a == b,
                };
                assert!(near, "{round} {key:?}: {found:?} is not {expected:?}");
            }
        }
    }
}

#[test]
fn a_row_counts_once_however_often_it_is_joined() {
    let model = sales();
    let none = Selections::default();
    let def = json!({ "qDimensions": dimensions(&["Region"]), "qMeasures": measures(&["Count(Customer)", "Sum(Sales)-Sum(Cost)"]) });
    let (_, cube) = cube(&model, &none, def);
    let counted: f64 = cube.rows.iter().filter_map(|row| row.values[0].number()).sum();
    assert_eq!(counted, 150.0);
    assert_eq!(cube.totals[0], Datum::Number(150.0));
    let (sales, cost) = (model.field("Sales").expect("a field"), model.field("Cost").expect("a field"));
    let sum = |field: usize| -> f64 {
        let elements = model.tables[0].column(field).expect("a column").iter();
        elements.map(|element| model.fields[field].values[*element as usize].num).sum()
    };
    let margin = cube.totals[1].number().expect("a number");
    assert!((margin - (sum(sales) - sum(cost))).abs() < 1e-6);
}

#[test]
fn rows_sort_as_told_and_null_comes_last() {
    let model = sales();
    let none = Selections::default();
    let mut def = json!({ "qDimensions": dimensions(&["Segment"]), "qMeasures": measures(&["Count(Customer)"]) });
    def["qDimensions"][0]["qDef"]["qSortCriterias"] = json!([{ "qSortByAscii": 1 }]);
    let text = |def: &Json| -> Vec<String> {
        let mut def = def.clone();
        def["qInitialDataFetch"] = json!([{ "qWidth": 2, "qHeight": 50 }]);
        let layout = layout(&model, &none, def);
        let rows = layout["qDataPages"][0]["qMatrix"].as_array().expect("rows").clone();
        rows.iter().map(|row| row[0]["qText"].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(text(&def), ["Online", "Public", "Retail", "Wholesale", "-"]);
    def["qDimensions"][0]["qDef"]["qSortCriterias"] = json!([{ "qSortByAscii": -1 }]);
    assert_eq!(text(&def), ["Wholesale", "Retail", "Public", "Online", "-"]);
    def["qDimensions"][0]["qNullSuppression"] = json!(true);
    assert_eq!(text(&def).len(), 4);
    def["qInterColumnSortOrder"] = json!([1, 0]);
    def["qMeasures"][0]["qSortBy"] = json!({ "qSortByNumeric": -1 });
    let (_, sorted) = cube(&model, &none, def);
    let counts: Vec<f64> = sorted.rows.iter().filter_map(|row| row.values[0].number()).collect();
    assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{counts:?}");
    assert_eq!(sorted.order, [1, 0]);
}

#[test]
fn what_it_cannot_do_is_an_error_and_never_a_number() {
    let model = sales();
    let none = Selections::default();
    let fetch = json!([{ "qWidth": 3, "qHeight": 2 }]);
    let def = json!({ "qDimensions": dimensions(&["Region"]), "qMeasures": measures(&["Median(Sales)", "Sum(Nope)"]), "qInitialDataFetch": fetch });
    let answer = layout(&model, &none, def);
    assert_eq!(answer["qMeasureInfo"][0]["qError"]["qErrorCode"], 20);
    assert_eq!(answer["qMeasureInfo"][1]["qError"]["qErrorCode"], 2);
    let cell = json!({ "qText": "-", "qNum": "NaN", "qElemNumber": -2, "qState": "L", "qIsNull": true });
    assert_eq!(answer["qDataPages"][0]["qMatrix"][0][1], cell);
    let answer = layout(&model, &none, json!({ "qDimensions": dimensions(&["Nope"]), "qInitialDataFetch": fetch }));
    assert_eq!(answer["qDimensionInfo"][0]["qError"]["qErrorCode"], 2);
    assert_eq!(answer["qSize"]["qcy"], 0);
    for option in ["qPopulateMissing", "qContextSetExpression", "qMadeUp"] {
        let mut def = json!({ "qDimensions": dimensions(&["Region"]) });
        def[option] = json!("on");
        assert_eq!(layout(&model, &none, def)["qError"]["qErrorCode"], 20, "{option}");
    }
    let large =
        json!({ "qDimensions": dimensions(&["Region"]), "qInitialDataFetch": [{ "qWidth": 11, "qHeight": 1000 }] });
    assert_eq!(layout(&model, &none, large)["qError"]["qErrorCode"], 7009);
}

#[test]
fn a_list_shows_every_value_with_its_state() {
    let model = sales();
    let mut selections = Selections::default();
    let region = model.field("Region").expect("a field");
    assert!(selections.select(&model, region, BTreeSet::from([1])));
    let alive = selections.alive(&model);
    let view = view(&model, &selections, &alive);
    let mut def = json!({ "qDef": { "qFieldDefs": ["Region"], "qSortCriterias": [{ "qSortByState": 1 }] },
        "qInitialDataFetch": [{ "qWidth": 1, "qHeight": 10 }], "title": "mine" });
    let states = |def: &Json| -> Vec<Json> {
        let layout = list_layout(&view, &serde_json::from_value(def.clone()).expect("a definition"));
        assert_eq!(layout["title"], "mine");
        assert_eq!(layout["qDimensionInfo"]["qStateCounts"]["qAlternative"], 4);
        let rows = layout["qDataPages"][0]["qMatrix"].as_array().expect("rows").clone();
        rows.iter().map(|row| row[0]["qState"].clone()).collect()
    };
    assert_eq!(states(&def), ["S", "X", "X", "X", "X"]);
    def["qShowAlternatives"] = json!(true);
    assert_eq!(states(&def), ["S", "A", "A", "A", "A"]);
}
