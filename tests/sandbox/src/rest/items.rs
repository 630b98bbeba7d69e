//! The items API: the catalog of everything in the tenant.

use serde_json::{Value as Json, json};

use super::page::{self, Limit};
use super::{Answer, Outcome, Problem, Request};
use crate::tenant::{Item, Tenant};

pub(super) fn list(tenant: &Tenant, request: &Request) -> Outcome {
    for name in ["resourceId", "resourceIds"] {
        if request.query(name).is_some() && request.query("resourceType").is_none() {
            return Err(Problem::parameter(name, "needs resourceType beside it"));
        }
    }
    let state = tenant.state();
    let items = state.items().into_iter().filter(|item| wanted(request, item));
    let mut items: Vec<Json> = items.map(|item| shown(request, &state.tenant_id, &item)).collect();
    drop(state);
    page::sort(request, &mut items, &["createdAt", "updatedAt", "recentlyUsed", "name"], "+createdAt")?;
    Ok(Answer::ok(page::page(request, items, Limit { default: 10, most: 100 })?))
}

pub(super) fn get(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let state = tenant.state();
    let item = state.items().into_iter().find(|item| item.id == id);
    let item = item.ok_or_else(|| Problem::not_found("item", id))?;
    Ok(Answer::ok(shown(request, &state.tenant_id, &item)))
}

/// Renames an item, describes it anew, or moves it; an app's item is the app's own affair.
pub(super) fn update(tenant: &Tenant, request: &Request, id: &str) -> Outcome {
    let body: Json = request.json()?;
    let mut state = tenant.state();
    if let Some(item) = state.others.iter_mut().find(|item| item.id == id) {
        let text = |name: &str, old: &str| body[name].as_str().unwrap_or(old).to_owned();
        item.name = text("name", &item.name);
        item.description = text("description", &item.description);
        if let Some(space) = body["spaceId"].as_str() {
            item.space_id = Some(space.to_owned()).filter(|space| !space.is_empty());
        }
    } else if !state.apps.iter().any(|app| app.item_id == id) {
        return Err(Problem::not_found("item", id));
    }
    drop(state);
    get(tenant, request, id)
}

/// Takes an item out of the catalog; an app's item goes with its app.
pub(super) fn delete(tenant: &Tenant, id: &str) -> Outcome {
    let mut state = tenant.state();
    if let Some(app) = state.apps.iter().find(|app| app.item_id == id) {
        let app = app.id.clone();
        drop(state);
        tenant.delete_app(&app);
        return Ok(Answer::empty(204));
    }
    let before = state.others.len();
    state.others.retain(|item| item.id != id);
    match state.others.len() < before {
        true => Ok(Answer::empty(204)),
        false => Err(Problem::not_found("item", id)),
    }
}

/// Whether an item fits every filter of the request.
fn wanted(request: &Request, item: &Item) -> bool {
    let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    request.query.iter().all(|(name, value)| match name.as_str() {
        "id" => item.id == *value,
        "name" => contains(&item.name, value),
        "query" => contains(&item.name, value) || contains(&item.description, value),
        "ownerId" | "createdByUserId" => item.owner_id == *value,
        "notOwnerId" | "notCreatedByUserId" => item.owner_id != *value,
        "spaceId" if value == "personal" => item.space_id.is_none(),
        "spaceId" => item.space_id.as_deref() == Some(value),
        "resourceType" => value.split(',').any(|kind| item.resource_type == kind.trim()),
        "resourceId" => item.resource_id == *value,
        "resourceIds" => value.split(',').any(|id| item.resource_id == id.trim()),
        _ => true,
    })
}

fn shown(request: &Request, tenant_id: &str, item: &Item) -> Json {
    let url = |path: &str| json!({ "href": format!("{}{path}", request.origin) });
    let mut shown = json!({
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "tenantId": tenant_id,
        "ownerId": item.owner_id,
        "creatorId": item.owner_id,
        "updaterId": item.owner_id,
        "createdAt": item.created,
        "updatedAt": item.updated,
        "resourceId": item.resource_id,
        "resourceType": item.resource_type,
        "resourceSubType": "",
        "resourceCreatedAt": item.created,
        "resourceUpdatedAt": item.updated,
        "resourceAttributes": item.attributes,
        "resourceCustomAttributes": {},
        "resourceReloadStatus": "",
        "isFavorited": false,
        "actions": ["change_owner", "change_space", "delete", "read", "update"],
        "collectionIds": [],
        "meta": { "isFavorited": false, "tags": [], "actions": [], "collections": [] },
        "itemViews": {},
        "links": {
            "self": url(&format!("/api/v1/items/{}", item.id)),
            "collections": url(&format!("/api/v1/items/{}/collections", item.id)),
        },
    });
    if let Some(space) = &item.space_id {
        shown["spaceId"] = json!(space);
    }
    if item.resource_type == "app" {
        shown["links"]["open"] = url(&format!("/sense/app/{}", item.resource_id));
        if let Some(reloaded) = item.attributes["lastReloadTime"].as_str().filter(|time| !time.is_empty()) {
            shown["resourceReloadStatus"] = json!("ok");
            shown["resourceReloadEndTime"] = json!(reloaded);
        }
    }
    shown
}
