//! The same calls with nothing around them: a text out, a tree of JSON in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) type Bare = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) async fn connect(address: SocketAddr) -> Bare {
    let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/app/bare")).await.expect("a socket");
    if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_nodelay(true).expect("no delay");
    }
    socket
}

pub(crate) async fn calls(socket: &mut Bare, calls: usize, in_flight: usize) -> Duration {
    let begin = Instant::now();
    let (mut sent, mut received) = (0, 0);
    while received < calls {
        while sent < calls && sent - received < in_flight {
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
