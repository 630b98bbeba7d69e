//! Alternate states, bookmarks, master items, searches, pivots and trees, as a client of one session meets them.

use serde_json::{Value as Json, json};

use super::tests::Client;

fn handle(result: &Json) -> i64 {
    result["qReturn"]["qHandle"].as_i64().unwrap_or_else(|| panic!("{result}"))
}

fn field(client: &mut Client, name: &str, state: &str) -> i64 {
    handle(&client.result(1, "GetField", json!([name, state])))
}

fn cube(client: &mut Client, cube: Json, state: &str) -> i64 {
    client.object(json!({ "qInfo": { "qType": "chart" }, "qStateName": state, "qHyperCubeDef": cube }))
}

fn regions() -> Json {
    json!({
        "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] }, "qNullSuppression": true }],
        "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
        "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 20 }],
    })
}

fn rows(client: &mut Client, object: i64) -> Json {
    client.result(object, "GetLayout", json!([]))["qLayout"]["qHyperCube"]["qSize"]["qcy"].clone()
}

#[test]
fn alternate_states_select_for_themselves() {
    let mut client = Client::opened();
    assert_eq!(client.code(1, "GetField", json!(["Region", "Other"])), 2);
    assert_eq!(client.result(1, "AddAlternateState", json!(["Other"])), json!({}));
    assert_eq!(client.code(1, "AddAlternateState", json!(["Other"])), 3);
    assert_eq!(client.result(1, "GetAppLayout", json!([]))["qLayout"]["qStateNames"], json!(["Other"]));
    let (here, there) = (cube(&mut client, regions(), ""), cube(&mut client, regions(), "Other"));
    let other = field(&mut client, "Region", "Other");
    assert_eq!(client.result(other, "Select", json!(["Nordics"])), json!({ "qReturn": true }));
    assert_eq!((rows(&mut client, here), rows(&mut client, there)), (json!(5), json!(1)));
    let reply = client.call(there, "SelectHyperCubeValues", json!(["/qHyperCubeDef", 0, [0], true]));
    assert_eq!(reply["result"]["qSuccess"], true);
    assert_eq!(rows(&mut client, there), 5);
    assert_eq!(client.result(1, "RemoveAlternateState", json!(["Other"])), json!({}));
    assert_eq!(client.code(there, "GetLayout", json!([])), 2);
}

#[test]
fn selections_go_back_and_forward_and_are_locked() {
    let mut client = Client::opened();
    let chart = cube(&mut client, regions(), "");
    let region = field(&mut client, "Region", "");
    client.result(region, "Select", json!(["Nordics"]));
    client.result(region, "Select", json!(["(Nordics|Americas)"]));
    assert_eq!(rows(&mut client, chart), 2);
    let reply = client.call(1, "Back", json!([]));
    assert!(reply["change"].as_array().is_some_and(|change| change.contains(&json!(chart))), "{reply}");
    assert_eq!(rows(&mut client, chart), 1);
    assert_eq!(client.result(1, "ForwardCount", json!([]))["qReturn"], 1);
    client.result(1, "Back", json!([]));
    assert_eq!(rows(&mut client, chart), 5);
    client.result(1, "Forward", json!([]));
    assert_eq!(rows(&mut client, chart), 1);
    assert_eq!(client.result(chart, "Lock", json!(["/qHyperCubeDef", [0]])), json!({}));
    assert_eq!(client.result(region, "Select", json!(["Americas"]))["qReturn"], false);
    client.result(1, "ClearAll", json!([]));
    assert_eq!(rows(&mut client, chart), 1);
    client.result(chart, "Unlock", json!(["/qHyperCubeDef"]));
    client.result(1, "ClearAll", json!([]));
    assert_eq!(rows(&mut client, chart), 5);
    // A step back with none left does nothing.
    client.result(1, "ClearUndoBuffer", json!([]));
    assert_eq!(client.call(1, "Back", json!([])).get("change"), None);
}

#[test]
fn bookmarks_keep_selections() {
    let mut client = Client::opened();
    let chart = cube(&mut client, regions(), "");
    let region = field(&mut client, "Region", "");
    client.result(region, "Select", json!(["Nordics"]));
    let made = client.result(1, "CreateBookmark", json!([{ "qMetaDef": { "title": "North" } }]));
    let (bookmark, id) = (handle(&made), made["qInfo"]["qId"].clone());
    let layout = client.result(bookmark, "GetLayout", json!([]))["qLayout"].clone();
    assert_eq!(layout["qFieldInfos"][0]["qFieldName"], "Region");
    assert_eq!(layout["qBookmark"]["qStateData"][0]["qFieldItems"][0]["qValues"][0]["qText"], "Nordics");
    client.result(1, "ClearAll", json!([]));
    assert_eq!(client.result(1, "ApplyBookmark", json!([id])), json!({ "qSuccess": true }));
    assert_eq!(rows(&mut client, chart), 1);
    client.result(1, "Back", json!([]));
    assert_eq!(rows(&mut client, chart), 5);
    let list = client.result(1, "GetBookmarks", json!([{ "qTypes": ["bookmark"], "qData": {} }]))["qList"].clone();
    assert_eq!(list[0]["qMeta"]["title"], "North");
    assert_eq!(client.result(1, "DestroyBookmark", json!([id])), json!({ "qSuccess": true }));
    assert_eq!(client.result(1, "ApplyBookmark", json!([id])), json!({ "qSuccess": false }));
    assert_eq!(client.code(bookmark, "GetLayout", json!([])), -32602);
}

#[test]
fn master_items_stand_for_definitions() {
    let mut client = Client::opened();
    let dimension =
        json!({ "qInfo": { "qId": "d" }, "qMetaDef": { "title": "Area" }, "qDim": { "qFieldDefs": ["Region"] } });
    let made = client.result(1, "CreateDimension", json!([dimension]));
    assert_eq!(made["qInfo"], json!({ "qId": "d", "qType": "dimension" }));
    assert_eq!(client.code(1, "CreateDimension", json!([dimension])), 3);
    let measure = json!({ "qInfo": { "qId": "m" }, "qMeasure": { "qDef": "Count(Sales)", "qLabel": "Lines" } });
    let measure = handle(&client.result(1, "CreateMeasure", json!([measure])));
    let chart =
        cube(&mut client, json!({ "qDimensions": [{ "qLibraryId": "d" }], "qMeasures": [{ "qLibraryId": "m" }] }), "");
    let cube = client.result(chart, "GetLayout", json!([]))["qLayout"]["qHyperCube"].clone();
    assert_eq!(cube["qDimensionInfo"][0]["qFallbackTitle"], "Area");
    assert_eq!(cube["qDimensionInfo"][0]["qLibraryId"], "d");
    assert_eq!(cube["qMeasureInfo"][0]["qFallbackTitle"], "Lines");
    assert_eq!(cube["qGrandTotalRow"][0]["qText"], "5590");
    let patch = json!([[{ "qOp": "replace", "qPath": "/qMeasure/qDef", "qValue": "\"1+1\"" }]]);
    let reply = client.call(measure, "ApplyPatches", patch);
    assert_eq!(reply["change"], json!([measure, chart]));
    let cube = client.result(chart, "GetLayout", json!([]))["qLayout"]["qHyperCube"].clone();
    assert_eq!(cube["qGrandTotalRow"][0]["qText"], "2");
    assert_eq!(client.result(1, "DestroyDimension", json!(["d"])), json!({ "qSuccess": true }));
    let cube = client.result(chart, "GetLayout", json!([]))["qLayout"]["qHyperCube"].clone();
    assert_eq!(cube["qError"]["qErrorCode"], 7001);
    let lists =
        client.object(json!({ "qInfo": { "qType": "l" }, "qMeasureListDef": { "qType": "measure", "qData": {} } }));
    let items = client.result(lists, "GetLayout", json!([]))["qLayout"]["qMeasureList"]["qItems"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_list_is_searched() {
    let mut client = Client::opened();
    let list = client.object(json!({
        "qInfo": { "qType": "list" },
        "qListObjectDef": { "qDef": { "qFieldDefs": ["Region"] }, "qInitialDataFetch": [{ "qWidth": 1, "qHeight": 20 }] },
    }));
    let size = |client: &mut Client| {
        client.result(list, "GetLayout", json!([]))["qLayout"]["qListObject"]["qSize"]["qcy"].clone()
    };
    let path = "/qListObjectDef";
    let reply = client.call(list, "SearchListObjectFor", json!([path, "*ord*"]));
    assert_eq!((&reply["result"]["qSuccess"], &reply["change"]), (&json!(true), &json!([list])));
    assert_eq!(size(&mut client), 1);
    client.result(list, "AbortListObjectSearch", json!([path]));
    assert_eq!(size(&mut client), 5);
    assert_eq!(client.result(list, "SearchListObjectFor", json!([path, "nowhere"]))["qSuccess"], false);
    client.result(list, "SearchListObjectFor", json!([path, "nord"]));
    client.result(list, "AcceptListObjectSearch", json!([path, false]));
    assert_eq!(size(&mut client), 5);
    let counts =
        client.result(list, "GetLayout", json!([]))["qLayout"]["qListObject"]["qDimensionInfo"]["qStateCounts"].clone();
    assert_eq!(counts["qSelected"], 1);
    assert_eq!(client.result(list, "SelectListObjectExcluded", json!([path]))["qSuccess"], true);
}

#[test]
fn pivots_open_and_select() {
    let mut client = Client::opened();
    let mut pivot = regions();
    pivot["qMode"] = json!("P");
    pivot["qDimensions"].as_array_mut().expect("a list").push(json!({ "qDef": { "qFieldDefs": ["Country"] } }));
    let chart = cube(&mut client, pivot, "");
    let page = json!(["/qHyperCubeDef", [{ "qWidth": 1, "qHeight": 50 }]]);
    let height = |client: &mut Client| {
        client.result(chart, "GetHyperCubePivotData", page.clone())["qDataPages"][0]["qArea"]["qHeight"].clone()
    };
    assert_eq!(height(&mut client), 5);
    let reply = client.call(chart, "ExpandLeft", json!(["/qHyperCubeDef", 0, 0, false]));
    assert_eq!(reply["change"], json!([chart]));
    assert!(height(&mut client).as_i64() > Some(5));
    client.result(chart, "CollapseLeft", json!(["/qHyperCubeDef", 0, 0, false]));
    assert_eq!(height(&mut client), 5);
    client.result(chart, "ExpandLeft", json!(["/qHyperCubeDef", 0, 0, true]));
    assert!(height(&mut client).as_i64() > Some(20));
    assert_eq!(client.code(chart, "GetHyperCubeData", page.clone()), 6002);
    let cell = json!(["/qHyperCubeDef", [{ "qType": "L", "qCol": 0, "qRow": 0 }]]);
    assert_eq!(client.result(chart, "SelectPivotCells", cell), json!({ "qSuccess": true }));
    let current = client.object(json!({ "qInfo": { "qType": "bar" }, "qSelectionObjectDef": {} }));
    let current = client.result(current, "GetLayout", json!([]))["qLayout"]["qSelectionObject"].clone();
    assert_eq!((&current["qBackCount"], &current["qSelections"][0]["qField"]), (&json!(1), &json!("Region")));
}

#[test]
fn property_trees_are_read_and_written() {
    let mut client = Client::opened();
    let sheet = json!({ "qInfo": { "qId": "mine", "qType": "sheet" }, "title": "Mine" });
    let sheet = handle(&client.result(1, "CreateObject", json!([sheet])));
    for id in ["a", "b"] {
        client.result(sheet, "CreateChild", json!([{ "qInfo": { "qId": id, "qType": "chart" }, "title": id }]));
    }
    let mut tree = client.result(sheet, "GetFullPropertyTree", json!([]))["qPropEntry"].clone();
    assert_eq!(tree["qChildren"][1]["qProperty"]["title"], "b");
    tree["qProperty"]["title"] = json!("Changed");
    tree["qChildren"][0] = json!({ "qProperty": { "qInfo": { "qId": "c", "qType": "chart" } }, "qChildren": [] });
    let reply = client.call(sheet, "SetFullPropertyTree", json!([tree]));
    assert_eq!(reply["result"], json!({}));
    assert!(reply["close"].as_array().is_some_and(|close| close.len() == 1), "{reply}");
    let infos = client.result(sheet, "GetChildInfos", json!([]))["qInfos"].clone();
    let ids: Vec<&Json> = infos.as_array().expect("a list").iter().map(|info| &info["qId"]).collect();
    assert_eq!(ids, ["b", "c"]);
    let b = handle(&client.result(sheet, "GetChild", json!(["b"])));
    assert_eq!(client.result(b, "GetParent", json!([]))["qReturn"]["qHandle"], sheet);
    assert_eq!(client.result(sheet, "GetProperties", json!([]))["qProp"]["title"], "Changed");
}

#[test]
fn variables_change_what_is_calculated_with_them() {
    let mut client = Client::opened();
    let chart = cube(&mut client, json!({ "qMeasures": [{ "qDef": { "qDef": "$(vTarget) + 1" } }] }), "");
    let total = |client: &mut Client| {
        client.result(chart, "GetLayout", json!([]))["qLayout"]["qHyperCube"]["qGrandTotalRow"][0]["qNum"].clone()
    };
    assert_eq!(total(&mut client), 1_000_001);
    let variable = handle(&client.result(1, "GetVariableByName", json!(["vTarget"])));
    let reply = client.call(variable, "SetStringValue", json!(["41"]));
    assert_eq!(reply["change"], json!([chart, variable]));
    assert_eq!(total(&mut client), 42);
}
