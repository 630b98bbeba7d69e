//! The methods of GenericVariable, and the Doc's methods that make and find variables.

use serde_json::{Value as Json, json};

use super::open::Open;
use super::rpc::{Call, EngineError, Method, Outcome, nothing};
use super::session::Target;
use super::state::DEFAULT;
use crate::cube::{Datum, View, number_json};
use crate::tenant::Variable;

pub(super) const METHODS: &[Method] = &[
    Method::new("GetLayout", &[], layout),
    Method::new("GetProperties", &[], |call| Ok(json!({ "qProp": this(call)?.properties }))),
    Method::new("GetInfo", &[], |call| Ok(json!({ "qInfo": this(call)?.properties["qInfo"] }))),
    Method::new("GetRawContent", &[], |call| Ok(json!({ "qReturn": this(call)?.definition() }))),
    Method::new("SetProperties", &["qProp"], |call| {
        let mut properties: Json = call.params.get("qProp")?;
        if !properties.is_object() || !properties["qName"].is_string() {
            return Err(EngineError::parameter("qProp"));
        }
        set(call, |kept| {
            properties["qInfo"] = kept["qInfo"].clone();
            *kept = properties;
        })
    }),
    Method::new("SetStringValue", &["qVal"], |call| {
        let text: String = call.params.get("qVal")?;
        set(call, |kept| kept["qDefinition"] = json!(text))
    }),
    Method::new("SetNumValue", &["qVal"], |call| {
        let number: f64 = call.params.get("qVal")?;
        set(call, |kept| kept["qDefinition"] = json!(Datum::Number(number).text()))
    }),
];

fn this(call: &mut Call<'_>) -> Result<Variable, EngineError> {
    let id = call.id().to_owned();
    let found = call.session.doc()?.variable(|variable| variable.id == id);
    found.ok_or_else(|| EngineError::not_found(id))
}

fn set(call: &mut Call<'_>, change: impl FnOnce(&mut Json)) -> Outcome {
    let id = call.id().to_owned();
    call.session.doc()?.set_variable(&id, change)?;
    call.session.changed(&Target::Variable(id));
    told(call)?;
    Ok(json!({}))
}

/// What is calculated with variables is calculated anew.
fn told(call: &mut Call<'_>) -> Result<(), EngineError> {
    call.session.doc()?.recalculate();
    call.session
        .objects_changed(|properties| Open::shows_data(properties) || properties.get("qVariableListDef").is_some());
    Ok(())
}

fn layout(call: &mut Call<'_>) -> Outcome {
    let variable = this(call)?;
    let value = value(&call.session.doc()?.view(DEFAULT)?, variable.definition());
    Ok(json!({ "qLayout": {
        "qInfo": variable.properties["qInfo"],
        "qMeta": { "privileges": ["read", "update", "delete", "exportdata"] },
        "qText": value.text(),
        "qNum": number_json(value.number()),
    } }))
}

/// The value of a variable: calculated when its definition begins with `=`, else as it stands.
fn value(view: &View<'_>, definition: &str) -> Datum {
    if definition.trim_start().starts_with('=') {
        return view.value(definition).unwrap_or(Datum::Null);
    }
    match definition.trim().parse::<f64>() {
        Ok(num) if num.is_finite() => Datum::Value(crate::model::Value { text: definition.to_owned(), num }),
        _ => Datum::Value(crate::model::Value { text: definition.to_owned(), num: f64::NAN }),
    }
}

/// Makes a variable, of the session or of the app.
pub(super) fn create(call: &mut Call<'_>, of_session: bool) -> Outcome {
    let mut properties: Json = call.params.get("qProp")?;
    let name = properties.get("qName").and_then(Json::as_str).unwrap_or_default().to_owned();
    if !properties.is_object() || name.is_empty() {
        return Err(EngineError::parameter("qProp.qName"));
    }
    if call.session.doc()?.variable(|variable| variable.name() == name).is_some() {
        return Err(EngineError::new(3, name));
    }
    let asked = properties.pointer("/qInfo/qId").and_then(Json::as_str).filter(|id| !id.is_empty());
    let id = asked.map_or_else(|| call.session.ids.uuid(), str::to_owned);
    properties["qInfo"] = json!({ "qId": id, "qType": "variable" });
    let info = properties["qInfo"].clone();
    let variable = Variable { id: id.clone(), properties };
    let open = call.session.doc()?;
    if of_session {
        open.variables.push(variable);
    } else {
        open.app_mut(|app| app.variables.push(variable))?;
    }
    told(call)?;
    let mut answer = found(call, Some(id));
    if !of_session {
        answer["qInfo"] = info;
    }
    Ok(answer)
}

/// A variable as an object, or what stands for none.
pub(super) fn found(call: &mut Call<'_>, id: Option<String>) -> Json {
    let Some(id) = id else { return nothing() };
    let handle = call.session.handle_of(Target::Variable(id.clone()));
    json!({ "qReturn": {
        "qType": "GenericVariable", "qHandle": handle, "qGenericType": "variable", "qGenericId": id,
    } })
}

/// Takes a variable away, of the session or of the app.
pub(super) fn destroy(call: &mut Call<'_>, of_session: bool) -> Outcome {
    let id: String = call.params.get("qId")?;
    let gone = |variables: &mut Vec<Variable>| {
        let before = variables.len();
        variables.retain(|variable| variable.id != id);
        variables.len() < before
    };
    let open = call.session.doc()?;
    let success = if of_session { gone(&mut open.variables) } else { open.app_mut(|app| gone(&mut app.variables))? };
    if success {
        call.session.close(&Target::Variable(id));
        told(call)?;
    }
    Ok(json!({ "qSuccess": success }))
}
