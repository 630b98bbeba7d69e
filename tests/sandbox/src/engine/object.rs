//! The methods of GenericObject that have to do with properties, layouts and children.

use serde_json::{Value as Json, json};

use super::layout::layout;
use super::patch::{self, Patch};
use super::rpc::{Call, EngineError, Method, Outcome};
use super::session::Target;
use super::{create, tree};
use crate::tenant::Object;

pub(super) const METHODS: &[Method] = &[
    Method::new("GetLayout", &[], |call| {
        let id = call.id().to_owned();
        Ok(json!({ "qLayout": layout(call.session.doc()?, &id)? }))
    }),
    Method::new("GetProperties", &[], |call| Ok(json!({ "qProp": this(call)?.properties }))),
    Method::new("GetEffectiveProperties", &[], |call| {
        let id = call.id().to_owned();
        Ok(json!({ "qProp": call.session.doc()?.effective(&id)? }))
    }),
    Method::new("SetProperties", &["qProp"], |call| {
        let mut properties: Json = call.params.get("qProp")?;
        create::check(&properties)?;
        let object = this(call)?;
        properties["qInfo"] = object.info();
        set_properties(call, properties)
    }),
    Method::new("ApplyPatches", &["qPatches", "qSoftPatch?"], apply_patches),
    Method::new("ClearSoftPatches", &[], |call| {
        let id = call.id().to_owned();
        let open = call.session.doc()?;
        open.soft.remove(&id);
        open.recalculate();
        call.session.changed(&Target::Object(id));
        Ok(json!({}))
    }),
    Method::new("GetInfo", &[], |call| Ok(json!({ "qInfo": this(call)?.info() }))),
    Method::new("CreateChild", &["qProp", "qPropForThis?"], create::child),
    Method::new("DestroyChild", &["qId", "qPropForThis?"], create::destroy_child),
    Method::new("GetChild", &["qId"], |call| {
        let (parent, id): (String, String) = (call.id().to_owned(), call.params.get("qId")?);
        let child = call.session.doc()?.object(&id).filter(|child| child.parent.as_deref() == Some(&parent));
        Ok(create::found(call.session, child))
    }),
    Method::new("GetParent", &[], |call| {
        let parent = this(call)?.parent;
        let parent = parent.and_then(|id| call.session.doc().ok()?.object(&id));
        Ok(create::found(call.session, parent))
    }),
    Method::new("DestroyAllChildren", &["qPropForThis?"], create::destroy_children),
    Method::new("GetFullPropertyTree", &[], |call| {
        let id = call.id().to_owned();
        Ok(json!({ "qPropEntry": tree::read(call.session.doc()?, &id)? }))
    }),
    Method::new("SetFullPropertyTree", &["qPropEntry"], tree::write),
    Method::new("Publish", &[], |call| this(call).map(|_| json!({}))),
    Method::new("UnPublish", &[], |call| this(call).map(|_| json!({}))),
    Method::new("GetChildInfos", &[], |call| {
        let id = call.id().to_owned();
        let children = create::children(call.session.doc()?, &id);
        Ok(json!({ "qInfos": children.iter().map(Object::info).collect::<Vec<_>>() }))
    }),
];

fn this(call: &mut Call<'_>) -> Result<Object, EngineError> {
    let id = call.id().to_owned();
    call.session.doc()?.object(&id).ok_or_else(|| EngineError::not_found(id))
}

/// Keeps new properties and tells who shows them.
fn set_properties(call: &mut Call<'_>, properties: Json) -> Outcome {
    let id = call.id().to_owned();
    call.session.doc()?.set_properties(&id, properties)?;
    call.session.changed(&Target::Object(id));
    call.session.objects_changed(create::lists_objects);
    Ok(json!({}))
}

fn apply_patches(call: &mut Call<'_>) -> Outcome {
    let patches: Vec<Patch> = call.params.get("qPatches")?;
    let soft: bool = call.params.or_default("qSoftPatch")?;
    let id = call.id().to_owned();
    let before = if soft { call.session.doc()?.effective(&id)? } else { this(call)?.properties };
    let mut after = patch::apply(&before, &patches)?;
    create::check(&after)?;
    after["qInfo"] = before["qInfo"].clone();
    if !soft {
        return set_properties(call, after);
    }
    let open = call.session.doc()?;
    open.soft.insert(id.clone(), after);
    open.recalculate();
    call.session.changed(&Target::Object(id));
    Ok(json!({}))
}
