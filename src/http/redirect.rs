//! Redirects: which are followed, with what, and where credentials stay behind.

use reqwest::header::{ACCEPT, HeaderMap, LOCATION, RANGE};
use url::Url;

use super::headers;
use super::payload::Payload;
use crate::host::Host;
use crate::rest::Method;

/// How many redirects in a row are followed.
pub(crate) const MOST: usize = 5;

/// One request of a chain of redirects, without its body.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) url: Url,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// Whether credentials are sent along. Once a chain has left the host they are not, even where it comes back:
    /// the other host would choose what is done with them.
    pub(crate) signed: bool,
}

/// What a redirect leads to.
pub(crate) enum Next {
    /// Another request, and its body.
    Hop(Box<(Hop, Payload)>),
    /// Nothing that may be followed, and why.
    Refused(&'static str),
}

/// Whether a status is a redirect that names another place.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads.
///
/// GET and HEAD follow everywhere, without credentials and with nothing but `Accept` and `Range` on another host:
/// downloads are handed over to storage hosts in this way. Other methods follow within the host only: 303 turns them
/// into GET, 307 and 308 send them again; 301 and 302 leave open which of the two is meant, and are not followed.
///
/// `payload` is the body of the request once more, where it can be sent once more.
pub(crate) fn next(host: &Host, hop: &Hop, payload: Option<Payload>, status: u16, answer: &HeaderMap) -> Next {
    let Some(url) = headers::text(answer, LOCATION.as_str()).and_then(|location| hop.url.join(location).ok()) else {
        return Next::Refused("the redirect has no place that can be read");
    };
    let reads = matches!(hop.method, Method::Get | Method::Head);
    let (method, payload) = match status {
        _ if reads => (hop.method, Payload::None),
        303 => (Method::Get, Payload::None),
        307 | 308 => match payload {
            Some(payload) => (hop.method, payload),
            None => return Next::Refused("a body that is streamed cannot follow a redirect"),
        },
        _ => {
            return Next::Refused("it is unclear whether the redirect wants the request again or its result");
        }
    };
    if host.is_origin_of(&url) {
        let hop = Hop { url, method, headers: hop.headers.clone(), signed: hop.signed };
        return Next::Hop(Box::new((hop, payload)));
    }
    if hop.url.scheme() == "https" && url.scheme() != "https" {
        return Next::Refused("the redirect leads to a place without TLS");
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Next::Refused("the redirect leads to a place that is not on the web");
    }
    if !reads {
        return Next::Refused("the redirect leads to another host, to which only GET requests go");
    }
    let kept =
        [ACCEPT, RANGE].into_iter().filter_map(|name| hop.headers.get(&name).cloned().map(|value| (name, value)));
    let hop = Hop { url, method, headers: HeaderMap::from_iter(kept), signed: false };
    Next::Hop(Box::new((hop, payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(url: &str, to: &str) -> Next {
        let host = Host::parse(url).unwrap();
        let hop = Hop { url: Url::parse(url).unwrap(), method: Method::Get, headers: HeaderMap::new(), signed: true };
        let answer = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        next(&host, &hop, Some(Payload::None), 302, &answer)
    }

    #[test]
    fn does_not_give_up_tls() {
        for to in ["http://server/x", "http://storage/x"] {
            assert!(matches!(from("https://server/x", to), Next::Refused(why) if why.contains("TLS")), "{to}");
        }
    }

    #[test]
    fn signs_on_the_same_origin_only() {
        for (to, signed) in [
            ("/y", true),
            ("https://server:443/y", true),
            ("https://server:8443/y", false),
            ("https://server.evil/y", false),
            ("//evil/y", false),
            ("\\\\evil/y", false),
        ] {
            let Next::Hop(hop) = from("https://server/x", to) else { panic!("{to}") };
            assert_eq!(hop.0.signed, signed, "{to}");
        }
    }
}
