//! Hosts as people write them, and where requests to them go.

use super::*;

#[test]
fn reads_every_form_that_people_paste() {
    for (text, origin) in [
        ("t.eu.qlikcloud.com", "https://t.eu.qlikcloud.com"),
        ("https://t.eu.qlikcloud.com/", "https://t.eu.qlikcloud.com"),
        ("HTTPS://T.EU.QlikCloud.com/hub?x=1#y", "https://t.eu.qlikcloud.com"),
        (" \"t.eu.qlikcloud.com/console/users\"\n", "https://t.eu.qlikcloud.com"),
        ("https://t.eu.qlikcloud.com:443/api/v1/", "https://t.eu.qlikcloud.com"),
        ("//t.eu.qlikcloud.com", "https://t.eu.qlikcloud.com"),
        ("server:4747", "https://server:4747"),
        ("localhost:8080", "https://localhost:8080"),
        ("http://127.0.0.1:4848/", "http://127.0.0.1:4848"),
        ("http://[::1]:80", "http://[::1]"),
        ("[::1]:9", "https://[::1]:9"),
    ] {
        assert_eq!(Host::parse(text).unwrap().as_str(), origin, "{text}");
    }
}

#[test]
fn says_what_is_wrong_with_the_others() {
    for (text, part) in [
        ("", "empty"),
        (" / ", "cannot be read"),
        ("https://", "cannot be read"),
        ("ftp://server", "ftp://"),
        ("wss://t.eu.qlikcloud.com/app/x", "https://"),
        ("http://t.eu.qlikcloud.com", "https only"),
        ("http://qlikcloud.com", "https only"),
        ("qlikcloud.com", "as a whole"),
        ("https://server/a%20b/hub", "prefix of a virtual proxy"),
        ("https://me:hunter2@server", "Auth"),
        ("https://server:99999", "port"),
        ("me:hunter2@server:99999", "port"),
        ("two words", "cannot be read"),
    ] {
        let error = Host::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(Host::parse("http://notqlikcloud.com").is_ok());
}

#[test]
fn knows_its_own_urls() {
    let host = Host::parse("server:8443").unwrap();
    for (url, own) in [
        ("https://server:8443/x", true),
        ("https://SERVER:8443/", true),
        ("http://server:8443/x", false),
        ("https://server/x", false),
        ("https://server.evil:8443/", false),
        ("https://server:8443@evil/", false),
    ] {
        assert_eq!(host.is_origin_of(&Url::parse(url).unwrap()), own, "{url}");
    }
    #[cfg(feature = "engine")]
    {
        assert_eq!(host.socket_base(), "wss://server:8443");
        let plain = Host::parse("http://127.0.0.1:1").unwrap();
        assert_eq!(plain.socket_base(), "ws://127.0.0.1:1");
    }
}

#[test]
fn tells_deployments_and_virtual_proxies() {
    for (text, cloud, prefix) in [
        ("t.eu.qlikcloud.com/py_api", true, None),
        ("t.us.qlikcloudgov.com", true, None),
        (Host::ORGANIZATION, true, None),
        ("server", false, None),
        ("server/hub/my/work", false, None),
        ("server/QMC", false, None),
        ("https://server/Py_Api/hub", false, Some("py_api")),
        ("https://server:8443/jwt/", false, Some("jwt")),
    ] {
        let host = Host::parse(text).unwrap();
        assert_eq!((host.is_cloud(), host.virtual_proxy()), (cloud, prefix), "{text}");
    }
    let host = Host::parse("https://server/py_api").unwrap();
    assert_eq!(host.to_string(), "https://server/py_api");
    assert_eq!(host.at("/qrs/app").as_str(), "https://server/py_api/qrs/app");
    assert_eq!(host.at("/py_api/qrs/app").as_str(), "https://server/py_api/qrs/app");
    assert_eq!(host.at("/py_apis").as_str(), "https://server/py_api/py_apis");
    #[cfg(feature = "engine")]
    assert_eq!(host.socket_base(), "wss://server/py_api");
}

#[test]
fn services_have_their_ports() {
    for text in ["https://server", "https://server:4242", "https://server:4747/hub"] {
        let host = Host::parse(text).unwrap().with_services();
        assert_eq!(host.at("/qrs/about").as_str(), "https://server:4242/qrs/about");
        assert_eq!(host.at("/qps/x/ticket").as_str(), "https://server:4243/qps/x/ticket");
        #[cfg(feature = "engine")]
        assert_eq!((host.socket_base().as_str(), host.socket_port()), ("wss://server:4747", 4_747));
        for (url, own) in [("https://server:4243/", true), ("https://server/", false), ("https://evil:4242/", false)] {
            assert_eq!(host.is_origin_of(&Url::parse(url).unwrap()), own, "{url}");
        }
    }
    let host = Host::parse("https://server:9443").unwrap().with_services();
    assert_eq!(host.at("/qps/about").as_str(), "https://server:9443/qps/about");
    assert!(host.is_origin_of(&Url::parse("https://server:9443/x").unwrap()));
}
