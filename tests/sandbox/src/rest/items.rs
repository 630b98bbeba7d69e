//! The items API: the catalog of everything in the tenant.

use serde_json::{Value as Json, json};

use super::page::List;
use super::{Answer, Ask, Outcome, Problem, Request, place};
use crate::tenant::{App, State};

const LIST: List =
    List { sort: &["createdAt", "updatedAt", "recentlyUsed", "name"], by: "+createdAt", default: 10, most: 100 };

/// An entry of the catalog: `own` has what tells it from others, with `ownerId` and `createdAt`.
pub(crate) fn item(tenant_id: &str, own: Json) -> Json {
    let (owner, created) = (own["ownerId"].clone(), own["createdAt"].clone());
    let mut item = json!({
        "description": "",
        "tenantId": tenant_id,
        "creatorId": owner,
        "updaterId": owner,
        "updatedAt": created,
        "resourceSubType": "",
        "resourceCreatedAt": created,
        "resourceUpdatedAt": own.get("updatedAt").unwrap_or(&created),
        "resourceAttributes": {},
        "resourceCustomAttributes": {},
        "resourceReloadStatus": "",
        "isFavorited": false,
        "actions": ["change_owner", "change_space", "delete", "read", "update"],
        "collectionIds": [],
        "meta": { "isFavorited": false, "tags": [], "actions": [], "collections": [] },
        "itemViews": {},
    });
    for (name, value) in own.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        item[name] = value.clone();
    }
    item
}

impl State {
    /// Every item of the catalog, the oldest first.
    pub(crate) fn items(&self) -> Vec<Json> {
        let apps = self.apps.iter().map(|app| self.item_of(app));
        let mut items: Vec<Json> = apps.chain(self.others.iter().cloned()).collect();
        items.sort_by(|a, b| a["createdAt"].as_str().cmp(&b["createdAt"].as_str()));
        items
    }

    fn item_of(&self, app: &App) -> Json {
        let mut own = json!({
            "id": app.item_id,
            "name": app.name,
            "description": app.description,
            "ownerId": app.owner_id,
            "spaceId": app.space_id,
            "createdAt": app.created,
            "updatedAt": app.modified,
            "resourceId": app.id,
            "resourceType": "app",
            "resourceAttributes": app.attributes()["attributes"],
        });
        if !app.reloaded.is_empty() {
            own["resourceReloadStatus"] = json!("ok");
            own["resourceReloadEndTime"] = json!(app.reloaded);
        }
        item(&self.tenant_id, own)
    }
}

pub(super) fn list(ask: &Ask<'_>) -> Outcome {
    for name in ["resourceId", "resourceIds"] {
        if ask.query(name).is_some() && ask.query("resourceType").is_none() {
            return Err(Problem::parameter(name, "needs resourceType beside it"));
        }
    }
    let mut items = ask.state().items();
    items.retain(|item| wanted(ask, item));
    items.iter_mut().for_each(|item| link(ask, item));
    Ok(Answer::ok(LIST.page(ask, items)?))
}

pub(super) fn get(ask: &Ask<'_>) -> Outcome {
    let mut items = ask.state().items();
    let mut item = items.swap_remove(place(&items, "item", ask.id())?);
    link(ask, &mut item);
    Ok(Answer::ok(item))
}

/// Renames an item, describes it anew, or moves it; an app's item is the app's own affair.
pub(super) fn update(ask: &Ask<'_>) -> Outcome {
    let body: Json = ask.json()?;
    let mut state = ask.state();
    if let Some(item) = state.others.iter_mut().find(|item| item["id"] == ask.id()) {
        for name in ["name", "description", "spaceId"] {
            match body[name].as_str() {
                Some("") if name == "spaceId" => drop(item.as_object_mut().and_then(|item| item.remove(name))),
                Some(text) => item[name] = json!(text),
                None => {}
            }
        }
    }
    drop(state);
    get(ask)
}

/// Takes an item out of the catalog; an app goes with its item.
pub(super) fn delete(ask: &Ask<'_>) -> Outcome {
    let mut state = ask.state();
    if let Some(app) = state.apps.iter().find(|app| app.item_id == ask.id()) {
        let app = app.id.clone();
        drop(state);
        ask.tenant.delete_app(&app);
        return Ok(Answer::empty(204));
    }
    let place = place(&state.others, "item", ask.id())?;
    state.others.remove(place);
    Ok(Answer::empty(204))
}

/// Whether an item fits every filter of the request.
fn wanted(request: &Request, item: &Json) -> bool {
    let contains = |name: &str, part: &str| {
        item[name].as_str().is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
    };
    request.query.iter().all(|(name, value)| match name.as_str() {
        "id" | "ownerId" | "resourceId" => item[name] == *value,
        "name" => contains("name", value),
        "query" => contains("name", value) || contains("description", value),
        "createdByUserId" => item["creatorId"] == *value,
        "notOwnerId" | "notCreatedByUserId" => item["ownerId"] != *value,
        "spaceId" if value == "personal" => item["spaceId"].is_null(),
        "spaceId" => item["spaceId"] == *value,
        "resourceType" => value.split(',').any(|kind| item["resourceType"] == kind.trim()),
        "resourceIds" => value.split(',').any(|id| item["resourceId"] == id.trim()),
        _ => true,
    })
}

fn link(request: &Request, item: &mut Json) {
    let url = |path: &str, id: &Json, end: &str| json!({ "href": format!("{}{path}{}{end}", request.origin, id.as_str().unwrap_or_default()) });
    let mut links = json!({
        "self": url("/api/v1/items/", &item["id"], ""),
        "collections": url("/api/v1/items/", &item["id"], "/collections"),
    });
    if item["resourceType"] == "app" {
        links["open"] = url("/sense/app/", &item["resourceId"], "");
    }
    item["links"] = links;
}
