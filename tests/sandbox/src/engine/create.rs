//! Making, finding and removing generic objects.

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::open::Open;
use super::rpc::{Call, EngineError, Outcome, nothing};
use super::session::{Session, Target};
use crate::cube::{CubeDef, ListDef};
use crate::tenant::{Entity, Object};

/// Refuses properties whose definitions do not read, naming the place.
pub(super) fn check(properties: &Json) -> Result<(), EngineError> {
    if !properties.is_object() {
        return Err(EngineError::parameter("qProp"));
    }
    check_below(properties, "")
}

fn check_below(value: &Json, path: &str) -> Result<(), EngineError> {
    fn reads<T: DeserializeOwned>(value: &Json, path: &str) -> Result<(), EngineError> {
        let read = serde_json::from_value::<T>(value.clone());
        read.map(|_| ()).map_err(|error| EngineError::parameter(format!("{path}: {error}")))
    }
    let Json::Object(members) = value else { return Ok(()) };
    for (name, value) in members {
        let path = format!("{path}/{name}");
        match name.as_str() {
            "qHyperCubeDef" => reads::<CubeDef>(value, &path)?,
            "qListObjectDef" => reads::<ListDef>(value, &path)?,
            _ => check_below(value, &path)?,
        }
    }
    Ok(())
}

/// Whether an object lists the objects of the app or its own children.
pub(super) fn lists_objects(properties: &Json) -> bool {
    properties.get("qAppObjectListDef").is_some() || properties.get("qChildListDef").is_some()
}

/// An object as an answer, or what stands for none.
pub(super) fn found(session: &mut Session, object: Option<Object>) -> Json {
    let Some(object) = object else { return nothing() };
    let handle = session.handle_of(Target::Object(object.id.clone()));
    json!({ "qReturn": {
        "qType": "GenericObject",
        "qHandle": handle,
        "qGenericType": object.kind(),
        "qGenericId": object.id,
    } })
}

/// Where a new object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Session,
    App,
}

fn make(
    session: &mut Session,
    mut properties: Json,
    parent: Option<&str>,
    place: Place,
) -> Result<Object, EngineError> {
    check(&properties)?;
    let kind = properties.pointer("/qInfo/qType").and_then(Json::as_str).unwrap_or_default();
    if kind.is_empty() {
        return Err(EngineError::new(8, "qInfo.qType is missing"));
    }
    let asked = properties.pointer("/qInfo/qId").and_then(Json::as_str).filter(|id| !id.is_empty());
    let free = asked.filter(|id| session.open.as_ref().is_some_and(|open| open.object(id).is_none()));
    // An id that is taken gives way to a new one.
    let id = free.map(str::to_owned);
    let id = id.unwrap_or_else(|| session.ids.uuid());
    properties["qInfo"]["qId"] = json!(id);
    if properties.get("qMetaDef").is_none() {
        properties["qMetaDef"] = json!({});
    }
    let parent = parent.map(str::to_owned);
    let object = Object { entity: Entity::Object, id, parent, properties, saved: Json::Null };
    let open = session.doc()?;
    match place {
        Place::Session => open.objects.0.push(object.clone()),
        Place::App => open.app_mut(|app| app.objects.0.push(object.clone()))?,
    }
    Ok(object)
}

/// `CreateSessionObject`.
pub(super) fn session_object(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    let object = make(call.session, properties, None, Place::Session)?;
    let target = Target::Object(object.id.clone());
    let answer = found(call.session, Some(object));
    call.session.changed(&target);
    Ok(answer)
}

/// `CreateObject`.
pub(super) fn object(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    let object = make(call.session, properties, None, Place::App)?;
    Ok(created(call, object))
}

/// `CreateChild`: kept where its parent is kept.
pub(super) fn child(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    let parent = call.id().to_owned();
    let object = add_child(call.session, &parent, properties)?;
    set_parent(call, &parent)?;
    call.session.changed(&Target::Object(parent));
    Ok(created(call, object))
}

pub(super) fn add_child(session: &mut Session, parent: &str, properties: Json) -> Result<Object, EngineError> {
    let place = match session.doc()?.objects.get(parent) {
        Some(_) => Place::Session,
        None => Place::App,
    };
    make(session, properties, Some(parent), place)
}

/// `GetOrCreateObject`.
pub(super) fn get_or_create(call: &mut Call<'_>) -> Outcome {
    let properties: Json = call.params.get("qProp")?;
    let id = properties.pointer("/qInfo/qId").and_then(Json::as_str).unwrap_or_default();
    let known = call.session.doc()?.object(id);
    let made = known.is_none();
    let mut answer = match known {
        Some(known) => found(call.session, Some(known)),
        None => {
            let object = make(call.session, properties, None, Place::App)?;
            created(call, object)
        }
    };
    if let Some(members) = answer.as_object_mut() {
        members.remove("qInfo");
    }
    answer["qNewObject"] = json!(made);
    Ok(answer)
}

/// The parent's new properties, which CreateChild and DestroyChild may bring along.
fn set_parent(call: &mut Call<'_>, parent: &str) -> Result<(), EngineError> {
    let properties: Option<Json> = call.params.or_default("qPropForThis")?;
    let Some(mut properties) = properties.filter(|p| p.as_object().is_some_and(|members| !members.is_empty())) else {
        return Ok(());
    };
    check(&properties)?;
    let open = call.session.doc()?;
    let info = open.object(parent).map(|object| object.info());
    properties["qInfo"] = info.ok_or_else(|| EngineError::not_found(parent))?;
    open.set_properties(parent, properties)
}

fn created(call: &mut Call<'_>, object: Object) -> Json {
    let (info, target) = (object.info(), Target::Object(object.id.clone()));
    let mut answer = found(call.session, Some(object));
    answer["qInfo"] = info;
    call.session.changed(&target);
    call.session.objects_changed(lists_objects);
    answer
}

/// The children of an object, wherever it is kept.
pub(super) fn children(open: &Open, id: &str) -> Vec<Object> {
    let mut children: Vec<Object> = open.objects.children(id).cloned().collect();
    let stored = open.app(|app| app.objects.children(id).cloned().collect::<Vec<_>>());
    children.extend(stored.unwrap_or_default());
    children
}

/// `DestroySessionObject` and `DestroyObject`.
pub(super) fn destroy(call: &mut Call<'_>, of_session: bool) -> Outcome {
    let id: String = call.params.get("qId")?;
    let open = call.session.doc()?;
    let there = open.object(&id).is_some() && open.objects.get(&id).is_some() == of_session;
    let gone = there && remove(call, &id)?;
    Ok(json!({ "qSuccess": gone }))
}

pub(super) fn destroy_child(call: &mut Call<'_>) -> Outcome {
    let (parent, id): (String, String) = (call.id().to_owned(), call.params.get("qId")?);
    let open = call.session.doc()?;
    let is_child = open.object(&id).is_some_and(|object| object.parent.as_deref() == Some(&parent));
    let gone = is_child && remove(call, &id)?;
    if gone {
        set_parent(call, &parent)?;
        call.session.changed(&Target::Object(parent));
    }
    Ok(json!({ "qSuccess": gone }))
}

pub(super) fn destroy_children(call: &mut Call<'_>) -> Outcome {
    let parent = call.id().to_owned();
    for child in children(call.session.doc()?, &parent) {
        remove(call, &child.id)?;
    }
    set_parent(call, &parent)?;
    call.session.changed(&Target::Object(parent));
    Ok(json!({}))
}

/// Takes an object away, with all below it.
pub(super) fn remove(call: &mut Call<'_>, id: &str) -> Result<bool, EngineError> {
    let open = call.session.doc()?;
    let of_session = open.objects.get(id).is_some();
    let gone = match of_session {
        true => open.objects.remove(id),
        false => open.app_mut(|app| app.objects.remove(id))?,
    };
    open.recalculate();
    for id in &gone {
        call.session.doc()?.soft.remove(id);
        call.session.close(&Target::Object(id.clone()));
    }
    if !of_session && !gone.is_empty() {
        call.session.objects_changed(lists_objects);
    }
    Ok(!gone.is_empty())
}
