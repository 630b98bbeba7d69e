//! The options that shape cubes and lists, and expressions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::*;
use crate::model::{Model, sales};

fn layout_with(model: &Model, selections: &Selections, def: Json, expansion: &Expansion) -> Json {
    let def: CubeDef = serde_json::from_value(def).expect("a definition");
    let (alive, variables) = (selections.alive(model), BTreeMap::new());
    let view = View { model, selections, alive: &alive, variables: &variables };
    cube_layout(&view, &def, &Cube::calculate(&view, &def, expansion))
}

pub(super) fn layout(model: &Model, selections: &Selections, def: Json) -> Json {
    layout_with(model, selections, def, &Expansion::default())
}

pub(super) fn def(mode: &str, names: &[&str], measures: &[&str]) -> Json {
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
    let both = layout(&model, &none, def("S", &["Region"], &["Sum(Sales)", "Count(Sales)"]));
    let plain = &both["qDataPages"][0]["qMatrix"][0];
    assert_eq!((&row[0]["qNum"], &row[1]["qAttrExps"]["qValues"][0]["qNum"]), (&plain[1]["qNum"], &plain[2]["qNum"]));
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

#[test]
fn a_row_counts_once_however_often_it_is_joined() {
    let hypercube = layout(&sales(), &Selections::default(), def("S", &["Region"], &["Count(Customer)"]));
    let rows = hypercube["qDataPages"][0]["qMatrix"].as_array().expect("rows");
    assert_eq!(rows.iter().filter_map(|row| row[1]["qNum"].as_i64()).sum::<i64>(), 150);
    assert_eq!(hypercube["qGrandTotalRow"][0]["qNum"], 150);
}

#[test]
fn rows_sort_as_told_and_null_comes_last() {
    let model = sales();
    let none = Selections::default();
    let mut def = def("S", &["Segment"], &["Count(Customer)"]);
    def["qDimensions"][0]["qDef"]["qSortCriterias"] = json!([{ "qSortByAscii": 1 }]);
    let text = |def: &Json| -> Vec<String> {
        let layout = layout(&model, &none, def.clone());
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
    let sorted = layout(&model, &none, def);
    let counts: Vec<f64> = sorted["qDataPages"][0]["qMatrix"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row[1]["qNum"].as_f64())
        .collect();
    assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{counts:?}");
    assert_eq!(sorted["qEffectiveInterColumnSortOrder"], json!([1, 0]));
}

#[test]
fn what_it_cannot_do_is_an_error_and_never_a_number() {
    let model = sales();
    let none = Selections::default();
    let answer = layout(&model, &none, def("S", &["Region"], &["Median(Sales)", "Sum(Nope)"]));
    assert_eq!(answer["qMeasureInfo"][0]["qError"]["qErrorCode"], 20);
    assert_eq!(answer["qMeasureInfo"][1]["qError"]["qErrorCode"], 2);
    let cell = json!({ "qText": "-", "qNum": "NaN", "qElemNumber": -2, "qState": "L", "qIsNull": true });
    assert_eq!(answer["qDataPages"][0]["qMatrix"][0][1], cell);
    let answer = layout(&model, &none, def("S", &["Nope"], &[]));
    assert_eq!(answer["qDimensionInfo"][0]["qError"]["qErrorCode"], 2);
    assert_eq!(answer["qSize"]["qcy"], 0);
    for option in ["qPopulateMissing", "qContextSetExpression", "qMadeUp"] {
        let mut odd = def("S", &["Region"], &[]);
        odd[option] = json!("on");
        assert_eq!(layout(&model, &none, odd)["qError"]["qErrorCode"], 20, "{option}");
    }
    let mut large = def("S", &["Region"], &[]);
    large["qInitialDataFetch"] = json!([{ "qWidth": 11, "qHeight": 1000 }]);
    assert_eq!(layout(&model, &none, large)["qError"]["qErrorCode"], 7009);
}

#[test]
fn a_list_shows_every_value_with_its_state() {
    let model = sales();
    let mut selections = Selections::default();
    let region = model.field("Region").expect("a field");
    assert!(selections.select(&model, region, BTreeSet::from([1])));
    let alive = selections.alive(&model);
    let variables = BTreeMap::new();
    let view = View { model: &model, selections: &selections, alive: &alive, variables: &variables };
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
