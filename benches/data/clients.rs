//! What the crate is compared with: bare loops on the same socket library, and other clients in processes of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::PAGE;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Rows a second of a loop that does with each frame what `take` does, with so many calls in flight.
pub(crate) async fn bare(port: u16, rows: usize, in_flight: usize, mut take: impl FnMut(&Utf8Bytes) -> usize) -> f64 {
    let url = format!("ws://127.0.0.1:{port}/app/{rows}-0");
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a socket");
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_nodelay(true).expect("no delay");
    }
    let begin = Instant::now();
    let pages = rows / PAGE;
    let mut read = 0;
    for page in 0..in_flight.min(pages) {
        ask(&mut socket, page).await;
    }
    for page in 0..pages {
        let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("a page was due") };
        if page + in_flight < pages {
            ask(&mut socket, page + in_flight).await;
        }
        read += take(&text);
    }
    assert_eq!(read, rows);
    rows as f64 / begin.elapsed().as_secs_f64()
}

async fn ask(socket: &mut Socket, page: usize) {
    let top = page * PAGE;
    let request = format!(
        r#"{{"jsonrpc":"2.0","id":{page},"handle":2,"method":"GetHyperCubeData","params":{{"qPath":"/qHyperCubeDef","qPages":[{{"qLeft":0,"qTop":{top},"qWidth":10,"qHeight":{PAGE}}}]}}}}"#
    );
    socket.send(Message::text(request)).await.expect("sent");
}

#[derive(Deserialize)]
struct Frame {
    result: Pages,
}

#[derive(Deserialize)]
struct Pages {
    #[serde(rename = "qDataPages")]
    pages: Vec<Page>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "qMatrix")]
    matrix: Vec<Vec<Cell>>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "qText")]
    text: String,
    #[serde(rename = "qNum")]
    num: Num,
    #[serde(rename = "qElemNumber")]
    elem: i32,
    #[serde(rename = "qState")]
    state: String,
    #[serde(rename = "qIsNull", default)]
    is_null: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Num {
    Number(f64),
    #[allow(dead_code)]
    Text(String),
}

/// What somebody writes first: serde's derive, into plain structs.
pub(crate) fn structs(text: &Utf8Bytes) -> usize {
    let frame: Frame = serde_json::from_str(text).expect("a page");
    let rows = &frame.result.pages[0].matrix;
    let seen = rows.iter().flatten().filter(|cell| {
        let number = matches!(cell.num, Num::Number(number) if number > 0.0);
        cell.is_null || number || cell.elem > 0 || cell.text.len() + cell.state.len() > 4
    });
    std::hint::black_box(seen.count());
    rows.len()
}

/// Rows a second of a client in another language, where it is installed.
pub(crate) fn other(program: &Path, script: &str, port: u16, rows: usize) -> Option<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/data").join(script);
    // node finds packages from where a script lies
    let work = clients()?;
    let copy = work.join(script.file_name()?);
    std::fs::copy(&script, &copy).ok()?;
    let output =
        Command::new(program).arg(copy).arg(port.to_string()).arg(rows.to_string()).current_dir(&work).output();
    let output = output.ok()?;
    let rate = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    if rate.is_none() {
        eprintln!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr));
    }
    rate
}

/// Where `benches/data/run` has installed the other clients.
pub(crate) fn clients() -> Option<PathBuf> {
    let target = std::env::current_exe().ok()?.ancestors().nth(3)?.join("clients");
    let work = std::env::var_os("QLIK_BENCH_CLIENTS").map_or(target, PathBuf::from);
    work.is_dir().then_some(work)
}
