//! What comes over the socket: frames, read in a first, shallow step.
//!
//! A frame is read in two steps. The first, here, runs in the socket's task and only finds where the result or the
//! error stands; the second, where the call was made, turns those bytes into the caller's type. So a reply of
//! megabytes never holds up the others, and one that cannot be read fails its own call alone.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a frame from the engine says, by place in its text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Incoming {
    /// The request that this answers, if it answers one.
    pub(super) id: Option<u64>,
    /// Where the result stands.
    pub(super) result: Option<Range<usize>>,
    /// Where the error stands; it wins over a result.
    pub(super) error: Option<Range<usize>>,
    /// The name of a notification.
    pub(super) method: Option<String>,
    /// Where the notification's parameters stand.
    pub(super) params: Option<Range<usize>>,
    /// Handles whose data has changed.
    pub(super) changed: Vec<i32>,
    /// Handles that are gone.
    pub(super) closed: Vec<i32>,
    /// Handles that rest for now.
    pub(super) suspended: Vec<i32>,
    /// Whether the result holds patches of the former one instead of the whole.
    pub(super) delta: bool,
}

/// Why a frame could not be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// The request that it answers, where it says so before it goes wrong.
    pub(super) id: Option<u64>,
    pub(super) error: serde_json::Error,
}

impl Incoming {
    /// Reads the outline of a frame: members in any order, unknown ones skipped, of duplicates the last.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut outline = Outline::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = (&mut deserializer).deserialize_map(Members(&mut outline)).and_then(|()| deserializer.end());
        let id = outline.id.and_then(|raw| raw.get().parse().ok());
        if let Err(error) = read {
            // a number at the very end may be half of one
            let end = outline.id.and_then(|raw| place_in(text, raw.get())).map_or(text.len(), |place| place.end);
            return Err(Unreadable { id: id.filter(|_| end < text.len()), error });
        }
        let place = |raw: Option<&RawValue>| raw.and_then(|raw| place_in(text, raw.get()));
        Ok(Incoming {
            id,
            result: place(outline.result),
            error: place(outline.error),
            method: outline.method.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            params: place(outline.params),
            changed: handles(outline.change),
            closed: handles(outline.close),
            suspended: handles(outline.suspend),
            delta: outline.delta.is_some_and(|raw| raw.get() == "true"),
        })
    }
}

/// Where a part that was borrowed from `whole` stands in it; an explicit null counts as not there.
fn place_in(whole: &str, part: &str) -> Option<Range<usize>> {
    if part == "null" {
        return None;
    }
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let place = start..start.checked_add(part.len())?;
    whole.get(place.clone()).map(|_| place)
}

/// A list of handles, without whatever is none.
fn handles(raw: Option<&RawValue>) -> Vec<i32> {
    let Some(raw) = raw else { return Vec::new() };
    let entries: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    entries.into_iter().filter_map(|entry| entry.get().parse().ok()).collect()
}

/// The members of a frame that concern us, not looked into.
///
/// Written by hand rather than derived: a derived reader refuses a key that comes twice, and engines send such.
#[derive(Default)]
struct Outline<'a> {
    id: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    change: Option<&'a RawValue>,
    close: Option<&'a RawValue>,
    suspend: Option<&'a RawValue>,
    delta: Option<&'a RawValue>,
}

/// Fills in an outline, as far as the frame can be read.
struct Members<'o, 'de>(&'o mut Outline<'de>);

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Members(outline) = self;
        while let Some(member) = map.next_key::<Member>()? {
            let place = match member {
                Member::Id => &mut outline.id,
                Member::Result => &mut outline.result,
                Member::Error => &mut outline.error,
                Member::Method => &mut outline.method,
                Member::Params => &mut outline.params,
                Member::Change => &mut outline.change,
                Member::Close => &mut outline.close,
                Member::Suspend => &mut outline.suspend,
                Member::Delta => &mut outline.delta,
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = Some(map.next_value()?);
        }
        Ok(())
    }
}

/// The name of a member, recognised without keeping it.
enum Member {
    Id,
    Result,
    Error,
    Method,
    Params,
    Change,
    Close,
    Suspend,
    Delta,
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                Ok(match name {
                    "id" => Member::Id,
                    "result" => Member::Result,
                    "error" => Member::Error,
                    "method" => Member::Method,
                    "params" => Member::Params,
                    "change" => Member::Change,
                    "close" => Member::Close,
                    "suspend" => Member::Suspend,
                    "delta" => Member::Delta,
                    _ => Member::Other,
                })
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

/// The value of one member of a JSON object, not looked into; of duplicates the last.
pub(super) fn member<'a>(object: &'a str, name: &str) -> Result<Option<&'a RawValue>, serde_json::Error> {
    struct Find<'n>(&'n str);

    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of out-parameters")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(same) = map.next_key_seed(Same(self.0))? {
                if same {
                    found = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(object);
    let found = (&mut deserializer).deserialize_map(Find(name))?;
    deserializer.end()?;
    Ok(found)
}

/// Compares a member's name with the one that is looked for.
struct Same<'n>(&'n str);

impl<'de> serde::de::DeserializeSeed<'de> for Same<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Same<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
