//! A column's values while and after they are read: numbers, marks, elements and texts side by side.

use std::collections::HashMap;
use std::ops::Range;

use super::cell::{CellKind, CellState};
use super::decode::scan::Raw;

/// A value as it stands in a page, or one that was put together from several places.
#[derive(Clone, Copy)]
pub(crate) struct RawCell<'a> {
    pub(crate) text: Raw<'a>,
    /// NaN where there is none.
    pub(crate) num: f64,
    pub(crate) elem: i32,
    pub(crate) state: &'a str,
    pub(crate) kind: CellKind,
}

impl Default for RawCell<'_> {
    fn default() -> Self {
        RawCell { text: Raw::default(), num: f64::NAN, elem: 0, state: "L", kind: CellKind::Value }
    }
}

/// What of a column's values is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) num: bool,
    /// Elements and states.
    pub(crate) elem: bool,
    pub(crate) text: WantText,
}

/// How texts are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantText {
    No,
    /// One after the other.
    Each,
    /// Each different one once, found by its element number.
    Interned,
}

/// The values of a column for some rows.
#[derive(Clone)]
pub(crate) struct Values {
    want: Want,
    /// NaN where there is none.
    pub(crate) nums: Vec<f64>,
    pub(crate) kinds: Vec<CellKind>,
    pub(crate) elems: Vec<i32>,
    states: Vec<u8>,
    /// States that have no code.
    odd: Vec<String>,
    pub(crate) texts: Texts,
}

/// The texts of a column for some rows.
#[derive(Clone)]
pub(crate) enum Texts {
    None,
    Each(TextList),
    Interned { keys: Vec<i32>, dictionary: Interner },
}

impl Values {
    pub(crate) fn new(want: Want) -> Self {
        let texts = match want.text {
            WantText::No => Texts::None,
            WantText::Each => Texts::Each(TextList::default()),
            WantText::Interned => Texts::Interned { keys: Vec::new(), dictionary: Interner::default() },
        };
        let (nums, kinds, elems, states) = Default::default();
        Values { want, nums, kinds, elems, states, odd: Vec::new(), texts }
    }

    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Makes room for so many rows more.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.kinds.reserve(rows);
        if self.want.num {
            self.nums.reserve(rows);
        }
        if self.want.elem {
            self.elems.reserve(rows);
            self.states.reserve(rows);
        }
        match &mut self.texts {
            Texts::None => {}
            Texts::Each(list) => list.ends.reserve(rows),
            Texts::Interned { keys, .. } => keys.reserve(rows),
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, cell: &RawCell<'_>) {
        self.kinds.push(cell.kind);
        if self.want.num {
            self.nums.push(cell.num);
        }
        if self.want.elem {
            self.elems.push(cell.elem);
            let code = self.state_code(cell.state);
            self.states.push(code);
        }
        match &mut self.texts {
            Texts::None => {}
            Texts::Each(list) => list.push(cell.text),
            Texts::Interned { keys, dictionary } => keys.push(match cell.kind {
                CellKind::Null | CellKind::Empty => NO_KEY,
                _ => dictionary.key(cell.elem, cell.text),
            }),
        }
    }

    fn state_code(&mut self, state: &str) -> u8 {
        match STATES.iter().position(|known| *known == state) {
            Some(code) => code as u8,
            None => {
                let known = self.odd.iter().position(|odd| odd == state);
                let place = known.unwrap_or_else(|| {
                    if self.odd.len() < 200 {
                        self.odd.push(state.to_owned());
                    }
                    self.odd.len() - 1
                });
                (STATES.len() + place) as u8
            }
        }
    }

    /// Keeps these rows only.
    pub(crate) fn keep(&mut self, rows: Range<usize>) {
        fn cut<T>(list: &mut Vec<T>, rows: &Range<usize>) {
            list.truncate(rows.end);
            list.drain(..rows.start.min(list.len()));
        }
        if let Texts::Each(list) = &mut self.texts {
            let mut kept = TextList::default();
            rows.clone().for_each(|row| kept.push(Raw { text: list.get(row), escaped: false }));
            *list = kept;
        } else if let Texts::Interned { keys, .. } = &mut self.texts {
            cut(keys, &rows);
        }
        cut(&mut self.nums, &rows);
        cut(&mut self.kinds, &rows);
        cut(&mut self.elems, &rows);
        cut(&mut self.states, &rows);
    }

    pub(crate) fn num(&self, row: usize) -> Option<f64> {
        self.nums.get(row).copied().filter(|number| !number.is_nan())
    }

    pub(crate) fn kind(&self, row: usize) -> CellKind {
        self.kinds.get(row).copied().unwrap_or(CellKind::Null)
    }

    pub(crate) fn state(&self, row: usize) -> CellState {
        let code = usize::from(self.states.get(row).copied().unwrap_or_default());
        let state = STATES.get(code).copied();
        let state = state.or_else(|| self.odd.get(code.checked_sub(STATES.len())?).map(String::as_str));
        CellState::from(state.unwrap_or("L"))
    }

    pub(crate) fn text(&self, row: usize) -> &str {
        match &self.texts {
            Texts::None => "",
            Texts::Each(list) => list.get(row),
            Texts::Interned { keys, dictionary } => match keys.get(row).and_then(|key| usize::try_from(*key).ok()) {
                Some(key) => dictionary.texts.get(key),
                None if self.kind(row) == CellKind::Null => "-",
                None => "",
            },
        }
    }
}

/// The key of a value without a text.
pub(crate) const NO_KEY: i32 = -1;

/// The states by their codes.
const STATES: [&str; 8] = ["L", "O", "S", "X", "A", "D", "XS", "XL"];

/// Texts one after the other.
#[derive(Clone, Default)]
pub(crate) struct TextList {
    pub(crate) text: String,
    /// Where each ends.
    pub(crate) ends: Vec<i32>,
}

impl TextList {
    #[inline]
    pub(crate) fn push(&mut self, raw: Raw<'_>) {
        if raw.escaped {
            self.text.push_str(&raw.unescaped());
        } else {
            self.text.push_str(raw.text);
        }
        // batches are far smaller than this
        self.ends.push(i32::try_from(self.text.len()).unwrap_or(i32::MAX));
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn push_text(&mut self, text: &str) {
        self.push(Raw { text, escaped: false });
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(crate) fn get(&self, place: usize) -> &str {
        let end = |place: usize| self.ends.get(place).and_then(|end| usize::try_from(*end).ok());
        let start = if place == 0 { Some(0) } else { end(place - 1) };
        start.zip(end(place)).and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }
}

/// Different texts, each kept once and found by the number of its element.
///
/// A number should mean one text only. Where it does not, texts are compared, so that nothing is mixed up.
#[derive(Clone, Default)]
pub(crate) struct Interner {
    pub(crate) texts: TextList,
    /// Elements and their keys, by hash; always at most half full. A key of -1 is an empty place.
    places: Vec<(i32, i32)>,
    taken: usize,
    /// Texts whose number was taken.
    others: HashMap<Box<str>, i32>,
}

impl Interner {
    #[inline]
    fn key(&mut self, elem: i32, raw: Raw<'_>) -> i32 {
        if self.taken * 2 >= self.places.len() {
            self.grow();
        }
        let mask = self.places.len() - 1;
        let mut place = hash(elem) & mask;
        loop {
            let (known, key) = self.places[place];
            if key == NO_KEY {
                let key = self.add(raw);
                self.places[place] = (elem, key);
                self.taken += 1;
                return key;
            }
            if known == elem {
                let text = self.texts.get(usize::try_from(key).unwrap_or_default());
                let same = if raw.escaped { text == raw.unescaped() } else { text == raw.text };
                return if same { key } else { self.other(raw) };
            }
            place = (place + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(256);
        let old = std::mem::replace(&mut self.places, vec![(0, NO_KEY); size]);
        for (elem, key) in old.into_iter().filter(|(_, key)| *key != NO_KEY) {
            let mut place = hash(elem) & (size - 1);
            while self.places[place].1 != NO_KEY {
                place = (place + 1) & (size - 1);
            }
            self.places[place] = (elem, key);
        }
    }

    fn add(&mut self, raw: Raw<'_>) -> i32 {
        self.texts.push(raw);
        i32::try_from(self.texts.len() - 1).unwrap_or(i32::MAX)
    }

    #[cold]
    fn other(&mut self, raw: Raw<'_>) -> i32 {
        let text = raw.unescaped();
        if let Some(key) = self.others.get(&*text) {
            return *key;
        }
        let key = self.add(raw);
        self.others.insert(text.into(), key);
        key
    }
}

/// Elements are small numbers that follow each other, as a rule: their own last bits spread best.
#[inline]
fn hash(elem: i32) -> usize {
    elem as u32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Want = Want { num: true, elem: true, text: WantText::Interned };

    fn cell(elem: i32, text: &str) -> RawCell<'_> {
        RawCell { text: Raw { text, escaped: text.contains('\\') }, elem, state: "O", ..RawCell::default() }
    }

    #[test]
    fn texts_are_kept_once_by_their_element() {
        let mut values = Values::new(ALL);
        let names: Vec<String> = (0..1_000).map(|name| format!("n{name}")).collect();
        for round in 0..3 {
            for (elem, name) in names.iter().enumerate() {
                values.push(&cell(elem as i32 * (1 + round / 3), name));
            }
        }
        let Texts::Interned { dictionary, .. } = &values.texts else { panic!("interned") };
        assert_eq!(dictionary.texts.len(), 1_000);
        assert!((0..3_000).all(|row| values.text(row) == names[row % 1_000]));
    }

    #[test]
    fn a_number_with_two_texts_mixes_nothing_up() {
        let mut values = Values::new(ALL);
        let texts = ["a", "b", "a", "c", "b", r"a\n", "a"];
        for text in texts {
            values.push(&cell(0, text));
        }
        let read: Vec<&str> = (0..texts.len()).map(|row| values.text(row)).collect();
        assert_eq!(read, ["a", "b", "a", "c", "b", "a\n", "a"]);
    }

    #[test]
    fn nulls_and_states() {
        let mut values = Values::new(ALL);
        values.push(&RawCell { kind: CellKind::Null, elem: -2, ..cell(0, "-") });
        values.push(&RawCell { state: "ZZ", num: 2.0, ..cell(3, "two") });
        assert_eq!((values.text(0), values.num(0), values.state(0)), ("-", None, CellState::Optional));
        assert_eq!((values.text(1), values.num(1)), ("two", Some(2.0)));
        assert_eq!(values.state(1), CellState::Other("ZZ".into()));
    }
}
