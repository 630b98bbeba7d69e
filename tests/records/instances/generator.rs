//! Makes values that satisfy a schema, the same ones at every run: everything set, nothing set, limits, nulls, choices.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::judge::plain;
use super::shape::{Shape, constants};

/// What a value should be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// Every member, small values.
    Full,
    /// Only what is required.
    Required,
    /// Null wherever it is allowed.
    Null,
    /// Members that the schema does not list.
    Unknown,
    Lowest,
    Highest,
    /// Empty lists, maps and texts.
    Empty,
    Random,
}

/// What every schema is tried with; `Full` goes on until every choice was made.
pub(crate) const MODES: &[Mode] = &[
    Mode::Full,
    Mode::Required,
    Mode::Null,
    Mode::Unknown,
    Mode::Lowest,
    Mode::Highest,
    Mode::Empty,
    Mode::Random,
    Mode::Random,
    Mode::Random,
];

pub(crate) struct Generator<'d> {
    root: &'d Value,
    mode: Mode,
    seed: u64,
    /// How often each list of choices was chosen from, by its address.
    turns: BTreeMap<usize, (usize, usize)>,
    /// Whether the value is a record, which keeps what its fields cannot hold.
    in_record: bool,
    /// Nodes that may still be spent on optional members below the top.
    budget: usize,
    patterns: TestRunner,
}

impl<'d> Generator<'d> {
    pub(crate) fn new(root: &'d Value) -> Self {
        let patterns = TestRunner::deterministic();
        Generator {
            root,
            mode: Mode::Full,
            seed: 0x9e37_79b9_7f4a_7c15,
            turns: BTreeMap::new(),
            in_record: false,
            budget: 0,
            patterns,
        }
    }

    pub(crate) fn one(&mut self, schema: &'d Value, mode: Mode) -> Value {
        self.mode = mode;
        self.budget = 600;
        self.in_record = !Shape::of(self.root, schema).members.is_empty();
        self.value(schema, 0)
    }

    /// Whether some choice has not been made yet.
    pub(crate) fn has_more(&self) -> bool {
        self.turns.values().any(|(turns, of)| turns < of)
    }

    /// The next of so many choices at a place.
    fn turn(&mut self, place: usize, of: usize) -> usize {
        let (turns, _) = self.turns.entry(place).and_modify(|(turns, _)| *turns += 1).or_insert((1, of));
        (*turns - 1) % of.max(1)
    }

    /// A number below a bound (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    /// What stands for this place: the mode, or chance.
    fn mode(&mut self) -> Mode {
        match (self.mode, self.below(8)) {
            (Mode::Random, 0) => Mode::Null,
            (Mode::Random, 1) => Mode::Lowest,
            (Mode::Random, 2) => Mode::Highest,
            (Mode::Random, 3) => Mode::Empty,
            (Mode::Random, 4) => Mode::Required,
            (Mode::Random, _) => Mode::Full,
            (mode, _) => mode,
        }
    }

    fn value(&mut self, schema: &'d Value, depth: usize) -> Value {
        self.budget = self.budget.saturating_sub(1);
        let mode = self.mode();
        let mut shape = Shape::of(self.root, schema);
        if shape.nullable && mode == Mode::Null && depth > 0 {
            return Value::Null;
        }
        if let Some(listed) = shape.listed.filter(|listed| !listed.is_empty()) {
            return listed[self.turn(listed.as_ptr() as usize, listed.len())].clone();
        }
        let mut chosen = Value::Null;
        for branches in std::mem::take(&mut shape.choices) {
            let turn = self.turn(branches.as_ptr() as usize, branches.len());
            if let Some(constants) = constants(branches) {
                return constants[turn].clone();
            }
            let Some(branch) = branches.get(turn) else { continue };
            match branch.get("required").and_then(Value::as_array).filter(|_| branch.get("properties").is_none()) {
                // It only says which members of the schema itself must be there.
                Some(names) => shape.required.extend(names.iter().filter_map(Value::as_str)),
                None => chosen = self.value(branch, depth + 1),
            }
        }
        match (chosen, shape.kind()) {
            (Value::Null, "object") => self.object(&shape, mode, depth),
            (Value::Object(mut chosen), _) if !shape.members.is_empty() => {
                if let Value::Object(own) = self.object(&shape, mode, depth) {
                    chosen.extend(own);
                }
                Value::Object(chosen)
            }
            (Value::Null, "array") => self.array(&shape, mode, depth),
            (Value::Null, "string" | "file") => self.text(&shape, mode).into(),
            (Value::Null, "integer") => self.integer(&shape, mode),
            (Value::Null, "number") => self.number(&shape, mode),
            (Value::Null, "boolean") => (self.below(2) == 0).into(),
            (Value::Null, _) => self.anything(mode),
            (chosen, _) => chosen,
        }
    }

    fn object(&mut self, shape: &Shape<'d>, mode: Mode, depth: usize) -> Value {
        let mut object = Map::new();
        for (name, member) in &shape.members {
            let wanted = match mode {
                Mode::Required => false,
                _ if self.mode == Mode::Random => self.below(3) > 0,
                _ => true,
            };
            let affordable = depth == 0 || (depth < 6 && self.budget > 0);
            if shape.required.contains(name) || (wanted && affordable) {
                object.insert((*name).to_owned(), self.value(member, depth + 1));
            }
        }
        // Demanded, but described nowhere.
        for name in shape.required.iter().filter(|name| shape.members.iter().all(|(known, _)| known != *name)) {
            object.insert((*name).to_owned(), self.anything(mode));
        }
        let typed = shape.more.filter(|more| more.is_object());
        if shape.members.is_empty() && mode != Mode::Empty && (depth < 6 || self.budget > 0) {
            for key in ["alpha", "a.b/c~d $ref", "größe"] {
                let value = match typed {
                    Some(more) => self.value(more, depth + 1),
                    None => self.anything(mode),
                };
                object.insert(key.to_owned(), value);
            }
        }
        if mode == Mode::Unknown && !shape.members.is_empty() && typed.is_none() {
            object.insert("xUnheardOf".to_owned(), json!({ "a": [1, null, { "b": "c" }], "": -0.5 }));
            object.insert("extra".to_owned(), Value::Null);
        }
        Value::Object(object)
    }

    fn array(&mut self, shape: &Shape<'d>, mode: Mode, depth: usize) -> Value {
        let fewest = shape.size("minItems").unwrap_or(0);
        let wanted = match mode {
            Mode::Empty | Mode::Required => 0,
            _ if depth >= 6 || (depth > 1 && self.budget == 0) => 0,
            Mode::Highest => 3,
            _ => 2,
        };
        let count = wanted.max(fewest).min(shape.size("maxItems").unwrap_or(usize::MAX));
        let mut items: Vec<Value> = Vec::new();
        for _ in 0..count {
            let item = match shape.items {
                Some(schema) => self.value(schema, depth + 1),
                None => self.anything(mode),
            };
            let alone = shape.limit("uniqueItems") == Some(&Value::Bool(true));
            if !alone || !items.contains(&item) {
                items.push(item);
            }
        }
        Value::Array(items)
    }

    fn text(&mut self, shape: &Shape<'_>, mode: Mode) -> String {
        if let Some(pattern) = shape.pattern {
            let pattern = plain(pattern);
            let strategy = proptest::string::string_regex(pattern.trim_start_matches('^').trim_end_matches('$'));
            let made = strategy.ok().and_then(|strategy| {
                let fits = |text: &String| fits_length(shape, text.chars().count());
                (0..64).find_map(|_| Some(strategy.new_tree(&mut self.patterns).ok()?.current()).filter(fits))
            });
            return made.unwrap_or(pattern);
        }
        let formatted = match shape.format {
            // The Engine's and MongoDB's ids go by the name of uuid as well.
            Some("uuid" | "uid") if self.below(2) == 0 => "507f1f77bcf86cd799439011",
            Some("uuid" | "uid" | "uid v4") => "3f1f5f0e-8f5c-4a57-9f43-0d5b0a3c9e11",
            Some("date-time" | "RFC3339" | "iso8601") => match self.below(3) {
                0 => "2024-02-29T23:59:60.123456789+14:00",
                1 => "0001-01-01T00:00:00Z",
                _ => "2024-01-15T11:06:53.070Z",
            },
            Some("date") => "2024-02-29",
            Some("uri" | "url") => "https://example.com/a%20b?c=d#e",
            Some("byte") => "QQ==",
            Some("email") => "a@example.com",
            _ => "",
        };
        let fewest = shape.size("minLength").unwrap_or(0);
        match mode {
            Mode::Empty if fewest == 0 => return String::new(),
            Mode::Lowest => return "x".repeat(fewest),
            Mode::Highest => return "\u{1f600}".repeat(shape.size("maxLength").unwrap_or(40).min(5000)),
            _ if !formatted.is_empty() && fits_length(shape, formatted.len()) => return formatted.to_owned(),
            _ => {}
        }
        let odd = ["Größe", "\"\\/\u{8}\n\u{0}", "true", "17", "null", "NaN", " ", "a,b c"];
        let mut text = odd[self.below(odd.len() as u64) as usize].to_owned();
        while text.chars().count() < fewest {
            text.push('x');
        }
        text.chars().take(shape.size("maxLength").unwrap_or(usize::MAX)).collect()
    }

    fn integer(&mut self, shape: &Shape<'_>, mode: Mode) -> Value {
        let lowest = shape.limit("minimum").and_then(Value::as_i64);
        let highest = shape.limit("maximum").and_then(Value::as_u64);
        match (mode, shape.format) {
            (Mode::Lowest, Some("int32")) => lowest.unwrap_or(i64::from(i32::MIN)).into(),
            (Mode::Lowest, _) => lowest.unwrap_or(i64::MIN).into(),
            (Mode::Highest, Some("int32")) => highest.unwrap_or(u64::from(i32::MAX.unsigned_abs())).into(),
            (Mode::Highest, Some("int64")) => highest.unwrap_or(i64::MAX.unsigned_abs()).into(),
            (Mode::Highest, _) if self.in_record => highest.unwrap_or(u64::MAX).into(),
            (Mode::Highest, _) => highest.unwrap_or(i64::MAX.unsigned_abs()).into(),
            _ => {
                let small = lowest.unwrap_or(0) + self.below(3) as i64;
                highest
                    .and_then(|highest| i64::try_from(highest).ok())
                    .map_or(small, |highest| small.min(highest))
                    .into()
            }
        }
    }

    fn number(&mut self, shape: &Shape<'_>, mode: Mode) -> Value {
        let lowest = shape.limit("minimum").and_then(Value::as_f64);
        let highest = shape.limit("maximum").and_then(Value::as_f64);
        match mode {
            Mode::Lowest => lowest.unwrap_or(f64::MIN).into(),
            Mode::Highest => highest.unwrap_or(f64::MAX).into(),
            Mode::Empty if lowest.is_none_or(|lowest| lowest <= 0.0) => 0.into(),
            _ if lowest.is_some() || highest.is_some() => lowest.or(highest).into(),
            _ => {
                let some =
                    [json!(0.1), json!(-0.0), json!(1), json!(1e21), json!(5e-324), json!(9_007_199_254_740_993_i64)];
                some[self.below(some.len() as u64) as usize].clone()
            }
        }
    }

    fn anything(&mut self, mode: Mode) -> Value {
        match (mode, self.below(6)) {
            (Mode::Null, _) => Value::Null,
            (Mode::Highest, _) => u64::MAX.into(),
            (Mode::Lowest, _) => i64::MIN.into(),
            (_, 0) => json!({ "b": { "a": [] }, "": null }),
            (_, 1) => json!([[], {}, 1.5]),
            (_, 2) => true.into(),
            (_, 3) => 0.25.into(),
            (_, 4) => 7.into(),
            _ => "text".into(),
        }
    }
}

fn fits_length(shape: &Shape<'_>, length: usize) -> bool {
    let (fewest, most) = (shape.size("minLength").unwrap_or(0), shape.size("maxLength").unwrap_or(usize::MAX));
    (fewest..=most).contains(&length)
}
