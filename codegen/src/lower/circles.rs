//! Types that hold themselves: boxes where a value would have no end, any JSON where a name would stand for itself.

use crate::model::{Kind, TypeDef, TypeRef};

/// Breaks every circle; the type space has boxed what it saw, but it takes unions for texts.
pub(super) fn break_circles(types: &mut [TypeDef]) {
    for index in 0..types.len() {
        if matches!(types[index].kind, Kind::Alias(_)) && leads_to(types, index, index, &mut Vec::new(), &through_names)
        {
            types[index].kind = Kind::Alias(anything_in(&types[index].kind));
        }
    }
    for index in 0..types.len() {
        for member in 0..members(&types[index].kind).len() {
            let held = members(&types[index].kind)
                .get(member)
                .and_then(|ty| by_value(ty))
                .and_then(|name| position(types, name));
            let circle =
                held.is_some_and(|held| held == index || leads_to(types, held, index, &mut Vec::new(), &held_names));
            if circle {
                put_in_box(&mut types[index].kind, member);
            }
        }
    }
}

/// Whether a type leads to another by the names that `next` gives.
fn leads_to<'a>(
    types: &'a [TypeDef],
    from: usize,
    to: usize,
    seen: &mut Vec<usize>,
    next: &impl Fn(&'a [TypeDef], usize) -> Vec<&'a str>,
) -> bool {
    let names = next(types, from).into_iter().filter_map(|name| position(types, name)).collect::<Vec<_>>();
    names.into_iter().any(|held| {
        held == to || {
            let new = !seen.contains(&held);
            new && {
                seen.push(held);
                leads_to(types, held, to, seen, next)
            }
        }
    })
}

fn position(types: &[TypeDef], name: &str) -> Option<usize> {
    types.iter().position(|def| def.name == name)
}

/// What another name stands for, lists and maps included: a type alias may not hold itself even there.
fn through_names(types: &[TypeDef], index: usize) -> Vec<&str> {
    match &types[index].kind {
        Kind::Alias(ty) => ty.names().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The types that a value of this type has inside itself, rather than on the heap.
fn held_names(types: &[TypeDef], index: usize) -> Vec<&str> {
    members(&types[index].kind).into_iter().filter_map(by_value).collect()
}

fn members(kind: &Kind) -> Vec<&TypeRef> {
    match kind {
        Kind::Record(fields) => fields.iter().map(|field| &field.ty).collect(),
        Kind::Union { types, .. } => types.iter().map(|(_, ty)| ty).collect(),
        Kind::Alias(ty) => vec![ty],
        Kind::OpenEnum(_) => Vec::new(),
    }
}

fn by_value(ty: &TypeRef) -> Option<&str> {
    match ty.present() {
        TypeRef::Named(name) => Some(name),
        _ => None,
    }
}

/// A member of a record ends where it is absent, so it becomes optional; a type of a union ends in another of its types.
fn put_in_box(kind: &mut Kind, member: usize) {
    let boxed = |ty: &TypeRef| TypeRef::Boxed(Box::new(ty.present().clone()));
    match kind {
        Kind::Record(fields) => {
            if let Some(field) = fields.get_mut(member) {
                field.ty = boxed(&field.ty).optional();
            }
        }
        Kind::Union { types, .. } => {
            if let Some((_, ty)) = types.get_mut(member) {
                *ty = boxed(ty);
            }
        }
        // The records and unions that it stands for hold the box.
        Kind::Alias(_) | Kind::OpenEnum(_) => {}
    }
}

/// The alias with any JSON in the place of the name.
fn anything_in(kind: &Kind) -> TypeRef {
    fn replaced(ty: &TypeRef) -> TypeRef {
        match ty {
            TypeRef::Named(_) => TypeRef::Any,
            TypeRef::List(of) => TypeRef::List(Box::new(replaced(of))),
            TypeRef::Map(of) => TypeRef::Map(Box::new(replaced(of))),
            TypeRef::Optional(of) => replaced(of).optional(),
            TypeRef::Boxed(of) => TypeRef::Boxed(Box::new(replaced(of))),
            scalar => scalar.clone(),
        }
    }
    match kind {
        Kind::Alias(ty) => replaced(ty),
        _ => TypeRef::Any,
    }
}
