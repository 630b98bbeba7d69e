//! REST clients: a struct for each API, a method for each operation, a call struct where there are values to add.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs::{self, Doc, Links};
use super::{File, Scope, Text, constant, ident, type_tokens, types};
use crate::model::{Answer, Api, Body, Operation, Page, Param, Part, PartKind, Place, Tier, TypeRef};
use crate::names::{pascal, snake, type_name};

/// The files of an API: its client, its calls, its types. Words that name one of `apis` lead to it.
pub fn api(api: &Api, source: &str, apis: &[String]) -> Vec<File> {
    let links = &links(api, apis);
    let module = snake(&api.name);
    let head =
        |words: String| vec![format!("//! {words}"), format!("// generated from {source}; see `qlik-codegen explain`")];
    let mut words = head(docs::plain(&summary(api)));
    words.splice(1..1, contents(api));
    let mut client = Text::new(&words);
    // Qlik's deprecations are for users of the crate; the crate itself goes on to offer what they mark.
    client.line("#![allow(deprecated)]");
    let direct = api.operations.iter().any(|operation| !has_options(operation));
    client.line(&format!("use crate::rest::{{Api, {}Method, Operation, Tier}};", if direct { "Call, " } else { "" }));
    client.line("pub mod calls;\npub mod types;");
    client_struct(&mut client, api, links);
    for operation in &api.operations {
        client.item(described(api, operation));
    }

    let mut calls = Text::new(&head(format!(
        "Calls of [`{0}`](super::{0}) that have values to add before they are sent.",
        pascal(&api.name)
    )));
    // A parameter may be called `sub`, `not` or the like.
    calls.line("#![allow(clippy::should_implement_trait)]\n#![allow(deprecated)]");
    for operation in api.operations.iter().filter(|operation| has_options(operation)) {
        call_struct(&mut calls, api, operation, links);
    }

    let mut text = Text::new(&head(format!("Types of [`{0}`](super::{0}).", pascal(&api.name))));
    // Words name types of the same file by their whole path, as those of any other.
    text.line(
        "#![allow(deprecated, rustdoc::redundant_explicit_links)]\n#[allow(unused_imports)]\n\
         use crate::record::{Extra, open_enum, record, union};",
    );
    types::types(&mut text, &api.types, links);
    for page in &api.pages {
        text.item(page_impl(page));
    }
    vec![
        File { path: format!("rest/{module}.rs"), text: client.0 },
        File { path: format!("rest/{module}/calls.rs"), text: calls.0 },
        File { path: format!("rest/{module}/types.rs"), text: text.0 },
    ]
}

/// The file that lists the APIs and gives the client a method for each.
pub fn index(apis: &[Api]) -> File {
    let mut text = Text::new(&[]);
    let mut links = Links::default();
    for api in apis {
        let (module, feature) = (snake(&api.name), &api.name);
        text.line(&format!("#[cfg_attr(docsrs, doc(cfg(feature = {feature:?})))]\npub mod {module};"));
        links.add(&module, module.clone());
    }
    let accessors = apis.iter().map(|api| {
        let (module, client) = (ident(&snake(&api.name)), ident(&pascal(&api.name)));
        let feature = &api.name;
        let words = Doc::new(&links).words(&[summary(api)]).marked(&format!("Feature `{feature}`.")).attributes();
        quote! {
            #words
            #[cfg_attr(docsrs, doc(cfg(feature = #feature)))]
            pub fn #module(&self) -> #module::#client { #module::#client::new(self.api()) }
        }
    });
    if !apis.is_empty() {
        text.item(quote! {
            /// The REST APIs.
            impl crate::Qlik { #(#accessors)* }
        });
    }
    File { path: "rest/mod.rs".to_owned(), text: text.0 }
}

fn summary(api: &Api) -> String {
    if api.summary.is_empty() { format!("The REST API `{}`.", api.name) } else { api.summary.clone() }
}

/// The operations of an API, as a table for the page of its module.
fn contents(api: &Api) -> Vec<String> {
    if api.operations.is_empty() {
        return Vec::new();
    }
    let client = pascal(&api.name);
    let rows = api.operations.iter().map(|operation| {
        let words = docs::plain(operation.docs.first().map_or("", String::as_str)).replace('|', "\\|");
        format!("//! | [`{0}`]({client}::{0}) | {words} |", operation.method)
    });
    let head = ["//!", "//! | Operation | What it does |", "//! |---|---|"].map(str::to_owned);
    head.into_iter().chain(rows).collect()
}

/// What the words of an API may name: its types, its operations, other APIs.
fn links(api: &Api, apis: &[String]) -> Links {
    let mut links = Links::default();
    let module = format!("crate::rest::{}", snake(&api.name));
    for def in &api.types {
        let path = format!("{module}::types::{}", def.name);
        links.add(&def.name, &path);
        links.add(&def.wire, path);
    }
    for operation in &api.operations {
        let path = format!("{module}::{}::{}", pascal(&api.name), operation.method);
        links.add(&operation.method, &path);
        links.add(&operation.name, path);
    }
    for other in apis.iter().filter(|other| **other != api.name) {
        links.add(&snake(other), format!("crate::rest::{}", snake(other)));
    }
    links
}

fn client_struct(text: &mut Text, api: &Api, links: &Links) {
    let name = ident(&pascal(&api.name));
    let made = format!("Made by [`Qlik::{0}`](crate::Qlik::{0}).", snake(&api.name));
    let words = Doc::new(links).words(&[summary(api)]).marked(&made).attributes();
    text.item(quote! {
        #words
        #[derive(Clone, Debug)]
        pub struct #name(Api);
    });
    let methods = api.operations.iter().map(|operation| method(operation, links));
    text.item(quote! {
        impl #name {
            #[doc(hidden)]
            pub fn new(api: Api) -> Self { Self(api) }
            #[allow(dead_code)]
            pub(in crate::rest) fn api(&self) -> &Api { &self.0 }
            #(#methods)*
        }
    });
}

/// What the runtime knows of an operation before it is called.
fn described(api: &Api, operation: &Operation) -> TokenStream {
    let name = constant(&operation.method);
    let (api_name, qlik_name, path) = (&api.name, &operation.name, &operation.path);
    let verb = ident(&pascal(&operation.verb.to_lowercase()));
    let tier = match operation.tier {
        Tier::One => quote!(.tier(Tier::One)),
        Tier::Two => quote!(.tier(Tier::Two)),
        Tier::Special(limit) => quote!(.tier(Tier::Special(#limit))),
        Tier::Unknown => quote!(.tier(Tier::None)),
    };
    let accept = match &operation.answer {
        Answer::Json(_) => TokenStream::new(),
        Answer::Download(media) => quote!(.accept(#media)),
        Answer::Nothing | Answer::Located => quote!(.accept("*/*")),
    };
    let redirects = (!operation.follows_redirects).then(|| quote!(.follows_redirects(false)));
    let deprecated = operation.deprecated.is_some().then(|| quote!(.deprecated()));
    quote! {
        static #name: Operation = Operation::new(#api_name, #qlik_name, Method::#verb, #path) #tier #accept #redirects #deprecated;
    }
}

fn has_options(operation: &Operation) -> bool {
    let body = match &operation.body {
        Body::None => false,
        Body::Json { required, .. } | Body::Form { required, .. } | Body::Bytes { required, .. } => !required,
        Body::Multipart { parts } => parts.iter().any(|part| !part.required),
    };
    body || operation.params.iter().any(|param| !param.required)
}

fn answer_type(operation: &Operation, scope: Scope) -> TokenStream {
    match &operation.answer {
        Answer::Nothing => quote!(()),
        Answer::Json(ty) => type_tokens(ty, scope),
        Answer::Located => quote!(crate::rest::Located),
        Answer::Download(_) => quote!(crate::rest::Download),
    }
}

fn method_docs(operation: &Operation, links: &Links) -> TokenStream {
    let mut doc = Doc::new(links).words(&operation.docs);
    let required = operation.params.iter().filter(|param| param.required);
    let parts = match &operation.body {
        Body::Multipart { parts } => parts.as_slice(),
        _ => &[],
    };
    let parts = parts.iter().filter(|part| part.required);
    let arguments = required.map(|param| (param.name.as_str(), param.docs.as_slice()));
    doc = doc.list("Takes:", arguments.chain(parts.map(|part| (part.name.as_str(), part.docs.as_slice()))));
    if has_options(operation) {
        // Without optional values the signature says it.
        doc = match &operation.answer {
            Answer::Nothing => doc,
            Answer::Json(ty) => doc.marked(&gives(ty)),
            Answer::Located => doc.marked("Gives the status and the [`Location`](crate::rest::Located)."),
            Answer::Download(_) => doc.marked("Gives a [`Download`](crate::rest::Download)."),
        };
    }
    let mut facts = format!("`{} {}`", operation.verb, operation.path);
    match operation.tier {
        Tier::One => facts.push_str("; rate limit tier 1: 1,000 calls a minute"),
        Tier::Two => facts.push_str("; rate limit tier 2: 100 calls a minute"),
        Tier::Special(limit) => facts.push_str(&format!("; rate limit of its own: {limit} calls a minute")),
        Tier::Unknown => {}
    }
    if let Some(stability) = &operation.stability {
        facts.push_str(&format!("; {stability}"));
    }
    let head = "# async fn example(qlik: &qlik::Qlik) -> qlik::Result<()> {";
    let doc = doc.marked(&format!("{facts}.")).example(operation.example.as_deref(), head).attributes();
    let (alias, deprecated) = (&operation.name, docs::deprecated(operation.deprecated.as_deref()));
    quote!(#doc #[doc(alias = #alias)] #deprecated)
}

/// A sentence that leads to the type of the answer.
fn gives(ty: &TypeRef) -> String {
    match ty.names() {
        Some(name) if matches!(ty, TypeRef::Named(_)) => format!("Gives [`{name}`](types::{name})."),
        Some(name) => format!("Gives a collection of [`{name}`](types::{name})."),
        None => "Gives the answer's JSON.".to_owned(),
    }
}

fn method(operation: &Operation, links: &Links) -> TokenStream {
    let (name, described) = (ident(&operation.method), constant(&operation.method));
    let words = method_docs(operation, links);
    let required = operation.params.iter().filter(|param| param.required);
    let mut arguments: Vec<TokenStream> = required.clone().map(|param| argument(param, Scope::Api)).collect();
    let mut steps: Vec<TokenStream> = required.map(step).collect();
    for (argument, step) in body_values(operation, true, Scope::Api) {
        arguments.push(argument);
        steps.push(step);
    }
    // More arguments than clippy likes: each is demanded by the API.
    let many = (arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    if has_options(operation) {
        let call = ident(&type_name(&operation.method));
        quote! {
            #words #many
            pub fn #name(&self, #(#arguments),*) -> calls::#call {
                calls::#call(self.0.call(&#described) #(#steps)*)
            }
        }
    } else {
        let answer = answer_type(operation, Scope::Api);
        quote! {
            #words #many
            pub fn #name(&self, #(#arguments),*) -> Call<#answer> {
                self.0.call(&#described) #(#steps)*
            }
        }
    }
}

/// A parameter as a function's: texts are borrowed, enums take their text too, lists take any iterator.
fn argument(param: &Param, scope: Scope) -> TokenStream {
    let name = ident(&param.name);
    match &param.ty {
        TypeRef::Text => quote!(#name: &str),
        TypeRef::List(_) => quote!(#name: impl IntoIterator<Item = impl std::fmt::Display>),
        TypeRef::Named(_) => {
            let ty = type_tokens(&param.ty, scope);
            quote!(#name: impl Into<#ty>)
        }
        scalar => {
            let ty = type_tokens(scalar, scope);
            quote!(#name: #ty)
        }
    }
}

/// The step of the call that takes the parameter.
fn step(param: &Param) -> TokenStream {
    let (wire, name) = (&param.wire, ident(&param.name));
    let value = if matches!(param.ty, TypeRef::Named(_)) { quote!(#name.into()) } else { quote!(#name) };
    match (&param.place, &param.ty) {
        (Place::Path, TypeRef::List(_)) => {
            quote!(.path(#wire, #name.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")))
        }
        (Place::Path, _) => quote!(.path(#wire, #value)),
        (Place::PathSlashed, _) => quote!(.path_slashed(#wire, #value)),
        (Place::Header, TypeRef::List(_)) => {
            quote!(.header(#wire, #name.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")))
        }
        (Place::Header, _) => quote!(.header(#wire, #value)),
        (Place::QueryEach, _) => quote!(.query_each(#wire, #value)),
        (Place::QueryJoined(sign), _) => quote!(.query_joined(#wire, #value, #sign)),
        (Place::Query, _) => quote!(.query(#wire, #value)),
    }
}

/// The arguments of a body, and the steps that take them: those that are demanded, or those that are not.
fn body_values(operation: &Operation, demanded: bool, scope: Scope) -> Vec<(TokenStream, TokenStream)> {
    match &operation.body {
        Body::Json { ty, content_type, required } if *required == demanded => {
            let (ty, value) = borrowed(ty, scope);
            let step = match content_type {
                None => quote!(.json(#value)),
                Some(media) => quote!(.json_as(#media, #value)),
            };
            vec![(quote!(body: #ty), step)]
        }
        Body::Form { ty, required } if *required == demanded => {
            let (ty, value) = borrowed(ty, scope);
            vec![(quote!(body: #ty), quote!(.form(#value)))]
        }
        Body::Bytes { content_type, required } if *required == demanded => {
            vec![(quote!(body: impl Into<crate::rest::Body>), quote!(.body(body, #content_type)))]
        }
        Body::Multipart { parts } => {
            parts.iter().filter(|part| part.required == demanded).map(|part| part_value(part, scope)).collect()
        }
        _ => Vec::new(),
    }
}

/// A body's type as an argument, and the value that the call takes.
fn borrowed(ty: &TypeRef, scope: Scope) -> (TokenStream, TokenStream) {
    match ty {
        TypeRef::Text => (quote!(&str), quote!(&body.to_owned())),
        TypeRef::List(item) => {
            let item = type_tokens(item, scope);
            (quote!(&[#item]), quote!(&body.to_vec()))
        }
        other => {
            let ty = type_tokens(other, scope);
            (quote!(&#ty), quote!(body))
        }
    }
}

fn part_value(part: &Part, scope: Scope) -> (TokenStream, TokenStream) {
    let (wire, name) = (&part.wire, ident(&part.name));
    match &part.kind {
        PartKind::File => (quote!(#name: impl Into<crate::rest::FilePart>), quote!(.part_file(#wire, #name))),
        PartKind::Text(TypeRef::Text) => (quote!(#name: &str), quote!(.part_text(#wire, #name))),
        PartKind::Text(ty) => {
            let ty = type_tokens(ty, scope);
            (quote!(#name: #ty), quote!(.part_text(#wire, #name)))
        }
        PartKind::Json(ty) => {
            let ty = type_tokens(ty, scope);
            (quote!(#name: &#ty), quote!(.part_json(#wire, #name)))
        }
    }
}

fn call_struct(text: &mut Text, api: &Api, operation: &Operation, links: &Links) {
    let name = ident(&type_name(&operation.method));
    let answer = answer_type(operation, Scope::Calls);
    let words = format!(" The call of [`{0}::{1}`](super::{0}::{1}).", pascal(&api.name), operation.method);
    text.item(quote! {
        #[doc = #words]
        #[must_use = "a call is sent when it is awaited"]
        pub struct #name(pub(super) crate::rest::Call<#answer>);
    });
    let setters = operation.params.iter().filter(|param| !param.required).map(|param| {
        let mut words = Doc::new(links).words(&param.docs);
        words = match param.docs.is_empty() {
            true => words.marked(&format!("Sets `{}`.", param.wire)),
            false if param.wire != param.name => words.wire(&param.wire),
            false => words,
        };
        let deprecated = docs::deprecated(param.deprecated.then_some("deprecated by Qlik"));
        let words = words.attributes();
        let words = quote!(#words #deprecated);
        let (setter, argument, step) = (ident(&param.name), argument(param, Scope::Calls), step(param));
        setter_tokens(&words, &setter, &argument, &step)
    });
    let body_setters: Vec<TokenStream> = match &operation.body {
        Body::Multipart { parts } => parts
            .iter()
            .filter(|part| !part.required)
            .map(|part| {
                let (argument, step) = part_value(part, Scope::Calls);
                let words = Doc::new(links).words(&part.docs).marked(&format!("Adds the part `{}`.", part.wire));
                setter_tokens(&words.attributes(), &ident(&part.name), &argument, &step)
            })
            .collect(),
        _ => body_values(operation, false, Scope::Calls)
            .into_iter()
            .map(|(argument, step)| {
                let words = Doc::new(links).marked("Sends a body.").attributes();
                setter_tokens(&words, &format_ident!("body"), &argument, &step)
            })
            .collect(),
    };
    let stream = match &operation.answer {
        Answer::Json(TypeRef::Named(ty)) => api.pages.iter().find(|page| page.ty == *ty).map(|page| {
            let item = type_tokens(&page.item, Scope::Calls);
            quote! {
                /// Every item of every page, fetched as they are asked for.
                pub fn stream(self) -> crate::rest::ItemStream<#item> { self.0.stream() }
                /// Every page, fetched as they are asked for.
                pub fn pages(self) -> crate::rest::PageStream<#answer> { self.0.pages() }
            }
        }),
        _ => None,
    };
    text.item(quote! {
        impl #name {
            #(#setters)*
            #(#body_setters)*
            #stream
            /// The call itself, for what every call can be told.
            pub fn call(self) -> crate::rest::Call<#answer> { self.0 }
        }
    });
    text.item(quote! {
        impl IntoFuture for #name {
            type Output = crate::Result<#answer>;
            type IntoFuture = crate::rest::Pending<#answer>;
            fn into_future(self) -> crate::rest::Pending<#answer> { self.0.pending() }
        }
    });
    text.item(quote! {
        impl std::fmt::Debug for #name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Debug::fmt(&self.0, f) }
        }
    });
}

fn setter_tokens(
    words: &TokenStream,
    name: &proc_macro2::Ident,
    argument: &TokenStream,
    step: &TokenStream,
) -> TokenStream {
    quote! {
        #words
        pub fn #name(self, #argument) -> Self { Self(self.0 #step) }
    }
}

fn page_impl(page: &Page) -> TokenStream {
    let (ty, item) = (ident(&page.ty), type_tokens(&page.item, Scope::Types));
    let (items, optional) = (ident(&page.items.0), page.items.1);
    let items = if optional { quote!(self.#items.unwrap_or_default()) } else { quote!(self.#items) };
    // The first step is taken apart: a service may write what follows it in capitals, which lands in its `extra`.
    let mut way = quote!(links);
    let mut links = quote!(self);
    let last = page.next.len().saturating_sub(1);
    for (index, (field, optional)) in page.next.iter().enumerate() {
        let field = ident(field);
        let way = if index == 0 { &mut links } else { &mut way };
        *way = match (optional, index == last) {
            (true, true) => quote!(#way.#field.as_deref()),
            (false, true) => quote!(Some(#way.#field.as_str())),
            (true, false) => quote!(#way.#field.as_ref()?),
            (false, false) if index == 0 => quote!(&#way.#field),
            (false, false) => quote!(#way.#field),
        };
    }
    quote! {
        impl crate::rest::Page for #ty {
            type Item = #item;
            fn into_items(self) -> Vec<Self::Item> { #items }
            fn next(&self) -> Option<&str> {
                let links = #links;
                let next = || #way;
                next().filter(|next| !next.is_empty()).or_else(|| crate::rest::unlisted_next(&links.extra))
            }
        }
    }
}
