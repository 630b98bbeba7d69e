//! Numbers as the engine writes them, to the bit what the standard library reads.

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The number at a place of a text, and its length; `None` where there is none.
#[inline]
pub(super) fn float(text: &str, start: usize) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let negative = bytes.get(start) == Some(&b'-');
    let first = start + usize::from(negative);
    let (mut mantissa, mut at) = digits(bytes, first, 0);
    let mut count = at - first;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        let point = at + 1;
        (mantissa, at) = digits(bytes, point, mantissa);
        fraction = at - point;
        count += fraction;
    }
    let more = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if count > 0 && !bytes.get(at).is_some_and(more) {
        // both parts are exact, so that one division rounds once
        if count <= 19 && mantissa < 1 << 53 && fraction < POWERS.len() {
            let number = mantissa as f64 / POWERS[fraction];
            return Some((if negative { -number } else { number }, at - start));
        }
    } else {
        at += bytes.get(at..)?.iter().position(|byte| !more(byte)).unwrap_or(bytes.len() - at);
    }
    Some((text.get(start..at)?.parse().ok()?, at - start))
}

/// Adds the digits from a place on to a number, which may overflow; and tells where they end.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    while let Some(eight) = bytes.get(at..).and_then(eight_digits) {
        number = number.wrapping_mul(100_000_000).wrapping_add(eight);
        at += 8;
    }
    while let Some(digit) = digit(bytes, at) {
        number = number.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    (number, at)
}

/// The number of the first eight bytes, if all are digits: added up in pairs, then fours, then all.
#[inline]
fn eight_digits(bytes: &[u8]) -> Option<u64> {
    let all = u64::from_le_bytes(*bytes.first_chunk()?);
    let high = 0xF0F0_F0F0_F0F0_F0F0;
    let are_digits = (all & high) | ((all.wrapping_add(0x0606_0606_0606_0606) & high) >> 4);
    if are_digits != 0x3333_3333_3333_3333 {
        return None;
    }
    let each = all & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = each.wrapping_mul(10).wrapping_add(each >> 8);
    let mask = 0x0000_00FF_0000_00FF;
    let low = (pairs & mask).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & mask).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

/// The integer at the start, and its length; `None` where there is none, or one that is out of range or goes on.
#[inline]
pub(super) fn integer(bytes: &[u8]) -> Option<(i32, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let start = usize::from(negative);
    let (mut number, mut at) = (0_i64, start);
    while let Some(digit) = digit(bytes, at) {
        number = number * 10 + digit as i64;
        at += 1;
        if at - start > 10 {
            return None;
        }
    }
    if at == start || matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
        return None;
    }
    i32::try_from(if negative { -number } else { number }).ok().map(|number| (number, at))
}

#[inline]
fn digit(bytes: &[u8], at: usize) -> Option<u64> {
    let digit = bytes.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(text: &str) {
        let expected: f64 = text.parse().unwrap();
        let (read, length) = float(&format!("[{text},"), 1).unwrap();
        assert_eq!((read.to_bits(), length), (expected.to_bits(), text.len()), "{text}");
    }

    proptest! {
        #[test]
        fn floats_are_read_to_the_bit(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            same(&number.to_string());
            same(&format!("{number:e}"));
            same(&serde_json::Value::from(number).to_string());
        }

        #[test]
        fn decimals_are_read_to_the_bit(whole in any::<i64>(), places in 0..30_usize, fraction in any::<u32>()) {
            same(&whole.to_string());
            same(&format!("{whole}.{fraction:0places$}"));
            same(&format!("{}.{fraction}", whole % 100_000));
        }

        #[test]
        fn integers(number in any::<i32>()) {
            prop_assert_eq!(integer(number.to_string().as_bytes()), Some((number, number.to_string().len())));
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", "x", ".", "-.", "1e", "--1", "1.2.3"] {
            assert!(float(text, 0).is_none(), "{text}");
        }
        same("-0");
        same("0.1");
        same("643.3088581607146");
        same("9007199254740993");
        for text in ["", "-", "2147483648", "1.0", "1e3", "99999999999999999999", "a"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }
}
