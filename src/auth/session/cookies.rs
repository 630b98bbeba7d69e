//! The cookies of one session with one host.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use cookie::Cookie;

use crate::auth::Secret;

/// The cookies of one session. All belong to one host and are sent there only, so that domains and paths do not matter.
#[derive(Debug, Default)]
pub(super) struct Cookies(Mutex<BTreeMap<String, Secret>>);

impl Cookies {
    /// Those of a `Cookie` header.
    pub(super) fn parse(header: &str) -> Self {
        let cookies = Self::default();
        for cookie in Cookie::split_parse(header.trim().to_owned()).flatten() {
            cookies.put(cookie.name(), cookie.value());
        }
        cookies
    }

    fn map<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Secret>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put(&self, name: &str, value: &str) {
        self.map(|all| all.insert(name.to_owned(), value.into()));
    }

    /// Takes what an answer sets, and what it takes back.
    pub(super) fn take<'a>(&self, set_cookies: impl Iterator<Item = &'a str>) {
        for cookie in set_cookies.filter_map(|text| Cookie::parse(text).ok()) {
            let over = cookie.max_age().is_some_and(|age| !age.is_positive())
                || cookie.expires_datetime().is_some_and(|end| SystemTime::from(end) < SystemTime::now());
            match over || cookie.value().is_empty() {
                true => self.map(|all| drop(all.remove(cookie.name()))),
                false => self.put(cookie.name(), cookie.value()),
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Secret> {
        self.map(|all| all.get(name).cloned())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.map(|all| all.is_empty())
    }

    /// The value of the `Cookie` header.
    pub(super) fn header(&self) -> Secret {
        self.map(|all| {
            let pairs: Vec<String> = all.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
            Secret::new(pairs.join("; "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_and_gives_back() {
        let cookies = Cookies::parse(" a=1; b=2;c=x=y ");
        assert_eq!(cookies.header().expose(), "a=1; b=2; c=x=y");
        let set = [
            "a=3; Path=/; HttpOnly; Secure",
            "b=; Path=/",
            "c=4; Max-Age=0",
            "d=5; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
            "e=6; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=60",
            "junk",
        ];
        cookies.take(set.into_iter());
        assert_eq!(cookies.header().expose(), "a=3; e=6");
        assert_eq!(cookies.get("a").unwrap().expose(), "3");
        assert!(!format!("{cookies:?}").contains('3') && !cookies.is_empty());
    }
}
