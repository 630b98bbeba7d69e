//! Host and credentials from the environment.

use super::Host;
use crate::{Auth, Error, Result};

/// The variable that holds the host.
const HOST: &str = "QLIK_HOST";
/// The variable that holds an API key.
const API_KEY: &str = "QLIK_API_KEY";

/// Reads host and credentials from the variables that `lookup` finds.
pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<(Host, Auth)> {
    let find = |name: &str, what: &str| {
        lookup(name)
            .filter(|value| !value.trim().is_empty())
            .ok_or_else(|| Error::config(format!("the environment variable {name} is not set; it gives {what}")))
    };
    let host = find(HOST, "the host, as in QLIK_HOST=https://your-tenant.eu.qlikcloud.com")?;
    let host = Host::parse(&host).map_err(|error| Error::config(format!("{HOST}: {error}")))?;
    let key = find(API_KEY, "an API key, which you make in the profile settings of your tenant")?;
    Ok((host, Auth::api_key(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_pairs(pairs: &[(&str, &str)]) -> Result<(Host, Auth)> {
        read(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    }

    #[test]
    fn reads_host_and_key() {
        let (host, auth) = read_pairs(&[(HOST, "t.eu.qlikcloud.com"), (API_KEY, "hunter2\n")]).unwrap();
        assert_eq!(host.name(), "t.eu.qlikcloud.com");
        assert!(auth.check().is_ok());
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        for (pairs, part) in [
            (&[][..], "QLIK_HOST is not set"),
            (&[(HOST, " ")], "QLIK_HOST is not set"),
            (&[(HOST, "server")], "QLIK_API_KEY is not set"),
            (&[(HOST, "ftp://server"), (API_KEY, "x")], "QLIK_HOST: "),
        ] {
            let error = read_pairs(pairs).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
