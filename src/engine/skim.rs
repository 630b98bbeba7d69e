//! Finding the members of a large frame without reading them: 64 bytes at a time, by their quotes and brackets.
//!
//! What stands inside a value is not looked at, so that nothing here says whether it is JSON: who reads it will tell.

use wide::u8x16;

/// Shorter frames are read by the ordinary reader, which says what is wrong with them.
pub(super) const WORTH_IT: usize = 8 * 1024;

/// Shows the members of an object, key and value as they stand in the text; `None` where the ordinary reader has to
/// look, as something is not plain.
pub(super) fn members<'a>(text: &'a str, mut show: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let bytes = text.as_bytes();
    let mut at = past_space(bytes, 0);
    if *bytes.get(at)? != b'{' {
        return None;
    }
    at = past_space(bytes, at + 1);
    loop {
        if *bytes.get(at)? != b'"' {
            return None;
        }
        let key_end = plain_string_end(bytes, at)?;
        let key = text.get(at + 1..key_end - 1)?;
        at = past_space(bytes, key_end);
        if *bytes.get(at)? != b':' {
            return None;
        }
        at = past_space(bytes, at + 1);
        let end = value_end(bytes, at)?;
        show(key, text.get(at..end)?);
        at = past_space(bytes, end);
        match bytes.get(at)? {
            b',' => at = past_space(bytes, at + 1),
            b'}' => break,
            _ => return None,
        }
    }
    (past_space(bytes, at + 1) == bytes.len()).then_some(())
}

fn past_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where a string without escapes ends, behind its quote.
fn plain_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let length = memchr::memchr2(b'"', b'\\', bytes.get(start + 1..)?)?;
    (bytes[start + 1 + length] == b'"').then_some(start + length + 2)
}

fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'{' | b'[' => container_end(bytes, start),
        b'"' => plain_string_end(bytes, start),
        b'0'..=b'9' | b'-' | b't' | b'f' | b'n' => {
            let rest = &bytes[start..];
            let scalar = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
            let length = rest.iter().position(|byte| !scalar(byte))?;
            // serde knows what numbers and words may be
            serde_json::from_slice::<&serde_json::value::RawValue>(&rest[..length]).ok()?;
            Some(start + length)
        }
        _ => None,
    }
}

/// Where a list or an object ends, behind its bracket; `None` where it does not end.
pub(super) fn container_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    // whether the block begins in a string (all ones), and with an escaped byte
    let (mut in_string, mut escaped) = (0_u64, 0_u64);
    while at < bytes.len() {
        let block = Block::read(bytes, at);
        let mut quotes = block.quotes;
        if block.backslashes | escaped != 0 {
            let (skipped, carried) = escapes(block.backslashes, escaped);
            quotes &= !skipped;
            escaped = carried;
        }
        let strings = parities(quotes) ^ in_string;
        in_string = 0_u64.wrapping_sub(strings >> 63);
        let (opening, mut closing) = (block.opening & !strings, block.closing & !strings);
        let closings = closing.count_ones() as usize;
        if closings >= depth {
            while closing != 0 {
                let place = closing.trailing_zeros();
                let before = (opening & ((1 << place) - 1)).count_ones() as usize;
                let closed = closings - closing.count_ones() as usize + 1;
                if depth + before == closed {
                    return Some(at + place as usize + 1);
                }
                closing &= closing - 1;
            }
        }
        depth = (depth + opening.count_ones() as usize).checked_sub(closings)?;
        at += 64;
    }
    None
}

/// Where in 64 bytes the bytes stand that shape a document, a bit for each.
struct Block {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Block {
    fn read(bytes: &[u8], at: usize) -> Self {
        let mut last = [b' '; 64];
        let block: &[u8; 64] = match bytes.get(at..at + 64).and_then(|block| block.try_into().ok()) {
            Some(block) => block,
            None => {
                let rest = &bytes[at..];
                last[..rest.len()].copy_from_slice(rest);
                &last
            }
        };
        let mut found = Block { quotes: 0, backslashes: 0, opening: 0, closing: 0 };
        for (part, lane) in block.as_chunks::<16>().0.iter().enumerate() {
            let lane = u8x16::new(*lane);
            // brackets and braces differ in this bit alone
            let folded = lane | u8x16::splat(0x20);
            let mask = |equal: u8x16| u64::from(equal.move_mask() as u16) << (16 * part);
            found.quotes |= mask(lane.cmp_eq(u8x16::splat(b'"')));
            found.backslashes |= mask(lane.cmp_eq(u8x16::splat(b'\\')));
            found.opening |= mask(folded.cmp_eq(u8x16::splat(b'{')));
            found.closing |= mask(folded.cmp_eq(u8x16::splat(b'}')));
        }
        found
    }
}

/// The bytes that a backslash stands before, and whether one of the next block is such.
fn escapes(mut backslashes: u64, carried: u64) -> (u64, u64) {
    let mut escaped = carried;
    backslashes &= !carried;
    while backslashes != 0 {
        let place = backslashes.trailing_zeros();
        if place == 63 {
            return (escaped, 1);
        }
        escaped |= 2 << place;
        backslashes &= !(3 << place);
    }
    (escaped, 0)
}

/// For each bit, whether the number of bits up to it is odd.
fn parities(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(Into::into),
            r#"[a"\\{}\[\]ä]{0,70}"#.prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(5, 80, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(serde_json::Value::from),
                prop::collection::btree_map(r#"[a"\\]{0,3}"#, inner, 0..8)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn containers_end_where_they_end(value in json(), before in "[ \\\\\"a]{0,70}", after in "[\\]}\", ]{0,70}") {
            let list = serde_json::Value::Array(vec![value]).to_string();
            let text = format!("{before}{list}{after}");
            prop_assert_eq!(container_end(text.as_bytes(), before.len()), Some(before.len() + list.len()));
            let cut = &text[..before.len() + list.len() - 1];
            prop_assert_eq!(container_end(cut.as_bytes(), before.len()), None);
        }

        #[test]
        fn members_are_those_that_the_reader_finds(value in json(), number in any::<f64>(), spaces in " {0,3}") {
            let (value, number) = (value.to_string(), serde_json::Value::from(number).to_string());
            let text = format!(r#"{spaces}{{"id":{number},{spaces}"result" :{spaces}{value}{spaces},"change":[1,2]}}"#);
            let mut seen = Vec::new();
            let all = members(&text, |key, value| seen.push((key, value)));
            // strings with escapes are left to the reader
            if all.is_some() {
                prop_assert_eq!(&seen, &[("id", number.as_str()), ("result", value.as_str()), ("change", "[1,2]")]);
            } else {
                prop_assert!(value.starts_with('"'));
            }
        }

        #[test]
        fn anything_is_survived(text in any::<String>(), start in 0..20_usize) {
            let _ = members(&text, |_, _| {});
            let _ = container_end(text.as_bytes(), start);
        }
    }
}
