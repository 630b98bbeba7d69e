//! A client's settings from the environment.

use crate::auth::{Identity, User};
use crate::host::Host;
use crate::{Auth, Error, QlikBuilder, Result};

/// Reads the settings from the variables that `lookup` finds.
pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<QlikBuilder> {
    let find = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let need = |name: &str, what: &str| {
        find(name).ok_or_else(|| Error::config(format!("the environment variable {name} is not set; it gives {what}")))
    };
    let host = need("QLIK_HOST", "the host, as in QLIK_HOST=https://your-tenant.eu.qlikcloud.com")?;
    Host::parse(&host).map_err(|error| Error::config(format!("QLIK_HOST: {error}")))?;
    let mut ways = Vec::new();
    if let Some(key) = find("QLIK_API_KEY") {
        ways.push(("QLIK_API_KEY", Auth::api_key(key)));
    }
    if let Some(token) = find("QLIK_ACCESS_TOKEN") {
        ways.push(("QLIK_ACCESS_TOKEN", Auth::bearer(token)));
    }
    if let Some(id) = find("QLIK_CLIENT_ID") {
        let secret = need("QLIK_CLIENT_SECRET", "the secret of the OAuth client in QLIK_CLIENT_ID")?;
        let user = find("QLIK_SUBJECT").map(User::Subject).or_else(|| find("QLIK_USER_ID").map(User::Id));
        let mut oauth = match user {
            Some(user) => Auth::impersonation(id, secret, user),
            None => Auth::client_credentials(id, secret),
        };
        if let Some(scope) = find("QLIK_SCOPE") {
            oauth = oauth.scope(scope);
        }
        ways.push(("QLIK_CLIENT_ID", oauth.into()));
    }
    if let Some(certificate) = find("QLIK_CLIENT_CERT") {
        let key = need("QLIK_CLIENT_KEY", "the file of the key of the certificate in QLIK_CLIENT_CERT")?;
        let directory = need("QLIK_USER_DIRECTORY", "the directory of the user for whom the certificate speaks")?;
        let user = need("QLIK_USER_ID", "the id of the user for whom the certificate speaks")?;
        let identity = Identity::pem_files(certificate, key)?;
        ways.push(("QLIK_CLIENT_CERT", Auth::certificate(identity, directory, user)));
    }
    let mut ways = ways.into_iter();
    let auth = match (ways.next(), ways.next()) {
        (Some((_, auth)), None) => auth,
        (Some((one, _)), Some((other, _))) => {
            return Err(Error::config(format!(
                "{one} and {other} are both set, and each is a way of signing in; unset one of them"
            )));
        }
        (None, _) => {
            return Err(Error::config(
                "the environment variable QLIK_API_KEY is not set, nor another way of signing in (QLIK_CLIENT_ID, \
                 QLIK_ACCESS_TOKEN, QLIK_CLIENT_CERT); an API key is made in the profile settings of your tenant",
            ));
        }
    };
    let builder = QlikBuilder::new(host).auth(auth);
    Ok(match find("QLIK_ROOT_CERT") {
        Some(path) => builder.root_certificates_file(path),
        None => builder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_pairs(pairs: &[(&str, &str)]) -> Result<QlikBuilder> {
        read(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    }

    const HOST: (&str, &str) = ("QLIK_HOST", "t.eu.qlikcloud.com");

    #[test]
    fn reads_each_way_of_signing_in() {
        for (pairs, shown) in [
            (&[HOST, ("QLIK_API_KEY", "hunter2\n")][..], "ApiKey"),
            (&[HOST, ("QLIK_ACCESS_TOKEN", "hunter2")], "Bearer"),
            (&[HOST, ("QLIK_CLIENT_ID", "c"), ("QLIK_CLIENT_SECRET", "hunter2")], "ClientCredentials"),
            (
                &[HOST, ("QLIK_CLIENT_ID", "c"), ("QLIK_CLIENT_SECRET", "hunter2"), ("QLIK_SUBJECT", "ada")],
                "Impersonation",
            ),
        ] {
            let builder = read_pairs(pairs).unwrap();
            let printed = format!("{builder:?}");
            assert!(printed.contains(shown) && printed.contains("t.eu.qlikcloud.com"), "{printed}");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        for (pairs, part) in [
            (&[][..], "QLIK_HOST is not set"),
            (&[("QLIK_HOST", " ")], "QLIK_HOST is not set"),
            (&[("QLIK_HOST", "server")], "QLIK_API_KEY is not set"),
            (&[("QLIK_HOST", "ftp://server"), ("QLIK_API_KEY", "x")], "QLIK_HOST: "),
            (&[HOST, ("QLIK_CLIENT_ID", "c")], "QLIK_CLIENT_SECRET is not set"),
            (&[HOST, ("QLIK_CLIENT_CERT", "/c")], "QLIK_CLIENT_KEY is not set"),
            (&[HOST, ("QLIK_API_KEY", "x"), ("QLIK_ACCESS_TOKEN", "y")], "both set"),
        ] {
            let error = read_pairs(pairs).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
