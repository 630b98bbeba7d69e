//! Files: resumable uploads, the way that a file takes by its size, downloads that go on after a break.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body as Answer, Bytes};
use axum::response::Response;
use futures::{StreamExt, stream};
use qlik::rest::files::Upload;
use qlik::rest::{Body, Download};
use qlik::{Error, Qlik};
use serde_json::Value;

use crate::server::{Seen, Server, respond};

/// More than one piece, and no round number of them.
const LARGE: usize = 20 * 1024 * 1024 + 7;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// A folder that is taken away with this.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("qlik-files-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A temporary storage that answers its PATCH requests with these faults first.
#[derive(Clone, Default)]
struct Storage {
    bytes: Arc<Mutex<Vec<u8>>>,
    faults: Arc<Mutex<Vec<&'static str>>>,
}

impl Storage {
    fn with(faults: &[&'static str]) -> Self {
        Self { bytes: Arc::default(), faults: Arc::new(Mutex::new(faults.to_vec())) }
    }

    fn answer(&self, seen: &Seen) -> Response {
        let mut bytes = self.bytes.lock().unwrap();
        let mut faults = self.faults.lock().unwrap();
        let offset = |bytes: &Vec<u8>| bytes.len().to_string();
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/api/v1/temp-contents/files") => {
                bytes.clear();
                respond(201, &[("location", "https://other.example/v1/temp-contents/files/t%201")], "")
            }
            ("HEAD", "/api/v1/temp-contents/files/t%25201") => {
                respond(200, &[("upload-offset", &offset(&bytes)), ("tus-resumable", "1.0.0")], "")
            }
            ("PATCH", "/api/v1/temp-contents/files/t%25201") => {
                if seen.header("upload-offset") != offset(&bytes) {
                    return respond(409, &[], "");
                }
                assert_eq!(seen.header("content-type"), "application/offset+octet-stream");
                assert_eq!(seen.header("tus-resumable"), "1.0.0");
                match if faults.is_empty() { "" } else { faults.remove(0) } {
                    "locked" => return respond(423, &[], ""),
                    "gone" => return respond(410, &[], r#"{"errors":[{"code":"T-1","title":"expired"}]}"#),
                    "busy" => return respond(503, &[("retry-after", "0")], ""),
                    "nothing" => {}
                    "half" => bytes.extend_from_slice(&seen.body[..seen.body.len() / 2]),
                    // It has arrived, and the answer does not say so.
                    "lost" => {
                        bytes.extend_from_slice(&seen.body);
                        return respond(500, &[], "");
                    }
                    _ => bytes.extend_from_slice(&seen.body),
                }
                respond(204, &[("upload-offset", &offset(&bytes))], "")
            }
            ("POST", "/api/v1/temp-contents") => {
                bytes.clear();
                bytes.extend_from_slice(&seen.body);
                respond(201, &[("location", "/v1/temp-contents/small")], "")
            }
            ("POST", "/api/v1/apps/import") => respond(200, &[], r#"{"attributes":{"id":"app","name":"Sales"}}"#),
            ("POST", "/api/v1/data-files") => respond(201, &[], r#"{"id":"file","name":"sales.csv"}"#),
            ("POST", "/api/v1/apps/a/export") => respond(201, &[("location", "/v1/temp-contents/exported")], ""),
            ("GET", "/api/v1/temp-contents/exported") => respond(200, &[], "the app"),
            _ => respond(404, &[], ""),
        }
    }
}

async fn storing(storage: &Storage) -> Server {
    let storage = storage.clone();
    Server::start(move |seen| {
        let answer = storage.answer(&seen);
        async move { answer }
    })
    .await
}

fn import(qlik: &Qlik, file: impl Into<Upload>) -> qlik::rest::files::ImportFile {
    qlik.apps().import_file(file).options(|import| import.name("Sales")).direct_up_to(1000)
}

#[tokio::test]
async fn large_files_go_piece_by_piece_and_on_after_a_break() {
    let folder = Folder::new("pieces");
    let path = folder.0.join("Sälés.qvf");
    std::fs::write(&path, content(LARGE)).unwrap();
    for faults in
        [&[][..], &["locked", "busy"], &["half", "nothing", "lost", "half"], &["lost", "lost", "lost", "lost"]]
    {
        let reader = Upload::reader("x.qvf", io::Cursor::new(content(LARGE)), Some(LARGE as u64));
        for upload in [Upload::path(&path), Upload::bytes("x.qvf", content(LARGE)), reader] {
            let storage = Storage::with(faults);
            let server = storing(&storage).await;
            let last = Arc::new(AtomicU64::new(0));
            let seen = last.clone();
            let upload = upload.on_progress(move |sent| {
                assert_eq!(sent.total(), Some(LARGE as u64));
                assert!(sent.done() >= seen.swap(sent.done(), Ordering::SeqCst));
            });
            let app = import(&server.client(), upload).await.unwrap();
            assert_eq!(app.attributes.unwrap().name.as_deref(), Some("Sales"));
            assert_eq!(last.load(Ordering::SeqCst), LARGE as u64);
            assert!(*storage.bytes.lock().unwrap() == content(LARGE), "{faults:?}");
            let lines = server.lines();
            assert_eq!(lines.last().unwrap(), "POST /api/v1/apps/import?name=Sales&fileId=t%25201");
        }
    }
}

#[tokio::test]
async fn an_upload_tells_name_and_length_and_gives_up_in_the_end() {
    let storage = Storage::with(&["locked", "gone"]);
    let server = storing(&storage).await;
    let error = import(&server.client(), Upload::bytes("S.qvf", content(5000))).await.unwrap_err();
    assert_eq!(error.status(), Some(410));
    let first = &server.seen()[0];
    assert_eq!(first.header("upload-length"), "5000");
    assert_eq!(first.header("upload-metadata"), "filename Uy5xdmY=");

    let storage = Storage::with(&["locked"; 99]);
    let server = storing(&storage).await;
    let error = import(&server.client(), Upload::bytes("S.qvf", content(5000))).await.unwrap_err();
    assert_eq!(error.status(), Some(423));

    let storage = Storage::with(&["nothing"; 99]);
    let error = import(&storing(&storage).await.client(), Upload::bytes("S.qvf", content(5000))).await.unwrap_err();
    assert!(error.to_string().contains("takes no more"), "{error}");

    let missing = import(&server.client(), Upload::path("/nowhere/at all.qvf")).await.unwrap_err();
    assert!(matches!(missing, Error::Transport(_)) && missing.to_string().contains("at all.qvf"), "{missing}");
    let short = Upload::reader("S.qvf", io::Cursor::new(content(2000)), Some(5000));
    let error = import(&storing(&Storage::default()).await.client(), short).await.unwrap_err();
    assert!(error.to_string().contains("ends after 2000"), "{error}");
}

#[tokio::test]
async fn small_files_go_in_one_request() {
    let server = storing(&Storage::default()).await;
    let sent = Arc::new(AtomicU64::new(0));
    let seen = sent.clone();
    let upload = Upload::bytes("S.qvf", content(1000))
        .on_progress(move |progress| seen.store(progress.done(), Ordering::SeqCst));
    import(&server.client(), upload).await.unwrap();
    assert_eq!(server.only().line(), "POST /api/v1/apps/import?name=Sales");
    assert_eq!((server.only().header("content-length"), server.only().body.len()), ("1000", 1000));
    assert_eq!(sent.load(Ordering::SeqCst), 1000);

    // Without a length there is but one way.
    let server = storing(&Storage::default()).await;
    import(&server.client(), Upload::reader("S.qvf", io::Cursor::new(content(9000)), None)).await.unwrap();
    assert_eq!(server.only().body.len(), 9000);
}

#[tokio::test]
async fn data_files_choose_their_way_too() {
    let server = storing(&Storage::default()).await;
    let qlik = server.client();
    let upload = || qlik.data_files().upload_file(Upload::bytes("sales.csv", content(2000)));
    let file = upload().details(|file| file.connection_id = Some("c".into())).await.unwrap();
    assert_eq!(file.id, "file");
    let body = String::from_utf8_lossy(&server.only().body).into_owned();
    assert!(body.contains(r#"filename="sales.csv""#) && body.contains(r#"{"name":"sales.csv","connectionId":"c"}"#));

    upload().direct_up_to(10).await.unwrap();
    let last = server.seen().pop().unwrap();
    let body = String::from_utf8_lossy(&last.body).into_owned();
    assert!(body.contains(r#""tempContentFileId":"t%201""#) && !body.contains("filename="), "{body}");
}

#[tokio::test]
async fn exports_land_in_a_file() {
    let folder = Folder::new("export");
    let server = storing(&Storage::default()).await;
    let path = folder.0.join("out.qvf");
    let export = server.client().apps().export_to("a", &path).options(|export| export.no_data(true));
    assert_eq!(export.await.unwrap(), 7);
    assert_eq!(std::fs::read(&path).unwrap(), b"the app");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
    assert_eq!(server.lines()[0], "POST /api/v1/apps/a/export?NoData=true");
}

#[tokio::test]
async fn a_file_is_opened_anew_for_each_attempt() {
    let folder = Folder::new("again");
    let path = folder.0.join("x.csv");
    std::fs::write(&path, content(300_000)).unwrap();
    let server = Server::failing(1, 503, &[]).await;
    let body = Body::path(&path).await.unwrap();
    let () = server.client().put("/x").body(body, "text/csv").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.body == content(300_000) && seen.header("content-length") == "300000"));
    assert!(Body::path(&folder.0).await.unwrap_err().to_string().contains("folder"));
    assert!(Body::path(folder.0.join("none")).await.is_err());
}

/// A server whose answers break off after so many bytes, and which answers for ranges as it is told.
async fn breaking(after: usize, length: usize, version: &'static [&'static str], ranges: bool) -> Server {
    Server::start(move |seen| async move {
        let all = content(length);
        let range = seen.header("range").strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
        let start: usize = range.filter(|_| ranges).map_or(0, |start| start.parse().unwrap());
        let end = (start + after).min(length);
        let pieces = vec![Ok(Bytes::from(all[start..end].to_vec())), Err(io::Error::other("broken"))];
        let pieces = pieces.into_iter().take(if end == length { 1 } else { 2 });
        let mut answer = Response::builder().header("content-length", length - start);
        let etag = version[seen.number % version.len()];
        if !etag.is_empty() {
            answer = answer.header("etag", etag);
        }
        // A server that has another version now sends all of it.
        if start > 0 && (seen.header("if-range") == etag || etag.is_empty()) {
            answer = answer.status(206).header("content-range", format!("bytes {start}-{}/{length}", length - 1));
        }
        let pieces = stream::iter(pieces).then(|piece| async {
            if piece.is_err() {
                // What was sent before has to be on its way.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            piece
        });
        answer.body(Answer::from_stream(pieces)).unwrap()
    })
    .await
}

#[tokio::test]
async fn downloads_go_on_where_they_broke_off() {
    for version in [&["\"v1\""][..], &[""]] {
        let server = breaking(400_000, 1_000_000, version, true).await;
        let progress = Arc::new(AtomicU64::new(0));
        let told = progress.clone();
        let file: Download = server.client().get("/x").await.unwrap();
        let file = file.on_progress(move |progress| told.store(progress.done(), Ordering::SeqCst));
        assert_eq!(file.content_length(), Some(1_000_000));
        assert!(file.bytes().await.unwrap() == content(1_000_000));
        assert_eq!(progress.load(Ordering::SeqCst), 1_000_000);
        assert_eq!(server.seen().len(), 3);
        assert_eq!(server.seen()[1].header("if-range"), version[0]);
    }
}

#[tokio::test]
async fn downloads_do_not_mix_versions_and_leave_nothing_half() {
    let folder = Folder::new("mixed");
    for (version, ranges) in [(&["\"v1\"", "\"v2\""][..], true), (&["\"v1\""], false)] {
        let server = breaking(400_000, 1_000_000, version, ranges).await;
        let file: Download = server.client().get("/x").await.unwrap();
        let error = file.to_path(folder.0.join("x")).await.unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error:?}");
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    }
    // A range that the caller asked for is the caller's to go on with.
    let server = breaking(400_000, 1_000_000, &["\"v1\""], true).await;
    let file: Download = server.client().get("/x").header("Range", "bytes=10-").await.unwrap();
    assert!(file.bytes().await.is_err());
    assert_eq!(server.seen().len(), 1);
    let off = server.builder().retries(0).build().unwrap();
    assert!(off.get::<Value>("/x").download().await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn downloads_go_to_writers() {
    let server = Server::always("12345").await;
    let mut written = Vec::new();
    let file: Download = server.client().get("/x").await.unwrap();
    assert_eq!(file.to_writer(&mut written).await.unwrap(), 5);
    assert_eq!(written, b"12345");
}
