//! Brings a description into the one form that lowering reads, pass by pass; no pass loses an operation.
//!
//! Afterwards parameters, bodies and responses stand where they are used, and every schema in use is a reference to a
//! component, a scalar, a list, a map or anything at all. A component is a record, an enum of texts, a union or another
//! name for one of the former, and its key is its Rust name.

mod all_of;
mod choices;
mod components;
mod demands;
mod hoist;
mod inline;
mod keywords;
mod operations;
mod validate;
mod walk;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::source::Document;

pub(crate) use hoist::is_type;
pub use walk::VERBS;
pub(crate) use walk::{component_of, reference_to, resolve};

/// A description in normal form.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The OpenAPI document. Two members of ours: `x-qlik-name` of a component keeps Qlik's name of it, and the media
    /// types of an operation's success are gathered in `x-qlik-answer` (see the pass `operations`).
    pub value: Value,
}

/// Runs every pass in order; what cannot be read is reported all at once, with its place.
pub fn normalize(document: &Document) -> Result<Normalized, Vec<Diagnostic>> {
    validate::validate(document)?;
    let mut value = document.value.clone();
    inline::inline(&mut value);
    components::name(&mut value);
    all_of::merge(&mut value);
    choices::choose(&mut value);
    demands::settle(&mut value);
    keywords::simplify(&mut value);
    demands::spread_null(&mut value);
    operations::settle(&mut value);
    hoist::hoist(&mut value);
    components::unify(&mut value);
    components::prune(&mut value);
    Ok(Normalized { value })
}
