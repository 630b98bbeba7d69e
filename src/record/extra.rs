//! What a record holds besides the members that its description lists.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LazyLock, OnceLock};

use serde_json::{Map, Value};

use super::member::Part;
use super::output::Output;
use super::source::{Broken, Kept, Source};
use super::{Form, Wire};

/// The members of a record that its description does not list, by their wire names: a JSON object, to be used as a
/// [`Map`].
///
/// It also holds listed members whose value did not fit their field (a `null`, or a value of another shape) or is spelled
/// in another way (`"12"` for a number). A write puts them back unless the field has been set since.
///
/// ```
/// # #[cfg(feature = "spaces")] {
/// use qlik::rest::spaces::types::Space;
///
/// let mut space: Space = serde_json::from_str(r#"{"name": "Sales", "mood": "good"}"#)?;
/// assert_eq!(space.extra["mood"], "good");
/// space.extra.insert("mood".to_owned(), "better".into());
/// assert!(serde_json::to_string(&space)?.contains(r#""mood":"better""#));
/// # }
/// # Ok::<(), serde_json::Error>(())
/// ```
// Most records have none, and there are many records: a pointer is all that they pay.
#[derive(Clone, Default)]
pub struct Extra(Option<Box<Held>>);

/// The members. `null` is by far the most frequent of those that fit no field, and hardly ever looked at: until then it
/// is a bit, for the entry of a map would be several allocations.
#[derive(Clone, Default)]
struct Held {
    map: OnceLock<Map<String, Value>>,
    /// The listed members that are `null`, by their indexes; they count as long as there is no map.
    nulls: u64,
    listed: &'static [&'static str],
}

impl Held {
    fn of_nulls(&self) -> Map<String, Value> {
        let is_null = |index: &usize| bit(*index).is_some_and(|bit| self.nulls & bit != 0);
        let names = self.listed.iter().enumerate().filter(|(index, _)| is_null(index));
        names.map(|(_, name)| ((*name).to_owned(), Value::Null)).collect()
    }
}

/// The bit of a member; only the first of a long list have one.
fn bit(index: usize) -> Option<u64> {
    1_u64.checked_shl(u32::try_from(index).ok()?)
}

static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Extra {
    /// No members.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Keeps the value of a listed member, by the record's list.
    pub(super) fn keep(&mut self, listed: &'static [&'static str], index: usize, value: Value) {
        if let (Value::Null, Some(bit)) = (&value, bit(index)) {
            let kept = self.0.get_or_insert_default();
            if kept.map.get().is_none() {
                kept.listed = listed;
                kept.nulls |= bit;
                return;
            }
        }
        if let Some(name) = listed.get(index) {
            self.insert((*name).to_owned(), value);
        }
    }

    /// Forgets what was kept of a listed member.
    pub(super) fn forget(&mut self, listed: &'static [&'static str], index: usize) {
        let Some(kept) = &mut self.0 else { return };
        match kept.map.get_mut() {
            Some(map) => {
                if let Some(name) = listed.get(index) {
                    map.remove(*name);
                }
            }
            None => kept.nulls &= !bit(index).unwrap_or_default(),
        }
    }

    /// Whether it is empty, without making the map to look.
    pub(super) fn is_blank(&self) -> bool {
        self.0.as_ref().is_none_or(|kept| kept.map.get().map_or(kept.nulls == 0, Map::is_empty))
    }
}

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Some(kept) => kept.map.get_or_init(|| kept.of_nulls()),
            None => &NONE,
        }
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        let kept = self.0.get_or_insert_default();
        if kept.map.get().is_none() {
            kept.map = kept.of_nulls().into();
        }
        kept.map.get_mut().expect("it was made if there was none")
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// As a part of its record, it is an object of any members.
impl Wire for Extra {
    type Form = Self;
}

impl Form<Self> for Extra {
    fn expected() -> &'static str {
        "an object"
    }
    fn read(value: &mut Self, from: &mut dyn Source) -> Result<Kept, Broken> {
        match from.json()? {
            Value::Object(members) => *value = members.into(),
            other => return Ok(Kept::Other(other)),
        }
        Ok(Kept::Nothing)
    }
    fn write(value: &Self, to: &mut dyn Output) {
        to.map(&mut value.iter().map(|(name, value)| (name.as_str(), value as &Part)));
    }
    fn is_blank(value: &Self) -> bool {
        value.is_blank()
    }
    fn fit(value: &Value) -> Option<usize> {
        value.as_object().map(|_| 0)
    }
    #[cfg(feature = "schemars")]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Map<String, Value>>()
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(members: Map<String, Value>) -> Self {
        Self(Some(Box::new(Held { map: members.into(), ..Held::default() })))
    }
}

impl From<Extra> for Map<String, Value> {
    fn from(extra: Extra) -> Self {
        let Some(mut kept) = extra.0 else { return Self::new() };
        kept.map.take().unwrap_or_else(|| kept.of_nulls())
    }
}

impl FromIterator<(String, Value)> for Extra {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        Map::from_iter(members).into()
    }
}

impl IntoIterator for Extra {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        Map::from(self).into_iter()
    }
}

impl<'a> IntoIterator for &'a Extra {
    type Item = (&'a String, &'a Value);
    type IntoIter = serde_json::map::Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_equal_to_an_empty_object() {
        let mut extra = Extra::default();
        assert_eq!(size_of::<Extra>(), size_of::<usize>());
        assert!(extra.is_empty() && extra.get("a").is_none() && extra.remove("a").is_none());
        assert_eq!(extra, Extra::default());
        extra.insert("a".to_owned(), 1.into());
        assert_eq!(extra, Extra::from_iter([("a".to_owned(), 1.into())]));
        assert_ne!(extra, Extra::default());
        assert_eq!(format!("{extra:?}"), format!("{:?}", Map::from(extra)));
    }

    #[test]
    fn nulls_are_kept_like_other_values() {
        let names: Vec<&'static str> = (0..70).map(|number| &*format!("n{number}").leak()).collect();
        let listed: &'static [&'static str] = names.leak();
        // One that has a bit, one that has none, and one that is no null, in any order.
        for order in [[3, 65, 7], [65, 3, 7], [7, 3, 65], [3, 7, 65]] {
            let mut extra = Extra::default();
            for index in order {
                extra.keep(listed, index, if index == 7 { 1.into() } else { Value::Null });
                assert!(!extra.is_blank());
            }
            let all = [("n3".to_owned(), Value::Null), ("n65".to_owned(), Value::Null), ("n7".to_owned(), 1.into())];
            assert_eq!(extra, Extra::from_iter(all.clone()), "{order:?}");
            assert_eq!(Map::from(extra.clone()), Map::from_iter(all));
            order.iter().for_each(|index| extra.forget(listed, *index));
            assert!(extra.is_blank() && extra.is_empty(), "{order:?}");
        }
        let mut extra = Extra::default();
        extra.keep(listed, 63, Value::Null);
        assert_eq!(Map::from(extra.clone()).len(), 1);
        assert_eq!(extra.clone().into_iter().next(), Some(("n63".to_owned(), Value::Null)));
        extra.insert("a".to_owned(), true.into());
        assert_eq!((extra.len(), &extra["n63"]), (2, &Value::Null));
        let mut extra = Extra::default();
        extra.keep(listed, 0, Value::Null);
        extra.forget(listed, 0);
        assert!(extra.is_blank() && extra == Extra::default());
    }
}
