//! Engine proxies: a struct for each class, a method for each method, a call struct where there are values to add.

use proc_macro2::TokenStream;
use quote::quote;

use super::docs::{self, Doc, Links};
use super::{File, Scope, Text, constant, ident, type_tokens, types};
use crate::model::{Class, Engine, Method, MethodParam, Returns, TypeRef};
use crate::names::{Scope as Names, pascal, shouty, snake};

/// The files of the Engine: an index, a file for each class, the calls, the types.
pub fn engine(engine: &Engine) -> Vec<File> {
    let note = format!("// generated from engine/qix.json, version {}; see `qlik-codegen explain`", engine.version);
    let head = |words: &str| vec![format!("//! {words}"), note.clone()];
    let mut files = Vec::new();
    let mut index = Text::new(&[]);
    let links = &links(engine);
    for class in &engine.classes {
        let module = snake(&class.name);
        // The classes are public under their own names; the files are only where they stand.
        index.line(&format!("mod {module};\npub use {module}::{};", class.name));
        let mut text = Text::new(&head(&format!("The class `{}`.", class.name)));
        text.line("#![allow(deprecated)]");
        text.line(
            "#[allow(unused_imports)]\nuse super::{Handle, Proxy, RawReply, Reply, Rpc, RpcMethod, calls, types};",
        );
        class_struct(&mut text, class, links);
        files.push(File { path: format!("engine/{module}.rs"), text: text.0 });
    }
    index.line("pub mod calls;\npub mod types;");
    index.item(error_codes(&engine.errors));
    files.push(File { path: "engine/mod.rs".to_owned(), text: index.0 });

    let mut calls = Text::new(&head("Engine calls that have values to add before they are sent."));
    for class in &engine.classes {
        for method in class.methods.iter().filter(|method| has_options(method)) {
            call_struct(&mut calls, class, method, links);
        }
    }
    files.push(File { path: "engine/calls.rs".to_owned(), text: calls.0 });

    let mut text =
        Text::new(&head("Types of the Engine, under the schema's names; fields are named without their `q`."));
    // Words name types of the same file by their whole path, as those of any other.
    text.line(
        "#![allow(deprecated, rustdoc::redundant_explicit_links)]\nuse crate::record::{Extra, open_enum, record};",
    );
    types::types(&mut text, &engine.types, links);
    files.push(File { path: "engine/types.rs".to_owned(), text: text.0 });
    files
}

/// What the words of the Engine may name: its types, its classes, and methods as `Class.Method`.
fn links(engine: &Engine) -> Links {
    let mut links = Links::default();
    for class in &engine.classes {
        links.add(&class.name, format!("crate::engine::{}", class.name));
        for method in &class.methods {
            let path = format!("crate::engine::{}::{}", class.name, method.name);
            links.add(&format!("{}.{}", class.name, method.wire), &path);
            links.add(&format!("{}::{}", class.name, method.name), path);
        }
    }
    for def in &engine.types {
        let path = format!("crate::engine::types::{}", def.name);
        links.add(&def.name, &path);
        links.add(&def.wire, path);
    }
    links
}

fn class_struct(text: &mut Text, class: &Class, links: &Links) {
    let name = ident(&class.name);
    let wire = &class.name;
    let words = Doc::new(links).words(&class.docs).attributes();
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
    let methods = class.methods.iter().map(|method| method_tokens(class, method, links));
    text.item(quote!(impl #name { #(#methods)* }));
}

/// A call without its parameters.
fn bare_call(class: &Class, method: &Method) -> TokenStream {
    let (class, name) = (&class.name, &method.wire);
    let out = match &method.returns {
        Returns::Value { out, .. } => quote!(.out(#out)),
        Returns::Object { .. } => quote!(.object()),
        Returns::Nothing | Returns::Values { .. } => TokenStream::new(),
    };
    quote!(self.0.rpc(RpcMethod::new(#class, #name) #out))
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

fn method_docs(class: &Class, method: &Method, links: &Links) -> TokenStream {
    let mut doc = Doc::new(links).words(&method.docs);
    let required = method.params.iter().filter(|param| param.required);
    doc = doc.list("Takes:", required.map(|param| (param.name.as_str(), param.docs.as_slice())));
    if !method.returned.is_empty() {
        doc = doc.list("Gives:", std::iter::once((out_name(&method.returns), method.returned.as_slice())));
    } else if let (true, Returns::Value { ty, .. }) = (has_options(method), &method.returns)
        && let Some(name) = ty.names()
    {
        doc = doc.marked(&format!("Gives [`{name}`](types::{name})."));
    }
    if !method.rights.is_empty() {
        let rights: Vec<String> = method.rights.iter().map(|right| format!("`{right}`")).collect();
        doc = doc.marked(&format!("Needs the right to {} the app.", rights.join(" and ")));
    }
    let mut facts = format!("`{}.{}`", class.name, method.wire);
    if let Some(stability) = &method.stability {
        facts.push_str(&format!("; stability: {stability}"));
    }
    let head = format!(
        "# async fn example({}: &qlik::engine::{}) -> qlik::Result<()> {{",
        snake(&class.name).rsplit('_').next().unwrap_or_default(),
        class.name
    );
    let doc = doc.marked(&format!("{facts}.")).example(method.example.as_deref(), &head).attributes();
    let (alias, deprecated) = (&method.wire, docs::deprecated(method.deprecated.as_deref()));
    quote!(#doc #[doc(alias = #alias)] #deprecated)
}

/// The wire name of what a method gives.
fn out_name(returns: &Returns) -> &str {
    match returns {
        Returns::Value { out, .. } => out,
        _ => "qReturn",
    }
}

fn method_tokens(class: &Class, method: &Method, links: &Links) -> TokenStream {
    let (name, bare) = (ident(&method.name), bare_call(class, method));
    let none = TokenStream::new();
    let words = method_docs(class, method, links);
    let required: Vec<&MethodParam> = method.params.iter().filter(|param| param.required).collect();
    let arguments = required.iter().map(|param| argument(param, &none));
    let steps = required.iter().map(|param| step(param));
    let many = (required.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let (ty, body) = if has_options(method) {
        let call = ident(&call_name(class, method));
        (quote!(calls::#call), quote!(calls::#call(#bare #(#steps)*)))
    } else {
        let ty = returned(&method.returns, &none);
        (quote!(Rpc<#ty>), quote!(#bare #(#steps)*))
    };
    quote! {
        #words #many
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

fn call_struct(text: &mut Text, class: &Class, method: &Method, links: &Links) {
    let name = ident(&call_name(class, method));
    let prefix = quote!(super::);
    let answer = returned(&method.returns, &prefix);
    let words = format!(" The call of [`{0}::{1}`](super::{0}::{1}).", class.name, method.name);
    text.item(quote! {
        #[doc = #words]
        #[must_use = "a call is sent when it is awaited"]
        pub struct #name(pub(super) super::Rpc<#answer>);
    });
    let setters = method.params.iter().filter(|param| !param.required).map(|param| {
        let words = Doc::new(links).words(&param.docs);
        let words = match param.docs.is_empty() {
            true => words.marked(&format!("Sets `{}`.", param.wire)),
            false => words.wire(&param.wire),
        };
        let words = words.attributes();
        let (setter, argument, step) = (ident(&param.name), argument(param, &prefix), step(param));
        quote! {
            #words
            pub fn #setter(self, #argument) -> Self { Self(self.0 #step) }
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
            type IntoFuture = super::Pending<#answer>;
            fn into_future(self) -> super::Pending<#answer> { self.0.pending() }
        }
    });
    text.item(quote! {
        impl std::fmt::Debug for #name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Debug::fmt(&self.0, f) }
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
