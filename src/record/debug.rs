//! `Debug` of records: what is set, by wire name, secrets left out.

use std::fmt;

use serde_json::Value;

use super::{Form, Record, Visit, Wire};

/// Prints a record's members that are set.
pub(crate) fn print<R: Record>(record: &R, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut writer = DebugWriter { members: R::MEMBERS, shown: Vec::new(), out: f.debug_struct(R::EXPECTED) };
    record.visit_members(&mut writer);
    for (name, value) in record.extra().iter().filter(|(name, _)| !writer.shown.contains(&name.as_str())) {
        if is_secret(name) {
            writer.out.field(name, &Redacted)
        } else {
            writer.out.field(name, &Open(value))
        };
    }
    writer.out.finish()
}

struct DebugWriter<'a, 'b> {
    members: &'static [&'static str],
    shown: Vec<&'static str>,
    out: fmt::DebugStruct<'a, 'b>,
}

impl Visit for DebugWriter<'_, '_> {
    fn member<T: Wire>(&mut self, index: usize, value: &T) {
        let name = self.members[index];
        if T::OPTIONAL && T::Form::is_blank(value) {
            return;
        }
        self.shown.push(name);
        if is_secret(name) && !T::Form::is_blank(value) {
            self.out.field(name, &Redacted);
        } else {
            self.out.field(name, value);
        }
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
