//! `Debug` of records: what is set, by wire name, secrets left out.

use std::convert::Infallible;
use std::fmt;

use super::{Record, Wire, Writer};

/// Prints a record's members that are set.
pub(crate) fn print<R: Record>(record: &R, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut writer = DebugWriter { members: R::MEMBERS, shown: Vec::new(), out: f.debug_struct(R::NAME) };
    let Ok(()) = record.write_members(&mut writer);
    for (name, value) in record.extra().iter().filter(|(name, _)| !writer.shown.contains(&name.as_str())) {
        if is_secret(name) {
            writer.out.field(name, &Redacted)
        } else {
            writer.out.field(name, value)
        };
    }
    writer.out.finish()
}

struct DebugWriter<'a, 'b> {
    members: &'static [&'static str],
    shown: Vec<&'static str>,
    out: fmt::DebugStruct<'a, 'b>,
}

impl Writer for DebugWriter<'_, '_> {
    type Error = Infallible;

    fn member<T: Wire>(&mut self, index: usize, value: &T) -> Result<(), Infallible> {
        let name = self.members[index];
        if T::OPTIONAL && value.is_blank() {
            return Ok(());
        }
        self.shown.push(name);
        if is_secret(name) && !value.is_blank() {
            self.out.field(name, &Redacted);
        } else {
            self.out.field(name, value);
        }
        Ok(())
    }
}

struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Whether a member holds a secret, by its name: Qlik's descriptions do not mark them.
fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    const WHOLE: &[&str] = &["token", "jwt", "authorization", "cookie", "eac", "credentials", "qtoken"];
    const ENDINGS: &[&str] = &[
        "secret",
        "password",
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "apikey",
        "privatekey",
        "clientassertion",
        "subjecttoken",
        "codeverifier",
        "connectionstring",
        "passphrase",
        "bearertoken",
        "sharedkey",
    ];
    WHOLE.contains(&name.as_str()) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}
