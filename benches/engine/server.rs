//! A server that answers what the measures ask, with as little work as can be, in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use futures::stream::FuturesUnordered;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The argument that makes this program the server.
pub(crate) const FLAG: &str = "--serve";

/// The server as a process; it ends with this.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program).arg(FLAG).stdout(Stdio::piped()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        Process { child, address: line.trim().parse().expect("an address") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves, and prints where.
pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let cells: Vec<Value> = (0..12_000)
        .map(|row| json!({"qText": format!("Value number {row}"), "qNum": row, "qElemNumber": row, "qState": "O"}))
        .collect();
    let pages = json!([{"qMatrix": [cells], "qArea": {}}]);
    let layout = json!({"qInfo": {"qId": "a", "qType": "x"}, "qListObject": {"qDataPages": pages}}).to_string();
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        tokio::spawn(stay_awake());
    }
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                connections.push(answer(stream, &layout));
            }
            Some(()) = connections.next() => {}
        }
    }
}

/// Keeps the server from sleeping between two requests. An idle core of a virtual machine takes longer to wake than a
/// call takes, and not always equally long, so that who calls would be measured by that.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn answer(stream: TcpStream, layout: &str) {
    // A large buffer is cleared before each read, which takes longer than all else here.
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await.expect("a socket");
    let mut known = false;
    let mut number = 0;
    loop {
        // what waits to be answered is answered together, or the cost of sending would be the limit of the faster clients
        let request = match socket.next().now_or_never() {
            Some(request) => request,
            None if socket.flush().await.is_err() => return,
            None => socket.next().await,
        };
        let Some(Ok(Message::Text(request))) = request else { return };
        // the id stands last, or near the front
        let id = request.rsplit_once("\"id\":").map_or("0", |(_, rest)| rest);
        let id: String = id.chars().take_while(char::is_ascii_digit).collect();
        let reply = if request.contains("GetLayout") {
            number += 1;
            match (request.contains("\"delta\":true"), known) {
                (true, true) => format!(
                    r#"{{"id":{id},"delta":true,"result":{{"qLayout":[{{"op":"replace","path":"/qListObject/qDataPages/0/qMatrix/0/7/qState","value":"{number}"}}]}}}}"#
                ),
                (true, false) => {
                    known = true;
                    format!(
                        r#"{{"id":{id},"delta":true,"result":{{"qLayout":[{{"op":"add","path":"/","value":{layout}}}]}}}}"#
                    )
                }
                (false, _) => format!(r#"{{"id":{id},"result":{{"qLayout":{layout}}}}}"#),
            }
        } else if request.contains("OpenDoc") {
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"qReturn":{{"qType":"Doc","qHandle":1}}}}}}"#)
        } else {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"qValue":{{"qText":"12","qIsNumeric":true,"qNumber":12}}}}}}"#
            )
        };
        if socket.feed(Message::text(reply)).await.is_err() {
            return;
        }
    }
}
