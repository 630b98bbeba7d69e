//! Tests of pages: each reads to what serde makes of it, in any order of members, or is refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::data::cell::Cell;
use crate::data::values::{Want, WantText};

const ALL: Want = Want { num: true, elem: true, text: WantText::Each };

/// The columns of a reply.
fn read(text: &str, width: usize, beside: Beside) -> Result<Vec<Values>, Misread> {
    let mut columns = vec![Values::new(ALL); width + beside.all()];
    let mut attributes = vec![Beside::default(); width];
    attributes[0] = Beside { first: width, ..beside };
    let mut into =
        Into { columns: &mut columns, left: 0, width, attributes: &attributes, dimensions: &vec![true; width] };
    reply(text, &mut into).map(|()| columns)
}

fn cell() -> impl Strategy<Value = Value> {
    let text = r#"[a-z"\\ä\n-]{0,40}"#;
    let num = prop_oneof![
        any::<f64>().prop_filter("finite", |num| num.is_finite()).prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(json!("NaN")),
    ];
    let state = prop::sample::select(vec!["L", "S", "O", "D", "A", "X", "XS", "XL", "QQ"]);
    let extra = prop::sample::select(vec![
        json!({}),
        json!({"qIsNull": true}),
        json!({"qIsTotalCell": true}),
        json!({"qIsOtherCell": true, "qFrequency": "3"}),
        json!({"qAttrExps": {"qValues": [{"qText": "1", "qNum": 1}]}, "qHighlightRanges": {"qRanges": []}}),
    ]);
    (text, num, any::<i32>(), state, extra).prop_map(|(text, num, elem, state, extra)| {
        let mut cell = json!({"qText": text, "qNum": num, "qElemNumber": elem, "qState": state});
        cell.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        cell
    })
}

/// As engines write it: members in their order.
fn written(cell: &Value, order: &[&str], space: &str) -> String {
    let known = order.iter().filter(|name| cell.get(**name).is_some()).map(|name| (*name).to_owned());
    let others = cell.as_object().unwrap().keys().filter(|name| !order.contains(&name.as_str())).cloned();
    let members: Vec<String> =
        known.chain(others).map(|name| format!("{}:{space}{}", Value::from(name.clone()), cell[&name])).collect();
    format!("{{{}}}", members.join(&format!(",{space}")))
}

proptest! {
    #[test]
    fn pages_read_as_serde_reads_them(
        cells in prop::collection::vec(cell(), 1..12), turn in 0..4_usize, space in " {0,1}",
    ) {
        let mut order = ["qText", "qNum", "qElemNumber", "qState"];
        order.rotate_left(turn);
        let rows: Vec<String> = cells.iter().map(|cell| format!("[{}]", written(cell, &order, &space))).collect();
        let text = format!(
            r#"{{"qDataPages":{space}[{{"qMatrix":[{}],"qTails":[{{"qUp":0}}],"qArea":{{"qLeft":0}}}},{{"qMatrix":[[5]]}}]}}"#,
            rows.join(",")
        );
        let beside = Beside { expressions: 1, ..Beside::default() };
        let columns = read(&text, 1, beside).expect("a page");
        prop_assert_eq!(columns[0].len(), cells.len());
        prop_assert_eq!(columns[1].len(), cells.len());
        for (row, cell) in cells.iter().enumerate() {
            let expected: Cell = serde_json::from_value(cell.clone()).expect("a cell");
            let values = &columns[0];
            prop_assert_eq!(values.text(row), &expected.text);
            prop_assert_eq!(values.num(row), expected.num);
            prop_assert_eq!(values.elems[row], expected.elem_number);
            prop_assert_eq!(values.state(row), expected.state);
            let dash = expected.text == "-" && expected.num.is_none() && expected.elem_number == -2;
            let kind = if dash && expected.kind == CellKind::Value { CellKind::Null } else { expected.kind };
            prop_assert_eq!(values.kind(row), kind);
            prop_assert_eq!(columns[1].num(row), cell.get("qAttrExps").map(|_| 1.0));
        }
    }

    #[test]
    fn anything_is_survived(text in any::<String>(), cut in 0..400_usize) {
        let page = r#"{"qDataPages":[{"qMatrix":[[{"qText":"a\"ä","qNum":"NaN","qElemNumber":1,"qState":"O"},
            {"qText":"8.5","qNum":8.5,"qElemNumber":0,"qState":"L","qAttrExps":{"qValues":[{}]}}]],"qArea":{}}]}"#;
        let _ = read(&text, 2, Beside::default());
        if page.is_char_boundary(cut) && cut < page.len() {
            prop_assert!(read(&page[..cut], 2, Beside::default()).is_err());
            let _ = read(&format!("{}{text}{}", &page[..cut], &page[cut..]), 2, Beside::default());
        }
    }
}

#[test]
fn rows_have_to_be_as_wide_as_asked() {
    for page in [r#"{"qDataPages":[{"qMatrix":[[{"qText":"a"}]]}]}"#, r#"{"qDataPages":[{"qMatrix":[[{},{},{}]]}]}"#] {
        assert!(read(page, 2, Beside::default()).is_err());
    }
    assert!(read("[]", 1, Beside::default()).is_err());
    assert_eq!(read("{}", 1, Beside::default()).unwrap()[0].len(), 0);
}

#[test]
fn values_of_another_kind_cost_themselves_only() {
    let cell = r#"{"qText":5,"qNum":{"a":1},"qElemNumber":"3","qState":[1],"qIsNull":0,"n":null}"#;
    let columns = read(&format!(r#"{{"qDataPages":[{{"qMatrix":[[{cell}]]}}]}}"#), 1, Beside::default()).unwrap();
    assert_eq!((columns[0].text(0), columns[0].num(0), columns[0].elems[0]), ("5", None, 3));
    assert_eq!(columns[0].kind(0), CellKind::Value);
}

#[test]
fn rows_of_data_model_tables() {
    let text = r#"{"qData":[{"qValue":[{"qText":"a","qIsNumeric":false,"qNumber":0},{"qText":"7","qIsNumeric":true,"qNumber":7}]},
        {"qValue":[{"qText":"-"},{}]}]}"#;
    let mut columns = vec![Values::new(ALL); 2];
    let mut into =
        Into { columns: &mut columns, left: 0, width: 2, attributes: &[Beside::default(); 2], dimensions: &[] };
    table(text, &mut into).unwrap();
    assert_eq!((columns[0].text(0), columns[0].num(0)), ("a", None));
    assert_eq!((columns[1].text(0), columns[1].num(0)), ("7", Some(7.0)));
    assert_eq!((columns[0].kind(1), columns[1].kind(1)), (CellKind::Null, CellKind::Null));
}
