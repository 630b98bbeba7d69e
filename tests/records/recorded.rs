//! Payloads that real engines sent are read into the generated types and written back without losing a member.
//!
//! The recordings stay out of the project: `QLIK_SHARED` names the folder that holds `recorded/engine`. What the tests
//! do with them is also done with a few small payloads of our own.

use std::collections::BTreeMap;
use std::path::Path;

use crate::typed::{self, Row};
use serde_json::{Value, json};

/// The generated types of the Engine, by place and part, and what has been tried on them.
struct Engine {
    rows: Vec<&'static Row>,
    values: usize,
    /// Out-parameters that the typed calls leave to the runtime.
    untyped: Vec<String>,
    failures: Vec<String>,
}

impl Engine {
    fn new() -> Self {
        let rows = typed::rows().into_iter().filter(|row| row.document == "engine/qix").collect();
        Engine { rows, values: 0, untyped: Vec::new(), failures: Vec::new() }
    }

    fn row(&self, place: &str, part: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.place == place && row.part == part).copied()
    }

    fn fail(&mut self, what: &str, why: impl std::fmt::Display) {
        self.failures.push(format!("{what}: {why}"));
    }

    /// The value (as text, for what a parse would already have mended) goes through a type unharmed.
    fn text(&mut self, row: Option<&Row>, json: &str, what: &str) {
        self.values += 1;
        match row.map(|row| row.keeps(json)) {
            Some(Ok(_)) => {}
            Some(Err(why)) => self.fail(what, why),
            None => self.fail(what, "there is no such type"),
        }
    }

    fn value(&mut self, row: Option<&Row>, value: &Value, what: &str) {
        self.text(row, &value.to_string(), what);
    }

    /// Parameters, by position or by name.
    fn params(&mut self, method: &str, params: &Value) {
        let declared: Vec<&Row> =
            self.rows.iter().filter(|row| row.place == method && row.part.starts_with("in ")).copied().collect();
        for (index, value) in params.as_array().into_iter().flatten().enumerate() {
            self.value(declared.get(index).copied(), value, &format!("{method} parameter {index}"));
        }
        for (name, value) in params.as_object().into_iter().flatten() {
            self.value(self.row(method, &format!("in {name}")), value, &format!("{method} parameter {name}"));
        }
    }

    /// A result: a record of several out-parameters, or each by itself.
    fn result(&mut self, method: &str, result: &Value, delta: bool) {
        if let Some(row) = self.row(method, "result").filter(|_| !delta) {
            return self.value(Some(row), result, method);
        }
        for (out, value) in result.as_object().into_iter().flatten() {
            let what = format!("{method} {out}");
            let object = value.get("qHandle").and_then(|_| self.row("schema", "ObjectInterface"));
            let Some(row) = object.or_else(|| self.row(method, &format!("out {out}"))) else {
                self.untyped.push(what);
                continue;
            };
            match value.as_array().filter(|_| delta) {
                None => self.value(Some(row), value, &what),
                // Patches to the root carry a whole value.
                Some(patches) => {
                    for patch in patches.iter().filter(|patch| patch["path"] == "/") {
                        self.value(Some(row), &patch["value"], &what);
                    }
                }
            }
        }
    }

    fn error(&mut self, error: &Value, what: &str) {
        self.values += 1;
        if error["code"].as_i64().is_none() || !error["message"].is_string() {
            self.fail(what, "an error has a code and a message");
        }
    }

    /// A log of frames both ways: replies are told by their id, classes by the handles that replies gave out.
    fn log(&mut self, log: &Value) {
        let mut classes = BTreeMap::from([(-1, "Global".to_owned())]);
        let mut asked: BTreeMap<i64, String> = BTreeMap::new();
        for entry in log.as_array().into_iter().flatten() {
            let sent = &entry["Sent"];
            if let (Some(method), Some(id)) = (sent["method"].as_str(), sent["id"].as_i64()) {
                let class = sent["handle"].as_i64().and_then(|handle| classes.get(&handle)).cloned();
                let method = format!("{}.{method}", class.unwrap_or_default());
                self.params(&method, &sent["params"]);
                asked.insert(id, method);
            }
            let received = &entry["Received"];
            if let Some(method) = received["id"].as_i64().and_then(|id| asked.get(&id)).cloned() {
                self.result(&method, &received["result"], received["delta"] == true);
                let object = &received["result"]["qReturn"];
                if let (Some(handle), Some(class)) = (object["qHandle"].as_i64(), object["qType"].as_str()) {
                    classes.insert(handle, class.to_owned());
                }
            }
        }
    }

    /// A payload of the kind that the index names.
    fn payload(&mut self, kind: &str, json: &str, file: &str) {
        let value: Value = match serde_json::from_str(json) {
            Ok(value) => value,
            Err(error) => return self.fail(file, error),
        };
        let before = self.failures.len();
        match kind.split_once(':') {
            Some(("rpc-request", method)) => self.params(method, &value["params"]),
            Some(("rpc-response", method)) => self.result(method, &value["result"], value["delta"] == true),
            Some(("rpc-result", method)) => self.result(method, &value, false),
            Some(("rpc-result-delta", method)) => self.result(method, &value, true),
            Some(("rpc-error", method)) => self.error(&value["error"], method),
            // The runtime hands out what a notification brings as it is.
            Some(("rpc-notification", method)) if value["method"] == method => self.values += 1,
            Some(_) => self.fail(file, format!("`{kind}` is no kind that this test knows")),
            None if kind == "TrafficLog" => self.log(&value),
            None => match kind.strip_suffix("[]") {
                None => self.text(self.row("schema", kind), json, kind),
                Some(kind) => {
                    for item in value.as_array().into_iter().flatten() {
                        self.value(self.row("schema", kind), item, kind);
                    }
                }
            },
        }
        for failure in &mut self.failures[before..] {
            *failure = format!("{file}: {failure}");
        }
    }

    fn finish(self, payloads: usize) {
        println!("{payloads} payloads, {} values through generated types; left raw: {:?}", self.values, self.untyped);
        assert!(self.values >= payloads, "some payload was not looked at");
        assert!(self.failures.is_empty(), "\n{}", self.failures.join("\n"));
    }
}

#[test]
fn recorded_payloads_lose_nothing() {
    let Some(shared) = std::env::var_os("QLIK_SHARED") else {
        println!("skipped: QLIK_SHARED does not say where the recorded payloads are");
        return;
    };
    let folder = Path::new(&shared).join("recorded/engine");
    let index = std::fs::read_to_string(folder.join("index.tsv")).expect("the recordings have an index");
    let mut engine = Engine::new();
    let mut payloads = 0;
    for line in index.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(file), Some(kind)) = (columns.next(), columns.next()) else { continue };
        match std::fs::read_to_string(folder.join(file)) {
            Ok(json) => engine.payload(kind, &json, file),
            Err(error) => engine.fail(file, error),
        }
        payloads += 1;
    }
    assert!(payloads > 0, "the index lists nothing");
    engine.finish(payloads);
}

#[test]
fn payloads_of_our_own_lose_nothing() {
    let payloads = [
        (
            "GenericObjectLayout",
            r#"{"qInfo":{"qId":"a","qType":"table"},"qMeta":{"privileges":[],"x":null},"visualization":"table",
            "qHyperCube":{"qSize":{"qcx":2,"qcy":1},"qMode":"S","qDimensionInfo":[{"qFallbackTitle":"Region",
            "qGroupFieldDefs":["Region"],"cId":"k","qNumFormat":{"qType":"U"},"qMin":"NaN","qMax":1.5}],
            "qDataPages":[{"qMatrix":[[{"qText":"North","qNum":"NaN","qElemNumber":0,"qState":"O"},
            {"qText":"12","qNum":12,"qElemNumber":-1,"qIsNull":false}]],"qTails":[],"qArea":{"qHeight":1}}]},
            "title":"Sales","title":"Sales by region","components":[{"key":"general","on":true}]}"#,
        ),
        ("NxDataPage[]", r#"[{"qMatrix":[[{"qNum":-0.0}]]},{"qMatrix":[],"qIsReduced":true,"new":{}}]"#),
        ("NxPivotPage[]", r#"[{"qLeft":[{"qType":"brand new","qSubNodes":[{"qNodeNr":1}]}],"qData":[[]]}]"#),
        ("rpc-request:Global.OpenDoc", r#"{"method":"OpenDoc","params":["sales.qvf"],"handle":-1}"#),
        ("rpc-request:Doc.GetField", r#"{"method":"GetField","params":{"qFieldName":"Region","qStateName":"$"}}"#),
        ("rpc-response:Global.OpenDoc", r#"{"id":1,"result":{"qReturn":{"qType":"Doc","qHandle":1}}}"#),
        ("rpc-response:Doc.DoReload", r#"{"id":2,"result":{"qReturn":true},"change":[1]}"#),
        ("rpc-result:Doc.GetAppLayout", r#"{"qLayout":{"qTitle":"Sales","qStateNames":[],"qMeta":{"dynamic":1}}}"#),
        (
            "rpc-result-delta:GenericObject.GetLayout",
            r#"{"qLayout":[{"op":"add","path":"/","value":{"qInfo":{"qId":"a"},"qSelectionInfo":{}}}]}"#,
        ),
        ("rpc-error:Doc.GetObject", r#"{"id":3,"error":{"code":2,"parameter":"a","message":"not found"}}"#),
        (
            "TrafficLog",
            r#"[{"Sent":{"id":1,"handle":-1,"method":"OpenDoc","params":["a"]}},
            {"Received":{"id":1,"result":{"qReturn":{"qType":"Doc","qHandle":1}}}},
            {"Sent":{"id":2,"handle":1,"method":"EvaluateEx","params":["Sum(Sales)"]}},
            {"Received":{"id":2,"result":{"qValue":{"qText":"12","qIsNumeric":true,"qNumber":12}}}}]"#,
        ),
    ];
    let mut engine = Engine::new();
    for (kind, json) in payloads {
        engine.payload(kind, json, kind);
    }
    engine.finish(payloads.len());
}

#[test]
fn a_loss_would_be_noticed() {
    let difference = |a, b| typed::difference(&a, &b);
    assert_eq!(difference(json!({"a": [1.0, {"b": 2}]}), json!({"a": [1, {"b": 2.0}]})), None);
    assert_eq!(difference(json!({"a": [{"b": 2}]}), json!({"a": [{}]})).as_deref(), Some("/a/0/b: lost"));
    assert_eq!(difference(json!({}), json!({"b": 0})).as_deref(), Some("/b: made up"));
    assert!(difference(json!([9_007_199_254_740_993_i64]), json!([9_007_199_254_740_992_i64])).is_some());
    assert!(difference(json!([1, 2]), json!([1])).is_some());
}
