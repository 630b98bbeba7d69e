//! What JSON documents want here that their library lacks.

use serde_json::Value as Json;

/// Sets the members of a document that another has.
pub(crate) fn extend(document: &mut Json, more: Json) {
    if let (Json::Object(document), Json::Object(more)) = (document, more) {
        document.extend(more);
    }
}
