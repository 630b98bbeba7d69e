//! Pivots, stacks and trees against sums over the joined rows, and the options that shape a cube.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::*;
use crate::model::{Model, brute, sales};

const NAMES: [&str; 6] = ["Region", "Category", "Segment", "Year", "Month", "Channel"];

fn layout_with(model: &Model, selections: &Selections, def: Json, expansion: &Expansion) -> Json {
    let def: CubeDef = serde_json::from_value(def).expect("a definition");
    let (alive, variables) = (selections.alive(model), BTreeMap::new());
    let view = View { model, selections, alive: &alive, variables: &variables };
    cube_layout(&view, &def, &Cube::calculate(&view, &def, expansion))
}

fn layout(model: &Model, selections: &Selections, def: Json) -> Json {
    layout_with(model, selections, def, &Expansion::default())
}

fn def(mode: &str, names: &[&str], measures: &[&str]) -> Json {
    let dimension = |name: &&str| json!({ "qDef": { "qFieldDefs": [name], "qSortCriterias": [{ "qSortByNumeric": 1, "qSortByAscii": 1 }] } });
    let measure = |text: &&str| json!({ "qDef": { "qDef": text } });
    json!({
        "qMode": mode,
        "qDimensions": names.iter().map(dimension).collect::<Vec<_>>(),
        "qMeasures": measures.iter().map(measure).collect::<Vec<_>>(),
        "qAlwaysFullyExpanded": true,
        "qInitialDataFetch": [{ "qWidth": 50, "qHeight": 200 }],
    })
}

/// Sums of a field and counts of its rows, by the texts of some fields, row by row.
fn expected(
    model: &Model,
    rows: &[brute::Row],
    selections: &Selections,
    by: &[&str],
    of: &str,
) -> BTreeMap<Vec<String>, (f64, f64)> {
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
    counted.into_iter().map(|(key, rows)| (key, (rows.values().sum(), rows.len() as f64))).collect()
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
        for mode in ["S", "P", "K", "T"] {
            let found = shown(mode, &mut dice, &model, &selections, &by, of);
            let keys = (found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            assert_eq!(keys.0, keys.1, "{round} {mode} {by:?} {selections:?}");
            for (key, (sum, _)) in &expected {
                assert!((found[key] - sum).abs() < 1e-6, "{round} {mode} {key:?}");
            }
        }
    }
}

#[test]
fn a_closed_pivot_opens_node_by_node() {
    let model = sales();
    let none = Selections::default();
    let mut def = def("P", &["Region", "Country"], &["Sum(Sales)"]);
    def["qAlwaysFullyExpanded"] = json!(false);
    def["qDimensions"][0]["qNullSuppression"] = json!(true);
    let closed = layout(&model, &none, def.clone());
    assert_eq!(closed["qSize"], json!({ "qcx": 1, "qcy": 5 }));
    let first = &closed["qPivotDataPages"][0]["qLeft"][0];
    assert_eq!((&first["qText"], &first["qCanExpand"]), (&json!("Americas"), &json!(true)));
    let mut expansion = Expansion::default();
    let element = u32::try_from(first["qElemNo"].as_u64().expect("a number")).expect("small");
    expansion.left.nodes.insert(vec![element]);
    let opened = layout_with(&model, &none, def, &expansion);
    let (before, after) = (&closed["qPivotDataPages"][0], &opened["qPivotDataPages"][0]);
    let countries = after["qLeft"][0]["qSubNodes"].as_array().map_or(0, Vec::len);
    assert!(countries > 1 && after["qLeft"][0]["qCanCollapse"] == true);
    assert_eq!(opened["qSize"]["qcy"], 4 + countries);
    let sum: f64 = (0..countries).filter_map(|row| after["qData"][row][0]["qNum"].as_f64()).sum();
    assert!((sum - before["qData"][0][0]["qNum"].as_f64().expect("a number")).abs() < 1e-6);
    assert_eq!(after["qData"][countries], before["qData"][1]);
}

#[test]
fn pages_of_a_pivot_say_what_lies_beyond_them() {
    let model = sales();
    let mut def = def("P", &["Year", "Month"], &["Sum(Sales)"]);
    def["qInitialDataFetch"] = json!([{ "qTop": 5, "qWidth": 1, "qHeight": 10 }]);
    let hypercube = layout(&model, &Selections::default(), def);
    let page = &hypercube["qPivotDataPages"][0];
    assert_eq!(page["qArea"], json!({ "qLeft": 0, "qTop": 5, "qWidth": 1, "qHeight": 10 }));
    assert_eq!((&page["qLeft"][0]["qUp"], &page["qLeft"][0]["qDown"]), (&json!(5), &json!(0)));
    assert_eq!((&page["qLeft"][1]["qUp"], &page["qLeft"][1]["qDown"]), (&json!(0), &json!(9)));
    assert_eq!(page["qLeft"][1]["qSubNodes"].as_array().map(Vec::len), Some(3));
}

#[test]
fn totals_stand_where_recorded() {
    let model = sales();
    let none = Selections::default();
    let mut stack = def("K", &["Region", "Year"], &["Sum(Sales)"]);
    stack["qDimensions"][1]["qOtherTotalSpec"] = json!({ "qTotalMode": "TOTAL_EXPR" });
    let hypercube = layout(&model, &none, stack);
    let region = &hypercube["qStackedDataPages"][0]["qData"][0]["qSubNodes"][0];
    let total = &region["qSubNodes"][0];
    assert_eq!((&total["qType"], &total["qElemNo"], total.get("qText")), (&json!("T"), &json!(-1), None));
    let whole = total["qSubNodes"][0]["qValue"].as_f64().expect("a number");
    assert!((whole - region["qMaxPos"].as_f64().expect("a number")).abs() < 1e-6);
    let mut pivot = def("P", &["Region"], &["Sum(Sales)"]);
    pivot["qDimensions"][0]["qOtherTotalSpec"] = json!({ "qTotalMode": "TOTAL_EXPR" });
    pivot["qDimensions"][0]["qTotalLabel"] = json!({ "qv": "All" });
    let hypercube = layout(&model, &none, pivot);
    let page = &hypercube["qPivotDataPages"][0];
    let last = page["qLeft"].as_array().map_or(0, |nodes| nodes.len() - 1);
    assert_eq!(page["qLeft"][last]["qText"], "All");
    let sum: f64 = (0..last).filter_map(|row| page["qData"][row][0]["qNum"].as_f64()).sum();
    assert!((sum - page["qData"][last][0]["qNum"].as_f64().expect("a number")).abs() < 1e-6);
}

#[test]
fn options_shape_a_straight_cube() {
    let model = sales();
    let none = Selections::default();
    let mut straight = def("S", &["Region"], &["Sum(Sales)"]);
    straight["qColumnOrder"] = json!([1, 0]);
    straight["qDimensions"][0]["qAttributeExpressions"] = json!([{ "qExpression": "Count(Sales)", "id": "mine" }]);
    let hypercube = layout(&model, &none, straight.clone());
    let row = &hypercube["qDataPages"][0]["qMatrix"][0];
    assert_eq!(row[1]["qText"], "Americas");
    let (sum, count) =
        expected(&model, &brute::joined(&model), &none, &["Region"], "Sales")[&vec!["Americas".to_owned()]];
    assert!((row[0]["qNum"].as_f64().expect("a number") - sum).abs() < 1e-6);
    assert_eq!(row[1]["qAttrExps"]["qValues"][0]["qNum"].as_f64(), Some(count));
    assert_eq!(hypercube["qDimensionInfo"][0]["qAttrExprInfo"][0]["id"], "mine");
    straight["qCalcCondition"] = json!({ "qCond": { "qv": "Count(Sales) < 10" }, "qMsg": { "qv": "Select less" } });
    let hypercube = layout(&model, &none, straight.clone());
    assert_eq!(hypercube["qError"]["qErrorCode"], 7005);
    assert_eq!(hypercube["qCalcCondMsg"], "Select less");
    assert_eq!(hypercube["qSize"]["qcy"], 0);
    straight["qCalcCondition"]["qCond"]["qv"] = json!("Count(Sales) > 10");
    assert_eq!(layout(&model, &none, straight).get("qError"), None);
}

#[test]
fn expressions_calculate() {
    let model = sales();
    let none = Selections::default();
    let alive = none.alive(&model);
    let variables = BTreeMap::from([
        ("vField".to_owned(), "Sales".to_owned()),
        ("vSum".to_owned(), "Sum($(vField))".to_owned()),
        ("vNow".to_owned(), "=1+2".to_owned()),
        ("vRound".to_owned(), "$(vRound)".to_owned()),
    ]);
    let view = View { model: &model, selections: &none, alive: &alive, variables: &variables };
    let text = |expression: &str| view.value(expression).map(|value| value.text());
    assert_eq!(text("$(vSum) = Sum(Sales) and not 1 > 2"), Ok("-1".to_owned()));
    assert_eq!(text("$(vNow) * 2"), Ok("6".to_owned()));
    assert_eq!(
        text("If(Count(distinct Region) >= 5, 'many ' & Count(distinct Region), 'few')"),
        Ok("many 5".to_owned())
    );
    assert_eq!(text("1 < 2 or 1/0"), Ok("-1".to_owned()));
    assert_eq!(text("'a' & Null() & 'b'"), Ok("ab".to_owned()));
    assert_eq!(text("If(Null() = 1, 'yes')"), Ok("-".to_owned()));
    assert_eq!(text("Sum(If(Region = 'Nordics', Sales)) < Sum(Sales)"), Ok("-1".to_owned()));
    assert_eq!(text("Only(Region)"), Ok("-".to_owned()));
    assert_eq!(text("'b' > 'a'"), Ok("-1".to_owned()));
    assert!(matches!(text("$(vRound)"), Err(Fault::Unsupported(_))));
    assert!(matches!(text("$(=1)"), Err(Fault::Unsupported(_))));
    assert!(matches!(text("Concat(Region)"), Err(Fault::Unsupported(_))));
}
