//! What is kept under an id, in an app or for a session: objects, master items, bookmarks and variables. How they are
//! made, found, changed and removed.

use json_patch::PatchOperation;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::methods::{Call, Method, Outcome, done, methods};
use super::open::Open;
use super::rpc::EngineError;
use super::session::Target;
use super::{bookmark, layout};
use crate::cube::{CubeDef, Datum, ListDef};
use crate::tenant::{Entity, Object};

/// The methods that all of them have.
pub(super) const METHODS: &[Method] = methods! {
    GetLayout() => |call, ()| Ok(json!({ "qLayout": layout::of_kept(call)? })),
    GetProperties() => |call, ()| Ok(json!({ "qProp": call.this()?.properties })),
    SetProperties(qProp: Json) => |call, (properties,)| put(call, properties),
    GetInfo() => |call, ()| Ok(json!({ "qInfo": call.this()?.info() })),
};

pub(super) const PATCHED: &[Method] = methods! {
    ApplyPatches(qPatches: Vec<Patch>) => |call, (patches,)| patch(call, &patches, false),
};

pub(super) const PUBLISHED: &[Method] = methods! {
    Publish() => |call, ()| call.this().map(|_| json!({})),
    UnPublish() => |call, ()| call.this().map(|_| json!({})),
};

/// The further methods of GenericObject that have to do with properties and children.
pub(super) const OBJECT: &[Method] = methods! {
    ApplyPatches(qPatches: Vec<Patch>; qSoftPatch: bool) => |call, (patches, soft)| patch(call, &patches, soft),
    ClearSoftPatches() => |call, ()| {
        let id = call.id();
        call.open()?.set_soft(&id, None);
        call.session.changed(&call.target);
        done()
    },
    GetEffectiveProperties() => |call, ()| {
        let id = call.id();
        Ok(json!({ "qProp": call.open()?.effective(&id)? }))
    },
    Publish() => |call, ()| call.this().map(|_| json!({})),
    UnPublish() => |call, ()| call.this().map(|_| json!({})),
    CreateChild(qProp: Json; qPropForThis: Json) => |call, (properties, parent)| {
        let made = create(call, Entity::Object, properties, Some(&call.id()), false)?;
        put_parent(call, parent)?;
        Ok(made)
    },
    DestroyChild(qId: String; qPropForThis: Json) => |call, (id, parent)| {
        let gone = child(call, &id)?.is_some() && remove(call, &id)?;
        if gone {
            put_parent(call, parent)?;
        }
        Ok(json!({ "qSuccess": gone }))
    },
    DestroyAllChildren(; qPropForThis: Json) => |call, (parent,)| {
        let id = call.id();
        for child in call.open()?.children(&id) {
            remove(call, &child.id)?;
        }
        put_parent(call, parent)
    },
    GetChild(qId: String) => |call, (id,)| {
        let child = child(call, &id)?;
        Ok(call.found(child))
    },
    GetChildInfos() => |call, ()| {
        let id = call.id();
        let infos: Vec<Json> = call.open()?.children(&id).iter().map(Object::info).collect();
        Ok(json!({ "qInfos": infos }))
    },
    GetParent() => |call, ()| {
        let parent = call.this()?.parent;
        let open = call.open()?;
        let parent = parent.and_then(|id| open.entity(Entity::Object, &id));
        Ok(call.found(parent))
    },
    GetFullPropertyTree() => |call, ()| {
        let id = call.id();
        Ok(json!({ "qPropEntry": tree(call.open()?, &id)? }))
    },
    SetFullPropertyTree(qPropEntry: Json) => |call, (entry,)| {
        check_tree(&entry)?;
        put_tree(call, &call.id(), &entry)?;
        done()
    },
};

pub(super) const VARIABLE: &[Method] = methods! {
    GetRawContent() => |call, ()| Ok(json!({ "qReturn": call.this()?.definition() })),
    SetStringValue(qVal: String) => |call, (text,)| define(call, &text),
    SetNumValue(qVal: f64) => |call, (number,)| define(call, &Datum::Number(number).text()),
};

fn define(call: &mut Call<'_>, definition: &str) -> Outcome {
    let mut properties = call.this()?.properties;
    properties["qDefinition"] = json!(definition);
    put(call, properties)
}

/// Refuses properties that lack what they are for, or whose definitions do not read, naming the place.
fn check(entity: Entity, properties: &Json) -> Result<(), EngineError> {
    fn below(value: &Json, path: &str) -> Result<(), EngineError> {
        fn reads<T: DeserializeOwned>(value: &Json, path: &str) -> Result<(), EngineError> {
            let read = T::deserialize(value);
            read.map(|_| ()).map_err(|error| EngineError::parameter(format!("{path}: {error}")))
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            match name.as_str() {
                "qHyperCubeDef" => reads::<CubeDef>(value, &path)?,
                "qListObjectDef" => reads::<ListDef>(value, &path)?,
                _ => below(value, &path)?,
            }
        }
        Ok(())
    }
    match entity {
        _ if !properties.is_object() => Err(EngineError::parameter("qProp")),
        Entity::Dimension if !properties["qDim"].is_object() => Err(EngineError::new(8, "qDim")),
        Entity::Measure if !properties["qMeasure"].is_object() => Err(EngineError::new(8, "qMeasure")),
        Entity::Variable if properties["qName"].as_str().is_none_or(str::is_empty) => {
            Err(EngineError::parameter("qProp.qName"))
        }
        _ => below(properties, ""),
    }
}

/// Makes one, of the app or of this session only; a child is kept where its parent is.
pub(super) fn create(
    call: &mut Call<'_>,
    entity: Entity,
    mut properties: Json,
    parent: Option<&str>,
    of_session: bool,
) -> Outcome {
    check(entity, &properties)?;
    let text = |pointer: &str| properties.pointer(pointer).and_then(Json::as_str).filter(|text| !text.is_empty());
    let kind = if entity == Entity::Object { text("/qInfo/qType") } else { Some(entity.kind()) };
    let kind = kind.ok_or_else(|| EngineError::new(8, "qInfo.qType is missing"))?.to_owned();
    let asked = text("/qInfo/qId").map(str::to_owned);
    let open = call.open()?;
    let taken = match entity {
        Entity::Variable => open.variable(&properties["qName"]).map(|variable| variable.name().to_owned()),
        _ => asked.clone().filter(|id| open.any(id).is_some()),
    };
    let saved = if entity == Entity::Bookmark { bookmark::saved(open) } else { Json::Null };
    let of_session = of_session || parent.is_some_and(|parent| open.objects.get(parent).is_some());
    let id = match (taken, asked) {
        (None, Some(asked)) => asked,
        (Some(taken), _) if entity != Entity::Object => return Err(EngineError::new(3, taken)),
        // An object's id that is taken gives way to a new one.
        _ => call.session.ids.uuid(),
    };
    properties["qInfo"] = json!({ "qId": id, "qType": kind });
    if properties.get("qMetaDef").is_none() {
        properties["qMetaDef"] = json!({});
    }
    let object = Object { entity, id, parent: parent.map(str::to_owned), properties, saved };
    call.open()?.keep(object.clone(), of_session)?;
    let info = object.info();
    let mut answer = call.found(Some(object.clone()));
    if !of_session || parent.is_some() {
        answer["qInfo"] = info;
    }
    told(call, &object)?;
    Ok(answer)
}

/// Tells of something made or changed: what is calculated with it is calculated anew.
fn told(call: &mut Call<'_>, object: &Object) -> Result<(), EngineError> {
    call.session.changed(&object.target());
    concerned(call, object.entity, &object.id)
}

fn concerned(call: &mut Call<'_>, entity: Entity, id: &str) -> Result<(), EngineError> {
    let open = call.open()?;
    open.recalculate();
    let listed = entity == Entity::Variable || open.objects.get(id).is_none();
    let used = matches!(entity, Entity::Dimension | Entity::Measure | Entity::Variable);
    call.session.objects_changed(|properties| {
        (listed && entity.lists().iter().any(|list| properties.get(list).is_some()))
            || (used && Open::shows_data(properties))
    });
    Ok(())
}

/// `GetOrCreateObject`.
pub(super) fn get_or_create(call: &mut Call<'_>, properties: Json) -> Outcome {
    let id = properties.pointer("/qInfo/qId").and_then(Json::as_str).unwrap_or_default();
    let known = call.open()?.entity(Entity::Object, id);
    let made = known.is_none();
    let answer = match known {
        Some(known) => call.found(Some(known)),
        None => create(call, Entity::Object, properties, None, false)?,
    };
    Ok(json!({ "qReturn": answer["qReturn"], "qNewObject": made }))
}

pub(super) fn get(call: &mut Call<'_>, entity: Entity, id: &str) -> Outcome {
    let object = call.open()?.entity(entity, id);
    Ok(call.found(object))
}

fn child(call: &mut Call<'_>, id: &str) -> Result<Option<Object>, EngineError> {
    let parent = call.id();
    Ok(call.open()?.entity(Entity::Object, id).filter(|child| child.parent.as_deref() == Some(&parent)))
}

/// Takes away one of the app, or one of the session.
pub(super) fn destroy(call: &mut Call<'_>, entity: Entity, id: &str, of_session: bool) -> Outcome {
    let open = call.open()?;
    let there = open.entity(entity, id).is_some() && open.objects.get(id).is_some() == of_session;
    let gone = there && remove(call, id)?;
    Ok(json!({ "qSuccess": gone }))
}

/// Takes one away, with all below it.
fn remove(call: &mut Call<'_>, id: &str) -> Result<bool, EngineError> {
    let open = call.open()?;
    let Some(object) = open.any(id) else { return Ok(false) };
    let of_session = open.objects.get(id).is_some();
    let gone = if of_session { open.objects.remove(id) } else { open.app_mut(|app| app.objects.remove(id))? };
    for id in &gone {
        call.open()?.set_soft(id, None);
        call.session.close(&Target::Kept(object.entity, id.clone()));
    }
    if !of_session || object.entity == Entity::Variable {
        concerned(call, object.entity, id)?;
    }
    Ok(!gone.is_empty())
}

/// `CloneObject` and the like: a copy beside it, with copies of all below it.
pub(super) fn duplicate(call: &mut Call<'_>, entity: Entity, id: &str) -> Outcome {
    let object = call.open()?.entity(entity, id).ok_or_else(|| EngineError::not_found(id))?;
    let clone = copy(call, object.clone(), object.parent.clone())?;
    call.session.changed(&Target::Doc);
    Ok(json!({ "qCloneId": clone }))
}

fn copy(call: &mut Call<'_>, mut object: Object, parent: Option<String>) -> Result<String, EngineError> {
    let id = call.session.ids.uuid();
    let open = call.open()?;
    let (children, of_session) = (open.children(&object.id), open.objects.get(&object.id).is_some());
    object.properties["qInfo"]["qId"] = json!(id);
    object.id.clone_from(&id);
    object.parent = parent;
    let entity = object.entity;
    open.keep(object, of_session)?;
    for child in children {
        copy(call, child, Some(id.clone()))?;
    }
    concerned(call, entity, &id)?;
    Ok(id)
}

/// Keeps new properties of what the method is called on.
fn put(call: &mut Call<'_>, mut properties: Json) -> Outcome {
    let object = call.this()?;
    check(object.entity, &properties)?;
    properties["qInfo"] = object.info();
    call.open()?.set_properties(&object.id, properties)?;
    told(call, &object)?;
    done()
}

/// The parent's new properties, which a method that changes its children may bring along.
fn put_parent(call: &mut Call<'_>, properties: Json) -> Outcome {
    if properties.as_object().is_some_and(|members| !members.is_empty()) {
        return put(call, properties);
    }
    call.session.changed(&call.target);
    done()
}

/// A patch as a client sends it; the value is JSON written as a text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Patch {
    q_op: String,
    q_path: String,
    #[serde(default)]
    q_value: String,
}

impl Patch {
    /// The operation of RFC 6902 that it is.
    fn read(&self) -> Result<PatchOperation, EngineError> {
        let mut operation = json!({ "op": self.q_op.to_lowercase(), "path": self.q_path });
        if operation["op"] != "remove" {
            operation["value"] = serde_json::from_str(&self.q_value)
                .map_err(|error| EngineError::parameter(format!("qValue of {}: {error}", self.q_path)))?;
        }
        serde_json::from_value(operation).map_err(|error| EngineError::new(4, format!("{}: {error}", self.q_path)))
    }
}

/// The document with the patches applied, all or none.
pub(super) fn patched(document: &Json, patches: &[Patch]) -> Result<Json, EngineError> {
    let operations = patches.iter().map(Patch::read).collect::<Result<Vec<_>, _>>()?;
    let mut patched = document.clone();
    match json_patch::patch(&mut patched, &operations) {
        Ok(()) => Ok(patched),
        Err(error) => Err(EngineError::new(4, error.path.to_string())),
    }
}

fn patch(call: &mut Call<'_>, patches: &[Patch], soft: bool) -> Outcome {
    let object = call.this()?;
    if !soft {
        return put(call, patched(&object.properties, patches)?);
    }
    let mut after = patched(&call.open()?.effective(&object.id)?, patches)?;
    check(object.entity, &after)?;
    after["qInfo"] = object.info();
    call.open()?.set_soft(&object.id, Some(after));
    call.session.changed(&call.target);
    done()
}

/// The properties of an object and of its children, and theirs.
fn tree(open: &Open, id: &str) -> Result<Json, EngineError> {
    let object = open.entity(Entity::Object, id).ok_or_else(|| EngineError::not_found(id))?;
    let below = open.children(id).iter().map(|child| tree(open, &child.id)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "qProperty": object.properties, "qChildren": below, "qEmbeddedSnapshotRef": null }))
}

fn check_tree(entry: &Json) -> Result<(), EngineError> {
    check(Entity::Object, &entry["qProperty"])?;
    entry["qChildren"].as_array().into_iter().flatten().try_for_each(check_tree)
}

/// `SetFullPropertyTree`: the children that are not in it are gone, the others are made or changed.
fn put_tree(call: &mut Call<'_>, id: &str, entry: &Json) -> Result<(), EngineError> {
    let mut properties = entry["qProperty"].clone();
    let open = call.open()?;
    let object = open.entity(Entity::Object, id).ok_or_else(|| EngineError::not_found(id))?;
    properties["qInfo"] = object.info();
    open.set_properties(id, properties)?;
    told(call, &object)?;
    let wanted = entry["qChildren"].as_array().map_or(&[][..], Vec::as_slice);
    let id_of = |entry: &Json| entry["qProperty"]["qInfo"]["qId"].as_str().unwrap_or_default().to_owned();
    let known: Vec<String> = call.open()?.children(id).into_iter().map(|child| child.id).collect();
    for gone in known.iter().filter(|child| !wanted.iter().any(|entry| id_of(entry) == **child)) {
        remove(call, gone)?;
    }
    for entry in wanted {
        let mut child = id_of(entry);
        if !known.contains(&child) {
            let made = create(call, Entity::Object, entry["qProperty"].clone(), Some(id), false)?;
            child = made["qInfo"]["qId"].as_str().unwrap_or_default().to_owned();
        }
        put_tree(call, &child, entry)?;
    }
    Ok(())
}
