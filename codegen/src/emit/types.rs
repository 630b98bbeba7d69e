//! Types: plain structs and enums, each with one line that tells the runtime its wire names.

use std::fmt::Write as _;

use proc_macro2::TokenStream;
use quote::quote;

use super::docs::{self, Doc, Links};
use super::{Scope, Text, ident, type_tokens};
use crate::model::{Field, Kind, Tag, TypeDef, TypeRef, Variant};

/// Adds all types to a file.
pub(super) fn types(text: &mut Text, types: &[TypeDef], links: &Links) {
    for def in types {
        one(text, def, links);
    }
}

fn one(text: &mut Text, def: &TypeDef, links: &Links) {
    let name = ident(&def.name);
    let mut words = Doc::new(links).words(&def.docs);
    if def.docs.is_empty() || def.wire != def.name {
        words = words.marked(&format!("Qlik's `{}`.", def.wire));
    }
    let words = words.attributes();
    let alias = doc_alias(&def.wire, &def.name);
    match &def.kind {
        Kind::Alias(target) => {
            let target = type_tokens(target, Scope::Types);
            text.item(quote!(#words #alias pub type #name = #target;));
        }
        Kind::Record(fields) => {
            let members = fields.iter().map(|of| field(of, links));
            text.item(quote! {
                #words
                #alias
                pub struct #name {
                    #(#members)*
                    #[doc = " Members that the description does not list, and values that fit no field."]
                    pub extra: Extra,
                }
            });
            text.line(&record_table(&def.name, fields));
        }
        Kind::OpenEnum(variants) => {
            let listed = variants.iter().map(|variant| {
                let name = ident(&variant.name);
                let words = Doc::new(links).words(&variant.docs).marked(&format!("`{}`", variant.wire)).attributes();
                let alias = doc_alias(&variant.alias, &variant.name);
                quote!(#words #alias #name,)
            });
            text.item(quote! {
                #words
                #alias
                #[non_exhaustive]
                pub enum #name {
                    #(#listed)*
                    #[doc = " A value that the description does not list."]
                    Unrecognized(String),
                }
            });
            text.line(&enum_table(&def.name, variants));
        }
        Kind::Union { tag, types } => {
            let held = types.iter().map(|(variant, ty)| {
                let (name, ty) = (ident(variant), type_tokens(ty, Scope::Types));
                quote!(#[allow(missing_docs)] #name(#ty),)
            });
            text.item(quote! {
                #words
                #alias
                #[allow(clippy::large_enum_variant)]
                #[derive(Clone, Debug, PartialEq)]
                #[non_exhaustive]
                pub enum #name {
                    #(#held)*
                    #[doc = " A value that is none of these types."]
                    Unrecognized(serde_json::Value),
                }
            });
            text.line(&union_table(&def.name, tag.as_ref(), types));
        }
    }
}

fn field(field: &Field, links: &Links) -> TokenStream {
    let (name, ty) = (ident(&field.name), type_tokens(&field.ty, Scope::Types));
    let mut words = Doc::new(links).words(&field.docs);
    words = match field.docs.is_empty() {
        true => words.marked(&format!("`{}`", field.wire)),
        false if field.wire != field.name => words.wire(&field.wire),
        false => words,
    };
    let words = words.attributes();
    let alias = doc_alias(&field.wire, &field.name);
    let deprecated = docs::deprecated(field.deprecated.then_some("deprecated by Qlik"));
    quote!(#words #alias #deprecated pub #name: #ty,)
}

/// Lets a search for the wire name find the item.
fn doc_alias(wire: &str, name: &str) -> TokenStream {
    // rustdoc takes no alias with quotes or spaces at its ends, nor one that is the name itself.
    let fit = !wire.is_empty() && wire != name && wire.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c));
    if fit { quote!(#[doc(alias = #wire)]) } else { TokenStream::new() }
}

fn record_table(name: &str, fields: &[Field]) -> String {
    let row = |(index, field): (usize, &Field)| {
        // said outright where it can be: a call costs the compiler more
        let start = if matches!(field.ty, TypeRef::Optional(_)) { "None" } else { "Default::default()" };
        format!("{index} {} {:?} {start}", field.name, field.wire)
    };
    let rows: Vec<String> = fields.iter().enumerate().map(row).collect();
    table("record", name, &rows)
}

fn enum_table(name: &str, variants: &[Variant]) -> String {
    let row = |(index, variant): (usize, &Variant)| {
        format!("{index} {} {:?} {:?}", variant.name, variant.wire, variant.alias)
    };
    let rows: Vec<String> = variants.iter().enumerate().map(row).collect();
    table("open_enum", name, &rows)
}

fn union_table(name: &str, tag: Option<&Tag>, types: &[(String, TypeRef)]) -> String {
    let (member, values) = tag.map_or(("", &[][..]), |tag| (tag.member.as_str(), &tag.values[..]));
    let values: Vec<String> = values.iter().map(|(value, index)| format!("{value:?} {index}")).collect();
    let mut rows = vec![format!("{member:?} [{}]", values.join(", "))];
    for (index, (variant, ty)) in types.iter().enumerate() {
        let ty = type_tokens(ty, Scope::Types).to_string().replace(' ', "");
        rows.push(format!("{index} {variant}({ty})"));
    }
    table("union", name, &rows)
}

/// A macro call, its rows filled into lines.
fn table(macro_name: &str, name: &str, rows: &[String]) -> String {
    let one_line = format!("{macro_name}!({});", [&[name.to_owned()], rows].concat().join(", "));
    if one_line.len() <= 116 {
        return one_line;
    }
    let mut text = format!("{macro_name}!(\n    {name},");
    let mut column = usize::MAX;
    for row in rows {
        if column.saturating_add(row.len()) > 110 {
            text.push_str("\n   ");
            column = 4;
        }
        let _ = write!(text, " {row},");
        column += row.len() + 2;
    }
    text.push_str("\n);");
    text
}
