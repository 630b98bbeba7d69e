//! How fast tables are read out of the Engine, against other clients in the same run on the same ready-made pages.
//!
//! Prints `ratio NAME VALUE` for each measure. `benches/data/run` installs the other clients before; without them
//! theirs are left out. `QLIK_BENCH_ROWS` sets how many rows each reads (600,000), and `QLIK_BENCH_MEMORY` the
//! largest table of the measure of memory (10,000,000).

#[path = "data/clients.rs"]
mod clients;
#[path = "data/server.rs"]
mod server;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use futures::TryStreamExt;
use qlik::data::Cube;
use qlik::engine::{Doc, Proxy, RpcMethod};
use qlik::{Auth, Qlik};
use serde_json::Value;

use server::{COLUMNS, DIMENSIONS, PAGE, Server};

const ROUNDS: usize = 3;
const IN_FLIGHT: usize = 8;
/// Enough for 20 ms of latency, on a fast machine too.
const MANY: usize = 128;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => server::serve(),
        Some("parquet") => runtime().block_on(parquet(number(&arguments, 1) as u16, number(&arguments, 2))),
        _ => measure(),
    }
}

fn number(arguments: &[String], place: usize) -> usize {
    arguments.get(place).and_then(|text| text.parse().ok()).expect("a number")
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn measure() {
    let server = Server::start();
    let rows = setting("QLIK_BENCH_ROWS", 600_000) / PAGE * PAGE;
    let clients = clients::clients();
    let mut rates: Vec<[Option<f64>; 6]> = Vec::new();
    for _ in 0..ROUNDS {
        let (discard, structs, arrow, tuples) = runtime().block_on(async {
            let discard = clients::bare(server.port, rows, IN_FLIGHT, |_| PAGE).await;
            let structs = clients::bare(server.port, rows / 4 / PAGE * PAGE, IN_FLIGHT, clients::structs).await;
            let arrow = arrow(server.port, rows, 0, IN_FLIGHT).await;
            (discard, structs, arrow, tuples(server.port, rows / 2 / PAGE * PAGE).await)
        });
        let enigma = clients
            .as_ref()
            .and_then(|_| clients::other(Path::new("node"), "enigma.mjs", server.port, rows / 4 / PAGE * PAGE));
        let python = clients.as_ref().map(|work| work.join("venv/bin/python"));
        let sdk = python.and_then(|python| clients::other(&python, "sdk.py", server.port, rows / 40 / PAGE * PAGE));
        println!(
            "rows/s: Arrow {arrow:.0}, tuples {tuples:.0}, discarding {discard:.0}, serde_json {structs:.0}, enigma.js {enigma:?}, qlik-sdk {sdk:?}"
        );
        rates.push([Some(arrow), Some(tuples), Some(discard), Some(structs), enigma, sdk]);
    }
    let ratio = |name: &str, one: usize, other: usize| {
        let ratios = rates.iter().filter_map(|rates| Some(rates[one]? / rates[other]?));
        if let Some(ratio) = median(ratios.collect()) {
            println!("ratio {name} {ratio:.2}");
        }
    };
    ratio("arrow_of_discarding", 0, 2);
    ratio("arrow_to_serde_json_structs", 0, 3);
    ratio("arrow_to_enigma_js", 0, 4);
    ratio("arrow_to_qlik_sdk_python", 0, 5);
    ratio("tuples_to_serde_json_structs", 1, 3);
    latency(&server, rows);
    memory(&server);
}

fn latency(server: &Server, rows: usize) {
    // a look at the layout and the first page come one after the other, however many calls are in flight: what is compared
    // is what comes then
    let long = 3 * rows;
    let (mut ahead, mut lost) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (one, many, near) = runtime().block_on(async {
            let one = arrow(server.port, (rows / 10 / PAGE * PAGE).max(PAGE), 20, 1).await;
            (one, arrow(server.port, long, 20, MANY).await, arrow(server.port, long, 0, MANY).await)
        });
        println!("20 ms a call: one at a time {one:.0} rows/s, {MANY} in flight {many:.0}, without latency {near:.0}");
        ahead.push(many / one);
        lost.push(near / many);
    }
    println!("ratio in_flight_at_20_ms_to_one_at_a_time {:.2}", median(ahead).unwrap_or(f64::NAN));
    println!("ratio no_latency_to_in_flight_at_20_ms {:.2}", median(lost).unwrap_or(f64::NAN));
}

fn memory(server: &Server) {
    let most = setting("QLIK_BENCH_MEMORY", 10_000_000);
    let peak = |rows: usize| {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program).args(["parquet", &server.port.to_string(), &rows.to_string()]).output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
        print!("{text}");
        text.split_whitespace().next_back().and_then(|peak| peak.parse::<f64>().ok()).expect("a peak")
    };
    let (small, large) = (peak(most / 10), peak(most));
    println!("ratio parquet_peak_of_200_mib {:.2}", large / 200.0);
    println!("ratio parquet_peak_10_times_the_rows {:.2}", large / small);
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

async fn open(port: u16, rows: usize, latency: usize) -> Cube {
    const OPEN_DOC: RpcMethod = RpcMethod::new("Global", "OpenDoc").out("qReturn");
    let qlik =
        Qlik::builder(format!("http://127.0.0.1:{port}")).auth(Auth::api_key("bench")).build().expect("a client");
    let session = qlik.session(format!("{rows}-{latency}")).connect().await.expect("a session");
    session.handle(-1, "Global").rpc::<Value>(OPEN_DOC).await.expect("an app");
    let doc = Doc::new(session.handle(1, "Doc"));
    let cube = (0..DIMENSIONS).fold(doc.hypercube(), |cube, column| cube.dimension(format!("D{column}")));
    let cube = (DIMENSIONS..COLUMNS).fold(cube, |cube, column| cube.measure(format!("Sum(M{column})")));
    cube.open().await.expect("a cube")
}

/// Rows a second into record batches.
async fn arrow(port: u16, rows: usize, latency: usize, in_flight: usize) -> f64 {
    let cube = open(port, rows, latency).await;
    let begin = Instant::now();
    let mut batches = cube.read().in_flight(in_flight).record_batches();
    let mut read = 0;
    while let Some(batch) = batches.try_next().await.expect("a batch") {
        read += batch.num_rows();
    }
    assert_eq!(read, rows);
    rows as f64 / begin.elapsed().as_secs_f64()
}

/// Rows a second into tuples of texts and numbers.
async fn tuples(port: u16, rows: usize) -> f64 {
    type Row = (String, String, String, String, Num, Num, Num, Num, Num, Num);
    type Num = Option<f64>;
    let cube = open(port, rows, 0).await;
    let begin = Instant::now();
    let mut stream = cube.read().in_flight(IN_FLIGHT).rows::<Row>();
    let mut read = 0;
    while let Some(row) = stream.try_next().await.expect("a row") {
        std::hint::black_box(&row);
        read += 1;
    }
    assert_eq!(read, rows);
    rows as f64 / begin.elapsed().as_secs_f64()
}

/// In a process of its own: what it takes to write so many rows to a file.
async fn parquet(port: u16, rows: usize) {
    let cube = open(port, rows, 0).await;
    let path = std::env::temp_dir().join(format!("qlik-bench-{}.parquet", std::process::id()));
    let begin = Instant::now();
    let written = cube.write_parquet(&path).await.expect("a file");
    let seconds = begin.elapsed().as_secs_f64();
    std::fs::remove_file(&path).expect("it was there");
    assert_eq!(written.rows, rows as u64);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    println!(
        "{rows} rows to {} MB of Parquet at {:.0} rows/s; peak memory in MiB: {:.0}",
        written.bytes / 1_000_000,
        rows as f64 / seconds,
        peak.unwrap_or(f64::NAN) / 1024.0
    );
}
