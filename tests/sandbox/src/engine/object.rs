//! The methods of GenericObject: properties, layouts, data and selections.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::create;
use super::field::toggled;
use super::layout::layout;
use super::open::{Open, definition};
use super::patch::{self, Patch};
use super::rpc::{Call, EngineError, Method, Outcome};
use super::session::{Session, Target};
use crate::cube::{List, ListDef, Page, cube_pages, list_pages};
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
        open.recalculate_objects();
        call.session.changed(&Target::Object(id));
        Ok(json!({}))
    }),
    Method::new("GetInfo", &[], |call| Ok(json!({ "qInfo": this(call)?.info() }))),
    Method::new("GetHyperCubeData", &["qPath", "qPages"], cube_data),
    Method::new("GetListObjectData", &["qPath", "qPages"], list_data),
    Method::new(
        "SelectHyperCubeCells",
        &["qPath", "qRowIndices", "qColIndices", "qSoftLock?", "qDeselectOnlyOneSelected?"],
        select_cells,
    ),
    Method::new("SelectHyperCubeValues", &["qPath", "qDimNo", "qValues", "qToggleMode"], select_cube_values),
    Method::new("SelectListObjectValues", &["qPath", "qValues", "qToggleMode", "qSoftLock?"], select_list_values),
    Method::new("ClearSelections", &["qPath", "qColIndices?"], clear_selections),
    Method::new("CreateChild", &["qProp", "qPropForThis?"], create::child),
    Method::new("DestroyChild", &["qId", "qPropForThis?"], create::destroy_child),
    Method::new("GetChild", &["qId"], |call| {
        let (parent, id): (String, String) = (call.id().to_owned(), call.params.get("qId")?);
        let child = call.session.doc()?.object(&id).filter(|child| child.parent.as_deref() == Some(&parent));
        Ok(create::found(call.session, child))
    }),
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
    open.recalculate_objects();
    call.session.changed(&Target::Object(id));
    Ok(json!({}))
}

/// The pages asked for, within what one call may have.
fn pages(call: &Call<'_>) -> Result<Vec<Page>, EngineError> {
    let pages: Vec<Page> = call.params.get("qPages")?;
    if !Page::valid(&pages) {
        return Err(EngineError::parameter("qPages"));
    }
    match Page::too_many(&pages) {
        true => Err(EngineError::new(7009, "qPages")),
        false => Ok(pages),
    }
}

fn cube_data(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let pages = pages(call)?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let cube = open.cube(&id, &path)?;
    if cube.1.error.as_ref().is_some_and(|error| error.context.contains("mode")) {
        return Err(EngineError::new(4, path));
    }
    Ok(json!({ "qDataPages": cube_pages(&open.model, &cube.0, &cube.1, &pages) }))
}

fn list_def(open: &Open, id: &str, path: &str) -> Result<ListDef, EngineError> {
    let properties = open.effective(id)?;
    let definition = definition(&properties, path, "/qListObjectDef")?;
    serde_json::from_value(definition.clone()).map_err(|_| EngineError::parameter(path))
}

fn list_data(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let pages = pages(call)?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let def = list_def(open, &id, &path)?;
    let view = open.view();
    let list = List::calculate(&view, &def).map_err(|error| EngineError::new(error.code, error.context))?;
    Ok(json!({ "qDataPages": list_pages(&view, &def, &list, &pages) }))
}

/// Makes a change of the selections and, when something did change, tells who is concerned.
pub(super) fn change_selections(
    session: &mut Session,
    change: impl FnOnce(&mut Open) -> bool,
) -> Result<bool, EngineError> {
    let open = session.doc()?;
    let before = open.selections.clone();
    let success = change(open);
    if !success {
        open.selections = before;
    } else if open.selections != before {
        open.recalculate();
        session.selections_changed();
    }
    Ok(success)
}

/// The field of each dimension of the cube at a path; a list object has one.
fn fields(open: &mut Open, id: &str, path: &str) -> Result<Vec<usize>, EngineError> {
    if path.ends_with("/qListObjectDef") {
        let def = list_def(open, id, path)?;
        let list = List::calculate(&open.view(), &def);
        return list.map(|list| vec![list.field]).map_err(|error| EngineError::new(error.code, error.context));
    }
    let cube = open.cube(id, path)?;
    match &cube.1.error {
        Some(error) => Err(EngineError::new(error.code, error.context.clone())),
        None => Ok(cube.1.dimensions.iter().flatten().copied().collect()),
    }
}

fn select_cells(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let rows: Vec<usize> = call.params.get("qRowIndices")?;
    let columns: Vec<usize> = call.params.get("qColIndices")?;
    call.params.or_default::<bool>("qSoftLock")?;
    let deselect: bool = call.params.or_default("qDeselectOnlyOneSelected")?;
    let id = call.id().to_owned();
    let open = call.session.doc()?;
    let fields = fields(open, &id, &path)?;
    let cube = open.cube(&id, &path)?;
    // No rows or no columns named means all of them.
    let rows = if rows.is_empty() { (0..cube.1.rows.len()).collect() } else { rows };
    let columns = if columns.is_empty() { (0..fields.len()).collect() } else { columns };
    let mut wanted: Vec<(usize, BTreeSet<u32>)> = Vec::new();
    for column in columns {
        // A column of a measure has nothing to select.
        let Some(field) = fields.get(column) else { continue };
        let known = &open.model.fields[*field].values;
        let element = |row: &usize| cube.1.rows.get(*row)?.key.get(column).copied();
        let elements = rows.iter().filter_map(element).filter(|element| (*element as usize) < known.len());
        wanted.push((*field, elements.collect()));
    }
    if wanted.is_empty() || wanted.iter().any(|(_, values)| values.is_empty()) {
        return Ok(json!({ "qSuccess": false }));
    }
    let success = change_selections(call.session, |open| {
        wanted.into_iter().all(|(field, mut values)| {
            let same = open.selections.of(field).is_some_and(|selection| selection.values == values);
            if deselect && same && values.len() == 1 {
                values.clear();
            }
            open.selections.select(&open.model, field, values)
        })
    })?;
    Ok(json!({ "qSuccess": success }))
}

fn select_cube_values(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let dimension: usize = call.params.get("qDimNo")?;
    select_values(call, &path, dimension)
}

fn select_list_values(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    call.params.or_default::<bool>("qSoftLock")?;
    select_values(call, &path, 0)
}

fn select_values(call: &mut Call<'_>, path: &str, dimension: usize) -> Outcome {
    let elements: Vec<i64> = call.params.get("qValues")?;
    let toggle: bool = call.params.get("qToggleMode")?;
    let id = call.id().to_owned();
    let fields = fields(call.session.doc()?, &id, path)?;
    let field = *fields.get(dimension).ok_or_else(|| EngineError::parameter("qDimNo"))?;
    let values: Option<BTreeSet<u32>> = elements.iter().map(|element| u32::try_from(*element).ok()).collect();
    let success = change_selections(call.session, |open| match values {
        Some(values) => {
            let values = if toggle { toggled(open, field, values) } else { values };
            open.selections.select(&open.model, field, values)
        }
        None => false,
    })?;
    Ok(json!({ "qSuccess": success }))
}

fn clear_selections(call: &mut Call<'_>) -> Outcome {
    let path: String = call.params.get("qPath")?;
    let columns: Vec<usize> = call.params.or_default("qColIndices")?;
    let id = call.id().to_owned();
    let fields = fields(call.session.doc()?, &id, &path)?;
    change_selections(call.session, |open| {
        for (column, field) in fields.into_iter().enumerate() {
            if columns.is_empty() || columns.contains(&column) {
                // A locked field stays as it is.
                open.selections.select(&open.model, field, BTreeSet::new());
            }
        }
        true
    })?;
    Ok(json!({}))
}
