//! Sessions without a socket: what a client asks, and what it hears.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::delta::Deltas;
use super::methods::{CLASSES, of_class};
use super::rpc::Request;
use super::session::Session;
use crate::tenant::Tenant;

/// A client of one session.
pub(super) struct Client {
    session: Session,
    deltas: Deltas,
    last: i64,
}

impl Client {
    fn new(tenant: &Arc<Tenant>) -> Self {
        Self { session: Session::new(Arc::clone(tenant), &tenant.owner()), deltas: Deltas::default(), last: 0 }
    }

    /// A client that has the first app of a fresh tenant open.
    pub(super) fn opened() -> Self {
        let tenant = Arc::new(Tenant::seeded());
        let app = tenant.state().apps[0].id.clone();
        let mut client = Self::new(&tenant);
        let reply = client.call(-1, "OpenDoc", json!([app]));
        assert_eq!(reply["change"], json!([1]));
        client
    }

    fn send(&mut self, text: &str) -> Option<String> {
        let reply = Request::read(text).map_or_else(|refused| *refused, |request| self.session.call(&request));
        reply.write(&mut self.deltas)
    }

    /// The whole reply.
    pub(super) fn call(&mut self, handle: i64, method: &str, params: Json) -> Json {
        self.last += 1;
        let request =
            json!({ "jsonrpc": "2.0", "id": self.last, "handle": handle, "method": method, "params": params });
        let reply: Json = serde_json::from_str(&self.send(&request.to_string()).expect("a reply")).expect("JSON");
        assert_eq!(reply["id"], self.last);
        reply
    }

    pub(super) fn result(&mut self, handle: i64, method: &str, params: Json) -> Json {
        let reply = self.call(handle, method, params);
        assert_eq!(reply.get("error"), None, "{method}: {reply}");
        reply["result"].clone()
    }

    pub(super) fn code(&mut self, handle: i64, method: &str, params: Json) -> i64 {
        let reply = self.call(handle, method, params);
        reply["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {reply}"))
    }

    /// A new session object's handle.
    pub(super) fn object(&mut self, properties: Json) -> i64 {
        let result = self.result(1, "CreateSessionObject", json!([properties]));
        result["qReturn"]["qHandle"].as_i64().expect("a handle")
    }
}

fn table() -> Json {
    json!({
        "qInfo": { "qType": "table" },
        "title": "Mine",
        "label": { "qStringExpression": "=Count(distinct Region)" },
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"], "qSortCriterias": [{ "qSortByAscii": 1 }], "cId": "d" } }],
            "qMeasures": [{ "qDef": { "qLabel": "Sales", "qDef": "Sum(Sales)" } }],
            "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 20 }],
        },
    })
}

#[test]
fn opening_apps() {
    let tenant = Arc::new(Tenant::seeded());
    let ids: Vec<String> = tenant.state().apps.iter().map(|app| app.id.clone()).collect();
    let (first, second) = (ids[0].clone(), ids[1].clone());
    let mut client = Client::new(&tenant);
    let reply = client.call(-1, "GetActiveDoc", json!([]));
    let recorded = json!({ "code": 1007, "parameter": "No active document", "message": "App invalid" });
    assert_eq!(reply["error"], recorded);
    assert_eq!(client.code(-1, "OpenDoc", json!(["nowhere"])), 1003);
    let doc = json!({ "qReturn": { "qType": "Doc", "qHandle": 1, "qGenericId": first } });
    assert_eq!(client.result(-1, "OpenDoc", json!({ "qDocName": first })), doc);
    assert_eq!(client.result(-1, "GetActiveDoc", json!({})), doc);
    assert_eq!(client.code(-1, "OpenDoc", json!([first])), 1002);
    assert_eq!(client.code(-1, "OpenDoc", json!([second])), 1002);
    assert_eq!(client.code(-1, "OpenDoc", json!([first, "", "", "", true])), 1009);
    assert_eq!(client.result(1, "GetAppLayout", json!([]))["qLayout"]["qTitle"], "Outdoor Sales");
    tenant.delete_app(&first);
    assert_eq!(client.code(1, "GetAppLayout", json!([])), 1003);
}

#[test]
fn a_session_app_starts_empty_and_loads() {
    let tenant = Arc::new(Tenant::seeded());
    let mut client = Client::new(&tenant);
    let result = client.result(-1, "CreateSessionApp", json!([]));
    assert!(result["qSessionAppId"].as_str().expect("an id").starts_with("SessionApp_"));
    assert_eq!(result["qReturn"], json!({ "qType": "Doc", "qHandle": 1 }));
    assert_eq!(client.result(1, "GetTablesAndKeys", json!([{}, {}, 0, false, false]))["qtr"], json!([]));
    assert_eq!(client.result(1, "SetScript", json!(["LOAD 1;"])), json!({}));
    assert_eq!(client.result(1, "GetScript", json!([]))["qScript"], "LOAD 1;");
    assert_eq!(client.result(1, "DoReload", json!([0, false, false])), json!({ "qReturn": true }));
    let tables = client.result(1, "GetTablesAndKeys", json!([{}, {}, 0, false, false]));
    assert_eq!(tables["qtr"].as_array().map(Vec::len), Some(5));
    assert_eq!(tables["qk"].as_array().map(Vec::len), Some(4));
}

#[test]
fn selecting_in_a_chart_changes_what_is_open() {
    let mut client = Client::opened();
    let object = client.object(table());
    let plain = client.object(json!({ "qInfo": { "qType": "note" }, "text": "no data" }));
    let field = client.result(1, "GetField", json!(["Country"]))["qReturn"]["qHandle"].as_i64().expect("a handle");
    assert_eq!((object, plain, field), (2, 3, 4));
    let layout = client.result(object, "GetLayout", json!([]))["qLayout"].clone();
    assert_eq!(layout["title"], "Mine");
    assert_eq!(layout["label"], "5");
    let cube = &layout["qHyperCube"];
    assert_eq!(cube["qDimensionInfo"][0]["cId"], "d");
    // One row a region, and one for the orders of customers that the customer table lacks.
    assert_eq!(cube["qSize"], json!({ "qcx": 2, "qcy": 6 }));
    let page = cube["qDataPages"][0].clone();
    assert_eq!(page["qMatrix"][0][0]["qText"], "Americas");
    assert_eq!(page["qMatrix"][5][0]["qIsNull"], true);
    let reply = client.call(object, "SelectHyperCubeCells", json!(["/qHyperCubeDef", [0], [0], false, false]));
    assert_eq!(reply["result"], json!({ "qSuccess": true }));
    assert_eq!(reply["change"], json!([1, object]));
    let after = client.result(object, "GetLayout", json!([]))["qLayout"].clone();
    assert_eq!(after["qHyperCube"]["qSize"]["qcy"], 1);
    assert_eq!(after["qHyperCube"]["qGrandTotalRow"][0]["qNum"], page["qMatrix"][0][1]["qNum"]);
    assert_eq!(after["qHyperCube"]["qDimensionInfo"][0]["qStateCounts"]["qAlternative"], 4);
    let value = client.result(1, "EvaluateEx", json!(["Sum(Sales)"]))["qValue"].clone();
    assert_eq!(value["qNumber"], page["qMatrix"][0][1]["qNum"]);
    // The same selection again changes nothing.
    let reply = client.call(object, "SelectHyperCubeValues", json!(["/qHyperCubeDef", 0, [3], false]));
    assert_eq!(reply.get("change"), None, "{reply}");
    assert_eq!(client.result(field, "Select", json!(["usa"])), json!({ "qReturn": true }));
    assert_eq!(client.result(field, "Select", json!(["nowhere"])), json!({ "qReturn": false }));
    assert_eq!(client.result(field, "Lock", json!([])), json!({ "qReturn": true }));
    assert_eq!(client.result(field, "SelectValues", json!([[{ "qText": "Norway" }]])), json!({ "qReturn": false }));
    assert_eq!(client.result(1, "ClearAll", json!([])), json!({}));
    let bar = client.object(json!({ "qInfo": { "qType": "bar" }, "qSelectionObjectDef": {} }));
    let current = client.result(bar, "GetLayout", json!([]))["qLayout"]["qSelectionObject"]["qSelections"].clone();
    assert_eq!(current.as_array().map(Vec::len), Some(1));
    assert_eq!(current[0]["qField"], "Country");
    assert_eq!(current[0]["qSelected"], "USA");
}

#[test]
fn lists_and_pages() {
    let mut client = Client::opened();
    let list = json!({
        "qInfo": { "qType": "listbox" },
        "qListObjectDef": { "qDef": { "qFieldDefs": ["Month"], "qSortCriterias": [{ "qSortByNumeric": 1 }] }, "qShowAlternatives": true },
    });
    let list = client.object(list);
    let page = json!([{ "qLeft": 0, "qTop": 0, "qWidth": 1, "qHeight": 3 }]);
    let data = client.result(list, "GetListObjectData", json!(["/qListObjectDef", page]));
    let texts: Vec<&Json> = (0..3).map(|row| &data["qDataPages"][0]["qMatrix"][row][0]["qText"]).collect();
    assert_eq!(texts, ["Jan", "Feb", "Mar"]);
    let reply = client.call(list, "SelectListObjectValues", json!(["/qListObjectDef", [1], true, false]));
    assert_eq!(reply["change"], json!([1, list]));
    let data = client.result(list, "GetListObjectData", json!({ "qPath": "/qListObjectDef", "qPages": page }));
    assert_eq!(data["qDataPages"][0]["qMatrix"][1][0]["qState"], "S");
    assert_eq!(data["qDataPages"][0]["qMatrix"][0][0]["qState"], "A");
    assert_eq!(client.result(list, "ClearSelections", json!(["/qListObjectDef"])), json!({}));
    let table = client.object(table());
    let ask = |width: i64, height: i64| json!(["/qHyperCubeDef", [{ "qWidth": width, "qHeight": height }]]);
    assert_eq!(client.code(table, "GetHyperCubeData", ask(10, 1_001)), 7009);
    assert_eq!(client.code(table, "GetHyperCubeData", ask(-1, 1)), -32602);
    assert_eq!(client.code(table, "GetHyperCubeData", json!(["/nothing", []])), 4);
    let data = client.result(table, "GetHyperCubeData", ask(1, 2));
    assert_eq!(data["qDataPages"][0]["qArea"], json!({ "qLeft": 0, "qTop": 0, "qWidth": 1, "qHeight": 2 }));
}

#[test]
fn objects_are_kept_where_they_were_made() {
    let mut client = Client::opened();
    let sheets = client.object(json!({ "qInfo": { "qType": "SheetList" },
        "qAppObjectListDef": { "qType": "sheet", "qData": { "title": "/qMetaDef/title" } } }));
    let titles = |client: &mut Client| {
        let items = client.result(sheets, "GetLayout", json!([]))["qLayout"]["qAppObjectList"]["qItems"].clone();
        items.as_array().expect("items").iter().map(|item| item["qData"]["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&mut client), ["Overview"]);
    let sheet = json!({ "qInfo": { "qId": "mine", "qType": "sheet" }, "qMetaDef": { "title": "Second" } });
    let reply = client.call(1, "CreateObject", json!([sheet]));
    assert_eq!(reply["result"]["qInfo"], json!({ "qId": "mine", "qType": "sheet" }));
    assert_eq!(reply["change"], json!([sheets, 3]));
    assert_eq!(titles(&mut client), ["Overview", "Second"]);
    assert_eq!(client.result(1, "GetObject", json!(["mine"]))["qReturn"]["qHandle"], 3);
    let nothing = json!({ "qReturn": { "qType": null, "qHandle": null } });
    assert_eq!(client.result(1, "GetObject", json!(["other"])), nothing);
    assert_eq!(client.result(1, "GetField", json!(["other"])), nothing);
    let child = client.result(3, "CreateChild", json!([table()]));
    let child_id = child["qInfo"]["qId"].clone();
    assert_eq!(client.result(3, "GetChildInfos", json!([]))["qInfos"][0]["qId"], child_id);
    let patch = json!([{ "qOp": "replace", "qPath": "/title", "qValue": "\"Soft\"" }]);
    let handle = child["qReturn"]["qHandle"].as_i64().expect("a handle");
    assert_eq!(client.call(handle, "ApplyPatches", json!([patch, true]))["change"], json!([handle]));
    assert_eq!(client.result(handle, "GetLayout", json!([]))["qLayout"]["title"], "Soft");
    assert_eq!(client.result(handle, "GetProperties", json!([]))["qProp"]["title"], "Mine");
    assert_eq!(client.result(handle, "GetEffectiveProperties", json!([]))["qProp"]["title"], "Soft");
    let reply = client.call(1, "DestroyObject", json!(["mine"]));
    assert_eq!(reply["result"], json!({ "qSuccess": true }));
    assert_eq!(reply["close"], json!([3, handle]));
    assert_eq!(client.code(handle, "GetLayout", json!([])), -32602);
    assert_eq!(client.result(1, "DestroySessionObject", json!(["mine"])), json!({ "qSuccess": false }));
    assert_eq!(titles(&mut client), ["Overview"]);
}

#[test]
fn variables_and_expressions() {
    let mut client = Client::opened();
    let of = |client: &mut Client, name: &str| {
        client.result(1, "GetVariableByName", json!([name]))["qReturn"]["qHandle"].clone()
    };
    let target = of(&mut client, "vTarget").as_i64().expect("a handle");
    assert_eq!(client.result(target, "GetLayout", json!([]))["qLayout"]["qNum"], 1_000_000);
    assert_eq!(client.result(target, "SetStringValue", json!(["=1+2*3"])), json!({}));
    assert_eq!(client.result(target, "GetLayout", json!([]))["qLayout"]["qText"], "7");
    assert_eq!(client.result(target, "GetRawContent", json!([]))["qReturn"], "=1+2*3");
    assert_eq!(of(&mut client, "vNone"), Json::Null);
    let made = client.result(1, "CreateSessionVariable", json!([{ "qName": "vMine", "qDefinition": "x" }]));
    assert_eq!(made["qReturn"]["qType"], "GenericVariable");
    assert_eq!(client.code(1, "CreateSessionVariable", json!([{ "qName": "vMine" }])), 3);
    assert_eq!(client.result(1, "Evaluate", json!(["Count(distinct Region)"]))["qReturn"], "5");
    assert_eq!(client.result(1, "EvaluateEx", json!(["Max(OrderDate)"]))["qValue"]["qIsNumeric"], true);
    let unknown = client.result(1, "EvaluateEx", json!(["Sum(Nope)"]))["qValue"].clone();
    assert_eq!(unknown, json!({ "qText": "-", "qIsNumeric": false, "qNumber": "NaN" }));
    let wrong = client.result(1, "EvaluateEx", json!(["Sum(Sales"]))["qValue"]["qText"].clone();
    assert!(wrong.as_str().expect("a text").starts_with("Error: Error in expression"));
    let checked = client.result(1, "CheckExpression", json!(["Sum(Nope)"]));
    assert_eq!(checked["qBadFieldNames"], json!([{ "qFrom": 4, "qCount": 4 }]));
}

#[test]
fn what_is_malformed_is_refused_and_the_session_goes_on() {
    let mut client = Client::opened();
    for text in ["", "x", "[]", "7", "{\"id\":\"a\",\"handle\":{}}", "null", "{\"jsonrpc\":1,"] {
        let reply = client.send(text).expect("a reply");
        assert!(reply.contains("-32700") || reply.contains("-32600"), "{text}: {reply}");
    }
    assert_eq!(client.send("{\"handle\":1,\"method\":\"ClearAll\"}"), None);
    assert_eq!(client.code(9, "GetLayout", json!([])), -32602);
    assert_eq!(client.code(1, "Fly", json!([])), -32601);
    assert_eq!(client.code(-1, "GetLayout", json!([])), -32601);
    assert_eq!(client.code(1, "GetField", json!([7])), -32602);
    assert_eq!(client.code(1, "GetField", json!([])), -32602);
    assert_eq!(client.code(1, "CreateSessionObject", json!([{ "qInfo": {} }])), 8);
    let wrong = json!([{ "qInfo": { "qType": "t" }, "a": { "qHyperCubeDef": { "qDimensions": 1 } } }]);
    assert_eq!(client.code(1, "CreateSessionObject", wrong), -32602);
    assert_eq!(client.code(1, "CreateSessionObject", json!([1])), -32602);
    assert_eq!(client.result(-1, "IsPersonalMode", json!([])), json!({ "qReturn": false }));
}

#[test]
fn the_table_of_methods_is_counted() {
    let methods = super::methods();
    assert_eq!(methods.len(), 162);
    assert!(methods.contains(&"GenericObject.GetHyperCubePivotData".to_owned()));
}

/// The table of methods against the Engine's own description, where that is at hand.
#[test]
fn methods_are_those_of_the_description() {
    let Ok(shared) = std::env::var("QLIK_SHARED") else {
        println!("skipped: QLIK_SHARED names no folder with the description");
        return;
    };
    let text = std::fs::read_to_string(format!("{shared}/upstream/engine/engine-rpc.json")).expect("the description");
    let description: Json = serde_json::from_str(&text).expect("JSON");
    let described = description["methods"].as_array().expect("methods");
    let mut count = 0;
    for (class, _) in CLASSES {
        for method in of_class(class) {
            let name = format!("{class}.{}", method.name);
            let found = described.iter().find(|described| described["name"] == *name).expect(&name);
            let params = found["params"].as_array().expect("params").iter().map(|param| {
                let mark = if param["required"] == json!(true) { "" } else { "?" };
                format!("{}{mark}", param["name"].as_str().expect("a name"))
            });
            assert_eq!(params.collect::<Vec<_>>(), method.params, "{name}");
            count += 1;
        }
    }
    assert_eq!(count, super::methods().len());
    assert_eq!(described.len(), 336);
}
