//! Authorization code with PKCE: the URL for a person, and the exchange of what comes back.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use super::grant::Grant;
use super::source::{self, Source};
use crate::auth::{Secret, random};
use crate::json::object;
use crate::{Error, Result};

/// A person's agreement that has been asked for: the URL to send the person to, and what is needed to finish.
///
/// A web server keeps [`state`](Authorization::state) and [`verifier`](Authorization::verifier) in the person's session
/// until the person comes back, and makes it again by [`resume`](Authorization::resume).
#[derive(Debug, Clone)]
pub struct Authorization {
    url: Option<Url>,
    state: Secret,
    verifier: Secret,
}

impl Authorization {
    /// The same again, from what was kept.
    pub fn resume(state: impl Into<Secret>, verifier: impl Into<Secret>) -> Self {
        Self { url: None, state: state.into(), verifier: verifier.into() }
    }

    /// The URL to send the person to; empty after [`resume`](Authorization::resume).
    pub fn url(&self) -> &str {
        self.url.as_ref().map_or("", Url::as_str)
    }

    /// Comes back with the person, and shows that the agreement is the one that was asked for.
    pub fn state(&self) -> &Secret {
        &self.state
    }

    /// Shows that the one who finishes is the one who began.
    pub fn verifier(&self) -> &Secret {
        &self.verifier
    }
}

impl Source {
    pub(super) fn redirect_uri(&self) -> Result<&str> {
        match &self.oauth.grant {
            Grant::Code { redirect_uri } => Ok(redirect_uri),
            _ => Err(Error::config("the client signs in without a person; only Auth::authorization_code asks one")),
        }
    }

    /// Begins to ask for a person's agreement.
    pub(crate) fn authorization(&self, prompt: Option<&str>) -> Result<Authorization> {
        let redirect_uri = self.redirect_uri()?;
        // 96 random bytes make 128 characters, the most that a verifier may have.
        let (state, verifier) = (random::text::<32>()?, random::text::<96>()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let mut url = self.channel.host().at("/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.oauth.id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", self.oauth.scopes())
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(prompt) = prompt {
            url.query_pairs_mut().append_pair("prompt", prompt);
        }
        Ok(Authorization { url: Some(url), state: state.into(), verifier: verifier.into() })
    }

    /// Finishes with the URL that the person came back to.
    pub(crate) async fn authorize(self: &Arc<Self>, asked: &Authorization, returned: &str) -> Result<()> {
        let redirect_uri = self.redirect_uri()?;
        let code = code(redirect_uri, asked, returned)?;
        let body = object! {
            "grant_type": "authorization_code",
            "code": code.expose(),
            "code_verifier": asked.verifier.expose(),
            "redirect_uri": redirect_uri,
        };
        let tokens = source::read(self.oauth.request(&self.channel, body)?).await?;
        self.accept(tokens).await;
        Ok(())
    }
}

/// The code in the URL that a person came back to. No error shows the URL: it may hold a code.
fn code(redirect_uri: &str, asked: &Authorization, returned: &str) -> Result<Secret> {
    let url = Url::parse(redirect_uri).and_then(|base| base.join(returned.trim()));
    let url = url.map_err(|_| Error::auth("the URL that the person came back to cannot be read"))?;
    let find = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    // Looked at first: an answer with another state is none to what was asked, whatever it says.
    if !find("state").is_some_and(|state| same(&state, asked.state.expose())) {
        return Err(Error::auth(
            "the state that came back is not the one that was sent: it belongs to another attempt, or somebody else \
             made it up; begin anew",
        ));
    }
    if let Some(error) = find("error") {
        let detail = find("error_detail").or_else(|| find("error_description"));
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        let shown: String = format!("{error}{detail}").chars().filter(|c| !c.is_control()).take(300).collect();
        return Err(Error::auth(format!("the authorization was refused: {shown}")));
    }
    match find("code") {
        Some(code) if !code.is_empty() => Ok(code.into()),
        _ => Err(Error::auth("the URL that the person came back to has no code")),
    }
}

/// Compares in a time that does not tell how much is the same.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_code_of_its_own_attempt_only() {
        let asked = Authorization::resume("s1", "v");
        let read = |returned: &str| code("http://127.0.0.1:9/back?x=1", &asked, returned);
        assert_eq!(read("http://127.0.0.1:9/back?code=c%2F1&state=s1").unwrap().expose(), "c/1");
        assert_eq!(read("?code=c&state=s1").unwrap().expose(), "c");
        for (returned, part) in [
            ("http://127.0.0.1:9/back?code=c&state=s2", "state"),
            ("http://127.0.0.1:9/back?code=c&state=s", "state"),
            ("http://127.0.0.1:9/back?code=c", "state"),
            ("?error=access_denied&state=s2", "state"),
            ("?error=access_denied&error_detail=no&state=s1", "access_denied: no"),
            ("?state=s1", "no code"),
            ("?code=&state=s1", "no code"),
            ("http://[", "cannot be read"),
        ] {
            let error = read(returned).unwrap_err();
            assert!(error.is_auth() && error.to_string().contains(part), "{returned}: {error}");
        }
        assert!(!format!("{asked:?}").contains("s1"));
    }
}
