//! Which types are pages of a list: those with `links.next` and one list of items.
//!
//! Where an answer has several lists and none is named `data`, an overlay says which one is meant: `x-qlik-paging` of the
//! operation is `{items: NAME}`. It is `false` for an operation that takes a page's number, yet answers with no page.

use serde_json::Value;

use crate::model::{Answer, Field, Kind, Operation, Page, TypeDef, TypeRef};

/// The pages among the types that operations answer with.
pub(super) fn pages(root: &Value, operations: &[Operation], types: &[TypeDef]) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for operation in operations {
        let Answer::Json(TypeRef::Named(name)) = &operation.answer else { continue };
        let paging = paging(root, operation);
        if paging == Some(&Value::Bool(false)) || pages.iter().any(|page| page.ty == *name) {
            continue;
        }
        let items = paging.and_then(|paging| paging.get("items")).and_then(Value::as_str);
        pages.extend(page(name, items, types));
    }
    pages
}

/// What an overlay says of an operation's paging.
fn paging<'a>(root: &'a Value, operation: &Operation) -> Option<&'a Value> {
    root.get("paths")?.get(&operation.path)?.get(operation.verb.to_lowercase())?.get("x-qlik-paging")
}

fn page(name: &str, items: Option<&str>, types: &[TypeDef]) -> Option<Page> {
    let fields = record(name, types)?;
    let links = field(fields, "links")?;
    let next = field(record(links.ty.present().names()?, types)?, "next")?;
    let mut way = vec![step(links), step(next)];
    match target(next.ty.present(), types) {
        TypeRef::Text => {}
        TypeRef::Named(link) => {
            let href = field(record(&link, types)?, "href")?;
            (target(href.ty.present(), types) == TypeRef::Text).then_some(())?;
            way.push(step(href));
        }
        _ => return None,
    }
    let lists = |field: &&Field| matches!(target(field.ty.present(), types), TypeRef::List(_));
    let items = match field(fields, items.unwrap_or("data")) {
        Some(named) => Some(named).filter(lists)?,
        None => {
            let mut all = fields.iter().filter(lists);
            all.next().filter(|_| all.next().is_none())?
        }
    };
    let TypeRef::List(item) = target(items.ty.present(), types) else { return None };
    Some(Page { ty: name.to_owned(), item: *item, items: step(items), next: way })
}

fn step(field: &Field) -> (String, bool) {
    (field.name.clone(), matches!(field.ty, TypeRef::Optional(_)))
}

fn field<'a>(fields: &'a [Field], wire: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.wire == wire)
}

fn record<'a>(name: &str, types: &'a [TypeDef]) -> Option<&'a [Field]> {
    match &types.iter().find(|def| def.name == name)?.kind {
        Kind::Record(fields) => Some(fields),
        Kind::Alias(TypeRef::Named(other)) => record(other, types),
        _ => None,
    }
}

/// What a type stands for, past other names for it.
fn target(ty: &TypeRef, types: &[TypeDef]) -> TypeRef {
    match ty {
        TypeRef::Named(name) => match types.iter().find(|def| def.name == *name).map(|def| &def.kind) {
            Some(Kind::Alias(inner)) => target(inner.present(), types),
            _ => ty.clone(),
        },
        other => other.clone(),
    }
}
