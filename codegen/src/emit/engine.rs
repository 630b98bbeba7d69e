//! Engine proxies: a struct for each class, a method for each method, a call struct where there are values to add.

use proc_macro2::TokenStream;
use quote::quote;

use super::{File, Scope, Text, constant, docs, ident, type_tokens, types};
use crate::model::{Class, Engine, Method, MethodParam, Returns, TypeRef};
use crate::names::{Scope as Names, pascal, shouty, snake};

/// The files of the Engine: an index, a file for each class, the calls, the types.
pub fn engine(engine: &Engine) -> Vec<File> {
    let note = format!("// generated from engine/qix.json, version {}; see `qlik-codegen explain`", engine.version);
    let head = |words: &str| vec![format!("//! {words}"), note.clone()];
    let mut files = Vec::new();
    let mut index = Text::new(&[]);
    for class in &engine.classes {
        let module = snake(&class.name);
        // The classes are public under their own names; the files are only where they stand.
        index.line(&format!("mod {module};\npub use {module}::{};", class.name));
        let mut text = Text::new(&head(&format!("The class `{}`.", class.name)));
        text.line(
            "#[allow(unused_imports)]\nuse super::{Handle, Proxy, RawReply, Reply, Rpc, RpcMethod, calls, types};",
        );
        class_struct(&mut text, class);
        files.push(File { path: format!("engine/{module}.rs"), text: text.0 });
    }
    index.line("pub mod calls;\npub mod types;");
    index.item(error_codes(&engine.errors));
    files.push(File { path: "engine/mod.rs".to_owned(), text: index.0 });

    let mut calls = Text::new(&head("Engine calls that have values to add before they are sent."));
    for class in &engine.classes {
        for method in class.methods.iter().filter(|method| has_options(method)) {
            call_struct(&mut calls, class, method);
        }
    }
    files.push(File { path: "engine/calls.rs".to_owned(), text: calls.0 });

    let mut text =
        Text::new(&head("Types of the Engine, under the schema's names; fields are named without their `q`."));
    text.line("use crate::record::{Extra, open_enum, record};");
    types::types(&mut text, &engine.types);
    files.push(File { path: "engine/types.rs".to_owned(), text: text.0 });
    files
}

fn class_struct(text: &mut Text, class: &Class) {
    let name = ident(&class.name);
    let wire = &class.name;
    let words = docs::attributes(&class.docs);
    text.item(quote! {
        #words
        #[derive(Clone, Debug)]
        pub struct #name(Handle);
    });
    text.item(quote! {
        impl Proxy for #name {
            const CLASS: &'static str = #wire;
            fn new(handle: Handle) -> Self { Self(handle) }
            fn handle(&self) -> &Handle { &self.0 }
        }
    });
    text.item(quote! {
        impl Reply for #name {
            fn from_reply(reply: RawReply) -> crate::Result<Self> { super::object(&reply) }
        }
    });
    let methods = class.methods.iter().map(|method| method_tokens(class, method));
    text.item(quote!(impl #name { #(#methods)* }));
    for method in &class.methods {
        let (constant, method_wire) = (constant(&method.name), &method.wire);
        let out = match &method.returns {
            Returns::Value { out, .. } => quote!(.out(#out)),
            Returns::Object { .. } => quote!(.object()),
            Returns::Nothing | Returns::Values { .. } => TokenStream::new(),
        };
        text.item(quote!(static #constant: RpcMethod = RpcMethod::new(#wire, #method_wire) #out;));
    }
}

fn has_options(method: &Method) -> bool {
    method.params.iter().any(|param| !param.required)
}

fn call_name(class: &Class, method: &Method) -> String {
    format!("{}{}", class.name, pascal(&method.name))
}

/// The type that a method gives, seen from the module of its class.
fn returned(returns: &Returns, prefix: &TokenStream) -> TokenStream {
    match returns {
        Returns::Nothing => quote!(()),
        Returns::Value { ty, .. } => in_types(ty, prefix),
        Returns::Values { ty } => {
            let ty = ident(ty);
            quote!(#prefix types::#ty)
        }
        Returns::Object { class } => {
            let class = ident(class);
            quote!(super::#class)
        }
    }
}

fn in_types(ty: &TypeRef, prefix: &TokenStream) -> TokenStream {
    let scope = if prefix.is_empty() { Scope::Api } else { Scope::Calls };
    type_tokens(ty, scope)
}

fn method_tokens(class: &Class, method: &Method) -> TokenStream {
    let (name, constant) = (ident(&method.name), constant(&method.name));
    let none = TokenStream::new();
    let words = docs::attributes(&method.docs);
    let mut facts = if method.docs.is_empty() { Vec::new() } else { vec![String::new()] };
    facts.push(format!("`{}.{}`", class.name, method.wire));
    if method.deprecated {
        facts.extend([String::new(), "Deprecated by Qlik.".to_owned()]);
    }
    let facts = docs::marked(&facts);
    let alias = &method.wire;
    let required: Vec<&MethodParam> = method.params.iter().filter(|param| param.required).collect();
    let arguments = required.iter().map(|param| argument(param, &none));
    let steps = required.iter().map(|param| step(param));
    let many = (required.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let (ty, body) = if has_options(method) {
        let call = ident(&call_name(class, method));
        (quote!(calls::#call), quote!(calls::#call(self.0.rpc(&#constant) #(#steps)*)))
    } else {
        let ty = returned(&method.returns, &none);
        (quote!(Rpc<#ty>), quote!(self.0.rpc(&#constant) #(#steps)*))
    };
    quote! {
        #words #facts #many
        #[doc(alias = #alias)]
        pub fn #name(&self, #(#arguments),*) -> #ty { #body }
    }
}

fn argument(param: &MethodParam, prefix: &TokenStream) -> TokenStream {
    let name = ident(&param.name);
    match &param.ty {
        TypeRef::Text => quote!(#name: impl Into<String>),
        TypeRef::Bool | TypeRef::Int | TypeRef::Float => {
            let ty = in_types(&param.ty, prefix);
            quote!(#name: #ty)
        }
        TypeRef::List(item) => {
            let item = in_types(item, prefix);
            quote!(#name: &[#item])
        }
        other => {
            let ty = in_types(other, prefix);
            quote!(#name: &#ty)
        }
    }
}

fn step(param: &MethodParam) -> TokenStream {
    let (wire, name) = (&param.wire, ident(&param.name));
    match &param.ty {
        TypeRef::Text => quote!(.arg(#wire, &#name.into())),
        TypeRef::Bool | TypeRef::Int | TypeRef::Float => quote!(.arg(#wire, &#name)),
        TypeRef::List(_) => quote!(.arg(#wire, &#name.to_vec())),
        _ => quote!(.arg(#wire, #name)),
    }
}

fn call_struct(text: &mut Text, class: &Class, method: &Method) {
    let name = ident(&call_name(class, method));
    let prefix = quote!(super::);
    let answer = returned(&method.returns, &prefix);
    let words = format!(" The call of [`{0}::{1}`](super::{0}::{1}).", class.name, method.name);
    text.item(quote! {
        #[doc = #words]
        #[derive(Debug)]
        #[must_use = "a call is sent when it is awaited"]
        pub struct #name(pub(super) super::Rpc<#answer>);
    });
    let setters = method.params.iter().filter(|param| !param.required).map(|param| {
        let words = match param.docs.is_empty() {
            true => docs::marked(&[format!("Sets `{}`.", param.wire)]),
            false => docs::attributes(&param.docs),
        };
        let (setter, argument, step) = (ident(&param.name), argument(param, &prefix), step(param));
        quote! {
            #words
            pub fn #setter(mut self, #argument) -> Self {
                self.0 = self.0 #step;
                self
            }
        }
    });
    text.item(quote! {
        impl #name {
            #(#setters)*
            /// The call itself, for what every call can be told.
            pub fn call(self) -> super::Rpc<#answer> { self.0 }
        }
    });
    text.item(quote! {
        impl IntoFuture for #name {
            type Output = crate::Result<#answer>;
            type IntoFuture = <super::Rpc<#answer> as IntoFuture>::IntoFuture;
            fn into_future(self) -> Self::IntoFuture { self.0.into_future() }
        }
    });
}

/// The Engine's error codes as constants.
fn error_codes(errors: &[(String, i64)]) -> TokenStream {
    let mut names = Names::default();
    let constants = errors.iter().map(|(name, code)| {
        let constant = constant(&names.claim(&shouty(name.strip_prefix("LOCERR_").unwrap_or(name))));
        let words = format!(" `{name}`");
        quote!(#[doc = #words] #[doc(alias = #name)] pub const #constant: i64 = #code;)
    });
    quote! {
        /// Codes of the Engine's errors, by name; compare with [`EngineError::code`](crate::error::EngineError::code).
        pub mod error_codes { #(#constants)* }
    }
}
