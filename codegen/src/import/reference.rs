//! Checks that a `$ref` points at something in its document.

use serde_json::Value;

/// As many references in a row as nobody writes; more go in a circle.
const LONGEST_CHAIN: usize = 32;

/// Whether `reference` ends at a node of `document`; if not, what is wrong and what to do.
pub(super) fn check(document: &Value, reference: &str) -> Result<(), (String, &'static str)> {
    let mut current = reference.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let Some(pointer) = current.strip_prefix('#') else {
            return Err((
                format!("the reference `{current}` leads out of the document"),
                "bundle the documents into one first, so that each reference begins with `#/`",
            ));
        };
        let Some(target) = percent_decoded(pointer).and_then(|pointer| document.pointer(&pointer)) else {
            return Err((
                format!("the reference `{current}` points nowhere"),
                "define what it names, or correct the name; the document may be cut off",
            ));
        };
        match target.get("$ref").and_then(Value::as_str) {
            Some(next) => current = next.to_owned(),
            None => return Ok(()),
        }
    }
    Err((format!("the reference `{reference}` goes in a circle"), "let one of the nodes in it say what it is"))
}

/// A URI fragment's text: `%7B` is `{`.
fn percent_decoded(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let digits = [*rest.next()?, *rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let document = serde_json::json!({
            "a": {"$ref": "#/b"}, "b": {"x": 1}, "loop": {"$ref": "#/loop"}, "p": {"/i/{id}": {}}
        });
        for good in ["#/a", "#/b/x", "#/p/~1i~1%7Bid%7D", "#"] {
            assert_eq!(check(&document, good), Ok(()), "{good}");
        }
        for (bad, words) in
            [("#/c", "nowhere"), ("other.json#/a", "out of the document"), ("#/loop", "circle"), ("#/%zz", "nowhere")]
        {
            assert!(check(&document, bad).is_err_and(|(message, _)| message.contains(words)), "{bad}");
        }
    }
}
