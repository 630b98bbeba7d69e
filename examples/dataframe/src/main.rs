//! SQL over a hypercube, by DataFusion: which category sells best in each year, and what it gained on the year before.
//!
//! `cargo run --manifest-path examples/dataframe/Cargo.toml`. Without settings it starts the sandbox; with `QLIK_HOST`,
//! `QLIK_API_KEY` and `QLIK_APP` it asks your tenant, whose app needs the fields `Year`, `Category`, `Region` and
//! `Sales`.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use qlik::data::{ColumnType, Dimension, Measure, Reader};
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

const BEST: &str = r#"
    WITH years AS (
        SELECT "Year", "Category", sum("Sales") AS sales FROM cube GROUP BY "Year", "Category"
    ), ranked AS (
        SELECT *,
            row_number() OVER (PARTITION BY "Year" ORDER BY sales DESC) AS place,
            sales - lag(sales) OVER (PARTITION BY "Category" ORDER BY "Year") AS gain
        FROM years
    )
    SELECT "Year", "Category", sales, gain FROM ranked WHERE place = 1 ORDER BY "Year"
"#;

/// A cube as DataFusion reads it: each query fetches it anew, under the selections as they are then, batch by batch.
#[derive(Debug)]
struct Table {
    reader: Reader,
    schema: SchemaRef,
}

impl PartitionStream for Table {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.reader.clone().record_batches();
        let batches = batches.map_err(|error| DataFusionError::External(Box::new(error)));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

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
    let known = |field: &str| Dimension::new(field).suppress_null();
    let cube = doc.hypercube().dimension(known("Year")).dimension(known("Category")).dimension("Region");
    let cube = cube.measure(Measure::new("Sum(Sales)").label("Sales")).open().await?;

    let reader = cube.read().column_type("Sales", ColumnType::Decimal { precision: 18, scale: 2 });
    let schema = reader.schema();
    let context = SessionContext::new();
    let table = StreamingTable::try_new(Arc::clone(&schema), vec![Arc::new(Table { reader, schema })])?;
    context.register_table("cube", Arc::new(table))?;
    context.sql(BEST).await?.show().await?;
    Ok(())
}
