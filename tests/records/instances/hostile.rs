//! What no schema allows: reads keep it or say what is wrong with it, and never panic.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::generator::{Generator, Mode};
use super::shape::Shape;
use super::{Report, each_document, places};
use crate::typed::{self, Row};

/// Values of another kind than most members.
fn odd(seed: &mut u64) -> Value {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    match (*seed >> 33) % 12 {
        0 => Value::Null,
        1 => json!(true),
        2 => json!("brand new"),
        3 => json!("12"),
        4 => json!("false"),
        5 => json!(7),
        6 => json!(-1.5e300),
        7 => json!(u64::MAX),
        8 => json!([]),
        9 => json!([1, "a", null, { "b": [{}] }]),
        10 => json!({}),
        _ => json!({ "id": { "x": 1 }, "type": ["y"] }),
    }
}

/// Puts odd values in the place of a third of what is inside.
fn spoil(value: &mut Value, seed: &mut u64) {
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    for value in inner {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if (*seed >> 33).is_multiple_of(3) { *value = odd(seed) } else { spoil(value, seed) }
    }
}

/// Reads it, a record without loss, or says what was expected and what found.
fn kept_or_told(row: &Row, record: bool, value: &Value) -> Result<(), String> {
    let json = value.to_string();
    match (row.round_trip)(&json) {
        // A required member that is missing is written with nothing in it: that may be added, but nothing lost.
        Ok(read) => match typed::loss(value, &typed::parsed(&read.written)?).filter(|_| record) {
            Some(loss) => Err(format!("{row} does not keep {loss}\n    {json}")),
            None => Ok(()),
        },
        // A record takes whatever its members are.
        Err(error) if record && value.is_object() => Err(format!("{row}: {error}\n    {json}")),
        Err(error) if error.message().starts_with("expected ") && error.message().contains(", found ") => Ok(()),
        Err(error) => Err(format!("{row} does not say what it expected: {error}\n    {json}")),
    }
}

#[test]
fn values_of_the_wrong_kind_are_kept_or_told() {
    each_document(
        |root, rows| {
            let mut report = Report::default();
            let mut seed = 1;
            for row in rows {
                report.schemas += 1;
                let mut tried: Vec<Value> =
                    vec![Value::Null, json!(true), json!(1.5), json!("text"), json!([]), json!({})];
                let mut record = false;
                for schema in places::schemas(root, row) {
                    let whole = Generator::new(root).one(schema, Mode::Full);
                    record |= !Shape::of(root, schema).members.is_empty();
                    for _ in 0..4 {
                        let mut spoiled = whole.clone();
                        spoil(&mut spoiled, &mut seed);
                        tried.push(spoiled);
                    }
                }
                report.instances += tried.len();
                report.failures.extend(tried.iter().filter_map(|value| kept_or_told(row, record, value).err()));
            }
            report
        },
        "values of the wrong kind",
    );
}

/// Any JSON, and JSON that breaks off.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let key =
        prop_oneof!["[a-zA-Z$/~.]{0,8}", Just("id".to_owned()), Just("qInfo".to_owned()), Just("data".to_owned())];
    let tree = leaf.prop_recursive(4, 24, 6, move |inner| {
        let members = proptest::collection::btree_map(key.clone(), inner.clone(), 0..6);
        prop_oneof![
            proptest::collection::vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    });
    (tree, proptest::option::weighted(0.3, any::<prop::sample::Index>())).prop_map(|(value, cut)| {
        let mut text = value.to_string();
        if let Some(cut) = cut {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            text.truncate(*cut.get(&ends));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_read_panics(text in any_json()) {
        for row in typed::rows() {
            let _ = (row.round_trip)(&text);
        }
    }
}
