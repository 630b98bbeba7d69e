//! Reading JSON front to back without a tree: the engine's replies are of a known shape, and large.
//!
//! Members may come in any order, twice, or be unknown; values of another kind than expected count as not there. Only
//! what is no JSON at all is an error.

use std::borrow::Cow;

use memchr::memchr2;
use wide::u8x16;

use super::number;

/// Why a text does not read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) at: usize,
    pub(crate) why: &'static str,
}

/// A place in a JSON text, that moves on.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A string as it stands in the text, without its quotes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Raw<'a> {
    pub(crate) text: &'a str,
    pub(crate) escaped: bool,
}

impl<'a> Raw<'a> {
    /// What it says.
    pub(crate) fn unescaped(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.text);
        }
        let quoted = format!("\"{}\"", self.text);
        // one half of a surrogate pair alone is no text
        serde_json::from_str(&quoted).map_or_else(|_| Cow::Borrowed(self.text), Cow::Owned)
    }
}

/// A plain value.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Plain<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Raw<'a>),
    /// A list or an object, passed over.
    Other,
}

impl Plain<'_> {
    /// The number; the engine writes `"NaN"` where a value has none, and infinities by name.
    pub(crate) fn number(self) -> f64 {
        match self {
            Plain::Number(number) => number,
            Plain::Text(text) => match text.text {
                "Infinity" | "+Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                text => text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(f64::NAN),
            },
            _ => f64::NAN,
        }
    }

    /// A fraction is cut, and what is out of range ends at the range's end.
    pub(crate) fn integer(self) -> i32 {
        self.number() as i32
    }
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Scan { text, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    pub(crate) fn fail<T>(&self, why: &'static str) -> Result<T, Misread> {
        Err(Misread { at: self.at, why })
    }

    /// Passes these bytes over, if they are next.
    #[inline]
    pub(crate) fn eat(&mut self, bytes: &[u8]) -> bool {
        let next = self.rest().starts_with(bytes);
        if next {
            self.at += bytes.len();
        }
        next
    }

    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    /// Goes on to a byte that has to be next.
    pub(crate) fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), Misread> {
        if self.peek() != Some(byte) {
            return self.fail(why);
        }
        self.at += 1;
        Ok(())
    }

    /// The entries of a list, each read by `entry`; what is no list is passed over.
    pub(crate) fn list(&mut self, mut entry: impl FnMut(&mut Self) -> Result<(), Misread>) -> Result<(), Misread> {
        if self.peek() != Some(b'[') {
            return self.skip();
        }
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            entry(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return self.fail("a comma or the end of a list was due"),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// The members of an object, each value read by `member`; what is no object is passed over.
    pub(crate) fn object(&mut self, member: impl FnMut(&mut Self, &str) -> Result<(), Misread>) -> Result<(), Misread> {
        if self.peek() != Some(b'{') {
            return self.skip();
        }
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        self.members(member)
    }

    /// The members of an object from here to its end.
    pub(crate) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), Misread>,
    ) -> Result<(), Misread> {
        loop {
            let key = self.string()?;
            self.expect(b':', "a colon was due")?;
            self.peek();
            member(self, &key.unescaped())?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return self.fail("a comma or the end of an object was due"),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// The string that is next.
    pub(crate) fn string(&mut self) -> Result<Raw<'a>, Misread> {
        self.expect(b'"', "a string was due")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let Some(length) = quote_or_backslash(self.rest()) else { return self.fail("a string has no end") };
            self.at += length;
            if self.bytes()[self.at] == b'"' {
                let text = self.text.get(start..self.at).unwrap_or_default();
                self.at += 1;
                return Ok(Raw { text, escaped });
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// The text up to the next quote, which is passed over; `None` where an escape comes first.
    #[inline]
    pub(crate) fn plain_text(&mut self) -> Option<&'a str> {
        let length = quote_or_backslash(self.rest())?;
        let end = self.at + length;
        if self.bytes()[end] != b'"' {
            return None;
        }
        let text = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// The number that is next.
    #[inline]
    pub(crate) fn number(&mut self) -> Option<f64> {
        let (number, length) = number::float(self.text, self.at)?;
        self.at += length;
        Some(number)
    }

    /// The integer that is next.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<i32> {
        let (number, length) = number::integer(self.rest())?;
        self.at += length;
        Some(number)
    }

    /// Whatever value is next.
    pub(crate) fn plain(&mut self) -> Result<Plain<'a>, Misread> {
        match self.peek() {
            Some(b'"') => self.string().map(Plain::Text),
            Some(b'{' | b'[') => self.skip().map(|()| Plain::Other),
            Some(b't') if self.eat(b"true") => Ok(Plain::Bool(true)),
            Some(b'f') if self.eat(b"false") => Ok(Plain::Bool(false)),
            Some(b'n') if self.eat(b"null") => Ok(Plain::Null),
            Some(b'-' | b'0'..=b'9') => match self.number() {
                Some(number) => Ok(Plain::Number(number)),
                None => self.fail("a number does not read"),
            },
            _ => self.fail("a value was due"),
        }
    }

    /// Passes over whatever value is next.
    pub(crate) fn skip(&mut self) -> Result<(), Misread> {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(b'"') => drop(self.string()?),
                _ => drop(self.plain()?),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

/// Where the next quote or backslash stands. Texts are short: most lie within the first step.
#[inline]
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    if let Some((first, _)) = bytes.split_first_chunk::<16>() {
        let lane = u8x16::new(*first);
        let found = lane.cmp_eq(u8x16::splat(b'"')) | lane.cmp_eq(u8x16::splat(b'\\'));
        let mask = found.move_mask() as u32;
        if mask != 0 {
            return Some(mask.trailing_zeros() as usize);
        }
        return memchr2(b'"', b'\\', &bytes[16..]).map(|length| length + 16);
    }
    bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_read_as_serde_reads_them(text in any::<String>(), after in any::<String>()) {
            let json = format!("{}{after}", serde_json::Value::from(text.clone()));
            let mut scan = Scan::new(&json);
            let raw = scan.string().unwrap();
            prop_assert_eq!(raw.unescaped(), text.as_str());
            prop_assert_eq!(&json[scan.at()..], after.as_str());
        }

        #[test]
        fn anything_is_survived(text in any::<String>()) {
            let _ = Scan::new(&text).skip();
            let _ = Scan::new(&text).object(|scan, _| scan.plain().map(drop));
            let _ = Scan::new(&text).list(Scan::skip);
        }
    }

    #[test]
    fn values_are_passed_over_whole() {
        for value in [r#"{"a":[1,{"b":"}\""}],"c":null}"#, "[]", "-1.5e3", "true", r#""x\\""#, "[[[]],{}]"] {
            let text = format!("{value},1");
            let mut scan = Scan::new(&text);
            scan.skip().unwrap();
            assert_eq!(scan.at(), value.len(), "{value}");
        }
        for value in ["", "{", "[1", "]", "x", "\"a", "[1,\"a]"] {
            assert!(Scan::new(value).skip().is_err(), "{value}");
        }
        let deep = "[".repeat(1_000_000);
        assert!(Scan::new(&deep).skip().is_err());
    }
}
