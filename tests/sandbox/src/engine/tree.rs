//! An object with all below it, read and written at once.

use serde_json::{Value as Json, json};

use super::create::{self, children};
use super::open::Open;
use super::rpc::{Call, EngineError, Outcome};
use super::session::Target;

/// The properties of an object and of its children, and theirs.
pub(super) fn read(open: &Open, id: &str) -> Result<Json, EngineError> {
    let object = open.object(id).ok_or_else(|| EngineError::not_found(id))?;
    let below = children(open, id).iter().map(|child| read(open, &child.id)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "qProperty": object.properties, "qChildren": below, "qEmbeddedSnapshotRef": null }))
}

/// `SetFullPropertyTree`: the children that are not in it are gone, the others are made or changed.
pub(super) fn write(call: &mut Call<'_>) -> Outcome {
    let entry: Json = call.params.get("qPropEntry")?;
    let id = call.id().to_owned();
    check(&entry)?;
    put(call, &id, &entry)?;
    call.session.objects_changed(create::lists_objects);
    Ok(json!({}))
}

fn check(entry: &Json) -> Result<(), EngineError> {
    create::check(&entry["qProperty"])?;
    entry["qChildren"].as_array().into_iter().flatten().try_for_each(check)
}

fn put(call: &mut Call<'_>, id: &str, entry: &Json) -> Result<(), EngineError> {
    let mut properties = entry["qProperty"].clone();
    let open = call.session.doc()?;
    properties["qInfo"] = open.object(id).ok_or_else(|| EngineError::not_found(id))?.info();
    open.set_properties(id, properties)?;
    call.session.changed(&Target::Object(id.to_owned()));
    let empty = Vec::new();
    let wanted = entry["qChildren"].as_array().unwrap_or(&empty);
    let id_of = |entry: &Json| entry["qProperty"]["qInfo"]["qId"].as_str().unwrap_or_default().to_owned();
    let known: Vec<String> = children(call.session.doc()?, id).into_iter().map(|child| child.id).collect();
    for gone in known.iter().filter(|child| !wanted.iter().any(|entry| id_of(entry) == **child)) {
        create::remove(call, gone)?;
    }
    for entry in wanted {
        let child = id_of(entry);
        let child = match known.contains(&child) {
            true => child,
            false => create::add_child(call.session, id, entry["qProperty"].clone())?.id,
        };
        put(call, &child, entry)?;
    }
    Ok(())
}
