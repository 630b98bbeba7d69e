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

/// Sums of Sales and counts of its rows, by the texts of some fields, row by row.
fn expected(
    model: &Model,
    rows: &[brute::Row],
    selections: &Selections,
    by: &[&str],
) -> BTreeMap<Vec<String>, (f64, f64)> {
    let field = |name: &str| model.field(name).expect("a field");
    let (by, sales): (Vec<usize>, usize) = (by.iter().map(|name| field(name)).collect(), field("Sales"));
    let mut sums: BTreeMap<Vec<String>, (f64, f64)> = BTreeMap::new();
    for row in brute::fitting(model, rows, selections, None) {
        let text = |field: &usize| match model.fields[*field].values.get(brute::element(model, row, *field) as usize) {
            Some(value) => value.text.clone(),
            None => "-".to_owned(),
        };
        let value = model.fields[sales].values.get(brute::element(model, row, sales) as usize);
        if let Some(value) = value {
            let sum = sums.entry(by.iter().map(text).collect()).or_default();
            *sum = (sum.0 + value.num, sum.1 + 1.0);
        }
    }
    sums
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

#[test]
fn pivots_equal_the_joined_rows_under_random_selections() {
    let model = sales();
    let rows = brute::joined(&model);
    let mut dice = brute::Dice::new(23);
    for round in 0..12 {
        let selections = random(&mut dice, &model);
        let first = dice.below(NAMES.len());
        let by = [NAMES[first], NAMES[(first + 1 + dice.below(NAMES.len() - 1)) % NAMES.len()]];
        let mut def = def("P", &by, &["Sum(Sales)", "Count(Sales)"]);
        def["qSuppressZero"] = json!(true);
        def["qNoOfLeftDims"] = json!(dice.below(3));
        def["qInitialDataFetch"] = json!([{ "qWidth": 130, "qHeight": 76 }]);
        let hypercube = layout(&model, &selections, def);
        let page = &hypercube["qPivotDataPages"][0];
        let mut found: BTreeMap<Vec<String>, (f64, f64)> = BTreeMap::new();
        for (row, left) in leads_or_end(&page["qLeft"], "qSubNodes").iter().enumerate() {
            for (column, top) in leads_or_end(&page["qTop"], "qSubNodes").iter().enumerate() {
                let mut key = [left.clone(), top.clone()].concat();
                let measure = key.iter().position(|text| text.contains('(')).map(|place| key.remove(place));
                if let Some(number) = page["qData"][row][column]["qNum"].as_f64() {
                    let slot = found.entry(key).or_default();
                    if measure.as_deref() == Some("Sum(Sales)") { slot.0 = number } else { slot.1 = number }
                }
            }
        }
        let expected = expected(&model, &rows, &selections, &by);
        found.retain(|_, values| values.1 != 0.0);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{round} {by:?}");
        for (key, (sum, count)) in &expected {
            assert!((found[key].0 - sum).abs() < 1e-6 && found[key].1 == *count, "{round} {key:?}");
        }
    }
}

#[test]
fn stacks_and_trees_equal_the_joined_rows_under_random_selections() {
    let model = sales();
    let rows = brute::joined(&model);
    let mut dice = brute::Dice::new(29);
    for round in 0..12 {
        let selections = random(&mut dice, &model);
        let first = dice.below(NAMES.len());
        let by = [NAMES[first], NAMES[(first + 1 + dice.below(NAMES.len() - 1)) % NAMES.len()]];
        let mut stack = def("K", &by, &["Sum(Sales)"]);
        stack["qSuppressZero"] = json!(true);
        stack["qNoOfLeftDims"] = json!(1 + dice.below(2));
        let hypercube = layout(&model, &selections, stack);
        let root = &hypercube["qStackedDataPages"][0]["qData"][0];
        let mut found: BTreeMap<Vec<String>, f64> = BTreeMap::new();
        for outer in root["qSubNodes"].as_array().expect("nodes") {
            for inner in outer["qSubNodes"].as_array().expect("nodes") {
                let key = [outer, inner].map(|node| node["qText"].as_str().expect("a text").to_owned());
                found.insert(key.to_vec(), inner["qSubNodes"][0]["qValue"].as_f64().expect("a number"));
            }
        }
        let expected = expected(&model, &rows, &selections, &by);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{round} {by:?}");
        for (key, (sum, _)) in &expected {
            assert!((found[key] - sum).abs() < 1e-6, "{round} {key:?}");
        }
        let whole: f64 = expected.values().map(|(sum, _)| sum).sum();
        assert!((root["qMaxPos"].as_f64().expect("a number") - whole).abs() < 1e-6);
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
    let (sum, count) = expected(&model, &brute::joined(&model), &none, &["Region"])[&vec!["Americas".to_owned()]];
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
