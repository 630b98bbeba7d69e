//! The script that Qlik's own clients run against the sandbox (see `run`), run by this crate's typed clients.
#![cfg(all(feature = "engine", feature = "core"))]

use std::error::Error;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use qlik::engine::types::{FieldValue, GenericObjectLayout, GenericObjectProperties, NxDataPage, NxPage};
use qlik::engine::{Delta, Doc, GenericObject, Proxy};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PATH: &str = "/qHyperCubeDef";

fn cube() -> GenericObjectProperties {
    properties(json!({
        "qInfo": { "qType": "table" },
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
            "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 50 }],
        },
    }))
}

fn pivot(mode: &str) -> GenericObjectProperties {
    properties(json!({
        "qInfo": { "qType": "pivot" },
        "qHyperCubeDef": {
            "qMode": mode,
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] } }, { "qDef": { "qFieldDefs": ["Category"] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
            "qAlwaysFullyExpanded": true,
            "qNoOfLeftDims": 1,
        },
    }))
}

fn properties(value: Value) -> GenericObjectProperties {
    serde_json::from_value(value).expect("properties")
}

fn area() -> [NxPage; 1] {
    [NxPage { left: Some(0), top: Some(0), width: Some(50), height: Some(50), ..NxPage::default() }]
}

fn nordics() -> [FieldValue; 1] {
    [FieldValue { text: Some("Nordics".to_owned()), ..FieldValue::default() }]
}

/// A number as all clients write it down: to two places, and `NaN` as the engine does.
fn number(number: Option<f64>) -> Value {
    match number {
        Some(number) if number.is_finite() => json!((number * 100.0).round() / 100.0),
        Some(_) => json!("NaN"),
        None => Value::Null,
    }
}

fn texts<'a>(texts: impl Iterator<Item = &'a Option<String>>) -> Value {
    texts.map(|text| json!(text)).collect()
}

async fn rows(table: &GenericObject) -> Result<Value> {
    let pages: Vec<NxDataPage> = table.get_hyper_cube_data(PATH, &area()).await?;
    let rows = pages.into_iter().flat_map(|page| page.matrix.unwrap_or_default());
    Ok(rows.map(|row| json!([row[0].text, number(row[1].num)])).collect())
}

/// Where `run` says so, the script runs against its sandbox and leaves what it was told in a file.
#[tokio::test]
async fn same_script() -> Result<()> {
    let result = std::env::var_os("QLIK_CLIENTS_RESULT");
    let own = if result.is_none() { Some(Sandbox::start().await?) } else { None };
    let qlik = match &own {
        Some(sandbox) => Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?,
        None => Qlik::from_env()?,
    };
    let told = script(&qlik).await?;
    for holds in ["changed", "deltaEqual", "resumed"] {
        assert_eq!(told[holds], true, "{holds}");
    }
    assert_ne!(told["before"], told["after"]);
    assert_eq!(told["before"], told["cleared"]);
    if let Some(file) = result {
        std::fs::write(file, serde_json::to_string_pretty(&told)?)?;
    }
    Ok(())
}

async fn script(qlik: &Qlik) -> Result<Value> {
    let items = || qlik.items().get_items().resource_type("app");
    let apps: Vec<String> = items().limit(5).sort("+name").stream().map_ok(|item| item.name).try_collect().await?;
    let pages = items().limit(5).pages().count().await;
    // The same again as a raw call.
    let raw: Value = qlik.get("/api/v1/items").query("resourceType", "app").query("name", "Outdoor").await?;
    let app = raw["data"][0]["resourceId"].as_str().ok_or("no app")?;
    let open = |identity: &str| qlik.session(app).identity(identity).ttl(Duration::from_secs(60));
    let doc = open("crate-delta").delta(Delta::layouts()).open().await?;
    let plain = open("crate-plain").open().await?;

    let (mut told, layouts) = selections(&doc).await?;
    told["deltaEqual"] = json!(layouts == selections(&plain).await?.1);
    told["me"] = json!(qlik.users().get_my_user().await?.name);
    told["apps"] = json!(apps);
    told["pages"] = json!(pages);

    let pages = doc.create_session_object(&pivot("P")).await?.get_hyper_cube_pivot_data(PATH, &area()).await?;
    let page = pages.first().ok_or("no page")?;
    let lines = page.data.iter().flatten();
    told["pivot"] = json!({
        "left": texts(page.left.iter().flatten().map(|node| &node.text)),
        "top": texts(page.top.iter().flatten().map(|node| &node.text)),
        "data": lines.map(|line| line.iter().map(|cell| number(cell.num)).collect::<Value>()).collect::<Value>(),
    });
    let stacks = doc.create_session_object(&pivot("K")).await?.get_hyper_cube_stack_data(PATH, &area()).await?;
    let roots = stacks.iter().flat_map(|page| page.data.iter().flatten());
    let nodes = roots.flat_map(|root| root.sub_nodes.iter().flatten()).map(|node| {
        let leaves = node.sub_nodes.iter().flatten();
        json!([node.text, leaves.map(|leaf| json!([leaf.text, number(leaf.value)])).collect::<Value>()])
    });
    told["stack"] = nodes.collect();
    told["resumed"] = json!(resumed(&doc).await?);
    Ok(told)
}

/// Selects and clears; with it, the layout at each step.
async fn selections(doc: &Doc) -> Result<(Value, Vec<Value>)> {
    let table = doc.create_session_object(&cube()).await?;
    let layout = async || {
        let mut layout: GenericObjectLayout = table.get_layout().await?;
        // The one thing that no two objects share.
        layout.info = None;
        Ok::<_, Box<dyn Error>>(serde_json::to_value(layout)?)
    };
    let (before, mut layouts) = (rows(&table).await?, vec![layout().await?]);
    let mut changes = table.changed();
    doc.get_field("Region").await?.select_values(&nordics()).await?;
    let changed = tokio::time::timeout(Duration::from_secs(5), changes.next()).await.is_ok();
    layouts.push(layout().await?);
    let after = rows(&table).await?;
    doc.clear_all().await?;
    layouts.push(layout().await?);
    let cleared = rows(&table).await?;
    Ok((json!({ "before": before, "after": after, "cleared": cleared, "changed": changed }), layouts))
}

/// Whether, suspended and resumed, the selections stand and the objects still answer.
async fn resumed(doc: &Doc) -> Result<bool> {
    let table = doc.create_session_object(&cube()).await?;
    doc.get_field("Region").await?.select_values(&nordics()).await?;
    let before = rows(&table).await?;
    let session = doc.handle().session();
    session.suspend().await?;
    let resumed = session.resume().await?;
    Ok(resumed.attached && resumed.lost.is_empty() && rows(&table).await? == before)
}
