//! An app from nothing: its script, a master measure, a sheet with a chart on it, and the chart's data.
//!
//! Without settings it makes the app in a sandbox, which runs no scripts and loads data of its own instead. With
//! `QLIK_HOST` and `QLIK_API_KEY` it makes it in your tenant, among your personal apps, and leaves it there to be
//! looked at.

use qlik::engine::Doc;
use qlik::engine::types::{GenericMeasureProperties, GenericObjectProperties, NxPage};
use qlik::rest::apps::types::{AppAttributes, CreateApp};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use serde_json::json;

const SCRIPT: &str = "
Sales:
LOAD * INLINE [
    Region, Sales
    Nordics, 1200
    Alps, 950
    Iberia, 700
    Nordics, 300
];
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (qlik, _sandbox) = connect().await?;

    // REST makes the app; the Engine fills it.
    let attributes = AppAttributes { name: Some("Made by a program".into()), ..Default::default() };
    let made = qlik.apps().create_app(&CreateApp { attributes: Some(attributes), ..Default::default() }).await?;
    let id = made.attributes.and_then(|attributes| attributes.id).ok_or("the new app has no id")?;
    let doc = qlik.open_app(&id).await?;

    // The script, below the lines with which every new app begins.
    let settings = doc.get_script().await?;
    doc.set_script(settings + SCRIPT).await?;
    let outcome = doc.reload().await?;
    if !outcome.success {
        return Err(format!("the reload failed; its log is {:?}", outcome.log_file).into());
    }

    let measure = create_measure(&doc).await?;
    let chart = create_sheet(&doc, &measure).await?;
    doc.save().await?;

    // What the chart shows.
    let chart = doc.get_object(&chart).await?;
    let page = NxPage { width: Some(2), height: Some(100), ..Default::default() };
    for page in chart.get_hyper_cube_data("/qHyperCubeDef", &[page]).await? {
        for row in page.matrix.into_iter().flatten() {
            let mut texts = row.into_iter().map(|cell| cell.text.unwrap_or_default());
            println!("{:<16} {:>12}", texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        }
    }
    println!("\n{}/sense/app/{id}", qlik.host());
    Ok(())
}

/// A master measure, and its id.
async fn create_measure(doc: &Doc) -> Result<String, Box<dyn std::error::Error>> {
    let properties: GenericMeasureProperties = serde_json::from_value(json!({
        "qInfo": { "qType": "measure" },
        "qMeasure": { "qLabel": "Sales", "qDef": "Sum(Sales)" },
        "qMetaDef": { "title": "Sales", "description": "All that was sold" },
    }))?;
    let measure = doc.create_measure(&properties).await?;
    Ok(measure.get_info().await?.id.ok_or("the new measure has no id")?)
}

/// A sheet with a bar chart over all of it, and the chart's id.
async fn create_sheet(doc: &Doc, measure: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (chart_id, columns, rows) = ("sales-by-region", 24, 12);
    let sheet: GenericObjectProperties = serde_json::from_value(json!({
        "qInfo": { "qType": "sheet" },
        "qMetaDef": { "title": "Overview" },
        "qChildListDef": { "qData": { "title": "/title" } },
        "rank": 0, "columns": columns, "rows": rows,
        "cells": [{ "name": chart_id, "type": "barchart", "col": 0, "row": 0, "colspan": columns, "rowspan": rows }],
    }))?;
    let chart: GenericObjectProperties = serde_json::from_value(json!({
        "qInfo": { "qId": chart_id, "qType": "barchart" },
        "title": "Sales by region",
        "visualization": "barchart",
        "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] }, "qNullSuppression": true }],
            "qMeasures": [{ "qLibraryId": measure, "qSortBy": { "qSortByNumeric": -1 } }],
            "qInterColumnSortOrder": [1, 0],
            "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 500 }],
        },
    }))?;
    let sheet = doc.create_object(&sheet).await?;
    let chart = sheet.create_child(&chart).await?;
    Ok(chart.get_info().await?.id.ok_or("the new chart has no id")?)
}

/// A client of your tenant if the environment names one, else of a sandbox that runs in this process.
async fn connect() -> Result<(Qlik, Option<Sandbox>), Box<dyn std::error::Error>> {
    if std::env::var_os("QLIK_HOST").is_some() {
        return Ok((Qlik::from_env()?, None));
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    Ok((qlik, Some(sandbox)))
}
