//! Who you are, your apps, and data out of one of them, before and after a selection.
//!
//! Without settings it starts the sandbox and asks that. With `QLIK_HOST` and `QLIK_API_KEY` it asks your tenant, and
//! opens the first app there, or the one that `QLIK_APP` names; the columns are then the app's first two fields.

use futures::TryStreamExt;
use qlik::data::Cell;
use qlik::engine::Doc;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Kept until the end: the sandbox stops when it is dropped.
    let (qlik, sandbox) = connect().await?;
    println!("Host            {}", qlik.host());

    // REST: who am I, and what is here?
    let me = qlik.users().get_my_user().await?;
    println!("Signed in as    {}", me.name);
    let mut items = qlik.items().get_items().resource_type("app").limit(10).stream();
    let mut apps = Vec::new();
    while let Some(item) = items.try_next().await? {
        apps.push((item.name, item.resource_id.unwrap_or_default()));
    }
    println!("Apps            {}", apps.len());
    for (name, id) in apps.iter().take(5) {
        println!("  {name}  ({id})");
    }

    // Engine: open an app, look at it, calculate.
    let id = match std::env::var("QLIK_APP") {
        Ok(id) => id,
        Err(_) => {
            apps.first().map(|(_, id)| id.clone()).ok_or("there is no app to open; create one, or set QLIK_APP")?
        }
    };
    let doc = qlik.open_app(&id).await?;
    let layout = doc.get_app_layout().await?;
    println!("\nOpened          {}", layout.title.as_deref().unwrap_or("an app without a title"));
    println!("Last reload     {}", layout.last_reload_time.as_deref().unwrap_or("never"));
    let question = Question::of(&doc, sandbox.is_some()).await?;
    let total = doc.evaluate_ex(question.measure.clone()).await?;
    println!("{:<15} {}", question.measure, total.text.unwrap_or_default());

    // Data: the same table before and after a selection in the app.
    let first = table(&doc, &question).await?;
    let field = doc.get_field(&question.rows).await?;
    if let Some(value) = first.first() {
        println!("\nSelecting {} = {}", question.rows, value.0.text);
        field.select(value.0.text.clone()).await?;
        table(&doc, &question).await?;
        doc.clear_all().await?;
    }
    Ok(())
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

/// What is asked of the app.
struct Question {
    rows: String,
    columns: String,
    measure: String,
}

impl Question {
    /// Of the sandbox's data, sales; of an app that nobody knows, how often its first fields' values occur.
    async fn of(doc: &Doc, sandbox: bool) -> Result<Self, Box<dyn std::error::Error>> {
        if sandbox {
            return Ok(Question { rows: "Region".into(), columns: "Category".into(), measure: "Sum(Sales)".into() });
        }
        let tables = doc.get_tables_and_keys(&Default::default(), &Default::default(), 0, true, false).await?;
        let tables = tables.tr.unwrap_or_default();
        let fields =
            tables.iter().flat_map(|table| table.fields.iter().flatten()).filter_map(|field| field.name.clone());
        let fields: Vec<String> = fields.filter(|name| !name.starts_with('$')).take(2).collect();
        let [rows, columns] = fields.try_into().map_err(|_| "the app has less than two fields")?;
        Ok(Question { measure: format!("Count([{columns}])"), rows, columns })
    }
}

/// Prints the first rows of a hypercube.
async fn table(doc: &Doc, question: &Question) -> qlik::Result<Vec<(Cell, Cell, Option<f64>)>> {
    let cube = doc
        .hypercube()
        .dimension(question.rows.as_str())
        .dimension(question.columns.as_str())
        .measure(question.measure.as_str())
        .open()
        .await?;
    let rows: Vec<(Cell, Cell, Option<f64>)> = cube.rows().try_collect().await?;
    println!("\n{:<20} {:<20} {:>15}", question.rows, question.columns, question.measure);
    for (row, column, value) in rows.iter().take(12) {
        let value = value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        println!("{:<20} {:<20} {value:>15}", row.text, column.text);
    }
    println!("{} rows", rows.len());
    cube.close().await?;
    Ok(rows)
}
