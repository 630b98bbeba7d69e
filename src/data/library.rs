//! Master items by their titles.

use serde_json::Value;

use super::define::{Definition, Dimension, Measure};
use super::source::{CREATE_SESSION_OBJECT, GET_LAYOUT, session_object};
use crate::engine::{Handle, Proxy};
use crate::error::{Error, Result};
use crate::json::object;

/// Puts the ids of master items where their titles stand.
pub(super) async fn resolve(app: &Handle, dimensions: &mut [Dimension], measures: &mut [Measure]) -> Result<()> {
    let dimensions = dimensions.iter_mut().map(|dimension| ("dimension", &mut dimension.definition));
    let measures = measures.iter_mut().map(|measure| ("measure", &mut measure.definition));
    let all = dimensions.chain(measures).filter(|(_, definition)| matches!(definition, Definition::Title(_)));
    let all: Vec<_> = all.collect();
    if all.is_empty() {
        return Ok(());
    }
    let lists = lists(app).await?;
    for (kind, definition) in all {
        let Definition::Title(title) = &*definition else { continue };
        let items = match kind {
            "dimension" => &lists["qDimensionList"]["qItems"],
            _ => &lists["qMeasureList"]["qItems"],
        };
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        let of_item =
            |item: &Value| item["qMeta"]["title"].as_str().or(item["qData"]["title"].as_str()).map(str::to_owned);
        let same = |item: &&Value| of_item(item).as_deref() == Some(title.as_str());
        let mut found = items.iter().filter(same).filter_map(|item| item["qInfo"]["qId"].as_str());
        let (Some(id), None) = (found.next(), found.next()) else {
            let titles: Vec<String> = items.iter().filter_map(of_item).collect();
            let what = match items.iter().any(|item| same(&item)) {
                true => format!("the app has several master {kind}s with the title `{title}`: take one by its id"),
                false => format!("the app has no master {kind} with the title `{title}`; it has {}", titles.join(", ")),
            };
            return Err(Error::not_found(CREATE_SESSION_OBJECT.to_string(), what));
        };
        *definition = Definition::Id(id.to_owned());
    }
    Ok(())
}

async fn lists(app: &Handle) -> Result<Value> {
    let properties = object! {
        "qInfo": object! { "qType": "master-items" },
        "qDimensionListDef": object! { "qType": "dimension", "qData": object! { "title": "/qMetaDef/title" } },
        "qMeasureListDef": object! { "qType": "measure", "qData": object! { "title": "/qMetaDef/title" } },
    };
    let object = session_object(app, &properties).await?;
    object.handle().rpc(GET_LAYOUT).await
}
