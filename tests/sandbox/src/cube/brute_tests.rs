//! Every mode, aggregation and selection against sums over the joined rows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::tests::{def, layout};
use super::*;
use crate::model::{Model, brute};

const NAMES: [&str; 6] = ["Region", "Category", "Segment", "Year", "Month", "Channel"];

/// The values of a field by the texts of some fields, row by row.
fn expected(
    model: &Model,
    rows: &[brute::Row],
    selections: &Selections,
    by: &[&str],
    of: &str,
) -> BTreeMap<Vec<String>, Vec<f64>> {
    let field = |name: &str| model.field(name).expect("a field");
    let (by, of): (Vec<usize>, usize) = (by.iter().map(|name| field(name)).collect(), field(of));
    let table = model.fields[of].tables[0];
    // However often a row of the field's table is joined, it counts once for each combination.
    let mut counted: BTreeMap<Vec<String>, BTreeMap<usize, f64>> = BTreeMap::new();
    for row in brute::fitting(model, rows, selections, None) {
        let text = |field: &usize| match model.fields[*field].values.get(brute::element(model, row, *field) as usize) {
            Some(value) => value.text.clone(),
            None => "-".to_owned(),
        };
        let value = model.fields[of].values.get(brute::element(model, row, of) as usize);
        if let (Some(value), Some(row)) = (value, row[table]) {
            counted.entry(by.iter().map(text).collect()).or_default().insert(row, value.num);
        }
    }
    counted.into_iter().map(|(key, rows)| (key, rows.into_values().collect())).collect()
}

/// The texts that lead to each leaf below some nodes.
fn leads(nodes: &Json, below: &str) -> Vec<Vec<String>> {
    let mut leads = Vec::new();
    for node in nodes.as_array().into_iter().flatten() {
        let text = node["qText"].as_str().unwrap_or("(total)").to_owned();
        let under = leads_or_end(&node[below], below);
        leads.extend(under.into_iter().map(|lead| [vec![text.clone()], lead].concat()));
    }
    leads
}

fn leads_or_end(nodes: &Json, below: &str) -> Vec<Vec<String>> {
    let found = leads(nodes, below);
    if found.is_empty() { vec![Vec::new()] } else { found }
}

fn random(dice: &mut brute::Dice, model: &Model) -> Selections {
    let mut selections = Selections::default();
    for _ in 0..dice.below(4) {
        let field = dice.below(model.fields.len());
        let values = (0..1 + dice.below(4)).map(|_| dice.below(model.fields[field].values.len()));
        let values: BTreeSet<u32> = values.map(|value| u32::try_from(value).expect("small")).collect();
        // One that a lock or another selection stands against is left out, as in the engine.
        selections.select(model, field, values);
        if dice.below(4) == 0 {
            selections.clear(false, None);
        }
    }
    selections
}

/// The sums of a field that a cube in some mode shows, by the texts of its two dimensions.
fn shown(
    mode: &str,
    dice: &mut brute::Dice,
    model: &Model,
    selections: &Selections,
    by: &[&str],
    of: &str,
) -> BTreeMap<Vec<String>, f64> {
    let (sum, count) = (format!("Sum({of})"), format!("Count({of})"));
    let measures: &[&str] = if mode == "P" { &[&sum, &count] } else { &[&sum] };
    let mut def = def(mode, by, measures);
    def["qSuppressZero"] = json!(true);
    def["qNoOfLeftDims"] = json!(if mode == "K" { 1 + dice.below(2) } else { dice.below(3) });
    let (width, height) = if mode == "S" { (3, 3_000) } else { (130, 76) };
    def["qInitialDataFetch"] = json!([{ "qWidth": width, "qHeight": height }]);
    let mut found = BTreeMap::new();
    let text = |cell: &Json| cell["qText"].as_str().unwrap_or("-").to_owned();
    if mode == "T" {
        def["qInitialDataFetch"] = json!([]);
        let def: CubeDef = serde_json::from_value(def).expect("a definition");
        let (alive, variables) = (selections.alive(model), BTreeMap::new());
        let view = View { model, selections, alive: &alive, variables: &variables };
        let cube = Cube::calculate(&view, &def, &Expansion::default());
        let root = tree_nodes(&view, &def, &cube, &TreeOptions::default()).remove(0);
        for outer in root["qNodes"].as_array().expect("nodes") {
            for inner in outer["qNodes"].as_array().expect("nodes") {
                let value = inner["qValues"][0]["qValue"].as_f64().expect("a number");
                found.insert(vec![text(outer), text(inner)], value);
            }
        }
        let whole: f64 = found.values().sum();
        assert!(root["qNodes"].as_array().is_some_and(|nodes| {
            let parts: f64 = nodes.iter().filter_map(|node| node["qMaxPos"][0].as_f64()).sum();
            (parts - whole).abs() < 1e-6
        }));
        return found;
    }
    let hypercube = layout(model, selections, def);
    assert_eq!(hypercube.get("qError"), None, "{mode} {by:?}");
    match mode {
        "S" => {
            for row in hypercube["qDataPages"][0]["qMatrix"].as_array().expect("rows") {
                found.insert(vec![text(&row[0]), text(&row[1])], row[2]["qNum"].as_f64().expect("a number"));
            }
        }
        "P" => {
            let page = &hypercube["qPivotDataPages"][0];
            for (row, left) in leads_or_end(&page["qLeft"], "qSubNodes").iter().enumerate() {
                for (column, top) in leads_or_end(&page["qTop"], "qSubNodes").iter().enumerate() {
                    let mut key = [left.clone(), top.clone()].concat();
                    let measure = key.iter().position(|text| text.contains('(')).map(|place| key.remove(place));
                    let number = page["qData"][row][column]["qNum"].as_f64().filter(|number| *number != 0.0);
                    if let (Some(number), true) = (number, measure.is_some_and(|measure| measure == sum)) {
                        found.insert(key, number);
                    }
                }
            }
        }
        _ => {
            let root = &hypercube["qStackedDataPages"][0]["qData"][0];
            for outer in root["qSubNodes"].as_array().expect("nodes") {
                for inner in outer["qSubNodes"].as_array().expect("nodes") {
                    let value = inner["qSubNodes"][0]["qValue"].as_f64().expect("a number");
                    found.insert(vec![text(outer), text(inner)], value);
                }
            }
            let whole: f64 = found.values().sum();
            assert!((root["qMaxPos"].as_f64().expect("a number") - whole).abs() < 1e-6);
        }
    }
    found
}

/// All aggregations at once, as columns of a straight cube.
fn check_aggregations(
    model: &Model,
    selections: &Selections,
    by: &[&str],
    of: &str,
    expected: &BTreeMap<Vec<String>, Vec<f64>>,
) {
    let texts = ["Sum(", "Count(", "Avg(", "Min(", "Max(", "Count(distinct "].map(|name| format!("{name}{of})"));
    let mut def = def("S", by, &texts.each_ref().map(String::as_str));
    def["qInitialDataFetch"] = json!([{ "qWidth": 8, "qHeight": 1_250 }]);
    let hypercube = layout(model, selections, def);
    // Without any row of the field's there is nothing to sum up.
    let rows = hypercube["qDataPages"][0]["qMatrix"].as_array().expect("rows").iter().filter(|row| row[3]["qNum"] != 0);
    assert_eq!(rows.clone().count(), expected.len());
    for row in rows {
        let cell = |place: usize| row[place]["qText"].as_str().expect("a text").to_owned();
        let values = &expected[&vec![cell(0), cell(1)]];
        let (sum, count) = (values.iter().sum::<f64>(), values.len() as f64);
        let (least, most) = (values.iter().copied().reduce(f64::min), values.iter().copied().reduce(f64::max));
        let distinct: BTreeSet<u64> = values.iter().map(|value| value.to_bits()).collect();
        let own = [Some(sum), Some(count), Some(sum / count), least, most, Some(distinct.len() as f64)];
        for (place, own) in own.into_iter().enumerate() {
            let near = row[2 + place]["qNum"].as_f64().zip(own).is_some_and(|(a, b)| (a - b).abs() < 1e-6);
            assert!(near, "{}: {row} and not {own:?}", texts[place]);
        }
    }
}

/// The same two dimensions in all modes, over the data set and over random data, under random selections.
#[test]
fn every_mode_equals_the_joined_rows() {
    let mut dice = brute::Dice::new(23);
    for round in 0..60 {
        let sales = round % 15 == 0;
        let model = if sales { crate::model::sales() } else { brute::random(&mut dice).into() };
        let (names, of) = if sales { (&NAMES[..], "Sales") } else { (&["A", "B", "C", "K", "L", "M"][..], "N") };
        let rows = brute::joined(&model);
        let selections = random(&mut dice, &model);
        let first = dice.below(names.len());
        let by = [names[first], names[(first + 1 + dice.below(names.len() - 1)) % names.len()]];
        let expected = expected(&model, &rows, &selections, &by, of);
        check_aggregations(&model, &selections, &by, of, &expected);
        for mode in ["S", "P", "K", "T"] {
            let found = shown(mode, &mut dice, &model, &selections, &by, of);
            let keys = (found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            assert_eq!(keys.0, keys.1, "{round} {mode} {by:?} {selections:?}");
            for (key, values) in &expected {
                assert!((found[key] - values.iter().sum::<f64>()).abs() < 1e-6, "{round} {mode} {key:?}");
            }
        }
    }
}
