//! What a record holds besides the members that its description lists.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use serde_json::{Map, Value};

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
pub struct Extra(Option<Box<Map<String, Value>>>);

static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or_else(|| &NONE)
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.get_or_insert_default()
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

impl From<Map<String, Value>> for Extra {
    fn from(members: Map<String, Value>) -> Self {
        Self(Some(Box::new(members)))
    }
}

impl From<Extra> for Map<String, Value> {
    fn from(extra: Extra) -> Self {
        extra.0.map_or_else(Map::new, |members| *members)
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
}
