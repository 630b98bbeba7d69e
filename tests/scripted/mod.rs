//! An engine that says what a test tells it to: the server side of one WebSocket, frame by frame.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use qlik::{Auth, Qlik};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// The key that the clients of these tests sign in with.
pub(crate) const API_KEY: &str = "a-test-key";

/// A server for one connection, and a client of it.
pub(crate) struct Scripted {
    pub(crate) qlik: Qlik,
    script: JoinHandle<()>,
}

impl Scripted {
    /// Serves one connection by this script.
    pub(crate) async fn start<F, S>(script: S) -> Self
    where
        S: FnOnce(Peer) -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        Self::listen(|listener| async move { script(Peer::accept(&listener).await).await }).await
    }

    /// Serves as many connections as the script takes.
    pub(crate) async fn listen<F, S>(script: S) -> Self
    where
        S: FnOnce(TcpListener) -> F + Send + 'static,
        F: Future<Output = ()> + Send,
    {
        let (qlik, listener) = listen().await;
        let script = tokio::spawn(async move { script(listener).await });
        Scripted { qlik, script }
    }

    /// Waits until the script has come to its end, and fails with it.
    pub(crate) async fn finish(self) {
        self.script.await.expect("the script runs to its end");
    }
}

/// A port to serve on, and a client for it.
pub(crate) async fn listen() -> (Qlik, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = format!("http://{}", listener.local_addr().expect("an address"));
    let qlik = Qlik::builder(host).auth(Auth::api_key(API_KEY)).build().expect("a client");
    (qlik, listener)
}

/// The server's end of the connection.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// The request that opened it.
    pub(crate) opening: Request,
}

impl Peer {
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.expect("a connection");
        let opening = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&opening);
        #[allow(clippy::result_large_err, reason = "the library's own signature")]
        let look = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            *seen.lock().unwrap() = Some(request.clone());
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(stream, look).await.expect("a WebSocket");
        let opening = opening.lock().unwrap().take().expect("a request");
        Peer { socket, opening }
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("a request was due, and {other:?} came"),
        }
    }

    /// The next message of any kind.
    pub(crate) async fn next(&mut self) -> Message {
        self.socket.next().await.expect("a message").expect("a whole message")
    }

    /// Sends a frame as it is.
    pub(crate) async fn say(&mut self, frame: impl Into<String>) {
        self.socket.send(Message::text(frame.into())).await.expect("sent");
    }

    /// Answers a request with a result.
    pub(crate) async fn reply(&mut self, request: &Value, result: Value) {
        self.say(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string()).await;
    }

    /// Takes the next request, which must be of this method, and answers it.
    pub(crate) async fn serve(&mut self, method: &str, result: Value) -> Value {
        let request = self.request().await;
        assert_eq!(request["method"], method, "{request}");
        self.reply(&request, result).await;
        request
    }

    /// Answers a request with an error.
    pub(crate) async fn fail(&mut self, request: &Value, code: i64) {
        let error = json!({"code": code, "parameter": "", "message": "scripted"});
        self.say(json!({"jsonrpc": "2.0", "id": request["id"], "error": error}).to_string()).await;
    }

    /// Takes the next request, which must be of this method, and answers it with an object.
    pub(crate) async fn serve_object(&mut self, method: &str, class: &str, handle: i32, id: &str) -> Value {
        let object = json!({"qType": class, "qHandle": handle, "qGenericType": "x", "qGenericId": id});
        self.serve(method, json!({"qReturn": object})).await
    }

    /// Takes the next request, which must be of this method, and leaves it unanswered.
    pub(crate) async fn take(&mut self, method: &str) -> Value {
        let request = self.request().await;
        assert_eq!(request["method"], method, "{request}");
        request
    }

    /// Closes with a code, and sees the connection to its end.
    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason.to_owned()) };
        self.socket.send(Message::Close(Some(frame))).await.expect("sent");
        while self.socket.next().await.is_some() {}
    }

    /// Serves until the client is gone, and tells the code that it closed with.
    pub(crate) async fn until_closed(mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Close(Some(frame)) = message {
                code = Some(u16::from(frame.code));
            }
        }
        code
    }
}
