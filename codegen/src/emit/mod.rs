//! From the model to Rust text. Nothing is decided here: emitting names, documents and delegates.

mod calls;
mod docs;
mod engine;
mod rest;
mod table;
mod types;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::model::TypeRef;
use crate::names::shouty;

pub use calls::calls;
pub use engine::engine;
pub use rest::{api, index};
pub use table::table;

/// A file of the generated code, by its path below the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub text: String,
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// The name of a static: one that starts with a digit, or has no letter, is marked.
fn constant(name: &str) -> Ident {
    let name = shouty(name);
    let marked = name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit());
    ident(&if marked { format!("_{name}_").replace("__", "_") } else { name })
}

/// Where a named type is seen from.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// The module `types` itself.
    Types,
    /// The module around it.
    Api,
    /// The module `calls` beside it.
    Calls,
}

fn type_tokens(ty: &TypeRef, scope: Scope) -> TokenStream {
    match ty {
        TypeRef::Text => quote!(String),
        TypeRef::Bool => quote!(bool),
        TypeRef::Int => quote!(i64),
        TypeRef::Float => quote!(f64),
        TypeRef::Any => quote!(serde_json::Value),
        TypeRef::Named(name) => {
            let name = ident(name);
            match scope {
                Scope::Types => quote!(#name),
                Scope::Api => quote!(types::#name),
                Scope::Calls => quote!(super::types::#name),
            }
        }
        TypeRef::List(item) => {
            let item = type_tokens(item, scope);
            quote!(Vec<#item>)
        }
        TypeRef::Map(value) => {
            let value = type_tokens(value, scope);
            quote!(std::collections::BTreeMap<String, #value>)
        }
        TypeRef::Optional(inner) => {
            let inner = type_tokens(inner, scope);
            quote!(Option<#inner>)
        }
        TypeRef::Boxed(inner) => {
            let inner = type_tokens(inner, scope);
            quote!(Box<#inner>)
        }
    }
}

/// Items as formatted text, a blank line between them.
struct Text(String);

impl Text {
    fn new(head: &[String]) -> Self {
        let mut text = String::new();
        for line in head {
            text.push_str(line);
            text.push('\n');
        }
        Text(text)
    }

    /// Adds an item; the tokens are ours, so a parse failure is a mistake in this module, and the build should show it.
    fn item(&mut self, tokens: TokenStream) {
        let formatted = match syn::parse2::<syn::File>(tokens.clone()) {
            Ok(file) => prettyplease::unparse(&file),
            Err(_) => tokens.to_string(),
        };
        self.line(formatted.trim_end());
    }

    fn line(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }
}
