//! What the REST runtime costs, against bare reqwest in the same run: prints `ratio NAME VALUE`, ours over theirs in time,
//! so that less is better; and `memory MiB VALUE`, the most that this process had. A process of its own serves both.
//!
//! `cargo bench --bench rest`, with the names of the measures that are wanted (all otherwise); with `QUICK=1` for a look
//! only. Bounds: small-get 1.15, pages 1.11 (0.9 of the other's speed), upload and download 1.1, memory 64 MiB.

use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request};
use axum::routing::{get, post};
use futures::{StreamExt, TryStreamExt, stream};
use qlik::rest::Download;
use qlik::{Auth, Qlik};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;
const ITEMS: usize = 10_000;
const PAGE: usize = 100;
/// Told to the process that serves.
const SERVES: &str = "QLIK_BENCH_SERVES";

fn main() {
    if std::env::var_os(SERVES).is_some() {
        return serve();
    }
    // The bare client takes what the process has installed; nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let quick = std::env::var_os("QUICK").is_some();
    let server = Server::start();
    let host = server.host.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        // Over the wire goes the same as ours.
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"))]);
        let bare = reqwest::Client::builder()
            .gzip(false)
            .no_proxy()
            .user_agent(concat!("qlik-rust/", env!("CARGO_PKG_VERSION")))
            .default_headers(accept);
        let bare = bare.build().unwrap();
        let qlik = Qlik::builder(host.as_str()).auth(Auth::api_key("key")).no_rate_limits().no_compression().no_proxy();
        let qlik = qlik.timeout(Duration::from_secs(600)).build().unwrap();
        let (calls, size) = if quick { (200, 16 * MIB) } else { (2000, 256 * MIB) };
        // Files come first: what lists leave behind is no memory of theirs.
        upload(&host, &bare, &qlik, size).await;
        download(&host, &bare, &qlik, size).await;
        println!("memory MiB {}", peak_memory().map_or("unknown".to_owned(), |bytes| (bytes / MIB).to_string()));
        small_gets(&host, &bare, &qlik, calls).await;
        pages(&host, &bare, &qlik, if quick { 3 } else { 15 }).await;
    });
}

/// The process that serves; it ends with this.
struct Server {
    host: String,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let this = std::env::current_exe().unwrap();
        let mut process =
            Command::new(this).env(SERVES, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut host = String::new();
        io::BufReader::new(process.stdout.take().unwrap()).read_line(&mut host).unwrap();
        Self { host: host.trim().to_owned(), process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until the standard input ends, which it does with the process that measures.
fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/small", get(|| async { r#"{"id":"a","name":"b"}"# }))
            .route("/api/v1/items", get(page))
            .route("/upload", post(count))
            .route("/download", get(fill));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
        let _ = ended.await;
    });
}

#[derive(serde::Deserialize)]
struct Place {
    from: Option<usize>,
    size: Option<usize>,
}

async fn page(Query(place): Query<Place>) -> String {
    let from = place.from.unwrap_or(0);
    let item = |number: usize| {
        json!({
            "id": number.to_string(), "name": format!("Item {number}"), "resourceType": "app", "tenantId": "t",
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "ownerId": "u", "spaceId": "s",
            "actions": ["read", "update"], "collectionIds": [], "isFavorited": false, "links": {}, "meta": {},
            "resourceAttributes": {"hasSectionAccess": false}, "resourceCustomAttributes": null,
        })
    };
    let next = (from + PAGE < ITEMS).then(|| json!({"href": format!("/api/v1/items?from={}", from + PAGE)}));
    json!({"data": (from..from + PAGE).map(item).collect::<Vec<_>>(), "links": {"next": next}}).to_string()
}

async fn count(request: Request) -> String {
    let mut chunks = request.into_body().into_data_stream();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        length += chunk.unwrap().len();
    }
    length.to_string()
}

async fn fill(Query(place): Query<Place>) -> axum::response::Response {
    let size = place.size.unwrap_or(0);
    let body = Body::from_stream(chunks(size));
    axum::response::Response::builder().header("content-length", size).body(body).unwrap()
}

fn chunks(size: usize) -> impl futures::Stream<Item = io::Result<Bytes>> + Send + 'static {
    let chunk = Bytes::from(vec![7; 64 * 1024]);
    stream::iter((0..size / chunk.len()).map(move |_| Ok(chunk.clone())))
}

/// Rounds by turns, so that what the machine does besides hits both alike; the median of their ratios.
async fn compare<A: Future, B: Future>(name: &str, rounds: usize, ours: impl Fn() -> A, theirs: impl Fn() -> B) {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
        return;
    }
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let start = Instant::now();
        ours().await;
        let own = start.elapsed();
        let start = Instant::now();
        theirs().await;
        // The first round warms up.
        if round > 0 {
            ratios.push(own.as_secs_f64() / start.elapsed().as_secs_f64());
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio {name} {:.3}", ratios[ratios.len() / 2]);
}

async fn small_gets(host: &str, bare: &reqwest::Client, qlik: &Qlik, calls: usize) {
    let url = format!("{host}/small");
    compare(
        "small-get",
        15,
        || async {
            for _ in 0..calls {
                let _: Value = qlik.get("/small").await.unwrap();
            }
        },
        || async {
            for _ in 0..calls {
                let answer = bare.get(&url).bearer_auth("key").send().await.unwrap().error_for_status().unwrap();
                let _: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            }
        },
    )
    .await;
}

#[derive(serde::Deserialize)]
struct BarePage {
    data: Vec<BareItem>,
    links: BareLinks,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareLinks {
    next: Option<BareLink>,
    prev: Option<BareLink>,
    #[serde(rename = "self")]
    this: Option<BareLink>,
    collection: Option<BareLink>,
}

#[derive(serde::Deserialize)]
struct BareLink {
    href: String,
}

/// As one writes it by hand from the description, with all that an item may have: a record of three members would be read
/// faster, and one of trees slower.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareItem {
    id: String,
    meta: BareMeta,
    name: String,
    links: BareItemLinks,
    actions: Vec<String>,
    owner_id: Option<String>,
    space_id: Option<String>,
    tenant_id: String,
    created_at: String,
    creator_id: Option<String>,
    item_views: Option<BareViews>,
    updated_at: String,
    updater_id: Option<String>,
    resource_id: Option<String>,
    description: Option<String>,
    is_favorited: bool,
    thumbnail_id: Option<String>,
    resource_link: Option<String>,
    resource_size: Option<BareSize>,
    resource_type: String,
    collection_ids: Vec<String>,
    resource_sub_type: Option<String>,
    resource_created_at: Option<String>,
    resource_updated_at: Option<String>,
    resource_attributes: BTreeMap<String, Value>,
    resource_reload_status: Option<String>,
    resource_reload_end_time: Option<String>,
    resource_custom_attributes: Option<BTreeMap<String, Value>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareMeta {
    #[serde(default)]
    tags: Vec<BareTag>,
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    collections: Vec<BareTag>,
    #[serde(default)]
    is_favorited: bool,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareTag {
    id: String,
    name: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareItemLinks {
    open: Option<BareLink>,
    #[serde(rename = "self")]
    this: Option<BareLink>,
    qv_plugin: Option<BareLink>,
    thumbnail: Option<BareLink>,
    collections: Option<BareLink>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareViews {
    week: Option<Vec<BareWeek>>,
    total: Option<i64>,
    trend: Option<f64>,
    unique: Option<i64>,
    used_by: Option<i64>,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareWeek {
    start: Option<String>,
    total: Option<i64>,
    unique: Option<i64>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read to be compared")]
struct BareSize {
    app_file: Option<f64>,
    app_memory: Option<f64>,
}

async fn pages(host: &str, bare: &reqwest::Client, qlik: &Qlik, rounds: usize) {
    let by_hand = || async {
        let mut path = "/api/v1/items".to_owned();
        let mut items = Vec::new();
        loop {
            let answer = bare.get(format!("{host}{path}")).bearer_auth("key").send().await.unwrap();
            let page: BarePage = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            items.extend(page.data);
            match page.links.next {
                Some(next) => path = next.href,
                None => break,
            }
        }
        assert_eq!(items.len(), ITEMS);
    };
    let typed = || async { assert_eq!(qlik.items().get_items().stream().all().await.unwrap().len(), ITEMS) };
    compare("pages", rounds, typed, by_hand).await;
    let ahead = || async { assert_eq!(qlik.items().get_items().stream().prefetch().all().await.unwrap().len(), ITEMS) };
    compare("pages-prefetch", rounds, ahead, by_hand).await;
}

async fn upload(host: &str, bare: &reqwest::Client, qlik: &Qlik, size: usize) {
    let url = format!("{host}/upload");
    compare(
        "upload",
        5,
        || async {
            let body = qlik::rest::Body::stream(chunks(size), Some(size as u64));
            let sent: i64 = qlik.post("/upload").body(body, "application/octet-stream").await.unwrap();
            assert_eq!(sent, size as i64);
        },
        || async {
            let body = reqwest::Body::wrap_stream(chunks(size));
            let answer = bare.post(&url).header("content-length", size).body(body).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), size.to_string());
        },
    )
    .await;
}

async fn download(host: &str, bare: &reqwest::Client, qlik: &Qlik, size: usize) {
    let url = format!("{host}/download?size={size}");
    compare(
        "download",
        5,
        || async {
            let file: Download = qlik.get("/download").query("size", size).await.unwrap();
            let length = file.try_fold(0, async |length, chunk| Ok(length + chunk.len())).await.unwrap();
            assert_eq!(length, size);
        },
        || async {
            let chunks = bare.get(&url).send().await.unwrap().bytes_stream();
            let length = chunks.try_fold(0, async |length, chunk| Ok(length + chunk.len())).await.unwrap();
            assert_eq!(length, size);
        },
    )
    .await;
}

/// The most memory that this process has had, where the system tells.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}
