//! A table out of an app into a Parquet or CSV file, with a bar on the way and a look at the result.
//!
//! ```text
//! extract [--app ID] (--chart ID | --dimension FIELD... --measure EXPRESSION...) [--out FILE.parquet|FILE.csv]
//! ```
//!
//! Without settings it starts the sandbox and takes sales by region and category from it. With `QLIK_HOST` and
//! `QLIK_API_KEY` it asks your tenant.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use futures::TryStreamExt;
use qlik::data::{Codec, ColumnKind, Cube, OnChange, Progress, Row};
use qlik::engine::Doc;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

/// How many rows are shown at the end.
const SHOWN: u64 = 12;
/// The width of bars, in characters.
const BAR: usize = 30;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let wish = Wish::read(std::env::args().skip(1))?;
    let (qlik, _sandbox) = connect().await?;
    let doc = app(&qlik, wish.app.as_deref()).await?;
    let cube = wish.cube(&doc).await?;
    println!("{} columns, {} rows", cube.columns().len(), cube.row_count().await?);

    let reader = cube.read().on_change(OnChange::Restart).progress(bar);
    let written = match wish.out.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => reader.write_csv(&wish.out).await?,
        _ => reader.write_parquet(&wish.out, Codec::Snappy).await?,
    };
    println!("\r{:60}\r{}: {} rows, {} bytes", "", wish.out.display(), written.rows, written.bytes);
    show(&cube).await
}

/// What is wanted.
struct Wish {
    app: Option<String>,
    chart: Option<String>,
    dimensions: Vec<String>,
    measures: Vec<String>,
    out: PathBuf,
}

impl Wish {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let out = PathBuf::from("table.parquet");
        let mut wish = Wish { app: None, chart: None, dimensions: Vec::new(), measures: Vec::new(), out };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--app" => wish.app = Some(value),
                "--chart" => wish.chart = Some(value),
                "--dimension" => wish.dimensions.push(value),
                "--measure" => wish.measures.push(value),
                "--out" => wish.out = value.into(),
                _ => return Err(format!("{name} is no option: --app, --chart, --dimension, --measure, --out").into()),
            }
        }
        if wish.chart.is_none() && wish.dimensions.is_empty() && wish.measures.is_empty() {
            wish.dimensions = vec!["Region".into(), "Category".into()];
            wish.measures = vec!["Sum(Sales)".into(), "Count(OrderID)".into()];
        }
        Ok(wish)
    }

    async fn cube(&self, doc: &Doc) -> qlik::Result<Cube> {
        if let Some(chart) = &self.chart {
            return doc.chart(chart).await;
        }
        let cube = self.dimensions.iter().fold(doc.hypercube(), |cube, field| cube.dimension(field));
        self.measures.iter().fold(cube, |cube, expression| cube.measure(expression)).open().await
    }
}

/// A client of your tenant if the environment names one, else of a sandbox that runs in this process.
async fn connect() -> Result<(Qlik, Option<Sandbox>), Failure> {
    if std::env::var_os("QLIK_HOST").is_some() {
        return Ok((Qlik::from_env()?, None));
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    Ok((qlik, Some(sandbox)))
}

/// The app that was named, or the first one.
async fn app(qlik: &Qlik, id: Option<&str>) -> Result<Doc, Failure> {
    if let Some(id) = id {
        return Ok(qlik.open_app(id).await?);
    }
    let mut items = qlik.items().get_items().resource_type("app").limit(10).stream();
    let first = items.try_next().await?.ok_or("there is no app: name one with --app")?;
    println!("App {}", first.name);
    Ok(qlik.open_app(first.resource_id.unwrap_or_default()).await?)
}

/// Draws how far it is, where somebody looks.
fn bar(progress: Progress) {
    let mut out = std::io::stderr();
    if !out.is_terminal() {
        return;
    }
    let done = progress.share().map_or(0, |share| (share * BAR as f64) as usize).min(BAR);
    let megabytes = progress.bytes as f64 / 1e6;
    let bar = format!("{}{}", "#".repeat(done), ".".repeat(BAR - done));
    // a bar that cannot be drawn is no reason to stop
    let _ = write!(out, "\r[{bar}] {} rows, {megabytes:.1} MB", progress.rows);
}

/// The first rows, with a bar for the first measure.
async fn show(cube: &Cube) -> Result<(), Failure> {
    let rows: Vec<Row> = cube.read().limit(SHOWN).without_attributes().rows().try_collect().await?;
    let columns: Vec<_> = cube.columns().iter().filter(|c| !matches!(c.kind(), ColumnKind::Attribute(_))).collect();
    let measure = columns.iter().position(|column| column.kind() == ColumnKind::Measure);
    let width = |place: usize| {
        let texts = rows.iter().map(|row| row.cells()[place].text.chars().count());
        texts.chain([columns[place].title().chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let number = |row: &Row| measure.and_then(|place| row.cells()[place].num).unwrap_or(0.0);
    let most = rows.iter().map(number).fold(0.0, f64::max);

    let line = |texts: Vec<&str>| {
        let cells = texts.iter().zip(&widths).zip(&columns).map(|((text, width), column)| match column.kind() {
            ColumnKind::Measure => format!("{text:>width$}"),
            _ => format!("{text:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    println!("\n{}", line(columns.iter().map(|column| column.title()).collect()));
    for row in &rows {
        let bar = if most > 0.0 { (number(row) / most * BAR as f64).max(0.0) as usize } else { 0 };
        let texts = row.cells().iter().map(|cell| cell.text.as_str()).collect();
        println!("{}  {}", line(texts), "█".repeat(bar));
    }
    Ok(())
}
