//! `Debug` of records: what is set, by wire name, secrets left out.

use std::fmt;

use serde_json::Value;

use super::table::{Record, extra, members};
use super::{OpenEnum, name_of};

/// Prints a record's members that are set.
pub(crate) fn print<R: Record>(record: &R, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    members_of(record, name_of::<R>(), f)
}

fn members_of(record: &dyn Record, type_name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut out = f.debug_struct(type_name);
    let mut shown = Vec::new();
    for (name, part) in members(record) {
        if part.is_optional() && part.is_blank() {
            continue;
        }
        shown.push(name);
        if is_secret(name) && !part.is_blank() {
            out.field(name, &Redacted);
        } else {
            out.field(name, &part);
        }
    }
    for (name, value) in extra(record).iter().filter(|(name, _)| !shown.contains(&name.as_str())) {
        if is_secret(name) {
            out.field(name, &Redacted)
        } else {
            out.field(name, &Open(value))
        };
    }
    out.finish()
}

/// Prints an enum's value by its name in Rust.
pub(crate) fn choice<E: OpenEnum>(value: &E, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value.place() {
        Ok(place) => f.write_str(E::LISTED[place].2),
        Err(text) => f.debug_tuple("Unrecognized").field(text).finish(),
    }
}

struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// JSON that no field took; secrets inside of it are left out too.
struct Open<'a>(&'a Value);

impl fmt::Debug for Open<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Object(members) => {
                let mut map = f.debug_map();
                for (name, value) in members {
                    if is_secret(name) {
                        map.entry(name, &Redacted)
                    } else {
                        map.entry(name, &Open(value))
                    };
                }
                map.finish()
            }
            Value::Array(items) => f.debug_list().entries(items.iter().map(Open)).finish(),
            other => other.fmt(f),
        }
    }
}

/// Whether a member holds a secret, by its name: Qlik's descriptions do not mark them.
pub(crate) fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    const WHOLE: &[&str] = &["jwt", "authorization", "cookie", "eac", "credentials"];
    const ENDINGS: &[&str] = &[
        "token",
        "secret",
        "secrets",
        "password",
        "apikey",
        "privatekey",
        "clientassertion",
        "codeverifier",
        "connectionstring",
        "passphrase",
        "sharedkey",
        "decryptingkey",
        "licensekey",
    ];
    WHOLE.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
