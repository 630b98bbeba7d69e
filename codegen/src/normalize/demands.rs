//! What a record demands: members that exist, may not be null and can be given. Everything else may be absent.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::walk::{component_of, each_below, each_operation, follow, in_use, reach, schemas_mut};

/// Which ways a record goes: a member of one way only is demanded where it goes no other.
#[derive(Clone, Copy)]
struct Ways {
    sent: bool,
    received: bool,
}

pub(super) fn settle(root: &mut Value) {
    let original = root.clone();
    let (sent, received) = (reached(&original, "requestBody"), reached(&original, "responses"));
    for (name, schema) in schemas_mut(root).into_iter().flatten() {
        let ways = Ways { sent: sent.contains(name), received: received.contains(name) };
        each_below(schema, &mut |schema| demand(schema, ways, &original));
    }
    each_operation(root, |_, _, operation| {
        for (key, part) in operation.iter_mut() {
            let ways = Ways { sent: key == "requestBody", received: key == "responses" };
            let mut schemas = Vec::new();
            in_use(part, &mut schemas);
            for schema in schemas {
                each_below(schema, &mut |schema| demand(schema, ways, &original));
            }
        }
    });
}

/// The components that this part of any operation leads to.
fn reached(original: &Value, part: &str) -> BTreeSet<String> {
    let mut copy = original.clone();
    let mut open = Vec::new();
    each_operation(&mut copy, |_, _, operation| {
        let mut schemas = Vec::new();
        operation.get_mut(part).into_iter().for_each(|part| in_use(part, &mut schemas));
        for schema in schemas {
            each_below(schema, &mut |schema| open.extend(component_of(schema).map(str::to_owned)));
        }
    });
    schemas_mut(&mut copy).map(|components| reach(components, open)).unwrap_or_default()
}

fn demand(schema: &mut Value, ways: Ways, original: &Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    let Some(Value::Array(names)) = schema.remove("required") else { return };
    let Some(Value::Object(members)) = schema.get("properties") else { return };
    let mut demanded: Vec<Value> = Vec::new();
    for name in names {
        let Some(member) = name.as_str().and_then(|name| members.get(name)) else { continue };
        if !demanded.contains(&name) && !may_lack(member, ways, original) {
            demanded.push(name);
        }
    }
    if !demanded.is_empty() {
        schema.insert("required".to_owned(), Value::Array(demanded));
    }
}

fn may_lack(member: &Value, ways: Ways, original: &Value) -> bool {
    let target = follow(original, member);
    let flag = |key: &str| [member, target].iter().any(|schema| schema.get(key) == Some(&Value::Bool(true)));
    flag("nullable") || (flag("readOnly") && ways.sent) || (flag("writeOnly") && ways.received)
}

/// A component that may be null says so where it is used: the type itself is what it is when it is there.
pub(super) fn spread_null(root: &mut Value) {
    let Some(schemas) = schemas_mut(root) else { return };
    let original: Map<String, Value> = schemas.clone();
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        schema.remove("nullable");
    }
    super::walk::each_schema(root, |schema| {
        let mut name = component_of(schema);
        for _ in 0..64 {
            let Some(target) = name.and_then(|name| original.get(name)) else { return };
            if target.get("nullable") == Some(&Value::Bool(true)) {
                break;
            }
            name = component_of(target);
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("nullable".to_owned(), true.into());
        }
    });
}
