//! The runtime against the sandbox and its faults: pages, refusals, pages of proxies, replies that are cut, breaks of
//! uploads and downloads, work that fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::TryStreamExt;
use qlik::rest::Retry;
use qlik::rest::files::Upload;
use qlik::rest::reloads::types::ReloadRequest;
use qlik::rest::spaces::types::SpaceCreate;
use qlik::{Auth, Error, Qlik, QlikBuilder};
use qlik_sandbox::{Fault, Harm, Sandbox};
use serde_json::Value;

fn builder(sandbox: &Sandbox) -> QlikBuilder {
    let retry = Retry::times(3).first_pause(Duration::from_millis(5));
    Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).retry(retry)
}

fn client(sandbox: &Sandbox) -> Qlik {
    builder(sandbox).build().unwrap()
}

fn count(sandbox: &Sandbox, method: &str, path: &str) -> usize {
    let is = |target: &str| target.split('?').next() == Some(path);
    sandbox.seen().iter().filter(|seen| seen.method == method && is(&seen.target)).count()
}

async fn first_app(qlik: &Qlik) -> String {
    let mut apps = qlik.items().get_items().resource_type("app").stream();
    apps.try_next().await.unwrap().unwrap().resource_id.unwrap()
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_each_shape() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    let new = |number| SpaceCreate { name: format!("Space {number}"), type_: "shared".into(), ..Default::default() };
    for number in 0..25 {
        qlik.spaces().create_space(&new(number)).await.unwrap();
    }
    let all = qlik.spaces().get_spaces().limit(100).stream().all().await.unwrap();
    let by_seven = qlik.spaces().get_spaces().limit(7).stream().prefetch().all().await.unwrap();
    assert!(all.len() >= 25);
    assert_eq!(by_seven.len(), all.len());
    assert_eq!(qlik.spaces().get_spaces().limit(7).stream().at_most(9).all().await.unwrap().len(), 9);
    // By a cursor, by what comes after an entry, by a number; raw calls read all of them.
    for path in ["/api/v1/users", "/api/v1/api-keys", "/api/v1/consumption/executions", "/api/v1/report-templates"] {
        let items = qlik.get::<Value>(path).query("limit", 4).stream().all().await.unwrap();
        let pages = count(&sandbox, "GET", path);
        assert!(!items.is_empty() && pages * 4 >= items.len(), "{path}: {} on {pages}", items.len());
    }
}

#[tokio::test]
async fn failures_that_pass_are_not_seen() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    for harm in [Harm::TooMany(0), Harm::Status(503), Harm::Status(502), Harm::Html(504), Harm::Cut(5), Harm::Drop] {
        sandbox.faults().add(Fault::new("/api/v1/users/me", harm.clone()).times(2));
        let before = count(&sandbox, "GET", "/api/v1/users/me");
        qlik.users().get_my_user().await.unwrap_or_else(|error| panic!("{harm:?}: {error}"));
        let after = count(&sandbox, "GET", "/api/v1/users/me");
        assert!(after > before, "{harm:?}");
        sandbox.faults().clear();
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    let made = || count(&sandbox, "POST", "/api/v1/spaces");
    for (harm, arrived) in [(Harm::Status(503), 1), (Harm::Cut(3), 1), (Harm::TooMany(0), 2)] {
        let before = made();
        sandbox.faults().add(Fault::new("/api/v1/spaces", harm.clone()).method("POST").times(1));
        // A name may be there once only.
        let new = SpaceCreate { name: format!("{harm:?}"), type_: "shared".into(), ..Default::default() };
        let made_one = qlik.spaces().create_space(&new).await;
        assert_eq!(made() - before, arrived, "{harm:?}: {made_one:?}");
        assert_eq!(made_one.is_ok(), arrived == 2, "{harm:?}");
        sandbox.faults().clear();
    }
}

#[tokio::test]
async fn refusals_say_what_the_tenant_said() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = builder(&sandbox).retries(0).no_rate_limits().build().unwrap();
    sandbox.faults().add(Fault::new("/api/v1/users/me", Harm::TooMany(13)).times(1));
    let error = qlik.users().get_my_user().await.unwrap_err();
    assert!(error.is_rate_limited() && error.is_retryable() && error.trace_id().is_some(), "{error:?}");
    let Error::Http(error) = error else { panic!("{error:?}") };
    assert_eq!(error.retry_after(), Some(Duration::from_secs(13)));
    assert_eq!((error.operation(), error.errors()[0].code()), (Some("getMyUser"), Some("HTTP-429")));

    sandbox.faults().add(Fault::new("/api/v1/users/me", Harm::Html(502)).times(1));
    let error = qlik.users().get_my_user().await.unwrap_err();
    assert!(error.to_string().contains("502 Bad Gateway: 502"), "{error}");

    let error = qlik.spaces().get_space("no-such-space").await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("/api/v1/spaces/no-such-space"), "{error}");
    let error = qlik.get::<Value>("/api/v1/items").query("limit", 100_000).await.unwrap_err();
    let Error::Http(error) = error else { panic!("{error:?}") };
    assert_eq!((error.status(), error.errors()[0].source().unwrap().parameter()), (400, Some("limit")));
}

#[tokio::test]
async fn a_silent_tenant_is_given_up() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = builder(&sandbox).retries(0).timeout(Duration::from_millis(300)).build().unwrap();
    for harm in [Harm::Delay(Duration::from_secs(5)), Harm::HalfOpen] {
        sandbox.faults().add(Fault::new("/api/v1/users/me", harm.clone()).times(1));
        let error = qlik.users().get_my_user().await.unwrap_err();
        assert!(error.is_timeout(), "{harm:?}: {error:?}");
        sandbox.faults().clear();
    }
}

/// Bytes that differ at every place.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place / 7 + place) as u8).collect()
}

#[tokio::test]
async fn an_upload_goes_on_after_a_break_and_a_download_too() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    let app = first_app(&qlik).await;
    // The second piece does not get through at first.
    sandbox.faults().add(Fault::new("/api/v1/temp-contents/files/*", Harm::Drop).method("PATCH").after(1).times(1));
    let file = content(20 << 20);
    let begun = Arc::new(Mutex::new(String::new()));
    let keeper = begun.clone();
    let upload =
        Upload::bytes("large.csv", file.clone()).on_begun(move |id| id.clone_into(&mut keeper.lock().unwrap()));
    let made = qlik.data_files().upload_file(upload).direct_up_to(1 << 20).await.unwrap();
    assert_eq!(made.size, file.len() as i64);
    let id = begun.lock().unwrap().clone();
    let path = format!("/api/v1/temp-contents/files/{id}");
    assert!(count(&sandbox, "HEAD", &path) >= 1 && count(&sandbox, "PATCH", &path) >= 3);

    // Of the exported file, a part comes at first.
    let folder = std::env::temp_dir().join(format!("qlik-rest-{}.qvf", std::process::id()));
    let whole = qlik.apps().export_to(&app, &folder).await.unwrap();
    let bytes = std::fs::read(&folder).unwrap();
    sandbox.faults().add(Fault::new("/api/v1/temp-contents/*", Harm::Cut(5)).method("GET").times(1));
    assert_eq!(qlik.apps().export_to(&app, &folder).await.unwrap(), whole);
    assert_eq!(std::fs::read(&folder).unwrap(), bytes);
    let _ = std::fs::remove_file(&folder);
}

#[tokio::test]
async fn an_upload_is_resumed_by_another_run() {
    let sandbox = Sandbox::start().await.unwrap();
    let file = content(20 << 20);
    let begun = Arc::new(Mutex::new(Vec::new()));
    let upload = |from: Option<&String>| {
        let keeper = begun.clone();
        let upload =
            Upload::bytes("large.csv", file.clone()).on_begun(move |id| keeper.lock().unwrap().push(id.to_owned()));
        match from {
            Some(id) => upload.resume(id),
            None => upload,
        }
    };
    // The first run ends after its first piece.
    let pieces = Fault::new("/api/v1/temp-contents/files/*", Harm::Status(400)).method("PATCH").after(1);
    sandbox.faults().add(pieces);
    let one = client(&sandbox);
    assert!(one.data_files().upload_file(upload(None)).direct_up_to(1 << 20).await.is_err());
    drop(one);
    sandbox.faults().clear();

    let first = begun.lock().unwrap()[0].clone();
    let path = format!("/api/v1/temp-contents/files/{first}");
    let before = count(&sandbox, "PATCH", &path);
    let other = client(&sandbox);
    let made = other.data_files().upload_file(upload(Some(&first))).await.unwrap();
    assert_eq!(made.size, file.len() as i64);
    assert_eq!(*begun.lock().unwrap(), [first.clone(), first.clone()]);
    // Of three pieces, the first went up in the first run.
    assert_eq!(count(&sandbox, "PATCH", &path) - before, 2);
    assert_eq!(count(&sandbox, "POST", "/api/v1/temp-contents/files"), 1);

    // What the server has no more is begun anew.
    sandbox.clock().advance(Duration::from_secs(24 * 3600));
    other.data_files().upload_file(upload(Some(&first)).name("again.csv")).await.unwrap();
    assert_ne!(begun.lock().unwrap()[2], first);
}

#[tokio::test]
async fn a_reload_that_fails_gives_its_log() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    let app = first_app(&qlik).await;
    let short = Duration::from_millis(5);
    let wait = || {
        let request = ReloadRequest { app_id: app.clone(), ..Default::default() };
        qlik.reloads().queue_reload(&request).and_wait().every(short, short)
    };
    assert_eq!(wait().await.unwrap().status.to_string(), "SUCCEEDED");
    sandbox.fail_reload("Table 'Orders' not found");
    let Error::Job(error) = wait().await.unwrap_err() else { panic!("it should fail") };
    assert_eq!(error.status(), "FAILED");
    assert!(error.log().unwrap().contains("Table 'Orders' not found"), "{error:?}");
}

#[tokio::test]
async fn events_of_the_clock_do_not_stop_a_wait() {
    let sandbox = Sandbox::start().await.unwrap();
    let qlik = client(&sandbox);
    sandbox.reload_time(Duration::from_secs(60), Duration::from_secs(60));
    let app = first_app(&qlik).await;
    let request = ReloadRequest { app_id: app, ..Default::default() };
    let short = Duration::from_millis(5);
    let mut steps = qlik.reloads().queue_reload(&request).and_wait().every(short, short).progress();
    let mut told = Vec::new();
    while let Some(step) = steps.try_next().await.unwrap() {
        let status = step.status.to_string();
        if told.last() != Some(&status) {
            told.push(status);
            sandbox.clock().advance(Duration::from_secs(61));
        }
    }
    assert_eq!(told, ["QUEUED", "RELOADING", "SUCCEEDED"]);
}
