//! A list of every generated type and where it is used, for tests: no part of the crate, included by whoever defines
//! the macro `each_type!`.

use std::fmt::Write as _;

use super::{File, Scope, type_tokens};
use crate::model::{Answer, Api, Body, Class, Engine, Method, Operation, PartKind, Returns, TypeDef, TypeRef};
use crate::names::snake;

/// One call of `each_type!`: per document its name, the module of its types, and rows of a place in the document, the
/// part of that place and the type. `"schema" "Space" Space;`, `"GET /api/v1/spaces" "answer" Spaces;`,
/// `"Doc.GetField" "in qFieldName" String;`.
pub fn table(apis: &[Api], engine: Option<&Engine>) -> File {
    let mut text = String::from("// generated: every type and where it is used, for tests\neach_type! {\n");
    for api in apis {
        let module = format!("qlik::rest::{}::types", snake(&api.name));
        let rows = schemas(&api.types).chain(api.operations.iter().flat_map(operation)).collect();
        document(&mut text, &format!("rest/{}", api.name), &module, rows);
    }
    if let Some(engine) = engine {
        let methods = engine.classes.iter().flat_map(|class| class.methods.iter().flat_map(|one| method(class, one)));
        let rows = schemas(&engine.types).chain(methods).collect();
        document(&mut text, "engine/qix", "qlik::engine::types", rows);
    }
    text.push_str("}\n");
    File { path: "types.rs".to_owned(), text }
}

struct Row {
    place: String,
    part: String,
    ty: TypeRef,
}

fn document(text: &mut String, name: &str, module: &str, rows: Vec<Row>) {
    let _ = writeln!(text, "    {name:?} {module} [");
    for Row { place, part, ty } in rows {
        let ty = type_tokens(&ty, Scope::Types).to_string().replace(' ', "");
        let _ = writeln!(text, "        {place:?} {part:?} {ty};");
    }
    text.push_str("    ]\n");
}

fn schemas(types: &[TypeDef]) -> impl Iterator<Item = Row> {
    types.iter().map(|def| Row {
        place: "schema".to_owned(),
        part: def.wire.clone(),
        ty: TypeRef::Named(def.name.clone()),
    })
}

fn operation(operation: &Operation) -> Vec<Row> {
    let row = |part: &str, ty: &TypeRef| Row {
        place: format!("{} {}", operation.verb, operation.path),
        part: part.to_owned(),
        ty: ty.clone(),
    };
    let mut rows = Vec::new();
    match &operation.body {
        Body::Json { ty, .. } | Body::Form { ty, .. } => rows.push(row("body", ty)),
        Body::Multipart { parts } => rows.extend(parts.iter().filter_map(|part| match &part.kind {
            PartKind::Json(ty) | PartKind::Text(ty) => Some(row(&format!("part {}", part.wire), ty)),
            PartKind::File => None,
        })),
        Body::Bytes { .. } | Body::None => {}
    }
    if let Answer::Json(ty) = &operation.answer {
        rows.push(row("answer", ty));
    }
    rows
}

fn method(class: &Class, method: &Method) -> Vec<Row> {
    let place = format!("{}.{}", class.name, method.wire);
    let row = |part: String, ty: &TypeRef| Row { place: place.clone(), part, ty: ty.clone() };
    let mut rows: Vec<Row> = method.params.iter().map(|param| row(format!("in {}", param.wire), &param.ty)).collect();
    match &method.returns {
        Returns::Value { out, ty } => rows.push(row(format!("out {out}"), ty)),
        Returns::Values { ty } => rows.push(row("result".to_owned(), &TypeRef::Named(ty.clone()))),
        // An object is made of `qReturn` by the runtime.
        Returns::Object { .. } | Returns::Nothing => {}
    }
    rows
}
