//! The methods of Doc that have to do with selections, alternate states, bookmarks and master items.

use serde_json::{Value as Json, json};

use super::rpc::{Call, Method, Outcome};
use super::session::Target;
use super::{bookmark, layout, library, select};
use crate::model::Selections;
use crate::tenant::Entity;

pub(super) const METHODS: &[Method] = &[
    Method::new("ClearAll", &["qLockedAlso?", "qStateName?"], |call| {
        let locked_too: bool = call.params.or_default("qLockedAlso")?;
        change(call, |selections| selections.clear(locked_too, None))
    }),
    Method::new("LockAll", &["qStateName?"], |call| change(call, |selections| selections.lock_all(true))),
    Method::new("UnlockAll", &["qStateName?"], |call| change(call, |selections| selections.lock_all(false))),
    Method::new("Back", &[], |call| step(call, true)),
    Method::new("Forward", &[], |call| step(call, false)),
    Method::new("BackCount", &[], |call| Ok(json!({ "qReturn": call.session.doc()?.selected.steps().0 }))),
    Method::new("ForwardCount", &[], |call| Ok(json!({ "qReturn": call.session.doc()?.selected.steps().1 }))),
    Method::new("ClearUndoBuffer", &[], |call| {
        call.session.doc()?.selected.forget();
        Ok(json!({}))
    }),
    Method::new("AddAlternateState", &["qStateName"], |call| states(call, true)),
    Method::new("RemoveAlternateState", &["qStateName"], |call| states(call, false)),
    Method::new("CreateBookmark", &["qProp"], bookmark::create),
    Method::new("GetBookmark", &["qId"], |call| library::get(call, Entity::Bookmark)),
    Method::new("ApplyBookmark", &["qId"], bookmark::apply_by_id),
    Method::new("DestroyBookmark", &["qId"], |call| library::destroy(call, Entity::Bookmark)),
    Method::new("GetBookmarks", &["qOptions"], |call| {
        let options: Json = call.params.get("qOptions")?;
        Ok(json!({ "qList": layout::items(call.session.doc()?, Entity::Bookmark, &options)?["qItems"] }))
    }),
    Method::new("CreateDimension", &["qProp"], |call| library::create(call, Entity::Dimension, Json::Null)),
    Method::new("GetDimension", &["qId"], |call| library::get(call, Entity::Dimension)),
    Method::new("DestroyDimension", &["qId"], |call| library::destroy(call, Entity::Dimension)),
    Method::new("CreateMeasure", &["qProp"], |call| library::create(call, Entity::Measure, Json::Null)),
    Method::new("GetMeasure", &["qId"], |call| library::get(call, Entity::Measure)),
    Method::new("DestroyMeasure", &["qId"], |call| library::destroy(call, Entity::Measure)),
];

fn change(call: &mut Call<'_>, change: impl FnOnce(&mut Selections)) -> Outcome {
    let state: String = call.params.or_default("qStateName")?;
    select::change(call.session, &state, |_, selections| {
        change(selections);
        true
    })?;
    Ok(json!({}))
}

fn step(call: &mut Call<'_>, back: bool) -> Outcome {
    let open = call.session.doc()?;
    if open.selected.step(back) {
        open.recalculate();
        call.session.selections_changed();
    }
    Ok(json!({}))
}

fn states(call: &mut Call<'_>, add: bool) -> Outcome {
    let name: String = call.params.get("qStateName")?;
    let open = call.session.doc()?;
    if add {
        open.selected.add(&name)?
    } else {
        open.selected.remove(&name)?
    }
    open.recalculate();
    call.session.changed(&Target::Doc);
    call.session.selections_changed();
    Ok(json!({}))
}
