//! List objects as the crate reads them itself: the values of one field, page by page.

use serde_json::Value;

use super::actor::To;
use super::caller::Caller;
use crate::error::Result;
use crate::json::object;

/// Makes a list object, and reads so many rows in a call; `take` gets what the layout says of the list and the cells of a
/// page, and says whether it wants more.
pub(super) async fn read(
    caller: &Caller<'_>,
    doc: &To,
    mut definition: Value,
    rows: u64,
    mut take: impl FnMut(&Value, &mut dyn Iterator<Item = &Value>) -> bool,
) -> Result<()> {
    let area = |top: u64| Value::from([object! { "qLeft": 0, "qTop": top, "qWidth": 1, "qHeight": rows }]);
    definition["qInitialDataFetch"] = area(0);
    let properties = object! { "qInfo": object! { "qType": "values" }, "qListObjectDef": definition };
    let pages = async |object: &To, layout: Value| {
        let list = layout.get("qListObject").unwrap_or(&Value::Null);
        let end = list.pointer("/qSize/qcy").and_then(Value::as_u64).unwrap_or(0);
        let mut more = take(list, &mut cells(list.get("qDataPages")));
        let mut top = rows;
        while more && top < end {
            let params = object! { "qPath": "/qListObjectDef", "qPages": area(top) };
            let page = caller.call(object, "GetListObjectData", params).await?;
            more = take(list, &mut cells(page.get("qDataPages")));
            top += rows;
        }
        Ok(())
    };
    caller.made(doc, properties, pages).await
}

fn cells(pages: Option<&Value>) -> impl Iterator<Item = &Value> {
    let pages = pages.and_then(Value::as_array).into_iter().flatten();
    let rows = pages.filter_map(|page| page.get("qMatrix")?.as_array()).flatten();
    rows.filter_map(|row| row.get(0))
}
