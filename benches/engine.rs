//! How fast the Engine session is, against a bare loop on the same socket library in the same run.
//!
//! Prints `ratio NAME VALUE` for each measure: above 1 the session is faster than what it is compared with.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{SinkExt, StreamExt};
use qlik::engine::{Doc, GenericObject, Proxy, RpcMethod, Session};
use qlik::{Auth, Qlik};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const ROUNDS: usize = 5;
const CALLS: usize = 20_000;
const LAYOUTS: usize = 40;

static GET_LAYOUT: RpcMethod = RpcMethod::new("GenericObject", "GetLayout").out("qLayout");

fn main() {
    // the server has a thread of its own, as it would have in life
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || runtime().block_on(serve(told)));
    let address: SocketAddr = address.recv().expect("a server");
    runtime().block_on(async {
        let qlik = Qlik::builder(format!("http://{address}")).auth(Auth::api_key("bench")).build().expect("a client");
        let session = qlik.session("app").connect().await.expect("a session");
        let mut bare = bare(address).await;
        for (name, in_flight) in [("small_calls_16_in_flight", 16), ("small_calls_one_at_a_time", 1)] {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let (theirs, ours) = (bare_calls(&mut bare, in_flight).await, session_calls(&session, in_flight).await);
                let rate = |time: Duration| CALLS as f64 / time.as_secs_f64();
                println!("{name}: bare {:.0}/s, session {:.0}/s", rate(theirs), rate(ours));
                rounds.push(theirs.as_secs_f64() / ours.as_secs_f64());
            }
            println!("ratio {name} {:.2}", median(rounds));
        }
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let (whole, delta) = (layouts(&session, false).await, layouts(&session, true).await);
            println!("layout of 1 MB: whole {whole:?}, by delta {delta:?}");
            rounds.push(whole.as_secs_f64() / delta.as_secs_f64());
        }
        println!("ratio delta_of_a_1_mb_layout {:.2}", median(rounds));
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn session_calls(session: &Session, in_flight: usize) -> Duration {
    let doc = Doc::new(session.handle(1, "Doc"));
    let begin = Instant::now();
    let lanes = (0..in_flight).map(|_| {
        let doc = doc.clone();
        async move {
            for _ in 0..CALLS / in_flight {
                doc.evaluate_ex("Sum(Sales)").await.expect("a value");
            }
        }
    });
    join_all(lanes).await;
    begin.elapsed()
}

type Bare = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn bare(address: SocketAddr) -> Bare {
    let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/app/bare")).await.expect("a socket");
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_nodelay(true).expect("no delay");
    }
    socket
}

/// The same calls with nothing around them: a text out, a tree of JSON in.
async fn bare_calls(socket: &mut Bare, in_flight: usize) -> Duration {
    let begin = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < CALLS {
        while sent < CALLS && sent - received < in_flight {
            sent += 1;
            let request = format!(
                r#"{{"jsonrpc":"2.0","id":{sent},"handle":1,"method":"EvaluateEx","params":{{"qExpression":"Sum(Sales)"}}}}"#
            );
            socket.feed(Message::text(request)).await.expect("sent");
        }
        socket.flush().await.expect("sent");
        let Some(Ok(Message::Text(text))) = socket.next().await else { panic!("a reply was due") };
        let reply: Value = serde_json::from_str(&text).expect("JSON");
        assert!(reply["result"]["qValue"]["qNumber"].is_number());
        received += 1;
    }
    begin.elapsed()
}

async fn layouts(session: &Session, delta: bool) -> Duration {
    let object = GenericObject::new(session.handle(2, "GenericObject"));
    // the first one is whole either way
    object.handle().rpc::<Value>(&GET_LAYOUT).delta(delta).await.expect("a layout");
    let begin = Instant::now();
    for _ in 0..LAYOUTS {
        let call = object.get_layout().delta(delta);
        call.await.expect("a layout");
    }
    begin.elapsed()
}

/// Answers what the measures ask, with as little work as can be.
async fn serve(told: std::sync::mpsc::Sender<SocketAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    told.send(listener.local_addr().expect("an address")).expect("told");
    let cells: Vec<Value> = (0..12_000)
        .map(|row| json!({"qText": format!("Value number {row}"), "qNum": row, "qElemNumber": row, "qState": "O"}))
        .collect();
    let pages = json!([{"qMatrix": [cells], "qArea": {}}]);
    let layout = json!({"qInfo": {"qId": "a", "qType": "x"}, "qListObject": {"qDataPages": pages}}).to_string();
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

async fn answer(stream: TcpStream, layout: &str) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a socket");
    let mut known = false;
    let mut number = 0;
    while let Some(Ok(Message::Text(request))) = socket.next().await {
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
        } else {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"qValue":{{"qText":"12","qIsNumeric":true,"qNumber":12}}}}}}"#
            )
        };
        if socket.send(Message::text(reply)).await.is_err() {
            return;
        }
    }
}
