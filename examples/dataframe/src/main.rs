//! A hypercube into a Polars data frame, and a question to it: which category sells best in each year.
//!
//! `cargo run --manifest-path examples/dataframe/Cargo.toml`. Without settings it starts the sandbox; with `QLIK_HOST`,
//! `QLIK_API_KEY` and `QLIK_APP` it asks your tenant, whose app needs the fields `Year`, `Category` and `Sales`.

use futures::TryStreamExt;
use polars::prelude::*;
use qlik::data::{Codec, Measure};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // kept until the end: the sandbox stops when it is dropped
    let (qlik, _sandbox) = match std::env::var_os("QLIK_HOST") {
        Some(_) => (Qlik::from_env()?, None),
        None => {
            let sandbox = Sandbox::start().await?;
            (Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?, Some(sandbox))
        }
    };
    let app = match std::env::var("QLIK_APP") {
        Ok(id) => id,
        Err(_) => {
            let mut apps = qlik.items().get_items().resource_type("app").name("Outdoor Sales").stream();
            apps.try_next().await?.and_then(|app| app.resource_id).ok_or("there is no app: set QLIK_APP")?
        }
    };
    let doc = qlik.open_app(&app).await?;
    let cube = doc.hypercube().dimension("Year").dimension("Category");
    let cube = cube.measure(Measure::new("Sum(Sales)").label("Sales")).open().await?;

    // Parquet is what both sides read, whatever version of Arrow each is built with. Not so far by this release of
    // Polars: it refuses the mark of IEEE 754's order that columns of floating point numbers have.
    let path = std::env::temp_dir().join("qlik-dataframe.parquet");
    cube.read().write_parquet(&path, Codec::Snappy).await?;
    let best = tokio::task::spawn_blocking(move || {
        let table = LazyFrame::scan_parquet(PlRefPath::try_from_path(&path)?, ScanArgsParquet::default())?;
        table
            .drop_nulls(None)
            .sort(["Sales"], SortMultipleOptions::default().with_order_descending(true))
            .group_by([col("Year")])
            .agg([col("Category").first().alias("Best"), col("Sales").first(), col("Sales").sum().alias("All")])
            .sort(["Year"], SortMultipleOptions::default())
            .collect()
    });
    println!("{}", best.await??);
    Ok(())
}
