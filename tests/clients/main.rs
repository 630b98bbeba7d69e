//! The script that Qlik's own clients run against the sandbox (see `run`), run by this crate.
#![cfg(all(feature = "engine", feature = "core"))]

use std::error::Error;

use futures::{StreamExt, TryStreamExt};
use qlik::engine::Proxy;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

fn cube() -> Value {
    json!({
        "qInfo": { "qType": "table" },
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
        },
    })
}

fn pivot(mode: &str) -> Value {
    json!({
        "qInfo": { "qType": "pivot" },
        "qHyperCubeDef": {
            "qMode": mode,
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] } }, { "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
            "qAlwaysFullyExpanded": true,
            "qNoOfLeftDims": 1,
        },
    })
}

fn area() -> Value {
    json!([{ "qLeft": 0, "qTop": 0, "qWidth": 50, "qHeight": 50 }])
}

fn number(value: &Value) -> Value {
    value.as_f64().map_or_else(|| value.clone(), |number| json!((number * 100.0).round() / 100.0))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Where `run` says so, the script runs against its sandbox and leaves what it was told in a file.
#[tokio::test]
async fn same_script() -> Result<(), Box<dyn Error>> {
    let result = std::env::var_os("QLIK_CLIENTS_RESULT");
    let own = if result.is_none() { Some(Sandbox::start().await?) } else { None };
    let qlik = match &own {
        Some(sandbox) => Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?,
        None => Qlik::from_env()?,
    };
    let told = script(&qlik).await?;
    assert_eq!(told["changed"], true);
    assert_ne!(told["before"], told["after"]);
    assert_eq!(told["before"], told["cleared"]);
    if let Some(file) = result {
        std::fs::write(file, serde_json::to_string_pretty(&told)?)?;
    }
    Ok(())
}

async fn script(qlik: &Qlik) -> Result<Value, Box<dyn Error>> {
    let items = qlik.items().get_items().resource_type("app").limit(5).sort("+name").stream();
    let apps: Vec<String> = items.map_ok(|item| item.name).try_collect().await?;
    let raw: Value = qlik.get("/api/v1/items").query("resourceType", "app").query("name", "Outdoor").await?;
    let doc = qlik.open_app(raw["data"][0]["resourceId"].as_str().ok_or("no app")?).await?;
    let doc = doc.handle();
    let session = doc.session();
    let create = async |properties: Value| {
        let made = doc.call("CreateSessionObject", [properties]).await?;
        let number = made["qReturn"]["qHandle"].as_i64().ok_or("no handle")?;
        Ok::<_, Box<dyn Error>>(session.handle(i32::try_from(number)?, "GenericObject"))
    };
    let table = create(cube()).await?;
    let rows = async || {
        let pages = table.call("GetHyperCubeData", json!(["/qHyperCubeDef", area()])).await?;
        let rows = list(&pages, "/qDataPages/0/qMatrix").iter();
        Ok::<_, qlik::Error>(rows.map(|row| json!([row[0]["qText"], number(&row[1]["qNum"])])).collect::<Value>())
    };
    let before = rows().await?;
    let mut changes = table.changed();
    let region = doc.call("GetField", ["Region"]).await?;
    let region = i32::try_from(region["qReturn"]["qHandle"].as_i64().ok_or("no field")?)?;
    session.call("SelectValues", region, json!([[{ "qText": "Nordics" }], false, false])).await?;
    let changed = tokio::time::timeout(std::time::Duration::from_secs(5), changes.next()).await.is_ok();
    let after = rows().await?;
    doc.call("ClearAll", json!([])).await?;
    let cleared = rows().await?;

    let text = |nodes: &[Value]| nodes.iter().map(|node| node["qText"].clone()).collect::<Value>();
    let p = create(pivot("P")).await?.call("GetHyperCubePivotData", json!(["/qHyperCubeDef", area()])).await?;
    let lines = list(&p, "/qDataPages/0/qData").iter();
    let data = lines.map(|line| list(line, "").iter().map(|cell| number(&cell["qNum"])).collect::<Value>());
    let pivoted = json!({
        "left": text(list(&p, "/qDataPages/0/qLeft")),
        "top": text(list(&p, "/qDataPages/0/qTop")),
        "data": data.collect::<Value>(),
    });
    let k = create(pivot("K")).await?.call("GetHyperCubeStackData", json!(["/qHyperCubeDef", area(), 10_000])).await?;
    let roots = list(&k, "/qDataPages/0/qData").iter();
    let stacked = roots.flat_map(|root| list(root, "/qSubNodes")).map(|node| {
        let leaves = list(node, "/qSubNodes").iter();
        json!([node["qText"], leaves.map(|leaf| json!([leaf["qText"], number(&leaf["qValue"])])).collect::<Value>()])
    });
    Ok(json!({
        "me": qlik.users().get_my_user().await?.name,
        "apps": apps,
        "before": before,
        "after": after,
        "cleared": cleared,
        "changed": changed,
        "pivot": pivoted,
        "stack": stacked.collect::<Value>(),
    }))
}
