//! An engine that has all its pages ready, in a process of its own: what it costs is not the client's.
//!
//! The name of the app says what is wanted: `ROWS-MILLISECONDS`, the rows of its table and the time that each answer
//! takes.

use std::io::{IoSlice, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::{self, Message};

pub(crate) const DIMENSIONS: usize = 4;
pub(crate) const COLUMNS: usize = 10;
pub(crate) const PAGE: usize = 1_000;
/// Pages that differ; they are given in turn.
const PAGES: usize = 24;

/// The server, while it runs.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts this very program again, as the server.
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process =
            Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().expect("a process for the server");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("its port");
        Server { port: line.trim().parse().expect("a port"), process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until the process is ended.
pub(crate) fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    let pages: Arc<Vec<String>> = Arc::new((0..PAGES).map(page).collect());
    for stream in listener.incoming().flatten() {
        let pages = Arc::clone(&pages);
        std::thread::spawn(move || connection(stream, &pages));
    }
}

/// What shall be written, and when.
struct Due {
    at: Instant,
    id: String,
    result: What,
}

enum What {
    Page(usize),
    Other(String),
}

#[allow(clippy::result_large_err, reason = "the library's own signature")]
fn connection(stream: TcpStream, pages: &Arc<Vec<String>>) {
    stream.set_nodelay(true).expect("no delay");
    let out = stream.try_clone().expect("a second handle");
    let app = Arc::new(Mutex::new(String::new()));
    let asked = Arc::clone(&app);
    let look = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        *asked.lock().expect("a lock") = request.uri().path().to_owned();
        Ok(response)
    };
    let Ok(mut socket) = tungstenite::accept_hdr(stream, look) else { return };
    let app = app.lock().expect("a lock").clone();
    let name = app.split('/').nth(2).unwrap_or_default();
    let (rows, delay) = name.split_once('-').unwrap_or((name, "0"));
    let (rows, delay): (usize, u64) = (rows.parse().unwrap_or(0), delay.parse().unwrap_or(0));
    let (to, from) = mpsc::channel::<Due>();
    let of_writer = Arc::clone(pages);
    let writer = std::thread::spawn(move || write(out, &from, &of_writer));
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else { continue };
        let request: Value = serde_json::from_str(&text).expect("a request");
        let result = answer(&request, rows);
        let due = Due { at: Instant::now() + Duration::from_millis(delay), id: request["id"].to_string(), result };
        if to.send(due).is_err() {
            break;
        }
    }
    drop(to);
    let _ = writer.join();
}

/// Writes frames without copying pages: a server's frames carry no mask.
fn write(mut out: TcpStream, from: &mpsc::Receiver<Due>, pages: &[String]) {
    while let Ok(due) = from.recv() {
        if let Some(early) = due.at.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        let result = match &due.result {
            What::Page(number) => &pages[number % PAGES],
            What::Other(result) => result,
        };
        let begin = format!(r#"{{"jsonrpc":"2.0","id":{},"result":"#, due.id);
        let length = begin.len() + result.len() + 1;
        let mut header = vec![0x81];
        match length {
            0..126 => header.push(length as u8),
            126..65_536 => {
                header.push(126);
                header.extend((length as u16).to_be_bytes());
            }
            _ => {
                header.push(127);
                header.extend((length as u64).to_be_bytes());
            }
        }
        let mut parts = [
            IoSlice::new(&header),
            IoSlice::new(begin.as_bytes()),
            IoSlice::new(result.as_bytes()),
            IoSlice::new(b"}"),
        ];
        let mut parts = &mut parts[..];
        while !parts.is_empty() {
            match out.write_vectored(parts) {
                Ok(written) => IoSlice::advance_slices(&mut parts, written),
                Err(_) => return,
            }
        }
    }
}

fn answer(request: &Value, rows: usize) -> What {
    let object = |class: &str, handle: i32| {
        let object =
            json!({"qType": class, "qHandle": handle, "qGenericType": "x", "qGenericId": format!("x{handle}")});
        json!({ "qReturn": object })
    };
    let result = match request["method"].as_str().unwrap_or_default() {
        "OpenDoc" => object("Doc", 1),
        "CreateSessionObject" => object("GenericObject", 2),
        "GetLayout" => json!({ "qLayout": layout(rows) }),
        "GetHyperCubeData" => {
            let params = &request["params"];
            let pages = if params.is_array() { &params[1] } else { &params["qPages"] };
            return What::Page(pages[0]["qTop"].as_u64().unwrap_or(0) as usize / PAGE);
        }
        _ => json!({}),
    };
    What::Other(result.to_string())
}

fn layout(rows: usize) -> Value {
    let text = json!({"qType": "U", "qnDec": 0, "qUseThou": 0});
    let real = json!({"qType": "R", "qnDec": 14, "qUseThou": 0, "qFmt": "##############", "qDec": "."});
    let dimension = |column: usize| {
        json!({"qFallbackTitle": format!("D{column}"), "qTags": ["$ascii", "$text"], "qNumFormat": text,
            "qMin": "NaN", "qMax": "NaN"})
    };
    let measure = |column: usize| json!({"qFallbackTitle": format!("M{column}"), "qNumFormat": real, "qMin": 0, "qMax": 100_000, "qIsAutoFormat": true});
    json!({"qInfo": {"qId": "x2", "qType": "table"}, "qMeta": {}, "qSelectionInfo": {}, "qHyperCube": {
        "qSize": {"qcx": COLUMNS, "qcy": rows}, "qMode": "S", "qDataPages": [], "qError": null,
        "qDimensionInfo": (0..DIMENSIONS).map(dimension).collect::<Vec<_>>(),
        "qMeasureInfo": (DIMENSIONS..COLUMNS).map(measure).collect::<Vec<_>>()}})
}

/// A page as engines send it: names of regions and products, a date, a customer; amounts with all their digits.
fn page(number: usize) -> String {
    let mut dice = 88_172_645_463_325_252_u64.wrapping_add(number as u64 * 7_919);
    let mut throw = move || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice
    };
    let sides = [8, 200, 1_000, 40_000];
    let names = ["Region", "Product name", "Customer", "Order"];
    let rows: Vec<String> = (0..PAGE)
        .map(|_| {
            let cells: Vec<String> = (0..COLUMNS)
                .map(|column| match (sides.get(column), names.get(column)) {
                    (Some(side), Some(name)) => {
                        let elem = throw() % side;
                        format!(r#"{{"qText":"{name} {elem}","qNum":"NaN","qElemNumber":{elem},"qState":"O"}}"#)
                    }
                    _ if throw() % 50 == 0 => {
                        r#"{"qText":"-","qNum":"NaN","qElemNumber":-2,"qState":"L","qIsNull":true}"#.to_owned()
                    }
                    _ if column % 2 == 0 => {
                        let count = throw() % 1_000;
                        format!(r#"{{"qText":"{count}","qNum":{count},"qElemNumber":0,"qState":"L"}}"#)
                    }
                    _ => {
                        let sum = (throw() % 10_000_000) as f64 / 97.0;
                        format!(r#"{{"qText":"{sum:.2}","qNum":{sum},"qElemNumber":0,"qState":"L"}}"#)
                    }
                })
                .collect();
            format!("[{}]", cells.join(","))
        })
        .collect();
    format!(
        r#"{{"qDataPages":[{{"qMatrix":[{}],"qTails":[{{"qUp":0,"qDown":0}}],"qArea":{{"qLeft":0,"qTop":0,"qWidth":{COLUMNS},"qHeight":{PAGE}}},"qIsReduced":false}}]}}"#,
        rows.join(",")
    )
}
