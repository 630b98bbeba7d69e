//! Values made of schemas: the same for the same request, and always such as the schema takes.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value as Json, json};

use super::describe::{constants, judge, resolved};
use crate::tenant::Ids;

/// Makes values of one description's schemas.
pub(super) struct Maker<'a> {
    pub(super) document: &'a Json,
    pub(super) ids: Ids,
}

/// How deep a value goes before what may be left out is.
const DEEP: usize = 6;

/// Texts of the kinds that patterns ask for.
const USUAL: &str = "sandbox 1.0.0 #4477aa en en-US 2025-05-05 2025-05-05T05:05:05Z 05:05 P1D 10 0 FREQ=DAILY \
    RRULE:FREQ=DAILY;INTERVAL=1 192.0.2.0/24 192.0.2.1 https://sandbox.example / A1 user@sandbox.example \
    sandbox.example PT1H 2025-05-05T05:05:05.000 12345678901234567890 abc_def qri:app:sense://sandbox \
    application/json dataset data:image/png;base64,AAAA 5m US ./.";

/// A number that a text always gives.
pub(super) fn seed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Maker<'a> {
    pub(super) fn new(document: &'a Json, text: &str) -> Self {
        Self { document, ids: Ids::new(seed(text)) }
    }

    /// A value of a schema, under a name that may say what kind of thing it is.
    pub(super) fn value(&mut self, schema: &Json, name: &str, depth: usize) -> Json {
        let schema = resolved(self.document, schema);
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.iter().find(|value| !value.is_null())) {
            return first.clone();
        }
        if let Some(values) = schema["oneOf"].as_array().and_then(|branches| constants(branches)) {
            return values.first().map(|value| (*value).clone()).unwrap_or_default();
        }
        let merged;
        let schema = match schema.get("allOf").or_else(|| schema.get("oneOf")).or_else(|| schema.get("anyOf")) {
            Some(_) => {
                merged = self.merged(schema, 0);
                &merged
            }
            None => schema,
        };
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.iter().find(|value| !value.is_null())) {
            return first.clone();
        }
        match self.kind(schema) {
            "object" => self.object(schema, depth),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or_default();
                let count = if depth < DEEP { least.max(1) } else { least };
                let items: Vec<Json> = (0..count).map(|_| self.value(&schema["items"], name, depth + 1)).collect();
                Json::Array(items)
            }
            "integer" => json!(self.number(schema).trunc() as i64),
            "number" => json!(self.number(schema)),
            "boolean" => json!(self.ids.seed().is_multiple_of(2)),
            "string" => json!(self.text(schema, name)),
            // Nothing is said about it, so nothing is made up.
            _ => json!({}),
        }
    }

    fn kind<'s>(&self, schema: &'s Json) -> &'s str {
        match schema["type"].as_str() {
            Some("file") => "string",
            Some(kind) => kind,
            None if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() => "object",
            None if schema.get("items").is_some() => "array",
            None => "",
        }
    }

    /// One schema for all that have to hold, and for the first of those of which one has to.
    pub(super) fn merged(&self, schema: &Json, depth: usize) -> Json {
        let schema = resolved(self.document, schema);
        let mut all: Map<String, Json> = schema.as_object().cloned().unwrap_or_default();
        let mut branches: Vec<Json> = Vec::new();
        for key in ["allOf", "oneOf", "anyOf"] {
            let list = all.remove(key).and_then(|list| list.as_array().cloned()).unwrap_or_default();
            // Of a choice, the first that does not contradict what holds anyway.
            let fits = |branch: &Json| {
                let kind = &resolved(self.document, branch)["type"];
                kind.is_null() || schema["type"].is_null() || *kind == schema["type"]
            };
            match key {
                "allOf" => branches.extend(list),
                _ => branches.extend(list.iter().find(|branch| fits(branch)).or(list.first()).cloned()),
            }
        }
        for branch in branches.iter().filter(|_| depth < DEEP) {
            let branch = self.merged(branch, depth + 1);
            for (key, value) in branch.as_object().into_iter().flatten() {
                match (all.get_mut(key), value) {
                    (Some(Json::Object(mine)), Json::Object(more)) => {
                        mine.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
                    }
                    (Some(Json::Array(mine)), Json::Array(more)) if key == "required" => mine.extend(more.clone()),
                    (Some(_), _) => {}
                    (None, value) => drop(all.insert(key.clone(), value.clone())),
                }
            }
        }
        Json::Object(all)
    }

    fn object(&mut self, schema: &Json, depth: usize) -> Json {
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        let mut made = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if depth < DEEP && resolved(self.document, member)["writeOnly"] != true || required(name) {
                // A type that holds itself must end somewhere.
                let value = if depth > 4 * DEEP { Json::Null } else { self.value(member, name, depth + 1) };
                made.insert(name.clone(), value);
            }
        }
        let more = &schema["additionalProperties"];
        if made.is_empty() && more.is_object() && depth < DEEP {
            made.insert("key".to_owned(), self.value(more, "key", depth + 1));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            made.entry(name).or_insert_with(|| json!({}));
        }
        Json::Object(made)
    }

    fn number(&mut self, schema: &Json) -> f64 {
        let least = schema["minimum"].as_f64();
        let most = schema["maximum"].as_f64();
        let low = least.unwrap_or_else(|| most.map_or(0.0, |most| most.min(0.0)));
        let high = most.unwrap_or(low + 100.0);
        let span = (high - low).clamp(0.0, 100.0) as u64;
        low + (self.ids.seed() % (span + 1)) as f64
    }

    fn text(&mut self, schema: &Json, name: &str) -> String {
        let short = format!("{name}-{}", &self.ids.hex24()[..6]);
        let made = match schema["format"].as_str().unwrap_or_default() {
            "date-time" | "RFC3339" | "iso8601" => self.time(),
            "date" => self.time()[..10].to_owned(),
            "uuid" | "uid v4" => self.ids.uuid(),
            "uri" | "url" => format!("https://sandbox.example/{short}"),
            "email" => format!("{}@sandbox.example", &short),
            "byte" => "c2FuZGJveA==".to_owned(),
            _ if name.ends_with("Id") || name == "id" => self.ids.hex24(),
            _ if name.ends_with("At") || name.ends_with("Date") || name.ends_with("Time") => self.time(),
            _ if name == "href" => "https://sandbox.example/".to_owned(),
            _ => short,
        };
        self.fitting(schema, made)
    }

    fn time(&mut self) -> String {
        let number = self.ids.seed();
        format!("2025-{:02}-{:02}T{:02}:00:00.000Z", 1 + number % 12, 1 + number % 28, number % 24)
    }

    /// The text, or another one where the schema has more to say about it.
    fn fitting(&mut self, schema: &Json, text: String) -> String {
        let limits = ["pattern", "minLength", "maxLength"];
        if limits.iter().all(|limit| schema.get(*limit).is_none()) {
            return text;
        }
        let Ok(judge) = judge(self.document, schema, false) else { return text };
        let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap_or(1);
        let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(256)).unwrap_or(256);
        let mut cut = text.clone();
        cut.truncate(most);
        let usual = USUAL.split(' ');
        let padded = "x".repeat(least);
        let hex = self.ids.hex32();
        let made = [text.clone(), cut, padded, self.ids.uuid(), self.ids.hex24(), hex.clone(), hex.to_uppercase()];
        let mut candidates = made.into_iter().chain(usual.map(str::to_owned));
        candidates.find(|candidate| judge.is_valid(&json!(candidate))).unwrap_or(text)
    }
}
